//! A worker's calls: which may start.

mod group;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::ids::{Attempt, CallId, Lease, PortId};
use group::Groups;
use runs::{Running, Runs};

/// A call that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<P> {
    /// Whose.
    pub port: PortId,
    /// Which try of which of its calls.
    pub attempt: Attempt,
    /// The lease that it names.
    pub lease: Lease,
    /// Which of the actor's concurrency groups; 0 for the default one, and for tasks.
    pub group: u16,
    /// What it carries.
    pub payload: P,
}

/// A call that runs, by the place that it has in the run table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run(pub u32);

/// What a cancelled call was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled<P> {
    /// It waited here, and was dropped: its submitter does not wait for an answer, but [`Reply::Bounced`](crate::submit::Reply) must be
    /// sent, so that it knows.
    Dropped(Call<P>),
    /// It runs: its code is to be told.
    Running(Run),
    /// It is not here: it has been answered, or is still on its way.
    Unknown,
}

/// Calls that a worker runs at once, at most, over all groups.
pub const MAX_RUNS: u32 = 1_024;

/// With fewer waiting calls an actor takes more: enough that none of its groups runs dry between two looks at the inbox.
const FEW_WAITING: usize = 256;

/// With so many waiting calls nothing more is taken, even if a group runs dry: what waits in the inbox holds back its senders.
const MANY_WAITING: usize = 65_536;

/// Tasks that a worker has waiting: as many as a submitter sends ahead.
const WAITING_TASKS: usize = 16;

/// The calls of one worker.
#[derive(Debug)]
pub struct Executor<P> {
    is_actor: bool,
    groups: Groups<P>,
    runs: Runs,
    /// The highest lease of which a call was taken, or the actor's.
    taken: Option<Lease>,
    /// The lease of what runs or ran last, or the actor's.
    current: Option<Lease>,
    /// The highest lease that was reclaimed.
    reclaimed: Option<Lease>,
    /// Leases that were reclaimed and have not been yielded.
    unyielded: VecDeque<Lease>,
    is_closed: bool,
}

impl<P> Default for Executor<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Executor<P> {
    /// Of a worker that runs tasks, one at a time, until it becomes an actor.
    #[must_use]
    pub fn new() -> Self {
        Self {
            is_actor: false,
            groups: Groups::new(&[1]),
            runs: Runs::default(),
            taken: None,
            current: None,
            reclaimed: None,
            unyielded: VecDeque::new(),
            is_closed: false,
        }
    }

    /// The worker is an actor from now on. `limits`: how many calls of each concurrency group run at once; the first is the default
    /// group's. A call starts when its group has a place; within a group in the order of arrival.
    ///
    /// No call waits here at that time, but for those of submitters that are dead: they are added to `dropped`.
    pub fn become_actor(&mut self, lease: Lease, limits: &[u32], dropped: &mut Vec<Call<P>>) {
        self.groups.take(|_| true, dropped);
        self.is_actor = true;
        self.taken = Some(lease);
        self.current = Some(lease);
        self.groups = Groups::new(limits);
        for running in self.runs.iter_mut() {
            running.group = 0;
            self.groups.occupy(0);
        }
    }

    /// A call has arrived. `Some`: it must be sent back ([`Reply::Bounced`](crate::submit::Reply)).
    pub fn arrive(&mut self, call: Call<P>) -> Option<Call<P>> {
        if self.is_closed || !self.accepts(call.lease) {
            return Some(call);
        }
        self.taken = Some(call.lease);
        self.groups.add(call);
        None
    }

    fn accepts(&self, lease: Lease) -> bool {
        if self.is_actor {
            return self.taken == Some(lease);
        }
        // The agent lends a worker again only when the lease before is over.
        self.taken <= Some(lease) && self.reclaimed < Some(lease)
    }

    /// True if more calls should be taken from the inbox: something could start that is not here yet, or little is here.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        let waiting = self.groups.waiting();
        if !self.is_actor {
            return waiting < WAITING_TASKS;
        }
        let is_dry = || !self.runs.is_full() && self.groups.is_any_idle();
        waiting < FEW_WAITING || (self.has_room() && is_dry())
    }

    /// False if so many calls wait here that no more may be taken, whatever for.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.groups.waiting() < MANY_WAITING
    }

    /// The next call that may start. It runs from now on.
    pub fn start(&mut self) -> Option<(Run, Call<P>)> {
        if self.runs.is_full() {
            return None;
        }
        let (group, call) = self.groups.start()?;
        self.current = Some(call.lease);
        let running = Running { port: call.port, attempt: call.attempt, lease: call.lease, group };
        Some((self.runs.add(running), call))
    }

    /// A call has been answered: whose it was. `None` if nothing runs there.
    pub fn finish(&mut self, run: Run) -> Option<(PortId, Attempt)> {
        let running = self.runs.remove(run)?;
        self.groups.finish(running.group);
        Some((running.port, running.attempt))
    }

    /// A call was cancelled.
    pub fn cancel(&mut self, port: PortId, call: CallId) -> Cancelled<P> {
        let is_it = |of: PortId, attempt: Attempt| of == port && attempt.call == call;
        if let Some(run) = self.runs.find(|running| is_it(running.port, running.attempt)) {
            return Cancelled::Running(run);
        }
        let dropped = self.groups.remove(|call| is_it(call.port, call.attempt));
        dropped.map_or(Cancelled::Unknown, Cancelled::Dropped)
    }

    /// The agent wants this task lease back: calls of it are sent back from now on, and so are those that wait here, which are added to
    /// `bounced`. [`Executor::yielded`] tells when it is free.
    pub fn reclaim(&mut self, lease: Lease, bounced: &mut Vec<Call<P>>) {
        let is_old = self.reclaimed >= Some(lease);
        let is_actors = self.is_actor && self.taken <= Some(lease);
        if is_old || is_actors {
            return;
        }
        self.reclaimed = Some(lease);
        self.unyielded.push_back(lease);
        self.groups.take(|call| call.lease <= lease, bounced);
    }

    /// A lease that was reclaimed and of which nothing runs any more: once, for each.
    pub fn yielded(&mut self) -> Option<Lease> {
        let lease = *self.unyielded.front()?;
        if self.runs.find(|running| running.lease <= lease).is_some() {
            return None;
        }
        self.unyielded.pop_front()
    }

    /// What runs is waiting, and may be waiting for what waits here: tasks that have not started are sent back, so that they run elsewhere. An
    /// actor's calls stay.
    pub fn unqueue(&mut self, bounced: &mut Vec<Call<P>>) {
        if !self.is_actor {
            self.groups.take(|_| true, bounced);
        }
    }

    /// The actor is to end: what has arrived is done, what arrives from now on is sent back.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// True once [`Executor::close`] was called and nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_closed && self.groups.waiting() == 0 && self.runs.count() == 0
    }

    /// A submitter is dead: its calls that have not started are added to `dropped`.
    pub fn forget_port(&mut self, port: PortId, dropped: &mut Vec<Call<P>>) {
        self.groups.take(|call| call.port == port, dropped);
    }

    /// The lease of what runs, or of what ran last.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        self.current
    }

    /// How many calls run.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.runs.count()
    }

    /// What runs there.
    #[must_use]
    pub fn run(&self, run: Run) -> Option<(PortId, Attempt)> {
        self.runs.get(run).map(|running| (running.port, running.attempt))
    }
}
