//! The receiving end of a channel.

mod event_loop;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use klaw_shm::sync::{AtomicU64, Ordering, fence};
use klaw_shm::{Port, PortKind};

#[cfg(feature = "tokio")]
use crate::async_port::AsyncPort;
use crate::channel::credit::{Account, Amount};
use crate::channel::ends::{End, Role};
use crate::channel::lanes::{LaneList, retire};
use crate::channel::layout::{ChannelEntry, ChannelId, Side};
use crate::channel::wake::ReceiverList;
use crate::error::ChannelError;
use crate::lane::{Batch, Claim, LaneId, Met, Take, TakeLimits, take};
use crate::node::Node;
use crate::record::Message;
use crate::sender::Sender;
use crate::transit::{Arrived, arrive};

/// Bytes that are copied out of a lane at once, unless one message is larger.
const BATCH_BYTES: usize = 16 << 10;

/// One receiving end. With several of them, each message goes to one.
///
/// What it has taken and not handed out when its process dies is lost, and counted.
pub struct Receiver {
    id: ChannelId,
    end: End,
    capacity: Amount,
    lanes: LaneList,
    receivers: ReceiverList,
    /// The lane to look at first.
    next_lane: usize,
    batch: Batch,
    /// Ends that came with messages of the batch, by the message's place in it. Those that nobody asks for are closed with
    /// the batch.
    arrived: Vec<(usize, Arrived)>,
    port: Option<Port>,
    #[cfg(feature = "tokio")]
    async_port: Option<Arc<AsyncPort>>,
    /// Dropped last: ports are given back before this process may have left.
    node: Arc<Node>,
}

impl Receiver {
    pub(crate) fn new(node: &Arc<Node>, id: ChannelId, end: End) -> Self {
        let tables = node.tables();
        let capacity = Amount::unpack(tables.known_channel(id).facts.capacity.load(Ordering::Relaxed));
        let receiver = Self {
            node: Arc::clone(node),
            id,
            end,
            capacity,
            lanes: LaneList::default(),
            receivers: ReceiverList::default(),
            next_lane: 0,
            batch: Batch::default(),
            arrived: Vec::new(),
            port: None,
            #[cfg(feature = "tokio")]
            async_port: None,
        };
        // Before anything else of the claim is stored: a late reaper of the entry's last owner looks at it.
        receiver.claim().reset();
        receiver.port_word().store(0, Ordering::Relaxed);
        receiver
    }

    /// The channel's id, by which another process of the session opens it.
    #[must_use]
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// One more receiver of this channel.
    pub fn try_clone(&self) -> Result<Self, ChannelError> {
        self.node.open_receiver(self.id)
    }

