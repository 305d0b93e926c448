//! What ports, workers and the agent tell each other. Calls and their replies have a form of their own, see klaw-core.
//!
//! Messages from one sender to one receiver arrive in their order; nothing else is ordered, and nothing is lost unless one of the two
//! dies. Whoever sends to the dead is told by the agent.

use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, Attempt, CallId, Cpus, Inbox, Lease, PortId, WorkerNo};

/// To the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToAgent {
    /// A worker's first word: it can be lent.
    Hello {
        /// Which.
        worker: WorkerNo,
        /// Where it is told things.
        port: PortId,
        /// Where it takes calls.
        inbox: Inbox,
    },
    /// A port wants this many workers for tasks that need `cpus` each, beside those that it has. Replaces what it wanted before of the
    /// same kind.
    Demand {
        /// Who.
        port: PortId,
        /// What each of these tasks needs.
        cpus: Cpus,
        /// How many.
        count: u32,
    },
    /// A port needs a task worker no longer; none of its calls is there any more.
    Return {
        /// Which.
        lease: Lease,
    },
    /// A worker has let a task lease go, as [`ToPort::Reclaim`] asked; calls of it are sent back from now on.
    Yielded {
        /// Which.
        lease: Lease,
    },
    /// What runs in a worker only waits for results of other calls: its CPUs are free meanwhile.
    Blocked {
        /// Which.
        lease: Lease,
    },
    /// It runs again.
    Unblocked {
        /// Which.
        lease: Lease,
    },
    /// Make an actor. What makes it (definition and arguments) goes along beside this message, and the agent keeps it as long as the actor
    /// may be started again. So does an end that says when nobody has a handle any more.
    CreateActor {
        /// Its id, chosen by its owner.
        actor: ActorId,
        /// How it is to live.
        options: ActorOptions,
    },
    /// A worker has run the constructor, or that has failed.
    Constructed {
        /// Its actor's lease.
        lease: Lease,
        /// The encoded error. An actor whose constructor throws is dead; it is not tried again.
        error: Option<Vec<u8>>,
    },
    /// Tell this port where the actor is, now and whenever that changes. Asking again changes nothing, but is answered again.
    Watch {
        /// Who.
        port: PortId,
        /// What.
        actor: ActorId,
    },
    /// No more of that.
    Unwatch {
        /// Who.
        port: PortId,
        /// What.
        actor: ActorId,
    },
    /// Which actor has this name? Answered by [`ToPort::Found`].
    Find {
        /// Who asks.
        port: PortId,
        /// Comes back with the answer.
        request: u32,
        /// The name.
        name: ActorName,
    },
    /// Kill the actor's process. With `no_restart` it is dead, else that was one of its deaths.
    Kill {
        /// Which.
        actor: ActorId,
        /// It does not come back.
        no_restart: bool,
    },
    /// End the actor once the calls that it has got are done; kill it if that takes longer than `grace_ms`. It does not come back.
    Terminate {
        /// Which.
        actor: ActorId,
        /// In milliseconds.
        grace_ms: u64,
    },
    /// Kill the worker that a call runs in: the call was cancelled by force.
    KillLease {
        /// The lease that it was sent by.
        lease: Lease,
    },
}

/// How an actor is to live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorOptions {
    /// What it is, for people: its class's name.
    pub label: String,
    /// What it can be found by.
    pub name: Option<ActorName>,
    /// If an actor has that name already, the owner's handle is for that one.
    pub get_if_exists: bool,
    /// How often it comes back after a death. `None`: always.
    pub max_restarts: Option<u32>,
    /// What it needs to be started.
    pub placement_cpus: Cpus,
    /// What it needs while it lives.
    pub running_cpus: Cpus,
    /// How long from the start of its process until its constructor has run, in milliseconds.
    pub start_timeout_ms: u64,
}

/// A name within a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ActorName {
    /// Names of different namespaces have nothing to do with each other.
    pub namespace: String,
    /// Not empty.
    pub name: String,
}

