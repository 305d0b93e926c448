//! Call lanes: lanes whose sender may take back what no receiver has claimed yet.
//!
//! # Words
//! `claimed` {position, FROZEN}, which both change by CAS: what starts below the position is the receiver's, what starts there or
//! behind it the sender's. The *kind* of a record: the sender makes a message a TOMBSTONE, as long as it was, while the lane is
//! FROZEN or before it is published. head ≤ claimed ≤ tail.
//!
//! # Receive ([`take`](super::take))
//! Under the lease, behind the head, `claimed` {k, f}. Something lies between head and k: its last holder had claimed it, and its kinds
//! stand still; go on with the copy. Else f: the sender is at it, and the lane as good as empty; who thaws it rings. Else look at the
//! *lengths* of as many records as are wanted, CAS {k, 0} → {k', 0}, and *only then* copy them and read their kinds: the word comes
//! back to {k, 0} after a freeze. Then as in every lane. A TOMBSTONE is passed: counted as `taken` and as `revoked`, which gives its
//! capacity back, and what it refers to is dropped.
//!
//! # Revoke ([`Writer::revoke`](super::Writer::revoke))
//! 1 CAS {k, 0} → {k, 1}, once for many messages; those that start below k are claimed, and it is too late for them. 2 TOMBSTONEs. 3 Release
//! {k, 0}. 4 fence, look at the receivers' bells, and whether nobody is left to read. 5 drop what they referred to. What is not
//! published yet needs neither 1 nor 3.
//!
//! A reference is dropped by an exact CAS of the end that is in transit, so that the sender and a receiver that passes the TOMBSTONE
//! may both try: it happens once.
//!
//! # Who is dead, what is left
//! | killed | others see | repair |
//! |---|---|---|
//! | sender after 1 or in 2 | FROZEN, and some TOMBSTONEs | the lane ENDED; {k, 1} → {k, 0} by a sweep or the next receiver ([`thaw`]); TOMBSTONEs are passed, the rest is received |
//! | sender after 3 | a receiver asleep | the ring of its sweep |
//! | sender in 5 | TOMBSTONEs with ends in transit | whoever passes them drops those |
//! | receiver after its CAS | head < claimed, nothing intended | the next receiver takes it: user code never saw it |
//! | receiver between intent and head | the same, UNDECIDED | NOT, and as above |
//! | receiver after the head | head ≥ intent | LOST, as in every lane; what it passed of TOMBSTONEs is counted with it |
//! | sender *stopped* after 1 | the lane looks empty | nobody else is hurt |
//!
//! **What a dead receiver claimed goes to the next one,** with no CAS and no word of its own. It can't run twice: user code gets a
//! message only after the head has passed it. It isn't lost: the sender was told "too late", and that holds. And it needs no walk: the
//! gap *is* the claim. To give it back to the sender (lowering `claimed`) would make a message revocable that its sender had been
//! told is not. Without a next receiver it is dropped with the channel, and whether a call was started is then for the layer
//! above to know, as for all that was claimed.
//!
//! **Why a late CAS does no harm.** A lane is FROZEN at k only while a published message starts at k or behind, so its tail ends
//! beyond k, and the entry's next lane starts at that tail: {k, 1} never comes back once its sender is gone. Claiming CASes are made
//! under the lease, whose word has the lane's generation.

use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::Ordering;

use super::layout::{LaneEntry, LaneState};
use crate::crash::{ChannelMutant, ChannelPoint};

/// The `claimed` word, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// What starts below is the receiver's.
    pub(crate) position: u64,
    /// The sender is making tombstones.
    pub(crate) frozen: bool,
}

impl Claimed {
    pub(crate) fn unpack(bits: u64) -> Self {
        Self { position: bits >> 1, frozen: bits & 1 != 0 }
    }

    pub(crate) fn pack(self) -> u64 {
        self.position << 1 | u64::from(self.frozen)
    }

    pub(crate) fn load(lane: &LaneEntry) -> Self {
        // Acquire; pairs with the AcqRel of `change`, and with the Release that thaws in `Writer::revoke`.
        Self::unpack(lane.claimed.load(Ordering::Acquire))
    }

    pub(super) fn change(self, lane: &LaneEntry, new: Self) -> bool {
        // AcqRel; a receiver's claim has every tombstone of the freezes before it.
        lane.claimed.compare_exchange(self.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl LaneEntry {
    /// True if there is nothing to take now, also because its sender has frozen what there is.
    pub(crate) fn looks_empty(&self) -> bool {
        let head = self.taken.head.load(Ordering::Acquire);
        // Acquire; pairs with the Release in `Writer::publish`.
        let is_empty = self.sent.tail.load(Ordering::Acquire) == head;
        is_empty || self.is_for_calls() && Claimed::load(self) == Claimed { position: head, frozen: true }
    }

    /// True in a channel that was made for calls. Stands still as long as the lane does.
    pub(crate) fn is_for_calls(&self) -> bool {
        self.identity.calls.load(Ordering::Relaxed) != 0
    }
}

/// Clears the FROZEN of a sender of which `is_gone` says, after the look at the word, that it will not do so itself.
pub(crate) fn thaw(lane: &LaneEntry, is_gone: impl FnOnce(LaneState) -> bool) {
    let found = Claimed::load(lane);
    if !found.frozen || !is_gone(lane.state()) || mutant(ChannelMutant::KeepFrozen) {
        return;
    }
    found.change(lane, Claimed { frozen: false, ..found });
    crash_point(ChannelPoint::RepairThawed);
}
