//! Crash points and mutants: how tests prove that every repair is needed and works.
//!
//! A *crash point* has a name and stands between two shared stores. A test arms one by name; the process that
//! reaches it for the n-th time dies by SIGKILL there, as any process may at any instruction. A *mutant* leaves one
//! repair out; the auditor has to notice. Both exist only under the feature `crash-points`: without it a crash
//! point is nothing and a mutant is the constant `false`.

/// A list of names, one enum a crate, made by [`crate::named_points!`].
pub trait Named: Copy + 'static {
    /// Every value, in the order of declaration.
    const ALL: &'static [Self];
    /// The name by which a test arms it, and which its report prints.
    fn name(self) -> &'static str;
}

/// Declares an enum of crash points or mutants with its list of names.
#[macro_export]
macro_rules! named_points {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[doc = $doc:literal])+ $point:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[doc = $doc])+ $point,)+ }
        impl $crate::crash::Named for $name {
            const ALL: &'static [Self] = &[$(Self::$point),+];
            fn name(self) -> &'static str {
                match self { $(Self::$point => $text,)+ }
            }
        }
    };
}

named_points! {
    /// Where a process of a session may be killed inside `klaw-shm`.
    pub enum CrashPoint {
        /// The session directory exists, its lock does not.
        DirectoryMade = "session.directory_made",
        /// The lock is held, no segment exists.
        LockHeld = "session.lock_held",
        /// The segment has a name and a size, nothing is reserved.
        SegmentMapped = "segment.mapped",
        /// The segment's space is reserved, its header is empty.
        SegmentReserved = "segment.reserved",
        /// The header is written, READY is not.
        SegmentHeaderWritten = "segment.header_written",
        /// The member's slot is claimed, nothing else is stored.
        JoinClaimed = "member.join_claimed",
        /// Pid and start time are stored, READY is not.
        JoinDescribed = "member.join_described",
        /// READY is stored, the peers are not rung.
        JoinReady = "member.join_ready",
        /// The leaver has declared itself dead, its peers are not rung.
        LeaveDeclared = "member.leave_declared",
        /// A peer is marked dead, nothing is repaired.
        DeathMarked = "sweep.death_marked",
        /// The sweeper has published whom it sweeps.
        SweepNamed = "sweep.named",
        /// Repairs are done, nobody is rung.
        SweepRepaired = "sweep.repaired",
        /// Peers are rung, the slot is still DEAD.
        SweepRang = "sweep.rang",
        /// The slot is SWEPT, the sweeper's name still stands.
        SweepSwept = "sweep.swept",
        /// The name is cleared, the slot is not free.
        SweepUnnamed = "sweep.unnamed",
        /// The port's entry is claimed, its FIFO does not exist.
        PortClaimed = "port.claimed",
        /// The FIFO exists, the port is not open yet.
        PortFifoMade = "port.fifo_made",
        /// The port's FIFO is unlinked, its entry is not free.
        PortUnlinked = "port.unlinked",
        /// The bell's byte is written, its word still says ARMED.
        BellByteWritten = "bell.byte_written",
        /// The janitor has removed the segments' names, not the directory.
        JanitorSegmentsGone = "janitor.segments_gone",
        /// The janitor has emptied the directory, not removed it.
        JanitorDirectoryEmpty = "janitor.directory_empty",
    }
}

named_points! {
    /// Repairs of `klaw-shm` that a test can leave out.
    pub enum Mutant {
        /// A sweep does not free the dead member's ports.
        KeepDeadPorts = "shm.keep_dead_ports",
        /// A sweep frees the dead member's ports but leaves their FIFOs.
        KeepDeadFifos = "shm.keep_dead_fifos",
        /// A sweep rings nobody.
        RingNobody = "shm.ring_nobody",
        /// A SWEPT slot is never given back.
        KeepSweptSlot = "shm.keep_swept_slot",
        /// A death is marked by nobody.
        IgnoreDeath = "shm.ignore_death",
        /// The look at a peer's bell has no fence before it.
        LookWithoutFence = "shm.look_without_fence",
        /// A sweeper does not look again after it has published whom it sweeps.
        SweepWithoutSecondLook = "shm.sweep_without_second_look",
        /// A swept slot is given back although a living sweeper names it.
        FreeWithoutScan = "shm.free_without_scan",
        /// The janitor leaves the segments.
        KeepSegments = "shm.keep_segments",
        /// The janitor leaves the directory.
        KeepDirectory = "shm.keep_directory",
    }
}

/// Kills this process here if a test armed this point.
#[cfg(feature = "crash-points")]
pub fn crash_point(point: impl Named) {
    armed::reached(point.name());
}

/// True while a test runs with this repair left out.
#[cfg(feature = "crash-points")]
#[must_use]
pub fn mutant(mutant: impl Named) -> bool {
    armed::is_mutant(mutant.name())
}

/// Nothing: this is no test build.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn crash_point(_: impl Named) {}

/// False: this is no test build.
#[cfg(not(feature = "crash-points"))]
#[inline]
#[must_use]
pub fn mutant(_: impl Named) -> bool {
    false
}

#[cfg(feature = "crash-points")]
pub use armed::{arm, arm_mutant, count_passages, passages};

#[cfg(feature = "crash-points")]
mod armed {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    #[derive(Default)]
    struct Armed {
        point: Option<(String, u32)>,
        mutant: Option<String>,
        passed: Option<BTreeMap<&'static str, u32>>,
    }

    fn armed() -> MutexGuard<'static, Armed> {
        static ARMED: OnceLock<Mutex<Armed>> = OnceLock::new();
        ARMED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the lock off the hot path, where it would order what the tests want to see unordered.
    #[cfg(not(loom))]
    mod active {
        use crate::sync::{AtomicU32, Ordering};
        static ACTIVE: AtomicU32 = AtomicU32::new(0);
        pub(super) fn set() {
            ACTIVE.store(1, Ordering::Relaxed);
        }
        pub(super) fn get() -> bool {
            ACTIVE.load(Ordering::Relaxed) != 0
        }
    }
    /// loom runs everything on one thread, so its atomics are not needed (nor allowed in a static).
    #[cfg(loom)]
    mod active {
        pub(super) fn set() {}
        pub(super) fn get() -> bool {
            true
        }
    }

    /// Kill this process when it reaches `point` for the `hits`-th time from now on.
    pub fn arm(point: &str, hits: u32) {
        armed().point = Some((point.to_owned(), hits));
        active::set();
    }

    /// Leave this repair out from now on; an empty name leaves none out.
    pub fn arm_mutant(mutant: &str) {
        armed().mutant = Some(mutant.to_owned());
        active::set();
    }

    /// Count from now on how often each point is passed.
    pub fn count_passages() {
        armed().passed = Some(BTreeMap::new());
        active::set();
    }

    /// How often each point was passed since [`count_passages`].
    #[must_use]
    pub fn passages() -> Vec<(&'static str, u32)> {
        armed().passed.iter().flatten().map(|(&point, &count)| (point, count)).collect()
    }

    pub(super) fn is_mutant(name: &str) -> bool {
        active::get() && armed().mutant.as_deref() == Some(name)
    }

    pub(super) fn reached(name: &'static str) {
        if !active::get() {
            return;
        }
        let mut armed = armed();
        if let Some(passed) = &mut armed.passed {
            *passed.entry(name).or_default() += 1;
        }
        let Some((point, hits)) = &mut armed.point else { return };
        if point != name {
            return;
        }
        *hits -= 1;
        if *hits == 0 {
            crate::os::kill_self();
        }
    }
}
