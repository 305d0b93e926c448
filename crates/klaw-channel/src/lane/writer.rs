//! The sender's side of a lane (see the [module](super)).

use klaw_shm::ShmError;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::Ordering;

use super::calls::Claimed;
use super::layout::{LaneEntry, LaneId, head_ring_word};
use super::revoke::OlderRing;
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::memory::Bytes;
use crate::record::{HEADER_BYTES, Header, RecordKind};
use crate::ring::{self, RingPool};

/// Every ring keeps room for one of these, so that a sender can always leave it.
const LINK_BYTES: u64 = HEADER_BYTES as u64;

/// A batch of this many bytes goes past the caches. The last batch tells what the next will be: to begin with ordinary stores and go
/// on with streamed ones is worse than either.
const STREAM_FROM_BYTES: u64 = 2048;

/// Wraps in a row with the ring nearly empty before the lane moves into a smaller one.
const WRAPS_BEFORE_SHRINKING: u32 = 8;

/// A lane's one sender, with what it knows without looking at shared memory.
#[derive(Debug)]
pub(crate) struct Writer {
    id: LaneId,
    /// Memory of the ring in use. Looked up once a ring; it outlives the writer, see [`Writer::open`].
    pub(super) memory: Bytes<'static>,
    pub(super) base: u64,
    ring_bytes: u64,
    /// Position behind the last record written.
    pub(super) tail: u64,
    /// Position behind the last record published.
    pub(super) published: u64,
    /// The head as last seen: it may be further by now.
    head: u64,
    /// A record that ends here or before fits behind the last one, without a look at anything.
    clear: u64,
    /// Records go past the caches.
    streaming: bool,
    idle_wraps: u32,
    /// Of a call lane: rings that were left with unclaimed messages in them.
    pub(super) older: Option<Vec<OlderRing>>,
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
        let calls = lane.is_for_calls();
        if calls {
            lane.claimed.store(Claimed { position: tail, frozen: false }.pack(), Ordering::Relaxed);
        }
        let ring_bytes = bytes.len() as u64;
        // SAFETY: the pool outlives the writer, as the caller says.
        let memory = unsafe { bytes.unbound() };
        let mut writer = Self {
            id,
            memory,
            base: tail,
            ring_bytes,
            tail,
            published: tail,
            head: tail,
            clear: tail,
            streaming: false,
            idle_wraps: 0,
            older: calls.then(Vec::new),
        };
        writer.clear = writer.clear_end();
        Ok(Some(writer))
    }

    /// Size of the ring that the next record goes to.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn ring_bytes(&self) -> u64 {
        self.ring_bytes
    }

    /// True if records wait to be published.
    pub(crate) fn is_dirty(&self) -> bool {
        self.tail != self.published
    }

    /// Where the last record starts, which has this stride.
    pub(crate) fn last_at(&self, stride: u64) -> u64 {
        self.tail - stride
    }

    /// Copies a record in if its place is behind the last one and nothing needs to be looked at. False if it did not.
    #[inline]
    pub(crate) fn push_short(&mut self, header: &Header, payload: &[u8]) -> bool {
        let end = self.tail + header.stride();
        if end > self.clear {
            return false;
        }
        self.write_one(header, payload);
        self.tail = end;
        true
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
        match parts {
            [payload] => self.write_one(header, payload),
            parts => self.write(header, parts),
        }
        self.tail += stride;
        self.clear = self.clear_end();
    }

    /// Makes everything pushed visible, by one store. `messages` and `units` are what was sent with it, in total.
    pub(crate) fn publish(&mut self, lane: &LaneEntry, messages: u64, units: u64) {
        crash_point(ChannelPoint::RecordWritten);
        if self.streaming {
            Bytes::end_streaming();
        }
        self.streaming = self.tail - self.published >= STREAM_FROM_BYTES;
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

    /// Up to where records fit one behind the other, by what is known of the head. A LINK fits behind them, and the ring's very end is
    /// left to [`Writer::place`], which looks there whether the ring is too large.
    fn clear_end(&self) -> u64 {
        let ring_end = self.tail - self.offset() + self.ring_bytes;
        let free_end = self.head.max(self.base) + self.ring_bytes;
        ring_end.min(free_end) - LINK_BYTES
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
        self.leave_ring(lane, base);
        self.tail = base;
        self.base = base;
        self.ring_bytes = memory.len() as u64;
        // SAFETY: the pool outlives the writer, see `open`.
        self.memory = unsafe { memory.unbound() };
        self.clear = self.clear_end();
        self.idle_wraps = 0;
        Ok(true)
    }

    #[inline]
    fn write_one(&mut self, header: &Header, payload: &[u8]) {
        debug_assert_eq!(payload.len(), header.body_bytes as usize);
        #[expect(clippy::cast_possible_truncation, reason = "64-bit only, and less than a ring")]
        let at = self.offset() as usize;
        let header = header.encode();
        if self.streaming {
            // SAFETY: as in `write`; `publish` fences before it stores the tail.
            unsafe { self.memory.write_record::<true>(at, header, payload) };
        } else {
            // SAFETY: as in `write`.
            unsafe { self.memory.write_record::<false>(at, header, payload) };
            self.streaming = self.tail - self.published >= STREAM_FROM_BYTES;
        }
    }

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
