//! What is asked of a submitter, and its answers.

use crate::ids::{ActorId, Attempt, CallId, Cpus, Inbox, Lease, WorkerNo};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Any worker.
    Task {
        /// What it needs while it runs.
        cpus: Cpus,
    },
    /// One actor.
    Actor {
        /// Which.
        actor: ActorId,
        /// Its calls start in the order in which they were submitted, also when one has to wait for its arguments.
        ordered: bool,
    },
}

/// What happens when a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// How often it is tried again after it may have run, by the death of its process or by an error if `retry_errors`. `None`: always.
    pub max_retries: Option<u32>,
    /// Errors that it throws are reasons to try again.
    pub retry_errors: bool,
    /// Calls to an actor that is being restarted fail, instead of waiting for it.
    pub fail_while_restarting: bool,
    /// Unsettled calls of this port to the same actor, this one included; more are refused. `None`: no limit.
    pub max_pending: Option<u32>,
}

/// Where a call is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The channel.
    pub inbox: Inbox,
    /// The lease that it names.
    pub lease: Lease,
    /// The worker there, if it runs tasks: it may have to be told what the task is.
    pub worker: Option<WorkerNo>,
    /// Which try of the call it is.
    pub attempt: Attempt,
}

/// A submitted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// Its name until it is settled.
    pub call: CallId,
    /// To be sent now, there. `None`: it waits, with its payload.
    pub send: Option<Route>,
}

/// A call that was not submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many as allowed are not settled yet.
    PendingLimit {
        /// How many that is.
        limit: u32,
    },
    /// There are 2^20 calls of this port.
    TooMany,
}
