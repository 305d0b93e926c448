//! Starts actors, and starts them again.

use std::collections::BTreeSet;

use super::{Actor, Duty, Model, Stage, of_port};
use klaw_sched::agent::Output;
use klaw_sched::ids::{ActorId, Attempt, Lease, PortId, WorkerNo};
use klaw_sched::message::{ActorState, DeathCause, EndedLife, ToPort, WorkerEnd};

impl Model {
    pub(super) fn create(&mut self, id: ActorId, max_restarts: Option<u32>, outputs: &mut Vec<Output>) {
        let worker = self.start_life(id, outputs);
        let (watchers, stage) = (BTreeSet::new(), Stage::Starting(worker));
        self.actors.insert(id, Actor { max_restarts, restarts: 0, watchers, stage, fate: None });
    }

    fn start_life(&mut self, actor: ActorId, outputs: &mut Vec<Output>) -> WorkerNo {
        let lease = Lease(self.next());
        self.start_worker(Duty::Actor { actor, lease }, outputs)
    }

    pub(super) fn watch(&mut self, port: PortId, id: ActorId, outputs: &mut Vec<Output>) {
        let state = self.state(id);
        outputs.push(Output::Send(port, ToPort::ActorIs { actor: id, state }));
        self.actors.get_mut(&id).expect("it was made before it was handed on").watchers.insert(port);
    }

    fn state(&self, id: ActorId) -> ActorState {
        let actor = &self.actors[&id];
        let restarts = actor.restarts;
        match &actor.stage {
            Stage::Starting(_) => ActorState::Starting { restarts, ended: None },
            Stage::Dead(cause) => ActorState::Dead { cause: cause.clone(), ended: None },
            Stage::Alive(worker) => {
                let worker = &self.workers[worker];
                let (port, inbox) = worker.reach.expect("it has said hello");
                let Duty::Actor { lease, .. } = worker.duty else { panic!("{:?}", worker.duty) };
                let restarts_left = actor.max_restarts.map(|max| max - restarts);
                ActorState::Alive { lease, port, inbox, pid: 1, restarts, restarts_left }
            }
        }
    }

    fn tell_watchers(&self, id: ActorId, outputs: &mut Vec<Output>) {
        for port in &self.actors[&id].watchers {
            outputs.push(Output::Send(*port, ToPort::ActorIs { actor: id, state: self.state(id) }));
        }
    }

    pub(super) fn constructed(&mut self, lease: Lease, error: Option<Vec<u8>>, outputs: &mut Vec<Output>) {
        let Some(no) = self.lent(lease) else { return };
        let worker = &self.workers[&no];
        let Duty::Actor { actor: id, .. } = worker.duty else { return };
        let actor = self.actors.get_mut(&id).expect("its worker is here");
        if let Some(error) = error {
            actor.fate.get_or_insert(DeathCause::Constructor(error));
            outputs.push(Output::KillWorker(no));
            return;
        }
        actor.stage = Stage::Alive(no);
        if actor.fate == Some(DeathCause::Terminated) {
            let (port, _) = worker.reach.expect("it has said hello");
            outputs.push(Output::Send(port, ToPort::Finish { lease }));
        }
        self.tell_watchers(id, outputs);
    }

    pub(super) fn kill(&mut self, id: ActorId, fate: Option<DeathCause>, outputs: &mut Vec<Output>) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        if let Stage::Starting(worker) | Stage::Alive(worker) = actor.stage {
            actor.fate = fate.or_else(|| actor.fate.take());
            outputs.push(Output::KillWorker(worker));
        }
    }

    pub(super) fn terminate(&mut self, id: ActorId, outputs: &mut Vec<Output>) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        if actor.fate.is_some() {
            return;
        }
        actor.fate = Some(DeathCause::Terminated);
        if let Stage::Alive(worker) = actor.stage {
            let worker = &self.workers[&worker];
            let (port, _) = worker.reach.expect("it has said hello");
            let Duty::Actor { lease, .. } = worker.duty else { panic!("{:?}", worker.duty) };
            outputs.push(Output::Send(port, ToPort::Finish { lease }));
        }
    }

    pub(super) fn life_over(
        &mut self,
        id: ActorId,
        lease: Lease,
        end: &WorkerEnd,
        started: &[(PortId, Attempt)],
        outputs: &mut Vec<Output>,
    ) {
        let actor = &self.actors[&id];
        let has_restarts = actor.max_restarts.is_none_or(|max| actor.restarts < max);
        let fate =
            actor.fate.clone().or_else(|| (!has_restarts).then(|| DeathCause::ProcessEnded(end.clone())));
        let restarts = actor.restarts + 1;
        let next = if fate.is_none() { Some(self.start_life(id, outputs)) } else { None };
        let actor = self.actors.get_mut(&id).expect("it is here");
        for port in &actor.watchers {
            let ended = Some(EndedLife { lease, end: end.clone(), started: of_port(started, *port) });
            let state = match fate.clone() {
                Some(cause) => ActorState::Dead { cause, ended },
                None => ActorState::Starting { restarts, ended },
            };
            outputs.push(Output::Send(*port, ToPort::ActorIs { actor: id, state }));
        }
        match (fate, next) {
            (Some(cause), _) => actor.stage = Stage::Dead(cause),
            (None, Some(worker)) => {
                actor.restarts = restarts;
                actor.stage = Stage::Starting(worker);
            }
            (None, None) => {}
        }
    }
}
