//! The words of a lane and of a receiver's claim on it.

use klaw_shm::sync::{AtomicU64, CachePadded, Ordering};
use klaw_shm::{Stamp, shared_layout};

shared_layout! {
    /// One lane. Each line has one writer at a time.
    pub struct LaneEntry: 768 {
        /// Who it is: owned by CASes.
        pub(crate) identity: CachePadded<LaneIdentity>,
        /// Written by the sender.
        pub(crate) sent: CachePadded<LaneSent>,
        /// Written by the lease holder.
        pub(crate) taken: CachePadded<LaneTaken>,
        /// `{generation:32, stamp:32}`: who may read ring memory; stamp 0 is nobody.
        pub(crate) lease: CachePadded<AtomicU64>,
        /// What the sender may send.
        pub(crate) credit: CachePadded<LaneCredit>,
        /// Of a call lane: `{position:63, FROZEN:1}`, see the module `calls`.
        pub(crate) claimed: CachePadded<AtomicU64>,
    }
}

shared_layout! {
    /// A lane's state and where it belongs.
    pub struct LaneIdentity: 40 {
        /// `{code:4, generation:28, sender's stamp:32}`.
        pub(crate) state: AtomicU64,
        /// Index of its channel, plus one.
        pub(crate) channel: AtomicU64,
        /// Port of its sender, plus one: whom to ring when it waits for credits.
        pub(crate) port: AtomicU64,
        /// 1 while the sender sleeps for want of credits. Receivers look at it after each batch: not on a line that changes often.
        pub(crate) waiting: AtomicU64,
        /// 1 in a channel that was made for calls: `claimed` is in use.
        pub(crate) calls: AtomicU64,
    }
}

shared_layout! {
    /// The sender's line.
    pub struct LaneSent: 32 {
        /// Position behind the last published record (Release; Acquire by readers).
        pub(crate) tail: AtomicU64,
        /// Messages sent so far, stored before `tail`: never behind it.
        pub(crate) messages: AtomicU64,
        /// Payload sent so far in units of 16 bytes, stored before `tail`.
        pub(crate) units: AtomicU64,
        /// Messages that the sender gave up after it had been told to drop them.
        pub(crate) dropped: AtomicU64,
    }
}

shared_layout! {
    /// The lease holder's line.
    pub struct LaneTaken: 40 {
        /// Position behind the last record taken (Release; Acquire by the sender).
        pub(crate) head: AtomicU64,
        /// `{ring:20, base / 16:44}`: where reading goes on.
        pub(crate) head_ring: AtomicU64,
        /// Messages taken so far.
        pub(crate) messages: AtomicU64,
        /// Payload taken so far in units of 16 bytes.
        pub(crate) units: AtomicU64,
        /// Those of `messages` that their sender had taken back.
        pub(crate) revoked: AtomicU64,
    }
}

shared_layout! {
    /// A lane's share of its channel's capacity. Counts are the low half of the absolute ones.
    pub struct LaneCredit: 24 {
        /// `{messages:32, grant tag:32}` that the sender may reach.
        pub(crate) message_limit: AtomicU64,
        /// `{units:32, grant tag:32}` that the sender may reach.
        pub(crate) unit_limit: AtomicU64,
        /// `{messages:32, units:32}` that the sender asks for.
        pub(crate) ask: AtomicU64,
    }
}

shared_layout! {
    /// A receiver's claim on a batch, in words that outlive it.
    pub struct Claim: 72 {
        /// `{code:4, owner's slot:8, 8 spare, position / 16:44}`.
        pub(crate) intent: AtomicU64,
        /// `{lane index:16, lane generation:32}`.
        pub(crate) lane: AtomicU64,
        /// The lane's `taken` messages after the batch.
        pub(crate) messages_after: AtomicU64,
        /// The lane's `taken` units after the batch.
        pub(crate) units_after: AtomicU64,
        /// `handed` when the whole batch is handed out.
        pub(crate) handed_after: AtomicU64,
        /// Messages that this receiver handed to user code.
        pub(crate) handed: AtomicU64,
        /// Messages that receivers in this entry took and never handed out, when the batch was claimed.
        pub(crate) lost_before: AtomicU64,
        /// The same, now.
        pub(crate) lost: AtomicU64,
        /// Of a call lane: its `taken` revoked after the batch.
        pub(crate) revoked_after: AtomicU64,
    }
}

