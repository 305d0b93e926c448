//! For event loops, which sleep at one port for many ends: the loop arms its bell, asks every end that it waits for once more,
//! and sleeps.

use klaw_shm::Port;
use klaw_shm::sync::Ordering;

use super::Receiver;
use crate::channel::layout::Side;
use crate::error::ChannelError;
use crate::lane::{LaneCode, lease_holder};

impl Receiver {
    /// From now on senders ring `port` while its bell is armed. Ask [`Receiver::may_have`] after arming it and before sleeping.
    ///
    /// Only a receiver that takes what it is rung for may have a port: senders ring one receiver a message, and another one
    /// would be left asleep. See [`Receiver::stop_waiting`].
    pub fn wait_at(&mut self, port: &Port) {
        self.sleep_at(port.index());
    }

    /// Nobody waits any more, though nothing was taken. It may have been rung for a message: the ring goes to the others.
    pub fn stop_waiting(&mut self) {
        self.forget_port();
        self.node.tables().ring_receivers(self.id);
    }

    /// Nobody waits any more, because a message was taken: [`Receiver::stop_waiting`] without the ring, which whoever
    /// takes a batch hands on if there is more.
    pub fn forget_port(&mut self) {
        self.port_word().store(0, Ordering::Relaxed);
    }

    /// Makes sure that messages are at hand for [`Receiver::try_recv`]: a batch of up to `max`. False if there are none.
    pub fn fetch(&mut self, max: usize) -> Result<bool, ChannelError> {
        if self.batch.is_done() { self.fill(max) } else { Ok(true) }
    }

    /// True if messages are at hand: taken from their lane, and not handed out.
    #[must_use]
    pub fn has_fetched(&self) -> bool {
        !self.batch.is_done()
    }

    /// True if a [`Receiver::fetch`] may bring something, be it the end of the channel. Takes nothing, so that what is seen here
    /// can still go to another receiver, and then the fetch brings nothing.
    pub fn may_have(&mut self) -> bool {
        if self.has_fetched() {
            return true;
        }
        // Before the lanes, as in a fetch.
        let closed = Side::load(&self.channel().facts.senders).closed;
        let tables = self.node.tables();
        self.lanes.refresh(tables, self.id);
        if closed && self.lanes.lanes.is_empty() {
            return true;
        }
        // One that another receiver reads is told about when it is let go.
        self.lanes.lanes.iter().map(|id| (id, tables.known_lane(*id))).any(|(id, lane)| {
            let state = lane.state();
            let is_open = state.generation == id.generation && state.code == LaneCode::Open;
            lease_holder(lane).is_none() && !(is_open && lane.looks_empty())
        })
    }
}
