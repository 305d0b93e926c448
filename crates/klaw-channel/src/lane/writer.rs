//! The sender's side of a lane (see the [module](super)).

use klaw_shm::ShmError;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::Ordering;

use super::layout::{LaneEntry, LaneId, head_ring_word};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::memory::Bytes;
use crate::record::{HEADER_BYTES, Header, RecordKind};
use crate::ring::{self, RingPool};

/// Every ring keeps room for one of these, so that a sender can always leave it.
const LINK_BYTES: u64 = HEADER_BYTES as u64;

/// Wraps in a row with the ring nearly empty before the lane moves into a smaller one.
const WRAPS_BEFORE_SHRINKING: u32 = 8;

/// A lane's one sender, with what it knows without looking at shared memory.
#[derive(Debug)]
pub(crate) struct Writer {
    id: LaneId,
    /// Memory of the ring in use. Looked up once a ring; it outlives the writer, see [`Writer::open`].
    memory: Bytes<'static>,
    base: u64,
    ring_bytes: u64,
    /// Position behind the last record written.
    tail: u64,
    /// Position behind the last record published.
    published: u64,
    /// The head as last seen: it may be further by now.
    head: u64,
    idle_wraps: u32,
}

impl Writer {
    /// Gives a claimed lane its first ring. `None` when the pool has none.
    ///
    /// # Safety
    /// The pool outlives the writer.
    pub(crate) unsafe fn open(
        lane: &LaneEntry,
        id: LaneId,
        pool: &impl RingPool,
    ) -> Result<Option<Self>, ShmError> {
        let Some((ring, claimed)) = ring::claim(pool, id.tag(), 0)? else { return Ok(None) };
        // Positions never restart: the lane goes on where the entry's last one ended.
        let tail = lane.sent.tail.load(Ordering::Relaxed);
        let Some((entry, bytes)) = pool.entry(ring).zip(pool.bytes(ring)) else { return Ok(None) };
        ring::make_live(entry, claimed, tail);
        // Nobody reads the lane before its state is OPEN, which is stored after this with Release.
        lane.taken.head.store(tail, Ordering::Relaxed);
        lane.taken.head_ring.store(head_ring_word(ring, tail), Ordering::Relaxed);
        let ring_bytes = bytes.len() as u64;
        // SAFETY: the pool outlives the writer, as the caller says.
        let memory = unsafe { bytes.unbound() };
        Ok(Some(Self {
            id,
            memory,
            base: tail,
            ring_bytes,
            tail,
            published: tail,
            head: tail,
            idle_wraps: 0,
        }))
    }

    /// Size of the ring that the next record goes to.
    #[cfg(test)]
    pub(crate) fn ring_bytes(&self) -> u64 {
        self.ring_bytes
    }

    /// True if records wait to be published.
    pub(crate) fn is_dirty(&self) -> bool {
        self.tail != self.published
    }

    /// Finds room for a record of `stride` bytes: where it will start, or `None` if no ring has room for it now. An end in
    /// transit is stamped with that position before the record is written.
    #[inline]
    pub(crate) fn place(
        &mut self,
        lane: &LaneEntry,
        pool: &impl RingPool,
        stride: u64,
    ) -> Result<Option<u64>, ShmError> {
        if self.offset() + stride >= self.ring_bytes && 2 * stride <= self.ring_bytes {
            self.maybe_shrink(lane, pool, stride)?;
        }
        if !self.has_room(lane, stride) && !self.grow(lane, pool, stride)? {
            return Ok(None);
        }
        Ok(Some(self.tail + self.pad_before(stride)))
    }

