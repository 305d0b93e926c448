//! The two segments of this crate, and the tables in them.
//!
//! `channels` has a root page of counters and four tables: channels, blocks of ends, lanes, ring entries. `rings` has the
//! memory of the rings. Both are as long as they can ever become, which is address space and nothing else: memory is reserved a
//! few entries at a time, the counter in the root saying how many have it.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use klaw_shm::layout::{HEADER_BYTES, SegmentHeader, Shared};
use klaw_shm::sync::{AtomicU64, CachePadded, Ordering};
use klaw_shm::{Segment, SegmentKind, Session, ShmError, shared_layout};

use crate::channel::{BlockChain, ChannelEntry, ChannelFacts, ChannelId, EndBlock};
use crate::lane::{Claim, LaneCredit, LaneEntry, LaneId, LaneIdentity, LaneSent, LaneTaken};
use crate::memory::Bytes;
use crate::ring::{RingEntry, RingPool};

/// Channels that a session can have at the same time (layout 1).
const CHANNELS: u32 = 4096;
const BLOCKS: u32 = 8192;
/// An end in transit has sixteen bits for its lane.
const LANES: u32 = 16_384;

/// Ring sizes and how many of each. The largest holds two of the largest records.
const RING_CLASSES: [(u64, u32); 8] = [
    (4 << 10, 16_384),
    (16 << 10, 4_096),
    (64 << 10, 2_048),
    (256 << 10, 1_024),
    (1 << 20, 256),
    (4 << 20, 64),
    (16 << 20, 32),
    (64 << 20, 8),
];

/// Bytes of ring memory that are reserved at once, if a ring is not larger.
const RESERVE_BYTES: u64 = 256 << 10;

shared_layout! {
    /// How many entries of each table have memory.
    pub struct TablesRoot: 1408 {
        /// Channels.
        pub(crate) channels: CachePadded<AtomicU64>,
        /// Blocks of ends.
        pub(crate) blocks: CachePadded<AtomicU64>,
        /// Lanes.
        pub(crate) lanes: CachePadded<AtomicU64>,
        /// Rings, by class.
        pub(crate) rings: [CachePadded<AtomicU64>; 8],
    }
}

const CHANNELS_AT: u64 = HEADER_BYTES + 4096;
const BLOCKS_AT: u64 = CHANNELS_AT + CHANNELS as u64 * size_of::<ChannelEntry>() as u64;
const LANES_AT: u64 = BLOCKS_AT + BLOCKS as u64 * size_of::<EndBlock>() as u64;
const RINGS_AT: u64 = LANES_AT + LANES as u64 * size_of::<LaneEntry>() as u64;
const TABLES_BYTES: u64 =
    (RINGS_AT + ring_count() as u64 * size_of::<RingEntry>() as u64).next_multiple_of(4096);

/// Channels, ends, lanes and ring entries.
pub const TABLES: SegmentKind = SegmentKind {
    name: "channels",
    number: 2,
    structures: &[
        SegmentHeader::LAYOUT,
        TablesRoot::LAYOUT,
        ChannelEntry::LAYOUT,
        ChannelFacts::LAYOUT,
        EndBlock::LAYOUT,
        BlockChain::LAYOUT,
        Claim::LAYOUT,
        LaneEntry::LAYOUT,
        LaneIdentity::LAYOUT,
        LaneSent::LAYOUT,
        LaneTaken::LAYOUT,
        LaneCredit::LAYOUT,
        RingEntry::LAYOUT,
    ],
    bytes: TABLES_BYTES,
};

/// Ring memory.
pub const RINGS: SegmentKind = SegmentKind {
    name: "rings",
    number: 3,
    structures: &[SegmentHeader::LAYOUT, RingEntry::LAYOUT],
    bytes: HEADER_BYTES + ring_offset(RING_CLASSES.len()),
};

pub(crate) const fn ring_count() -> u32 {
    ring_first(RING_CLASSES.len())
}

/// [`ring_first`] of each class.
const RING_FIRST: [u32; 8] = per_class_u32();
/// [`ring_offset`] of each class.
const RING_OFFSETS: [u64; 8] = per_class_u64();

