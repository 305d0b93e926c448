//! Ports, workers and an agent, and what can happen between them.

use std::collections::{BTreeMap, BTreeSet};

use klaw_sched::agent::{Input, Output};
use klaw_sched::ids::{ActorId, Attempt, PortId, Time, WorkerNo};
use klaw_sched::message::{Exit, ToAgent, WorkerEnd};
use klaw_sched::submit::Reply;

use crate::broker::Broker;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::network::{Address, Lane, Network, Packet};
use crate::port::Port;
use crate::process::{Did, Process};

pub(crate) struct World<B> {
    pub(crate) dice: Dice,
    pub(crate) now: Time,
    pub(crate) broker: B,
    pub(crate) network: Network,
    pub(crate) ledger: Ledger,
    pub(crate) ports: BTreeMap<PortId, Port>,
    pub(crate) processes: BTreeMap<WorkerNo, Process>,
    /// What the agent has been told of.
    pub(crate) actors: Vec<ActorId>,
    /// Ports of dead processes, and of dead callers.
    pub(crate) dead: BTreeSet<PortId>,
    /// Ends that the agent hears of when all that the dead have sent to it has arrived.
    ends: Vec<(PortId, Input)>,
    /// Misfortune can happen.
    pub(crate) is_wild: bool,
}

impl<B: Broker> World<B> {
    pub(crate) fn new(seed: u64, broker: B) -> Self {
        let ids = (1..=3).map(PortId);
        Self {
            dice: Dice::new(seed),
            now: Time(0),
            broker,
            network: Network::default(),
            ledger: Ledger::default(),
            ports: ids.map(|id| (id, Port::new(id))).collect(),
            processes: BTreeMap::new(),
            actors: Vec::new(),
            dead: BTreeSet::new(),
            ends: Vec::new(),
            is_wild: true,
        }
    }

    pub(crate) fn tell_agent(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.broker.handle(self.now, input, &mut outputs);
        for output in outputs {
            match output {
                Output::StartWorker(worker) => self.start_process(worker),
                Output::KillWorker(worker) => self.end_process(worker, Exit::Signal(9)),
                Output::StopWorker(worker) => self.end_process(worker, Exit::Code(0)),
                Output::Send(port, message) => {
                    self.network.send(Address::Agent, Address::Port(port), Packet::ToPort(message));
                }
                Output::DropCreation(_) => {}
            }
        }
    }

    fn start_process(&mut self, worker: WorkerNo) {
        let process = Process::new(worker);
        let Process { port, inbox, .. } = process;
        if self.is_wild && self.dice.percent(5) {
            let end = WorkerEnd { pid: 0, how: Exit::NotStarted(String::new()), last_lines: Vec::new() };
            self.ends.push((port, Input::WorkerEnded { worker, end, started: Vec::new() }));
            return;
        }
        process.tell(&mut self.network, ToAgent::Hello { worker, port, inbox });
        self.processes.insert(worker, process);
    }

    /// What the process has sent still arrives; what it had got is lost.
    pub(crate) fn end_process(&mut self, worker: WorkerNo, how: Exit) {
        let Some(process) = self.processes.remove(&worker) else { return };
        self.dead.insert(process.port);
        self.network.lose(Address::Port(process.port));
        self.network.lose(Address::Inbox(process.inbox));
        let started = process.table();
        for (port, attempt) in &started {
            self.ledger.lost(*port, *attempt);
        }
        let end = WorkerEnd { pid: 1, how, last_lines: Vec::new() };
        self.ends.push((process.port, Input::WorkerEnded { worker, end, started }));
    }

    pub(crate) fn end_port(&mut self, port: PortId) {
        self.ports.remove(&port);
        self.dead.insert(port);
        self.network.lose(Address::Port(port));
        self.ends.push((port, Input::PortGone { port }));
    }