    /// Copies a record in that has its place: header, then `parts`, whose lengths add up to the header's body.
    #[inline]
    pub(crate) fn push(&mut self, header: &Header, parts: &[&[u8]]) {
        debug_assert_eq!(parts.iter().map(|p| p.len()).sum::<usize>(), header.body_bytes as usize);
        let stride = header.stride();
        let pad = self.pad_before(stride);
        if pad > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "less than a ring")]
            let body_bytes = (pad - LINK_BYTES) as u32;
            self.write(&Header { body_bytes, kind: RecordKind::Pad, refs: 0, meta: 0, ack: 0 }, &[]);
            self.tail += pad;
        }
        self.write(header, parts);
        self.tail += stride;
    }

    /// Makes everything pushed visible, by one store. `messages` and `units` are what was sent with it, in total.
    pub(crate) fn publish(&mut self, lane: &LaneEntry, messages: u64, units: u64) {
        crash_point(ChannelPoint::RecordWritten);
        // Before the tail: a sender killed in between has counted too much, never too little, so that a repair that
        // takes back its unused credits leaves what it may have published covered.
        lane.sent.messages.store(messages, Ordering::Relaxed);
        lane.sent.units.store(units, Ordering::Relaxed);
        crash_point(ChannelPoint::SentCounted);
        // Release; pairs with the Acquire in `reader::take`: records, LINKs and the rings behind them.
        lane.sent.tail.store(self.tail, Ordering::Release);
        self.published = self.tail;
        crash_point(ChannelPoint::TailStored);
    }

    fn offset(&self) -> u64 {
        (self.tail - self.base) & (self.ring_bytes - 1)
    }

    /// Bytes to skip so that a record does not wrap.
    fn pad_before(&self, stride: u64) -> u64 {
        let to_end = self.ring_bytes - self.offset();
        if stride > to_end { to_end } else { 0 }
    }

    #[inline]
    fn has_room(&mut self, lane: &LaneEntry, stride: u64) -> bool {
        let wanted = self.pad_before(stride) + stride + LINK_BYTES;
        if 2 * stride > self.ring_bytes {
            return false;
        }
        if self.used() + wanted <= self.ring_bytes {
            return true;
        }
        self.look_at_head(lane);
        self.used() + wanted <= self.ring_bytes
    }

    /// Bytes of this ring that the receiver may not have read yet.
    fn used(&self) -> u64 {
        // While it reads an older ring, the head is below this ring's base.
        self.tail - self.head.max(self.base)
    }

    fn look_at_head(&mut self, lane: &LaneEntry) {
        // Acquire; pairs with the Release in `reader::take`: the reader has copied what is behind the head.
        let head = lane.taken.head.load(Ordering::Acquire);
        // Hostile or broken if it ran past what was published or went back: then nothing is free.
        if head > self.head && head <= self.published {
            self.head = head;
        }
    }

    fn maybe_shrink(&mut self, lane: &LaneEntry, pool: &impl RingPool, stride: u64) -> Result<(), ShmError> {
        self.look_at_head(lane);
        let smaller = (0..pool.classes()).map(|c| pool.class_bytes(c)).rfind(|&b| b < self.ring_bytes);
        match smaller {
            Some(smaller) if self.used() < smaller / 8 && 2 * stride <= smaller => {
                self.idle_wraps += 1;
                if self.idle_wraps >= WRAPS_BEFORE_SHRINKING {
                    self.link(lane, pool, smaller)?;
                }
            }
            _ => self.idle_wraps = 0,
        }
        Ok(())
    }

    /// Moves into a ring in which the record has room. False if there is none now.
    fn grow(&mut self, lane: &LaneEntry, pool: &impl RingPool, stride: u64) -> Result<bool, ShmError> {
        let fits_here = 2 * stride <= self.ring_bytes;
        let wanted = if fits_here { 2 * self.ring_bytes } else { 2 * stride };
        match self.link(lane, pool, wanted) {
            Ok(true) => Ok(true),
            // Later, when what is in this ring has been read, it will fit here.
            Ok(false) | Err(ShmError::Exhausted { .. }) if fits_here => Ok(false),
            Ok(false) => {
                let large = (0..pool.classes()).filter(|&class| pool.class_bytes(class) >= wanted);
                #[expect(clippy::cast_possible_truncation, reason = "rings have indices of twenty bits")]
                let limit = large.map(|class| pool.reserved(class).len()).sum::<usize>() as u32;
                Err(ShmError::TableFull { what: "large ring", limit })
            }
            Err(e) => Err(e),
        }
    }

    /// Claims a ring of at least `bytes` and goes on there. False if there is none.
    fn link(&mut self, lane: &LaneEntry, pool: &impl RingPool, bytes: u64) -> Result<bool, ShmError> {
        let Some((ring, claimed)) = ring::claim(pool, self.id.tag(), bytes)? else { return Ok(false) };
        let Some((entry, memory)) = pool.entry(ring).zip(pool.bytes(ring)) else { return Ok(false) };
        let base = self.tail + LINK_BYTES;
        let link = Header { body_bytes: 0, kind: RecordKind::Link, refs: 0, meta: ring, ack: 0 };
        if mutant(ChannelMutant::LinkBeforeBase) {
            self.write(&link, &[]);
            lane.sent.tail.store(base, Ordering::Release);
        }
        ring::make_live(entry, claimed, base);
        self.write(&link, &[]);
        crash_point(ChannelPoint::LinkWritten);
        self.tail = base;
        self.base = base;
        self.ring_bytes = memory.len() as u64;
        // SAFETY: the pool outlives the writer, see `open`.
        self.memory = unsafe { memory.unbound() };
        self.idle_wraps = 0;
        Ok(true)
    }

    #[inline]
    fn write(&self, header: &Header, parts: &[&[u8]]) {
        #[expect(clippy::cast_possible_truncation, reason = "64-bit only, and less than a ring")]
        let mut at = self.offset() as usize;
        // SAFETY: the range is behind everything published and ahead of the head by less than a ring (`has_room`), so
        // no reader looks at it before `publish`; this lane has one writer.
        unsafe { self.memory.write(at, &header.encode()) };
        at += HEADER_BYTES;
        for part in parts {
            // SAFETY: as above.
            unsafe { self.memory.write(at, part) };
            at += part.len();
        }
    }
}
