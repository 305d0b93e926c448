//! The steps that every call takes: into its queue, out of where it is, and away.

use super::calls::{Home, Stage};
use super::{Action, Failure, Submitter};
use crate::ids::CallId;

impl<P> Submitter<P> {
    /// Puts a call that is in no queue and no list into its queue, in its place.
    pub(super) fn enqueue(&mut self, call: CallId) {
        let entry = self.calls.held(call);
        entry.stage = Stage::Queued;
        match entry.home {
            Home::Actor { key, .. } => self.actors.held(key).enqueue(call, entry),
            Home::Task { class } => {
                self.classes[class].queue.insert(entry.sequence, call);
            }
        }
    }

    /// Takes a call out of the queue or list that it is in.
    pub(super) fn detach(&mut self, call: CallId) {
        let entry = self.calls.held(call);
        match (entry.home, entry.stage) {
            (Home::Actor { key, .. }, Stage::Waiting | Stage::Queued) => {
                self.actors.held(key).unqueue(entry);
            }
            (Home::Actor { key, .. }, Stage::Sent(_) | Stage::Cancelled(_)) => {
                self.calls.unlink(&mut self.actors.held(key).sent, call);
            }
            (Home::Task { .. }, Stage::Waiting) => {}
            (Home::Task { class }, Stage::Queued) => {
                self.classes[class].queue.remove(&entry.sequence);
            }
            (Home::Task { class }, Stage::Sent(lease) | Stage::Cancelled(lease)) => {
                self.calls.unlink(&mut self.classes[class].held(lease).sent, call);
            }
        }
    }

    /// Nobody waits for the call any more.
    pub(super) fn settle(&mut self, call: CallId) {
        self.unsettled -= 1;
        if let Home::Actor { key, .. } = self.calls.held(call).home {
            self.actors.held(key).unsettled -= 1;
        }
    }

    /// Forgets a call: nothing of it can come any more.
    pub(super) fn release(&mut self, call: CallId, actions: &mut Vec<Action>) {
        self.detach(call);
        if !self.calls.held(call).is_cancelled() {
            self.settle(call);
        }
        let home = self.calls.remove(call).map(|entry| entry.home);
        if let Some(Home::Actor { key, .. }) = home {
            self.leave(key, actions);
        }
    }

    pub(super) fn fail(&mut self, call: CallId, failure: Failure, actions: &mut Vec<Action>) {
        actions.push(Action::Fail(call, failure));
        self.release(call, actions);
    }
}
