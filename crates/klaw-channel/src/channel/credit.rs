//! Credits: a channel's capacity, exact over all its senders together, without a counter that a death could leave wrong.
//!
//! Each lane has `limit` words, for messages and for payload units: the absolute count that its sender may reach, with a tag. What is
//! used is always derived, used = Σ (limit − taken) over the lanes. The channel's one grant word {sequence, pending lane}
//! serialises grants and makes them helpable:
//!
//! **Lease.** 1 help a pending grant to its end. 2 with grant (q, nobody): read every `taken`, then every `limit`; too much used
//! → full. 3 store the own `ask`; CAS grant → (q + 1, me). 4 help it: read ask and limits, *look at the grant again*,
//! CAS each limit {x, t ≠ q} → {x + ask, q}, CAS grant → (q, nobody).
//!
//! **Why it is exact.** The CAS of the grant fails if anybody was granted anything since step 1, and everything else that
//! moves (taken grows, unused credits go back) only makes room. A helper that is late finds the tag.
//!
//! **How much.** What is needed, and as much as is known to follow; at most an even share of what is free, and a fixed bound. It is held
//! until the end of the turn, and counts as used until then.
//!
//! **Give back** what is left, at the end of a turn or before sleeping: CAS limit {x, t} → {sent, t}, fence, ring who waits.
//! **Sleep**: waiting = 1, fence, try once more. **Receiver**: store taken, fence, ring who waits.
//!
//! **Crash.** In the middle of a grant: others help it, or it never happened. A dead sender's limit is lowered to what it
//! had announced as sent ([`settle`]); what it announced and never published comes back when its lane is drained.
//!
//! Counts are the low halves of absolute counts that never restart, compared by wrapping subtraction: a capacity is below 2^31.
//! A late helper could be misled only if a lane were retired, taken by another channel, and came to the same count with the
//! same tag of 32 bits while the helper stands between two instructions.

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{AtomicU64, Ordering};

use crate::crash::{ChannelMutant, ChannelPoint};
use crate::lane::{LaneCode, LaneEntry, LaneId};

/// Two counts that always go together: messages, and payload in units of 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Amount {
    pub(crate) messages: u32,
    pub(crate) units: u32,
}

impl Amount {
    pub(crate) fn pack(self) -> u64 {
        u64::from(self.messages) | u64::from(self.units) << 32
    }

    pub(crate) fn unpack(bits: u64) -> Self {
        let (messages, units) = halves(bits);
        Self { messages, units }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
fn halves(bits: u64) -> (u32, u32) {
    (bits as u32, (bits >> 32) as u32)
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

#[expect(clippy::cast_possible_truncation, reason = "counts are compared by their low halves")]
fn low(count: u64) -> u32 {
    count as u32
}

/// Most that a lane holds beyond what it needs: a batch's worth of not looking at shared words.
const HOLD_AT_MOST: Amount = Amount { messages: 1_024, units: (1 << 20) / 16 };

/// What a sender asks credits for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    /// The next message.
    pub(crate) need: Amount,
    /// It and those that follow at once, as far as is known.
    pub(crate) expected: Amount,
    /// Leased before and not used.
    pub(crate) held: Amount,
}

impl Want {
    /// True if what is held is enough for the next message.
    pub(crate) fn is_covered(&self) -> bool {
        self.held.messages >= self.need.messages && self.held.units >= self.need.units
    }
}

/// A channel's account, as one of its senders or receivers sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account<'a> {
    pub(crate) grant: &'a AtomicU64,
    pub(crate) capacity: Amount,
    /// The lane table.
    pub(crate) lanes: &'a [LaneEntry],
    /// The channel's lanes: all that were listed when the grant word was read. Lanes that are over meanwhile do no harm.
    pub(crate) members: &'a [LaneId],
}

/// The grant word, read while nobody was being granted anything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quiet {
    sequence: u32,
}

