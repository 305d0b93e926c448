//! FIFOs: bells that an event loop can poll.
//!
//! Every side opens read-write: the owner, because else the exit of the last writer would leave the FIFO readable
//! for ever; a ringer, because a write-only open fails while the owner is away. Non-blocking: a full FIFO has
//! been rung already.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::ShmError;

pub(crate) fn make_fifo(path: &Path) -> Result<(), ShmError> {
    rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .map_err(|e| ShmError::os("mkfifo", path.display(), e))
}

pub(crate) fn open_fifo(path: &Path) -> Result<OwnedFd, ShmError> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let fd =
        rustix::fs::open(path, flags, Mode::empty()).map_err(|e| ShmError::os("open", path.display(), e))?;
    let stat = rustix::fs::fstat(&fd).map_err(|e| ShmError::os("fstat", path.display(), e))?;
    // A regular file planted here would be "readable" for ever and make a poll loop spin.
    if FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
        return Err(ShmError::Invalid {
            what: path.display().to_string(),
            found: format!("mode {:o}", stat.st_mode),
            expected: "a FIFO".to_owned(),
        });
    }
    Ok(fd)
}

/// Full counts as rung: the sleeper has a byte to wake up for.
pub(crate) fn ring_fifo(fd: impl AsFd) {
    loop {
        match rustix::io::write(&fd, &[1]) {
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

pub(crate) fn drain_fifo(fd: impl AsFd) {
    let mut bytes = [0_u8; 64];
    loop {
        match rustix::io::read(&fd, &mut bytes) {
            Ok(n) if n == bytes.len() => {}
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}
