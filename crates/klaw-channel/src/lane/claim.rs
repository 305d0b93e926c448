//! A receiver's books on the batch that it has taken, in words that outlive it (see the [module](super)).

use klaw_shm::crash::crash_point;
use klaw_shm::sync::Ordering;

use super::layout::{Claim, Intent, LaneId};
use crate::crash::ChannelPoint;

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
    pub(super) fn intend(&self, lane: LaneId, intent: Intent, count: u64, (messages, units): (u64, u64)) {
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

    /// Of what was taken nothing goes to user code.
    pub(super) fn close(&self) {
        self.intent.store(Intent::NONE, Ordering::Release);
    }

    /// One message of the batch goes to user code now.
    pub(crate) fn hand_out(&self) {
        self.handing().one();
    }

    /// For handing out one after the other.
    pub(crate) fn handing(&self) -> Handing<'_> {
        Handing {
            claim: self,
            handed: self.handed.load(Ordering::Relaxed),
            handed_after: self.handed_after.load(Ordering::Relaxed),
        }
    }
}

/// Messages of a batch on their way to user code, with the counts at hand: nobody but the claim's owner changes them.
pub(crate) struct Handing<'a> {
    claim: &'a Claim,
    handed: u64,
    handed_after: u64,
}

impl Handing<'_> {
    /// One more goes to user code now.
    #[inline]
    pub(crate) fn one(&mut self) {
        self.handed += 1;
        self.claim.handed.store(self.handed, Ordering::Release);
        crash_point(ChannelPoint::HandedOut);
        if self.handed == self.handed_after {
            self.claim.intent.store(Intent::NONE, Ordering::Release);
            crash_point(ChannelPoint::IntentCleared);
        }
    }
}
