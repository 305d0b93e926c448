//! The turns of the agent's thread: what has come is told to the state machine, and what that wants is done.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use klaw_channel::ChannelOptions;
use klaw_sched::agent::{Agent as Scheduler, Input, Output};
use klaw_sched::ids::{ActorId, PortId, Time};
use klaw_sched::message::{ActorOptions, ActorState, DeathCause, ToAgent, ToPort};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::creations::Creations;
use super::messages::{Message, Messages};
use super::processes::Processes;
use super::{Bell, Happening, NodeOptions};
use crate::agent::{Agent, WorkerEvent, WorkerId};
use crate::calls::wire::{Control, WorkerLine, tag, write_control};
use crate::calls::{Gone, Peers, Runs};
use crate::error::Error;
use crate::event_loop::{Arrived, Carried, End, Event, EventLoop, Handle, Sent};
use crate::runtime::Runtime;

/// Messages that one take brings.
const BATCH: usize = 256;

/// Where the agent sits.
pub(super) struct Desk {
    scheduler: Scheduler,
    processes: Processes,
    creations: Creations,
    peers: Peers,
    /// The port that workers' lines go to.
    lines_to: Option<PortId>,
    control: Handle,
    /// Keeps the control channel open while nobody else has a sender.
    _control_sender: Handle,
    port: u64,
    begun: Instant,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// Dropped last.
    event_loop: EventLoop,
}

