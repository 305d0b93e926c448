//! What comes back for a call, and what a submitter wants done.

use super::Route;
use crate::ids::{ActorId, CallId, PortId};
use crate::message::{DeathCause, ToAgent, WorkerEnd};

/// What came back for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It has returned.
    Value,
    /// It has thrown.
    Error,
    /// It was sent back unopened.
    Bounced,
}

/// What has to be done about a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replied {
    /// The reply settles the call: tell whoever waits. The call's name is free from now on.
    Settles,
    /// Nobody waits for it: it was cancelled, or is tried again, or never was.
    Ignored,
}

/// Why a call fails without a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was cancelled.
    Cancelled,
    /// Its actor's process has ended while it may have run, and it is not tried again; or the actor is dead.
    ActorDied {
        /// Which.
        actor: ActorId,
        /// Why it is dead, or what its process ended by.
        cause: DeathCause,
        /// True if it may have run, in this try or an earlier one.
        may_have_run: bool,
        /// How often the actor may still come back, with the time that has begun: 0 if it is dead; `None`: always.
        restarts_left: Option<u32>,
    },
    /// Its actor is being restarted, and it was not to wait.
    ActorUnavailable {
        /// Which.
        actor: ActorId,
    },
    /// The process that ran the task has ended, and it is not tried again.
    WorkerCrashed {
        /// How.
        end: WorkerEnd,
    },
}

/// What a submitter wants done, in this order, and before anything else is asked of it: a call that was cancelled in between would have
/// no payload left to be sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this call now, with the payload that the submitter has of it ([`Submitter::payload`](super::Submitter::payload)).
    Send(Route),
    /// A call fails; its face can forget it. The name comes again only when nothing of the call can come any more: a cancelled one may
    /// still run.
    Fail(CallId, Failure),
    /// A message for the agent.
    Tell(ToAgent),
    /// Tell that worker that the call was cancelled.
    Cancel {
        /// Where.
        port: PortId,
        /// Which.
        call: CallId,
    },
}
