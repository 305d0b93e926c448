//! What is said about calls that fail.

use klaw_sched::message::{DeathCause, Exit, WorkerEnd};
use klaw_sched::submit::{Failure, Refused};

use super::{Detail, Error};

type Details = Vec<(&'static str, Detail)>;

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Call { refused }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::CallFailed { failure: Box::new(failure) }
    }
}

pub(super) fn refusal(refused: Refused) -> String {
    match refused {
        Refused::PendingLimit { limit } => format!(
            "{limit} calls to this actor are not settled, which is as many as maxPendingCalls allows: await some first"
        ),
        Refused::TooMany => "2^20 calls of this thread are not settled: await some first".to_owned(),
    }
}

pub(super) fn failure_code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Cancelled => "ERR_KLAW_TASK_CANCELLED",
        Failure::ActorDied { .. } => "ERR_KLAW_ACTOR_DIED",
        Failure::ActorUnavailable { .. } => "ERR_KLAW_ACTOR_UNAVAILABLE",
        Failure::WorkerCrashed { .. } => "ERR_KLAW_WORKER_CRASHED",
    }
}

pub(super) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Cancelled => "the call was cancelled".to_owned(),
        Failure::ActorDied { cause, may_have_run, restarts_left, .. } => {
            let run = if *may_have_run { "this call may have run" } else { "this call did not start" };
            let back = if *restarts_left == Some(0) { "" } else { "; the actor comes back" };
            format!("{}; {run}{back}", death(cause))
        }
        Failure::ActorUnavailable { .. } => {
            "the actor is being restarted, and the call was not to wait for it (whileRestarting)".to_owned()
        }
        Failure::WorkerCrashed { end } => {
            format!("the process that ran this task {}; it may be tried again with maxRetries", ended(end))
        }
    }
}

/// Why an actor is dead.
pub(super) fn death(cause: &DeathCause) -> String {
    match cause {
        DeathCause::ProcessEnded(end) => format!("the actor's process {}", ended(end)),
        DeathCause::Constructor(_) => "the actor's constructor has thrown; its error is the cause".to_owned(),
        DeathCause::Killed => "the actor was killed".to_owned(),
        DeathCause::Terminated => "the actor was terminated".to_owned(),
        DeathCause::NoHandles => "the actor has ended, as nobody had a handle of it any more".to_owned(),
        DeathCause::OwnerDied => "the actor has ended with the process that had made it".to_owned(),
        DeathCause::Unschedulable => {
            "the actor needs more CPUs than there are: give init() more (numCpus), or the actor less"
                .to_owned()
        }
        DeathCause::Unknown => "the actor has ended long ago, or never was in this session".to_owned(),
    }
}

fn ended(end: &WorkerEnd) -> String {
    match &end.how {
        Exit::Code(code) => format!("(pid {}) has exited with code {code}", end.pid),
        Exit::Signal(signal) => format!("(pid {}) was killed by signal {signal}", end.pid),
        Exit::NotReady => {
            format!("(pid {}) was not ready in time and was killed (startTimeoutMs)", end.pid)
        }
        Exit::NotStarted(reason) => format!("could not be started: {reason}"),
    }
}

pub(super) fn failure_details(failure: &Failure) -> Details {
    match failure {
        Failure::Cancelled | Failure::ActorUnavailable { .. } => Vec::new(),
        Failure::ActorDied { cause, may_have_run, restarts_left, .. } => {
            let mut details = death_details(cause);
            details.push(("mayHaveRun", Detail::Flag(*may_have_run)));
            if let Some(left) = restarts_left {
                details.push(("restartsLeft", (*left).into()));
            }
            details
        }
        Failure::WorkerCrashed { end } => end_details(end),
    }
}

pub(super) fn death_details(cause: &DeathCause) -> Details {
    let name = match cause {
        DeathCause::ProcessEnded(_) => "process-ended",
        DeathCause::Constructor(_) => "constructor",
        DeathCause::Killed => "killed",
        DeathCause::Terminated => "terminated",
        DeathCause::NoHandles => "no-handles",
        DeathCause::OwnerDied => "owner-died",
        DeathCause::Unschedulable => "unschedulable",
        DeathCause::Unknown => "unknown",
    };
    let mut details = match cause {
        DeathCause::ProcessEnded(end) => end_details(end),
        _ => Vec::new(),
    };
    details.push(("reason", name.into()));
    details
}

fn end_details(end: &WorkerEnd) -> Details {
    let mut details = vec![("pid", end.pid.into()), ("lastLogLines", Detail::Lines(end.last_lines.clone()))];
    match &end.how {
        Exit::Code(code) => details.push(("exitCode", u64::from(code.unsigned_abs()).into())),
        Exit::Signal(signal) => details.push(("signal", u64::from(signal.unsigned_abs()).into())),
        Exit::NotReady => details.push(("timedOut", Detail::Flag(true))),
        Exit::NotStarted(reason) => details.push(("notStarted", reason.as_str().into())),
    }
    details
}