    /// Tells the agent of an end, if it may hear of it now.
    pub(crate) fn tell_of_an_end(&mut self) -> bool {
        let is_heard =
            |(port, _): &(PortId, Input)| self.network.is_empty((Address::Port(*port), Address::Agent));
        let Some(index) = self.ends.iter().position(is_heard) else { return false };
        let (_, input) = self.ends.remove(index);
        if let Input::PortGone { port } = input {
            self.processes.values_mut().for_each(|process| process.forget_port(port));
        }
        self.tell_agent(input);
        true
    }

    /// Lanes whose first packet can arrive.
    pub(crate) fn open_lanes(&self) -> Vec<Lane> {
        let is_open = |lane: &Lane| match lane.1 {
            Address::Inbox(inbox) => {
                let mut processes = self.processes.values();
                processes.find(|process| process.inbox == inbox).is_none_or(Process::wants_more)
            }
            _ => true,
        };
        self.network.lanes().filter(is_open).collect()
    }

    pub(crate) fn deliver(&mut self, lane: Lane) {
        let Some(packet) = self.network.take(lane) else { return };
        match (lane.1, packet) {
            (Address::Agent, Packet::ToAgent(message)) => {
                if let ToAgent::CreateActor { actor, .. } = message {
                    self.actors.push(actor);
                }
                self.tell_agent(Input::Message(message));
            }
            (Address::Inbox(inbox), Packet::Call(call)) => {
                let mut processes = self.processes.values_mut();
                if let Some(process) = processes.find(|process| process.inbox == inbox) {
                    process.arrived(call, &mut self.network);
                }
            }
            (Address::Port(port), packet) if self.ports.contains_key(&port) => self.deliver_to(port, packet),
            (Address::Port(port), packet) => self.deliver_to_process(port, packet),
            (to, packet) => panic!("{packet:?} is not for {to:?}"),
        }
    }

    fn deliver_to(&mut self, port: PortId, packet: Packet) {
        match packet {
            Packet::ToPort(message) => {
                self.deliver_from_the_dead(port);
                let to = self.ports.get_mut(&port).expect("it is here");
                to.told(&message, &mut self.network, &mut self.ledger);
            }
            Packet::Reply(attempt, reply) => self.deliver_reply(port, attempt, reply),
            packet => panic!("{packet:?} is not for {port:?}"),
        }
    }

    fn deliver_reply(&mut self, port: PortId, attempt: Attempt, reply: Reply) {
        let to = self.ports.get_mut(&port).expect("it is here");
        to.reply(attempt, reply, &mut self.network, &mut self.ledger);
    }

    /// A port takes all that the dead have sent it before it hears of their end.
    fn deliver_from_the_dead(&mut self, port: PortId) {
        let to = Address::Port(port);
        for dead in self.dead.clone() {
            while let Some(Packet::Reply(attempt, reply)) = self.network.take((Address::Port(dead), to)) {
                self.deliver_reply(port, attempt, reply);
            }
        }
    }

    fn deliver_to_process(&mut self, port: PortId, packet: Packet) {
        let mut processes = self.processes.values_mut();
        let Some(process) = processes.find(|process| process.port == port) else { return };
        match packet {
            Packet::ToPort(message) => process.told(&message, &mut self.network),
            Packet::Cancel(cancel) => process.cancel(cancel, &mut self.network),
            packet => panic!("{packet:?} is not for a worker"),
        }
    }

    pub(crate) fn let_process_act(&mut self, worker: WorkerNo) -> Did {
        let Some(process) = self.processes.get_mut(&worker) else { return Did::Nothing };
        let did = process.act(&mut self.dice, self.is_wild, &mut self.network, &mut self.ledger);
        match did {
            Did::Exited => self.end_process(worker, Exit::Code(0)),
            Did::Died => self.end_process(worker, Exit::Signal(9)),
            Did::Nothing | Did::Something => {}
        }
        did
    }

    pub(crate) fn tick(&mut self) {
        if self.broker.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.tell_agent(Input::Tick);
        }
    }
}
