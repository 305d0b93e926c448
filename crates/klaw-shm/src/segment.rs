//! A named piece of shared memory that can't surprise: reserved before it is touched, checked before it is read.
//!
//! The crate `shared_memory` creates, opens and maps; this module adds what it leaves out, and nothing else in the
//! project uses it.
//! - *Reserve before touch*: a tmpfs file has a size but no pages. Touching one that the file system can't back is
//!   a SIGBUS, so [`Segment::reserve`] allocates first, and a full `/dev/shm` is an error.
//! - *Check before trust*: the name stands in a directory that every user can write to. Owner, mode, size and
//!   header are verified before anything of the segment is believed.
//! - *READY last*: a creator killed at any point leaves a segment that nobody uses and the janitor removes.
//! - *A lock that tells the living*: whoever maps a segment holds a shared `flock` on it, so that a janitor that
//!   finds no directory for it can still tell garbage from a session in use.

use std::fs::{File, TryLockError};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{FallocateFlags, Mode};
use rustix::io::Errno;
use rustix::shm;
use shared_memory::{Shmem, ShmemConf, ShmemError};

use crate::crash::{CrashPoint, Mutant, crash_point, mutant};
use crate::error::{ProtocolId, ShmError};
use crate::layout::{HEADER_BYTES, LAYOUT_VERSION, MAGIC, SegmentHeader, Shared, Structure, layout_hash};
use crate::os;
use crate::sync::Ordering;

/// Which segment of a session, and what lies in it.
#[derive(Debug, Clone, Copy)]
pub struct SegmentKind {
    /// Last part of the segment's name, e.g. `"control"`.
    pub name: &'static str,
    /// Number in the header; tells two segments of one session apart.
    pub number: u32,
    /// Every structure in the segment: their hash must agree between all members.
    pub structures: &'static [Structure],
    /// Length in bytes, header included. Address space, not memory: pages are reserved as they are needed.
    pub bytes: u64,
}

/// A mapped segment. Dropping it unmaps; the name stays until [`Segment::unlink`] or the janitor removes it.
pub struct Segment {
    shmem: Shmem,
    /// Same file as the mapping; carries the shared lock and serves `fallocate`.
    file: File,
    name: String,
}