const fn per_class_u32() -> [u32; 8] {
    let (mut all, mut c) = ([0; 8], 0);
    while c < 8 {
        all[c] = ring_first(c);
        c += 1;
    }
    all
}

const fn per_class_u64() -> [u64; 8] {
    let (mut all, mut c) = ([0; 8], 0);
    while c < 8 {
        all[c] = ring_offset(c);
        c += 1;
    }
    all
}

/// Index of a class's first ring.
const fn ring_first(class: usize) -> u32 {
    let (mut first, mut c) = (0, 0);
    while c < class {
        first += RING_CLASSES[c].1;
        c += 1;
    }
    first
}

/// Where a class's memory starts, behind the header.
const fn ring_offset(class: usize) -> u64 {
    let (mut offset, mut c) = (0, 0);
    while c < class {
        offset += RING_CLASSES[c].0 * RING_CLASSES[c].1 as u64;
        c += 1;
    }
    offset
}

/// A table whose entries get their memory a few at a time.
struct Growing<'a, T> {
    segment: &'a Segment,
    entries: &'a [T],
    at: u64,
    reserved: &'a AtomicU64,
    what: &'static str,
}

impl<'a, T> Growing<'a, T> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the table's length")]
    fn reserved(&self) -> u32 {
        // Acquire; pairs with the Release in `raise`: the memory is there.
        self.reserved.load(Ordering::Acquire).min(self.entries.len() as u64) as u32
    }

    /// The entries that have memory.
    fn used(&self) -> &'a [T] {
        &self.entries[..self.reserved() as usize]
    }

    /// The first entry that `claim` gets something from, in a table that grows until there is one.
    fn claim<R>(&self, mut claim: impl FnMut(u32, &'a T) -> Option<R>) -> Result<R, ShmError> {
        let mut from = 0;
        loop {
            let count = self.reserved();
            for index in from..count {
                if let Some(claimed) = claim(index, &self.entries[index as usize]) {
                    return Ok(claimed);
                }
            }
            from = count;
            #[expect(clippy::cast_possible_truncation, reason = "at most 65,536")]
            let limit = self.entries.len() as u32;
            if count == limit {
                return Err(ShmError::TableFull { what: self.what, limit });
            }
            // A few pages at a time.
            let to = (count + (64 * 1024 / u32::try_from(size_of::<T>()).unwrap_or(1)).max(1)).min(limit);
            let offset = |index: u32| self.at + u64::from(index) * size_of::<T>() as u64;
            self.segment.reserve(offset(count)..offset(to))?;
            raise(self.reserved, to);
        }
    }
}

/// Others may have reserved more meanwhile.
fn raise(reserved: &AtomicU64, to: u32) {
    // Release; pairs with the Acquire of whoever reads the counter.
    reserved.fetch_max(u64::from(to), Ordering::AcqRel);
}

/// A whole table, looked up once: the segment that it lies in stays where it is.
struct View<T> {
    first: NonNull<T>,
    count: usize,
}

impl<T: Shared> View<T> {
    fn new(segment: &Segment, at: u64, count: u32) -> Result<Self, ShmError> {
        let table = segment.table::<T>(at, count)?;
        Ok(Self { first: NonNull::from(table).cast(), count: table.len() })
    }

    /// Every entry. Touching one that has no memory yet is a fault: see [`Growing::used`].
    fn all(&self) -> &[T] {
        // SAFETY: made from a slice of this segment, which `Tables` keeps mapped as long as its views live.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.count) }
    }
}

// SAFETY: a view is a shared slice of `Shared` values, which are atomics.
unsafe impl<T: Shared> Send for View<T> {}
// SAFETY: as above.
unsafe impl<T: Shared> Sync for View<T> {}

struct Views {
    root: View<TablesRoot>,
    channels: View<ChannelEntry>,
    blocks: View<EndBlock>,
    lanes: View<LaneEntry>,
    ring_entries: View<RingEntry>,
}

