//! Lends workers for tasks.

use super::{Duty, Model};
use klaw_sched::agent::Output;
use klaw_sched::ids::{Cpus, Lease, PortId, WorkerNo};
use klaw_sched::message::ToPort;

/// Fewer than the ports want.
const TASK_WORKERS: usize = 3;

impl Model {
    /// Lends what is idle to those that want it, starts what is missing, and takes back from those that have more than others.
    pub(super) fn serve(&mut self, outputs: &mut Vec<Output>) {
        loop {
            let wanting: Vec<(PortId, Cpus)> =
                self.demands.iter().filter(|(_, count)| **count > 0).map(|(who, _)| *who).collect();
            let Some((port, cpus)) = self.dice.pick(&wanting) else { return };
            let idle = self.workers.iter().filter(|(_, worker)| worker.duty == Duty::Idle);
            let ready = idle.clone().find(|(_, worker)| worker.reach.is_some()).map(|(no, _)| *no);
            if let Some(worker) = ready {
                self.lend(worker, port, cpus, outputs);
                continue;
            }
            let is_actors = |duty: Duty| matches!(duty, Duty::Actor { .. });
            let for_tasks = self.workers.values().filter(|worker| !is_actors(worker.duty)).count();
            if idle.count() == 0 && for_tasks < TASK_WORKERS {
                self.start_worker(Duty::Idle, outputs);
            } else if !self.has_workers(port) {
                self.take_one_back(port, outputs);
            }
            return;
        }
    }

    fn has_workers(&self, port: PortId) -> bool {
        let is_theirs = |duty: Duty| matches!(duty, Duty::Task { port: of, .. } if of == port);
        self.workers.values().any(|worker| is_theirs(worker.duty))
    }

    fn lend(&mut self, no: WorkerNo, to: PortId, cpus: Cpus, outputs: &mut Vec<Output>) {
        let lease = Lease(self.next());
        let worker = self.workers.get_mut(&no).expect("it is idle");
        worker.duty = Duty::Task { lease, port: to, is_reclaimed: false };
        let (port, inbox) = worker.reach.expect("it has said hello");
        outputs.push(Output::Send(to, ToPort::Leased { lease, cpus, worker: no, port, inbox }));
        self.demands.entry((to, cpus)).and_modify(|count| *count -= 1);
    }

    pub(super) fn returned(&mut self, lease: Lease) {
        if let Some(worker) = self.lent(lease).and_then(|worker| self.workers.get_mut(&worker)) {
            worker.duty = Duty::Idle;
        }
        for worker in self.workers.values_mut() {
            worker.yielded.retain(|(of, _)| *of != lease);
        }
    }

    pub(super) fn yielded(&mut self, lease: Lease, outputs: &mut Vec<Output>) {
        let Some(worker) = self.lent(lease).and_then(|worker| self.workers.get_mut(&worker)) else { return };
        if let Duty::Task { port, .. } = worker.duty {
            worker.duty = Duty::Idle;
            if self.gone.contains(&port) {
                return;
            }
            worker.yielded.push((lease, port));
            outputs.push(Output::Send(port, ToPort::LeaseEnded { lease, end: None, started: Vec::new() }));
        }
    }

    pub(super) fn reclaim(&mut self, worker: WorkerNo, outputs: &mut Vec<Output>) {
        let Some(worker) = self.workers.get_mut(&worker) else { return };
        let Duty::Task { lease, is_reclaimed: false, port: to } = worker.duty else { return };
        worker.duty = Duty::Task { lease, is_reclaimed: true, port: to };
        let (port, _) = worker.reach.expect("it was lent");
        outputs.push(Output::Send(port, ToPort::Reclaim { lease }));
    }

    fn take_one_back(&mut self, from_others_than: PortId, outputs: &mut Vec<Output>) {
        let mut lent = Vec::new();
        for (no, worker) in &self.workers {
            match worker.duty {
                Duty::Task { is_reclaimed: true, .. } => return,
                Duty::Task { port, .. } if port != from_others_than => lent.push(*no),
                _ => {}
            }
        }
        if let Some(worker) = self.dice.pick(&lent) {
            self.reclaim(worker, outputs);
        }
    }

    /// Takes any worker back.
    pub(super) fn have_a_whim(&mut self, outputs: &mut Vec<Output>) {
        self.whims = self.whims.saturating_sub(1);
        let workers: Vec<WorkerNo> = self.workers.keys().copied().collect();
        if let Some(worker) = self.dice.pick(&workers) {
            self.reclaim(worker, outputs);
        }
    }
}
