//! One look at all that wait, after everything that happens: who gets a worker, which have to be started, which are asked back.

use std::collections::BTreeSet;

use super::actors::Life;
use super::demands::{Demand, Kind};
use super::leases::{Held, Holder};
use super::stock::{Offer, Stock};
use super::timers::{Timer, after};
use super::workers::Work;
use super::{Agent, Turn};
use crate::ids::{ActorId, Cpus, Lease, WorkerNo};
use crate::message::ToPort;

impl Agent {
    pub(super) fn place(&mut self, turn: &mut Turn) {
        let mut stock = Stock::of(self, turn.now);
        self.place_actors(&mut stock, turn);
        self.grant_demands(&mut stock, turn);
        if self.workers.any_started() {
            for _ in 0..stock.missing(self.resources.spare_workers) {
                self.start_worker(turn);
            }
        }
        self.stop_idle(turn);
        match self.workers.backoff.until(turn.now) {
            Some(until) => self.timers.set(Timer::Retry, until),
            None => self.timers.clear(Timer::Retry),
        }
    }

    fn place_actors(&mut self, stock: &mut Stock, turn: &mut Turn) {
        let mut too_many = None;
        for id in std::mem::take(&mut self.waiting) {
            // One that died while it waited is still in the queue.
            let Some(cpus) = self.actors.get(&id).map(|actor| actor.options.placement_cpus) else { continue };
            // What was too many for one is too many for those behind it: the stock only shrinks.
            let offer =
                if too_many.is_some_and(|too_many| cpus >= too_many) { None } else { stock.take(cpus, None) };
            match offer {
                Some(Offer::Idle(no) | Offer::Starting(no)) => self.bind(id, no, turn),
                Some(Offer::New) => {
                    let no = self.start_worker(turn);
                    self.bind(id, no, turn);
                }
                Some(Offer::Later(leases)) => {
                    self.reclaim(&leases, turn);
                    self.waiting.push_back(id);
                }
                None => {
                    too_many = Some(cpus);
                    self.waiting.push_back(id);
                }
            }
        }
    }

    /// The worker is this actor's, also if it has not said hello yet: then it has the actor's time to do so.
    fn bind(&mut self, id: ActorId, no: WorkerNo, turn: &mut Turn) {
        let Some(actor) = self.actors.get_mut(&id) else { return };
        let lease = self.leases.grant(no, Holder::Actor(id), actor.options.placement_cpus);
        actor.life = Life::Starting { lease, late: false };
        self.timers.set(Timer::Start(id), after(turn.now, actor.options.start_timeout_ms));
        if let Some(worker) = self.workers.get_mut(no) {
            worker.work = Work::Lent(lease);
        }
        self.construct(id, lease, no, turn);
    }

    fn grant_demands(&mut self, stock: &mut Stock, turn: &mut Turn) {
        let mut wanted: Vec<(Kind, Demand)> = self.demands.iter().collect();
        // Whoever has least comes first, then whoever waits longest: which is each in turn, as long as all have the same.
        let first = |wanted: &[(Kind, Demand)], stock: &Stock| {
            let order = |((port, _), demand): &(Kind, Demand)| (stock.leases(*port), demand.turn);
            (0..wanted.len()).min_by_key(|&at| order(&wanted[at]))
        };
        let mut turns = wanted.iter().map(|(_, demand)| demand.turn).max().unwrap_or(0);
        while let Some(at) = first(&wanted, stock) {
            let (kind, demand) = &mut wanted[at];
            let kind = *kind;
            let Some(offer) = stock.take(kind.1, Some(kind.0)) else {
                wanted.swap_remove(at);
                continue;
            };
            turns += 1;
            *demand = Demand { count: demand.count - 1, turn: turns };
            if demand.count == 0 {
                wanted.swap_remove(at);
            }
            match offer {
                Offer::Idle(no) => self.grant(kind, no, turn),
                // Whichever says hello first is the one.
                Offer::Starting(_) => {}
                Offer::New => {
                    self.start_worker(turn);
                }
                Offer::Later(leases) => self.reclaim(&leases, turn),
            }
        }
    }

    fn grant(&mut self, kind: Kind, no: WorkerNo, turn: &mut Turn) {
        let (port, cpus) = kind;
        let Some(worker) = self.workers.get_mut(no) else { return };
        let Some(reach) = worker.reach else { return };
        let lease = self.leases.grant(no, Holder::Port(port), cpus);
        worker.work = Work::Lent(lease);
        self.demands.granted(kind);
        turn.send(port, ToPort::Leased { lease, cpus, worker: no, port: reach.port, inbox: reach.inbox });
    }

    pub(super) fn reclaim(&mut self, leases: &[Lease], turn: &mut Turn) {
        for &lease in leases {
            let Some(no) = self.leases.reclaim(lease) else { continue };
            if let Some(reach) = self.workers.get(no).and_then(|worker| worker.reach) {
                turn.send(reach.port, ToPort::Reclaim { lease });
            }
        }
    }

    fn start_worker(&mut self, turn: &mut Turn) -> WorkerNo {
        let no = self.workers.start();
        turn.start(no);
        no
    }

    /// Stops those that have been idle for long and are more than are needed to use all CPUs.
    fn stop_idle(&mut self, turn: &mut Turn) {
        let mut idle = BTreeSet::new();
        let (mut ready, mut for_tasks) = (0, 0);
        for (no, worker) in self.workers.iter() {
            match worker.work {
                Work::Idle { since } => _ = idle.insert((since, no)),
                Work::Starting => ready += 1,
                Work::Lent(lease) => {
                    for_tasks += usize::from(self.leases.get(lease).is_some_and(Held::is_task));
                }
                Work::Ending => {}
            }
        }
        ready += idle.len();
        let spare = self.resources.spare_workers;
        let useful = (self.resources.cpus.0.div_ceil(Cpus::ONE.0) as usize).saturating_add(spare);
        let too_many = (for_tasks + ready).saturating_sub(useful).min(ready.saturating_sub(spare));
        self.timers.clear(Timer::Idle);
        for (since, no) in idle.into_iter().take(too_many) {
            let until = after(since, self.resources.idle_ms);
            if until > turn.now {
                self.timers.set(Timer::Idle, until);
                break;
            }
            if let Some(worker) = self.workers.get_mut(no) {
                worker.work = Work::Ending;
                turn.stop(no);
            }
        }
    }
}
