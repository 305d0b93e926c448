//! This process as a member: its life thread, which is the member's life word, watches its peers and sweeps.

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::sweep::Repair;
use super::watch::Watch;
use crate::crash::{CrashPoint, crash_point};
use crate::error::ShmError;
use crate::os::{self, RobustWord};
use crate::port::{Port, PortKind};
use crate::session::Session;
use crate::stamp::{MEMBER_SLOTS, Stamp};
use crate::sync::{AtomicU32, Ordering};

/// This process's membership in a session. Dropping the last handle leaves in order.
///
/// Whoever stores into the session's segments holds a handle: what the drop declares is that this process stores
/// nothing any more.
pub struct Member {
    session: Arc<Session>,
    stamp: Stamp,
    /// Wakes the life thread whatever shared memory says: ending must not depend on words that others write.
    wake: OwnedFd,
    stop: Arc<AtomicU32>,
    /// `None` only while it is being dropped.
    thread: Option<JoinHandle<()>>,
}

impl Member {
    /// Joins `session`. `repairs` are what the layers above keep in shared memory: all of them, from the start,
    /// because this member may have to sweep a dead one at once.
    pub fn join(session: &Arc<Session>, repairs: Vec<Arc<dyn Repair>>) -> Result<Arc<Self>, ShmError> {
        let stop = Arc::new(AtomicU32::new(0));
        let (joined, result) = sync_channel(1);
        let life = Life { session: Arc::clone(session), repairs, stop: Arc::clone(&stop) };
        let thread = std::thread::Builder::new()
            .name("klaw-life".to_owned())
            .spawn(move || life.run(&joined))
            .map_err(|e| ShmError::os("clone", "klaw-life", e))?;
        let told = result.recv().unwrap_or_else(|_| {
            Err(ShmError::os("join", "klaw-life", std::io::Error::other("the life thread panicked")))
        });
        match told {
            Ok((stamp, wake)) => {
                Ok(Arc::new(Self { session: Arc::clone(session), stamp, wake, stop, thread: Some(thread) }))
            }
            Err(e) => {
                let _panicked = thread.join();
                Err(e)
            }
        }
    }

    /// Slot and epoch of this process in the session.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The session that this process is a member of.
    #[must_use]
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Opens a port for an event loop or a blocking thread of this process.
    pub fn open_port(&self, kind: PortKind) -> Result<Port, ShmError> {
        Port::open(&self.session, self.stamp, kind)
    }

    /// Makes the life thread sweep again: something was drained that a dead member had left.
    pub fn poke_sweeper(&self) {
        os::ring_fifo(&self.wake);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Release; pairs with the Acquire in `Life::run`: everything this process stored comes before DEAD.
        self.stop.store(1, Ordering::Release);
        self.poke_sweeper();
        if let Some(thread) = self.thread.take() {
            // A panic of the life thread was printed by its hook; the word then says OWNER_DIED, as it should.
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

/// What the life thread owns.
struct Life {
    session: Arc<Session>,
    repairs: Vec<Arc<dyn Repair>>,
    stop: Arc<AtomicU32>,
}

impl Life {
    fn run(self, joined: &SyncSender<Result<(Stamp, OwnedFd), ShmError>>) {
        // Lives until the last line: from the claim to DEAD the kernel watches over the word.
        let (robust, me) = match self.claim() {
            Ok(claimed) => claimed,
            Err(e) => return drop(joined.send(Err(e))),
        };
        let (port, wake) = match self.describe(me) {
            Ok(described) => described,
            Err(e) => {
                self.declare_dead(me, &robust);
                return drop(joined.send(Err(e)));
            }
        };
        self.session.members().publish_ready(me);
        crash_point(CrashPoint::JoinReady);
        self.ring_peers(me);
        // The joiner can't be gone: it waits for this.
        let _told = joined.send(Ok((me, wake)));
        let mut watch = Watch::new(&self.session, &self.repairs, me);
        // Acquire; pairs with the Release in `Member::drop`.
        watch.run(&port, || self.stop.load(Ordering::Acquire) != 0);
        drop(port);
        self.declare_dead(me, &robust);
    }

    fn claim(&self) -> Result<(RobustWord, Stamp), ShmError> {
        let mut robust = RobustWord::register()?;
        let tid = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
        let claimed = self.session.members().claim(tid, |word| robust.list(word));
        let Some(me) = claimed else {
            return Err(ShmError::TableFull { what: "member", limit: MEMBER_SLOTS });
        };
        crash_point(CrashPoint::JoinClaimed);
        Ok((robust, me))
    }

    /// Fills the side words of the slot, which peers read once it is READY.
    fn describe(&self, me: Stamp) -> Result<(Port, OwnedFd), ShmError> {
        let process = os::current_process()?;
        let entry = self.session.members().entry(me.slot());
        entry.sweeps.store(0, Ordering::Relaxed);
        entry.pid.store(u64::from(process.pid), Ordering::Relaxed);
        entry.start_time.store(process.start_time, Ordering::Relaxed);
        let port = Port::open(&self.session, me, PortKind::EventLoop)?;
        entry.watch_port.store(u64::from(port.index()) + 1, Ordering::Relaxed);
        let fifo = port.fd().expect("the port of an event loop has a FIFO");
        let wake = fifo.try_clone_to_owned().map_err(|e| ShmError::os("dup", "the life thread's bell", e))?;
        crash_point(CrashPoint::JoinDescribed);
        Ok((port, wake))
    }

    /// Tells the peers' life threads that there is somebody to watch.
    fn ring_peers(&self, me: Stamp) {
        let members = self.session.members();
        for peer in members.alive().filter(|&peer| peer != me && members.is_ready(peer)) {
            if let Some(port) = members.watch_port(peer) {
                self.session.look_fenced(port);
            }
        }
    }

    /// The last store of this member. The word stays listed until after it, so that a kill in between is seen; the kernel touches
    /// it only while it holds this thread's id, which a next owner's word does not.
    fn declare_dead(&self, me: Stamp, robust: &RobustWord) {
        self.session.members().mark_dead(me);
        robust.unlist();
        crash_point(CrashPoint::LeaveDeclared);
        self.session.ring_all();
    }
}