/// Brings a pending grant to its end. The members of an account must be known as of after this.
pub(crate) fn help(grant: &AtomicU64, lanes: &[LaneEntry]) -> Quiet {
    loop {
        // Acquire; pairs with the AcqRel that made it pending: the ask is there.
        let word = grant.load(Ordering::Acquire);
        let (sequence, pending) = halves(word);
        let Some(lane) = pending.checked_sub(1) else { return Quiet { sequence } };
        // An index that no lane can have was never written by a sender: let it go rather than loop.
        if let Some(lane) = lanes.get(lane as usize) {
            let ask = Amount::unpack(lane.credit.ask.load(Ordering::Acquire));
            let limits = [(&lane.credit.message_limit, ask.messages), (&lane.credit.unit_limit, ask.units)];
            for (limit, ask) in limits {
                let old = limit.load(Ordering::Acquire);
                // Still this grant: else what was read belongs to a later one, and the tag would not tell.
                if grant.load(Ordering::Acquire) != word && !mutant(ChannelMutant::GrantWithoutSecondLook) {
                    break;
                }
                let (count, tag) = halves(old);
                if tag != sequence || mutant(ChannelMutant::GrantWithoutTag) {
                    let _granted = exchange(limit, old, join(count.wrapping_add(ask), sequence));
                }
                crash_point(ChannelPoint::GrantHalfDone);
            }
        }
        let _ended = exchange(grant, word, join(sequence, 0));
        crash_point(ChannelPoint::GrantDone);
    }
}

impl Account<'_> {
    /// What is leased or in the channel: never less than what is at the end of the call, if nobody is granted anything
    /// meanwhile, as all else only makes it less.
    pub(crate) fn used(&self) -> Amount {
        self.members.iter().fold(Amount::default(), |sum, id| {
            let used =
                self.lanes.get(id.index as usize).and_then(|lane| used_by(lane, *id)).unwrap_or_default();
            Amount {
                messages: sum.messages.saturating_add(used.messages),
                units: sum.units.saturating_add(used.units),
            }
        })
    }

    /// Leases what `me` needs, and more while there is plenty for everybody. `Again` when somebody else was granted in between: then
    /// `quiet` is over, and help is the first step again.
    pub(crate) fn lease(&self, quiet: Quiet, me: LaneId, want: Want) -> Lease {
        let used = self.used();
        let free = Amount {
            messages: self.capacity.messages.saturating_sub(used.messages),
            units: self.capacity.units.saturating_sub(used.units),
        };
        let ask = self.generous(free, want);
        let idle = join(quiet.sequence, 0);
        if free.messages < ask.messages || free.units < ask.units {
            // Only a sum read while nobody was granted anything says that it is full.
            return if self.grant.load(Ordering::Acquire) == idle { Lease::Full } else { Lease::Again };
        }
        let lane = &self.lanes[me.index as usize];
        lane.credit.ask.store(ask.pack(), Ordering::Release);
        crash_point(ChannelPoint::AskStored);
        let next = quiet.sequence.wrapping_add(1);
        if !exchange(self.grant, idle, join(next, u32::from(me.index) + 1)) {
            return Lease::Again;
        }
        crash_point(ChannelPoint::GrantPending);
        help(self.grant, self.lanes);
        Lease::Granted(ask)
    }

    /// More than needed only while every lane could have as much: idle credits must make nobody full early.
    fn generous(&self, free: Amount, want: Want) -> Amount {
        let shares = u32::try_from(self.members.len()).unwrap_or(u32::MAX).saturating_add(1);
        let ask = |free: u32, most: u32, need: u32, expected: u32, held: u32| {
            (free / shares).min(most).min(expected).max(need).saturating_sub(held)
        };
        let Want { need, expected, held } = want;
        Amount {
            messages: ask(
                free.messages,
                HOLD_AT_MOST.messages,
                need.messages,
                expected.messages,
                held.messages,
            ),
            units: ask(free.units, HOLD_AT_MOST.units, need.units, expected.units, held.units),
        }
    }

    /// True if enough is free that waking a sender is worth it: an eighth of either limit.
    pub(crate) fn is_worth_a_wake(&self) -> bool {
        let used = self.used();
        let worth = |capacity: u32, used: u32| capacity.saturating_sub(used) >= (capacity / 8).max(1);
        worth(self.capacity.messages, used.messages) && worth(self.capacity.units, used.units)
    }

    /// Ports of the senders that sleep for want of credits.
    pub(crate) fn waiting_ports(&self) -> impl Iterator<Item = u32> {
        self.members.iter().filter_map(|id| {
            let lane = self.lanes.get(id.index as usize)?;
            if lane.identity.waiting.load(Ordering::Relaxed) == 0 {
                return None;
            }
            u32::try_from(lane.identity.port.load(Ordering::Relaxed)).ok()?.checked_sub(1)
        })
    }
}

