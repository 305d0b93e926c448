//! A port's calls by name, and lists of those that are out.

use super::Policy;
use super::table::Table;
use crate::ids::{CallId, Lease};

#[derive(Debug)]
pub(super) struct Entry<P> {
    pub(super) home: Home,
    pub(super) stage: Stage,
    /// Its place among the calls that wait with it: its submission, or for a task the moment from which on it could be sent.
    pub(super) sequence: u64,
    /// Which try of it is the last.
    pub(super) number: u16,
    /// An earlier try may have run.
    pub(super) may_have_run: bool,
    pub(super) retries_left: Option<u32>,
    pub(super) retry_errors: bool,
    pub(super) fail_while_restarting: bool,
    pub(super) payload: Option<P>,
    links: Links,
}

/// Who has a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// An actor, by its name in the table of actors.
    Actor { key: u32, ordered: bool },
    /// A class of tasks, by its index.
    Task { class: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// For its arguments.
    Waiting,
    Queued,
    Sent(Lease),
    /// Sent, and cancelled since: settled, but something of it can still come.
    Cancelled(Lease),
}

impl<P> Entry<P> {
    pub(super) fn new(home: Home, stage: Stage, sequence: u64, policy: Policy) -> Self {
        Self {
            home,
            stage,
            sequence,
            number: 0,
            may_have_run: false,
            retries_left: policy.max_retries,
            retry_errors: policy.retry_errors,
            fail_while_restarting: policy.fail_while_restarting,
            payload: None,
            links: Links::default(),
        }
    }

    /// Counts one more try after one that may have run, if one is left.
    pub(super) fn retry(&mut self) -> bool {
        if self.retries_left == Some(0) {
            return false;
        }
        self.retries_left = self.retries_left.map(|left| left - 1);
        self.number = self.number.wrapping_add(1);
        self.may_have_run = true;
        true
    }

    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.home, Home::Actor { ordered: true, .. })
    }

    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.stage, Stage::Cancelled(_))
    }

    /// The lease that it is out by.
    pub(super) fn lease(&self) -> Option<Lease> {
        match self.stage {
            Stage::Sent(lease) | Stage::Cancelled(lease) => Some(lease),
            Stage::Waiting | Stage::Queued => None,
        }
    }
}

/// Calls that are out, in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct List {
    first: Option<CallId>,
    last: Option<CallId>,
    len: u32,
}

impl List {
    pub(super) fn len(&self) -> u32 {
        self.len
    }
}

/// An entry's neighbours in the list that it is in: it leaves in one step, and no list allocates.
#[derive(Debug, Default)]
struct Links {
    previous: Option<CallId>,
    next: Option<CallId>,
}

#[derive(Debug)]
pub(super) struct Calls<P> {
    table: Table<Entry<P>>,
}

impl<P> Default for Calls<P> {
    fn default() -> Self {
        Self { table: Table::default() }
    }
}

impl<P> Calls<P> {
    pub(super) fn add(&mut self, entry: Entry<P>) -> Option<CallId> {
        self.table.add(entry).map(CallId)
    }

    pub(super) fn get(&self, call: CallId) -> Option<&Entry<P>> {
        self.table.get(call.0)
    }

    pub(super) fn get_mut(&mut self, call: CallId) -> Option<&mut Entry<P>> {
        self.table.get_mut(call.0)
    }

    pub(super) fn remove(&mut self, call: CallId) -> Option<Entry<P>> {
        self.table.remove(call.0)
    }

    /// Of a call that some queue or list has, and that is therefore here.
    pub(super) fn held(&mut self, call: CallId) -> &mut Entry<P> {
        self.get_mut(call).expect("whoever leaves the table has left its queue and its list")
    }

    pub(super) fn link(&mut self, list: &mut List, call: CallId) {
        self.held(call).links = Links { previous: list.last, next: None };
        match list.last.replace(call) {
            Some(before) => self.held(before).links.next = Some(call),
            None => list.first = Some(call),
        }
        list.len += 1;
    }

    pub(super) fn unlink(&mut self, list: &mut List, call: CallId) {
        let Links { previous, next } = std::mem::take(&mut self.held(call).links);
        match previous {
            Some(previous) => self.held(previous).links.next = next,
            None => list.first = next,
        }
        match next {
            Some(next) => self.held(next).links.previous = previous,
            None => list.last = previous,
        }
        list.len -= 1;
    }

    pub(super) fn listed(&self, list: &List) -> Vec<CallId> {
        std::iter::successors(list.first, |call| self.get(*call)?.links.next).collect()
    }
}
