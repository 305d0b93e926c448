//! Who has which worker, and the CPUs that go with it.

use std::collections::BTreeMap;

use crate::ids::{ActorId, Cpus, Lease, PortId, WorkerNo};

/// Who has a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A port, for its tasks.
    Port(PortId),
    /// An actor, for one of its lives.
    Actor(ActorId),
    /// A port that is gone, until the worker has let go what it runs for it.
    Nobody,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) worker: WorkerNo,
    pub(super) holder: Holder,
    pub(super) cpus: Cpus,
    /// It waits for others, and its CPUs are free meanwhile.
    pub(super) blocked: bool,
    /// Its worker was asked to let it go.
    pub(super) reclaimed: bool,
}

impl Held {
    /// What it takes from the pool.
    pub(super) fn taken(&self) -> i64 {
        if self.blocked { 0 } else { i64::from(self.cpus.0) }
    }

    pub(super) fn is_task(&self) -> bool {
        !matches!(self.holder, Holder::Actor(_))
    }
}

/// All leases, and the pool that they take from.
#[derive(Debug)]
pub(super) struct Leases {
    next: u64,
    /// Below zero when those that were blocked go on.
    free: i64,
    held: BTreeMap<Lease, Held>,
}

impl Leases {
    pub(super) fn new(cpus: Cpus) -> Self {
        Self { next: 1, free: i64::from(cpus.0), held: BTreeMap::new() }
    }

    pub(super) fn free(&self) -> i64 {
        self.free
    }

    pub(super) fn grant(&mut self, worker: WorkerNo, holder: Holder, cpus: Cpus) -> Lease {
        let lease = Lease(self.next);
        self.next += 1;
        let held = Held { worker, holder, cpus, blocked: false, reclaimed: false };
        self.free -= held.taken();
        self.held.insert(lease, held);
        lease
    }

    pub(super) fn get(&self, lease: Lease) -> Option<&Held> {
        self.held.get(&lease)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Lease, &Held)> {
        self.held.iter().map(|(&lease, held)| (lease, held))
    }

    pub(super) fn end(&mut self, lease: Lease) -> Option<Held> {
        let held = self.held.remove(&lease)?;
        self.free += held.taken();
        Some(held)
    }

    pub(super) fn set_blocked(&mut self, lease: Lease, blocked: bool) {
        self.change(lease, |held| held.blocked = blocked);
    }

    pub(super) fn set_cpus(&mut self, lease: Lease, cpus: Cpus) {
        self.change(lease, |held| held.cpus = cpus);
    }

    /// The worker that has to be told, unless it was told already.
    pub(super) fn reclaim(&mut self, lease: Lease) -> Option<WorkerNo> {
        let held = self.held.get_mut(&lease).filter(|held| !held.reclaimed)?;
        held.reclaimed = true;
        Some(held.worker)
    }

    /// The leases of a port that is gone are nobody's from now on.
    pub(super) fn orphan(&mut self, port: PortId) -> Vec<Lease> {
        let its = self.held.iter_mut().filter(|(_, held)| held.holder == Holder::Port(port));
        its.map(|(&lease, held)| {
            held.holder = Holder::Nobody;
            lease
        })
        .collect()
    }

    fn change(&mut self, lease: Lease, change: impl FnOnce(&mut Held)) {
        if let Some(held) = self.held.get_mut(&lease) {
            self.free += held.taken();
            change(held);
            self.free -= held.taken();
        }
    }
}
