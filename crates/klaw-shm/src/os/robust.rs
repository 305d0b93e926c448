//! The life word: a futex on a thread's robust list, in which the kernel notes that the thread has exited.
//!
//! When the thread ends for whatever reason, kill -9 included, the kernel walks its robust list and sets
//! `FUTEX_OWNER_DIED` in every listed futex that holds the thread's id. That happens within microseconds, but per
//! *thread*: a sibling inside a kernel copy may go on storing for a while. So the word is the hint that starts a
//! look, and never the proof (that is the pidfd).

use std::ffi::c_long;
use std::marker::PhantomPinned;
use std::ptr;

use crate::error::ShmError;
use crate::sync::AtomicU64;

/// What the kernel leaves in the low half of a life word when its thread has exited.
pub(crate) const OWNER_DIED: u32 = 0x4000_0000;

/// `struct robust_list` of the kernel.
#[repr(C)]
struct Node {
    next: *mut Node,
}

/// `struct robust_list_head` of the kernel.
#[repr(C)]
struct Head {
    list: Node,
    futex_offset: c_long,
    list_op_pending: *mut Node,
}

/// A robust list with one entry, registered for the calling thread while this value lives.
///
/// It replaces the list that libc registered for the thread; the thread must take no robust pthread mutex. On drop
/// libc's list is registered again. Not `Send`: the list belongs to the thread.
pub(crate) struct RobustWord {
    /// On the heap, at a fixed address: the kernel keeps pointers to it.
    inner: *mut Registered,
    before: (*mut Head, usize),
}

struct Registered {
    head: Head,
    node: Node,
    _pinned: PhantomPinned,
}

impl RobustWord {
    /// Registers an empty list for the calling thread.
    pub(crate) fn register() -> Result<Self, ShmError> {
        let mut before = (ptr::null_mut(), 0);
        // SAFETY: both out-pointers are valid for a write of a word; pid 0 means the calling thread.
        let got =
            unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut before.0, &raw mut before.1) };
        if got != 0 {
            return Err(ShmError::os("get_robust_list", "this thread", std::io::Error::last_os_error()));
        }
        let inner = Box::into_raw(Box::new(Registered {
            head: Head {
                list: Node { next: ptr::null_mut() },
                futex_offset: 0,
                list_op_pending: ptr::null_mut(),
            },
            node: Node { next: ptr::null_mut() },
            _pinned: PhantomPinned,
        }));
        let word = Self { inner, before };
        word.unlist();
        // SAFETY: `inner` is alive until `drop`, which registers libc's list again before it frees it.
        let head = unsafe { &raw mut (*inner).head };
        set_robust_list(head, size_of::<Head>())?;
        Ok(word)
    }

    /// Makes the low half of `word` the list's one entry. The kernel touches it only if it holds this thread's id
    /// when the thread ends, so listing a word before it is claimed is harmless, and right: no instant between
    /// the claim and the listing is left in which a death would go unnoticed.
    pub(crate) fn list(&mut self, word: &AtomicU64) {
        // SAFETY: `inner` is alive (see `register`), and only this thread and, at its exit, the kernel use it.
        let inner = unsafe { &mut *self.inner };
        let node = &raw mut inner.node;
        let head_node = &raw mut inner.head.list;
        // Little-endian: the low half of the word is its first four bytes. Both addresses are in user space, so
        // their difference fits.
        inner.head.futex_offset = (ptr::from_ref(word) as c_long).wrapping_sub(node as c_long);
        inner.node.next = head_node;
        inner.head.list.next = node;
    }

    /// Empties the list: the kernel will touch no word when this thread ends.
    pub(crate) fn unlist(&self) {
        // SAFETY: as in `list`.
        let inner = unsafe { &mut *self.inner };
        inner.head.list.next = &raw mut inner.head.list;
    }
}

impl Drop for RobustWord {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The word stays listed, on purpose: peers learn from it that this life thread is gone.
            return;
        }
        self.unlist();
        if set_robust_list(self.before.0, self.before.1).is_ok() {
            // SAFETY: made by `Box::into_raw`; the kernel has just been told to forget it.
            drop(unsafe { Box::from_raw(self.inner) });
        }
        // Else the kernel still knows the (empty) list: leaking it is the one safe thing to do.
    }
}

fn set_robust_list(head: *mut Head, bytes: usize) -> Result<(), ShmError> {
    // SAFETY: `head` is libc's own list or one that outlives its registration (`register`, `drop`).
    let set = unsafe { libc::syscall(libc::SYS_set_robust_list, head, bytes) };
    if set != 0 {
        return Err(ShmError::os("set_robust_list", "this thread", std::io::Error::last_os_error()));
    }
    Ok(())
}

#[cfg(not(target_endian = "little"))]
compile_error!("the life half of a member word is its first four bytes: little-endian only");
