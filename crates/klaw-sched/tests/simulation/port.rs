//! A port that calls: a submitter, and code that does as the dice say.

use klaw_sched::execute::Call;
use klaw_sched::ids::{ActorId, Attempt, CallId, Cpus, PortId};
use klaw_sched::message::{ActorOptions, Cancel, ToAgent, ToPort};
use klaw_sched::submit::{Action, Failure, Policy, Replied, Reply, Route, Submitter, Target};

use crate::dice::Dice;
use crate::ledger::{Ledger, Number};
use crate::network::{Address, Network, Packet};

pub(crate) struct Port {
    pub(crate) id: PortId,
    pub(crate) submitter: Submitter<Number>,
    /// Calls that wait for their arguments.
    waiting: Vec<(CallId, Number)>,
    /// Actors that it has made.
    actors: Vec<ActorId>,
}

impl Port {
    pub(crate) fn new(id: PortId) -> Self {
        Self { id, submitter: Submitter::new(id), waiting: Vec::new(), actors: Vec::new() }
    }

    pub(crate) fn tell(&self, network: &mut Network, message: ToAgent) {
        network.send(Address::Port(self.id), Address::Agent, Packet::ToAgent(message));
    }

    /// Does what its submitter wants.
    fn carry_out(&self, actions: Vec<Action>, network: &mut Network, ledger: &mut Ledger) {
        for action in actions {
            match action {
                Action::Send(route) => {
                    let payload = *self.submitter.payload(route.attempt.call).expect("it is kept");
                    self.send(route, payload, network, ledger);
                }
                Action::Fail(call, failure) => ledger.failed(self.id, call, &failure),
                Action::Tell(message) => self.tell(network, message),
                Action::Cancel { port, call } => {
                    let cancel = Packet::Cancel(Cancel { port: self.id, call });
                    network.send(Address::Port(self.id), Address::Port(port), cancel);
                }
            }
        }
    }

    fn send(&self, route: Route, payload: Number, network: &mut Network, ledger: &Ledger) {
        assert!(!ledger.is_settled(self.id, route.attempt.call), "{route:?} is sent after it was settled");
        let Route { inbox, lease, attempt, .. } = route;
        let call = Call { port: self.id, attempt, lease, group: ledger.group(payload), payload };
        network.send(Address::Port(self.id), Address::Inbox(inbox), Packet::Call(call));
    }

    /// Some of what code does. `others`: actors that it may have got a handle of.
    pub(crate) fn act(
        &mut self,
        others: &[ActorId],
        dice: &mut Dice,
        network: &mut Network,
        ledger: &mut Ledger,
    ) {
        let known: Vec<ActorId> = self.actors.iter().chain(others).copied().collect();
        match dice.roll(100) {
            0..40 => self.submit(Target::Task { cpus: Cpus::ONE }, dice, network, ledger),
            40..75 => {
                if let Some(actor) = dice.pick(&known) {
                    self.submit(
                        Target::Actor { actor, ordered: actor.number % 2 == 0 },
                        dice,
                        network,
                        ledger,
                    );
                }
            }
            75..83 => self.ready(dice, network, ledger),
            83..90 => self.cancel(dice, network, ledger),
            90..92 => self.create_actor(dice, network),
            92..96 => {
                if let Some(actor) = dice.pick(&known) {
                    self.forget(actor, dice, network, ledger);
                }
            }
            96 => {
                if let Some(actor) = dice.pick(&known) {
                    self.tell(network, ToAgent::Terminate { actor, grace_ms: 1_000_000 });
                }
            }
            97 => {
                if let Some(actor) = dice.pick(&known) {
                    self.tell(network, ToAgent::Kill { actor, no_restart: dice.percent(50) });
                }
            }
            _ => self.sleep(network, ledger),
        }
        if dice.percent(70) {
            self.end_turn(network, ledger);
        }
    }

    /// Drops all handles of an actor, and may get one again at once: what the agent has told before is still on its way then.
    fn forget(&mut self, actor: ActorId, dice: &mut Dice, network: &mut Network, ledger: &mut Ledger) {
        let mut actions = Vec::new();
        self.submitter.forget_actor(actor, &mut actions);
        ledger.forgotten(self.id, actor);
        self.carry_out(actions, network, ledger);
        if dice.percent(70) {
            self.submit(
                Target::Actor { actor, ordered: actor.number.is_multiple_of(2) },
                dice,
                network,
                ledger,
            );
        }
    }

