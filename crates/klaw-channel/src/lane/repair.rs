//! What the dead left in lanes and rings (see the [module](super)). Every step is one exact CAS.

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{AtomicU64, Ordering};

use super::layout::{
    Claim, Intent, IntentCode, LaneCode, LaneEntry, LaneId, LaneState, lease_parts, lease_word, reading_base,
};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::ring::{self, RingCode, RingPool};

/// Ends a lane whose sender `dead` is gone: what it published can be read, the rest is void.
pub(crate) fn end_lane(lane: &LaneEntry, dead: Stamp) {
    let state = lane.state();
    if state.sender != Some(dead) || mutant(ChannelMutant::KeepOpenLane) {
        return;
    }
    match state.code {
        LaneCode::Open => {
            lane.change(state, LaneState { code: LaneCode::Ended, ..state });
        }
        // Nobody has seen it: straight to the end.
        LaneCode::Claimed => {
            lane.change(state, LaneState { code: LaneCode::Drained, ..state });
        }
        _ => {}
    }
    crash_point(ChannelPoint::RepairLaneEnded);
}

/// Frees rings that no reader will come to: never linked by a dead sender, or left behind by a dead receiver.
pub(crate) fn repair_rings(lanes: &[LaneEntry], pool: &impl RingPool, is_dead: impl Fn(Stamp) -> bool) {
    if mutant(ChannelMutant::KeepRings) {
        return;
    }
    for ring in (0..pool.classes()).flat_map(|class| pool.reserved(class)) {
        let Some(entry) = pool.entry(ring) else { continue };
        let (state, base) = ring::look(entry);
        if state.code == RingCode::Free {
            continue;
        }
        let Some(lane) = lanes.get(state.lane.index() as usize) else { continue };
        if is_unreachable(lane, state, base, &is_dead) {
            ring::free(entry, state);
            crash_point(ChannelPoint::RepairRingFreed);
        }
    }
}

/// The two rules that need no walk along the LINKs.
fn is_unreachable(
    lane: &LaneEntry,
    ring: ring::RingState,
    base: u64,
    is_dead: impl Fn(Stamp) -> bool,
) -> bool {
    let owner = lane.state();
    let id = LaneId { index: ring.lane.index(), generation: owner.generation };
    if id.tag() != ring.lane || matches!(owner.code, LaneCode::Drained | LaneCode::Free) {
        // The lane that the ring belonged to is over.
        return true;
    }
    let by_dead = owner.sender.is_some_and(is_dead);
    if mutant(ChannelMutant::FreeByStamp) {
        return by_dead;
    }
    if ring.code == RingCode::Alloc {
        return by_dead;
    }
    let tail = lane.sent.tail.load(Ordering::Acquire);
    let never_linked = by_dead && (owner.code == LaneCode::Claimed || base > tail);
    let drained = owner.code != LaneCode::Claimed && base < reading_base(lane);
    never_linked || drained
}

/// Decides what became of the batch of a dead receiver and sets the books right. Idempotent; afterwards its leases can
/// be released.
pub(crate) fn decide_claim(claim: &Claim, lanes: &[LaneEntry], dead: Stamp) {
    let Some(intent) = intent_of(claim, dead) else { return };
    let id = LaneId::unpack(claim.lane.load(Ordering::Acquire));
    let Some(lane) = lanes.get(id.index as usize) else { return };
    if intent.code == IntentCode::Undecided && !mutant(ChannelMutant::KeepIntent) {
        // Quiet: the dead one holds the lease, or it had let go after the head had moved. Whoever released the lease in
        // its stead decided first, so that the CAS fails then.
        let head = lane.taken.head.load(Ordering::Acquire);
        let moved = intent.is_passed_by(head) || !holds_lease(lane, id, dead);
        let code = if moved { IntentCode::Lost } else { IntentCode::Not };
        exchange(&claim.intent, intent.pack(), Intent { code, ..intent }.pack());
        crash_point(ChannelPoint::RepairDecided);
    }
    if intent_of(claim, dead).is_some_and(|intent| intent.code == IntentCode::Lost) {
        count_lost(claim, lane, id, dead);
    }
}

