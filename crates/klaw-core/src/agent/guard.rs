//! A worker's side: it does not outlive its driver.

use std::io::Write;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use klaw_shm::ProcessHandle;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpgrp, getpid, getppid, kill_current_process_group, kill_process};
use rustix::stdio::stdin;

use crate::error::Error;

/// Process id of the driver, in a worker's environment.
pub const WORKER_ENV: &str = "KLAW_WORKER";

/// A worker that is watched over: it ends, with everything that it has started, when its driver does.
#[derive(Debug)]
pub struct WorkerGuard(());

/// To be called by a worker as soon as it can; does not return if its driver is dead. `Ok(None)` in a process that no
/// agent has started.
pub fn guard_worker() -> Result<Option<WorkerGuard>, Error> {
    let Some(driver) = std::env::var(WORKER_ENV).ok().and_then(|text| text.parse::<u32>().ok()) else {
        return Ok(None);
    };
    let pidfd = ProcessHandle::open(driver)?;
    // After the pidfd: if the driver is the parent now, the pidfd is its. Else it has died, and the number may be anybody's.
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get().cast_unsigned());
    let Some(driver) = pidfd.filter(|_| parent == driver) else { end() };
    std::thread::Builder::new()
        .name("klaw-guard".to_owned())
        .spawn(move || wait_for_end(&driver))
        .map_err(|e| Error::Agent { what: "a worker's guard", source: e })?;
    // The kernel's choice when memory runs out should be a worker, which can be started again. Not allowed: so be it.
    let _raised = std::fs::write("/proc/self/oom_score_adj", "500");
    Ok(Some(WorkerGuard(())))
}

impl WorkerGuard {
    /// Tells the agent that this worker is ready for work.
    pub fn ready(&self) -> Result<(), Error> {
        worker_ready()
    }
}

/// [`WorkerGuard::ready`], for faces that can't keep a guard.
pub fn worker_ready() -> Result<(), Error> {
    let failed = |e| Error::Agent { what: "a word to it", source: e };
    let socket = stdin().try_clone_to_owned().map_err(failed)?;
    UnixStream::from(socket).write_all(b"r").map_err(failed)
}

/// The driver's process is dead, or its agent has gone without taking this worker along.
fn wait_for_end(driver: &ProcessHandle) {
    let control: BorrowedFd<'_> = stdin();
    loop {
        let mut fds =
            [PollFd::new(driver, PollFlags::IN), PollFd::new(&control, PollFlags::HUP | PollFlags::RDHUP)];
        if poll(&mut fds, None).is_ok() && fds.iter().any(|fd| !fd.revents().is_empty()) {
            end();
        }
    }
}

/// Ends this process, and its group if it leads one: one that it does not lead is not its own.
fn end() -> ! {
    if getpgrp() == getpid() {
        let _sent = kill_current_process_group(Signal::KILL);
    }
    let _sent = kill_process(getpid(), Signal::KILL);
    loop {
        std::thread::park();
    }
}
