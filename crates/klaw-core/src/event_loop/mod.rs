//! What one event loop has of a session: channel ends by handles, and what it waits for.
//!
//! # A turn
//! A face calls, in this order, at every turn of its loop:
//! 1. [`EventLoop::begin_turn`] once it is awake.
//! 2. [`EventLoop::pump`]: what has come for those who wait, as [`Event`]s; then its people run, and send and take.
//! 3. [`EventLoop::end_turn`] when they have run, and before anything that may block the thread: bells are rung, unused credits
//!    given back. Then 2 again, a bounded number of times.
//! 4. [`EventLoop::arm`], [`EventLoop::pump`] a last time, and if that found nothing, sleep at [`EventLoop::fd`].
//! 5. [`EventLoop::disarm`] after every sleep.
//!
//! Nobody is left asleep over a message if 4 is kept: whoever publishes after the arming rings, and what was published before is
//! found by the look after it (the module `bell` of klaw-shm).
//!
//! # Budget
//! User code that always finds the next message would never let the loop turn: timers and sockets would starve. So a turn has
//! a budget; past it, [`EventLoop::take`] finds nothing until the next turn, and [`EventLoop::send`] says [`Sent::Enough`].

mod budget;
mod carried;
mod handles;
mod receive;
mod send;

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use klaw_channel::{ChannelId, ChannelOptions, Receiver, Sender};
use klaw_shm::{Port, PortKind};

use crate::error::Error;
use crate::runtime::Runtime;
use budget::Budget;
use receive::ReceiverEnd;
use send::SenderEnd;

pub use carried::Carried;
pub use handles::Handle;
pub(crate) use handles::Handles;
pub use receive::{Arrived, Received};
pub use send::Sent;

/// One event loop's part in a session. It belongs to one thread.
#[derive(Debug)]
pub struct EventLoop {
    senders: Handles<SenderEnd>,
    receivers: Handles<ReceiverEnd>,
    /// Senders that have published since their last flush.
    unflushed: Vec<Handle>,
    /// Senders with messages that wait for room.
    queued: Vec<Handle>,
    /// Receivers that somebody waits for.
    waiting: Vec<Handle>,
    /// Receivers that this loop listens to without anybody waiting for them: they don't keep it alive.
    listening: Vec<Handle>,
    /// Receivers that senders ring this loop for; those that nobody waits for any more are taken off before it sleeps.
    ported: Vec<Handle>,
    budget: Budget,
    /// Somebody wants to know of the next turn, or is to be told now.
    next_turn: NextTurn,
    port: Port,
    /// Dropped last: ports are given back before this process may have left.
    runtime: Arc<Runtime>,
}

#[derive(Debug, PartialEq, Eq)]
enum NextTurn {
    NotWanted,
    Wanted,
    Here,
}

/// A channel end of this loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A sending end.
    Sender(Handle),
    /// A receiving end.
    Receiver(Handle),
}

/// What a loop is told by [`EventLoop::pump`].
#[derive(Debug)]
pub enum Event {
    /// The next [`EventLoop::take`] of this receiver may have a message, or fails. Nobody waits for it any more: whoever finds
    /// nothing waits again.
    Ready(Handle),
    /// The first `count` messages that this sender had queued are sent.
    Sent {
        /// The sender.
        sender: Handle,
        /// How many.
        count: u32,
    },
    /// The first message that this sender had queued will never be sent, nor those of the same call behind it.
    Failed {
        /// The sender.
        sender: Handle,
        /// How many they are together.
        count: u32,
        /// Why.
        error: Error,
    },
    /// The turn that [`EventLoop::want_turn`] asked for.
    Turn,
}

impl EventLoop {
    pub(crate) fn open(runtime: &Arc<Runtime>) -> Result<Self, Error> {
        Ok(Self {
            senders: Handles::default(),
            receivers: Handles::default(),
            unflushed: Vec::new(),
            queued: Vec::new(),
            waiting: Vec::new(),
            listening: Vec::new(),
            ported: Vec::new(),
            budget: Budget::new(),
            next_turn: NextTurn::NotWanted,
            port: runtime.node().member().open_port(PortKind::EventLoop)?,
            runtime: Arc::clone(runtime),
        })
    }