/// The head had moved: the lane's counts follow it, and what was not handed out is lost.
fn count_lost(claim: &Claim, lane: &LaneEntry, id: LaneId, dead: Stamp) {
    let messages = claim.messages_after.load(Ordering::Acquire);
    let units = claim.units_after.load(Ordering::Acquire);
    let handed_after = claim.handed_after.load(Ordering::Acquire);
    let revoked = claim.revoked_after.load(Ordering::Acquire);
    let missing = handed_after.wrapping_sub(claim.handed.load(Ordering::Acquire));
    let before = claim.lost_before.load(Ordering::Acquire);
    // Read again: had the entry got another owner meanwhile, its intent would have changed before the words above.
    if intent_of(claim, dead).is_none_or(|intent| intent.code != IntentCode::Lost) {
        return;
    }
    if holds_lease(lane, id, dead) {
        raise(&lane.taken.messages, messages);
        crash_point(ChannelPoint::RepairTakenHalf);
        raise(&lane.taken.units, units);
        crash_point(ChannelPoint::RepairTakenAll);
        if lane.is_for_calls() && !mutant(ChannelMutant::KeepRevoked) {
            raise(&lane.taken.revoked, revoked);
        }
        crash_point(ChannelPoint::RepairTaken);
    }
    exchange(&claim.lost, before, before.wrapping_add(missing));
    crash_point(ChannelPoint::RepairLostCounted);
}

/// The claim's intent, if the dead member made it.
fn intent_of(claim: &Claim, dead: Stamp) -> Option<Intent> {
    Intent::unpack(claim.intent.load(Ordering::Acquire)).filter(|intent| intent.slot == dead.slot())
}

/// Lets go of every lease of `dead`. Only after all of its claims are decided.
pub(crate) fn release_lease(lane: &LaneEntry, dead: Stamp) -> bool {
    let word = lane.lease.load(Ordering::Acquire);
    let (generation, holder) = lease_parts(word);
    if holder != Some(dead) || mutant(ChannelMutant::KeepLease) {
        return false;
    }
    let released = exchange(&lane.lease, word, lease_word(generation, None));
    crash_point(ChannelPoint::RepairLeaseReleased);
    released
}

fn holds_lease(lane: &LaneEntry, id: LaneId, holder: Stamp) -> bool {
    lane.lease.load(Ordering::Acquire) == lease_word(id.generation, Some(holder))
}

/// Gives a drained lane's entry back. The counters run on: the next lane starts where this one ended.
pub(crate) fn finish_drained(lane: &LaneEntry, id: LaneId) {
    let state = lane.state();
    if state.code != LaneCode::Drained || state.generation != id.generation {
        return;
    }
    let next = LaneId { generation: id.generation.wrapping_add(1) & super::layout::LANE_GENERATION, ..id };
    // The lease moves on first, so that nobody who still knows the old lane gets into the new one. While somebody holds
    // it nothing happens: the holder, or the reaper of a dead one, comes here after it is released.
    let moved = lease_word(next.generation, None);
    if !exchange(&lane.lease, lease_word(id.generation, None), moved)
        && lane.lease.load(Ordering::Acquire) != moved
    {
        return;
    }
    crash_point(ChannelPoint::LaneLeaseMoved);
    lane.change(state, LaneState { code: LaneCode::Free, generation: next.generation, sender: None });
    crash_point(ChannelPoint::LaneFreed);
}

/// Raises an absolute count that only its lease holder moves otherwise. A stale caller's CAS fails: it has moved on.
fn raise(count: &AtomicU64, to: u64) {
    let now = count.load(Ordering::Acquire);
    if now < to {
        exchange(count, now, to);
    }
}

fn exchange(word: &AtomicU64, old: u64, new: u64) -> bool {
    word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).is_ok()
}
