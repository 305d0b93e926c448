//! The one door to atomics: std's in a build, loom's under `--cfg loom`.
//!
//! Every shared word of the project is one of these types, so that loom explores the code that ships and not a
//! copy of it. loom's atomics are larger than a word; layout assertions are therefore off under loom, and tests
//! build the structures on the heap.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub use loom::{hint::spin_loop, thread::yield_now};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub use std::{hint::spin_loop, thread::yield_now};

/// Pads to 128 bytes, so that a word written by one process never shares a cache line, nor the adjacent line that
/// the prefetcher pulls in, with a word written by another.
///
/// `repr(C)` since crossbeam-utils 0.8.22 and therefore fit for shared memory; the size is asserted below.
pub use crossbeam_utils::CachePadded;

#[cfg(not(loom))]
const _: () = assert!(size_of::<CachePadded<AtomicU64>>() == 128, "shared layouts count on 128-byte padding");
