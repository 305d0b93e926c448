//! What becomes of calls when their actor starts, lives and dies.

use std::collections::BTreeSet;

use super::actor::{Life, Restarts, Whereabouts};
use super::calls::Stage;
use super::{Action, Submitter};
use crate::ids::{ActorId, Attempt, CallId, Lease};
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
                self.lives_ended(key, Some(*lease), *restarts, None, actions);
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
        self.lives_ended(key, None, restarts, ended, actions);
        if again {
            self.fail_those_that_may_not_wait(key, actions);
        }
    }

    /// Every life but this one is over.
    fn lives_ended(
        &mut self,
        key: u32,
        living: Option<Lease>,
        restarts: u32,
        ended: Option<&EndedLife>,
        actions: &mut Vec<Action>,
    ) {
        let last = LastLife::new(ended);
        for call in self.calls.listed(&self.actors.held(key).sent) {
            let entry = self.calls.held(call);
            let Some(lease) = entry.lease().filter(|lease| Some(*lease) != living) else { continue };
            if entry.is_cancelled() {
                self.release(call, actions);
            } else if !last.may_have_run(lease, Attempt { call, number: entry.number }) || entry.retry() {
                self.detach(call);
                self.enqueue(call);
            } else {
                let actor = self.actors.held(key);
                // The restart that has begun counts as one that is left: the actor comes back.
                let left = actor.restarts.left_after(restarts.saturating_sub(1));
                let failure = actor.died(last.cause(lease), true, left);
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

        let last = LastLife::new(ended);
        for call in calls {
            let entry = self.calls.held(call);
            let may_have_run = match entry.stage {
                Stage::Cancelled(_) => {
                    self.release(call, actions);
                    continue;
                }
                Stage::Waiting | Stage::Queued => entry.may_have_run,
                Stage::Sent(lease) => {
                    entry.may_have_run || last.may_have_run(lease, Attempt { call, number: entry.number })
                }
            };
            let failure = self.actors.held(key).died(cause.clone(), may_have_run, Some(0));
            self.fail(call, failure, actions);
        }
    }
}

/// What is told of the life before.
struct LastLife<'a> {
    ended: Option<&'a EndedLife>,
    started: BTreeSet<Attempt>,
}

impl<'a> LastLife<'a> {
    fn new(ended: Option<&'a EndedLife>) -> Self {
        let started = ended.into_iter().flat_map(|ended| &ended.started).copied().collect();
        Self { ended, started }
    }

    fn is(&self, lease: Lease) -> Option<&'a EndedLife> {
        self.ended.filter(|ended| ended.lease == lease)
    }

    /// Of other lives nothing is told. Calls can have been sent to one all the same: a port that has unwatched the actor and watches it
    /// again may still get the old news, and send by it, while the agent did not have to tell it of an end.
    fn may_have_run(&self, lease: Lease, attempt: Attempt) -> bool {
        self.is(lease).is_none() || self.started.contains(&attempt)
    }

    fn cause(&self, lease: Lease) -> DeathCause {
        self.is(lease).map_or(DeathCause::Unknown, |ended| DeathCause::ProcessEnded(ended.end.clone()))
    }
}
