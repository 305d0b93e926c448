//! The watch over the peers: a pidfd for each, a sweep for the dead.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::sweep::{Progress, Repair, sweep};
use super::table::{MemberTable, Phase};
use crate::crash::{CrashPoint, Mutant, crash_point, mutant};
use crate::error::ShmError;
use crate::os::{ProcessHandle, process_start_time};
use crate::port::Port;
use crate::session::Session;
use crate::stamp::Stamp;
use crate::sync::Ordering;

/// How often the agent looks for waits that nobody serves. Not how deaths are seen: pidfds tell those at once.
const RECHECK: Duration = Duration::from_secs(1);

/// What a look at a peer found.
enum Peer {
    Watched(ProcessHandle),
    Dead,
    /// Not to be watched yet: it is still joining, or has just moved on, or there is no descriptor left for it.
    NotYet,
}

/// The loop of a life thread.
pub(super) struct Watch<'a> {
    session: &'a Session,
    repairs: &'a [Arc<dyn Repair>],
    me: Stamp,
    peers: Vec<(Stamp, ProcessHandle)>,
    /// Dead members swept since the last wake, as far as they could be.
    swept: Vec<Stamp>,
    /// A living peer could not be watched for want of a descriptor: try again soon.
    unwatched: bool,
    next_recheck: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(session: &'a Session, repairs: &'a [Arc<dyn Repair>], me: Stamp) -> Self {
        Self {
            session,
            repairs,
            me,
            peers: Vec::new(),
            swept: Vec::new(),
            unwatched: false,
            next_recheck: Instant::now() + RECHECK,
        }
    }

    fn members(&self) -> MemberTable<'a> {
        self.session.members()
    }

    /// Watches and sweeps until `stopped`. `port` is what wakes this thread.
    pub(super) fn run(&mut self, port: &Port, stopped: impl Fn() -> bool) {
        while !stopped() {
            // Every wake may mean that something drained: all the dead are swept again.
            self.swept.clear();
            while self.round() {}
            port.arm();
            // The last look between arming and sleeping (see the module `bell`).
            if !stopped() && !self.round() {
                self.sleep(port);
            }
            port.disarm();
        }
    }

    /// One look at every slot. True if it found anything new.
    fn round(&mut self) -> bool {
        let members = self.members();
        self.peers.retain(|(peer, _)| matches!(members.phase_of(*peer), Phase::Alive { .. }));
        let mut news = false;
        self.unwatched = false;
        for slot in members.slots() {
            let (phase, Some(stamp)) = members.look(slot) else { continue };
            news |= match phase {
                Phase::Alive { hint } if stamp != self.me => self.watch(stamp, hint),
                Phase::Dead | Phase::Swept if !self.swept.contains(&stamp) => {
                    self.sweep(stamp);
                    true
                }
                _ => false,
            };
        }
        news
    }

    /// Makes sure that a living peer has its pidfd in the poll set, or is marked dead. True if that changed.
    fn watch(&mut self, peer: Stamp, hint: bool) -> bool {
        if let Some((_, process)) = self.peers.iter().find(|(stamp, _)| *stamp == peer) {
            // The hint alone proves nothing: a sibling of the life thread may still be storing.
            return process.is_dead() && self.mark_dead(peer);
        }
        match self.look_at(peer, hint) {
            Peer::Watched(process) => {
                self.peers.push((peer, process));
                true
            }
            Peer::Dead => self.mark_dead(peer),
            Peer::NotYet => false,
        }
    }

    fn look_at(&mut self, peer: Stamp, hint: bool) -> Peer {
        let members = self.members();
        if !members.is_ready(peer) {
            // A joiner stores through its life thread alone until it is READY: that thread gone, it is still. The
            // hint was read before READY was, so a joiner that became READY in between is not mistaken.
            if hint && !members.is_ready(peer) {
                return Peer::Dead;
            }
            // One that is killed now would wake nobody, so this one looks again.
            self.unwatched = true;
            return Peer::NotYet;
        }
        let entry = members.entry(peer.slot());
        let pid = entry.pid.load(Ordering::Relaxed);
        let start_time = entry.start_time.load(Ordering::Relaxed);
        let looked = u32::try_from(pid).map_or(Ok((None, None)), |pid| {
            // In this order: a start time that matches is that of the process behind the pidfd.
            let process = ProcessHandle::open(pid)?;
            Ok::<_, ShmError>((process, process_start_time(pid)?))
        });
        // The words above were this peer's only if the slot is still its.
        if !matches!(members.phase_of(peer), Phase::Alive { .. }) {
            return Peer::NotYet;
        }
        match looked {
            // Alive, or a zombie, which its pidfd tells.
            Ok((Some(process), Some(found))) if found == start_time => Peer::Watched(process),
            // A pid is free only after its whole thread group was reaped.
            Ok(_) => Peer::Dead,
            // No descriptor left to look with is no proof of anything.
            Err(_) => {
                self.unwatched = true;
                Peer::NotYet
            }
        }
    }

    fn mark_dead(&self, peer: Stamp) -> bool {
        if mutant(Mutant::IgnoreDeath) {
            return false;
        }
        let marked = self.members().mark_dead(peer);
        crash_point(CrashPoint::DeathMarked);
        marked
    }

    fn sweep(&mut self, dead: Stamp) {
        let session = self.session;
        let repairs = self.repairs;
        let repair = |dead| {
            session.ports().repair(dead, session.bells());
            let all_done =
                repairs.iter().fold(true, |done, r| (r.repair(self.me, dead) == Progress::Done) & done);
            if all_done { Progress::Done } else { Progress::Draining }
        };
        sweep(self.members(), self.me, dead, repair, || session.ring_waiters());
        self.swept.push(dead);
    }

    /// The agent is the first member of the table that can be one.
    fn is_agent(&self) -> bool {
        let members = self.members();
        let able = |slot: &u32| matches!(members.look(*slot), (Phase::Alive { hint: false }, Some(s)) if members.is_ready(s));
        members.slots().find(able) == Some(self.me.slot())
    }

    fn sleep(&mut self, port: &Port) {
        let agent = self.is_agent();
        let until_recheck = self.next_recheck.saturating_duration_since(Instant::now());
        // Never in a busy loop, also when the clock stands exactly there.
        let timeout = (agent || self.unwatched).then(|| until_recheck.max(Duration::from_millis(1)));
        let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
        let mut fds: Vec<_> =
            port.fd().into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        fds.extend(
            self.peers.iter().map(|(_, process)| PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN)),
        );
        // EINTR is a wake for nothing.
        let _events = poll(&mut fds, timeout.as_ref());
        // By the clock and not by a poll that times out: a busy session would else never get its look.
        if Instant::now() >= self.next_recheck {
            self.next_recheck = Instant::now() + RECHECK;
            if agent {
                for repair in self.repairs {
                    repair.recheck(self.me);
                }
            }
        }
    }
}