// SAFETY: the mapping's address is constant and belongs to no thread; everything in it is accessed through `Shared`
// types (atomics) or through raw pointers whose users argue for themselves.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Creates, reserves `reserve_bytes` from the start, lets `fill` write, and publishes READY.
    pub fn create(
        session: u64,
        kind: &SegmentKind,
        reserve_bytes: u64,
        fill: impl FnOnce(&Self) -> Result<(), ShmError>,
    ) -> Result<Self, ShmError> {
        let name = segment_name(session, kind.name);
        let bytes = usize::try_from(kind.bytes).unwrap_or(usize::MAX);
        let shmem = ShmemConf::new().size(bytes).os_id(&name).create().map_err(|e| shmem_error(&name, &e))?;
        crash_point(CrashPoint::SegmentMapped);
        let segment = Self::adopt(shmem, name)?;
        // From here on a failure must not leave the name behind: this process is the only one that knows it.
        let filled = segment.fill(session, kind, reserve_bytes, fill);
        if let Err(e) = filled {
            segment.unlink();
            return Err(e);
        }
        Ok(segment)
    }

    /// Opens a segment that [`Segment::create`] made, after looking at its owner, mode, size and header.
    pub fn open(session: u64, kind: &SegmentKind) -> Result<Self, ShmError> {
        let name = segment_name(session, kind.name);
        let shmem = ShmemConf::new().os_id(&name).open().map_err(|e| shmem_error(&name, &e))?;
        let segment = Self::adopt(shmem, name)?;
        segment.check_header(session, kind)?;
        Ok(segment)
    }

    /// Takes over a fresh mapping: never unlink by accident, hold the lock, verify owner and mode.
    fn adopt(mut shmem: Shmem, name: String) -> Result<Self, ShmError> {
        shmem.set_owner(false);
        let file = open_file(&name)?;
        let meta = file.metadata().map_err(|e| ShmError::os("fstat", &name, e))?;
        let (found_uid, mode) = (meta.uid(), meta.mode() & 0o777);
        let expected_uid = rustix::process::geteuid().as_raw();
        if found_uid != expected_uid || mode & 0o077 != 0 {
            return Err(ShmError::ForeignOwner { path: name.into(), found_uid, expected_uid, mode });
        }
        if meta.size() != shmem.len() as u64 {
            return Err(ShmError::Invalid {
                what: name,
                found: format!("{} bytes in the file, {} mapped", meta.size(), shmem.len()),
                expected: "one file under the name".to_owned(),
            });
        }
        if file.try_lock_shared().is_err() || !is_named(&file, &name) {
            // A janitor was faster: it took this for garbage of a dead creator.
            return Err(ShmError::SessionGone { path: name.into() });
        }
        // A core dump of a worker must not hold everybody's messages.
        let bytes = shmem.len();
        // SAFETY: the range is exactly the mapping, which lives as long as `shmem`.
        let _kept =
            unsafe { rustix::mm::madvise(shmem.as_ptr().cast(), bytes, rustix::mm::Advice::LinuxDontDump) };
        Ok(Self { shmem, file, name })
    }

    fn fill(
        &self,
        session: u64,
        kind: &SegmentKind,
        reserve_bytes: u64,
        fill: impl FnOnce(&Self) -> Result<(), ShmError>,
    ) -> Result<(), ShmError> {
        assert!(reserve_bytes >= HEADER_BYTES, "the header is touched first");
        self.reserve(0..reserve_bytes)?;
        crash_point(CrashPoint::SegmentReserved);
        let header = self.header()?;
        let [boot_low, boot_high] = os::boot_id()?;
        let uid = u64::from(rustix::process::geteuid().as_raw());
        header.magic.store(MAGIC, Ordering::Relaxed);
        header.version_and_kind.store(pack(LAYOUT_VERSION, kind.number), Ordering::Relaxed);
        header.layout_hash.store(layout_hash(kind.structures), Ordering::Relaxed);
        header.bytes.store(kind.bytes, Ordering::Relaxed);
        header.page_bytes_and_uid.store(rustix::param::page_size() as u64 | uid << 32, Ordering::Relaxed);
        header.boot_id_low.store(boot_low, Ordering::Relaxed);
        header.boot_id_high.store(boot_high, Ordering::Relaxed);
        header.pid_namespace.store(os::pid_namespace()?, Ordering::Relaxed);
        header.session.store(session, Ordering::Relaxed);
        fill(self)?;
        crash_point(CrashPoint::SegmentHeaderWritten);
        // Release; read with Acquire by `check_header` of whoever opens the segment.
        header.ready.store(1, Ordering::Release);
        Ok(())
    }

    fn check_header(&self, session: u64, kind: &SegmentKind) -> Result<(), ShmError> {
        let header = self.header()?;
        let invalid = |field: &str, found: u64, expected: u64| ShmError::Invalid {
            what: format!("{} ({field})", self.name),
            found: format!("{found:#x}"),
            expected: format!("{expected:#x}"),
        };
        // Acquire; pairs with the Release in `fill`.
        if header.ready.load(Ordering::Acquire) != 1 {
            return Err(ShmError::SessionGone { path: self.name.as_str().into() });
        }
        let magic = header.magic.load(Ordering::Relaxed);
        if magic != MAGIC {
            return Err(invalid("magic", magic, MAGIC));
        }
        let (version, number) = unpack(header.version_and_kind.load(Ordering::Relaxed));
        let theirs = ProtocolId { version, layout_hash: header.layout_hash.load(Ordering::Relaxed) };
        let ours = ProtocolId { version: LAYOUT_VERSION, layout_hash: layout_hash(kind.structures) };
        if theirs != ours {
            return Err(ShmError::ProtocolVersion { ours, theirs });
        }
        let [boot_low, boot_high] = os::boot_id()?;
        let uid = u64::from(rustix::process::geteuid().as_raw());
        let checks = [
            ("kind", u64::from(number), u64::from(kind.number)),
            ("bytes", header.bytes.load(Ordering::Relaxed), kind.bytes),
            ("mapped bytes", self.len(), kind.bytes),
            (
                "page size and uid",
                header.page_bytes_and_uid.load(Ordering::Relaxed),
                rustix::param::page_size() as u64 | uid << 32,
            ),
            ("boot id", header.boot_id_low.load(Ordering::Relaxed), boot_low),
            ("boot id", header.boot_id_high.load(Ordering::Relaxed), boot_high),
            ("session", header.session.load(Ordering::Relaxed), session),
        ];
        for (field, found, expected) in checks {
            if found != expected {
                return Err(invalid(field, found, expected));
            }
        }
        let (ours, theirs) = (os::pid_namespace()?, header.pid_namespace.load(Ordering::Relaxed));
        if ours != theirs {
            return Err(ShmError::PidNamespace { ours, theirs });
        }
        Ok(())
    }

    fn header(&self) -> Result<&SegmentHeader, ShmError> {
        self.at(0)
    }

    /// Bytes mapped.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.shmem.len() as u64
    }

    /// Never: a segment has at least its header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The name under which other members open it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The structure at `offset`. The caller has reserved its range, or knows who has.
    pub fn at<T: Shared>(&self, offset: u64) -> Result<&T, ShmError> {
        self.table(offset, 1).map(|table| &table[0])
    }

    /// `count` structures from `offset` on. The caller has reserved their range, or knows who has.
    pub fn table<T: Shared>(&self, offset: u64, count: u32) -> Result<&[T], ShmError> {
        let bytes = u64::from(count) * size_of::<T>() as u64;
        let end = offset.checked_add(bytes).filter(|&end| end <= self.len());
        if end.is_none() || !offset.is_multiple_of(align_of::<T>() as u64) {
            return Err(ShmError::Invalid {
                what: self.name.clone(),
                found: format!("{count} x {} bytes at {offset}", size_of::<T>()),
                expected: format!("aligned and below {}", self.len()),
            });
        }
        #[expect(clippy::cast_possible_truncation, reason = "64-bit only, and below the mapping's length")]
        let first = self.shmem.as_ptr().wrapping_add(offset as usize);
        let first = first.cast::<T>().cast_const();
        // SAFETY: in bounds and aligned (checked above), mapped as long as `self`; `T: Shared` takes every bit
        // pattern and is only accessed atomically, by us and by others.
        Ok(unsafe { std::slice::from_raw_parts(first, count as usize) })
    }

    /// First byte of `range`, for users that copy payload bytes in and out under a protocol of their own.
    pub fn bytes(&self, range: Range<u64>) -> Result<*mut u8, ShmError> {
        if range.start > range.end || range.end > self.len() {
            return Err(ShmError::Invalid {
                what: self.name.clone(),
                found: format!("bytes {range:?}"),
                expected: format!("below {}", self.len()),
            });
        }
        #[expect(clippy::cast_possible_truncation, reason = "64-bit only, and below the mapping's length")]
        Ok(self.shmem.as_ptr().wrapping_add(range.start as usize))
    }

    /// Backs `range` with memory, so that touching it can't fault. Any member may call it, again and again.
    pub fn reserve(&self, range: Range<u64>) -> Result<(), ShmError> {
        if range.start >= range.end || range.end > self.len() {
            return Err(ShmError::Invalid {
                what: self.name.clone(),
                found: format!("reservation of {range:?}"),
                expected: format!("a part of {} bytes", self.len()),
            });
        }
        loop {
            let bytes = range.end - range.start;
            match rustix::fs::fallocate(&self.file, FallocateFlags::empty(), range.start, bytes) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::NOSPC) => return Err(self.exhausted(bytes)),
                Err(e) => return Err(ShmError::os("fallocate", &self.name, e)),
            }
        }
    }

    fn exhausted(&self, wanted_bytes: u64) -> ShmError {
        let (free_bytes, limit_bytes) = rustix::fs::fstatvfs(&self.file)
            .map_or((0, 0), |s| (s.f_bavail * s.f_frsize, s.f_blocks * s.f_frsize));
        ShmError::Exhausted { wanted_bytes, free_bytes, limit_bytes }
    }

    /// Removes the name. Mappings that exist go on working.
    pub fn unlink(&self) {
        unlink_segment(&self.name);
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment")
            .field("name", &self.name)
            .field("bytes", &self.len())
            .finish_non_exhaustive()
    }
}

