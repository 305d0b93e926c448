//! What a death leaves in channels, and taking apart what everybody has left.
//!
//! The order matters: batches are decided before leases are released; ends in transit that were never sent are freed, and
//! credits settled, before lanes end; lanes end before their rings are looked at, and before open ends are freed; ends
//! before sides; sides before channels. Every step is one exact CAS, and all of it runs again in the next pass.

use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{AtomicU64, Ordering, fence};
use klaw_shm::{Progress, Repair, Stamp};

use super::credit::settle;
use super::ends::{Role, append, blocks, is_current, owned_blocks, tag, try_close};
use super::lanes::{listed_lanes, retire, retire_if_empty};
use super::layout::{BLOCK_ENDS, ChannelId, EndCode, EndState, LinkTo, Owned, OwnedCode, Side};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::lane::{
    Batch, Claim, LaneCode, LaneEntry, LaneId, Met, Take, TakeLimits, decide_claim, end_lane, release_lease,
    repair_rings, take, thaw,
};
use crate::record::{Message, RECORD_ALIGN, Ref, RefKind};
use crate::tables::Tables;
use crate::transit::in_transit;

impl Repair for Tables {
    fn repair(&self, me: Stamp, dead: Stamp) -> Progress {
        let lanes = self.lanes();
        for claim in self.blocks().iter().flat_map(|block| &block.claims) {
            decide_claim(claim, lanes, dead);
        }
        for lane in lanes {
            release_lease(lane, dead);
        }
        self.free_ends(|end| self.was_never_sent(end, dead));
        for lane in lanes {
            self.settle_lane(lane, dead);
            end_lane(lane, dead);
            thaw(lane, |state| state.sender == Some(dead));
        }
        self.retire_lanes(me);
        let members = self.session().members();
        repair_rings(lanes, self, |stamp| {
            stamp == dead || !matches!(members.phase_of(stamp), klaw_shm::member::Phase::Alive { .. })
        });
        if !mutant(ChannelMutant::KeepEnds) {
            self.free_ends(|end| end == EndCode::Open(dead));
        }
        self.adopt_blocks(dead);
        for id in self.live_channels() {
            self.close_sides(me, id);
        }
        self.abandon_channels(dead);
        let names_it =
            |lane: &LaneEntry| lane.state().sender == Some(dead) && lane.state().code != LaneCode::Free;
        if lanes.iter().any(names_it) { Progress::Draining } else { Progress::Done }
    }

    fn recheck(&self, me: Stamp) {
        self.ring_stranded();
        for id in self.live_channels() {
            let facts = &self.known_channel(id).facts;
            // Left over when two last closers each found the other at work.
            if Side::load(&facts.senders).closed && Side::load(&facts.receivers).closed {
                self.close_sides(me, id);
            }
        }
    }
}

impl Tables {
    /// Channels that are in use, or being taken apart.
    pub(crate) fn live_channels(&self) -> impl Iterator<Item = ChannelId> {
        self.channels().iter().zip(0_u16..).filter_map(|(channel, index)| {
            let state = Owned::load(&channel.facts.state);
            let live = matches!(state.code, OwnedCode::Live | OwnedCode::Closing);
            live.then_some(ChannelId { index, generation: state.generation })
        })
    }

    fn settle_lane(&self, lane: &LaneEntry, dead: Stamp) {
        let channel = channel_of(lane).and_then(|id| self.channels().get(id.index as usize));
        if let Some(channel) = channel {
            settle(&channel.grant, self.lanes(), lane, dead);
        }
    }

    /// Ends of which `is_gone` says that nobody has them.
    fn free_ends(&self, is_gone: impl Fn(EndCode) -> bool) {
        for block in self.blocks() {
            for place in 0..BLOCK_ENDS {
                for role in [Role::Sender, Role::Receiver] {
                    let word = role.word(block, place);
                    let state = EndState::load(word);
                    if is_gone(state.code) {
                        state.change(word, EndCode::Free);
                        crash_point(ChannelPoint::EndFreed);
                    }
                }
            }
        }
    }

