//! Calls to actors: where they are sent to, and in which order.

use super::actor::Life;
use super::calls::{Entry, Home, Stage};
use super::{Action, Policy, Refused, Replied, Reply, Route, Submitted, Submitter};
use crate::ids::{ActorId, Attempt, CallId, Lease};
use crate::message::ToAgent;

impl<P> Submitter<P> {
    pub(super) fn submit_to_actor(
        &mut self,
        actor: ActorId,
        ordered: bool,
        policy: Policy,
        keep: impl FnOnce() -> P,
        actions: &mut Vec<Action>,
    ) -> Result<Submitted, Refused> {
        let (key, call) = self.admit(actor, ordered, policy, Stage::Queued, actions)?;
        let actor = self.actors.held(key);
        let life = actor.open_life().filter(|_| !actor.holds_back(ordered));
        if life.is_none() || policy.max_retries != Some(0) || actor.restarts.left != Some(0) {
            self.calls.held(call).payload = Some(keep());
        }
        let send = life.map(|life| self.send_to(key, call, life));
        if send.is_none() {
            self.enqueue(call);
            self.fail_early(key, call, actions);
        }
        Ok(Submitted { call, send })
    }

    pub(super) fn submit_waiting_to_actor(
        &mut self,
        actor: ActorId,
        ordered: bool,
        policy: Policy,
        actions: &mut Vec<Action>,
    ) -> Result<CallId, Refused> {
        let (key, call) = self.admit(actor, ordered, policy, Stage::Waiting, actions)?;
        let entry = self.calls.held(call);
        self.actors.held(key).enqueue(call, entry);
        self.fail_early(key, call, actions);
        Ok(call)
    }

    /// Takes a call up, if there may be one more. It is in no queue and no list yet.
    fn admit(
        &mut self,
        id: ActorId,
        ordered: bool,
        policy: Policy,
        stage: Stage,
        actions: &mut Vec<Action>,
    ) -> Result<(u32, CallId), Refused> {
        let known = self.actors.key(id);
        let pending = known.map_or(0, |key| self.actors.held(key).unsettled);
        if let Some(limit) = policy.max_pending.filter(|limit| pending >= *limit) {
            return Err(Refused::PendingLimit { limit });
        }
        let key = match known {
            Some(key) => key,
            None => self.watch(id, actions)?,
        };
        let sequence = self.next_sequence();
        let entry = Entry::new(Home::Actor { key, ordered }, stage, sequence, policy);
        let call = self.calls.add(entry).ok_or(Refused::TooMany)?;
        let actor = self.actors.held(key);
        actor.is_forgotten = false;
        actor.unsettled += 1;
        self.unsettled += 1;
        Ok((key, call))
    }

    fn watch(&mut self, actor: ActorId, actions: &mut Vec<Action>) -> Result<u32, Refused> {
        let key = self.actors.add(actor).ok_or(Refused::TooMany)?;
        actions.push(Action::Tell(ToAgent::Watch { port: self.me, actor }));
        Ok(key)
    }

    /// Fails a queued call that will not be sent, as things are.
    fn fail_early(&mut self, key: u32, call: CallId, actions: &mut Vec<Action>) {
        let may_not_wait = self.calls.held(call).fail_while_restarting;
        if let Some(failure) = self.actors.held(key).failure(may_not_wait) {
            self.fail(call, failure, actions);
        }
    }

    /// Lists a call that is in no queue and no list as sent.
    fn send_to(&mut self, key: u32, call: CallId, life: Life) -> Route {
        let entry = self.calls.held(call);
        entry.stage = Stage::Sent(life.lease);
        let attempt = Attempt { call, number: entry.number };
        self.calls.link(&mut self.actors.held(key).sent, call);
        Route { inbox: life.inbox, lease: life.lease, worker: None, attempt }
    }

    /// A queued call has what it needs.
    pub(super) fn actor_call_ready(&mut self, key: u32, call: CallId, actions: &mut Vec<Action>) {
        if self.calls.held(call).is_ordered() {
            return self.flush(key, actions);
        }
        if let Some(life) = self.actors.held(key).open_life() {
            self.send_queued(key, call, life, actions);
        }
    }

    /// Sends what is queued for an actor that takes calls and is not held back by an ordered one that still waits for its arguments.
    pub(super) fn flush(&mut self, key: u32, actions: &mut Vec<Action>) {
        let Some(life) = self.actors.get(key).and_then(|actor| actor.open_life()) else { return };
        let mut from = 0;
        let mut is_held = false;
        while let Some((sequence, call)) = self.actors.get(key).and_then(|actor| actor.next_queued(from)) {
            from = sequence + 1;
            let entry = self.calls.held(call);
            is_held |= entry.is_ordered() && entry.stage == Stage::Waiting;
            if is_held && self.actors.held(key).is_all_ordered() {
                return;
            }
            if entry.stage == Stage::Queued && !(is_held && entry.is_ordered()) {
                self.send_queued(key, call, life, actions);
            }
        }
    }

    fn send_queued(&mut self, key: u32, call: CallId, life: Life, actions: &mut Vec<Action>) {
        // Its payload was not kept because the actor would not come back after that life. It has come back, against its word.
        if self.calls.held(call).payload.is_none() {
            let failure = self.actors.held(key).unavailable();
            return self.fail(call, failure, actions);
        }
        self.detach(call);
        let route = self.send_to(key, call, life);
        actions.push(Action::Send(route));
    }

    pub(super) fn actor_reply(
        &mut self,
        key: u32,
        call: CallId,
        lease: Lease,
        reply: Reply,
        actions: &mut Vec<Action>,
    ) -> Replied {
        let entry = self.calls.held(call);
        if entry.is_cancelled() {
            self.release(call, actions);
            return Replied::Ignored;
        }
        let comes_again = match reply {
            Reply::Value => false,
            Reply::Error => entry.retry_errors && entry.retry(),
            Reply::Bounced => true,
        };
        if !comes_again {
            self.release(call, actions);
            return Replied::Settles;
        }
        if reply == Reply::Bounced {
            self.actors.held(key).refused(lease);
        }
        self.detach(call);
        self.enqueue(call);
        self.flush(key, actions);
        Replied::Ignored
    }

    pub(super) fn forget(&mut self, actor: ActorId, actions: &mut Vec<Action>) {
        let Some(key) = self.actors.key(actor) else { return };
        self.actors.held(key).is_forgotten = true;
        self.leave(key, actions);
    }

    /// Drops an actor that nobody has a handle of, once it has no calls.
    pub(super) fn leave(&mut self, key: u32, actions: &mut Vec<Action>) {
        let is_over = self.actors.get(key).is_some_and(|actor| actor.is_over());
        if let Some(actor) = is_over.then(|| self.actors.remove(key)).flatten() {
            actions.push(Action::Tell(ToAgent::Unwatch { port: self.me, actor }));
        }
    }
}
