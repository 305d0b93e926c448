//! The sending end of a channel.

mod calls;
mod event_loop;
mod lane;
#[cfg(all(test, not(loom)))]
mod tests;
mod turn;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use klaw_shm::Port;
use klaw_shm::crash::crash_point;
use klaw_shm::sync::Ordering;

use self::lane::{OpenLane, header};
#[cfg(feature = "tokio")]
use crate::async_port::AsyncPort;
use crate::channel::credit::{Account, Amount, Lease, Want, help};
use crate::channel::ends::{End, Role};
use crate::channel::lanes::{LaneList, retire_if_empty};
use crate::channel::layout::{ChannelEntry, ChannelId, Side};
use crate::channel::wake::ReceiverList;
use crate::crash::ChannelPoint;
use crate::error::ChannelError;
use crate::lane::LaneCode;
use crate::node::{Node, Overflow, payload_limit_bytes};
use crate::record::{MAX_REFS, REF_BYTES, charge_units};
use crate::transit::{Share, stamp};

pub use calls::Ticket;
pub use event_loop::WaitsForRoom;

/// Nobody knows how many messages are to come.
const MANY: u32 = u32::MAX;

/// One sending end. Messages of one sender arrive in their order; those of different senders mix.
///
/// It may be moved to another thread, and cloned by [`Sender::try_clone`]; each clone is a sender of its own. Dropping the last one
/// closes the channel for receivers, once they have got everything.
pub struct Sender {
    id: ChannelId,
    end: End,
    capacity: Amount,
    overflow: Overflow,
    lane: Option<OpenLane>,
    lanes: LaneList,
    receivers: ReceiverList,
    /// Something was published, and no fenced look has followed.
    owes_look: bool,
    port: Option<Port>,
    #[cfg(feature = "tokio")]
    async_port: Option<Arc<AsyncPort>>,
    /// Dropped last: ports are given back before this process may have left.
    node: Arc<Node>,
}

impl Sender {
    pub(crate) fn new(node: &Arc<Node>, id: ChannelId, end: End) -> Self {
        let channel = node.tables().known_channel(id);
        let capacity = Amount::unpack(channel.facts.capacity.load(Ordering::Relaxed));
        Self {
            node: Arc::clone(node),
            id,
            end,
            capacity,
            overflow: Overflow::of(channel.facts.options.load(Ordering::Relaxed)),
            lane: None,
            lanes: LaneList::default(),
            receivers: ReceiverList::default(),
            owes_look: false,
            port: None,
            #[cfg(feature = "tokio")]
            async_port: None,
        }
    }

    /// The channel's id, by which another process of the session opens it.
    #[must_use]
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// True if sending waits for room, false if it fails with [`ChannelError::Full`]: see [`Overflow`].
    #[must_use]
    pub fn waits_when_full(&self) -> bool {
        self.overflow == Overflow::Wait
    }

