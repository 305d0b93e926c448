//! Memory of JavaScript that both sides write: what goes out, what comes in, and the tables that say where.
//!
//! Each is an `ArrayBuffer` that the TypeScript side makes once and never lets out of its hands: nobody can detach it, and a
//! reference keeps it alive. So its address is looked up once, and no call pays for it.

use std::ptr;

use napi::sys;

use crate::error::Failure;

/// One such memory.
pub(crate) struct Shared<T> {
    env: sys::napi_env,
    reference: sys::napi_ref,
    data: *mut T,
    len: usize,
}

impl<T: Copy> Shared<T> {
    /// `array` is a typed array whose elements are as large as `T`.
    pub(crate) fn new(env: sys::napi_env, array: sys::napi_value) -> Result<Self, Failure> {
        let (mut kind, mut len, mut data, mut reference) = (0, 0, ptr::null_mut(), ptr::null_mut());
        let (no_buffer, no_offset) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: out-pointers of the right types; napi answers with an error if `array` is no typed array.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                array,
                &raw mut kind,
                &raw mut len,
                &raw mut data,
                no_buffer,
                no_offset,
            )
        };
        let wanted = if size_of::<T>() == 1 {
            sys::TypedarrayType::uint8_array
        } else {
            sys::TypedarrayType::uint32_array
        };
        if status != sys::Status::napi_ok || kind != wanted || data.is_null() {
            return Err(Failure::Argument("no typed array of the right kind"));
        }
        // SAFETY: `array` is a value of the open handle scope.
        let status = unsafe { sys::napi_create_reference(env, array, 1, &raw mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Failure::Host("napi_create_reference"));
        }
        Ok(Self { env, reference, data: data.cast(), len })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A part of it; `None` if it does not lie in it. Valid until JavaScript runs again.
    pub(crate) fn part(&self, start: usize, end: usize) -> Option<&[T]> {
        if start > end || end > self.len {
            return None;
        }
        // SAFETY: in bounds, which was just checked; alive by the reference; not written meanwhile, because the only
        // thread that does, JavaScript's, is in this call.
        Some(unsafe { std::slice::from_raw_parts(self.data.wrapping_add(start), end - start) })
    }

    /// The same, to be written.
    pub(crate) fn part_mut(&mut self, start: usize, end: usize) -> Option<&mut [T]> {
        if start > end || end > self.len {
            return None;
        }
        // SAFETY: as in `part`; `&mut self` keeps others of ours away.
        Some(unsafe { std::slice::from_raw_parts_mut(self.data.wrapping_add(start), end - start) })
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: made in `new`, on this thread, deleted once. An environment that is ending refuses, and frees it itself.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
