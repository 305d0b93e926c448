//! The receivers' side of a lane (see the [module](super)).

mod calls;

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::Ordering;

use self::calls::Passed;
use super::batch::{Batch, Run};
use super::layout::{
    Claim, Intent, LaneCode, LaneEntry, LaneId, head_ring_parts, head_ring_word, lease_parts, lease_word,
};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::record::{HEADER_BYTES, Header, Message, RECORD_ALIGN, RecordKind};
use crate::ring::{self, RingCode, RingPool};

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
    /// Nothing for user code, but messages that were taken back are passed: there is room, and perhaps more to take.
    Passed,
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

/// What a message that refers to anything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// A message of the batch, and its place in it.
    Taken(usize),
    /// Its sender has taken it back.
    Revoked,
}

/// Takes a batch from a lane into `batch`, which must be empty. `accept` sees each message that refers to anything, with its position,
/// before the head passes it: whoever keeps books about refs does it there.
///
/// Afterwards the claim is UNDECIDED: user code gets the messages one by one, each counted by [`Claim::hand_out`].
pub(crate) fn take(
    lane: &LaneEntry,
    id: LaneId,
    pool: &impl RingPool,
    (me, claim): (Stamp, &Claim),
    limits: TakeLimits,
    batch: &mut Batch,
    accept: impl FnMut(Met, &Message<'_>, u64),
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
    let (calls, passed) = (lane.is_for_calls(), Passed::default());
    let mut taking = Taking { lane, id, pool, me, claim, limits, batch, accept, calls, passed };
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
    /// The lane is a call lane.
    calls: bool,
    passed: Passed,
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

impl<P: RingPool, A: FnMut(Met, &Message<'_>, u64)> Taking<'_, P, A> {
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
        let mut nonsense = false;
        while cursor.at != cursor.tail && !nonsense {
            match self.step(&mut cursor) {
                Some(true) => break,
                Some(false) => {}
                None => nonsense = true,
            }
        }
        // What came before the nonsense is good, and goes out; the next take begins with the nonsense.
        if self.batch.len() > 0 {
            self.advance(cursor.at);
            return Take::Taken;
        }
        if nonsense {
            return Take::Corrupt;
        }
        if self.passed.messages > 0 {
            self.advance(self.passed.to);
            return Take::Passed;
        }
        match state.code {
            LaneCode::Drained => Take::Drained,
            LaneCode::Ended if cursor.at == cursor.tail => self.drained(cursor),
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
        let piece = usize::try_from(there.min(ring_bytes - offset)).ok()?;
        let (start, offset) = (self.batch.bytes.len(), usize::try_from(offset).ok()?);
        // Whoever wants one message must not copy all that there is.
        let bytes = self.limits.bytes.min(self.limits.messages.saturating_mul(COPY_A_MESSAGE_BYTES));
        let wanted = piece.min((bytes & !(HEADER_BYTES - 1)).max(HEADER_BYTES));
        if self.calls && mutant(ChannelMutant::CopyBeforeClaim) {
            // SAFETY: none, that is the mutant.
            unsafe { memory.read(offset, wanted, &mut Vec::new()) };
        }
        let piece = if self.calls { self.claim(cursor, memory, offset, piece, wanted)? } else { piece };
        if piece == 0 {
            return Some(true);
        }
        let wanted = wanted.min(piece);
        if mutant(ChannelMutant::HeadBeforeCopy) {
            self.lane.taken.head.store(cursor.at.wrapping_add(piece as u64), Ordering::Release);
        }
        // SAFETY: this thread holds the lane's lease, and the range lies between head and tail, which the sender leaves
        // alone until the head has passed it; in a call lane it is claimed, too.
        unsafe { memory.read(offset, wanted, &mut self.batch.bytes) };
        let header = Header::decode(self.batch.bytes.get(start..)?)?;
        match header.kind {
            RecordKind::Pad => {
                cursor.at = cursor.at.wrapping_add(header.stride());
                return Some(false);
            }
            RecordKind::Link => return self.follow(cursor, header.meta),
            RecordKind::Tombstone if !self.calls => return None,
            RecordKind::Message | RecordKind::Tombstone => {}
        }
        let whole = usize::try_from(header.stride()).ok().filter(|&stride| stride <= piece)?;
        if whole > wanted {
            // One record alone, however large: the rest of it.
            // SAFETY: as above.
            unsafe { memory.read(offset + wanted, whole - wanted, &mut self.batch.bytes) };
        }
        if header.kind == RecordKind::Tombstone {
            return self.pass(cursor, &header, start);
        }
        self.batch.next = start;
        self.scan(cursor, start)
    }

    /// Takes the messages that are whole in the copy from `start` on, the first of which is. `None` for nonsense.
    fn scan(&mut self, cursor: &mut Cursor, start: usize) -> Option<bool> {
        let limit = self.limits.messages.max(1);
        let mut run = Run { messages: 0, units: 0, end: start };
        let sound = loop {
            run.extend(&self.batch.bytes, limit);
            let rest = self.batch.bytes.get(run.end..)?;
            if run.messages == limit || rest.len() < HEADER_BYTES {
                break true;
            }
            let Some(header) = Header::decode(rest) else { break false };
            // What comes before a LINK is a batch of its own: a batch lies in one piece of one ring.
            if header.kind != RecordKind::Message {
                break true;
            }
            let Some(message) = Message::parse(&header, rest) else { break true };
            let at = cursor.at.wrapping_add((run.end - start) as u64);
            (self.accept)(Met::Taken(run.messages), &message, at);
            run.push(&header, message.payload.len());
        };
        cursor.at = cursor.at.wrapping_add((run.end - start) as u64);
        (self.batch.messages, self.batch.units) = (run.messages, run.units);
        sound.then_some(true)
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
        if self.passed.messages > 0 {
            // The old ring and what was passed in it are gone after this.
            self.advance(self.passed.to);
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
        let passed = std::mem::take(&mut self.passed);
        let messages_after =
            taken.messages.load(Ordering::Relaxed) + self.batch.len() as u64 + passed.messages;
        let units_after = taken.units.load(Ordering::Relaxed) + self.batch.units + passed.units;
        let revoked_after = taken.revoked.load(Ordering::Relaxed) + passed.messages;
        if self.calls {
            // Release; as the stores of `intend`.
            self.claim.revoked_after.store(revoked_after, Ordering::Release);
        }
        let intent = Intent::undecided(self.me, to);
        self.claim.intend(self.id, intent, self.batch.len() as u64, (messages_after, units_after));
        crash_point(ChannelPoint::IntentStored);
        // Release; pairs with the Acquire in `Writer::look_at_head`: the copy is done, the space is the sender's again.
        taken.head.store(to, Ordering::Release);
        crash_point(ChannelPoint::HeadStored);
        taken.messages.store(messages_after, Ordering::Release);
        crash_point(ChannelPoint::TakenHalfStored);
        taken.units.store(units_after, Ordering::Release);
        if passed.messages > 0 {
            crash_point(ChannelPoint::TakenAllStored);
            taken.revoked.store(revoked_after, Ordering::Release);
        }
        crash_point(ChannelPoint::TakenStored);
        if self.batch.len() == 0 {
            self.claim.close();
            crash_point(ChannelPoint::IntentCleared);
        }
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

/// Bytes to copy for each message that is wanted; one that is larger is copied whole nevertheless.
const COPY_A_MESSAGE_BYTES: usize = 256;

/// More than any lane can hold: a distance beyond it is nonsense.
const MAX_STREAM_BYTES: u64 = 1 << 40;
