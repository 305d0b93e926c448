//! Ports and workers that do their part, each at its own pace.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::kit::*;
use crate::agent::{Input, Output};
use crate::ids::{ActorId, Cpus, Lease, PortId, WorkerNo};
use crate::message::{ActorState, Exit, ToAgent, ToPort};

/// Each does its things in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doer {
    Port(PortId),
    Worker(u64),
}

#[derive(Debug)]
enum Deed {
    Give(Input),
    /// The port's next task runs in this worker.
    Run(PortId, Lease),
}

/// What a port has to do.
#[derive(Debug, Default)]
struct Todo {
    cpus: Cpus,
    tasks: u32,
    /// So many of its tasks wait for one of their own.
    nested: u32,
    leases: BTreeMap<Lease, u64>,
    /// The task that all this is for, if it runs within one.
    parent: Option<(PortId, Lease)>,
    /// The parent's lease is to be let go when it has run.
    reclaimed: bool,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) node: Node,
    deeds: BTreeMap<Doer, VecDeque<Deed>>,
    ports: BTreeMap<PortId, Todo>,
    living: BTreeSet<u64>,
    alive: BTreeSet<ActorId>,
    random: u64,
}

impl World {
    pub(super) fn new(node: Node, seed: u64) -> Self {
        let (living, alive) = (BTreeSet::new(), BTreeSet::new());
        Self { node, deeds: BTreeMap::new(), ports: BTreeMap::new(), living, alive, random: seed | 1 }
    }

    pub(super) fn submit(&mut self, port: PortId, cpus: Cpus, tasks: u32, nested: u32) {
        self.ports.insert(port, Todo { cpus, tasks, nested, ..Todo::default() });
        self.demand(port);
    }

    pub(super) fn tell(&mut self, message: ToAgent) {
        self.give(Input::Message(message));
    }

    pub(super) fn alive(&self) -> usize {
        self.alive.len()
    }

    pub(super) fn tasks_left(&self) -> u32 {
        self.ports.values().map(|todo| todo.tasks).sum()
    }

    /// A process ends, whatever it is doing.
    pub(super) fn crash_one(&mut self) {
        let at = self.random(self.living.len().max(1));
        if let Some(&no) = self.living.iter().nth(at) {
            self.end(no, Exit::Signal(11));
        }
    }

    /// Does one thing, or lets time pass. False: nothing will ever happen any more.
    pub(super) fn step(&mut self) -> bool {
        self.deeds.retain(|_, deeds| !deeds.is_empty());
        let at = self.random(self.deeds.len().max(1));
        let next = self.deeds.values_mut().nth(at).and_then(VecDeque::pop_front);
        match (next, self.node.agent.deadline()) {
            (Some(Deed::Give(input)), _) => self.give(input),
            (Some(Deed::Run(port, lease)), _) => self.run(port, lease),
            (None, Some(at)) => {
                self.node.now = at.0;
                self.give(Input::Tick);
            }
            (None, None) => return false,
        }
        true
    }

    fn random(&mut self, below: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap() % below
    }

    fn later(&mut self, doer: Doer, deed: Deed) {
        self.deeds.entry(doer).or_default().push_back(deed);
    }

    fn worker_says(&mut self, no: u64, message: ToAgent) {
        self.later(Doer::Worker(no), Deed::Give(Input::Message(message)));
    }

    fn demand(&mut self, port: PortId) {
        let todo = &self.ports[&port];
        let count = todo.tasks.saturating_sub(u32::try_from(todo.leases.len()).unwrap());
        let demand = ToAgent::Demand { port, cpus: todo.cpus, count };
        self.later(Doer::Port(port), Deed::Give(Input::Message(demand)));
    }

