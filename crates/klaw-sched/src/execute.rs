//! A worker's calls: which may start.

use crate::ids::{Attempt, CallId, Lease, PortId};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// It waited here, and was dropped: its submitter does not wait for an answer, but [`Reply::Bounced`](crate::submit::Reply) must be sent,
    /// so that it knows.
    Dropped(Attempt),
    /// It runs: its code is to be told.
    Running(Run),
    /// It is not here: it has been answered, or is still on its way.
    Unknown,
}

/// The calls of one worker.
#[derive(Debug)]
pub struct Executor<P> {
    payload: Option<P>,
}

/// Calls that a worker runs at once, at most, over all groups.
pub const MAX_RUNS: u32 = 1_024;

impl<P> Executor<P> {
    /// Of a worker that runs tasks, one at a time, until it becomes an actor.
    #[must_use]
    pub fn new() -> Self {
        Self { payload: None }
    }

    /// The worker is an actor from now on. `limits`: how many calls of each concurrency group run at once; the first is the default
    /// group's. A call starts when its group has a place; within a group in the order of arrival.
    pub fn become_actor(&mut self, lease: Lease, limits: &[u32]) {
        todo!()
    }

    /// A call has arrived. `Some`: it must be sent back ([`Reply::Bounced`](crate::submit::Reply)).
    pub fn arrive(&mut self, call: Call<P>) -> Option<Call<P>> {
        todo!()
    }

    /// True if more calls should be taken from the inbox: something could start that is not here yet, or little is here.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        todo!()
    }

    /// The next call that may start. It runs from now on.
    pub fn start(&mut self) -> Option<(Run, Call<P>)> {
        todo!()
    }

    /// A call has been answered: whose it was. `None` if nothing runs there.
    pub fn finish(&mut self, run: Run) -> Option<(PortId, Attempt)> {
        todo!()
    }

    /// A call was cancelled.
    pub fn cancel(&mut self, port: PortId, call: CallId) -> Cancelled {
        todo!()
    }

    /// The agent wants this task lease back: calls of it are sent back from now on, and so are those that wait here, which are added to
    /// `bounced`. [`Executor::yielded`] tells when it is free.
    pub fn reclaim(&mut self, lease: Lease, bounced: &mut Vec<Call<P>>) {
        todo!()
    }

    /// A lease that was reclaimed and of which nothing runs any more: once, for each.
    pub fn yielded(&mut self) -> Option<Lease> {
        todo!()
    }

    /// What runs is waiting, and may be waiting for what waits here: tasks that have not started are sent back, so that they run elsewhere. An
    /// actor's calls stay.
    pub fn unqueue(&mut self, bounced: &mut Vec<Call<P>>) {
        todo!()
    }

    /// The actor is to end: what has arrived is done, what arrives from now on is sent back.
    pub fn close(&mut self) {
        todo!()
    }

    /// True once [`Executor::close`] was called and nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        todo!()
    }

    /// A submitter is dead: its calls that have not started are dropped.
    pub fn forget_port(&mut self, port: PortId) {
        todo!()
    }

    /// The lease of what runs, or of what ran last.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        todo!()
    }

    /// How many calls run.
    #[must_use]
    pub fn running(&self) -> u32 {
        todo!()
    }

    /// What runs there.
    #[must_use]
    pub fn run(&self, run: Run) -> Option<(PortId, Attempt)> {
        todo!()
    }
}
