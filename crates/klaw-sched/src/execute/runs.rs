//! The places of calls that run.

use super::{MAX_RUNS, Run};
use crate::ids::{Attempt, Lease, PortId};

#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    pub(super) port: PortId,
    pub(super) attempt: Attempt,
    pub(super) lease: Lease,
    /// The index of its group.
    pub(super) group: usize,
}

#[derive(Debug, Default)]
pub(super) struct Runs {
    places: Vec<Option<Running>>,
    free: Vec<u32>,
    count: u32,
}

impl Runs {
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= MAX_RUNS
    }

    /// Only while [`Runs::is_full`] is false.
    pub(super) fn add(&mut self, running: Running) -> Run {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.count
        });
        self.places[place as usize] = Some(running);
        self.count += 1;
        Run(place)
    }

    pub(super) fn remove(&mut self, run: Run) -> Option<Running> {
        let running = self.places.get_mut(run.0 as usize)?.take()?;
        self.free.push(run.0);
        self.count -= 1;
        Some(running)
    }

    pub(super) fn get(&self, run: Run) -> Option<&Running> {
        self.places.get(run.0 as usize)?.as_ref()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Running> {
        self.places.iter_mut().flatten()
    }

    /// The first that is like this.
    pub(super) fn find(&self, is_like: impl Fn(&Running) -> bool) -> Option<Run> {
        let place = self.places.iter().position(|place| place.as_ref().is_some_and(&is_like))?;
        u32::try_from(place).ok().map(Run)
    }
}
