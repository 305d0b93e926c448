//! What is known of an actor, living or dead.

use std::collections::BTreeSet;

use crate::ids::{Attempt, Lease, PortId};
use crate::message::{ActorOptions, ActorState, DeathCause, EndedLife, WorkerEnd};

/// What a worker had begun when it ended, of all ports.
#[derive(Debug)]
pub(super) struct Started(pub(super) Vec<(PortId, Attempt)>);

impl Started {
    pub(super) fn of(&self, port: PortId) -> Vec<Attempt> {
        self.0.iter().filter(|(whose, _)| *whose == port).map(|&(_, attempt)| attempt).collect()
    }
}

/// A life that is over. Each port is told of its own calls only.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) lease: Lease,
    pub(super) end: WorkerEnd,
    pub(super) started: Started,
}

impl Past {
    fn seen_by(&self, port: PortId) -> EndedLife {
        EndedLife { lease: self.lease, end: self.end.clone(), started: self.started.of(port) }
    }
}

/// Where an actor is in its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// In the queue for CPUs and a worker.
    Waiting,
    /// It has a worker, which may still be starting.
    Starting {
        lease: Lease,
        /// Its time is over; its worker was killed.
        late: bool,
    },
    Alive {
        lease: Lease,
    },
}

impl Life {
    pub(super) fn lease(self) -> Option<Lease> {
        match self {
            Self::Waiting => None,
            Self::Starting { lease, .. } | Self::Alive { lease } => Some(lease),
        }
    }
}

#[derive(Debug)]
pub(super) struct Actor {
    pub(super) options: ActorOptions,
    /// How often it died.
    pub(super) restarts: u32,
    pub(super) life: Life,
    /// The last life that began with a constructor.
    pub(super) past: Option<Past>,
    pub(super) watchers: BTreeSet<PortId>,
    /// What it is going to be dead of, when its process has ended.
    pub(super) ending: Option<DeathCause>,
    /// What makes it is kept.
    pub(super) creation: bool,
}

impl Actor {
    pub(super) fn new(options: ActorOptions, owner: PortId) -> Self {
        Self {
            options,
            restarts: 0,
            life: Life::Waiting,
            past: None,
            watchers: BTreeSet::from([owner]),
            ending: None,
            creation: true,
        }
    }

    /// `None`: always.
    pub(super) fn restarts_left(&self) -> Option<u32> {
        self.options.max_restarts.map(|max| max.saturating_sub(self.restarts))
    }

    pub(super) fn comes_back(&self) -> bool {
        self.ending.is_none() && self.restarts_left() != Some(0)
    }

    pub(super) fn starting(&self, watcher: PortId) -> ActorState {
        let ended = self.past.as_ref().map(|past| past.seen_by(watcher));
        ActorState::Starting { restarts: self.restarts, ended }
    }
}

/// What is remembered of a dead one.
#[derive(Debug)]
pub(super) struct Death {
    pub(super) cause: DeathCause,
    pub(super) past: Option<Past>,
}

impl Death {
    pub(super) fn seen_by(&self, watcher: PortId) -> ActorState {
        ActorState::Dead {
            cause: self.cause.clone(),
            ended: self.past.as_ref().map(|past| past.seen_by(watcher)),
        }
    }
}
