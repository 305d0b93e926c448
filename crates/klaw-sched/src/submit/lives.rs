//! What becomes of calls when their actor starts, lives and dies.

use std::collections::BTreeSet;

use super::actor::{Life, Restarts, Whereabouts};
use super::calls::Stage;
use super::{Action, Submitter};
use crate::ids::{ActorId, Attempt, CallId};
use crate::message::{ActorState, DeathCause, EndedLife};

impl<P> Submitter<P> {
    pub(super) fn actor_is(&mut self, actor: ActorId, state: &ActorState, actions: &mut Vec<Action>) {
        let Some(key) = self.actors.key(actor) else { return };
        match state {
            ActorState::Starting { restarts, ended } => {
                self.actor_starts(key, *restarts, ended.as_ref(), actions);
            }
            ActorState::Alive { lease, port, inbox, restarts, restarts_left, .. } => {
                let actor = self.actors.held(key);
                let refuses = actor.has_refused(*lease);
                actor.restarts = Restarts { done: *restarts, left: *restarts_left };
                let life = Life { lease: *lease, port: *port, inbox: *inbox, refuses };
                actor.whereabouts = Whereabouts::Alive(life);
                self.flush(key, actions);
            }
            ActorState::Dead { cause, ended } => self.actor_died(key, cause, ended.as_ref(), actions),
        }
    }

    fn actor_starts(
        &mut self,
        key: u32,
        restarts: u32,
        ended: Option<&EndedLife>,
        actions: &mut Vec<Action>,
    ) {
        let again = restarts > 0;
        self.actors.held(key).whereabouts = Whereabouts::Starting { again };
        if let Some(ended) = ended {
            self.life_ended(key, restarts, ended, actions);
        }
        if again {
            self.fail_those_that_may_not_wait(key, actions);
        }
    }

    fn life_ended(&mut self, key: u32, restarts: u32, ended: &EndedLife, actions: &mut Vec<Action>) {
        let started: BTreeSet<Attempt> = ended.started.iter().copied().collect();
        for call in self.calls.listed(&self.actors.held(key).sent) {
            let entry = self.calls.held(call);
            if entry.lease() != Some(ended.lease) {
                continue;
            }
            let may_have_run = started.contains(&Attempt { call, number: entry.number });
            if entry.is_cancelled() {
                self.release(call, actions);
            } else if !may_have_run || entry.retry() {
                self.detach(call);
                self.enqueue(call);
            } else {
                let actor = self.actors.held(key);
                let cause = DeathCause::ProcessEnded(ended.end.clone());
                // The restart that has begun counts as one that is left: the actor comes back.
                let left = actor.restarts.left_after(restarts.saturating_sub(1));
                let failure = actor.died(cause, true, left);
                self.fail(call, failure, actions);
            }
        }
    }

    fn fail_those_that_may_not_wait(&mut self, key: u32, actions: &mut Vec<Action>) {
        // With its last call the actor may be gone already, if nobody has a handle of it.
        let Some(actor) = self.actors.get(key) else { return };
        let failure = actor.unavailable();
        let queued: Vec<CallId> = actor.queued().collect();
        for call in queued {
            if self.calls.held(call).fail_while_restarting {
                self.fail(call, failure.clone(), actions);
            }
        }
    }

    fn actor_died(
        &mut self,
        key: u32,
        cause: &DeathCause,
        ended: Option<&EndedLife>,
        actions: &mut Vec<Action>,
    ) {
        let actor = self.actors.held(key);
        actor.whereabouts = Whereabouts::Dead(cause.clone());
        let mut calls = self.calls.listed(&actor.sent);
        calls.extend(actor.queued());
        calls.sort_by_key(|call| self.calls.get(*call).map(|entry| entry.sequence));

        let started: BTreeSet<Attempt> =
            ended.into_iter().flat_map(|ended| &ended.started).copied().collect();
        for call in calls {
            let entry = self.calls.held(call);
            let may_have_run = match entry.stage {
                Stage::Cancelled(_) => {
                    self.release(call, actions);
                    continue;
                }
                Stage::Waiting | Stage::Queued => entry.may_have_run,
                Stage::Sent(lease) if ended.is_some_and(|ended| ended.lease == lease) => {
                    entry.may_have_run || started.contains(&Attempt { call, number: entry.number })
                }
                // Of a life of which nothing was told.
                Stage::Sent(_) => true,
            };
            let failure = self.actors.held(key).died(cause.clone(), may_have_run, Some(0));
            self.fail(call, failure, actions);
        }
    }
}
