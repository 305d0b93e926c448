//! One worker process: started, signalled, reaped.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

use super::guard::WORKER_ENV;
use super::{WorkerEnd, WorkerSpec};

/// A process that is ours to reap.
pub(super) struct Process {
    pid: Pid,
    pidfd: AsyncFd<OwnedFd>,
    /// Never waited for through this: that would race with the group's last kill.
    _child: Child,
}

/// What a worker is connected with.
pub(super) struct Pipes {
    pub(super) control: UnixStream,
    pub(super) stdout: pipe::Receiver,
    pub(super) stderr: pipe::Receiver,
}

impl Process {
    /// In the context of the agent's runtime.
    pub(super) fn start(spec: &WorkerSpec) -> io::Result<(Self, Pipes)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&spec.program);
        command
            .args(&spec.args)
            .envs(spec.env.iter().map(|(name, value)| (name, value)))
            .env(WORKER_ENV, std::process::id().to_string())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group; with nothing run between fork and exec, the standard library uses posix_spawn.
            .process_group(0);
        let mut child = command.spawn()?;
        // The command holds the worker's end of the socket: a copy here would keep it open.
        drop(command);
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        let process = Self::own(child)?;
        let pipe = |fd: Option<OwnedFd>| pipe::Receiver::from_owned_fd(fd.ok_or(io::ErrorKind::BrokenPipe)?);
        let pipes =
            Pipes { control: UnixStream::from_std(ours)?, stdout: pipe(stdout)?, stderr: pipe(stderr)? };
        Ok((process, pipes))
    }

    fn own(mut child: Child) -> io::Result<Self> {
        let pid = Pid::from_child(&child);
        // Ours and not reaped: the number is still its own.
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(io::Error::from);
        let watched = pidfd.and_then(|pidfd| {
            // SAFETY: the descriptor is owned by the `AsyncFd` until it is deregistered.
            unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) }.map_err(io::Error::from)
        });
        match watched {
            Ok(pidfd) => Ok(Self { pid, pidfd, _child: child }),
            Err(e) => {
                // Out of descriptors, say: nobody could watch it.
                child.kill()?;
                child.wait()?;
                Err(e)
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Asks the process itself.
    pub(super) fn terminate(&self) {
        let _gone = pidfd_send_signal(&self.pidfd, Signal::TERM);
    }

    /// Kills the whole group. Only before [`Process::reap`]: afterwards the number may be another group's.
    pub(super) fn kill_group(&self) {
        let _gone = kill_process_group(self.pid, Signal::KILL);
    }

    /// Until the process has exited; it is not reaped yet.
    pub(super) async fn exited(&self) -> io::Result<()> {
        // Never cleared: once readable, it stays so.
        self.pidfd.readable().await.map(|_| ())
    }

    /// How it ended. Kills what is left of its group first.
    pub(super) fn reap(self) -> WorkerEnd {
        self.kill_group();
        let pidfd = self.pidfd.get_ref();
        match waitid(WaitId::PidFd(std::os::fd::AsFd::as_fd(pidfd)), WaitIdOptions::EXITED) {
            Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => WorkerEnd::Exited(code),
                (None, signal) => WorkerEnd::Killed(signal.unwrap_or(0)),
            },
            // Somebody else in this process has reaped it: whoever waits for every child takes the status.
            _ => WorkerEnd::Killed(0),
        }
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("pid", &self.pid).finish_non_exhaustive()
    }
}
