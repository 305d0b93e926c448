//! How an actor's end begins: it is killed, or asked to finish.
//!
//! One whose code may run is dead only when its process has ended: then all that it has sent is there, and what it had begun is known.

use super::actors::Life;
use super::timers::{Timer, after};
use super::{Agent, Turn};
use crate::ids::{ActorId, Lease, PortId, WorkerNo};
use crate::message::{DeathCause, ToPort};

/// How long an actor that nobody has a handle of may take for the calls that it has got, in milliseconds.
pub const NO_HANDLES_GRACE_MS: u64 = 60_000;

impl Agent {
    pub(super) fn kill(&mut self, id: ActorId, no_restart: bool, turn: &mut Turn) {
        if no_restart {
            self.end_now(id, DeathCause::Killed, turn);
        } else if let Some(no) = self.worker_of(id) {
            self.kill_worker(no, turn);
        }
    }

    pub(super) fn owner_died(&mut self, port: PortId, turn: &mut Turn) {
        let [first, last] = [u64::MIN, u64::MAX].map(|number| ActorId { owner: port, number });
        let its: Vec<ActorId> = self.actors.range(first..=last).map(|(&id, _)| id).collect();
        for id in its {
            self.end_now(id, DeathCause::OwnerDied, turn);
        }
    }

    pub(super) fn terminate(&mut self, id: ActorId, cause: DeathCause, grace_ms: u64, turn: &mut Turn) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        let asked_before = actor.ending.is_some();
        actor.ending.get_or_insert(cause);
        let life = actor.life;
        self.timers.set_earlier(Timer::Grace(id), after(turn.now, grace_ms));
        // One that is not alive yet is asked when it is.
        if let Life::Alive { lease } = life
            && !asked_before
        {
            self.finish(lease, turn);
        }
    }

    pub(super) fn finish(&mut self, lease: Lease, turn: &mut Turn) {
        let worker = self.leases.get(lease).and_then(|held| self.workers.get(held.worker));
        if let Some(reach) = worker.and_then(|worker| worker.reach) {
            turn.send(reach.port, ToPort::Finish { lease });
        }
    }

    pub(super) fn grace_over(&mut self, id: ActorId, turn: &mut Turn) {
        if let Some(cause) = self.actors.get(&id).and_then(|actor| actor.ending.clone()) {
            self.end_now(id, cause, turn);
        }
    }

    pub(super) fn start_over(&mut self, id: ActorId, turn: &mut Turn) {
        // One that was killed already ends of that.
        if let Some(no) = self.worker_of(id)
            && self.kill_worker(no, turn)
            && let Some(actor) = self.actors.get_mut(&id)
            && let Life::Starting { late, .. } = &mut actor.life
        {
            *late = true;
        }
    }

    fn end_now(&mut self, id: ActorId, cause: DeathCause, turn: &mut Turn) {
        let worker = self.worker_of(id).and_then(|no| Some((no, self.workers.get(no)?)));
        let Some(actor) = self.actors.get_mut(&id) else { return };
        match worker {
            Some((no, worker)) if worker.reach.is_some() => {
                // The first that kills it is what it dies of.
                if !worker.killed || actor.ending.is_none() {
                    actor.ending = Some(cause);
                }
                self.kill_worker(no, turn);
            }
            // None of its code has run: a worker that is starting for it is there for others.
            _ => {
                self.release(id, turn);
                self.die(id, cause, turn);
            }
        }
    }

    fn worker_of(&self, id: ActorId) -> Option<WorkerNo> {
        let lease = self.actors.get(&id)?.life.lease()?;
        self.leases.get(lease).map(|held| held.worker)
    }
}
