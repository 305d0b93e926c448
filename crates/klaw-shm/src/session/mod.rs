//! A session: one private directory, a handful of segments, and the members that share them.
//!
//! ```text
//! <base>/                    0700, this user's: KLAW_DIR, else XDG_RUNTIME_DIR/klaw, else TMPDIR/klaw-<uid>
//!   <session>/               0700, one a session, sixteen hex digits
//!     lock                   every member holds a shared flock on it
//!     bells/<port>.<gen>     the FIFOs of event loops
//! /dev/shm/klaw-<uid>-<session>-<kind>    0600, the segments
//! ```
//!
//! **Cleanup.** Whoever gets the lock exclusively is alone: no member lives, none can join. Then names go first, the
//! directory last. The last member to leave does it, and so does every newcomer for the leftovers of killed sessions
//! ([`clean`]). A janitor killed in between leaves the same state that it found, with less in it.
//!
//! **Races.** A creator holds the lock from a moment after its directory exists; a janitor that gets it in that moment
//! wins, and the creator starts again under another id. Both check, after locking, that the path still leads to what
//! they locked.

mod directory;
mod janitor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::ShmError;
use crate::layout::{HEADER_BYTES, SegmentHeader};
use crate::member::{MemberEntry, MemberTable};
use crate::port::{BellWords, PORTS, PortEntry, PortTable, Ringer};
use crate::segment::{Segment, SegmentKind};
use crate::stamp::MEMBER_SLOTS;

pub use directory::base_directory;
pub use janitor::{Cleaned, clean};

use directory::SessionDirectory;

/// Creations that may lose against a janitor before something must be wrong.
const ATTEMPTS: u32 = 16;

const MEMBERS_AT: u64 = HEADER_BYTES;
const PORTS_AT: u64 = MEMBERS_AT + MEMBER_SLOTS as u64 * size_of::<MemberEntry>() as u64;
const CONTROL_BYTES: u64 = PORTS_AT + PORTS as u64 * size_of::<PortEntry>() as u64;

/// Members and ports: what every member maps first.
pub const CONTROL: SegmentKind = SegmentKind {
    name: "control",
    number: 1,
    structures: &[SegmentHeader::LAYOUT, MemberEntry::LAYOUT, PortEntry::LAYOUT, BellWords::LAYOUT],
    bytes: CONTROL_BYTES,
};

/// Directory and control segment of a session. Not a member yet: see [`crate::Member::join`].
#[derive(Debug)]
pub struct Session {
    control: Segment,
    ringer: Ringer,
    /// Dropped last: the last member out clears the session away.
    directory: SessionDirectory,
}

impl Session {
    /// Makes a new private session below `base`, after clearing away what killed sessions left there.
    pub fn create(base: &Path) -> Result<Arc<Self>, ShmError> {
        clean(base)?;
        for _ in 0..ATTEMPTS {
            match Self::create_once(base) {
                // A janitor took what was not locked yet for a dead creator's.
                Err(ShmError::SessionGone { .. }) => {}
                other => return other,
            }
        }
        Err(ShmError::Invalid {
            what: base.display().to_string(),
            found: format!("{ATTEMPTS} new sessions removed by somebody else"),
            expected: "a private directory".to_owned(),
        })
    }

    fn create_once(base: &Path) -> Result<Arc<Self>, ShmError> {
        let directory = SessionDirectory::create(base)?;
        let control = Segment::create(directory.id(), &CONTROL, CONTROL_BYTES, |_| Ok(()))?;
        Ok(Arc::new(Self { control, ringer: Ringer::new(directory.bells().to_owned()), directory }))
    }

    /// Opens the session in `path`, as another process made it.
    pub fn attach(path: &Path) -> Result<Arc<Self>, ShmError> {
        let directory = SessionDirectory::attach(path)?;
        let control = Segment::open(directory.id(), &CONTROL)?;
        Ok(Arc::new(Self { control, ringer: Ringer::new(directory.bells().to_owned()), directory }))
    }

    /// Random, and part of every name that belongs to the session.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.directory.id()
    }

    /// The address by which other processes attach.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A further segment of this session, made by its creator before anybody else attaches.
    pub fn create_segment(
        &self,
        kind: &SegmentKind,
        reserve_bytes: u64,
        fill: impl FnOnce(&Segment) -> Result<(), ShmError>,
    ) -> Result<Segment, ShmError> {
        Segment::create(self.id(), kind, reserve_bytes, fill)
    }

    /// A further segment of this session, as its creator made it.
    pub fn open_segment(&self, kind: &SegmentKind) -> Result<Segment, ShmError> {
        Segment::open(self.id(), kind)
    }

    /// The member table.
    #[must_use]
    pub fn members(&self) -> MemberTable<'_> {
        let entries = self.control.table(MEMBERS_AT, MEMBER_SLOTS);
        MemberTable::new(entries.expect("the control segment's length was checked when it was opened"))
    }

    /// The port table.
    #[must_use]
    pub fn ports(&self) -> PortTable<'_> {
        let entries = self.control.table(PORTS_AT, PORTS);
        PortTable::new(entries.expect("the control segment's length was checked when it was opened"))
    }

    pub(crate) fn bell(&self, port: u32) -> &BellWords {
        self.ports().bell(port).expect("a port of this process has an index in the table")
    }

    pub(crate) fn bells(&self) -> &Path {
        self.directory.bells()
    }

    /// Names of the FIFOs in the session directory, whoever made them.
    pub(crate) fn fifo_names(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.bells()) else { return Vec::new() };
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }

    /// Rings the port if its owner sleeps, and says so; see [`Ringer::look`].
    pub fn look(&self, port: u32) -> bool {
        self.ringer.look(self.ports(), port)
    }

    /// Rings the port if its owner sleeps or is about to; see [`Ringer::look_fenced`].
    pub fn look_fenced(&self, port: u32) -> bool {
        self.ringer.look_fenced(self.ports(), port)
    }

    /// After a repair: rings everybody who sleeps, except the members' life threads. Those see each death for themselves, and
    /// would ring each other without end while a dead member's slot is draining.
    pub(crate) fn ring_waiters(&self) {
        let members = self.members();
        let watching: Vec<_> = members.alive().filter_map(|member| members.watch_port(member)).collect();
        let ports = self.ports();
        for port in ports.indices().filter(|port| !watching.contains(port)) {
            self.ringer.look_fenced(ports, port);
        }
    }

    /// Rings everybody who sleeps.
    pub fn ring_all(&self) {
        self.ringer.ring_all(self.ports());
    }
}

/// The session directories below `base`, newest first. Which of them live shows when they are attached.
pub fn list(base: &Path) -> Result<Vec<PathBuf>, ShmError> {
    directory::list(base)
}
