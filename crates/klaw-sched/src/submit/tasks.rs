//! Tasks: which worker they are sent to, and how many workers are wanted.

use std::collections::BTreeSet;

use super::calls::{Entry, Home, Stage};
use super::class::{Class, TaskLease};
use super::{Action, Failure, Policy, Refused, Replied, Reply, Route, Submitted, Submitter};
use crate::ids::{Attempt, CallId, Cpus, Lease};
use crate::message::{ToAgent, WorkerEnd};

impl<P> Submitter<P> {
    pub(super) fn submit_task(
        &mut self,
        cpus: Cpus,
        policy: Policy,
        keep: impl FnOnce() -> P,
    ) -> Result<Submitted, Refused> {
        let (class, call) = self.admit_task(cpus, policy)?;
        self.calls.held(call).payload = Some(keep());
        Ok(Submitted { call, send: self.send_or_enqueue(class, call) })
    }

    /// Takes a task up. It is in no queue and no list yet.
    pub(super) fn admit_task(&mut self, cpus: Cpus, policy: Policy) -> Result<(usize, CallId), Refused> {
        let class = self.class(cpus);
        let sequence = self.next_sequence();
        let entry = Entry::new(Home::Task { class }, Stage::Waiting, sequence, policy);
        let call = self.calls.add(entry).ok_or(Refused::TooMany)?;
        self.unsettled += 1;
        Ok((class, call))
    }

    pub(super) fn task_ready(&mut self, class: usize, call: CallId, actions: &mut Vec<Action>) {
        self.calls.held(call).sequence = self.next_sequence();
        actions.extend(self.send_or_enqueue(class, call).map(Action::Send));
    }

    fn send_or_enqueue(&mut self, class: usize, call: CallId) -> Option<Route> {
        let is_first = self.classes[class].queue.is_empty();
        let roomy = is_first.then(|| self.classes[class].roomy()).flatten();
        if roomy.is_none() {
            self.enqueue(call);
        }
        roomy.map(|lease| self.send_by(class, call, lease))
    }

    /// Lists a task that is in no queue and no list as sent.
    fn send_by(&mut self, class: usize, call: CallId, lease: Lease) -> Route {
        let entry = self.calls.held(call);
        entry.stage = Stage::Sent(lease);
        let attempt = Attempt { call, number: entry.number };
        let lent = self.classes[class].held(lease);
        self.calls.link(&mut lent.sent, call);
        Route { inbox: lent.inbox, lease, worker: Some(lent.worker), attempt }
    }

    /// Sends what this lease has room for. While tasks are queued no lease has room, so only one whose calls have become fewer can
    /// have.
    fn fill(&mut self, class: usize, lease: Lease, actions: &mut Vec<Action>) {
        while self.classes[class].held(lease).has_room() {
            let Some((_, call)) = self.classes[class].queue.pop_first() else { return };
            actions.push(Action::Send(self.send_by(class, call, lease)));
        }
    }

    /// Sends what any lease has room for: tasks have come back to the queue.
    fn fill_all(&mut self, class: usize, actions: &mut Vec<Action>) {
        while let Some(lease) = self.classes[class].roomy() {
            let Some((_, call)) = self.classes[class].queue.pop_first() else { return };
            actions.push(Action::Send(self.send_by(class, call, lease)));
        }
    }

    pub(super) fn task_reply(
        &mut self,
        class: usize,
        call: CallId,
        lease: Lease,
        reply: Reply,
        actions: &mut Vec<Action>,
    ) -> Replied {
        let entry = self.calls.held(call);
        let is_cancelled = entry.is_cancelled();
        let comes_again = !is_cancelled
            && match reply {
                Reply::Value => false,
                Reply::Error => entry.retry_errors && entry.retry(),
                Reply::Bounced => true,
            };
        let others_wait = !self.classes[class].queue.is_empty();
        if comes_again {
            self.detach(call);
            self.enqueue(call);
        } else {
            self.release(call, actions);
        }
        let lent = self.classes[class].held(lease);
        match reply {
            Reply::Bounced if is_cancelled => {}
            Reply::Bounced => lent.narrow(),
            Reply::Value | Reply::Error if others_wait => lent.widen(),
            Reply::Value | Reply::Error => {}
        }
        self.fill(class, lease, actions);
        self.give_back_if_over(class, lease, actions);
        if comes_again {
            self.fill_all(class, actions);
        }
        if is_cancelled || comes_again { Replied::Ignored } else { Replied::Settles }
    }

    pub(super) fn leased(&mut self, cpus: Cpus, lease: Lease, lent: TaskLease, actions: &mut Vec<Action>) {
        let class = self.class(cpus);
        self.classes[class].granted();
        self.classes[class].leases.entry(lease).or_insert(lent);
        self.fill(class, lease, actions);
    }

    pub(super) fn lease_ended(
        &mut self,
        lease: Lease,
        end: Option<&WorkerEnd>,
        started: &[Attempt],
        actions: &mut Vec<Action>,
    ) {
        let Some(class) = self.classes.iter().position(|class| class.leases.contains_key(&lease)) else {
            return;
        };
        self.classes[class].held(lease).is_ending = true;
        let Some(end) = end else {
            // The worker lives: each call that is out will be answered or sent back.
            return self.give_back_if_over(class, lease, actions);
        };
        let started: BTreeSet<Attempt> = started.iter().copied().collect();
        for call in self.calls.listed(&self.classes[class].held(lease).sent) {
            let entry = self.calls.held(call);
            let may_have_run = started.contains(&Attempt { call, number: entry.number });
            if entry.is_cancelled() {
                self.release(call, actions);
            } else if !may_have_run || entry.retry() {
                self.detach(call);
                self.enqueue(call);
            } else {
                self.fail(call, Failure::WorkerCrashed { end: end.clone() }, actions);
            }
        }
        self.classes[class].leases.remove(&lease);
        self.fill_all(class, actions);
    }

    /// Tells the agent when no call of a lease that ends is out any more: until then it has to tell if the worker dies.
    fn give_back_if_over(&mut self, class: usize, lease: Lease, actions: &mut Vec<Action>) {
        if self.classes[class].held(lease).is_over() {
            self.classes[class].leases.remove(&lease);
            actions.push(Action::Tell(ToAgent::Return { lease }));
        }
    }

    pub(super) fn ask_for_workers(&mut self, actions: &mut Vec<Action>) {
        for class in &mut self.classes {
            if let Some(count) = class.new_demand() {
                actions.push(Action::Tell(ToAgent::Demand { port: self.me, cpus: class.cpus, count }));
            }
        }
    }

    pub(super) fn give_back_idle(&mut self, actions: &mut Vec<Action>) {
        for class in &mut self.classes {
            let idle = class.take_idle().into_iter();
            actions.extend(idle.map(|lease| Action::Tell(ToAgent::Return { lease })));
        }
    }

    /// The class of tasks that need this. There are few.
    fn class(&mut self, cpus: Cpus) -> usize {
        self.classes.iter().position(|class| class.cpus == cpus).unwrap_or_else(|| {
            self.classes.push(Class::new(cpus));
            self.classes.len() - 1
        })
    }
}
