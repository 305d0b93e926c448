//! Ring memory: bytes that a lane's protocol gives to one thread at a time.
//!
//! Shared memory in a build; cells that loom watches for races under `--cfg loom`.

#[cfg(loom)]
pub(crate) use model::Bytes;
#[cfg(not(loom))]
pub(crate) use real::Bytes;

#[cfg(not(loom))]
mod real {
    use std::marker::PhantomData;

    use crate::stream::{self, UNIT};

    /// The bytes of one ring.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Bytes<'a> {
        first: *mut u8,
        len: usize,
        memory: PhantomData<&'a [u8]>,
    }

    // SAFETY: the address is good on every thread; who may access the bytes when is the lane protocol's business, and each
    // access argues it.
    unsafe impl Send for Bytes<'_> {}

    impl Bytes<'_> {
        /// # Safety
        /// `first..first + len` is mapped, writable and reserved for `'a`; `first` is aligned to 16.
        pub(crate) unsafe fn new(first: *mut u8, len: usize) -> Self {
            Self { first, len, memory: PhantomData }
        }

        pub(crate) fn len(&self) -> usize {
            self.len
        }

        /// For a holder that can't name the pool's lifetime.
        ///
        /// # Safety
        /// The pool outlives the result.
        pub(crate) unsafe fn unbound(self) -> Bytes<'static> {
            Bytes { first: self.first, len: self.len, memory: PhantomData }
        }

        /// # Safety
        /// The protocol gives `at..at + from.len()` to this thread until it publishes.
        pub(crate) unsafe fn write(&self, at: usize, from: &[u8]) {
            assert!(at <= self.len && from.len() <= self.len - at, "inside the ring");
            // SAFETY: in bounds (above) and mapped (`new`); `from` is private, so the two don't overlap.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), self.first.wrapping_add(at), from.len()) };
        }

        /// Writes a record at `at`, a multiple of 16, and zeros up to its stride; past the caches if `STREAMED`.
        ///
        /// # Safety
        /// The protocol gives the record's stride from `at` on to this thread until it publishes. If `STREAMED`, [`Bytes::end_streaming`]
        /// comes before that.
        #[inline]
        pub(crate) unsafe fn write_record<const STREAMED: bool>(
            &self,
            at: usize,
            header: [u8; UNIT],
            payload: &[u8],
        ) {
            let stride = UNIT + payload.len().next_multiple_of(UNIT);
            assert!(at.is_multiple_of(UNIT), "where a record can be");
            assert!(at <= self.len && stride <= self.len - at, "inside the ring");
            let mut to = self.first.wrapping_add(at);
            let mut put = |unit: [u8; UNIT]| {
                if STREAMED {
                    // SAFETY: one of the `stride` bytes' units from `at` on, which are in bounds (above), mapped, writable and
                    // aligned (`new`), and the caller's until its fence.
                    unsafe { stream::store(to, unit) };
                } else {
                    // SAFETY: as above.
                    unsafe { to.cast::<[u8; UNIT]>().write(unit) };
                }
                to = to.wrapping_add(UNIT);
            };
            put(header);
            // No call of memcpy: for small messages it costs more than the copy.
            let (units, rest) = payload.as_chunks::<UNIT>();
            for unit in units {
                put(*unit);
            }
            if !rest.is_empty() {
                let mut last = [0; UNIT];
                last[..rest.len()].copy_from_slice(rest);
                put(last);
            }
        }

        /// What this thread has streamed is in its place before anything that it stores from now on.
        pub(crate) fn end_streaming() {
            stream::fence();
        }

        /// Appends `len` bytes from `at` on to `to`.
        ///
        /// # Safety
        /// The protocol gives `at..at + len` to this thread until it lets go of the lane. A neighbour that breaks the
        /// protocol can make the copy nonsense, which whoever parses it expects.
        pub(crate) unsafe fn read(&self, at: usize, len: usize, to: &mut Vec<u8>) {
            assert!(at <= self.len && len <= self.len - at, "inside the ring");
            to.reserve(len);
            let end = to.len();
            // SAFETY: in bounds (above) and mapped (`new`); `to` is private and has room for `len` more.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    self.first.wrapping_add(at),
                    to.as_mut_ptr().wrapping_add(end),
                    len,
                );
            }
            // SAFETY: the capacity was reserved and the bytes were just written.
            unsafe { to.set_len(end + len) };
        }
    }
}

#[cfg(loom)]
mod model {
    use loom::cell::UnsafeCell;

    const CELL: usize = 16;

    /// The bytes of one ring, as cells of 16: loom reports two accesses that the protocol does not order.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Bytes<'a>(&'a [UnsafeCell<[u8; CELL]>]);

    impl<'a> Bytes<'a> {
        pub(crate) fn new(cells: &'a [UnsafeCell<[u8; CELL]>]) -> Self {
            Self(cells)
        }

        pub(crate) fn len(&self) -> usize {
            self.0.len() * CELL
        }

        pub(crate) unsafe fn unbound(self) -> Bytes<'static> {
            // SAFETY: the pool outlives the result, as the caller says.
            Bytes(unsafe { &*std::ptr::from_ref(self.0) })
        }

        pub(crate) unsafe fn write(&self, at: usize, from: &[u8]) {
            for (n, &byte) in from.iter().enumerate() {
                let at = at + n;
                // SAFETY: loom checks that no other access is concurrent.
                self.0[at / CELL].with_mut(|cell| unsafe { (*cell)[at % CELL] = byte });
            }
        }

        pub(crate) unsafe fn write_record<const STREAMED: bool>(
            &self,
            at: usize,
            header: [u8; CELL],
            payload: &[u8],
        ) {
            // SAFETY: as the caller says.
            unsafe { self.write(at, &header) };
            // SAFETY: as the caller says.
            unsafe { self.write(at + CELL, payload) };
        }

        pub(crate) fn end_streaming() {}

        pub(crate) unsafe fn read(&self, at: usize, len: usize, to: &mut Vec<u8>) {
            for at in at..at + len {
                // SAFETY: loom checks that no other access is concurrent.
                to.push(self.0[at / CELL].with(|cell| unsafe { (*cell)[at % CELL] }));
            }
        }
    }
}
