//! A port's calls, from being submitted until they are settled.

use crate::ids::{ActorId, Attempt, CallId, Cpus, Inbox, Lease, PortId, WorkerNo};
use crate::message::{DeathCause, ToAgent, ToPort, WorkerEnd};

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
        /// True if it may have run.
        may_have_run: bool,
        /// How often the actor may still come back: 0 if it is dead; `None`: always.
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

/// What a submitter wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this call now, with the payload that the submitter has of it ([`Submitter::payload`]).
    Send(Route),
    /// A call fails; its name is free from now on.
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

/// The calls of one port. `P` is what a call carries; it is kept as long as it may have to be sent again.
#[derive(Debug)]
pub struct Submitter<P> {
    me: PortId,
    payload: Option<P>,
}

impl<P> Submitter<P> {
    /// Of the port that is reached there.
    #[must_use]
    pub fn new(me: PortId) -> Self {
        Self { me, payload: None }
    }

    /// Submits a call. If it is to be sent now, the caller has its payload at hand; the submitter asks for one of its own if it has to keep
    /// it: because it waits, or may have to be sent again.
    pub fn submit(
        &mut self,
        target: Target,
        policy: Policy,
        keep: impl FnOnce() -> P,
        actions: &mut Vec<Action>,
    ) -> Result<Submitted, Refused> {
        todo!()
    }

    /// Submits a call that waits for its arguments, in its place among the others. [`Submitter::ready`] must follow, or [`Submitter::cancel`].
    pub fn submit_waiting(&mut self, target: Target, policy: Policy, actions: &mut Vec<Action>) -> Result<CallId, Refused> {
        todo!()
    }

    /// The arguments of a waiting call are there. Nothing happens if it was settled meanwhile.
    pub fn ready(&mut self, call: CallId, payload: P, actions: &mut Vec<Action>) {
        todo!()
    }

    /// What this call carries, if it has to be sent.
    #[must_use]
    pub fn payload(&self, call: CallId) -> Option<&P> {
        todo!()
    }

    /// A reply has come, for this try of the call.
    pub fn reply(&mut self, attempt: Attempt, reply: Reply, actions: &mut Vec<Action>) -> Replied {
        todo!()
    }

    /// Gives a call up: true if it was not settled. It fails at once; where it runs it is told so.
    pub fn cancel(&mut self, call: CallId, actions: &mut Vec<Action>) -> bool {
        todo!()
    }

    /// Where a call was sent to, if it was: for one that is cancelled by force.
    #[must_use]
    pub fn lease(&self, call: CallId) -> Option<Lease> {
        todo!()
    }

    /// A message from the agent; those that are for others are ignored. Everything that the dead have sent must have been brought before by
    /// [`Submitter::reply`].
    pub fn told(&mut self, message: &ToPort, actions: &mut Vec<Action>) {
        todo!()
    }

    /// The port's code has run: asks for the workers that it needs.
    pub fn end_turn(&mut self, actions: &mut Vec<Action>) {
        todo!()
    }

    /// The port is about to sleep: gives back the workers that it does not need.
    pub fn before_sleep(&mut self, actions: &mut Vec<Action>) {
        todo!()
    }

    /// Nobody has a handle of this actor here any more.
    pub fn forget_actor(&mut self, actor: ActorId, actions: &mut Vec<Action>) {
        todo!()
    }

    /// True while a call is not settled.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        todo!()
    }
}