/// A lane: its entry, and which of the entry's successive lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LaneId {
    pub(crate) index: u16,
    pub(crate) generation: u32,
}

/// A lane as a ring's state names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaneTag(pub(crate) u32);

pub(crate) const LANE_GENERATION: u32 = (1 << 28) - 1;

impl LaneId {
    pub(crate) fn tag(self) -> LaneTag {
        LaneTag(u32::from(self.index) | self.generation << 16)
    }

    pub(crate) fn pack(self) -> u64 {
        u64::from(self.index) | u64::from(self.generation) << 16
    }

    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word")]
    pub(crate) fn unpack(bits: u64) -> Self {
        Self { index: bits as u16, generation: (bits >> 16) as u32 & LANE_GENERATION }
    }
}

impl LaneTag {
    /// The lane's entry.
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    pub(crate) fn index(self) -> u16 {
        self.0 as u16
    }
}

/// What a lane's state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneCode {
    /// Nobody's.
    Free,
    /// A sender is making it; nobody reads it yet.
    Claimed,
    /// In use.
    Open,
    /// The sender is gone, by close or death; what is in it can be read.
    Ended,
    /// Read to the end.
    Drained,
}

/// A lane's state word, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaneState {
    pub(crate) code: LaneCode,
    pub(crate) generation: u32,
    pub(crate) sender: Option<Stamp>,
}

impl LaneState {
    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word")]
    pub(crate) fn unpack(bits: u64) -> Self {
        let code = match bits & 15 {
            1 => LaneCode::Claimed,
            2 => LaneCode::Open,
            3 => LaneCode::Ended,
            4 => LaneCode::Drained,
            _ => LaneCode::Free,
        };
        Self {
            code,
            generation: (bits >> 4) as u32 & LANE_GENERATION,
            sender: Stamp::from_bits((bits >> 32) as u32),
        }
    }

    pub(crate) fn pack(self) -> u64 {
        let code = match self.code {
            LaneCode::Free => 0,
            LaneCode::Claimed => 1,
            LaneCode::Open => 2,
            LaneCode::Ended => 3,
            LaneCode::Drained => 4,
        };
        code | u64::from(self.generation & LANE_GENERATION) << 4
            | u64::from(self.sender.map_or(0, Stamp::bits)) << 32
    }
}

impl LaneEntry {
    pub(crate) fn state(&self) -> LaneState {
        // Acquire; pairs with the AcqRel of `change`.
        LaneState::unpack(self.identity.state.load(Ordering::Acquire))
    }

    pub(crate) fn change(&self, old: LaneState, new: LaneState) -> bool {
        let state = &self.identity.state;
        state.compare_exchange(old.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Changes the code of this very lane. False if it is not in `from` (any more).
    pub(crate) fn advance(&self, id: LaneId, from: LaneCode, to: LaneCode) -> bool {
        let old = self.state();
        old.generation == id.generation && old.code == from && self.change(old, LaneState { code: to, ..old })
    }
}

/// The lease word of lane generation `generation`, held by `holder`.
pub(crate) fn lease_word(generation: u32, holder: Option<Stamp>) -> u64 {
    u64::from(generation) | u64::from(holder.map_or(0, Stamp::bits)) << 32
}

/// Who holds the lease of which generation.
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
pub(crate) fn lease_parts(word: u64) -> (u32, Option<Stamp>) {
    (word as u32, Stamp::from_bits((word >> 32) as u32))
}

/// Who may read the lane's ring memory now.
pub(crate) fn lease_holder(lane: &LaneEntry) -> Option<Stamp> {
    lease_parts(lane.lease.load(Ordering::Acquire)).1
}

/// Base of the ring in which reading goes on.
pub(crate) fn reading_base(lane: &LaneEntry) -> u64 {
    reading_at(lane).1
}

/// Where reading goes on: ring, its base, and the position.
pub(crate) fn reading_at(lane: &LaneEntry) -> (u32, u64, u64) {
    let head = lane.taken.head.load(Ordering::Acquire);
    let (ring, base) = head_ring_parts(lane.taken.head_ring.load(Ordering::Acquire), head);
    (ring, base, head.max(base))
}

const RING_BITS: u32 = 20;
const BASE_MASK: u64 = (1 << 44) - 1;

/// `{ring, base}` in one word. Bases only grow, so the word never comes back.
pub(crate) fn head_ring_word(ring: u32, base: u64) -> u64 {
    u64::from(ring) | ((base / 16) & BASE_MASK) << RING_BITS
}

/// Ring and base. The word has 44 bits for the base; `near` (the head) is less than half of their range away from it.
pub(crate) fn head_ring_parts(word: u64, near: u64) -> (u32, u64) {
    let ring = (word & ((1 << RING_BITS) - 1)) as u32;
    let ahead = (word >> RING_BITS).wrapping_sub(near / 16) & BASE_MASK;
    // Sign-extends the 44-bit difference.
    let ahead = (ahead << 20).cast_signed() >> 20;
    (ring, (near / 16).wrapping_add_signed(ahead).wrapping_mul(16))
}

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntentCode {
    /// A batch is being taken, or handed out.
    Undecided,
    /// The receiver died; the head had moved: what it had not handed out is lost.
    Lost,
    /// The receiver died; the head had not moved: the batch is still in the lane.
    Not,
}

/// A claim's intent word. It names the slot of its owner: a late reaper of that slot, which can't be used again
/// meanwhile, can't take the claim of the entry's next owner for the dead one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) code: IntentCode,
    pub(crate) slot: u32,
    /// Where the head will be, in units of 16 bytes, modulo 2^44.
    pub(crate) position: u64,
}

impl Intent {
    /// No batch is between head and user code.
    pub(crate) const NONE: u64 = 0;

