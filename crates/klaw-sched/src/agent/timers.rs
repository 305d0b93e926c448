//! What has to happen at some moment.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ActorId, Time};

/// What a moment is for. There is one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The actor must have been constructed.
    Start(ActorId),
    /// The actor must have finished.
    Grace(ActorId),
    /// A worker has been idle for long.
    Idle,
    /// Workers may be started again.
    Retry,
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<Timer, Time>,
    order: BTreeSet<(Time, Timer)>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Time) {
        self.clear(timer);
        self.at.insert(timer, at);
        self.order.insert((at, timer));
    }

    /// Leaves an earlier moment as it is.
    pub(super) fn set_earlier(&mut self, timer: Timer, at: Time) {
        if self.at.get(&timer).is_none_or(|&present| at < present) {
            self.set(timer, at);
        }
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    pub(super) fn first(&self) -> Option<Time> {
        self.order.first().map(|&(at, _)| at)
    }

    pub(super) fn take_due(&mut self, now: Time) -> Option<Timer> {
        let &(at, timer) = self.order.first()?;
        (at <= now).then(|| self.clear(timer)).map(|()| timer)
    }
}

/// The moment `ms` after `now`.
pub(super) fn after(now: Time, ms: u64) -> Time {
    Time(now.0.saturating_add(ms))
}