    /// The membership that this loop is part of.
    #[must_use]
    pub fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// The descriptor that becomes readable when a bell rings.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.port.fd().expect("the port of an event loop has a FIFO")
    }

    /// Makes a channel and opens one end on each side: sender and receiver.
    pub fn channel(&mut self, options: ChannelOptions) -> Result<(Handle, Handle), Error> {
        let (sender, receiver) = self.runtime.node().channel(options)?;
        Ok((self.add_sender(sender)?, self.add_receiver(receiver)?))
    }

    /// Opens one more sending end of a channel, by the number that [`EventLoop::channel_id`] gave elsewhere.
    pub fn open_sender(&mut self, channel: u64) -> Result<Handle, Error> {
        let sender = self.runtime.node().open_sender(ChannelId::from_bits(channel))?;
        self.add_sender(sender)
    }

    /// Opens one more receiving end.
    pub fn open_receiver(&mut self, channel: u64) -> Result<Handle, Error> {
        let receiver = self.runtime.node().open_receiver(ChannelId::from_bits(channel))?;
        self.add_receiver(receiver)
    }

    /// The number by which another process of the session opens the end's channel.
    pub fn channel_id(&mut self, end: End) -> Result<u64, Error> {
        let id = match end {
            End::Sender(handle) => self.sender(handle)?.sender.id(),
            End::Receiver(handle) => self.receiver(handle)?.receiver.id(),
        };
        Ok(id.bits())
    }

    /// True while somebody waits: for a message, for room, or for a turn. A face keeps its loop alive as long.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        !self.waiting.is_empty() || !self.queued.is_empty() || self.is_turn_wanted()
    }

    /// True if something can come from other processes.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty() || !self.listening.is_empty() || !self.queued.is_empty()
    }

    /// True if this turn's budget is spent: no more pumping, and no sleep, before the loop has turned.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    /// True if [`Event::Turn`] has to come: the loop must not sleep.
    #[must_use]
    pub fn is_turn_wanted(&self) -> bool {
        self.next_turn != NextTurn::NotWanted
    }

    /// [`Event::Turn`] will come in the next turn.
    pub fn want_turn(&mut self) {
        if self.next_turn == NextTurn::NotWanted {
            self.next_turn = NextTurn::Wanted;
        }
    }

    /// The loop has turned: a new budget.
    pub fn begin_turn(&mut self) {
        self.budget = Budget::new();
        if self.next_turn == NextTurn::Wanted {
            self.next_turn = NextTurn::Here;
        }
    }

    /// What has come for those who wait, added to `events`.
    pub fn pump(&mut self, events: &mut Vec<Event>) {
        if self.next_turn == NextTurn::Here {
            self.next_turn = NextTurn::NotWanted;
            events.push(Event::Turn);
        }
        self.pump_senders(events);
        if !self.budget.is_spent() {
            self.pump_receivers(events);
        }
    }

    /// User code has run: rings whoever sleeps over what it sent, and gives back the credits that it did not use.
    pub fn end_turn(&mut self) {
        self.flush_senders();
    }

    /// About to sleep. A last [`EventLoop::pump`] must follow.
    pub fn arm(&mut self) {
        self.end_turn();
        self.forget_ports();
        self.port.arm();
    }

    /// Awake again, for whatever reason. `readable`: the poll found [`EventLoop::fd`] readable.
    pub fn disarm(&mut self, readable: bool) {
        self.port.disarm_polled(readable);
    }

    fn add_sender(&mut self, sender: Sender) -> Result<Handle, Error> {
        self.senders.add(SenderEnd::new(sender)).ok_or(too_many())
    }

    fn add_receiver(&mut self, receiver: Receiver) -> Result<Handle, Error> {
        self.receivers.add(ReceiverEnd::new(receiver)).ok_or(too_many())
    }

    fn sender(&mut self, handle: Handle) -> Result<&mut SenderEnd, Error> {
        self.senders.get(handle).ok_or(Error::EndClosed { end: "sender" })
    }

    fn receiver(&mut self, handle: Handle) -> Result<&mut ReceiverEnd, Error> {
        self.receivers.get(handle).ok_or(Error::EndClosed { end: "receiver" })
    }
}

fn too_many() -> Error {
    klaw_shm::ShmError::TableFull { what: "end of this loop", limit: 1 << 20 }.into()
}
