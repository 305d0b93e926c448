//! Who to ring: receivers that sleep, and senders that wait for credits.

use klaw_shm::sync::{Ordering, fence};

use super::credit::{Account, Amount};
use super::ends::blocks;
use super::lanes::listed_lanes;
use super::layout::{BLOCK_ENDS, ChannelId, EndCode, EndState, Side};
use crate::tables::Tables;

/// The receiving ends of a channel, as of a version of that side.
#[derive(Debug, Default)]
pub(crate) struct ReceiverList {
    /// Block and place.
    pub(crate) ends: Vec<(u32, usize)>,
    version: Option<u64>,
}

impl ReceiverList {
    /// Reads the list again if a receiver was opened since.
    pub(crate) fn refresh(&mut self, tables: &Tables, id: ChannelId) {
        let Some(channel) = tables.channels().get(id.index as usize) else { return };
        let version = Side::load(&channel.facts.receivers).version;
        if self.version == Some(version) {
            return;
        }
        self.ends = open_receivers(tables, id).collect();
        self.version = Some(version);
    }

    /// Rings one receiver that sleeps, if there is one, except `but`. The caller has fenced if it may not miss one.
    pub(crate) fn ring_one(&self, tables: &Tables, but: Option<(u32, usize)>) -> bool {
        let mut others = self.ends.iter().filter(|&&end| Some(end) != but);
        others.any(|&end| port_of(tables, end).is_some_and(|port| tables.session().look(port)))
    }
}

fn open_receivers(tables: &Tables, id: ChannelId) -> impl Iterator<Item = (u32, usize)> {
    blocks(tables, id).flat_map(|(index, block)| {
        let open = |place: &usize| matches!(EndState::load(&block.receivers[*place]).code, EndCode::Open(_));
        (0..BLOCK_ENDS).filter(open).map(move |place| (index, place))
    })
}

fn port_of(tables: &Tables, (block, place): (u32, usize)) -> Option<u32> {
    let block = tables.blocks().get(block as usize)?;
    // A closed end's port may be somebody else's by now.
    if !matches!(EndState::load(&block.receivers[place]).code, EndCode::Open(_)) {
        return None;
    }
    let port = block.ports[place].load(Ordering::Relaxed);
    u32::try_from(port).ok()?.checked_sub(1)
}

impl Tables {
    /// Rings every receiver of a channel that sleeps.
    pub(crate) fn ring_receivers(&self, id: ChannelId) {
        fence(Ordering::SeqCst);
        for port in open_receivers(self, id).filter_map(|end| port_of(self, end)) {
            self.session().look(port);
        }
    }

    /// Rings every sender of a channel that waits for credits.
    pub(crate) fn ring_waiting_senders(&self, id: ChannelId) {
        fence(Ordering::SeqCst);
        let members: Vec<_> = listed_lanes(self, id).collect();
        let Some(channel) = self.channels().get(id.index as usize) else { return };
        let capacity = Amount::unpack(channel.facts.capacity.load(Ordering::Relaxed));
        let account = Account { grant: &channel.grant, capacity, lanes: self.lanes(), members: &members };
        for port in account.waiting_ports() {
            self.session().look(port);
        }
    }
}