    fn give(&mut self, input: Input) {
        if let Input::WorkerEnded { worker, .. } = input {
            self.ports.remove(&port(worker.0));
        }
        for output in self.node.give(input) {
            match output {
                Output::StartWorker(WorkerNo(no)) => {
                    self.living.insert(no);
                    let started = Input::WorkerStarted { worker: WorkerNo(no), pid: pid(no) };
                    self.later(Doer::Worker(no), Deed::Give(started));
                    self.worker_says(
                        no,
                        ToAgent::Hello { worker: WorkerNo(no), port: port(no), inbox: inbox(no) },
                    );
                }
                Output::KillWorker(no) => self.end(no.0, Exit::Signal(9)),
                Output::StopWorker(no) => self.end(no.0, Exit::Code(0)),
                Output::Send(to, message) => self.told(to, &message),
                Output::DropCreation(_) => {}
            }
        }
    }

    fn end(&mut self, no: u64, how: Exit) {
        if self.living.remove(&no) {
            self.deeds.remove(&Doer::Worker(no));
            self.deeds.remove(&Doer::Port(port(no)));
            let ended = Input::WorkerEnded { worker: WorkerNo(no), end: end(no, how), started: Vec::new() };
            self.later(Doer::Worker(no), Deed::Give(ended));
        }
    }

    fn told(&mut self, to: PortId, message: &ToPort) {
        let worker = to.0.wrapping_sub(port(0).0);
        match message {
            ToPort::Leased { lease, worker, .. } => {
                if let Some(todo) = self.ports.get_mut(&to) {
                    todo.leases.insert(*lease, worker.0);
                    self.later(Doer::Port(to), Deed::Run(to, *lease));
                }
            }
            ToPort::LeaseEnded { lease, .. } => {
                if let Some(todo) = self.ports.get_mut(&to) {
                    todo.leases.remove(lease);
                    self.demand(to);
                }
            }
            ToPort::ActorIs { actor, state: ActorState::Alive { .. } } => _ = self.alive.insert(*actor),
            ToPort::ActorIs { actor, .. } => _ = self.alive.remove(actor),
            _ if !self.living.contains(&worker) => {}
            ToPort::Reclaim { lease } => match self.ports.get_mut(&to) {
                Some(todo) if todo.parent.is_some_and(|(_, parent)| parent == *lease) => {
                    todo.reclaimed = true;
                }
                _ => self.worker_says(worker, ToAgent::Yielded { lease: *lease }),
            },
            ToPort::Construct { lease, .. } => {
                self.worker_says(worker, ToAgent::Constructed { lease: *lease, error: None });
            }
            ToPort::Finish { .. } => self.end(worker, Exit::Code(0)),
            ToPort::Found { .. } | ToPort::NameTaken { .. } => {}
        }
    }

    fn run(&mut self, port: PortId, lease: Lease) {
        let Some(todo) = self.ports.get_mut(&port) else { return };
        let Some(&worker) = todo.leases.get(&lease) else { return };
        if !self.living.contains(&worker) {
            return;
        }
        if todo.nested > 0 {
            todo.nested -= 1;
            self.run_nested(port, lease, worker);
            return;
        }
        todo.tasks = todo.tasks.saturating_sub(1);
        if todo.tasks > 0 {
            self.later(Doer::Port(port), Deed::Run(port, lease));
        } else {
            todo.leases.remove(&lease);
            let parent = todo.parent;
            self.later(Doer::Port(port), Deed::Give(Input::Message(ToAgent::Return { lease })));
            if let Some((parent, lease)) = parent {
                self.unblock(parent, lease, port);
            }
        }
    }

    /// A task of that port waits for one that it submits from its worker.
    fn run_nested(&mut self, parent: PortId, lease: Lease, worker: u64) {
        let todo = Todo { cpus: ONE, tasks: 1, parent: Some((parent, lease)), ..Todo::default() };
        self.ports.insert(port(worker), todo);
        self.worker_says(worker, ToAgent::Blocked { lease });
        self.demand(port(worker));
    }

    fn unblock(&mut self, parent: PortId, lease: Lease, port: PortId) {
        let worker = port.0 - super::kit::port(0).0;
        let todo = self.ports.remove(&port);
        self.worker_says(worker, ToAgent::Unblocked { lease });
        if todo.is_some_and(|todo| todo.reclaimed) {
            self.worker_says(worker, ToAgent::Yielded { lease });
        }
        self.later(Doer::Port(parent), Deed::Run(parent, lease));
    }
}
