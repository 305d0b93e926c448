//! The auditor: looks at the channels of a live session and says what can't be right once things have settled.
//!
//! For tests after every kill, and for people whose session behaves oddly. It only reads, and it is no member. Deaths are
//! repaired within milliseconds, so a finding counts only if it is still there after a while.

mod calls;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use klaw_shm::member::Phase;
use klaw_shm::sync::Ordering;
use klaw_shm::{Session, ShmError, Stamp};

use crate::channel::credit::{Account, Amount};
use crate::channel::ends::{Role, blocks};
use crate::channel::lanes::listed_lanes;
use crate::channel::layout::{BLOCK_ENDS, ChannelId, EndCode, EndState, Owned, OwnedCode, Side};
use crate::channel::repair::channel_of;
use crate::lane::{LaneCode, LaneId, lease_holder, reading_base};
use crate::record::RECORD_ALIGN;
use crate::ring::{RingCode, RingPool, look};
use crate::tables::Tables;

/// Something that should not last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// From the layer below.
    Session(klaw_shm::audit::Finding),
    /// A ring that no reader will come to.
    LostRing(u32, &'static str),
    /// A lane in a state that it should have left.
    StuckLane(u16, &'static str),
    /// A lane whose lease a dead member holds.
    DeadLease(u16, Stamp),
    /// An end of a dead member, or in a record that is not in its lane.
    OrphanedEnd(u32, usize, &'static str),
    /// A side of a channel that has no end left and is not closed.
    UnclosedSide(u16, &'static str),
    /// A channel that everybody has left, or whose maker died.
    DeadChannel(u16),
    /// A block that belongs to no channel, or is not in its chain.
    LostBlock(u32),
    /// A call lane whose claimed position can't be, that nobody thaws, or that holds a tombstone which keeps an end.
    WrongClaim(u16, &'static str),
    /// A grant that nobody brought to its end.
    PendingGrant(u16),
    /// More or less is in use than what is in the lanes.
    WrongCredits(u16, String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Sums over all lanes and receiving ends that the session ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Messages that receivers took out of lanes.
    pub taken: u64,
    /// Messages that user code got.
    pub handed: u64,
    /// Messages that were taken and that nobody got.
    pub lost: u64,
    /// Messages that were taken out of lanes after their sender had taken them back.
    pub revoked: u64,
}

/// Looks at the session's channels. It maps them itself, as a process that is no member may.
pub struct Auditor {
    tables: Tables,
}

impl fmt::Debug for Auditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auditor").finish_non_exhaustive()
    }
}

impl Auditor {
    /// Maps the channels of `session`.
    pub fn new(session: &Arc<Session>) -> Result<Self, ShmError> {
        Ok(Self { tables: Tables::attach(session)? })
    }

    /// Everything that is wrong now. `idle` says that no living process is sending: then credits must match what is in the
    /// lanes, to the message and to the byte.
    #[must_use]
    pub fn audit(&self, idle: bool) -> Vec<Finding> {
        let mut found: Vec<_> =
            klaw_shm::audit::audit(self.tables.session()).into_iter().map(Finding::Session).collect();
        self.audit_rings(&mut found);
        self.audit_lanes(&mut found);
        self.audit_blocks(&mut found);
        self.audit_channels(&mut found);
        if idle {
            self.audit_credits(&mut found);
        }
        found
    }

    /// What went through all channels so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for lane in self.tables.lanes() {
            totals.taken = totals.taken.wrapping_add(lane.taken.messages.load(Ordering::Acquire));
            totals.revoked = totals.revoked.wrapping_add(lane.taken.revoked.load(Ordering::Acquire));
        }
        for claim in self.tables.blocks().iter().flat_map(|block| &block.claims) {
            totals.handed = totals.handed.wrapping_add(claim.handed.load(Ordering::Acquire));
            totals.lost = totals.lost.wrapping_add(claim.lost.load(Ordering::Acquire));
        }
        totals
    }

    /// Rings in use, in all lanes.
    #[must_use]
    pub fn rings_in_use(&self) -> usize {
        self.rings().count()
    }

    fn is_alive(&self, stamp: Stamp) -> bool {
        matches!(self.tables.session().members().phase_of(stamp), Phase::Alive { .. })
    }

    fn rings(&self) -> impl Iterator<Item = u32> {
        let all = (0..self.tables.classes()).flat_map(|class| self.tables.reserved(class));
        all.filter(|&ring| self.tables.entry(ring).is_some_and(|entry| look(entry).0.code != RingCode::Free))
    }

    fn audit_rings(&self, found: &mut Vec<Finding>) {
        for ring in self.rings() {
            let Some(entry) = self.tables.entry(ring) else { continue };
            let (state, base) = look(entry);
            let Some(lane) = self.tables.lanes().get(state.lane.index() as usize) else { continue };
            let owner = lane.state();
            let id = LaneId { index: state.lane.index(), generation: owner.generation };
            let wrong = if id.tag() != state.lane || matches!(owner.code, LaneCode::Free | LaneCode::Drained)
            {
                Some("its lane is over")
            } else if state.code == RingCode::Alloc {
                owner.sender.is_none_or(|s| !self.is_alive(s)).then_some("its claimer is dead")
            } else if base > lane.sent.tail.load(Ordering::Acquire) {
                owner
                    .sender
                    .is_none_or(|s| !self.is_alive(s))
                    .then_some("never linked, and its claimer is dead")
            } else {
                (base < reading_base(lane)).then_some("left behind by the reader")
            };
            found.extend(wrong.map(|why| Finding::LostRing(ring, why)));
        }
    }

    fn audit_lanes(&self, found: &mut Vec<Finding>) {
        let listed = self.listed();
        for (lane, index) in self.tables.lanes().iter().zip(0_u16..) {
            let state = lane.state();
            let id = LaneId { index, generation: state.generation };
            let sender_alive = state.sender.is_some_and(|s| self.is_alive(s));
            let listings = listed.get(&id).copied().unwrap_or(0);
            let wrong = match state.code {
                LaneCode::Free => (listings > 0).then_some("listed and free"),
                LaneCode::Claimed => (!sender_alive).then_some("claimed by a dead sender"),
                LaneCode::Open if !sender_alive => Some("open without a sender"),
                LaneCode::Open | LaneCode::Ended => (listings != 1).then_some("not listed once"),
                LaneCode::Drained => Some("drained and not retired"),
            };
            found.extend(wrong.map(|why| Finding::StuckLane(index, why)));
            if let Some(holder) = lease_holder(lane).filter(|&holder| !self.is_alive(holder)) {
                found.push(Finding::DeadLease(index, holder));
            }
            found.extend(calls::audit(&self.tables, id, lane).map(|why| Finding::WrongClaim(index, why)));
        }
    }

    /// How often each lane is listed.
    fn listed(&self) -> HashMap<LaneId, usize> {
        let mut listed = HashMap::new();
        for channel in self.tables.live_channels() {
            for lane in listed_lanes(&self.tables, channel) {
                *listed.entry(lane).or_default() += 1;
            }
        }
        listed
    }

    fn audit_blocks(&self, found: &mut Vec<Finding>) {
        let mut linked: HashMap<u32, usize> = HashMap::new();
        for channel in self.tables.live_channels() {
            for (index, _) in blocks(&self.tables, channel) {
                *linked.entry(index).or_default() += 1;
            }
        }
        for (block, index) in self.tables.blocks().iter().zip(0_u32..) {
            let links = linked.get(&index).copied().unwrap_or(0);
            let owner = Owned::load(&block.chain.owner);
            let lost = match owner.code {
                OwnedCode::Claimed => owner.claimer().is_none_or(|claimer| !self.is_alive(claimer)),
                OwnedCode::Live => links != 1 && !self.has_living_maker(owner.payload),
                _ => false,
            };
            if lost {
                found.push(Finding::LostBlock(index));
            }
            for place in 0..BLOCK_ENDS {
                for role in [Role::Sender, Role::Receiver] {
                    let state = EndState::load(role.word(block, place));
                    let wrong = match state.code {
                        EndCode::Free => None,
                        EndCode::Open(owner) => (!self.is_alive(owner)).then_some("its owner is dead"),
                        EndCode::InTransit { lane, position } => {
                            (!self.is_unread(lane, position)).then_some("its record is not in the lane")
                        }
                    };
                    found.extend(wrong.map(|why| Finding::OrphanedEnd(index, place, why)));
                }
            }
        }
    }

    /// A channel that is still being made has blocks already, and is not among the live ones.
    fn has_living_maker(&self, tag: u32) -> bool {
        let channel = self.tables.channels().get((tag & 0xffff) as usize);
        let claimer = channel.and_then(|c| Owned::load(&c.facts.state).claimer());
        claimer.is_some_and(|claimer| self.is_alive(claimer))
    }

    fn is_unread(&self, lane: u16, position: u32) -> bool {
        let Some(lane) = self.tables.lanes().get(lane as usize) else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "positions in transit are compared modulo 2^32")]
        let units = |position: u64| (position / RECORD_ALIGN) as u32;
        let head = units(lane.taken.head.load(Ordering::Acquire));
        let tail = units(lane.sent.tail.load(Ordering::Acquire));
        position.wrapping_sub(head) < tail.wrapping_sub(head)
    }

    fn audit_channels(&self, found: &mut Vec<Finding>) {
        for (channel, index) in self.tables.channels().iter().zip(0_u16..) {
            let state = Owned::load(&channel.facts.state);
            let id = ChannelId { index, generation: state.generation };
            match state.code {
                OwnedCode::Free => continue,
                OwnedCode::Claimed => {
                    if state.claimer().is_none_or(|claimer| !self.is_alive(claimer)) {
                        found.push(Finding::DeadChannel(index));
                    }
                    continue;
                }
                OwnedCode::Live | OwnedCode::Closing => {}
            }
            let mut closed = true;
            for (role, name) in [(Role::Sender, "senders"), (Role::Receiver, "receivers")] {
                let is_free = |word| EndState::load(word).code == EndCode::Free;
                let none =
                    blocks(&self.tables, id).all(|(_, b)| (0..BLOCK_ENDS).all(|n| is_free(role.word(b, n))));
                let side = Side::load(role.side(channel));
                if none && !side.closed {
                    found.push(Finding::UnclosedSide(index, name));
                }
                closed &= side.closed;
            }
            if closed {
                found.push(Finding::DeadChannel(index));
            }
        }
    }

    fn audit_credits(&self, found: &mut Vec<Finding>) {
        for id in self.tables.live_channels() {
            let channel = self.tables.known_channel(id);
            if channel.grant.load(Ordering::Acquire) >> 32 != 0 {
                found.push(Finding::PendingGrant(id.index));
            }
            let members: Vec<_> = listed_lanes(&self.tables, id).collect();
            let capacity = Amount::unpack(channel.facts.capacity.load(Ordering::Relaxed));
            let account =
                Account { grant: &channel.grant, capacity, lanes: self.tables.lanes(), members: &members };
            let used = account.used();
            let mut queued = Amount::default();
            for lane in members.iter().map(|lane| self.tables.known_lane(*lane)) {
                if channel_of(lane) != Some(id) {
                    found.push(Finding::WrongCredits(
                        id.index,
                        "a lane of another channel is listed".to_owned(),
                    ));
                }
                // What a dead sender had announced and never published is covered until the lane is drained.
                let sent =
                    (lane.sent.messages.load(Ordering::Acquire), lane.sent.units.load(Ordering::Acquire));
                let taken =
                    (lane.taken.messages.load(Ordering::Acquire), lane.taken.units.load(Ordering::Acquire));
                queued.messages = queued
                    .messages
                    .saturating_add(u32::try_from(sent.0.wrapping_sub(taken.0)).unwrap_or(u32::MAX));
                queued.units = queued
                    .units
                    .saturating_add(u32::try_from(sent.1.wrapping_sub(taken.1)).unwrap_or(u32::MAX));
            }
            if used != queued || used.messages > capacity.messages || used.units > capacity.units {
                found.push(Finding::WrongCredits(
                    id.index,
                    format!("{used:?} used, {queued:?} queued of {capacity:?}"),
                ));
            }
        }
    }
}
