//! The sending end of a channel.

mod event_loop;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use klaw_shm::Port;
use klaw_shm::crash::crash_point;
use klaw_shm::sync::{Ordering, fence};

#[cfg(feature = "tokio")]
use crate::async_port::AsyncPort;
use crate::channel::credit::{Account, Amount, Lease, give_back, help};
use crate::channel::ends::{End, Role};
use crate::channel::lanes::{LaneList, open_lane, retire_if_empty};
use crate::channel::layout::{ChannelEntry, ChannelId, Side};
use crate::channel::wake::ReceiverList;
use crate::crash::ChannelPoint;
use crate::error::ChannelError;
use crate::lane::{LaneCode, LaneId, Writer};
use crate::node::{Node, Overflow, payload_limit_bytes};
use crate::record::{Header, MAX_REFS, REF_BYTES, RecordKind, charge_units};
use crate::transit::{Share, stamp};

pub use event_loop::WaitsForRoom;

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
    port: Option<Port>,
    #[cfg(feature = "tokio")]
    async_port: Option<Arc<AsyncPort>>,
    /// Dropped last: ports are given back before this process may have left.
    node: Arc<Node>,
}

/// The sender's lane, made at its first message.
#[derive(Debug)]
struct OpenLane {
    id: LaneId,
    writer: Writer,
    /// Leased and not used yet.
    credit: Amount,
    sent_messages: u64,
    sent_units: u64,
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

    /// One more sender of this channel.
    pub fn try_clone(&self) -> Result<Self, ChannelError> {
        self.node.open_sender(self.id)
    }

    /// Sends if there is room now.
    pub fn try_send(&mut self, tag: u32, payload: &[u8]) -> Result<(), ChannelError> {
        let sent = self.push(tag, payload);
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
        let mut payloads = payloads.into_iter();
        let sent = payloads.try_for_each(|payload| self.push_or_wait(0, payload.as_ref(), &[], deadline));
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
        let sent = self.push_or_wait(tag, payload, ends, deadline);
        // Also after an error: what was leased for the message must not wait in this lane.
        self.flush();
        sent
    }

    #[inline]
    fn push_or_wait(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
        deadline: Option<Instant>,
    ) -> Result<(), ChannelError> {
        match self.push_with(tag, payload, ends) {
            Err(ChannelError::Full { .. }) if self.waits_when_full() => {
                self.wait_for_room(deadline, |sender| sender.push_with(tag, payload, ends))
            }
            other => other,
        }
    }

    /// Puts a message into the lane; receivers see it after the next [`Sender::flush`]. For many messages at once.
    pub fn push(&mut self, tag: u32, payload: &[u8]) -> Result<(), ChannelError> {
        self.push_with(tag, payload, &[])
    }

    /// [`Sender::push`] with ends of channels.
    #[inline]
    pub fn push_with(&mut self, tag: u32, payload: &[u8], ends: &[Share<'_>]) -> Result<(), ChannelError> {
        if Side::load(&self.channel().facts.receivers).closed {
            return Err(Role::Receiver.closed_error());
        }
        self.check_size(payload, ends)?;
        let units = charge_units(payload.len());
        self.open_lane()?;
        self.lease(units)?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded by check_size")]
        let (body_bytes, refs) = ((ends.len() * REF_BYTES + payload.len()) as u32, ends.len() as u16);
        let header = Header { body_bytes, kind: RecordKind::Message, refs, meta: tag, ack: 0 };
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
        open.credit.messages -= 1;
        open.credit.units -= units;
        open.sent_messages += 1;
        open.sent_units += u64::from(units);
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

    /// Makes everything pushed visible, wakes who waits for it, and gives back what was leased and not used.
    pub fn flush(&mut self) {
        let tables = self.node.tables();
        let Some(open) = &mut self.lane else { return };
        let lane = tables.known_lane(open.id);
        let published = open.writer.is_dirty();
        if published {
            open.writer.publish(lane, open.sent_messages, open.sent_units);
            // Store the record, then load bells and the receivers' side: pairs with the fences of a receiver that arms its
            // bell, and of whoever closes that side.
            fence(Ordering::SeqCst);
            self.receivers.refresh(tables, self.id);
            self.receivers.ring_one(tables, None);
        }
        if open.credit != Amount::default() {
            open.credit = Amount::default();
            if give_back(lane, open.sent_messages, open.sent_units) {
                self.ring_other_senders();
            }
        }
        if published && Side::load(&self.channel().facts.receivers).closed {
            // Nobody will read it: what it refers to must not wait in it for ever.
            self.node.tables().discard_unread(self.node.me(), self.id);
        }
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
            let tables = self.node.tables();
            let (id, writer) = open_lane(tables, self.id, self.node.me())?;
            let lane = tables.known_lane(id);
            self.lane = Some(OpenLane {
                id,
                writer,
                credit: Amount::default(),
                sent_messages: lane.sent.messages.load(Ordering::Relaxed),
                sent_units: lane.sent.units.load(Ordering::Relaxed),
            });
        }
        Ok(())
    }

    /// Makes sure that one message of `units` is covered.
    fn lease(&mut self, units: u32) -> Result<(), ChannelError> {
        let tables = self.node.tables();
        let open = self.lane.as_mut().expect("opened before anything is leased");
        let need = Amount {
            messages: 1_u32.saturating_sub(open.credit.messages),
            units: units.saturating_sub(open.credit.units),
        };
        if need == Amount::default() {
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
            match account.lease(quiet, open.id, need) {
                Lease::Granted(amount) => {
                    open.credit.messages += amount.messages;
                    open.credit.units += amount.units;
                    return Ok(());
                }
                Lease::Full => return Err(self.full()),
                Lease::Again => {}
            }
        }
    }

    fn ring_other_senders(&mut self) {
        let tables = self.node.tables();
        // Store the limits, then load who waits: pairs with the fence in `wait_for_room`.
        fence(Ordering::SeqCst);
        let Some(open) = &self.lane else { return };
        self.lanes.refresh(tables, self.id);
        for id in self.lanes.lanes.iter().filter(|id| **id != open.id) {
            let lane = tables.known_lane(*id);
            if lane.credit.waiting.load(Ordering::Relaxed) != 0 {
                let port = u32::try_from(lane.identity.port.load(Ordering::Relaxed)).unwrap_or(0);
                if let Some(port) = port.checked_sub(1) {
                    tables.session().look(port);
                }
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