    /// True once every receiver is gone: what is sent fails.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        Side::load(&self.channel().facts.receivers).closed
    }

    /// One more sender of this channel.
    pub fn try_clone(&self) -> Result<Self, ChannelError> {
        self.node.open_sender(self.id)
    }

    /// Sends if there is room now.
    pub fn try_send(&mut self, tag: u32, payload: &[u8]) -> Result<(), ChannelError> {
        let sent = self.push_looking(tag, payload, &[], 1);
        self.flush();
        sent
    }

    /// Sends, and waits for room until `deadline` (for ever if `None`).
    pub fn send(&mut self, tag: u32, payload: &[u8], deadline: Option<Instant>) -> Result<(), ChannelError> {
        self.send_with(tag, payload, &[], deadline)
    }

    /// Sends all of `payloads` with tag 0, in order, publishing as many at once as there is room for. After an error, those before it
    /// are sent.
    pub fn send_many(
        &mut self,
        payloads: impl IntoIterator<Item = impl AsRef<[u8]>>,
        deadline: Option<Instant>,
    ) -> Result<(), ChannelError> {
        let sent = self.push_many(payloads.into_iter(), deadline);
        self.flush();
        sent
    }

    /// Sends with ends of channels that the receiving process gets too; waits for room until `deadline`.
    pub fn send_with(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
        deadline: Option<Instant>,
    ) -> Result<(), ChannelError> {
        let sent = self.push_or_wait(tag, payload, ends, 1, deadline);
        // Also after an error: what was leased for the message must not wait in this lane.
        self.flush();
        sent
    }

    fn push_many(
        &mut self,
        mut payloads: impl Iterator<Item = impl AsRef<[u8]>>,
        deadline: Option<Instant>,
    ) -> Result<(), ChannelError> {
        while let Some(payload) = payloads.next() {
            let payload = payload.as_ref();
            if !self.lane.as_mut().is_some_and(|open| open.push_short(0, payload)) {
                let more = payloads.size_hint().1.and_then(|more| u32::try_from(more).ok());
                let expected = more.map_or(MANY, |more| more.saturating_add(1));
                self.push_or_wait(0, payload, &[], expected, deadline)?;
            }
        }
        Ok(())
    }

    fn push_or_wait(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
        expected: u32,
        deadline: Option<Instant>,
    ) -> Result<(), ChannelError> {
        match self.push_looking(tag, payload, ends, expected) {
            Err(ChannelError::Full { .. }) if self.waits_when_full() => {
                self.wait_for_room(deadline, |sender| sender.push_looking(tag, payload, ends, expected))
            }
            // Not `other => other`: to copy a result that was just written waits for every store before it.
            Err(e) => Err(e),
            Ok(()) => Ok(()),
        }
    }

    /// Puts a message into the lane; receivers see it after the next [`Sender::publish`] or [`Sender::flush`]. For many messages in a
    /// turn.
    #[inline]
    pub fn push(&mut self, tag: u32, payload: &[u8]) -> Result<(), ChannelError> {
        if let Some(open) = &mut self.lane
            && !Side::load(&self.node.tables().known_channel(self.id).facts.receivers).closed
            && open.push_short(tag, payload)
        {
            return Ok(());
        }
        self.push_looking(tag, payload, &[], MANY)
    }

    /// [`Sender::push`] with ends of channels.
    pub fn push_with(&mut self, tag: u32, payload: &[u8], ends: &[Share<'_>]) -> Result<(), ChannelError> {
        self.push_looking(tag, payload, ends, MANY)
    }

    /// Puts a message in, with everything that there may be to look at. `expected` messages are to come, this one included.
    fn push_looking(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
        expected: u32,
    ) -> Result<(), ChannelError> {
        if Side::load(&self.channel().facts.receivers).closed {
            return Err(Role::Receiver.closed_error());
        }
        self.check_size(payload, ends)?;
        self.open_lane()?;
        self.lease(charge_units(payload.len()), expected)?;
        let header = header(tag, ends.len() * REF_BYTES + payload.len(), ends.len());
        let tables = self.node.tables();
        let open = self.lane.as_mut().expect("opened above");
        let lane = tables.known_lane(open.id);
        let Some(at) = open.writer.place(lane, tables, header.stride())? else {
            return Err(self.full());
        };
        if ends.is_empty() {
            open.writer.push(&header, &[payload]);
        } else {
            let refs = stamp(tables, self.node.me(), open.id, at, ends)?;
            open.writer.push(&header, &[&refs, payload]);
        }
        open.count(payload);
        Ok(())
    }

    fn check_size(&self, payload: &[u8], ends: &[Share<'_>]) -> Result<(), ChannelError> {
        let limit_bytes = payload_limit_bytes(self.capacity);
        if payload.len() as u64 > limit_bytes {
            return Err(ChannelError::ValueTooLarge { bytes: payload.len() as u64, limit_bytes });
        }
        if ends.len() > MAX_REFS {
            let found = ends.len() as u64;
            return Err(ChannelError::InvalidOption { option: "ends", found, expected: "at most 4,096" });
        }
        Ok(())
    }

    fn channel(&self) -> &ChannelEntry {
        self.node.tables().known_channel(self.id)
    }

    /// The error that says so, with this channel's limits.
    #[must_use]
    pub fn full(&self) -> ChannelError {
        ChannelError::Full {
            capacity: self.capacity.messages,
            max_bytes: u64::from(self.capacity.units) * 16,
        }
    }

    fn open_lane(&mut self) -> Result<(), ChannelError> {
        if self.lane.is_none() {
            self.lane = Some(OpenLane::open(self.node.tables(), self.id, self.node.me())?);
        }
        Ok(())
    }

    /// Makes sure that one message of `units` is covered, and asks for `expected` of them at once if it has to ask.
    fn lease(&mut self, units: u32, expected: u32) -> Result<(), ChannelError> {
        let tables = self.node.tables();
        let open = self.lane.as_mut().expect("opened before anything is leased");
        let want = Want {
            need: Amount { messages: 1, units },
            expected: Amount { messages: expected, units: units.saturating_mul(expected) },
            held: open.credit(),
        };
        if want.is_covered() {
            return Ok(());
        }
        let channel = tables.known_channel(self.id);
        loop {
            let quiet = help(&channel.grant, tables.lanes());
            // After the grant word: a lane that was granted anything by then is on the list.
            self.lanes.refresh(tables, self.id);
            let account = Account {
                grant: &channel.grant,
                capacity: self.capacity,
                lanes: tables.lanes(),
                members: &self.lanes.lanes,
            };
            match account.lease(quiet, open.id, want) {
                Lease::Granted(amount) => {
                    open.add_credit(amount);
                    return Ok(());
                }
                Lease::Full => return Err(self.full()),
                Lease::Again => {}
            }
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.flush();
        if let Some(open) = &self.lane {
            // Before the end is free: once the side is closed, every lane is ENDED.
            self.node.tables().known_lane(open.id).advance(open.id, LaneCode::Open, LaneCode::Ended);
            crash_point(ChannelPoint::LaneEnded);
            retire_if_empty(self.node.tables(), self.node.me(), self.id, open.id);
        }
        self.node.close_end(self.id, self.end);
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("channel", &self.id).finish_non_exhaustive()
    }
}
