//! Worker processes, from their start to their end.

use std::collections::BTreeMap;

use super::timers::after;
use crate::ids::{Inbox, Lease, PortId, Time, WorkerNo};

/// Where a worker is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Where it is told things.
    pub(super) port: PortId,
    /// Where it takes calls.
    pub(super) inbox: Inbox,
}

/// What a worker is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// For whoever comes first, once it has said hello.
    Starting,
    /// For whoever comes first.
    Idle {
        /// Since when.
        since: Time,
    },
    /// For a lease. An actor has its worker from before its hello.
    Lent(Lease),
    /// It was asked to end, or killed, and is nobody's.
    Ending,
}

#[derive(Debug)]
pub(super) struct Worker {
    /// 0 until it is known.
    pub(super) pid: u32,
    /// Known since its hello.
    pub(super) reach: Option<Reach>,
    pub(super) work: Work,
    /// Whatever it still says is worth nothing.
    pub(super) killed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Workers {
    started: u64,
    all: BTreeMap<WorkerNo, Worker>,
    pub(super) backoff: Backoff,
}

impl Workers {
    pub(super) fn start(&mut self) -> WorkerNo {
        self.started += 1;
        let no = WorkerNo(self.started);
        self.all.insert(no, Worker { pid: 0, reach: None, work: Work::Starting, killed: false });
        no
    }

    /// Whether one was ever needed.
    pub(super) fn any_started(&self) -> bool {
        self.started > 0
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, no: WorkerNo) -> Option<&Worker> {
        self.all.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: WorkerNo) -> Option<&mut Worker> {
        self.all.get_mut(&no)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (WorkerNo, &Worker)> {
        self.all.iter().map(|(&no, worker)| (no, worker))
    }

    /// Its process has ended. One that ends without having been of use counts as one that could not be started, or a program that can't
    /// run would be started again and again.
    pub(super) fn ended(&mut self, now: Time, no: WorkerNo) -> Option<Worker> {
        let worker = self.all.remove(&no)?;
        let useless = worker.reach.is_none() || matches!(worker.work, Work::Idle { .. });
        if useless && !worker.killed {
            self.backoff.failed(now);
        }
        Some(worker)
    }

    /// Its lease is over: it is there for others, if it can be.
    pub(super) fn let_go(&mut self, now: Time, no: WorkerNo) {
        if let Some(worker) = self.all.get_mut(&no) {
            worker.work = match worker.reach {
                _ if worker.killed => Work::Ending,
                Some(_) => Work::Idle { since: now },
                None => Work::Starting,
            };
        }
    }

    /// True if it was not killed before.
    pub(super) fn kill(&mut self, no: WorkerNo) -> bool {
        self.all.get_mut(&no).is_some_and(|worker| !std::mem::replace(&mut worker.killed, true))
    }
}

/// The first pause after a start that failed, in milliseconds; each further one is twice as long.
pub(super) const FIRST_PAUSE_MS: u64 = 100;
/// The longest one.
pub(super) const LONGEST_PAUSE_MS: u64 = 10_000;

/// The pause between starts that fail.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pause_ms: u64,
    until: Option<Time>,
}

impl Backoff {
    /// Those that were started together fail together: that is one failure.
    fn failed(&mut self, now: Time) {
        if self.until(now).is_none() {
            self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
            self.until = Some(after(now, self.pause_ms));
        }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// When workers may be started again, if they may not now.
    pub(super) fn until(&self, now: Time) -> Option<Time> {
        self.until.filter(|&until| until > now)
    }
}