impl Desk {
    pub(super) fn open(
        runtime: &Arc<Runtime>,
        options: NodeOptions,
        sink: impl Fn(WorkerId, WorkerEvent) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let mut event_loop = runtime.event_loop()?;
        let runs = Runs::create(runtime.node().session())?;
        let channel = ChannelOptions { capacity: 1 << 14, max_bytes: 256 << 20, ..ChannelOptions::default() };
        let (control_sender, control) = event_loop.channel(channel)?;
        event_loop.listen(control)?;
        let port = event_loop.channel_id(End::Receiver(control))?;
        runtime.announce_agent(port)?;
        let session = runtime.address().as_os_str().to_owned();
        let processes = Processes::new(Agent::start(sink)?, options.worker, session, port, runs);
        Ok(Self {
            scheduler: Scheduler::new(options.resources),
            processes,
            creations: Creations::default(),
            peers: Peers::default(),
            lines_to: None,
            control,
            _control_sender: control_sender,
            port,
            begun: Instant::now(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            event_loop,
        })
    }

    pub(super) fn port(&self) -> u64 {
        self.port
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self, happenings: &Receiver<Happening>, bell: &Bell) {
        let mut events = Vec::new();
        loop {
            self.event_loop.begin_turn();
            bell.silence();
            for happening in happenings.try_iter() {
                match happening {
                    Happening::Worker(id, event) => self.worker_event(id, event),
                    Happening::Stop => return,
                }
            }
            if self.scheduler.deadline().is_some_and(|deadline| deadline <= self.now()) {
                self.inputs.push(Input::Tick);
            }
            self.event_loop.pump(&mut events);
            if events.is_empty() && self.inputs.is_empty() {
                self.sleep(bell, &mut events);
            }
            for event in events.drain(..) {
                self.event(&event);
            }
            self.work();
            self.event_loop.end_turn();
        }
    }

    fn sleep(&mut self, bell: &Bell, events: &mut Vec<Event>) {
        self.event_loop.arm();
        self.event_loop.pump(events);
        let mut readable = false;
        if events.is_empty() {
            let wait = self.scheduler.deadline().map(|deadline| deadline.0.saturating_sub(self.now().0));
            let wait = wait.and_then(|wait| Timespec::try_from(Duration::from_millis(wait)).ok());
            let fd = self.event_loop.fd();
            let mut fds = [PollFd::new(&fd, PollFlags::IN), PollFd::new(&bell.fd, PollFlags::IN)];
            // Interrupted: the next turn looks again.
            let _woken = poll(&mut fds, wait.as_ref());
            readable = !fds[0].revents().is_empty();
        }
        self.event_loop.disarm(readable);
    }

    fn now(&self) -> Time {
        Time(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn worker_event(&mut self, id: WorkerId, event: WorkerEvent) {
        let Some(worker) = self.processes.number(id) else { return };
        match event {
            WorkerEvent::Started { pid } => {
                self.processes.has_pid(worker, pid);
                self.inputs.push(Input::WorkerStarted { worker, pid });
            }
            // Its first message says so, and where it listens.
            WorkerEvent::Ready => {}
            WorkerEvent::Line { output, text } => {
                let (pid, label) = self.processes.source(worker);
                let line = WorkerLine::new(pid, label, output, text);
                if let Some(port) = self.lines_to {
                    self.send(port, &Control::Line(line));
                }
            }
            WorkerEvent::Ended { end, last_lines } => {
                // What it has sent is taken before its end is told.
                self.take_messages();
                let (end, started) = self.processes.ended(worker, end, last_lines);
                self.inputs.push(Input::WorkerEnded { worker, end, started });
            }
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Ready(receiver) if *receiver == self.control => {
                self.take_messages();
                let _listens = self.event_loop.listen(self.control);
            }
            Event::Ready(life) => {
                if let Some(actor) = self.creations.handles_gone(&mut self.event_loop, *life) {
                    self.inputs.push(Input::HandlesGone { actor });
                }
            }
            Event::Failed { sender, .. } => {
                if let Some(channel) = self.peers.told_of(&mut self.event_loop, *sender) {
                    self.peers.close(&mut self.event_loop, channel);
                    self.inputs.push(Input::PortGone { port: PortId(channel) });
                }
            }
            Event::Sent { sender, .. } => _ = self.peers.told_of(&mut self.event_loop, *sender),
            Event::Turn => {}
        }
    }

    /// Everything that stands in the control channel.
    fn take_messages(&mut self) {
        let mut taken = Messages::default();
        while matches!(self.event_loop.take(self.control, BATCH, false, &mut taken), Ok(1..)) {}
        let (messages, unwanted) = taken.in_order();
        for Message { control, attachment, ends } in messages {
            match control {
                Control::Agent(ToAgent::CreateActor { actor, options }) => {
                    self.create(actor, options, &attachment, &ends);
                    continue;
                }
                Control::Agent(ToAgent::Hello { worker, port, inbox }) => {
                    self.processes.listens(worker, port);
                    self.inputs.push(Input::Message(ToAgent::Hello { worker, port, inbox }));
                }
                Control::Agent(message) => self.inputs.push(Input::Message(message)),
                Control::LinesTo(port) => self.lines_to = Some(port),
                Control::Port(_) | Control::Cancel(_) | Control::Line(_) => {}
            }
            for end in ends {
                self.event_loop.close_arrived(end);
            }
        }
        for end in unwanted {
            self.event_loop.close_arrived(end);
        }
    }

    fn create(&mut self, actor: ActorId, options: ActorOptions, attachment: &[u8], ends: &[Arrived]) {
        let label = options.label.clone();
        if self.creations.add(&mut self.event_loop, actor, label, attachment, ends).is_ok() {
            self.inputs.push(Input::Message(ToAgent::CreateActor { actor, options }));
        } else {
            let state = ActorState::Dead { cause: DeathCause::Unknown, ended: None };
            self.send(actor.owner, &Control::Port(ToPort::ActorIs { actor, state }));
        }
    }

    /// Tells the scheduler what has happened, and does what it wants, until there is nothing more.
    fn work(&mut self) {
        while !self.inputs.is_empty() {
            let now = self.now();
            for input in std::mem::take(&mut self.inputs) {
                self.scheduler.handle(now, input, &mut self.outputs);
            }
            for output in std::mem::take(&mut self.outputs) {
                self.perform(output);
            }
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::StartWorker(worker) => {
                if let Some(end) = self.processes.start(worker) {
                    self.inputs.push(Input::WorkerEnded { worker, end, started: Vec::new() });
                }
            }
            Output::KillWorker(worker) => self.processes.kill(worker),
            Output::StopWorker(worker) => self.processes.stop(worker),
            Output::DropCreation(actor) => self.creations.drop_bytes(actor),
            Output::Send(port, ToPort::Construct { lease, actor, restarts }) => {
                self.processes.becomes(port, self.creations.label(actor));
                let message = Control::Port(ToPort::Construct { lease, actor, restarts });
                let nothing = Carried::default();
                let (bytes, ends) = self.creations.get(actor).unwrap_or((&[], &nothing));
                let record = write_control(&message, bytes);
                let sent = self.peers.send(&mut self.event_loop, port.0, tag::CONTROL, &record, ends);
                self.gone_unless(&sent, port);
            }
            Output::Send(port, ToPort::Found { request, actor: Some(actor) }) => {
                self.introduce(port, actor, |actor| ToPort::Found { request, actor });
            }
            Output::Send(port, ToPort::NameTaken { actor, by }) => {
                self.introduce(port, by, |_| ToPort::NameTaken { actor, by });
            }
            Output::Send(port, message) => self.send(port, &Control::Port(message)),
        }
    }

    /// Tells about an actor with all that a handle of it needs.
    fn introduce(&mut self, port: PortId, actor: ActorId, message: impl Fn(Option<ActorId>) -> ToPort) {
        let introduced = self.creations.introduce(&mut self.event_loop, actor);
        let message = message(introduced.as_ref().map(|_| actor));
        let (card, ends) = introduced.unwrap_or((&[], Carried::default()));
        let record = write_control(&Control::Port(message), card);
        let sent = self.peers.send(&mut self.event_loop, port.0, tag::CONTROL, &record, &ends);
        self.gone_unless(&sent, port);
    }

    fn send(&mut self, port: PortId, message: &Control) {
        let (record, nothing) = (write_control(message, &[]), Carried::default());
        let sent = self.peers.send(&mut self.event_loop, port.0, tag::CONTROL, &record, &nothing);
        self.gone_unless(&sent, port);
    }

    fn gone_unless(&mut self, sent: &Result<Result<Sent, Gone>, Error>, port: PortId) {
        if !matches!(sent, Ok(Ok(_))) {
            self.inputs.push(Input::PortGone { port });
        }
    }
}