    pub(crate) fn undecided(owner: Stamp, position: u64) -> Self {
        Self { code: IntentCode::Undecided, slot: owner.slot(), position: (position / 16) & BASE_MASK }
    }

    /// `None` if no batch is between head and user code.
    pub(crate) fn unpack(bits: u64) -> Option<Self> {
        let code = match bits & 15 {
            1 => IntentCode::Undecided,
            2 => IntentCode::Lost,
            3 => IntentCode::Not,
            _ => return None,
        };
        let slot = (bits >> 4 & 0xff) as u32;
        Some(Self { code, slot, position: bits >> 20 })
    }

    pub(crate) fn pack(self) -> u64 {
        let code = match self.code {
            IntentCode::Undecided => 1,
            IntentCode::Lost => 2,
            IntentCode::Not => 3,
        };
        code | u64::from(self.slot) << 4 | self.position << 20
    }

    /// True if a head that far has passed the batch.
    pub(crate) fn is_passed_by(self, head: u64) -> bool {
        let ahead = (head / 16).wrapping_sub(self.position) & BASE_MASK;
        ahead < 1 << 43
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn head_rings_round_trip(ring in 0..1_u32 << 20, near in 0..u64::MAX / 32, ahead in -1_000_000..1_000_000_i64) {
            let near = near * 16;
            let base = (near / 16).wrapping_add_signed(ahead).wrapping_mul(16);
            prop_assert_eq!(head_ring_parts(head_ring_word(ring, base), near), (ring, base));
        }

        #[test]
        fn states_round_trip(generation in 0..=LANE_GENERATION, slot in 0..256_u32, epoch in 1..1_u32 << 24) {
            for code in [LaneCode::Free, LaneCode::Claimed, LaneCode::Open, LaneCode::Ended, LaneCode::Drained] {
                for sender in [None, Stamp::new(slot, epoch)] {
                    let state = LaneState { code, generation, sender };
                    prop_assert_eq!(LaneState::unpack(state.pack()), state);
                }
            }
        }

        #[test]
        fn intents_round_trip(position in 0..1_u64 << 59, slot in 0..256_u32, ahead in -1_000_i64..1_000) {
            let position = position * 16;
            let intent = Intent::undecided(Stamp::new(slot, 1).unwrap(), position);
            prop_assert_eq!(Intent::unpack(intent.pack()), Some(intent));
            let head = position.wrapping_add_signed(ahead * 16);
            prop_assert_eq!(intent.is_passed_by(head), ahead >= 0);
        }

        #[test]
        fn ids_and_leases_round_trip(index: u16, generation in 0..=LANE_GENERATION, slot in 0..256_u32) {
            let id = LaneId { index, generation };
            prop_assert_eq!(LaneId::unpack(id.pack()), id);
            prop_assert_eq!(id.tag().index(), index);
            let holder = Stamp::new(slot, 1);
            prop_assert_eq!(lease_parts(lease_word(generation, holder)), (generation, holder));
        }
    }
}
