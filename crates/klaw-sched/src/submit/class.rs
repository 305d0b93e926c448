//! Tasks that need the same CPUs, and the workers that are lent for them.

use std::collections::BTreeMap;

use super::calls::List;
use crate::ids::{CallId, Cpus, Inbox, Lease, PortId, WorkerNo};

/// Workers that a port asks for at once, at most: each grant is an answer that it can go on from.
const MAX_DEMAND: u32 = 256;

/// Calls that are sent to a worker ahead of what it runs, at most.
const MAX_WINDOW: u32 = 16;

#[derive(Debug)]
pub(super) struct Class {
    pub(super) cpus: Cpus,
    /// By the sequence that each call got when it could be sent first: one that comes back stands before all that never were out.
    pub(super) queue: BTreeMap<u64, CallId>,
    pub(super) leases: BTreeMap<Lease, TaskLease>,
    /// How many workers the agent was asked for and has not granted yet, as far as is known here. The agent never believes less, but for
    /// grants that are on their way.
    demand: u32,
}

#[derive(Debug)]
pub(super) struct TaskLease {
    pub(super) worker: WorkerNo,
    pub(super) port: PortId,
    pub(super) inbox: Inbox,
    pub(super) sent: List,
    window: u32,
    /// The worker was taken back, or refuses: it gets no new calls.
    pub(super) is_ending: bool,
}

impl TaskLease {
    pub(super) fn new(worker: WorkerNo, port: PortId, inbox: Inbox) -> Self {
        Self { worker, port, inbox, sent: List::default(), window: 1, is_ending: false }
    }

    pub(super) fn has_room(&self) -> bool {
        !self.is_ending && self.sent.len() < self.window
    }

    /// A call was answered while others wait: a deeper window saves the worker its wait for the next.
    pub(super) fn widen(&mut self) {
        self.window = (self.window * 2).min(MAX_WINDOW);
    }

    /// A call was sent back. If another of this lease is there, that one waits for something, and what is sent behind it would wait too. If
    /// none is, the worker was taken back.
    pub(super) fn narrow(&mut self) {
        self.window = 1;
        self.is_ending |= self.sent.len() == 0;
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_ending && self.sent.len() == 0
    }
}

impl Class {
    pub(super) fn new(cpus: Cpus) -> Self {
        Self { cpus, queue: BTreeMap::new(), leases: BTreeMap::new(), demand: 0 }
    }

    /// Of a lease that calls are out by, and that is therefore here.
    pub(super) fn held(&mut self, lease: Lease) -> &mut TaskLease {
        self.leases.get_mut(&lease).expect("a lease is dropped only when no call of it is out")
    }

    /// The lease that a call should be sent by: of those with room the one with the fewest calls out.
    pub(super) fn roomy(&self) -> Option<Lease> {
        let roomy = self.leases.iter().filter(|(_, lease)| lease.has_room());
        roomy.min_by_key(|(_, lease)| lease.sent.len()).map(|(lease, _)| *lease)
    }

    pub(super) fn granted(&mut self) {
        self.demand = self.demand.saturating_sub(1);
    }

    /// What the agent has to be told, if that is news: how many more workers are wanted.
    pub(super) fn new_demand(&mut self) -> Option<u32> {
        let wanted = u32::try_from(self.queue.len()).unwrap_or(MAX_DEMAND).min(MAX_DEMAND);
        let is_news = wanted != self.demand;
        self.demand = wanted;
        is_news.then_some(wanted)
    }

    /// Takes off the leases that nothing needs.
    pub(super) fn take_idle(&mut self) -> Vec<Lease> {
        if !self.queue.is_empty() {
            return Vec::new();
        }
        let idle = self.leases.iter().filter(|(_, lease)| lease.sent.len() == 0);
        let idle: Vec<Lease> = idle.map(|(lease, _)| *lease).collect();
        self.leases.retain(|_, lease| lease.sent.len() > 0);
        idle
    }
}