/// Both segments, mapped.
pub(crate) struct Tables {
    session: Arc<Session>,
    views: Views,
    entries: Segment,
    rings: Segment,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables")
            .field("entries", &self.entries)
            .field("rings", &self.rings)
            .finish_non_exhaustive()
    }
}

impl Tables {
    pub(crate) fn create(session: &Arc<Session>) -> Result<Self, ShmError> {
        let rings = session.create_segment(&RINGS, HEADER_BYTES, |_| Ok(()))?;
        let entries = session
            .create_segment(&TABLES, CHANNELS_AT, |entries| entries.reserve(RINGS_AT..TABLES_BYTES))?;
        Self::new(session, entries, rings)
    }

    pub(crate) fn attach(session: &Arc<Session>) -> Result<Self, ShmError> {
        let entries = session.open_segment(&TABLES)?;
        Self::new(session, entries, session.open_segment(&RINGS)?)
    }

    fn new(session: &Arc<Session>, entries: Segment, rings: Segment) -> Result<Self, ShmError> {
        let views = Views {
            root: View::new(&entries, HEADER_BYTES, 1)?,
            channels: View::new(&entries, CHANNELS_AT, CHANNELS)?,
            blocks: View::new(&entries, BLOCKS_AT, BLOCKS)?,
            lanes: View::new(&entries, LANES_AT, LANES)?,
            ring_entries: View::new(&entries, RINGS_AT, ring_count())?,
        };
        Ok(Self { session: Arc::clone(session), views, entries, rings })
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn root(&self) -> &TablesRoot {
        &self.views.root.all()[0]
    }

    fn channel_table(&self) -> Growing<'_, ChannelEntry> {
        self.growing(&self.views.channels, CHANNELS_AT, &self.root().channels, "channel")
    }

    fn block_table(&self) -> Growing<'_, EndBlock> {
        self.growing(&self.views.blocks, BLOCKS_AT, &self.root().blocks, "block of channel ends")
    }

    fn lane_table(&self) -> Growing<'_, LaneEntry> {
        self.growing(&self.views.lanes, LANES_AT, &self.root().lanes, "lane")
    }

    fn growing<'a, T: Shared>(
        &'a self,
        view: &'a View<T>,
        at: u64,
        reserved: &'a AtomicU64,
        what: &'static str,
    ) -> Growing<'a, T> {
        Growing { segment: &self.entries, entries: view.all(), at, reserved, what }
    }

    /// Channels that have memory.
    pub(crate) fn channels(&self) -> &[ChannelEntry] {
        self.channel_table().used()
    }

    /// Blocks that have memory.
    pub(crate) fn blocks(&self) -> &[EndBlock] {
        self.block_table().used()
    }

    /// Lanes that have memory.
    pub(crate) fn lanes(&self) -> &[LaneEntry] {
        self.lane_table().used()
    }

    /// An entry that this process knows to have memory, whatever the root says by now.
    pub(crate) fn known_channel(&self, id: ChannelId) -> &ChannelEntry {
        &self.views.channels.all()[id.index as usize]
    }

    /// See [`Tables::known_channel`].
    pub(crate) fn known_block(&self, index: u32) -> &EndBlock {
        &self.views.blocks.all()[index as usize]
    }

    /// See [`Tables::known_channel`].
    pub(crate) fn known_lane(&self, id: LaneId) -> &LaneEntry {
        &self.views.lanes.all()[id.index as usize]
    }

    pub(crate) fn claim_channel<R>(
        &self,
        claim: impl FnMut(u32, &ChannelEntry) -> Option<R>,
    ) -> Result<R, ShmError> {
        self.channel_table().claim(claim)
    }

    pub(crate) fn claim_block<R>(
        &self,
        claim: impl FnMut(u32, &EndBlock) -> Option<R>,
    ) -> Result<R, ShmError> {
        self.block_table().claim(claim)
    }

    pub(crate) fn claim_lane<R>(
        &self,
        claim: impl FnMut(u32, &LaneEntry) -> Option<R>,
    ) -> Result<R, ShmError> {
        self.lane_table().claim(claim)
    }
}

