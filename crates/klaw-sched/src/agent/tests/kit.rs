//! A node in a test: small numbers, and words for what happens most.

use super::invariants::Witness;
use crate::agent::{Agent, Input, Output, Resources};
use crate::ids::{ActorId, Attempt, CallId, Cpus, Inbox, Lease, PortId, Time, WorkerNo};
use crate::message::{ActorName, ActorOptions, ActorState, Exit, ToAgent, ToPort, WorkerEnd};

pub(super) const A: PortId = PortId(1);
pub(super) const B: PortId = PortId(2);
pub(super) const ONE: Cpus = Cpus::ONE;
pub(super) const IDLE_MS: u64 = 1_000;
pub(super) const START_MS: u64 = 5_000;

/// The agent of a node, and the time there. Every step is looked at by a witness.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) agent: Agent,
    pub(super) now: u64,
    witness: Witness,
}

pub(super) fn node(cpus: u32) -> Node {
    few(cpus, 8)
}

/// A node with so many processes at most.
pub(super) fn few(cpus: u32, max_workers: usize) -> Node {
    Node::new(Resources { cpus: Cpus(cpus * ONE.0), spare_workers: 0, max_workers, idle_ms: IDLE_MS })
}

impl Node {
    pub(super) fn new(resources: Resources) -> Self {
        Self { agent: Agent::new(resources), now: 0, witness: Witness::default() }
    }

    pub(super) fn give(&mut self, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.witness.hear(&input);
        self.agent.handle(Time(self.now), input, &mut outputs);
        self.witness.look(&self.agent, Time(self.now), &outputs);
        outputs
    }

    pub(super) fn tell(&mut self, message: ToAgent) -> Vec<Output> {
        self.give(Input::Message(message))
    }

    /// Lets so much time pass.
    pub(super) fn pass(&mut self, ms: u64) -> Vec<Output> {
        self.now += ms;
        self.give(Input::Tick)
    }

    pub(super) fn demand(&mut self, port: PortId, count: u32) -> Vec<Output> {
        self.tell(ToAgent::Demand { port, cpus: ONE, count })
    }

    /// The process is there, and says hello.
    pub(super) fn ready(&mut self, no: u64) -> Vec<Output> {
        let mut outputs = self.give(Input::WorkerStarted { worker: WorkerNo(no), pid: pid(no) });
        outputs.extend(self.tell(ToAgent::Hello { worker: WorkerNo(no), port: port(no), inbox: inbox(no) }));
        outputs
    }

    pub(super) fn ended(&mut self, no: u64, how: Exit) -> Vec<Output> {
        self.ended_with(no, how, Vec::new())
    }

    pub(super) fn ended_with(&mut self, no: u64, how: Exit, started: Vec<(PortId, Attempt)>) -> Vec<Output> {
        self.give(Input::WorkerEnded { worker: WorkerNo(no), end: end(no, how), started })
    }

    /// An actor of port A.
    pub(super) fn create(&mut self, number: u64, options: ActorOptions) -> Vec<Output> {
        self.tell(ToAgent::CreateActor { actor: actor(number), options })
    }

    pub(super) fn constructed(&mut self, lease: u64) -> Vec<Output> {
        self.tell(ToAgent::Constructed { lease: Lease(lease), error: None })
    }

    /// The actor 1, alive in worker 1 by lease 1.
    pub(super) fn alive(&mut self, options: ActorOptions) -> Vec<Output> {
        self.create(1, options);
        self.ready(1);
        self.constructed(1)
    }

    pub(super) fn kill(&mut self, number: u64, no_restart: bool) -> Vec<Output> {
        self.tell(ToAgent::Kill { actor: actor(number), no_restart })
    }

    pub(super) fn terminate(&mut self, number: u64, grace_ms: u64) -> Vec<Output> {
        self.tell(ToAgent::Terminate { actor: actor(number), grace_ms })
    }
}

pub(super) fn pid(no: u64) -> u32 {
    u32::try_from(no).unwrap() + 3_000
}

/// The port of this worker.
pub(super) fn port(no: u64) -> PortId {
    PortId(no + 1_000)
}

pub(super) fn inbox(no: u64) -> Inbox {
    Inbox(no + 2_000)
}

pub(super) fn end(no: u64, how: Exit) -> WorkerEnd {
    WorkerEnd { pid: pid(no), how, last_lines: Vec::new() }
}

pub(super) fn actor(number: u64) -> ActorId {
    ActorId { owner: A, number }
}

pub(super) fn attempt(call: u32) -> Attempt {
    Attempt { call: CallId(call), number: 0 }
}

pub(super) fn options() -> ActorOptions {
    ActorOptions {
        label: String::new(),
        name: None,
        get_if_exists: false,
        max_restarts: Some(0),
        placement_cpus: ONE,
        running_cpus: Cpus(0),
        start_timeout_ms: START_MS,
    }
}

pub(super) fn restarting(max: u32) -> ActorOptions {
    ActorOptions { max_restarts: Some(max), ..options() }
}

pub(super) fn name(name: &str) -> ActorName {
    ActorName { namespace: "space".to_owned(), name: name.to_owned() }
}

pub(super) fn named(what: &str) -> ActorOptions {
    ActorOptions { name: Some(name(what)), ..options() }
}

/// What a port is told when it gets this worker.
pub(super) fn leased(lease: u64, to: PortId, no: u64) -> Output {
    let (worker, port, inbox) = (WorkerNo(no), port(no), inbox(no));
    Output::Send(to, ToPort::Leased { lease: Lease(lease), cpus: ONE, worker, port, inbox })
}

pub(super) fn lease_ended(lease: u64, to: PortId, end: Option<WorkerEnd>, started: Vec<Attempt>) -> Output {
    Output::Send(to, ToPort::LeaseEnded { lease: Lease(lease), end, started })
}

pub(super) fn construct(lease: u64, no: u64, number: u64, restarts: u32) -> Output {
    Output::Send(port(no), ToPort::Construct { lease: Lease(lease), actor: actor(number), restarts })
}

pub(super) fn reclaim(lease: u64, no: u64) -> Output {
    Output::Send(port(no), ToPort::Reclaim { lease: Lease(lease) })
}

pub(super) fn finish(lease: u64, no: u64) -> Output {
    Output::Send(port(no), ToPort::Finish { lease: Lease(lease) })
}

pub(super) fn is(to: PortId, number: u64, state: ActorState) -> Output {
    Output::Send(to, ToPort::ActorIs { actor: actor(number), state })
}

pub(super) fn start(no: u64) -> Output {
    Output::StartWorker(WorkerNo(no))
}

pub(super) fn kill(no: u64) -> Output {
    Output::KillWorker(WorkerNo(no))
}

pub(super) fn stop(no: u64) -> Output {
    Output::StopWorker(WorkerNo(no))
}

pub(super) fn drop_creation(number: u64) -> Output {
    Output::DropCreation(actor(number))
}
