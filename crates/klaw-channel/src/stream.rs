//! Stores that go past the caches, for bytes that another core reads next.
//!
//! A line that one core has written and another reads is fetched out of the first one's cache, which on the machine in
//! `docs/benchmarks.md` takes several times as long as out of memory, where a reader that goes straight on has it fetched ahead. So a
//! batch is streamed. A single message is not: what waits in the processor's buffers must be out before it is published, and that
//! takes longer than one fetch.

/// Bytes of one store.
pub(crate) const UNIT: usize = 16;

#[cfg(target_arch = "x86_64")]
mod arch {
    use std::arch::x86_64::{__m128i, _mm_sfence, _mm_stream_si128};

    use super::UNIT;

    /// # Safety
    /// `to` is aligned to 16 and valid for a write of as much. Nobody, this thread included, accesses it before [`fence`].
    #[inline]
    pub(crate) unsafe fn store(to: *mut u8, unit: [u8; UNIT]) {
        // SAFETY: both are 16 bytes of which any are valid.
        let value = unsafe { std::mem::transmute::<[u8; UNIT], __m128i>(unit) };
        // SAFETY: valid and aligned, as the caller says; SSE2 is part of x86-64.
        unsafe { _mm_stream_si128(to.cast(), value) };
    }

    /// What this thread has streamed is in its place before anything that it stores from now on.
    #[inline]
    pub(crate) fn fence() {
        // SAFETY: SSE is part of x86-64.
        unsafe { _mm_sfence() };
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod arch {
    use super::UNIT;

    /// # Safety
    /// `to` is valid for a write of 16 bytes.
    #[inline]
    pub(crate) unsafe fn store(to: *mut u8, unit: [u8; UNIT]) {
        // SAFETY: valid, as the caller says; an array of bytes needs no alignment.
        unsafe { to.cast::<[u8; UNIT]>().write(unit) };
    }

    /// Stores here are ordinary ones: the Release that publishes them is enough.
    #[inline]
    pub(crate) fn fence() {}
}

pub(crate) use arch::{fence, store};
