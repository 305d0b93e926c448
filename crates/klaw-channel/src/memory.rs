//! Ring memory: bytes that a lane's protocol gives to one thread at a time.
//!
//! Shared memory in a build; cells that loom watches for races under `--cfg loom`.

#[cfg(loom)]
pub(crate) use model::Bytes;
#[cfg(all(test, loom))]
pub(crate) use model::Unit;
#[cfg(not(loom))]
pub(crate) use real::Bytes;

#[cfg(not(loom))]
mod real {
    use std::marker::PhantomData;

    use klaw_shm::sync::{AtomicU64, Ordering};

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

        /// Half a unit of a published record, while somebody else may [mark](Bytes::mark) it.
        pub(crate) fn peek(&self, at: usize) -> u64 {
            self.half(at).load(Ordering::Relaxed)
        }

        /// Overwrites half a unit of a published record, while others may [peek](Bytes::peek).
        ///
        /// # Safety
        /// The protocol keeps everybody from reading it otherwise until this thread has released it.
        pub(crate) unsafe fn mark(&self, at: usize, half: u64) {
            self.half(at).store(half, Ordering::Relaxed);
        }

        #[expect(clippy::cast_ptr_alignment, reason = "rings are aligned to 16, and `at` to 8")]
        fn half(&self, at: usize) -> &AtomicU64 {
            assert!(at.is_multiple_of(8) && at < self.len, "half a unit inside the ring");
            // SAFETY: in bounds (above), as rings are multiples of 16 bytes long, and aligned to 8, as `first` is to 16; mapped while
            // `self` is (`new`). Who stores to it otherwise is ordered with a lease holder that peeks and a sender that marks: the
            // record was published before, and its space is written again only after the head has passed it, which the lease and
            // FROZEN prevent. An auditor, which has neither, may meet bytes that are being written: one aligned load of whatever is
            // there, which it checks as it does all shared memory, and believes only if it stays.
            unsafe { &*self.first.wrapping_add(at).cast::<AtomicU64>() }
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
    use std::sync::Mutex;

    use loom::cell::UnsafeCell;

    const CELL: usize = 16;

    /// Sixteen bytes of a ring.
    #[derive(Debug, Default)]
    pub(crate) struct Unit {
        /// What loom watches for accesses that the protocol does not order.
        bytes: UnsafeCell<[u8; CELL]>,
        /// Its first half once more, for looks that race by design.
        first: Mutex<u64>,
    }

    /// The bytes of one ring.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Bytes<'a>(&'a [Unit]);

    impl<'a> Bytes<'a> {
        pub(crate) fn new(units: &'a [Unit]) -> Self {
            Self(units)
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
                let (unit, at) = (&self.0[(at + n) / CELL], (at + n) % CELL);
                unit.bytes.with_mut(|cell| {
                    // SAFETY: loom checks that no other access is concurrent.
                    let cell = unsafe { &mut *cell };
                    cell[at] = byte;
                    if at == CELL / 2 - 1 {
                        *unit.first.lock().unwrap() = u64::from_le_bytes(*cell.first_chunk().unwrap());
                    }
                });
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

        pub(crate) fn peek(&self, at: usize) -> u64 {
            assert!(at.is_multiple_of(CELL));
            *self.0[at / CELL].first.lock().unwrap()
        }

        pub(crate) unsafe fn mark(&self, at: usize, half: u64) {
            // SAFETY: as the caller says.
            unsafe { self.write(at, &half.to_le_bytes()) };
        }

        pub(crate) unsafe fn read(&self, at: usize, len: usize, to: &mut Vec<u8>) {
            for at in at..at + len {
                // SAFETY: loom checks that no other access is concurrent.
                to.push(self.0[at / CELL].bytes.with(|cell| unsafe { (*cell)[at % CELL] }));
            }
        }
    }
}
