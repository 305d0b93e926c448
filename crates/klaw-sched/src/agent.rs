//! A node's agent: workers, leases, actors, names and restarts.

use crate::ids::{ActorId, Attempt, Cpus, PortId, Time, WorkerNo};
use crate::message::{ActorOptions, ToAgent, ToPort, WorkerEnd};

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
    /// Nobody has a handle of this actor any more.
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
}

impl Agent {
    /// Of a node that has this.
    #[must_use]
    pub fn new(resources: Resources) -> Self {
        Self { resources }
    }

    /// Something has happened.
    pub fn handle(&mut self, now: Time, input: Input, outputs: &mut Vec<Output>) {
        todo!()
    }

    /// When [`Input::Tick`] has to come, unless something else comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        todo!()
    }
}
