//! The owner's side of a port: arm, sleep, be awake.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use super::table::{BellWords, Owner, PORTS, PortKind, fifo_path};
use crate::bell;
use crate::crash::{CrashPoint, crash_point};
use crate::error::ShmError;
use crate::os;
use crate::session::Session;
use crate::stamp::Stamp;
use crate::sync::{Ordering, spin_loop};

/// Looks that a blocking thread takes before it sleeps: about what one wake costs.
pub const SPINS: u32 = 2_000;

/// A port of this process. Dropping it frees its entry and its FIFO.
#[derive(Debug)]
pub struct Port {
    session: Arc<Session>,
    index: u32,
    owner: Owner,
    fifo: Option<OwnedFd>,
}

impl Port {
    /// Opens a port for the member `me` of this process.
    pub(crate) fn open(session: &Arc<Session>, me: Stamp, kind: PortKind) -> Result<Self, ShmError> {
        let claimed = session.ports().claim(me, kind);
        let (index, owner) = claimed.ok_or(ShmError::TableFull { what: "port", limit: PORTS })?;
        crash_point(CrashPoint::PortClaimed);
        // From here on dropping it cleans up, also when the FIFO can't be made.
        let mut port = Self { session: Arc::clone(session), index, owner, fifo: None };
        if kind == PortKind::EventLoop {
            let path = fifo_path(session.bells(), index, owner.generation);
            os::make_fifo(&path)?;
            crash_point(CrashPoint::PortFifoMade);
            port.fifo = Some(os::open_fifo(&path)?);
        }
        bell::running(&port.bell().word);
        Ok(port)
    }

    /// The number by which peers ring this port.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    fn bell(&self) -> &BellWords {
        self.session.bell(self.index)
    }

    /// The descriptor that becomes readable when the bell rings; `None` for a thread's port.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fifo.as_ref().map(AsFd::as_fd)
    }

    /// About to sleep: every queue must be looked at once more after this, and before the sleep.
    pub fn arm(&self) {
        bell::arm(&self.bell().word);
    }

    /// Awake again, for whatever reason. Every queue must be looked at after this.
    pub fn disarm(&self) {
        self.disarm_polled(true);
    }

    /// [`Port::disarm`] for a loop that polls its FIFO at every turn: it is emptied only if the poll found it `readable`, or
    /// if the bell says so. A byte that comes later is found by the next poll.
    pub fn disarm_polled(&self, readable: bool) {
        let rung = bell::running(&self.bell().word);
        if let Some(fifo) = self.fifo.as_ref().filter(|_| rung || readable) {
            os::drain_fifo(fifo);
        }
    }

    /// Blocks a thread until `ready` or `deadline`. True if `ready` said so.
    ///
    /// Spins about as long as a wake would cost, then arms, looks once more, and sleeps.
    pub fn wait(&self, deadline: Option<Instant>, mut ready: impl FnMut() -> bool) -> bool {
        debug_assert_eq!(self.owner.kind, PortKind::Thread, "an event loop polls its FIFO instead");
        let is_over = || deadline.is_some_and(|d| d <= Instant::now());
        for spin in 0..SPINS {
            if ready() {
                return true;
            }
            // Now and then: a look at the clock costs as much as some looks at the queues.
            if spin % 64 == 0 && is_over() {
                return false;
            }
            spin_loop();
        }
        let bell = self.bell();
        loop {
            // Before arming: a ring that comes later changes it, so that the sleep below can't miss that ring.
            let rings = bell.rings.load(Ordering::Acquire);
            bell::arm(&bell.word);
            let found = ready();
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if found || left.is_some_and(|l| l.is_zero()) {
                bell::running(&bell.word);
                return found;
            }
            os::futex_wait(&bell.rings, rings, left);
            bell::running(&bell.word);
            if ready() {
                return true;
            }
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.session.ports().free(self.index, self.owner, self.session.bells());
    }
}
