//! What a port knows of an actor, and its calls to it.

use std::collections::{BTreeMap, HashMap};

use super::Failure;
use super::calls::{Entry, List};
use super::table::Table;
use crate::ids::{ActorId, CallId, Inbox, Lease, PortId};
use crate::message::DeathCause;

#[derive(Debug)]
pub(super) struct Actor {
    pub(super) id: ActorId,
    pub(super) whereabouts: Whereabouts,
    /// Calls that are not sent, by their submission.
    queue: BTreeMap<u64, CallId>,
    /// How many of the queue are ordered.
    ordered: usize,
    pub(super) sent: List,
    /// Calls that somebody still waits for.
    pub(super) unsettled: u32,
    pub(super) restarts: Restarts,
    /// Nobody has a handle any more.
    pub(super) is_forgotten: bool,
}

#[derive(Debug)]
pub(super) enum Whereabouts {
    /// The agent was asked.
    Asked,
    Starting {
        /// It was alive before.
        again: bool,
    },
    Alive(Life),
    Dead(DeathCause),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) lease: Lease,
    pub(super) port: PortId,
    pub(super) inbox: Inbox,
    /// It has sent a call back: it is ending.
    pub(super) refuses: bool,
}

/// What the actor said of its restarts when it was last alive.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Restarts {
    pub(super) done: u32,
    pub(super) left: Option<u32>,
}

impl Restarts {
    /// How many are left once `done` were needed.
    pub(super) fn left_after(self, done: u32) -> Option<u32> {
        self.left.map(|left| left.saturating_sub(done.saturating_sub(self.done)))
    }
}

impl Actor {
    fn new(id: ActorId) -> Self {
        Self {
            id,
            whereabouts: Whereabouts::Asked,
            queue: BTreeMap::new(),
            ordered: 0,
            sent: List::default(),
            unsettled: 0,
            restarts: Restarts::default(),
            is_forgotten: false,
        }
    }

    /// Where calls can be sent to.
    pub(super) fn open_life(&self) -> Option<Life> {
        match self.whereabouts {
            Whereabouts::Alive(life) if !life.refuses => Some(life),
            _ => None,
        }
    }

    /// True if an earlier call holds back one that is submitted now.
    pub(super) fn holds_back(&self, ordered: bool) -> bool {
        ordered && self.ordered > 0
    }

    /// Why a call that has not been sent fails, as things are.
    pub(super) fn failure(&self, fail_while_restarting: bool) -> Option<Failure> {
        match &self.whereabouts {
            Whereabouts::Dead(cause) => Some(self.died(cause.clone(), false, Some(0))),
            Whereabouts::Starting { again: true } if fail_while_restarting => Some(self.unavailable()),
            _ => None,
        }
    }

    pub(super) fn died(&self, cause: DeathCause, may_have_run: bool, restarts_left: Option<u32>) -> Failure {
        Failure::ActorDied { actor: self.id, cause, may_have_run, restarts_left }
    }

    pub(super) fn unavailable(&self) -> Failure {
        Failure::ActorUnavailable { actor: self.id }
    }

    /// This life has sent a call back, so it would send back others too.
    pub(super) fn refused(&mut self, lease: Lease) {
        if let Whereabouts::Alive(life) = &mut self.whereabouts {
            life.refuses |= life.lease == lease;
        }
    }

    pub(super) fn has_refused(&self, lease: Lease) -> bool {
        matches!(&self.whereabouts, Whereabouts::Alive(life) if life.refuses && life.lease == lease)
    }

    /// Where the process of this life is told things, if it has not ended.
    pub(super) fn port_of(&self, lease: Lease) -> Option<PortId> {
        match &self.whereabouts {
            Whereabouts::Alive(life) if life.lease == lease => Some(life.port),
            _ => None,
        }
    }

    /// True once nothing keeps it here.
    pub(super) fn is_over(&self) -> bool {
        self.is_forgotten && self.queue.is_empty() && self.sent.len() == 0
    }

    pub(super) fn enqueue<P>(&mut self, call: CallId, entry: &Entry<P>) {
        self.queue.insert(entry.sequence, call);
        self.ordered += usize::from(entry.is_ordered());
    }

    pub(super) fn unqueue<P>(&mut self, entry: &Entry<P>) {
        self.queue.remove(&entry.sequence);
        self.ordered -= usize::from(entry.is_ordered());
    }

    pub(super) fn queued(&self) -> impl Iterator<Item = CallId> {
        self.queue.values().copied()
    }

    /// The first call that waits in the queue from there on.
    pub(super) fn next_queued(&self, from: u64) -> Option<(u64, CallId)> {
        self.queue.range(from..).next().map(|(sequence, call)| (*sequence, *call))
    }

    /// True if every call in the queue is ordered: when the first is held back, all are.
    pub(super) fn is_all_ordered(&self) -> bool {
        self.ordered == self.queue.len()
    }
}

/// The actors that a port watches.
#[derive(Debug, Default)]
pub(super) struct Actors {
    table: Table<Actor>,
    keys: HashMap<ActorId, u32>,
}

impl Actors {
    pub(super) fn key(&self, id: ActorId) -> Option<u32> {
        self.keys.get(&id).copied()
    }

    /// `None` when there are a million of them.
    pub(super) fn add(&mut self, id: ActorId) -> Option<u32> {
        let key = self.table.add(Actor::new(id))?;
        self.keys.insert(id, key);
        Some(key)
    }

    pub(super) fn get(&mut self, key: u32) -> Option<&mut Actor> {
        self.table.get_mut(key)
    }

    /// Of an actor that has calls, and is therefore here.
    pub(super) fn held(&mut self, key: u32) -> &mut Actor {
        self.get(key).expect("an actor is dropped only when it has no calls")
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<ActorId> {
        let id = self.table.remove(key)?.id;
        self.keys.remove(&id);
        Some(id)
    }
}
