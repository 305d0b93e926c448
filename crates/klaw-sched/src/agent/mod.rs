//! A node's agent: workers, leases, actors, names and restarts.
//!
//! **Who gets a worker.** Actors before tasks, in the order in which they began to wait. Among tasks, the port that has the fewest
//! leases, then the one that has waited longest. What would do for one that waits, once others let go, is kept for it. If
//! nobody lets go by himself, workers are asked: those of the port that has most, and no more than others need.
//!
//! **CPUs.** A lease takes them from the pool, whether it is a task's or an actor's. One that is blocked gives them back, and takes them again
//! when it goes on, also if that is more than there is: then nothing is lent until enough was returned.
//!
//! **A worker is an actor's from the moment that it is started for it**, so that it is clear which actor a start that fails was for. Tasks
//! get any worker that is idle.
//!
//! **The dead.** Whoever drives the agent brings all that a process has sent before it says that the process has ended. What comes of a port
//! later than that is ignored.

mod actors;
mod demands;
mod endings;
mod leases;
mod lives;
mod place;
mod processes;
mod recent;
mod stock;
mod tasks;
#[cfg(test)]
mod tests;
mod timers;
mod turn;
mod watching;
mod workers;

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{ActorId, Attempt, Cpus, PortId, Time, WorkerNo};
use crate::message::{ActorName, DeathCause, ToAgent, ToPort, WorkerEnd};
use actors::{Actor, Death, Started};
use demands::Demands;
use leases::Leases;
use recent::Recent;
use timers::{Timer, Timers};
use turn::Turn;
use workers::{Reach, Workers};

pub use endings::NO_HANDLES_GRACE_MS;

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// All CPUs of the node.
    pub cpus: Cpus,
    /// Workers that are kept started and idle once the first one was needed.
    pub spare_workers: usize,
    /// Processes at most.
    pub max_workers: usize,
    /// How long a worker beyond what `cpus` and `spare_workers` need is kept idle, in milliseconds.
    pub idle_ms: u64,
}

/// What happens to the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A message.
    Message(ToAgent),
    /// A worker that was to be started has this process.
    WorkerStarted {
        /// Which.
        worker: WorkerNo,
        /// Its process id.
        pid: u32,
    },
    /// A worker's process has ended, or could not be started.
    WorkerEnded {
        /// Which.
        worker: WorkerNo,
        /// How.
        end: WorkerEnd,
        /// What its run table had.
        started: Vec<(PortId, Attempt)>,
    },
    /// Nobody has a handle of this actor any more: it ends, and has [`NO_HANDLES_GRACE_MS`] for what it has got.
    HandlesGone {
        /// Which.
        actor: ActorId,
    },
    /// A port that is no worker's of this agent is gone.
    PortGone {
        /// Which.
        port: PortId,
    },
    /// Time has passed: [`Agent::deadline`] is over.
    Tick,
}

/// What the agent wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Start a process.
    StartWorker(WorkerNo),
    /// Kill it, with everything that it has started.
    KillWorker(WorkerNo),
    /// Ask it to end; it is idle.
    StopWorker(WorkerNo),
    /// Send a message. With a [`ToPort::Construct`] goes what makes the actor.
    Send(PortId, ToPort),
    /// What makes this actor is not needed any more.
    DropCreation(ActorId),
}

/// The agent of a node.
#[derive(Debug)]
pub struct Agent {
    resources: Resources,
    workers: Workers,
    leases: Leases,
    /// Leases that were yielded and not returned yet: calls of them may be on their way to the worker.
    yielded: BTreeMap<crate::ids::Lease, (WorkerNo, PortId)>,
    demands: Demands,
    actors: BTreeMap<ActorId, Actor>,
    /// Actors that have no worker, the one that has waited longest first.
    waiting: VecDeque<ActorId>,
    names: BTreeMap<ActorName, ActorId>,
    dead: Recent<ActorId, Death>,
    gone: Recent<PortId, ()>,
    timers: Timers,
}

impl Agent {
    /// Of a node that has this.
    #[must_use]
    pub fn new(resources: Resources) -> Self {
        Self {
            resources,
            workers: Workers::default(),
            yielded: BTreeMap::new(),
            leases: Leases::new(resources.cpus),
            demands: Demands::default(),
            actors: BTreeMap::new(),
            waiting: VecDeque::new(),
            names: BTreeMap::new(),
            dead: Recent::new(),
            gone: Recent::new(),
            timers: Timers::default(),
        }
    }

    /// Something has happened.
    pub fn handle(&mut self, now: Time, input: Input, outputs: &mut Vec<Output>) {
        let turn = &mut Turn { now, outputs };
        match input {
            Input::Message(message) => self.told(message, turn),
            Input::WorkerStarted { worker, pid } => {
                if let Some(worker) = self.workers.get_mut(worker) {
                    worker.pid = pid;
                }
            }
            Input::WorkerEnded { worker, end, started } => {
                self.worker_ended(worker, end, Started(started), turn);
            }
            Input::HandlesGone { actor } => {
                self.terminate(actor, DeathCause::NoHandles, NO_HANDLES_GRACE_MS, turn);
            }
            Input::PortGone { port } => self.port_gone(port, turn),
            Input::Tick => self.tick(turn),
        }
        self.place(turn);
    }

    /// When [`Input::Tick`] has to come, unless something else comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.timers.first()
    }

    fn told(&mut self, message: ToAgent, turn: &mut Turn) {
        match message {
            ToAgent::Hello { worker, port, inbox } => self.hello(worker, Reach { port, inbox }, turn),
            ToAgent::Demand { port, cpus, count } => self.demand(port, cpus, count),
            ToAgent::Return { lease } => self.returned(lease, turn),
            ToAgent::Yielded { lease } => self.yielded(lease, turn),
            ToAgent::Blocked { lease } => self.leases.set_blocked(lease, true),
            ToAgent::Unblocked { lease } => self.leases.set_blocked(lease, false),
            ToAgent::CreateActor { actor, options } => self.create(actor, options, turn),
            ToAgent::Constructed { lease, error } => self.constructed(lease, error, turn),
            ToAgent::Watch { port, actor } => self.watch(port, actor, turn),
            ToAgent::Unwatch { port, actor } => self.unwatch(port, actor),
            ToAgent::Find { port, request, name } => self.find(port, request, &name, turn),
            ToAgent::Kill { actor, no_restart } => self.kill(actor, no_restart, turn),
            ToAgent::Terminate { actor, grace_ms } => {
                self.terminate(actor, DeathCause::Terminated, grace_ms, turn);
            }
            ToAgent::KillLease { lease } => self.kill_lease(lease, turn),
        }
    }

    fn tick(&mut self, turn: &mut Turn) {
        while let Some(timer) = self.timers.take_due(turn.now) {
            match timer {
                Timer::Start(actor) => self.start_over(actor, turn),
                Timer::Grace(actor) => self.grace_over(actor, turn),
                // What waits for these is looked at after every input.
                Timer::Idle | Timer::Retry => {}
            }
        }
    }
}
