//! The simplest agent that keeps the rules of the messages. It takes workers back whenever it likes.

mod actors;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use klaw_sched::agent::{Input, Output};
use klaw_sched::ids::{ActorId, Attempt, Cpus, Inbox, Lease, PortId, Time, WorkerNo};
use klaw_sched::message::{DeathCause, ToAgent, ToPort, WorkerEnd};

use crate::broker::Broker;
use crate::dice::Dice;

pub(crate) struct Model {
    dice: Dice,
    workers: BTreeMap<WorkerNo, Worker>,
    demands: BTreeMap<(PortId, Cpus), u32>,
    actors: BTreeMap<ActorId, Actor>,
    gone: BTreeSet<PortId>,
    /// Counts workers and leases.
    count: u64,
    /// How often it still takes a worker back for no reason.
    whims: u32,
}

struct Worker {
    reach: Option<(PortId, Inbox)>,
    duty: Duty,
    /// Leases that were yielded and not returned: their ports are told if it dies.
    yielded: Vec<(Lease, PortId)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// For tasks, when somebody has some.
    Idle,
    Task {
        lease: Lease,
        port: PortId,
        is_reclaimed: bool,
    },
    Actor {
        actor: ActorId,
        lease: Lease,
    },
}

struct Actor {
    max_restarts: Option<u32>,
    restarts: u32,
    watchers: BTreeSet<PortId>,
    stage: Stage,
    /// It ends by this when its process does.
    fate: Option<DeathCause>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Starting(WorkerNo),
    Alive(WorkerNo),
    Dead(DeathCause),
}

impl Model {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(!seed),
            workers: BTreeMap::new(),
            demands: BTreeMap::new(),
            actors: BTreeMap::new(),
            gone: BTreeSet::new(),
            count: 0,
            whims: 10,
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn start_worker(&mut self, duty: Duty, outputs: &mut Vec<Output>) -> WorkerNo {
        let worker = WorkerNo(self.next());
        self.workers.insert(worker, Worker { reach: None, duty, yielded: Vec::new() });
        outputs.push(Output::StartWorker(worker));
        worker
    }

    /// The worker that has this lease.
    fn lent(&self, lease: Lease) -> Option<WorkerNo> {
        let has = |duty: &Duty| match duty {
            Duty::Idle => false,
            Duty::Task { lease: of, .. } | Duty::Actor { lease: of, .. } => *of == lease,
        };
        self.workers.iter().find(|(_, worker)| has(&worker.duty)).map(|(no, _)| *no)
    }

    fn message(&mut self, message: ToAgent, outputs: &mut Vec<Output>) {
        match message {
            ToAgent::Hello { worker, port, inbox } => self.hello(worker, port, inbox, outputs),
            ToAgent::Demand { port, cpus, count } => drop(self.demands.insert((port, cpus), count)),
            ToAgent::Return { lease } => self.returned(lease),
            ToAgent::Yielded { lease } => self.yielded(lease, outputs),
            ToAgent::CreateActor { actor, options } => self.create(actor, options.max_restarts, outputs),
            ToAgent::Constructed { lease, error } => self.constructed(lease, error, outputs),
            ToAgent::Watch { port, actor } => self.watch(port, actor, outputs),
            ToAgent::Unwatch { port, actor } => {
                if let Some(actor) = self.actors.get_mut(&actor) {
                    actor.watchers.remove(&port);
                }
            }
            ToAgent::Kill { actor, no_restart } => {
                let fate = no_restart.then_some(DeathCause::Killed);
                self.kill(actor, fate, outputs);
            }
            ToAgent::Terminate { actor, .. } => self.terminate(actor, outputs),
            ToAgent::KillLease { lease } => {
                let worker = self.lent(lease);
                outputs.extend(worker.map(Output::KillWorker));
            }
            ToAgent::Blocked { .. } | ToAgent::Unblocked { .. } | ToAgent::Find { .. } => {}
        }
    }

    fn hello(&mut self, no: WorkerNo, port: PortId, inbox: Inbox, outputs: &mut Vec<Output>) {
        let Some(worker) = self.workers.get_mut(&no) else { return };
        worker.reach = Some((port, inbox));
        if let Duty::Actor { actor, lease } = worker.duty {
            let restarts = self.actors[&actor].restarts;
            outputs.push(Output::Send(port, ToPort::Construct { lease, actor, restarts }));
        }
    }

    fn ended(
        &mut self,
        no: WorkerNo,
        end: &WorkerEnd,
        started: &[(PortId, Attempt)],
        outputs: &mut Vec<Output>,
    ) {
        let Some(worker) = self.workers.remove(&no) else { return };
        let mut over = worker.yielded;
        match worker.duty {
            Duty::Idle => {}
            Duty::Task { lease, port, .. } => over.push((lease, port)),
            Duty::Actor { actor, lease } => self.life_over(actor, lease, end, started, outputs),
        }
        for (lease, port) in over {
            let (end, started) = (Some(end.clone()), of_port(started, port));
            outputs.push(Output::Send(port, ToPort::LeaseEnded { lease, end, started }));
        }
    }

    fn port_gone(&mut self, port: PortId, outputs: &mut Vec<Output>) {
        self.gone.insert(port);
        self.demands.retain(|(of, _), _| *of != port);
        for worker in self.workers.values_mut() {
            worker.yielded.retain(|(_, of)| *of != port);
        }
        for actor in self.actors.values_mut() {
            actor.watchers.remove(&port);
        }
        let theirs = |duty| matches!(duty, Duty::Task { port: of, .. } if of == port);
        let workers: Vec<WorkerNo> = self.workers.keys().copied().collect();
        for worker in workers {
            if theirs(self.workers[&worker].duty) {
                self.reclaim(worker, outputs);
            }
        }
    }
}

fn of_port(started: &[(PortId, Attempt)], port: PortId) -> Vec<Attempt> {
    started.iter().filter(|(of, _)| *of == port).map(|(_, attempt)| *attempt).collect()
}

impl Broker for Model {
    fn handle(&mut self, _now: Time, input: Input, outputs: &mut Vec<Output>) {
        match input {
            Input::Message(message) => self.message(message, outputs),
            Input::WorkerEnded { worker, end, started } => self.ended(worker, &end, &started, outputs),
            Input::PortGone { port } => self.port_gone(port, outputs),
            Input::Tick => self.have_a_whim(outputs),
            Input::WorkerStarted { .. } | Input::HandlesGone { .. } => {}
        }
        self.serve(outputs);
    }

    fn deadline(&self) -> Option<Time> {
        (self.whims > 0).then_some(Time(0))
    }

    fn lent(&self) -> usize {
        let is_out =
            |worker: &&Worker| matches!(worker.duty, Duty::Task { .. }) || !worker.yielded.is_empty();
        self.workers.values().filter(is_out).count()
    }
}
