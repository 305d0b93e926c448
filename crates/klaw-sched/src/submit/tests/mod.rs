//! What a submitter does about each thing that can happen to it.

mod any_order;
mod cancel;
mod deaths;
mod leases;
mod order;
mod pending;
mod retries;

use super::*;
use crate::ids::{Cpus, Inbox, WorkerNo};
use crate::message::{ActorState, DeathCause, EndedLife, Exit, ToAgent, WorkerEnd};

const ME: PortId = PortId(1);
const ACTOR: ActorId = ActorId { owner: ME, number: 7 };
const TO_ACTOR: Target = Target::Actor { actor: ACTOR, ordered: true };
const TO_LOOSE_ACTOR: Target = Target::Actor { actor: ACTOR, ordered: false };
const TASK: Target = Target::Task { cpus: Cpus::ONE };
const NEVER_AGAIN: Policy =
    Policy { max_retries: Some(0), retry_errors: false, fail_while_restarting: false, max_pending: None };

/// A submitter whose calls carry their number, and what it wants done.
struct Desk {
    submitter: Submitter<u32>,
    actions: Vec<Action>,
    submitted: u32,
}

impl Desk {
    fn new() -> Self {
        Self { submitter: Submitter::new(ME), actions: Vec::new(), submitted: 0 }
    }

    fn submit(&mut self, target: Target, policy: Policy) -> Submitted {
        self.submitted += 1;
        let number = self.submitted;
        self.submitter.submit(target, policy, || number, &mut self.actions).unwrap()
    }

    /// Submits a call that must be sent at once.
    fn sent(&mut self, target: Target, policy: Policy) -> Route {
        self.submit(target, policy).send.unwrap()
    }

    /// Submits a call that must wait.
    fn queued(&mut self, target: Target, policy: Policy) -> CallId {
        let submitted = self.submit(target, policy);
        assert_eq!(submitted.send, None);
        submitted.call
    }

    fn waiting(&mut self, target: Target, policy: Policy) -> CallId {
        self.submitter.submit_waiting(target, policy, &mut self.actions).unwrap()
    }

    fn ready(&mut self, call: CallId) -> Vec<Action> {
        self.submitter.ready(call, 0, &mut self.actions);
        self.actions()
    }

    fn told(&mut self, message: &ToPort) -> Vec<Action> {
        self.submitter.told(message, &mut self.actions);
        self.actions()
    }

    fn actor_is(&mut self, state: ActorState) -> Vec<Action> {
        self.told(&ToPort::ActorIs { actor: ACTOR, state })
    }

    fn reply(&mut self, attempt: Attempt, reply: Reply) -> (Replied, Vec<Action>) {
        let replied = self.submitter.reply(attempt, reply, &mut self.actions);
        (replied, self.actions())
    }

    fn cancel(&mut self, call: CallId) -> (bool, Vec<Action>) {
        let cancelled = self.submitter.cancel(call, &mut self.actions);
        (cancelled, self.actions())
    }

    fn end_turn(&mut self) -> Vec<Action> {
        self.submitter.end_turn(&mut self.actions);
        self.actions()
    }

    fn before_sleep(&mut self) -> Vec<Action> {
        self.submitter.before_sleep(&mut self.actions);
        self.actions()
    }

    /// What was asked for since the last look.
    fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// One whose actor is alive by this lease, and has been told so.
    fn with_actor(lease: u64, restarts_left: Option<u32>) -> Self {
        let mut desk = Self::new();
        let first = desk.queued(TO_ACTOR, Policy::default());
        desk.actor_is(alive(lease, 0, restarts_left));
        desk.reply(attempt(first, 0), Reply::Value);
        desk
    }

    /// One that has these leases for tasks.
    fn with_leases(leases: &[u64]) -> Self {
        let mut desk = Self::new();
        for lease in leases {
            desk.told(&leased(*lease));
        }
        desk
    }
}

fn attempt(call: CallId, number: u16) -> Attempt {
    Attempt { call, number }
}

fn watch() -> Action {
    Action::Tell(ToAgent::Watch { port: ME, actor: ACTOR })
}

fn unwatch() -> Action {
    Action::Tell(ToAgent::Unwatch { port: ME, actor: ACTOR })
}

fn demand(count: u32) -> Action {
    Action::Tell(ToAgent::Demand { port: ME, cpus: Cpus::ONE, count })
}

fn give_back(lease: u64) -> Action {
    Action::Tell(ToAgent::Return { lease: Lease(lease) })
}

fn alive(lease: u64, restarts: u32, restarts_left: Option<u32>) -> ActorState {
    let (port, inbox) = (PortId(1_000 + lease), Inbox(2_000 + lease));
    ActorState::Alive { lease: Lease(lease), port, inbox, pid: 1, restarts, restarts_left }
}

fn starting(restarts: u32, ended: Option<EndedLife>) -> ActorState {
    ActorState::Starting { restarts, ended }
}

fn dead(ended: Option<EndedLife>) -> ActorState {
    ActorState::Dead { cause: DeathCause::Killed, ended }
}

fn ended(lease: u64, started: &[Attempt]) -> EndedLife {
    EndedLife { lease: Lease(lease), end: killed(), started: started.to_vec() }
}

fn killed() -> WorkerEnd {
    WorkerEnd { pid: 1, how: Exit::Signal(9), last_lines: Vec::new() }
}

fn leased(lease: u64) -> ToPort {
    ToPort::Leased {
        lease: Lease(lease),
        cpus: Cpus::ONE,
        worker: WorkerNo(lease),
        port: PortId(1_000 + lease),
        inbox: Inbox(2_000 + lease),
    }
}

fn lease_ended(lease: u64, end: Option<WorkerEnd>, started: &[Attempt]) -> ToPort {
    ToPort::LeaseEnded { lease: Lease(lease), end, started: started.to_vec() }
}

/// Which tries are sent, in their order.
fn sends(actions: &[Action]) -> Vec<Attempt> {
    let send = |action: &Action| match action {
        Action::Send(route) => Some(route.attempt),
        _ => None,
    };
    actions.iter().filter_map(send).collect()
}

fn actor_died(call: CallId, cause: DeathCause, may_have_run: bool, restarts_left: Option<u32>) -> Action {
    Action::Fail(call, Failure::ActorDied { actor: ACTOR, cause, may_have_run, restarts_left })
}

fn unavailable(call: CallId) -> Action {
    Action::Fail(call, Failure::ActorUnavailable { actor: ACTOR })
}
