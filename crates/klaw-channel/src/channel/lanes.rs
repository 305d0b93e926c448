//! The lanes of a channel: made by a sender at its first message, listed in a block, retired when read to the end.

use klaw_shm::Stamp;
use klaw_shm::crash::crash_point;
use klaw_shm::sync::Ordering;

use super::ends::{blocks, in_some_block};
use super::layout::{ChannelId, is_for_calls};
use crate::channel::credit::{open_account, settle_drained};
use crate::crash::ChannelPoint;
use crate::error::ChannelError;
use crate::lane::{
    Batch, Claim, LaneCode, LaneId, LaneState, Take, TakeLimits, Writer, finish_drained, take,
};
use crate::tables::{Tables, ring_count};

/// The channel's lanes as they are listed now, and how many were ever listed when the list was read.
#[derive(Debug, Default)]
pub(crate) struct LaneList {
    pub(crate) lanes: Vec<LaneId>,
    listed: Option<u64>,
}

impl LaneList {
    /// Reads the list again if a lane was listed since.
    pub(crate) fn refresh(&mut self, tables: &Tables, id: ChannelId) {
        let Some(channel) = tables.channels().get(id.index as usize) else { return };
        // Acquire; pairs with the Release in `list`: a lane is in its place before the count says so.
        let listed = channel.facts.lanes.load(Ordering::Acquire);
        if self.listed == Some(listed) {
            return;
        }
        self.lanes.clear();
        self.lanes.extend(listed_lanes(tables, id));
        self.listed = Some(listed);
    }

    /// Forgets a lane that is over.
    pub(crate) fn forget(&mut self, lane: LaneId) {
        self.lanes.retain(|known| *known != lane);
    }
}

/// The lanes in the channel's blocks.
pub(crate) fn listed_lanes(tables: &Tables, id: ChannelId) -> impl Iterator<Item = LaneId> {
    // An index beyond the lanes that have memory was written by nobody of us.
    let lanes = tables.lanes().len();
    blocks(tables, id)
        .flat_map(|(_, block)| block.lanes.iter())
        .filter_map(|word| Some(LaneId::unpack(word.load(Ordering::Acquire).checked_sub(1)?)))
        .filter(move |lane| (lane.index as usize) < lanes)
}

/// Makes a lane for a sender of this channel and lists it. Nothing is published before it is listed.
pub(crate) fn open_lane(
    tables: &Tables,
    channel: ChannelId,
    me: Stamp,
) -> Result<(LaneId, Writer), ChannelError> {
    let id = tables.claim_lane(|index, lane| {
        let old = lane.state();
        let new = LaneState { code: LaneCode::Claimed, sender: Some(me), ..old };
        let index = u16::try_from(index).ok()?;
        (old.code == LaneCode::Free && lane.change(old, new))
            .then_some(LaneId { index, generation: old.generation })
    })?;
    crash_point(ChannelPoint::LaneClaimed);
    let lane = tables.known_lane(id);
    lane.identity.channel.store(channel.bits() + 1, Ordering::Relaxed);
    lane.identity.port.store(0, Ordering::Relaxed);
    lane.identity.waiting.store(0, Ordering::Relaxed);
    let options = tables.known_channel(channel).facts.options.load(Ordering::Relaxed);
    lane.identity.calls.store(u64::from(is_for_calls(options)), Ordering::Relaxed);
    // A sender that died had perhaps announced more than it published; the counts go on from the truth.
    lane.sent.messages.store(lane.taken.messages.load(Ordering::Relaxed), Ordering::Relaxed);
    lane.sent.units.store(lane.taken.units.load(Ordering::Relaxed), Ordering::Relaxed);
    open_account(&tables.known_channel(channel).grant, lane);
    // SAFETY: the writer becomes part of a `Sender`, which keeps its node, and with it the tables.
    let opened = unsafe { Writer::open(lane, id, tables) };
    let writer = match opened {
        Ok(Some(writer)) => writer,
        failed => {
            lane.advance(id, LaneCode::Claimed, LaneCode::Drained);
            finish_drained(lane, id);
            failed?;
            return Err(klaw_shm::ShmError::TableFull { what: "ring", limit: ring_count() }.into());
        }
    };
    lane.advance(id, LaneCode::Claimed, LaneCode::Open);
    crash_point(ChannelPoint::LaneOpened);
    if let Err(e) = list(tables, channel, me, id) {
        lane.advance(id, LaneCode::Open, LaneCode::Ended);
        retire_if_empty(tables, me, channel, id);
        return Err(e);
    }
    Ok((id, writer))
}

fn list(tables: &Tables, channel: ChannelId, me: Stamp, lane: LaneId) -> Result<(), ChannelError> {
    in_some_block(tables, channel, me, || {
        blocks(tables, channel).flat_map(|(_, block)| block.lanes.iter()).find(|word| {
            word.compare_exchange(0, lane.pack() + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        })
    })?;
    crash_point(ChannelPoint::LaneListed);
    // Release; pairs with the Acquire in `LaneList::refresh`.
    tables.known_channel(channel).facts.lanes.fetch_add(1, Ordering::AcqRel);
    Ok(())
}

/// Takes a drained lane off its channel's list and gives its entry back. Anybody may, again and again.
pub(crate) fn retire(tables: &Tables, channel: Option<ChannelId>, id: LaneId) {
    let Some(lane) = tables.lanes().get(id.index as usize) else { return };
    let state = lane.state();
    if state.generation != id.generation || state.code != LaneCode::Drained {
        return;
    }
    // Before it is off the list: from then on it counts for nobody.
    settle_drained(lane, id);
    let listed = channel.into_iter().flat_map(|channel| blocks(tables, channel));
    for word in listed.flat_map(|(_, block)| block.lanes.iter()) {
        let _was_it = word.compare_exchange(id.pack() + 1, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
    crash_point(ChannelPoint::LaneUnlisted);
    finish_drained(lane, id);
}

/// Retires a lane that has ended and has nothing unread, without waiting for a receiver to look at it.
pub(crate) fn retire_if_empty(tables: &Tables, me: Stamp, channel: ChannelId, id: LaneId) {
    let Some(lane) = tables.lanes().get(id.index as usize) else { return };
    let state = lane.state();
    if state.generation != id.generation || state.code != LaneCode::Ended {
        return;
    }
    // The tail is final, so that an empty lane stays empty, and the private claim below never holds a message.
    if lane.sent.tail.load(Ordering::Acquire) != lane.taken.head.load(Ordering::Acquire) {
        return;
    }
    let (claim, limits) = (Claim::default(), TakeLimits { messages: 1, bytes: 16 });
    if take(lane, id, tables, (me, &claim), limits, &mut Batch::default(), |_, _, _| {}) == Take::Drained {
        retire(tables, Some(channel), id);
    }
}