    /// In transit at or behind the last tail of a dead sender: its record was never published. Asked before the lane ends: a
    /// lane that has ended may be retired by anybody, and then nobody knows its last tail.
    fn was_never_sent(&self, end: EndCode, dead: Stamp) -> bool {
        let EndCode::InTransit { lane, position } = end else { return false };
        let Some(lane) = self.lanes().get(lane as usize) else { return true };
        if lane.state().sender != Some(dead) || mutant(ChannelMutant::KeepTransit) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "positions in transit are compared modulo 2^32")]
        let tail = (lane.sent.tail.load(Ordering::Acquire) / RECORD_ALIGN) as u32;
        position.wrapping_sub(tail) < 1 << 31
    }

    /// Blocks that the dead member had claimed: those that lead somewhere become their channel's, the others free.
    fn adopt_blocks(&self, dead: Stamp) {
        for (block, index) in self.blocks().iter().zip(0_u32..) {
            let owner = Owned::load(&block.chain.owner);
            if owner.claimer() != Some(dead) {
                continue;
            }
            let channel =
                self.live_channels().find(|&id| blocks(self, id).any(|(linked, _)| linked == index));
            let new = channel.map_or(owner.freed(), |id| Owned {
                code: OwnedCode::Live,
                payload: tag(id),
                ..owner
            });
            owner.change(&block.chain.owner, new);
        }
    }

    /// Closes the sides of a channel that have no end left, drops what nobody will read, and takes the channel apart when
    /// everybody is gone.
    pub(crate) fn close_sides(&self, me: Stamp, id: ChannelId) {
        if mutant(ChannelMutant::KeepSides) {
            return;
        }
        loop {
            let senders = try_close(self, id, Role::Sender);
            let receivers = try_close(self, id, Role::Receiver);
            if receivers {
                self.discard_unread(me, id);
            }
            if senders && receivers {
                self.take_apart(id);
            }
            // Whoever closed the other side meanwhile may have found lanes in our hands, and left the rest to us.
            fence(Ordering::SeqCst);
            if senders == try_close(self, id, Role::Sender)
                && receivers == try_close(self, id, Role::Receiver)
            {
                return;
            }
        }
    }

    /// Nobody will read them: drops every record of a channel without receivers, with its refs.
    pub(crate) fn discard_unread(&self, me: Stamp, id: ChannelId) {
        // Dekker pair with the sender's fence after a publish: either it sees the side closed, or we see its record.
        fence(Ordering::SeqCst);
        let lanes: Vec<_> = listed_lanes(self, id).collect();
        for lane_id in lanes {
            let Some(lane) = self.lanes().get(lane_id.index as usize) else { continue };
            // The block may have changed hands under the walk: another channel's messages are none of ours.
            if channel_of(lane) != Some(id) {
                continue;
            }
            // A claim that nobody else knows: a death here loses no message that anybody would have got.
            let claim = Claim::default();
            let limits = TakeLimits { messages: 64, bytes: 64 << 10 };
            let mut batch = Batch::default();
            loop {
                batch.clear();
                let drop_refs =
                    |_: Met, message: &Message<'_>, at| self.drop_refs(me, message.refs(), lane_id, at);
                match take(lane, lane_id, self, (me, &claim), limits, &mut batch, drop_refs) {
                    Take::Taken | Take::Passed => {}
                    Take::Drained => break retire(self, Some(id), lane_id),
                    Take::Empty | Take::Busy | Take::Gone | Take::Corrupt => break,
                }
            }
        }
    }

    /// The ends in a record that nobody will get.
    pub(crate) fn drop_refs(&self, me: Stamp, refs: impl IntoIterator<Item = Ref>, lane: LaneId, at: u64) {
        for reference in refs {
            let Some((word, state)) = self.in_transit(&reference, lane, at) else { continue };
            let channel = self.channel_of_end(&reference);
            if state.change(word, EndCode::Free).is_some() {
                crash_point(ChannelPoint::EndDropped);
                if let Some(id) = channel {
                    self.close_sides(me, id);
                    self.ring_receivers(id);
                    self.ring_waiting_senders(id);
                }
            }
        }
    }

    /// The word of an end that travels in the record at `at` of `lane`; `None` if it doesn't (any more).
    pub(crate) fn in_transit(
        &self,
        reference: &Ref,
        lane: LaneId,
        at: u64,
    ) -> Option<(&AtomicU64, EndState)> {
        let (block, place) = place_of(reference);
        let word = role_of(reference.kind).word(self.blocks().get(block as usize)?, place);
        let state = EndState::load(word);
        (state.code == in_transit(lane, at)).then_some((word, state))
    }

    /// The channel of an end that is not free: its block can't be another channel's meanwhile.
    pub(crate) fn channel_of_end(&self, reference: &Ref) -> Option<ChannelId> {
        self.channel_of_block(place_of(reference).0)
    }

    /// The channel that a block belongs to now.
    pub(crate) fn channel_of_block(&self, index: u32) -> Option<ChannelId> {
        let owner = Owned::load(&self.blocks().get(index as usize)?.chain.owner);
        #[expect(clippy::cast_possible_truncation, reason = "the low half")]
        let channel = owner.payload as u16;
        let generation = Owned::load(&self.channels().get(channel as usize)?.facts.state).generation;
        let id = ChannelId { index: channel, generation };
        (owner.code == OwnedCode::Live && owner.payload == tag(id)).then_some(id)
    }

    /// Everybody is gone: lanes, then blocks from the last to the first, then the entry.
    fn take_apart(&self, id: ChannelId) {
        let Some(channel) = self.channels().get(id.index as usize) else { return };
        let state = Owned::load(&channel.facts.state);
        if state.generation != id.generation || mutant(ChannelMutant::KeepChannels) {
            return;
        }
        let closing = Owned { code: OwnedCode::Closing, ..state };
        if state.code == OwnedCode::Live && !state.change(&channel.facts.state, closing) {
            return;
        }
        crash_point(ChannelPoint::ChannelClosing);
        if listed_lanes(self, id).next().is_some() {
            // Somebody else is reading the last of them, and comes here after it.
            return;
        }
        // Nobody hangs a block to the chain any more; somebody else may have closed it already.
        append(self, id, LinkTo::Closed);
        crash_point(ChannelPoint::ChainClosed);
        self.free_chain(id);
        closing.change(&channel.facts.state, closing.freed());
        crash_point(ChannelPoint::ChannelFreed);
    }

    fn free_chain(&self, id: ChannelId) {
        let chain: Vec<_> = owned_blocks(self, id).collect();
        for (_, block, owner) in chain.into_iter().rev() {
            // A claimed one was linked by somebody who is slow: its next step fails then.
            if is_current(self, id) {
                owner.change(&block.chain.owner, owner.freed());
                crash_point(ChannelPoint::BlockFreed);
            }
        }
    }

    /// Channels that the dead member was still making.
    fn abandon_channels(&self, dead: Stamp) {
        for (channel, index) in self.channels().iter().zip(0_u16..) {
            let state = Owned::load(&channel.facts.state);
            if state.claimer() == Some(dead) {
                self.abandon(ChannelId { index, generation: state.generation }, state);
            }
        }
    }

    /// Gives up a channel that never became live.
    pub(crate) fn abandon(&self, id: ChannelId, claimed: Owned) {
        append(self, id, LinkTo::Closed);
        self.free_chain(id);
        claimed.change(&self.known_channel(id).facts.state, claimed.freed());
    }

    /// Lanes that were read to the end, or that nobody was ever told of, or in which nothing is left to read.
    fn retire_lanes(&self, me: Stamp) {
        if mutant(ChannelMutant::KeepDrained) {
            return;
        }
        for (lane, index) in self.lanes().iter().zip(0_u16..) {
            let state = lane.state();
            let id = LaneId { index, generation: state.generation };
            let channel = channel_of(lane);
            if let Some(channel) = channel.filter(|_| state.code == LaneCode::Ended) {
                if listed_lanes(self, channel).any(|listed| listed == id) {
                    retire_if_empty(self, me, channel, id);
                } else {
                    // Nothing is published before a lane is listed, and its sender is gone.
                    lane.advance(id, LaneCode::Ended, LaneCode::Drained);
                }
            }
            retire(self, channel, id);
        }
    }

    /// Waits that can be served by now: somebody was stopped between "made available" and "rang".
    fn ring_stranded(&self) {
        for id in self.live_channels() {
            let channel = self.known_channel(id);
            let unread = listed_lanes(self, id).any(|lane| {
                self.lanes().get(lane.index as usize).is_some_and(|lane| {
                    lane.sent.tail.load(Ordering::Acquire) != lane.taken.head.load(Ordering::Acquire)
                })
            });
            if unread || Side::load(&channel.facts.senders).closed {
                self.ring_receivers(id);
            }
            self.ring_waiting_senders(id);
        }
    }
}

/// The channel that a lane belongs to.
pub(crate) fn channel_of(lane: &LaneEntry) -> Option<ChannelId> {
    Some(ChannelId::from_bits(lane.identity.channel.load(Ordering::Relaxed).checked_sub(1)?))
}

pub(crate) fn role_of(kind: RefKind) -> Role {
    match kind {
        RefKind::Sender => Role::Sender,
        RefKind::Receiver => Role::Receiver,
    }
}

/// Block and place of an end that a record names.
pub(crate) fn place_of(reference: &Ref) -> (u32, usize) {
    (reference.index / 16, reference.index as usize % BLOCK_ENDS)
}
