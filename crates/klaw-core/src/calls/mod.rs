//! A port's part in calls: it submits them, and, in a worker, it runs them.
//!
//! Who runs what is decided in klaw-sched; here is what those state machines have no idea of: channels, bytes, shared memory.
//!
//! # Channels of a port
//! *Control*: replies, and everything that other ports and the agent tell it. It is always drained, so a reply never waits for anything but
//! a turn of its caller's loop. *Inbox*, of a worker: calls. They are taken as they can be used, so a busy worker holds back those that
//! call it, and nobody else.
//!
//! # A death
//! The agent tells of a death after the dead one's pidfd was readable, so everything that it had published stands in the control channel
//! by then, in another lane. What the agent says is therefore put aside until the channel was seen empty: replies of the dead come first.

mod actors;
mod blocked;
mod definitions;
mod face;
mod inbox;
mod keeping;
mod objects;
mod peers;
mod runs;
mod submitting;
mod taking;
pub(crate) mod wire;
mod working;

use std::collections::VecDeque;

use klaw_channel::ChannelOptions;
use klaw_sched::execute::Run;
use klaw_sched::ids::{CallId, PortId};
use klaw_sched::message::ToAgent;
use klaw_sched::submit::{Action, Submitter};

use crate::error::Error;
use crate::event_loop::{Carried, End, Event, EventLoop, Handle, Sent};
use definitions::{Definitions, Leases};
use objects::Objects;
use taking::Notice;
use working::Worker;

pub use face::{Callee, Definition, Packet, Start, Takes};
pub use keeping::Kept;
pub use objects::{Object, ObjectNo, Stored};
pub(crate) use peers::{Gone, Peers};
pub(crate) use runs::{ROWS, Runs};
pub use runs::{RUNS, RunEntry};
pub use wire::{CALL_HEADER_BYTES, REPLY_HEADER_BYTES, WorkerLine};
pub use working::WorkerRole;

/// Records and bytes that a port's channels hold, over all who send to it. More wait at their senders.
const CHANNEL: ChannelOptions = ChannelOptions {
    capacity: 1 << 14,
    max_bytes: 256 << 20,
    overflow: klaw_channel::Overflow::Wait,
    calls: false,
};

/// The calls of one port. It belongs to the thread of its [`EventLoop`], which every method gets.
#[derive(Debug)]
pub struct Calls {
    me: PortId,
    /// The agent's control channel.
    agent: PortId,
    control: Handle,
    /// Keeps the control channel open while nobody else has a sender.
    _control_sender: Handle,
    peers: Peers,
    submitter: Submitter<Packet>,
    definitions: Definitions,
    leases: Leases,
    objects: Objects,
    /// Messages that wait until every reply before them was taken.
    notices: VecDeque<Notice>,
    /// What the submitter wants done; empty between calls, kept for its memory.
    actions: Vec<Action>,
    worker: Option<Worker>,
    next_actor: u64,
    /// Somebody waits for an actor, or for the answer to a question.
    awaits_agent: bool,
    /// Something may be there for [`Calls::take`].
    ready: bool,
    /// Calls that will never be answered.
    failed: VecDeque<(CallId, Error)>,
}

impl Calls {
    /// Of a port in a session whose agent listens at `agent`. With a `role`, as one of its workers.
    pub fn open(event_loop: &mut EventLoop, agent: u64, role: Option<WorkerRole>) -> Result<Self, Error> {
        let (control_sender, control) = event_loop.channel(CHANNEL)?;
        let me = PortId(event_loop.channel_id(End::Receiver(control))?);
        event_loop.listen(control)?;
        let mut calls = Self {
            me,
            agent: PortId(agent),
            control,
            _control_sender: control_sender,
            peers: Peers::default(),
            submitter: Submitter::new(me),
            definitions: Definitions::default(),
            leases: Leases::default(),
            objects: Objects::default(),
            notices: VecDeque::new(),
            actions: Vec::new(),
            worker: None,
            next_actor: 0,
            awaits_agent: false,
            ready: false,
            failed: VecDeque::new(),
        };
        if let Some(role) = role {
            let worker = Worker::open(event_loop, role)?;
            let hello = ToAgent::Hello { worker: role.worker, port: me, inbox: worker.inbox() };
            calls.worker = Some(worker);
            calls.tell_agent(event_loop, hello)?;
        }
        Ok(calls)
    }

