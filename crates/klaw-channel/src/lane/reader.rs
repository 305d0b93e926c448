//! The receivers' side of a lane (see the [module](super)).

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::Ordering;

use super::layout::{
    Claim, Intent, LaneCode, LaneEntry, LaneId, head_ring_parts, head_ring_word, lease_parts, lease_word,
};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::record::{HEADER_BYTES, Header, Message, RECORD_ALIGN, RecordKind, charge_units};
use crate::ring::{self, RingCode, RingPool};

/// Messages in a private copy, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where each message's record starts in `bytes`, and its header.
    records: Vec<(usize, Header)>,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn get(&self, n: usize) -> Option<Message<'_>> {
        let (at, header) = self.records.get(n)?;
        Message::parse(header, self.bytes.get(*at..)?)
    }
}

/// How much to take at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakeLimits {
    pub(crate) messages: usize,
    /// Bytes to copy at once; one record is taken however large it is.
    pub(crate) bytes: usize,
}

/// What a look at a lane gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Messages are in the batch.
    Taken,
    /// Nothing there now.
    Empty,
    /// Another receiver reads it.
    Busy,
    /// Read to the end, and the sender is gone: the lane can be retired.
    Drained,
    /// It is over, and its entry may be another lane by now.
    Gone,
    /// What is there, no writer of this version has written.
    Corrupt,
}

/// Takes a batch from a lane into `batch`, which must be empty. `accept` sees each message with its position before the
/// head passes it: whoever keeps books about refs does it there.
///
/// Afterwards the claim is UNDECIDED: user code gets the messages one by one, each counted by [`Claim::hand_out`].
pub(crate) fn take(
    lane: &LaneEntry,
    id: LaneId,
    pool: &impl RingPool,
    (me, claim): (Stamp, &Claim),
    limits: TakeLimits,
    batch: &mut Batch,
    accept: impl FnMut(&Message<'_>, u64),
) -> Take {
    // Most looks find nothing: they cost a load and no CAS, and don't make others find the lane leased. What is published
    // after this look rings, or is found by the look after arming.
    let state = lane.state();
    let is_empty = || lane.sent.tail.load(Ordering::Acquire) == lane.taken.head.load(Ordering::Acquire);
    if state.generation == id.generation && state.code == LaneCode::Open && is_empty() {
        return Take::Empty;
    }
    let free = lease_word(id.generation, None);
    let held = lease_word(id.generation, Some(me));
    // AcqRel; pairs with the Release that let the lease go: head, head_ring and taken are the last holder's.
    if let Err(found) = lane.lease.compare_exchange(free, held, Ordering::AcqRel, Ordering::Relaxed) {
        return if lease_parts(found).0 == id.generation { Take::Busy } else { Take::Gone };
    }
    crash_point(ChannelPoint::LeaseTaken);
    let mut taking = Taking { lane, id, pool, me, claim, limits, batch, accept };
    let outcome = taking.run();
    // Release; pairs with the AcqRel above, of the next holder.
    lane.lease.store(free, Ordering::Release);
    crash_point(ChannelPoint::LeaseReleased);
    outcome
}

struct Taking<'a, P, A> {
    lane: &'a LaneEntry,
    id: LaneId,
    pool: &'a P,
    me: Stamp,
    claim: &'a Claim,
    limits: TakeLimits,
    batch: &'a mut Batch,
    accept: A,
}

/// Where reading stands: positions in the lane, and the ring they are in.
#[derive(Clone, Copy)]
struct Cursor {
    at: u64,
    tail: u64,
    ring: u32,
    base: u64,
    /// Where reading in this ring began: a ring's length further on, it must have ended.
    entered: u64,
}

