//! A wild time, in which anything can happen, and the calm after it, in which everything must come to an end.

use klaw_sched::ids::{PortId, WorkerNo};
use klaw_sched::message::Exit;

use crate::broker::Broker;
use crate::process::Did;
use crate::world::World;

/// More than any calm needs: a call that goes round for ever is found by it.
const CALM_STEPS: u32 = 100_000;

impl<B: Broker> World<B> {
    pub(crate) fn live(&mut self, wild_steps: u32) {
        for _ in 0..wild_steps {
            self.wild_step();
        }
        self.is_wild = false;
        let mut steps = 0;
        while self.calm_step() {
            steps += 1;
            assert!(steps < CALM_STEPS, "it does not come to rest");
        }
        self.check_rest();
    }

    fn wild_step(&mut self) {
        self.now.0 += 1;
        match self.dice.roll(1_000) {
            0..450 => self.deliver_some(),
            450..700 => self.some_process_acts(),
            700..950 => self.some_port_acts(),
            950..980 => drop(self.tell_of_an_end()),
            980..990 => self.tick(),
            990..999 => {
                let workers: Vec<WorkerNo> = self.processes.keys().copied().collect();
                if let Some(worker) = self.dice.pick(&workers) {
                    self.end_process(worker, Exit::Signal(9));
                }
            }
            _ => {
                let ports: Vec<PortId> = self.ports.keys().copied().collect();
                if let Some(port) = self.dice.pick(&ports).filter(|_| ports.len() > 2) {
                    self.end_port(port);
                }
            }
        }
    }

    fn deliver_some(&mut self) {
        if let Some(lane) = self.dice.pick(&self.open_lanes()) {
            self.deliver(lane);
        }
    }

    fn some_process_acts(&mut self) {
        let workers: Vec<WorkerNo> = self.processes.keys().copied().collect();
        if let Some(worker) = self.dice.pick(&workers) {
            self.let_process_act(worker);
        }
    }

    fn some_port_acts(&mut self) {
        let ids: Vec<PortId> = self.ports.keys().copied().collect();
        let Some(port) = self.dice.pick(&ids).and_then(|id| self.ports.get_mut(&id)) else { return };
        port.act(&self.actors, &mut self.dice, &mut self.network, &mut self.ledger);
    }

    /// True as long as there is something to be done.
    fn calm_step(&mut self) -> bool {
        self.now.0 += 1;
        self.tick();
        for port in self.ports.values_mut() {
            port.all_ready(&mut self.network, &mut self.ledger);
        }
        if self.dice.percent(30) && self.tell_of_an_end() {
            return true;
        }
        if self.dice.percent(60) && !self.open_lanes().is_empty() {
            self.deliver_some();
            return true;
        }
        let workers: Vec<WorkerNo> = self.processes.keys().copied().collect();
        let acting = workers.into_iter().filter(|worker| self.let_process_act(*worker) != Did::Nothing);
        if acting.count() > 0 {
            return true;
        }
        for port in self.ports.values_mut() {
            port.end_turn(&mut self.network, &mut self.ledger);
            port.sleep(&mut self.network, &mut self.ledger);
        }
        !self.open_lanes().is_empty() || self.tell_of_an_end() || self.time_passes()
    }

    /// Nothing happens before the agent's next deadline.
    fn time_passes(&mut self) -> bool {
        let Some(deadline) = self.broker.deadline() else { return false };
        self.now = self.now.max(deadline);
        self.tick();
        true
    }

    fn check_rest(&self) {
        for port in self.ports.values() {
            for call in self.ledger.calls(port.id) {
                assert!(self.ledger.is_settled(port.id, call), "{call:?} of {:?} waits for ever", port.id);
                assert_eq!(port.submitter.lease(call), None, "{call:?} of {:?} keeps its name", port.id);
            }
            assert!(!port.submitter.is_waiting());
        }
        assert_eq!(self.network.lanes().count(), 0);
        assert_eq!(self.broker.lent(), 0, "a lease is not given back");
    }
}