    /// The port, as others name it.
    #[must_use]
    pub fn port(&self) -> PortId {
        self.me
    }

    /// True while a call of this port is not settled, somebody waits for the agent, or it is a worker: a face keeps its loop alive as
    /// long.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.worker.is_some() || self.is_waiting() || !self.failed.is_empty()
    }

    /// Whether somebody waits for what the agent says of actors and names. A task that does lets others have its CPUs, which the
    /// actor may need to be started.
    pub fn await_agent(&mut self, event_loop: &mut EventLoop, wanted: bool) -> Result<(), Error> {
        self.awaits_agent = wanted;
        if wanted { Ok(()) } else { self.worker_goes_on(event_loop) }
    }

    fn is_waiting(&self) -> bool {
        self.awaits_agent || self.submitter.is_waiting()
    }

    /// Workers' lines come to this port from now on.
    pub fn want_lines(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        let record = wire::write_control(&wire::Control::LinesTo(self.me), &[]);
        self.post(event_loop, self.agent.0, (wire::tag::CONTROL, &record, &Carried::default()), None)?;
        Ok(())
    }

    /// Takes out of a pump's events those that are for this. True if [`Calls::take`] has something to do.
    pub fn sift(&mut self, event_loop: &mut EventLoop, events: &mut Vec<Event>) -> bool {
        events.retain(|event| match event {
            Event::Ready(receiver) if *receiver == self.control => {
                self.ready = true;
                false
            }
            Event::Ready(receiver)
                if self.worker.as_ref().is_some_and(|worker| worker.listens_at(*receiver)) =>
            {
                self.ready = true;
                false
            }
            Event::Sent { sender, count } => {
                let Some(channel) = self.peers.told_of(event_loop, *sender) else { return true };
                if let Some(worker) = &mut self.worker {
                    self.ready |= worker.published(channel, *count);
                }
                false
            }
            Event::Failed { sender, .. } => {
                let Some(channel) = self.peers.told_of(event_loop, *sender) else { return true };
                self.peers.close(event_loop, channel);
                self.port_gone(event_loop, PortId(channel));
                false
            }
            _ => true,
        });
        self.ready
    }

    /// User code has run: whatever it needs is asked for.
    pub fn end_turn(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        let mut actions = std::mem::take(&mut self.actions);
        self.submitter.end_turn(&mut actions);
        self.perform(event_loop, actions)
    }

    /// The loop is about to sleep: what this port does not need is given back.
    pub fn before_sleep(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        let mut actions = std::mem::take(&mut self.actions);
        self.submitter.before_sleep(&mut actions);
        self.perform(event_loop, actions)?;
        self.worker_sleeps(event_loop)
    }

    fn tell_agent(&mut self, event_loop: &mut EventLoop, message: ToAgent) -> Result<(), Error> {
        self.tell_agent_with(event_loop, message, &[], &Carried::default())
    }

    fn tell_agent_with(
        &mut self,
        event_loop: &mut EventLoop,
        message: ToAgent,
        attachment: &[u8],
        ends: &Carried,
    ) -> Result<(), Error> {
        let record = wire::write_control(&wire::Control::Agent(message), attachment);
        // An agent that is gone has taken its session along: whoever waits is told by the runtime.
        self.post(event_loop, self.agent.0, (wire::tag::CONTROL, &record, ends), None)?;
        Ok(())
    }

    /// Sends a record to another port; it may be the answer of a run. False if it waits for room: then the run is over when it has got some.
    /// True also if nobody is there any more.
    fn post(
        &mut self,
        event_loop: &mut EventLoop,
        channel: u64,
        (tag, record, ends): (u32, &[u8], &Carried),
        answers: Option<Run>,
    ) -> Result<bool, Error> {
        let sent = self.peers.send(event_loop, channel, tag, record, ends)?;
        let Some(worker) = &mut self.worker else { return Ok(true) };
        match sent {
            Ok(Sent::Queued(_)) => {
                worker.waits(channel, answers);
                return Ok(false);
            }
            Ok(Sent::Now | Sent::Enough) => {}
            Err(Gone) => self.port_gone(event_loop, PortId(channel)),
        }
        Ok(true)
    }
}