    fn submit(&mut self, target: Target, dice: &mut Dice, network: &mut Network, ledger: &mut Ledger) {
        let policy = Policy {
            max_retries: dice.pick(&[Some(0), Some(0), Some(1), Some(2), None]).flatten(),
            retry_errors: dice.percent(30),
            fail_while_restarting: dice.percent(15),
            max_pending: dice.percent(10).then_some(4),
        };
        let number = ledger.next();
        ledger.enter(self.id, target, policy, u16::from(dice.percent(30)));
        let mut actions = Vec::new();
        if dice.percent(20) {
            match self.submitter.submit_waiting(target, policy, &mut actions) {
                Ok(call) => {
                    ledger.name(call);
                    self.waiting.push((call, number));
                }
                Err(_) => ledger.refused(),
            }
        } else {
            match self.submitter.submit(target, policy, || number, &mut actions) {
                Ok(submitted) => {
                    ledger.name(submitted.call);
                    if let Some(route) = submitted.send {
                        self.send(route, number, network, ledger);
                    }
                }
                Err(_) => ledger.refused(),
            }
        }
        self.carry_out(actions, network, ledger);
    }

    fn ready(&mut self, dice: &mut Dice, network: &mut Network, ledger: &mut Ledger) {
        if let Some(ready) = dice.pick(&self.waiting) {
            self.waiting.retain(|each| *each != ready);
            let mut actions = Vec::new();
            self.submitter.ready(ready.0, ready.1, &mut actions);
            self.carry_out(actions, network, ledger);
        }
    }

    pub(crate) fn all_ready(&mut self, network: &mut Network, ledger: &mut Ledger) {
        for (call, payload) in std::mem::take(&mut self.waiting) {
            let mut actions = Vec::new();
            self.submitter.ready(call, payload, &mut actions);
            self.carry_out(actions, network, ledger);
        }
    }

    fn cancel(&mut self, dice: &mut Dice, network: &mut Network, ledger: &mut Ledger) {
        let Some(call) = dice.pick(&ledger.calls(self.id)) else { return };
        let was_settled = ledger.is_settled(self.id, call);
        let mut actions = Vec::new();
        let lease = self.submitter.lease(call).filter(|_| dice.percent(20));
        assert_eq!(self.submitter.cancel(call, &mut actions), !was_settled);
        assert_eq!(actions.contains(&Action::Fail(call, Failure::Cancelled)), !was_settled);
        self.carry_out(actions, network, ledger);
        if let Some(lease) = lease.filter(|_| !was_settled) {
            self.tell(network, ToAgent::KillLease { lease });
        }
    }

    fn create_actor(&mut self, dice: &mut Dice, network: &mut Network) {
        if self.actors.len() == 3 {
            return;
        }
        let actor = ActorId { owner: self.id, number: self.actors.len() as u64 };
        self.actors.push(actor);
        let options = ActorOptions {
            label: String::new(),
            name: None,
            get_if_exists: false,
            max_restarts: dice.pick(&[Some(0), Some(1), Some(2), None]).flatten(),
            placement_cpus: Cpus(0),
            running_cpus: Cpus(0),
            start_timeout_ms: 1_000_000,
        };
        self.tell(network, ToAgent::CreateActor { actor, options });
    }

    pub(crate) fn told(&mut self, message: &ToPort, network: &mut Network, ledger: &mut Ledger) {
        let mut actions = Vec::new();
        self.submitter.told(message, &mut actions);
        self.carry_out(actions, network, ledger);
    }

    pub(crate) fn reply(
        &mut self,
        attempt: Attempt,
        reply: Reply,
        network: &mut Network,
        ledger: &mut Ledger,
    ) {
        if reply == Reply::Bounced {
            ledger.count("sent back");
        }
        let mut actions = Vec::new();
        if self.submitter.reply(attempt, reply, &mut actions) == Replied::Settles {
            ledger.settled_by(self.id, attempt, reply);
        }
        self.carry_out(actions, network, ledger);
    }

    pub(crate) fn end_turn(&mut self, network: &mut Network, ledger: &mut Ledger) {
        let mut actions = Vec::new();
        self.submitter.end_turn(&mut actions);
        self.carry_out(actions, network, ledger);
    }

    pub(crate) fn sleep(&mut self, network: &mut Network, ledger: &mut Ledger) {
        let mut actions = Vec::new();
        self.submitter.before_sleep(&mut actions);
        self.carry_out(actions, network, ledger);
    }
}