/// A ring's index: its class above its place in it, so that both are known without a search.
const PLACE_BITS: u32 = 17;

const fn ring_index(class: usize, place: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "eight classes")]
    let class = class as u32;
    class << PLACE_BITS | place
}

/// The class of a ring, and its place in it.
fn class_of(ring: u32) -> Option<(usize, u32)> {
    let (class, place) = ((ring >> PLACE_BITS) as usize, ring & ((1 << PLACE_BITS) - 1));
    (class < RING_CLASSES.len() && place < RING_CLASSES[class].1).then_some((class, place))
}

impl RingPool for Tables {
    fn classes(&self) -> usize {
        RING_CLASSES.len()
    }

    fn class_bytes(&self, class: usize) -> u64 {
        RING_CLASSES[class].0
    }

    fn reserved(&self, class: usize) -> Range<u32> {
        ring_index(class, 0)..ring_index(class, self.reserved_places(class))
    }

    fn reserve_more(&self, class: usize) -> Result<bool, ShmError> {
        let (bytes, limit) = RING_CLASSES[class];
        let count = self.reserved_places(class);
        if count == limit {
            return Ok(false);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a small quotient")]
        let step = (RESERVE_BYTES / bytes).max(1) as u32;
        let to = (count + step).min(limit);
        self.rings.reserve(ring_at(class, count)..ring_at(class, to))?;
        raise(&self.root().rings[class], to);
        Ok(true)
    }

    fn entry(&self, ring: u32) -> Option<&RingEntry> {
        let (class, place) = class_of(ring)?;
        self.views.ring_entries.all().get((RING_FIRST[class] + place) as usize)
    }

    fn bytes(&self, ring: u32) -> Option<Bytes<'_>> {
        let (class, place) = class_of(ring)?;
        if place >= self.reserved_places(class) {
            return None;
        }
        let bytes = RING_CLASSES[class].0;
        let at = ring_at(class, place);
        let first = self.rings.bytes(at..at + bytes).ok()?;
        #[cfg(not(loom))]
        {
            // SAFETY: inside the segment, which lives as long as `self` and begins with a page; reserved, which was just checked,
            // and never given back. Headers and rings are multiples of 16 bytes long.
            Some(unsafe { Bytes::new(first, usize::try_from(bytes).ok()?) })
        }
        #[cfg(loom)]
        {
            let _no_segments_under_loom = first;
            None
        }
    }
}

impl Tables {
    fn reserved_places(&self, class: usize) -> u32 {
        // Acquire; pairs with the Release in `raise`.
        let count = self.root().rings[class].load(Ordering::Acquire).min(u64::from(RING_CLASSES[class].1));
        #[expect(clippy::cast_possible_truncation, reason = "just bounded")]
        let count = count as u32;
        count
    }
}

/// Where a ring's memory is in its segment.
fn ring_at(class: usize, place: u32) -> u64 {
    HEADER_BYTES + RING_OFFSETS[class] + u64::from(place) * RING_CLASSES[class].0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_ring_has_one_class_and_its_own_bytes() {
        let mut end = 0;
        for (class, &(bytes, count)) in RING_CLASSES.iter().enumerate() {
            assert!(bytes.is_power_of_two());
            assert_eq!(class_of(ring_index(class, 0)), Some((class, 0)));
            assert_eq!(class_of(ring_index(class, count - 1)), Some((class, count - 1)));
            assert_eq!(class_of(ring_index(class, count)), None);
            assert_eq!(ring_offset(class), end);
            end += bytes * u64::from(count);
        }
        assert!(
            ring_index(RING_CLASSES.len(), 0) <= 1 << 20,
            "a head_ring word has twenty bits for the ring"
        );
    }

    #[test]
    fn the_largest_record_fits_twice_into_the_largest_ring() {
        use crate::record::{MAX_PAYLOAD_BYTES, MAX_REFS, REF_BYTES, stride};
        let largest = RING_CLASSES.iter().map(|c| c.0).max().unwrap();
        assert!(2 * stride(MAX_PAYLOAD_BYTES + MAX_REFS * REF_BYTES) <= largest);
    }
}