/// What one lane has leased and nobody has taken yet. `None` once the lane is over.
fn used_by(lane: &LaneEntry, id: LaneId) -> Option<Amount> {
    // Taken before limit: what is taken in between makes the answer too large, not too small.
    let messages = low(lane.taken.messages.load(Ordering::Acquire));
    let units = low(lane.taken.units.load(Ordering::Acquire));
    let message_limit = halves(lane.credit.message_limit.load(Ordering::Acquire)).0;
    let unit_limit = halves(lane.credit.unit_limit.load(Ordering::Acquire)).0;
    let used =
        Amount { messages: message_limit.wrapping_sub(messages), units: unit_limit.wrapping_sub(units) };
    (lane.state().generation == id.generation).then_some(used)
}

/// What became of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lease {
    Granted(Amount),
    Full,
    Again,
}

/// A sender gives back what it has leased and not used: its limits become what it has sent. True if anything came back.
pub(crate) fn give_back(lane: &LaneEntry, sent_messages: u64, sent_units: u64) -> bool {
    lower(lane, sent_messages, sent_units, || true)
}

/// A dead sender's credits: lowers its limits to what it had announced as sent.
pub(crate) fn settle(grant: &AtomicU64, lanes: &[LaneEntry], lane: &LaneEntry, dead: Stamp) {
    if lane.state().sender != Some(dead) || mutant(ChannelMutant::KeepCredits) {
        return;
    }
    // Its last grant is either over now or never happens.
    help(grant, lanes);
    let (messages, units) =
        (lane.sent.messages.load(Ordering::Acquire), lane.sent.units.load(Ordering::Acquire));
    lower(lane, messages, units, || {
        let state = lane.state();
        state.sender == Some(dead) && matches!(state.code, LaneCode::Open | LaneCode::Ended)
    });
    crash_point(ChannelPoint::RepairCreditsSettled);
}

/// A drained lane holds nothing: its limits become what was taken, whatever its sender had announced.
pub(crate) fn settle_drained(lane: &LaneEntry, id: LaneId) {
    let (messages, units) =
        (lane.taken.messages.load(Ordering::Acquire), lane.taken.units.load(Ordering::Acquire));
    lower(lane, messages, units, || {
        let state = lane.state();
        state.generation == id.generation && state.code == LaneCode::Drained
    });
}

/// A new lane of a channel, while its maker alone knows it: its limits are what was taken, tagged with the channel's
/// current grant. The entry's last channel has left a tag of its own, which a grant of this one could meet again.
pub(crate) fn open_account(grant: &AtomicU64, lane: &LaneEntry) {
    let (sequence, _) = halves(grant.load(Ordering::Acquire));
    for (limit, taken) in
        [(&lane.credit.message_limit, &lane.taken.messages), (&lane.credit.unit_limit, &lane.taken.units)]
    {
        limit.store(join(low(taken.load(Ordering::Acquire)), sequence), Ordering::Release);
    }
}

/// Sets both limits to absolute counts. `still` is asked between reading a limit and the exact CAS: a caller that is late
/// does nothing to the entry's next lane.
fn lower(lane: &LaneEntry, messages: u64, units: u64, still: impl Fn() -> bool) -> bool {
    let mut came_back = false;
    for (limit, to) in [(&lane.credit.message_limit, messages), (&lane.credit.unit_limit, units)] {
        loop {
            let old = limit.load(Ordering::Acquire);
            let (count, tag) = halves(old);
            if count == low(to) || !still() {
                break;
            }
            // A helper of the lane's last grant may be late: its CAS carries an older word and fails after this.
            if exchange(limit, old, join(low(to), tag)) {
                came_back = true;
                break;
            }
        }
        crash_point(ChannelPoint::GivenHalfBack);
    }
    came_back
}

fn exchange(word: &AtomicU64, old: u64, new: u64) -> bool {
    word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).is_ok()
}