impl<P: RingPool, A: FnMut(&Message<'_>, u64)> Taking<'_, P, A> {
    fn run(&mut self) -> Take {
        let head = self.lane.taken.head.load(Ordering::Relaxed);
        let (ring, base) = head_ring_parts(self.lane.taken.head_ring.load(Ordering::Relaxed), head);
        // Before the tail: a sender that had ended by now has stored its last tail.
        let state = self.lane.state();
        if state.generation != self.id.generation {
            return Take::Gone;
        }
        // Acquire; pairs with the Release in `Writer::publish`.
        let tail = self.lane.sent.tail.load(Ordering::Acquire);
        let at = head.max(base);
        let mut cursor = Cursor { at, tail, ring, base, entered: at };
        while cursor.at != cursor.tail {
            match self.step(&mut cursor) {
                Some(true) => break,
                Some(false) => {}
                // What came before the nonsense is good, and goes out; the next take begins with the nonsense.
                None if self.batch.len() > 0 => break,
                None => return Take::Corrupt,
            }
        }
        if self.batch.len() > 0 {
            self.advance(cursor.at);
            return Take::Taken;
        }
        match state.code {
            LaneCode::Drained => Take::Drained,
            LaneCode::Ended => self.drained(cursor),
            _ => Take::Empty,
        }
    }

    /// Copies what is in one piece and takes its messages, or follows a LINK. `Some(true)` when the batch is complete,
    /// `None` for nonsense.
    fn step(&mut self, cursor: &mut Cursor) -> Option<bool> {
        let memory = self.pool.bytes(cursor.ring)?;
        let ring_bytes = memory.len() as u64;
        let offset = cursor.at.wrapping_sub(cursor.base) & (ring_bytes - 1);
        let there = cursor.tail.wrapping_sub(cursor.at);
        let read = cursor.at.wrapping_sub(cursor.entered);
        if read > ring_bytes
            || there > MAX_STREAM_BYTES
            || !there.is_multiple_of(RECORD_ALIGN)
            || !offset.is_multiple_of(RECORD_ALIGN)
        {
            return None;
        }
        let piece = there.min(ring_bytes - offset);
        let (mut start, offset) = (self.batch.bytes.len(), usize::try_from(offset).ok()?);
        let wanted =
            usize::try_from(piece).ok()?.min((self.limits.bytes & !(HEADER_BYTES - 1)).max(HEADER_BYTES));
        if mutant(ChannelMutant::HeadBeforeCopy) {
            self.lane.taken.head.store(cursor.at.wrapping_add(piece), Ordering::Release);
        }
        // SAFETY: this thread holds the lane's lease, and the range lies between head and tail, which the sender leaves
        // alone until the head has passed it.
        unsafe { memory.read(offset, wanted, &mut self.batch.bytes) };
        loop {
            let at_start = self.batch.bytes.len() - start;
            if at_start < HEADER_BYTES {
                return Some(self.batch.len() > 0);
            }
            let header = Header::decode(&self.batch.bytes[start..])?;
            let stride = header.stride();
            if header.kind == RecordKind::Pad {
                cursor.at = cursor.at.wrapping_add(stride);
                return Some(self.batch.len() > 0);
            }
            if header.kind == RecordKind::Link {
                // The messages before a LINK are a batch of their own: a batch lies in one ring.
                return if self.batch.len() > 0 { Some(true) } else { self.follow(cursor, header.meta) };
            }
            if stride > at_start as u64 {
                if self.batch.len() > 0 {
                    return Some(true);
                }
                // One record alone, however large: the rest of it.
                let whole = usize::try_from(stride).ok().filter(|&s| s as u64 <= piece && wanted < s)?;
                // SAFETY: as above.
                unsafe { memory.read(offset + wanted, whole - wanted, &mut self.batch.bytes) };
            }
            let message = Message::parse(&header, &self.batch.bytes[start..])?;
            (self.accept)(&message, cursor.at);
            self.batch.records.push((start, header));
            cursor.at += stride;
            start += usize::try_from(stride).ok()?;
            if self.batch.len() == self.limits.messages {
                return Some(true);
            }
        }
    }

    /// Goes on in the ring that a LINK at the cursor names, and gives the old one back.
    fn follow(&mut self, cursor: &mut Cursor, next: u32) -> Option<bool> {
        let (old, new) = (self.pool.entry(cursor.ring)?, self.pool.entry(next)?);
        let (old_state, _) = ring::look(old);
        let (new_state, base) = ring::look(new);
        let after = cursor.at.wrapping_add(HEADER_BYTES as u64);
        let ours = |s: ring::RingState| s.code == RingCode::Live && s.lane == self.id.tag();
        if !ours(old_state) || !ours(new_state) || base != after || next == cursor.ring {
            return None;
        }
        let from = head_ring_word(cursor.ring, cursor.base);
        let to = head_ring_word(next, base);
        // AcqRel; a reaper that finds the old ring LIVE below the new base knows it as drained.
        let head_ring = &self.lane.taken.head_ring;
        head_ring.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        crash_point(ChannelPoint::HeadRingMoved);
        ring::free(old, old_state);
        crash_point(ChannelPoint::OldRingFreed);
        *cursor = Cursor { at: after, ring: next, base, entered: after, ..*cursor };
        self.batch.bytes.clear();
        Some(false)
    }

    /// The batch is copied: moves the head past it, and the books with it.
    fn advance(&mut self, to: u64) {
        let taken = &self.lane.taken;
        let units: u64 = (0..self.batch.len())
            .filter_map(|n| self.batch.get(n))
            .map(|m| u64::from(charge_units(m.payload.len())))
            .sum();
        let messages_after = taken.messages.load(Ordering::Relaxed) + self.batch.len() as u64;
        let units_after = taken.units.load(Ordering::Relaxed) + units;
        let intent = Intent::undecided(self.me, to);
        self.claim.intend(self.id, intent, self.batch.len() as u64, (messages_after, units_after));
        crash_point(ChannelPoint::IntentStored);
        // Release; pairs with the Acquire in `Writer::look_at_head`: the copy is done, the space is the sender's again.
        taken.head.store(to, Ordering::Release);
        crash_point(ChannelPoint::HeadStored);
        taken.messages.store(messages_after, Ordering::Release);
        crash_point(ChannelPoint::TakenHalfStored);
        taken.units.store(units_after, Ordering::Release);
        crash_point(ChannelPoint::TakenStored);
    }

    /// Nothing left, and the sender had ended before we looked: nothing will come.
    fn drained(&mut self, cursor: Cursor) -> Take {
        self.lane.advance(self.id, LaneCode::Ended, LaneCode::Drained);
        crash_point(ChannelPoint::LaneDrained);
        if let Some(entry) = self.pool.entry(cursor.ring) {
            let (state, _) = ring::look(entry);
            if state.code == RingCode::Live && state.lane == self.id.tag() {
                ring::free(entry, state);
            }
        }
        crash_point(ChannelPoint::LastRingFreed);
        Take::Drained
    }
}

/// More than any lane can hold: a distance beyond it is nonsense.
const MAX_STREAM_BYTES: u64 = 1 << 40;

impl Claim {
    /// For the entry's next owner: no batch is open.
    pub(crate) fn reset(&self) {
        // Release: a late reaper that reads words of the new owner finds that the intent has changed.
        self.intent.store(Intent::NONE, Ordering::Release);
    }

    /// Its owner closes it: what was taken and not handed out is lost.
    pub(crate) fn give_up(&self) {
        if self.intent.load(Ordering::Relaxed) == Intent::NONE {
            return;
        }
        let missing =
            self.handed_after.load(Ordering::Relaxed).wrapping_sub(self.handed.load(Ordering::Relaxed));
        let before = self.lost_before.load(Ordering::Relaxed);
        self.lost.store(before.wrapping_add(missing), Ordering::Release);
        self.intent.store(Intent::NONE, Ordering::Release);
    }

    /// Says what is about to be taken. Stored whole before the intent is.
    fn intend(&self, lane: LaneId, intent: Intent, count: u64, (messages, units): (u64, u64)) {
        // Release each; pairs with the Acquire loads in `repair::count_lost`: a late reaper of the entry's last owner that
        // reads one of these finds, when it looks at the intent again, that this owner has reset it.
        self.lane.store(lane.pack(), Ordering::Release);
        self.messages_after.store(messages, Ordering::Release);
        self.units_after.store(units, Ordering::Release);
        self.handed_after.store(self.handed.load(Ordering::Relaxed) + count, Ordering::Release);
        self.lost_before.store(self.lost.load(Ordering::Relaxed), Ordering::Release);
        // Release; pairs with the Acquire in `repair::decide_claim`.
        self.intent.store(intent.pack(), Ordering::Release);
    }

    /// One message of the batch goes to user code now.
    pub(crate) fn hand_out(&self) {
        let handed = self.handed.load(Ordering::Relaxed) + 1;
        self.handed.store(handed, Ordering::Release);
        crash_point(ChannelPoint::HandedOut);
        if handed == self.handed_after.load(Ordering::Relaxed) {
            self.intent.store(Intent::NONE, Ordering::Release);
            crash_point(ChannelPoint::IntentCleared);
        }
    }
}