    /// The next message if one is there. [`ChannelError::Closed`] once every sender is gone and everything was received.
    pub fn try_recv(&mut self) -> Result<Option<Message<'_>>, ChannelError> {
        if self.batch.is_done() && !self.fill(1)? {
            return Ok(None);
        }
        Ok(self.hand_out())
    }

    /// The next message; waits until `deadline` (for ever if `None`).
    pub fn recv(&mut self, deadline: Option<Instant>) -> Result<Message<'_>, ChannelError> {
        if self.batch.is_done() {
            self.wait_for(1, deadline)?;
        }
        Ok(self.hand_out().expect("a wait that ends well has filled the batch"))
    }

    /// The next message; sleeps in tokio's reactor. Cancelling it loses nothing.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O enabled.
    #[cfg(feature = "tokio")]
    pub async fn recv_async(&mut self) -> Result<Message<'_>, ChannelError> {
        if self.batch.is_done() && !self.fill(1)? {
            let port = match &self.async_port {
                Some(port) => Arc::clone(port),
                None => Arc::clone(self.async_port.insert(Arc::new(AsyncPort::open(self.node.member())?))),
            };
            self.sleep_at(port.index());
            // Cancelled, it may have been rung for a message that it does not take.
            let hand_on = HandOn(Some((Arc::clone(&self.node), self.id)));
            let mut outcome = Ok(false);
            port.wait(|| {
                outcome = self.fill(1);
                !matches!(outcome, Ok(false))
            })
            .await?;
            hand_on.done();
            outcome?;
        }
        Ok(self.hand_out().expect("a wait that ends well has filled the batch"))
    }

    /// Up to `max` messages that are there, at least one; waits for the first until `deadline`. Calls `each` for every one, and
    /// returns how many they were.
    pub fn recv_many(
        &mut self,
        max: usize,
        deadline: Option<Instant>,
        mut each: impl FnMut(Message<'_>),
    ) -> Result<usize, ChannelError> {
        if self.batch.is_done() {
            self.wait_for(max, deadline)?;
        }
        let mut count = 0;
        loop {
            let claims = &self.node.tables().known_block(self.end.block).claims;
            let mut handing = claims[self.end.place].handing();
            let (handed, has_refs) = self.batch.hand_out(max - count, |message| {
                handing.one();
                each(message);
            });
            count += handed;
            // The ends of a message are asked for before the next message comes.
            if has_refs || count == max {
                return Ok(count);
            }
            // A batch ends where a ring ends: the next may be there already. An error can wait for the next call.
            if !matches!(self.fill(max - count), Ok(true)) {
                return Ok(count);
            }
        }
    }

    /// The ends that came with the message that was handed out last, in their order. Ends that nobody takes are closed.
    pub fn take_ends(&mut self) -> Vec<Arrived> {
        let Some(last) = self.batch.handed().checked_sub(1) else { return Vec::new() };
        self.arrived.extract_if(.., |(message, _)| *message == last).map(|(_, end)| end).collect()
    }

    /// Messages that receivers of this end's entry took and that nobody got, because their process died.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.claim().lost.load(Ordering::Acquire)
    }

    fn channel(&self) -> &ChannelEntry {
        self.node.tables().known_channel(self.id)
    }

    fn claim(&self) -> &Claim {
        &self.node.tables().known_block(self.end.block).claims[self.end.place]
    }

    fn port_word(&self) -> &AtomicU64 {
        &self.node.tables().known_block(self.end.block).ports[self.end.place]
    }

    fn hand_out(&mut self) -> Option<Message<'_>> {
        if !self.batch.is_done() {
            self.claim().hand_out();
        }
        self.batch.next()
    }

    fn wait_for(&mut self, messages: usize, deadline: Option<Instant>) -> Result<(), ChannelError> {
        if self.fill(messages)? {
            return Ok(());
        }
        let port = match self.port.take() {
            Some(port) => port,
            None => self.node.member().open_port(PortKind::Thread)?,
        };
        self.sleep_at(port.index());
        let mut outcome = Ok(false);
        port.wait(deadline, || {
            outcome = self.fill(messages);
            !matches!(outcome, Ok(false))
        });
        self.port = Some(port);
        if outcome? {
            return Ok(());
        }
        // It may have been rung after its last look: the ring goes to the others.
        self.node.tables().ring_receivers(self.id);
        Err(ChannelError::Timeout { what: "message" })
    }

    /// Whom senders ring from now on.
    pub(crate) fn sleep_at(&self, port: u32) {
        self.port_word().store(u64::from(port) + 1, Ordering::Relaxed);
    }

    /// Takes a batch from the first lane that has one. False if none has.
    fn fill(&mut self, messages: usize) -> Result<bool, ChannelError> {
        self.batch.clear();
        self.arrived.clear();
        // Before the lanes: what a sender published before the side was closed is found below.
        let closed = Side::load(&self.channel().facts.senders).closed;
        let tables = self.node.tables();
        self.lanes.refresh(tables, self.id);
        let mut busy = false;
        for _ in 0..self.lanes.lanes.len() {
            if self.lanes.lanes.is_empty() {
                break;
            }
            let at = if self.next_lane < self.lanes.lanes.len() { self.next_lane } else { 0 };
            let id = self.lanes.lanes[at];
            let mut taken = self.take(id, messages);
            while taken == Take::Passed {
                // Senders may wait for the room; and the next message is perhaps right behind.
                self.after_take(id);
                taken = self.take(id, messages);
            }
            match taken {
                Take::Taken => {
                    self.next_lane = at + 1;
                    self.after_take(id);
                    return Ok(true);
                }
                Take::Empty | Take::Passed => self.next_lane = at + 1,
                Take::Busy => {
                    busy = true;
                    self.next_lane = at + 1;
                }
                // The list closes up: the next lane is at this place now.
                Take::Drained => {
                    self.next_lane = at;
                    self.retire(id);
                }
                Take::Gone => {
                    self.next_lane = at;
                    self.lanes.forget(id);
                }
                Take::Corrupt => {
                    // The other lanes may be whole: the next call looks at them first.
                    self.next_lane = at + 1;
                    return Err(ChannelError::Corrupt { lane: id.index });
                }
            }
        }
        if closed && !busy && self.lanes.lanes.is_empty() {
            return Err(Role::Sender.closed_error());
        }
        Ok(false)
    }

    fn take(&mut self, id: LaneId, messages: usize) -> Take {
        let (node, tables) = (&self.node, self.node.tables());
        let claim = &tables.known_block(self.end.block).claims[self.end.place];
        let limits = TakeLimits { messages, bytes: BATCH_BYTES };
        let lane = tables.known_lane(id);
        let arrived = &mut self.arrived;
        let accept = |met: Met, message: &Message<'_>, at: u64| {
            let Met::Taken(n) = met else { return tables.drop_refs(node.me(), message.refs(), id, at) };
            let ends = arrive(tables, node.me(), message, id, at).into_iter();
            arrived.extend(ends.map(|end| (n, opened(node, end))));
        };
        take(lane, id, tables, (node.me(), claim), limits, &mut self.batch, accept)
    }

    fn retire(&mut self, id: LaneId) {
        retire(self.node.tables(), Some(self.id), id);
        self.lanes.forget(id);
        // Its sender's slot may wait for it, and the other receivers for the end of the channel.
        self.node.member().poke_sweeper();
        self.node.tables().ring_receivers(self.id);
    }

    /// Room was made, and more may be there: wakes who waits for either.
    fn after_take(&mut self, id: LaneId) {
        let tables = self.node.tables();
        // Store taken, head and lease, then load who waits: pairs with the fence in `Sender::wait_for_room`, and with that
        // of a receiver that arms its bell and then finds the lane leased.
        fence(Ordering::SeqCst);
        // After the fence: a sender whose lane was listed meanwhile may wait already.
        self.lanes.refresh(tables, self.id);
        let account = Account {
            grant: &self.channel().grant,
            capacity: self.capacity,
            lanes: tables.lanes(),
            members: &self.lanes.lanes,
        };
        if account.waiting_ports().next().is_some() && account.is_worth_a_wake() {
            for port in account.waiting_ports() {
                tables.session().look(port);
            }
        }
        // After the fence, too. This one is on the list; alone, it leaves the line that the sender is storing to in peace.
        self.receivers.refresh(tables, self.id);
        if self.receivers.ends.len() < 2 {
            return;
        }
        let lane = tables.known_lane(id);
        let more = lane.sent.tail.load(Ordering::Acquire) != lane.taken.head.load(Ordering::Acquire);
        if more {
            self.receivers.ring_one(tables, Some((self.end.block, self.end.place)));
        } else if Side::load(&self.channel().facts.senders).closed {
            // The others may have found the lane leased; now they find it empty, and the channel at its end.
            tables.ring_receivers(self.id);
        }
    }
}

/// Rings the other receivers unless the wait came to its end.
#[cfg(feature = "tokio")]
struct HandOn(Option<(Arc<Node>, ChannelId)>);

#[cfg(feature = "tokio")]
impl HandOn {
    fn done(mut self) {
        self.0 = None;
    }
}

#[cfg(feature = "tokio")]
impl Drop for HandOn {
    fn drop(&mut self) {
        if let Some((node, id)) = &self.0 {
            node.tables().ring_receivers(*id);
        }
    }
}

fn opened(node: &Arc<Node>, end: Option<(ChannelId, End)>) -> Arrived {
    match end {
        Some((id, end)) if end.role == Role::Sender => Arrived::Sender(Sender::new(node, id, end)),
        Some((id, end)) => Arrived::Receiver(Receiver::new(node, id, end)),
        None => Arrived::Closed,
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Before the port is given back: its next owner must not be rung in our stead.
        self.port_word().store(0, Ordering::Relaxed);
        self.claim().give_up();
        self.node.close_end(self.id, self.end);
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("channel", &self.id).finish_non_exhaustive()
    }
}