/// From the agent to a port, be it a caller's or a worker's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToPort {
    /// A worker for tasks.
    Leased {
        /// The lease that its calls have to name.
        lease: Lease,
        /// The kind of tasks that was asked for.
        cpus: Cpus,
        /// Which worker: a port remembers what it has told it.
        worker: WorkerNo,
        /// Where it is told things.
        port: PortId,
        /// Where it takes calls.
        inbox: Inbox,
    },
    /// A task worker is gone: calls that were sent by this lease get no answer any more beside those that have come already. Or it was
    /// taken back, with no `end`: its calls are being answered or sent back, and the port says [`ToAgent::Return`] once none is out. If
    /// the worker dies before that, the port is told a second time, with the `end`: what was on its way to the worker comes back from
    /// nobody else.
    LeaseEnded {
        /// Which.
        lease: Lease,
        /// Why, if its process has ended.
        end: Option<WorkerEnd>,
        /// Calls of this port that it had begun, and perhaps run. All others never started.
        started: Vec<Attempt>,
    },
    /// Where an actor is.
    ActorIs {
        /// Which.
        actor: ActorId,
        /// Where.
        state: ActorState,
    },
    /// The answer to [`ToAgent::Find`].
    Found {
        /// Of the question.
        request: u32,
        /// The actor, if one has that name.
        actor: Option<ActorId>,
    },
    /// The answer to [`ToAgent::CreateActor`] with a name that is taken.
    NameTaken {
        /// The one that was not made.
        actor: ActorId,
        /// The one that has the name.
        by: ActorId,
    },
    /// To a worker: let this task lease go after the call that runs, and say so.
    Reclaim {
        /// Which.
        lease: Lease,
    },
    /// To a worker: become this actor. What makes it goes along beside this message.
    Construct {
        /// The lease that its calls will name.
        lease: Lease,
        /// Which.
        actor: ActorId,
        /// How often it died before.
        restarts: u32,
    },
    /// To a worker: end once the calls that have arrived are done.
    Finish {
        /// Which actor's.
        lease: Lease,
    },
}

/// Where an actor is in its lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActorState {
    /// Its process is being started, or its constructor runs, for the first time or again.
    Starting {
        /// How often it died before.
        restarts: u32,
        /// Its last life, if it had one that this port had sent calls to.
        ended: Option<EndedLife>,
    },
    /// It takes calls.
    Alive {
        /// The lease that its calls have to name.
        lease: Lease,
        /// Where it is told things.
        port: PortId,
        /// Where it takes calls.
        inbox: Inbox,
        /// Of its process.
        pid: u32,
        /// How often it died before.
        restarts: u32,
        /// How often it may still come back; `None`: always.
        restarts_left: Option<u32>,
    },
    /// It does not come back.
    Dead {
        /// Why.
        cause: DeathCause,
        /// Its last life, if it had one.
        ended: Option<EndedLife>,
    },
}

/// A life of an actor that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedLife {
    /// The lease that its calls named.
    pub lease: Lease,
    /// How its process ended.
    pub end: WorkerEnd,
    /// Calls of this port that it had begun, and perhaps run. All others never started.
    pub started: Vec<Attempt>,
}

/// How a worker's process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerEnd {
    /// Its process id; 0 if there never was one.
    pub pid: u32,
    /// How.
    pub how: Exit,
    /// What it wrote last.
    pub last_lines: Vec<String>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was not ready in time, and was killed.
    NotReady,
    /// It could not be started: the system's reason.
    NotStarted(String),
}

/// Why an actor is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeathCause {
    /// Its process has ended, and it had no restart left.
    ProcessEnded(WorkerEnd),
    /// Its constructor has thrown this (encoded).
    Constructor(Vec<u8>),
    /// [`ToAgent::Kill`] with `no_restart`.
    Killed,
    /// [`ToAgent::Terminate`].
    Terminated,
    /// Nobody had a handle any more.
    NoHandles,
    /// Its owner's process has ended.
    OwnerDied,
    /// It can never be placed: it needs more CPUs than there are.
    Unschedulable,
    /// Nobody knows of it any more.
    Unknown,
}

/// From a caller's port to a worker's port: a call was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Whose call.
    pub port: PortId,
    /// Which.
    pub call: CallId,
}
