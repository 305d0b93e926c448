//! Everything that can go wrong below the channels, each with a stable code.

use std::io;
use std::path::PathBuf;

/// What two builds must agree on before they share memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtocolId {
    /// [`crate::layout::LAYOUT_VERSION`].
    pub version: u32,
    /// [`crate::layout::layout_hash`] of the segment's structures.
    pub layout_hash: u64,
}

/// An error of `klaw-shm`: what happened, what was expected, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShmError {
    /// The file system behind shared memory has no room. Nothing was written; nobody got a SIGBUS.
    #[error(
        "shared memory is full: {wanted_bytes} bytes wanted, {free_bytes} free of {limit_bytes}; \
         give it more room (docker run --shm-size=1g, or mount -o remount,size=1g /dev/shm)"
    )]
    Exhausted {
        /// Bytes that could not be reserved.
        wanted_bytes: u64,
        /// Bytes free there now.
        free_bytes: u64,
        /// Size of that file system.
        limit_bytes: u64,
    },
    /// The session was made by a build with other shared structures.
    #[error(
        "the session speaks protocol {theirs:?}, this build {ours:?}: run one version of klaw-runtime in a session"
    )]
    ProtocolVersion {
        /// This build's.
        ours: ProtocolId,
        /// The one found in the segment's header.
        theirs: ProtocolId,
    },
    /// A file or segment is not what the session's creator made.
    #[error(
        "{what} is not usable: {found}, expected {expected}; remove the session with `klaw clean` and start again"
    )]
    Invalid {
        /// Name of the segment, file or field.
        what: String,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// Somebody else owns a path that must be private to this user.
    #[error(
        "{path} belongs to uid {found_uid} with mode {mode:o}, expected uid {expected_uid} and no rights for others; \
         remove it or set KLAW_DIR to a private directory"
    )]
    ForeignOwner {
        /// The path or segment name.
        path: PathBuf,
        /// Its owner.
        found_uid: u32,
        /// This process's effective uid.
        expected_uid: u32,
        /// Its permission bits.
        mode: u32,
    },
    /// The session's members live in another pid namespace, where this process cannot watch over them.
    #[error(
        "the session belongs to pid namespace {theirs}, this process to {ours}: share the pid namespace (--pid=container:...)"
    )]
    PidNamespace {
        /// Inode of this process's namespace.
        ours: u64,
        /// Inode of the creator's.
        theirs: u64,
    },
    /// No session there: it ended, or it was never one.
    #[error("no live session at {path}: start one first, or check the address")]
    SessionGone {
        /// The session directory that was asked for.
        path: PathBuf,
    },
    /// A table of fixed size has no free entry.
    #[error(
        "the session has no free {what}: all {limit} are taken; end some {what}s or split the work over two sessions"
    )]
    TableFull {
        /// `"member"`, `"port"`, ...
        what: &'static str,
        /// Entries in layout 1.
        limit: u32,
    },
    /// The operating system refused a resource to this process.
    #[error("out of {what} ({operation}): the limit is {limit}; raise it (ulimit -n)")]
    ResourceLimit {
        /// `"file descriptors"`, ...
        what: &'static str,
        /// What was being done.
        operation: &'static str,
        /// The limit in force.
        limit: u64,
    },
    /// The operating system said no for a reason of its own.
    #[error("{operation} failed on {subject}: {source}")]
    Os {
        /// The call, in the system's words.
        operation: &'static str,
        /// Path, name or number it was called for.
        subject: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl ShmError {
    /// The stable code that every language face shows.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exhausted { .. } => "ERR_KLAW_SHM_EXHAUSTED",
            Self::ProtocolVersion { .. } => "ERR_KLAW_PROTOCOL_VERSION",
            Self::Invalid { .. } => "ERR_KLAW_SEGMENT_INVALID",
            Self::ForeignOwner { .. } => "ERR_KLAW_FOREIGN_OWNER",
            Self::PidNamespace { .. } => "ERR_KLAW_PID_NAMESPACE",
            Self::SessionGone { .. } => "ERR_KLAW_SESSION_GONE",
            Self::TableFull { .. } => "ERR_KLAW_TABLE_FULL",
            Self::ResourceLimit { .. } => "ERR_KLAW_RESOURCE_LIMIT",
            Self::Os { .. } => "ERR_KLAW_OS",
        }
    }

    /// Wraps a system error; running out of descriptors gets its own variant, because its mend is known.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers name a subject in passing: a path's display, a pid"
    )]
    pub(crate) fn os(operation: &'static str, subject: impl ToString, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match source.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => Self::ResourceLimit {
                what: "file descriptors",
                operation,
                limit: rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(0),
            },
            _ => Self::Os { operation, subject: subject.to_string(), source },
        }
    }
}
