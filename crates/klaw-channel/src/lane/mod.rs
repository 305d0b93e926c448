//! Lanes: one sender's stream of records, over a chain of rings, read by one lease holder at a time.
//!
//! # Words
//! `tail` (sender) and `head` (lease holder) are positions in the lane's stream, in bytes. They belong to the lane and
//! never restart, not even for the next lane in the same entry. A ring maps position p to p − base. `head_ring`
//! {ring, base} says where reading goes on, in one word. `lease` {generation, stamp or 0} says who may read ring memory.
//! Each receiver has a [`Claim`] of its own, whose `intent` says how far it is about to move the head.
//!
//! # Send ([`Writer`])
//! Room for the record and a LINK? Copy it in, Release `tail`: one store for a whole batch, whose copies may go past the caches and are
//! then fenced before it. Otherwise grow, and shrinking is the same
//! with a smaller ring: 1 CAS a ring FREE → ALLOC(lane). 2 store its base, the position behind the LINK. 3 Release LIVE. 4 write LINK.
//! 5 Release `tail` past it. The old ring is never touched again by the sender.
//!
//! # Receive ([`reader::take`])
//! 1 CAS lease 0 → me. 2 load `head_ring` {r, b}; h = max(head, b). 3 has the sender ended? (before 4). 4 Acquire `tail`. 5a records: copy
//! them out; fill the claim, Release intent {h', UNDECIDED}; Release `head` = h'; store `taken`; Release lease = 0; *only then* give them to user
//! code. 5b LINK to r': CAS `head_ring` {r, b} → {r', h + 16}, free the old ring. 5c empty, and 3 said ended: the lane is DRAINED.
//!
//! # Who is dead, what is left ([`repair`])
//! | killed | others see | repair |
//! |---|---|---|
//! | sender after 1–4 | a ring in ALLOC, or LIVE with base > tail | never linked: free it |
//! | sender after 5 | a linked ring, maybe empty | read like any other |
//! | receiver before `head` = h' | lease of the dead, intent UNDECIDED, head < h' | NOT taken; the next receiver reads it |
//! | receiver after it | head ≥ h' | LOST: what it had not handed out is counted, `taken` is set right |
//! | receiver after the CAS of `head_ring` | the old ring LIVE below base | drained: free it |
//! | receiver after DRAINED | the last ring LIVE | drained: free it |
//! | reaper anywhere | each step is one exact CAS | the next reaper |
//!
//! In a channel made for calls the sender may take messages back: see [`calls`].
//!
//! Intents are decided before the lease is cleared, so head and `taken` stand still meanwhile. Every value that a repair
//! writes is absolute (`taken` after the batch, `lost` after the loss) and only grows: a stale reaper's CAS fails.

mod batch;
mod calls;
mod claim;
mod layout;
mod reader;
mod repair;
mod revoke;
#[cfg(all(test, not(loom)))]
mod tests;
mod writer;

pub(crate) use batch::Batch;
pub(crate) use calls::{Claimed, thaw};
#[cfg(all(test, loom))]
pub(crate) use layout::lease_word;
pub(crate) use layout::{
    Claim, LaneCode, LaneCredit, LaneEntry, LaneId, LaneIdentity, LaneSent, LaneState, LaneTag, LaneTaken,
    lease_holder, reading_at, reading_base,
};
pub(crate) use reader::{Met, Take, TakeLimits, take};
pub(crate) use repair::{decide_claim, end_lane, finish_drained, release_lease, repair_rings};
pub(crate) use writer::Writer;
