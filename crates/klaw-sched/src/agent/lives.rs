//! An actor's lives: made, placed, constructed, ended, begun again.

use super::actors::{Actor, Death, Life, Past, Started};
use super::leases::Holder;
use super::timers::Timer;
use super::{Agent, Turn};
use crate::ids::{ActorId, Lease, WorkerNo};
use crate::message::{ActorOptions, DeathCause, Exit, ToPort, WorkerEnd};

impl Agent {
    pub(super) fn create(&mut self, id: ActorId, options: ActorOptions, turn: &mut Turn) {
        if self.actors.contains_key(&id) {
            return;
        }
        if self.gone.contains(id.owner) || self.dead.contains(id) {
            turn.drop_creation(id);
            return;
        }
        if let Some(name) = &options.name {
            if let Some(&by) = self.names.get(name) {
                turn.send(id.owner, ToPort::NameTaken { actor: id, by });
                turn.drop_creation(id);
                return;
            }
            self.names.insert(name.clone(), id);
        }
        let needs = options.placement_cpus.max(options.running_cpus);
        self.actors.insert(id, Actor::new(options, id.owner));
        if needs > self.resources.cpus {
            self.die(id, DeathCause::Unschedulable, turn);
        } else {
            self.begin_life(id, turn);
        }
    }

    fn begin_life(&mut self, id: ActorId, turn: &mut Turn) {
        self.waiting.push_back(id);
        self.tell_watchers(id, turn);
    }

    /// Its worker has said hello, or had done so before.
    pub(super) fn construct(&mut self, id: ActorId, lease: Lease, no: WorkerNo, turn: &mut Turn) {
        let Some(actor) = self.actors.get(&id) else { return };
        if let Some(reach) = self.workers.get(no).and_then(|worker| worker.reach) {
            turn.send(reach.port, ToPort::Construct { lease, actor: id, restarts: actor.restarts });
        }
    }

    pub(super) fn constructed(&mut self, lease: Lease, error: Option<Vec<u8>>, turn: &mut Turn) {
        let Some((id, no)) = self.actor_with(lease) else { return };
        let Some(actor) = self.actors.get_mut(&id) else { return };
        let Some(worker) = self.workers.get(no) else { return };
        // One that was killed is not heard: it is told of as it ends.
        if worker.killed || worker.reach.is_none() || !matches!(actor.life, Life::Starting { .. }) {
            return;
        }
        if let Some(error) = error {
            self.kill_worker(no, turn);
            self.release(id, turn);
            self.die(id, DeathCause::Constructor(error), turn);
            return;
        }
        actor.life = Life::Alive { lease };
        self.timers.clear(Timer::Start(id));
        self.leases.set_cpus(lease, actor.options.running_cpus);
        if !actor.comes_back() && std::mem::replace(&mut actor.creation, false) {
            turn.drop_creation(id);
        }
        let finish = actor.ending.is_some();
        self.tell_watchers(id, turn);
        if finish {
            self.finish(lease, turn);
        }
    }

    /// It has its worker no longer; whoever calls this says what becomes of it.
    pub(super) fn release(&mut self, id: ActorId, turn: &mut Turn) {
        self.timers.clear(Timer::Start(id));
        let Some(actor) = self.actors.get_mut(&id) else { return };
        let lease = actor.life.lease();
        actor.life = Life::Waiting;
        if let Some(held) = lease.and_then(|lease| self.leases.end(lease)) {
            self.workers.let_go(turn.now, held.worker);
        }
    }

    /// Its process has ended. `begun`: it was told to run the constructor.
    pub(super) fn life_ended(
        &mut self,
        id: ActorId,
        begun: bool,
        mut end: WorkerEnd,
        started: Started,
        turn: &mut Turn,
    ) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        let Some(lease) = actor.life.lease() else { return };
        if matches!(actor.life, Life::Starting { late: true, .. }) {
            end.how = Exit::NotReady;
        }
        if begun {
            actor.past = Some(Past { lease, end: end.clone(), started });
        }
        let comes_back = actor.comes_back();
        let cause = actor.ending.take().unwrap_or(DeathCause::ProcessEnded(end));
        self.release(id, turn);
        if comes_back {
            self.begin_next_life(id, turn);
        } else {
            self.die(id, cause, turn);
        }
    }

    fn begin_next_life(&mut self, id: ActorId, turn: &mut Turn) {
        if let Some(actor) = self.actors.get_mut(&id) {
            actor.restarts = actor.restarts.saturating_add(1);
            self.begin_life(id, turn);
        }
    }

    /// It has no worker, and gets none any more.
    pub(super) fn die(&mut self, id: ActorId, cause: DeathCause, turn: &mut Turn) {
        let Some(actor) = self.actors.remove(&id) else { return };
        self.timers.clear(Timer::Grace(id));
        if let Some(name) = &actor.options.name {
            self.names.remove(name);
        }
        let death = Death { cause, past: actor.past };
        for &watcher in &actor.watchers {
            turn.send(watcher, ToPort::ActorIs { actor: id, state: death.seen_by(watcher) });
        }
        self.dead.insert(id, death);
        if actor.creation {
            turn.drop_creation(id);
        }
    }

    /// Whose lease that is, and with which worker, if it is an actor's.
    fn actor_with(&self, lease: Lease) -> Option<(ActorId, WorkerNo)> {
        let held = self.leases.get(lease)?;
        match held.holder {
            Holder::Actor(id) => Some((id, held.worker)),
            Holder::Port(_) | Holder::Nobody => None,
        }
    }
}
