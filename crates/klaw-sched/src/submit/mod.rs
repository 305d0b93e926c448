//! A port's calls, from being submitted until they are settled.
//!
//! A call waits for its arguments, is queued, is out, or is settled. One that was cancelled while it was out is settled, but keeps its
//! name until nothing of it can come any more. What is out by a lease or to an actor is a list, so that a death costs no look at other
//! calls; what is queued stands in one order, and a call that comes back has its old place in it.

mod actor;
mod actors;
mod calls;
mod class;
mod lives;
mod outcome;
mod request;
mod steps;
mod table;
mod tasks;
#[cfg(test)]
mod tests;

use crate::ids::{ActorId, Attempt, CallId, Lease, PortId};
use crate::message::ToPort;
use actor::Actors;
use calls::{Calls, Home, Stage};
use class::{Class, TaskLease};

pub use outcome::{Action, Failure, Replied, Reply};
pub use request::{Policy, Refused, Route, Submitted, Target};

/// The calls of one port. `P` is what a call carries; it is kept as long as it may have to be sent again.
#[derive(Debug)]
pub struct Submitter<P> {
    me: PortId,
    calls: Calls<P>,
    actors: Actors,
    classes: Vec<Class>,
    /// Counts submissions.
    sequence: u64,
    unsettled: u32,
}

impl<P> Submitter<P> {
    /// Of the port that is reached there.
    #[must_use]
    pub fn new(me: PortId) -> Self {
        Self {
            me,
            calls: Calls::default(),
            actors: Actors::default(),
            classes: Vec::new(),
            sequence: 0,
            unsettled: 0,
        }
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
        match target {
            // A worker that is taken back bounces tasks, so any of them may have to be sent again.
            Target::Task { cpus } => self.submit_task(cpus, policy, keep),
            Target::Actor { actor, ordered } => self.submit_to_actor(actor, ordered, policy, keep, actions),
        }
    }

    /// Submits a call that waits for its arguments, in its place among the others. [`Submitter::ready`] must follow, or
    /// [`Submitter::cancel`].
    pub fn submit_waiting(
        &mut self,
        target: Target,
        policy: Policy,
        actions: &mut Vec<Action>,
    ) -> Result<CallId, Refused> {
        match target {
            Target::Task { cpus } => self.admit_task(cpus, policy).map(|(_, call)| call),
            Target::Actor { actor, ordered } => self.submit_waiting_to_actor(actor, ordered, policy, actions),
        }
    }

    /// The arguments of a waiting call are there. Nothing happens if it was settled meanwhile.
    pub fn ready(&mut self, call: CallId, payload: P, actions: &mut Vec<Action>) {
        let Some(entry) = self.calls.get_mut(call).filter(|entry| entry.stage == Stage::Waiting) else {
            return;
        };
        entry.stage = Stage::Queued;
        entry.payload = Some(payload);
        match entry.home {
            Home::Actor { key, .. } => self.actor_call_ready(key, call, actions),
            Home::Task { class } => self.task_ready(class, call, actions),
        }
    }

    /// What this call carries, if it has to be sent.
    #[must_use]
    pub fn payload(&self, call: CallId) -> Option<&P> {
        self.calls.get(call)?.payload.as_ref()
    }

    /// The same, to be written: a header, say, before what it carries.
    pub fn payload_mut(&mut self, call: CallId) -> Option<&mut P> {
        self.calls.get_mut(call)?.payload.as_mut()
    }

    /// A reply has come, for this try of the call.
    pub fn reply(&mut self, attempt: Attempt, reply: Reply, actions: &mut Vec<Action>) -> Replied {
        let call = attempt.call;
        let entry = self.calls.get(call).filter(|entry| entry.number == attempt.number);
        let Some((entry, lease)) = entry.and_then(|entry| Some((entry, entry.lease()?))) else {
            return Replied::Ignored;
        };
        match entry.home {
            Home::Actor { key, .. } => self.actor_reply(key, call, lease, reply, actions),
            Home::Task { class } => self.task_reply(class, call, lease, reply, actions),
        }
    }

    /// Gives a call up: true if it was not settled. It fails at once; where it runs it is told so.
    pub fn cancel(&mut self, call: CallId, actions: &mut Vec<Action>) -> bool {
        let Some(entry) = self.calls.get_mut(call).filter(|entry| !entry.is_cancelled()) else {
            return false;
        };
        let home = entry.home;
        let Some(lease) = entry.lease() else {
            self.fail(call, Failure::Cancelled, actions);
            // It may have held back others.
            if let Home::Actor { key, .. } = home {
                self.flush(key, actions);
            }
            return true;
        };
        entry.stage = Stage::Cancelled(lease);
        entry.payload = None;
        self.settle(call);
        actions.push(Action::Fail(call, Failure::Cancelled));
        let port = match home {
            Home::Actor { key, .. } => self.actors.held(key).port_of(lease),
            Home::Task { class } => Some(self.classes[class].held(lease).port),
        };
        actions.extend(port.map(|port| Action::Cancel { port, call }));
        true
    }

    /// Where a call was sent to, if it was: for one that is cancelled by force, before or after [`Submitter::cancel`].
    #[must_use]
    pub fn lease(&self, call: CallId) -> Option<Lease> {
        self.calls.get(call)?.lease()
    }

    /// A message from the agent; those that are for others are ignored. Everything that the dead have sent must have been brought before by
    /// [`Submitter::reply`].
    pub fn told(&mut self, message: &ToPort, actions: &mut Vec<Action>) {
        match message {
            ToPort::Leased { lease, cpus, worker, port, inbox } => {
                self.leased(*cpus, *lease, TaskLease::new(*worker, *port, *inbox), actions);
            }
            ToPort::LeaseEnded { lease, end, started } => {
                self.lease_ended(*lease, end.as_ref(), started, actions);
            }
            ToPort::ActorIs { actor, state } => self.actor_is(*actor, state, actions),
            ToPort::Found { .. }
            | ToPort::NameTaken { .. }
            | ToPort::Reclaim { .. }
            | ToPort::Construct { .. }
            | ToPort::Finish { .. } => {}
        }
    }

    /// The port's code has run: asks for the workers that it needs.
    pub fn end_turn(&mut self, actions: &mut Vec<Action>) {
        self.ask_for_workers(actions);
    }

    /// The port is about to sleep: gives back the workers that it does not need.
    pub fn before_sleep(&mut self, actions: &mut Vec<Action>) {
        self.ask_for_workers(actions);
        self.give_back_idle(actions);
    }

    /// Nobody has a handle of this actor here any more.
    pub fn forget_actor(&mut self, actor: ActorId, actions: &mut Vec<Action>) {
        self.forget(actor, actions);
    }

    /// True while a call is not settled.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.unsettled > 0
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
