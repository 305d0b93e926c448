//! What can be lent, as one look at all that wait sees it: each of them, in turn, takes from it what it gets now, or what it is to get
//! as soon as somebody lets go. What is set aside for those that wait is not there for those behind them: small tasks do not
//! for ever pass by an actor that needs many CPUs.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Agent;
use super::leases::Holder;
use super::workers::Work;
use crate::ids::{Cpus, Lease, PortId, Time, WorkerNo};

/// What one that waits gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// A worker that is idle.
    Idle(WorkerNo),
    /// One that has not said hello yet.
    Starting(WorkerNo),
    /// One that has to be started.
    New,
    /// CPUs or a worker that others let go; those of them that have to be asked for it.
    Later(Vec<Lease>),
}

#[derive(Debug)]
pub(super) struct Stock {
    /// CPUs that are free.
    free: i64,
    /// CPUs of leases that were reclaimed, or whose workers were killed.
    coming: i64,
    /// The last one is the one to be taken: it was used last, so that the others may grow old.
    idle: Vec<WorkerNo>,
    starting: Vec<WorkerNo>,
    /// Their workers, and others that are ending.
    returning: usize,
    /// Processes that may be started.
    room: usize,
    ports: BTreeMap<PortId, Share>,
}

/// What a port has that is not reclaimed.
#[derive(Debug, Default)]
struct Share {
    /// All its leases, and those that it is to get.
    leases: usize,
    /// Those that run.
    running: Vec<(Lease, i64)>,
}

impl Stock {
    pub(super) fn of(agent: &Agent, now: Time) -> Self {
        let mut stock = Self {
            free: agent.leases.free(),
            coming: 0,
            idle: Vec::new(),
            starting: Vec::new(),
            returning: 0,
            room: agent.resources.max_workers.saturating_sub(agent.workers.len()),
            ports: BTreeMap::new(),
        };
        if agent.workers.backoff.until(now).is_some() {
            stock.room = 0;
        }
        stock.count_workers(agent);
        stock.count_leases(agent);
        stock
    }

    fn count_workers(&mut self, agent: &Agent) {
        let mut idle = Vec::new();
        for (no, worker) in agent.workers.iter() {
            match worker.work {
                Work::Idle { since } => idle.push((since, Reverse(no))),
                Work::Starting => self.starting.push(no),
                // There will be room for another one.
                Work::Ending => self.returning += 1,
                Work::Lent(_) => {}
            }
        }
        idle.sort_unstable();
        self.idle = idle.into_iter().map(|(_, Reverse(no))| no).collect();
    }

    fn count_leases(&mut self, agent: &Agent) {
        for (lease, held) in agent.leases.iter() {
            let killed = agent.workers.get(held.worker).is_none_or(|worker| worker.killed);
            if held.reclaimed || killed {
                self.coming += held.taken();
                self.returning += 1;
            } else if let Holder::Port(port) = held.holder {
                let share = self.ports.entry(port).or_default();
                share.leases += 1;
                // One that is blocked lets nothing go before others have run.
                if !held.blocked {
                    share.running.push((lease, held.taken()));
                }
            }
        }
    }

    /// For one that waits; `port`: whose task it is. `None`: there is nothing for it.
    pub(super) fn take(&mut self, cpus: Cpus, port: Option<PortId>) -> Option<Offer> {
        let need = i64::from(cpus.0);
        let offer = self.take_now(need).or_else(|| self.take_later(need, port))?;
        if let Some(port) = port {
            self.ports.entry(port).or_default().leases += 1;
        }
        Some(offer)
    }

    fn take_now(&mut self, need: i64) -> Option<Offer> {
        if need > 0 && need > self.free {
            return None;
        }
        let offer = if let Some(no) = self.idle.pop() {
            Offer::Idle(no)
        } else if let Some(no) = self.starting.pop() {
            Offer::Starting(no)
        } else {
            self.room = self.room.checked_sub(1)?;
            Offer::New
        };
        self.free -= need;
        Some(offer)
    }

    fn take_later(&mut self, need: i64, port: Option<PortId>) -> Option<Offer> {
        let reclaimed = self.reclaim(need, port)?;
        let from_coming = need.min(self.coming);
        self.coming -= from_coming;
        self.free -= need - from_coming;
        if self.returning > 0 {
            self.returning -= 1;
        } else if self.starting.pop().or_else(|| self.idle.pop()).is_none() {
            self.room = self.room.saturating_sub(1);
        }
        Some(Offer::Later(reclaimed))
    }

    /// Leases that have to be let go so that `need` CPUs and a worker come free. `None`: there are not enough, and nobody is asked.
    fn reclaim(&mut self, need: i64, port: Option<PortId>) -> Option<Vec<Lease>> {
        let mut taken = Vec::new();
        let mut cpus = 0;
        loop {
            let workers = self.idle.len() + self.starting.len() + self.returning + self.room + taken.len();
            if workers > 0 && (need == 0 || need <= self.free + self.coming + cpus) {
                break;
            }
            let Some(victim) = self.victim(port) else {
                self.give_back(&taken);
                return None;
            };
            cpus += victim.2;
            taken.push(victim);
        }
        self.coming += cpus;
        self.returning += taken.len();
        Some(taken.into_iter().map(|(_, lease, _)| lease).collect())
    }

    fn give_back(&mut self, taken: &[(PortId, Lease, i64)]) {
        for &(port, lease, cpus) in taken.iter().rev() {
            let share = self.ports.entry(port).or_default();
            share.leases += 1;
            share.running.push((lease, cpus));
        }
    }

    /// A lease of the port that has most. Another port takes it only if it has none itself, or will not have more than the one that loses
    /// it: else the two would take it from each other for ever.
    fn victim(&mut self, port: Option<PortId>) -> Option<(PortId, Lease, i64)> {
        let own = port.map_or(0, |port| self.leases(port));
        let (&loser, share) = self
            .ports
            .iter_mut()
            .filter(|(other, share)| Some(**other) != port && !share.running.is_empty())
            .max_by_key(|(other, share)| (share.leases, Reverse(**other)))?;
        if own > 0 && share.leases < own + 2 {
            return None;
        }
        let (lease, cpus) = share.running.pop()?;
        share.leases -= 1;
        Some((loser, lease, cpus))
    }

    /// How many leases a port has that it keeps, and those that it is to get.
    pub(super) fn leases(&self, port: PortId) -> usize {
        self.ports.get(&port).map_or(0, |share| share.leases)
    }

    /// How many more workers have to be started so that so many are left.
    pub(super) fn missing(&self, spare: usize) -> usize {
        spare.saturating_sub(self.idle.len() + self.starting.len()).min(self.room)
    }
}
