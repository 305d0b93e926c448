//! The few functions of libuv that we call. Their symbols are the node executable's; sizes of handles are asked for, because
//! they are its own affair.

use std::ffi::{c_int, c_void};

use napi::sys::uv_loop_s;

/// A libuv handle of some type: we never look inside.
#[repr(C)]
pub(crate) struct Handle {
    opaque: [u8; 0],
}

pub(crate) type Callback = unsafe extern "C" fn(*mut Handle);
pub(crate) type PollCallback = unsafe extern "C" fn(*mut Handle, c_int, c_int);

// `uv_handle_type`: the numbers are part of libuv's ABI.
pub(crate) const CHECK: c_int = 2;
pub(crate) const IDLE: c_int = 6;
pub(crate) const POLL: c_int = 8;
pub(crate) const PREPARE: c_int = 9;

/// `UV_READABLE`.
pub(crate) const READABLE: c_int = 1;

unsafe extern "C" {
    pub(crate) fn uv_handle_size(kind: c_int) -> usize;
    pub(crate) fn uv_handle_set_data(handle: *mut Handle, data: *mut c_void);
    pub(crate) fn uv_handle_get_data(handle: *const Handle) -> *mut c_void;
    pub(crate) fn uv_ref(handle: *mut Handle);
    pub(crate) fn uv_unref(handle: *mut Handle);
    pub(crate) fn uv_close(handle: *mut Handle, closed: Callback);
    pub(crate) fn uv_backend_timeout(of: *const uv_loop_s) -> c_int;
    pub(crate) fn uv_poll_init(of: *mut uv_loop_s, handle: *mut Handle, fd: c_int) -> c_int;
    pub(crate) fn uv_poll_start(handle: *mut Handle, events: c_int, callback: PollCallback) -> c_int;
    pub(crate) fn uv_prepare_init(of: *mut uv_loop_s, handle: *mut Handle) -> c_int;
    pub(crate) fn uv_prepare_start(handle: *mut Handle, callback: Callback) -> c_int;
    pub(crate) fn uv_check_init(of: *mut uv_loop_s, handle: *mut Handle) -> c_int;
    pub(crate) fn uv_check_start(handle: *mut Handle, callback: Callback) -> c_int;
    pub(crate) fn uv_idle_init(of: *mut uv_loop_s, handle: *mut Handle) -> c_int;
    pub(crate) fn uv_idle_start(handle: *mut Handle, callback: Callback) -> c_int;
    pub(crate) fn uv_idle_stop(handle: *mut Handle) -> c_int;
}