/// `/klaw-<uid>-<session>-<kind>`: the uid, so that two users never meet; the session, so that a janitor knows
/// what belongs together.
fn segment_name(session: u64, kind: &str) -> String {
    format!("{}{kind}", segment_prefix(session))
}

/// What the names of all segments of a session start with, the leading slash included.
pub(crate) fn segment_prefix(session: u64) -> String {
    format!("/{}{session:016x}-", user_prefix())
}

/// What the names of all segments of this user start with, without the slash.
pub(crate) fn user_prefix() -> String {
    format!("klaw-{}-", rustix::process::geteuid().as_raw())
}

/// A descriptor of its own on the segment: `shared_memory` keeps its one to itself.
fn open_file(name: &str) -> Result<File, ShmError> {
    match shm::open(name, shm::OFlags::RDWR, Mode::empty()) {
        Ok(fd) => Ok(File::from(fd)),
        Err(Errno::NOENT) => Err(ShmError::SessionGone { path: name.into() }),
        Err(e) => Err(ShmError::os("shm_open", name, e)),
    }
}

/// True if `name` still leads to this very file.
fn is_named(file: &File, name: &str) -> bool {
    let (Ok(ours), Ok(theirs)) = (
        file.metadata(),
        open_file(name).and_then(|f| f.metadata().map_err(|e| ShmError::os("fstat", name, e))),
    ) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
}

/// Removes a segment's name if it is there.
pub(crate) fn unlink_segment(name: &str) {
    if mutant(Mutant::KeepSegments) {
        return;
    }
    // ENOENT is the usual answer when two janitors meet; others (EPERM on a foreign file) leave it alone.
    let _gone = shm::unlink(name);
}

/// True if no living process has this segment mapped.
pub(crate) fn is_abandoned(name: &str) -> bool {
    let Ok(file) = open_file(name) else { return false };
    match file.try_lock() {
        Ok(()) => is_named(&file, name),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

fn shmem_error(name: &str, error: &ShmemError) -> ShmError {
    let (operation, raw) = match error {
        ShmemError::MappingIdExists => ("shm_open", libc::EEXIST),
        ShmemError::MapOpenFailed(raw) => ("shm_open", raw.cast_signed()),
        ShmemError::MapCreateFailed(raw) => ("shm_open and mmap", raw.cast_signed()),
        ShmemError::UnknownOsError(raw) => ("ftruncate", raw.cast_signed()),
        _ => ("shared_memory", libc::EINVAL),
    };
    if raw == libc::ENOENT {
        return ShmError::SessionGone { path: name.into() };
    }
    ShmError::os(operation, name, std::io::Error::from_raw_os_error(raw))
}

const fn pack(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
const fn unpack(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}
