//! Ports that want to know where an actor is.

use super::actors::Life;
use super::{Agent, Turn};
use crate::ids::{ActorId, PortId};
use crate::message::{ActorName, ActorState, DeathCause, ToPort};

impl Agent {
    pub(super) fn watch(&mut self, port: PortId, id: ActorId, turn: &mut Turn) {
        if self.gone.contains(port) {
            return;
        }
        if let Some(actor) = self.actors.get_mut(&id) {
            actor.watchers.insert(port);
        }
        turn.send(port, ToPort::ActorIs { actor: id, state: self.state(id, port) });
    }

    pub(super) fn unwatch(&mut self, port: PortId, id: ActorId) {
        if let Some(actor) = self.actors.get_mut(&id) {
            actor.watchers.remove(&port);
        }
    }

    pub(super) fn find(&self, port: PortId, request: u32, name: &ActorName, turn: &mut Turn) {
        if !self.gone.contains(port) {
            turn.send(port, ToPort::Found { request, actor: self.names.get(name).copied() });
        }
    }

    pub(super) fn tell_watchers(&self, id: ActorId, turn: &mut Turn) {
        let Some(actor) = self.actors.get(&id) else { return };
        for &watcher in &actor.watchers {
            turn.send(watcher, ToPort::ActorIs { actor: id, state: self.state(id, watcher) });
        }
    }

    fn state(&self, id: ActorId, watcher: PortId) -> ActorState {
        let Some(actor) = self.actors.get(&id) else {
            return self
                .dead
                .get(id)
                .map_or(ActorState::Dead { cause: DeathCause::Unknown, ended: None }, |death| {
                    death.seen_by(watcher)
                });
        };
        let Life::Alive { lease } = actor.life else { return actor.starting(watcher) };
        let worker = self.leases.get(lease).and_then(|held| self.workers.get(held.worker));
        let Some((worker, reach)) = worker.and_then(|worker| Some((worker, worker.reach?))) else {
            return actor.starting(watcher);
        };
        ActorState::Alive {
            lease,
            port: reach.port,
            inbox: reach.inbox,
            pid: worker.pid,
            restarts: actor.restarts,
            restarts_left: actor.restarts_left(),
        }
    }
}
