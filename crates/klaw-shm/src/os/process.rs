//! Processes by pidfd: the only proof of death.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::error::ShmError;

/// A process held by its pidfd: never mistaken for a later process with the same pid.
#[derive(Debug)]
pub struct ProcessHandle(OwnedFd);

impl ProcessHandle {
    /// `None` if no such process exists (any more).
    pub fn open(pid: u32) -> Result<Option<Self>, ShmError> {
        let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        match pidfd_open(raw, PidfdFlags::empty()) {
            Ok(fd) => Ok(Some(Self(fd))),
            // EINVAL: the number is not a process; ESRCH: nobody has it.
            Err(Errno::SRCH | Errno::INVAL) => Ok(None),
            Err(e) => Err(ShmError::os("pidfd_open", pid, e)),
        }
    }

    /// True once the whole thread group has exited, zombie or reaped: from then on it stores nothing any more.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(poll(&mut fds, Some(&now)), Ok(1))
    }

    /// Fences a process: SIGKILL. It may go on storing until [`ProcessHandle::is_dead`].
    pub fn kill(&self) {
        // ESRCH: it is gone already, which is what was asked for.
        let _sent = pidfd_send_signal(&self.0, Signal::KILL);
    }
}

impl AsFd for ProcessHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// This process, as its member entry describes it.
pub(crate) struct Described {
    pub(crate) pid: u32,
    /// Clock ticks since boot; tells two processes with one pid apart.
    pub(crate) start_time: u64,
}

pub(crate) fn current_process() -> Result<Described, ShmError> {
    let pid = std::process::id();
    let start_time = process_start_time(pid)?.ok_or_else(|| {
        ShmError::os("read", format!("/proc/{pid}/stat"), std::io::Error::from_raw_os_error(libc::ENOENT))
    })?;
    Ok(Described { pid, start_time })
}

/// Field 22 of `/proc/pid/stat`; `None` if there is no such process. An error is no answer: out of descriptors, say.
pub(crate) fn process_start_time(pid: u32) -> Result<Option<u64>, ShmError> {
    let path = format!("/proc/{pid}/stat");
    let stat = match std::fs::read_to_string(&path) {
        Ok(stat) => stat,
        // ESRCH: it was reaped between open and read.
        Err(e) if matches!(e.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) => return Ok(None),
        Err(e) => return Err(ShmError::os("read", path, e)),
    };
    // The command name may hold blanks and parentheses; what follows its last ')' starts with field 3.
    let field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(19));
    Ok(field.and_then(|ticks| ticks.parse().ok()))
}

/// The inode of this process's pid namespace.
pub(crate) fn pid_namespace() -> Result<u64, ShmError> {
    const PATH: &str = "/proc/self/ns/pid";
    Ok(std::fs::metadata(PATH).map_err(|e| ShmError::os("stat", PATH, e))?.ino())
}

/// The kernel's boot id, low half first.
pub(crate) fn boot_id() -> Result<[u64; 2], ShmError> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    let text = std::fs::read_to_string(PATH).map_err(|e| ShmError::os("read", PATH, e))?;
    let hex: String = text.trim().chars().filter(|&c| c != '-').collect();
    let id = u128::from_str_radix(&hex, 16).map_err(|e| ShmError::Invalid {
        what: PATH.to_owned(),
        found: format!("{text:?} ({e})"),
        expected: "a UUID".to_owned(),
    })?;
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a u128")]
    Ok([id as u64, (id >> 64) as u64])
}

/// SIGKILL to this process: nothing after it runs, no destructor, no hook.
pub fn kill_self() -> ! {
    let _sent = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
    loop {
        std::thread::park();
    }
}
