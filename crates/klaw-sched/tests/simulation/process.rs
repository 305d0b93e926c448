//! A worker process: an executor, its run table, and what its code is doing.

use std::collections::BTreeMap;

use klaw_sched::execute::{Call, Cancelled, Executor, Run};
use klaw_sched::ids::{Attempt, Inbox, Lease, PortId, WorkerNo};
use klaw_sched::message::{Cancel, ToAgent, ToPort};
use klaw_sched::submit::Reply;

use crate::dice::Dice;
use crate::ledger::{Ledger, Number};
use crate::network::{Address, Network, Packet};

pub(crate) struct Process {
    pub(crate) port: PortId,
    pub(crate) inbox: Inbox,
    executor: Executor<Number>,
    /// What outlives it.
    table: BTreeMap<Run, (PortId, Attempt)>,
    /// The leases of what is in the table.
    leases: BTreeMap<Run, Lease>,
    /// The last lease that it gave back.
    yielded: Option<Lease>,
    constructing: Option<Lease>,
    /// The lease whose code waits for something.
    blocked: Option<Lease>,
}

/// What a process does when it gets its turn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Nothing,
    Something,
    /// It has ended by itself.
    Exited,
    /// It was killed in the middle of it.
    Died,
}

impl Process {
    pub(crate) fn new(worker: WorkerNo) -> Self {
        Self {
            port: PortId(10_000 + worker.0),
            inbox: Inbox(20_000 + worker.0),
            executor: Executor::new(),
            table: BTreeMap::new(),
            leases: BTreeMap::new(),
            yielded: None,
            constructing: None,
            blocked: None,
        }
    }

    pub(crate) fn table(&self) -> Vec<(PortId, Attempt)> {
        self.table.values().copied().collect()
    }

    pub(crate) fn wants_more(&self) -> bool {
        self.executor.wants_more()
    }

    pub(crate) fn tell(&self, network: &mut Network, message: ToAgent) {
        network.send(Address::Port(self.port), Address::Agent, Packet::ToAgent(message));
    }

    fn reply(&self, network: &mut Network, to: PortId, attempt: Attempt, reply: Reply) {
        network.send(Address::Port(self.port), Address::Port(to), Packet::Reply(attempt, reply));
    }

    fn bounce(&self, network: &mut Network, calls: &[Call<Number>]) {
        for call in calls {
            self.reply(network, call.port, call.attempt, Reply::Bounced);
        }
    }

    pub(crate) fn arrived(&mut self, call: Call<Number>, network: &mut Network) {
        let mut bounced: Vec<Call<Number>> = self.executor.arrive(call).into_iter().collect();
        if self.blocked.is_some() {
            self.executor.unqueue(&mut bounced);
        }
        self.bounce(network, &bounced);
    }

    pub(crate) fn told(&mut self, message: &ToPort, network: &mut Network) {
        match message {
            ToPort::Construct { lease, .. } => self.constructing = Some(*lease),
            ToPort::Finish { .. } => self.executor.close(),
            ToPort::Reclaim { lease } => {
                let mut bounced = Vec::new();
                self.executor.reclaim(*lease, &mut bounced);
                self.bounce(network, &bounced);
                self.yield_leases(network);
            }
            _ => panic!("not for a worker: {message:?}"),
        }
    }

    pub(crate) fn cancel(&mut self, cancel: Cancel, network: &mut Network) {
        if let Cancelled::Dropped(call) = self.executor.cancel(cancel.port, cancel.call) {
            self.reply(network, cancel.port, call.attempt, Reply::Bounced);
        }
    }

    pub(crate) fn forget_port(&mut self, port: PortId) {
        self.executor.forget_port(port, &mut Vec::new());
    }

    fn yield_leases(&mut self, network: &mut Network) {
        while let Some(lease) = self.executor.yielded() {
            assert!(!self.leases.values().any(|of| *of == lease), "{lease:?} is given back while it is used");
            self.yielded = self.yielded.max(Some(lease));
            self.tell(network, ToAgent::Yielded { lease });
        }
    }

    /// Does one thing of those that can be done. `is_wild`: it may be killed at the worst moments.
    pub(crate) fn act(
        &mut self,
        dice: &mut Dice,
        is_wild: bool,
        network: &mut Network,
        ledger: &mut Ledger,
    ) -> Did {
        if self.executor.is_done() {
            return Did::Exited;
        }
        if let Some(lease) = self.constructing.take() {
            return self.construct(lease, dice, is_wild, network);
        }
        if let Some(lease) = self.blocked.take() {
            self.tell(network, ToAgent::Unblocked { lease });
            return Did::Something;
        }
        let runs: Vec<Run> = self.table.keys().copied().collect();
        let finishes = dice.percent(50);
        match dice.pick(&runs).filter(|_| finishes) {
            Some(run) => self.finish(run, dice, is_wild, network, ledger),
            None => self.start(dice, is_wild, network, ledger),
        }
    }

    fn construct(&mut self, lease: Lease, dice: &mut Dice, is_wild: bool, network: &mut Network) -> Did {
        let throws = is_wild && dice.percent(5);
        if !throws {
            let limits: &[u32] = if lease.0.is_multiple_of(2) { &[1] } else { &[3, 1] };
            self.executor.become_actor(lease, limits, &mut Vec::new());
        }
        self.tell(network, ToAgent::Constructed { lease, error: throws.then(Vec::new) });
        Did::Something
    }

    fn start(&mut self, dice: &mut Dice, is_wild: bool, network: &mut Network, ledger: &mut Ledger) -> Did {
        let Some((run, call)) = self.executor.start() else {
            return if self.table.is_empty() { Did::Nothing } else { Did::Something };
        };
        assert!(Some(call.lease) > self.yielded, "{:?} is used after it was given back", call.lease);
        self.table.insert(run, (call.port, call.attempt));
        self.leases.insert(run, call.lease);
        ledger.entered(call.port, call.attempt);
        if is_wild && dice.percent(3) {
            return Did::Died;
        }
        ledger.began(call.port, call.attempt, call.lease);
        if self.executor.running() == 1 && dice.percent(10) {
            self.block(network);
        }
        Did::Something
    }

    /// What runs waits for other calls.
    fn block(&mut self, network: &mut Network) {
        self.blocked = self.executor.lease();
        if let Some(lease) = self.blocked {
            self.tell(network, ToAgent::Blocked { lease });
        }
        let mut bounced = Vec::new();
        self.executor.unqueue(&mut bounced);
        self.bounce(network, &bounced);
    }

    fn finish(
        &mut self,
        run: Run,
        dice: &mut Dice,
        is_wild: bool,
        network: &mut Network,
        ledger: &mut Ledger,
    ) -> Did {
        let (port, attempt) = self.table[&run];
        let reply = if dice.percent(25) { Reply::Error } else { Reply::Value };
        ledger.answered(port, attempt, reply);
        self.reply(network, port, attempt, reply);
        if is_wild && dice.percent(3) {
            return Did::Died;
        }
        assert_eq!(self.executor.finish(run), self.table.remove(&run));
        self.leases.remove(&run);
        self.yield_leases(network);
        Did::Something
    }
}
