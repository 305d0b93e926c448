//! For tests inside this crate: a pool of rings on the heap, so that loom and proptest run the real lanes without a
//! session.

use std::ops::Range;

use klaw_shm::sync::Ordering;
use klaw_shm::{ShmError, Stamp};

use crate::lane::{LaneCode, LaneEntry, LaneId, Writer};
use crate::memory::Bytes;
use crate::record::{Header, Message, RecordKind};
use crate::ring::{RingCode, RingEntry, RingPool, look};

#[cfg(loom)]
type Memory = Vec<crate::memory::Unit>;
#[cfg(not(loom))]
type Memory = std::cell::UnsafeCell<Vec<u128>>;

/// Rings of doubling or other sizes, a fixed number of each.
pub(crate) struct HeapPool {
    classes: Vec<(u64, Range<u32>)>,
    entries: Vec<RingEntry>,
    memory: Vec<Memory>,
}

// SAFETY: ring memory is given to one thread at a time by the protocol under test.
unsafe impl Sync for HeapPool {}
// SAFETY: nothing in it belongs to a thread.
unsafe impl Send for HeapPool {}

impl HeapPool {
    /// `(bytes, count)` for each class, ascending.
    pub(crate) fn new(classes: &[(u64, u32)]) -> Self {
        let mut pool = Self { classes: Vec::new(), entries: Vec::new(), memory: Vec::new() };
        let mut first = 0;
        for &(bytes, count) in classes {
            pool.classes.push((bytes, first..first + count));
            first += count;
            for _ in 0..count {
                pool.entries.push(RingEntry::default());
                pool.memory.push(new_memory(usize::try_from(bytes).unwrap()));
            }
        }
        pool
    }

    /// Rings that are not FREE.
    pub(crate) fn in_use(&self) -> usize {
        self.entries.iter().filter(|entry| look(entry).0.code != RingCode::Free).count()
    }
}

#[cfg(loom)]
fn new_memory(bytes: usize) -> Memory {
    (0..bytes / 16).map(|_| crate::memory::Unit::default()).collect()
}
#[cfg(not(loom))]
fn new_memory(bytes: usize) -> Memory {
    std::cell::UnsafeCell::new(vec![0; bytes / 16])
}

impl RingPool for HeapPool {
    fn classes(&self) -> usize {
        self.classes.len()
    }
    fn class_bytes(&self, class: usize) -> u64 {
        self.classes[class].0
    }
    fn reserved(&self, class: usize) -> Range<u32> {
        self.classes[class].1.clone()
    }
    fn reserve_more(&self, _: usize) -> Result<bool, ShmError> {
        Ok(false)
    }
    fn entry(&self, ring: u32) -> Option<&RingEntry> {
        self.entries.get(ring as usize)
    }
    #[cfg(loom)]
    fn bytes(&self, ring: u32) -> Option<Bytes<'_>> {
        self.memory.get(ring as usize).map(|units| Bytes::new(units))
    }
    #[cfg(not(loom))]
    fn bytes(&self, ring: u32) -> Option<Bytes<'_>> {
        let memory = self.memory.get(ring as usize)?.get();
        // SAFETY: the vector is never resized; its bytes are only reached through `Bytes`, under the protocol.
        let memory = unsafe { &mut *memory };
        // SAFETY: the bytes live as long as the pool, which `Bytes` borrows, and numbers of 16 bytes are aligned to 16.
        Some(unsafe { Bytes::new(memory.as_mut_ptr().cast(), memory.len() * 16) })
    }
}

/// A member for tests.
pub(crate) fn stamp(slot: u32) -> Stamp {
    Stamp::new(slot, 1).unwrap()
}

/// Opens `lanes[0]` for `sender`, as the channel layer does it.
pub(crate) fn open_lane(lane: &LaneEntry, sender: Stamp, pool: &HeapPool) -> (LaneId, Writer) {
    let id = LaneId { index: 0, generation: lane.state().generation };
    let free = lane.state();
    assert!(
        lane.change(free, crate::lane::LaneState { code: LaneCode::Claimed, sender: Some(sender), ..free })
    );
    // SAFETY: tests keep the pool until their writers are gone.
    let writer = unsafe { Writer::open(lane, id, pool) }.unwrap().expect("a ring");
    assert!(lane.advance(id, LaneCode::Claimed, LaneCode::Open));
    (id, writer)
}

/// [`open_lane`] in a channel made for calls.
pub(crate) fn open_call_lane(lane: &LaneEntry, sender: Stamp, pool: &HeapPool) -> (LaneId, Writer) {
    lane.identity.calls.store(1, Ordering::Relaxed);
    open_lane(lane, sender, pool)
}

/// Writes message `n` with 16 bytes of payload, unpublished. False if there is no room.
#[cfg(loom)]
pub(crate) fn push(lane: &LaneEntry, pool: &HeapPool, writer: &mut Writer, n: u32) -> bool {
    let header = header(n, 16);
    let payload = payload(n, 16);
    if writer.push_short(&header, &payload) {
        return true;
    }
    let placed = writer.place(lane, pool, header.stride()).unwrap().is_some();
    if placed {
        writer.push(&header, &[&payload]);
    }
    placed
}

/// A message whose payload is `len` bytes that all depend on `n`.
pub(crate) fn payload(n: u32, len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from((n as usize * 7 + i) % 251).unwrap()).collect()
}

/// The header of message `n` with a payload of `len` bytes.
pub(crate) fn header(n: u32, len: usize) -> Header {
    Header { body_bytes: u32::try_from(len).unwrap(), kind: RecordKind::Message, refs: 0, meta: n, ack: 0 }
}

/// Checks that a message is what [`payload`] made, and returns its number.
pub(crate) fn check(message: &Message<'_>) -> u32 {
    assert_eq!(message.payload, payload(message.tag, message.payload.len()), "torn message {}", message.tag);
    message.tag
}

/// Messages counted as taken.
pub(crate) fn taken(lane: &LaneEntry) -> u64 {
    lane.taken.messages.load(Ordering::Acquire)
}
