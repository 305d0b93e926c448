//! Rings: pieces of memory that lanes borrow, in classes of size, from one pool.
//!
//! A ring's state is one word, `{code:2, lane tag:32, generation:30}`: FREE, ALLOC (claimed, not yet
//! part of a lane) or LIVE. Every change is a CAS on the exact old word, and every way back to FREE moves the
//! generation on, so a repair that comes late can't touch the ring's next user. `base` is the lane position of its first
//! byte and means something only in LIVE.
//!
//! Memory is reserved class by class, a few rings at a time, before the first of them is claimed.

use klaw_shm::ShmError;
use klaw_shm::crash::crash_point;
use klaw_shm::shared_layout;
use klaw_shm::sync::{AtomicU64, Ordering};

use crate::crash::ChannelPoint;
use crate::lane::LaneTag;
use crate::memory::Bytes;

shared_layout! {
    /// One ring of the pool.
    pub struct RingEntry: 16 {
        /// `{code:2, lane tag:32, generation:30}` from the low end.
        pub(crate) state: AtomicU64,
        /// Lane position of the ring's first byte; valid while LIVE.
        pub(crate) base: AtomicU64,
    }
}

/// What a ring's state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RingCode {
    Free,
    Alloc,
    Live,
}

/// A ring's state word, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RingState {
    pub(crate) code: RingCode,
    pub(crate) lane: LaneTag,
    pub(crate) generation: u32,
}

const GENERATION: u64 = (1 << 30) - 1;

impl RingState {
    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word, masked")]
    pub(crate) fn unpack(bits: u64) -> Self {
        let code = match bits & 3 {
            1 => RingCode::Alloc,
            2 => RingCode::Live,
            _ => RingCode::Free,
        };
        Self { code, lane: LaneTag((bits >> 2) as u32), generation: (bits >> 34 & GENERATION) as u32 }
    }

    pub(crate) fn pack(self) -> u64 {
        let code = match self.code {
            RingCode::Free => 0,
            RingCode::Alloc => 1,
            RingCode::Live => 2,
        };
        code | u64::from(self.lane.0) << 2 | (u64::from(self.generation) & GENERATION) << 34
    }

    /// The word after this use of the ring.
    fn freed(self) -> Self {
        let generation = self.generation.wrapping_add(1);
        Self { code: RingCode::Free, lane: LaneTag(0), generation }
    }
}

/// Where rings and their memory are: segments in a session, the heap in model tests.
pub(crate) trait RingPool {
    /// Number of size classes; each holds rings of one size, larger with each class.
    fn classes(&self) -> usize;
    /// Bytes of a ring of this class.
    fn class_bytes(&self, class: usize) -> u64;
    /// Indices of the rings of this class whose memory is reserved.
    fn reserved(&self, class: usize) -> std::ops::Range<u32>;
    /// Reserves memory for more rings of this class. False when the class has no more.
    fn reserve_more(&self, class: usize) -> Result<bool, ShmError>;
    /// The entry of a ring; `None` for an index that no ring can have.
    fn entry(&self, ring: u32) -> Option<&RingEntry>;
    /// The memory of a ring; `None` if it has none (yet).
    fn bytes(&self, ring: u32) -> Option<Bytes<'_>>;
}

/// Claims a ring of at least `bytes` for `lane`, as ALLOC. `None` when the pool has none.
pub(crate) fn claim(
    pool: &impl RingPool,
    lane: LaneTag,
    bytes: u64,
) -> Result<Option<(u32, RingState)>, ShmError> {
    for class in (0..pool.classes()).filter(|&class| pool.class_bytes(class) >= bytes) {
        loop {
            if let Some(claimed) = claim_reserved(pool, lane, class) {
                crash_point(ChannelPoint::RingClaimed);
                return Ok(Some(claimed));
            }
            if !pool.reserve_more(class)? {
                break;
            }
        }
    }
    Ok(None)
}

fn claim_reserved(pool: &impl RingPool, lane: LaneTag, class: usize) -> Option<(u32, RingState)> {
    pool.reserved(class).find_map(|ring| {
        let entry = pool.entry(ring)?;
        let old = RingState::unpack(entry.state.load(Ordering::Acquire));
        let new = RingState { code: RingCode::Alloc, lane, ..old };
        // Acquire; pairs with the AcqRel that freed it: what its last reader did is over.
        (old.code == RingCode::Free && exchange(entry, old, new)).then_some((ring, new))
    })
}

/// ALLOC → LIVE at `base`. The base is stored first: nobody believes it before LIVE.
pub(crate) fn make_live(entry: &RingEntry, claimed: RingState, base: u64) -> RingState {
    entry.base.store(base, Ordering::Relaxed);
    crash_point(ChannelPoint::RingBased);
    let live = RingState { code: RingCode::Live, ..claimed };
    // Release; pairs with the Acquire in `look`: whoever sees LIVE sees the base.
    entry.state.store(live.pack(), Ordering::Release);
    crash_point(ChannelPoint::RingLive);
    live
}

/// State and base. The base belongs to that state only if the state is LIVE.
pub(crate) fn look(entry: &RingEntry) -> (RingState, u64) {
    let state = RingState::unpack(entry.state.load(Ordering::Acquire));
    (state, entry.base.load(Ordering::Relaxed))
}

/// Gives a ring back, if it still is in this very state.
pub(crate) fn free(entry: &RingEntry, old: RingState) -> bool {
    exchange(entry, old, old.freed())
}

fn exchange(entry: &RingEntry, old: RingState, new: RingState) -> bool {
    entry.state.compare_exchange(old.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn states_round_trip() {
        for code in [RingCode::Free, RingCode::Alloc, RingCode::Live] {
            let lane = LaneTag(0xfedc_9876);
            let state = RingState { code, lane, generation: 0x3fff_fff1 };
            assert_eq!(RingState::unpack(state.pack()), state);
        }
    }
}
