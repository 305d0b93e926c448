//! Workers that are lent to ports for their tasks.

use super::leases::{Held, Holder};
use super::{Agent, Turn};
use crate::ids::{Cpus, Lease, PortId};
use crate::message::ToPort;

impl Agent {
    /// What can never be had is not waited for: who asks for it is told so before it gets here.
    pub(super) fn demand(&mut self, port: PortId, cpus: Cpus, count: u32) {
        if cpus <= self.resources.cpus && !self.gone.contains(port) {
            self.demands.set((port, cpus), count);
        }
    }

    pub(super) fn returned(&mut self, lease: Lease, turn: &mut Turn) {
        self.yielded.remove(&lease);
        if self.leases.get(lease).is_some_and(Held::is_task) {
            self.end_task_lease(lease, turn);
        }
    }

    /// A port that has returned the lease meanwhile is told nothing more of it.
    pub(super) fn yielded(&mut self, lease: Lease, turn: &mut Turn) {
        if self.leases.get(lease).is_some_and(|held| held.is_task() && held.reclaimed)
            && let Some(worker) = self.leases.get(lease).map(|held| held.worker)
            && let Some(Holder::Port(port)) = self.end_task_lease(lease, turn)
        {
            self.yielded.insert(lease, (worker, port));
            turn.send(port, ToPort::LeaseEnded { lease, end: None, started: Vec::new() });
        }
    }

    fn end_task_lease(&mut self, lease: Lease, turn: &mut Turn) -> Option<Holder> {
        let held = self.leases.end(lease)?;
        self.workers.let_go(turn.now, held.worker);
        Some(held.holder)
    }

    /// The worker may have a task or an actor: either is lost.
    pub(super) fn kill_lease(&mut self, lease: Lease, turn: &mut Turn) {
        if let Some(held) = self.leases.get(lease) {
            self.kill_worker(held.worker, turn);
        }
    }

    /// Nobody will read what is sent to this port, nor say what it does not need any more.
    pub(super) fn port_gone(&mut self, port: PortId, turn: &mut Turn) {
        if self.gone.contains(port) {
            return;
        }
        self.gone.insert(port, ());
        self.demands.forget(port);
        self.yielded.retain(|_, (_, of)| *of != port);
        for actor in self.actors.values_mut() {
            actor.watchers.remove(&port);
        }
        // Their workers may still run what the dead one has sent.
        let leases = self.leases.orphan(port);
        self.reclaim(&leases, turn);
        self.owner_died(port, turn);
    }
}
