//! What worker processes do by themselves: they say hello, and end.

use super::actors::Started;
use super::leases::Holder;
use super::workers::{Reach, Work};
use super::{Agent, Turn};
use crate::ids::WorkerNo;
use crate::message::{ToPort, WorkerEnd};

impl Agent {
    pub(super) fn hello(&mut self, no: WorkerNo, reach: Reach, turn: &mut Turn) {
        let Some(worker) = self.workers.get_mut(no).filter(|worker| worker.reach.is_none()) else { return };
        worker.reach = Some(reach);
        let (work, killed) = (worker.work, worker.killed);
        self.workers.backoff.succeeded();
        match work {
            Work::Starting => self.workers.let_go(turn.now, no),
            Work::Lent(lease) if !killed => {
                if let Some(Holder::Actor(id)) = self.leases.get(lease).map(|held| held.holder) {
                    self.construct(id, lease, no, turn);
                }
            }
            Work::Lent(_) | Work::Idle { .. } | Work::Ending => {}
        }
    }

    pub(super) fn worker_ended(&mut self, no: WorkerNo, end: WorkerEnd, started: Started, turn: &mut Turn) {
        let Some(worker) = self.workers.ended(turn.now, no) else { return };
        let yielded: Vec<_> = self.yielded.extract_if(.., |_, (of, _)| *of == no).collect();
        for (lease, (_, port)) in yielded {
            turn.send(port, ToPort::LeaseEnded { lease, end: Some(end.clone()), started: Vec::new() });
        }
        if let Work::Lent(lease) = worker.work {
            match self.leases.get(lease).map(|held| held.holder) {
                Some(Holder::Actor(id)) => self.life_ended(id, worker.reach.is_some(), end, started, turn),
                Some(Holder::Port(port)) => {
                    let started = started.of(port);
                    turn.send(port, ToPort::LeaseEnded { lease, end: Some(end), started });
                }
                Some(Holder::Nobody) | None => {}
            }
            self.leases.end(lease);
        }
        if let Some(reach) = worker.reach {
            self.port_gone(reach.port, turn);
        }
    }

    /// True if it was not killed before.
    pub(super) fn kill_worker(&mut self, no: WorkerNo, turn: &mut Turn) -> bool {
        let first = self.workers.kill(no);
        if first {
            turn.kill(no);
        }
        first
    }
}
