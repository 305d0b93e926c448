//! Sleeping in tokio: a port whose FIFO the reactor polls.

use std::io;
use std::os::fd::OwnedFd;

use klaw_shm::{Member, Port, PortKind, ShmError};
use tokio::io::unix::AsyncFd;

use crate::error::ChannelError;

/// A port of one future at a time.
#[derive(Debug)]
pub(crate) struct AsyncPort {
    // Declared first, dropped first: the reactor lets go of the descriptor before the port does.
    bell: AsyncFd<OwnedFd>,
    port: Port,
}

/// An armed bell. Disarmed when dropped, also by a future that is cancelled while it sleeps: else every sender would go on
/// ringing somebody who does not listen.
struct Armed<'a>(&'a Port);

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        self.0.disarm();
    }
}

impl AsyncPort {
    /// Must be called in the context of a tokio runtime with I/O enabled.
    pub(crate) fn open(member: &Member) -> Result<Self, ChannelError> {
        let port = member.open_port(PortKind::EventLoop)?;
        let fifo = port.fd().expect("the port of an event loop has a FIFO");
        let fifo = fifo.try_clone_to_owned().map_err(reactor_error)?;
        // SAFETY: the descriptor is our own copy, owned by the `AsyncFd` until it is deregistered.
        let bell = unsafe { AsyncFd::register(fifo) }.map_err(|e| reactor_error(e.into()))?;
        Ok(Self { bell, port })
    }

    pub(crate) fn index(&self) -> u32 {
        self.port.index()
    }

    /// Sleeps until `ready` says so. It is asked after each arming and after each wake.
    pub(crate) async fn wait(&self, mut ready: impl FnMut() -> bool) -> Result<(), ChannelError> {
        loop {
            let armed = Armed(&self.port);
            self.port.arm();
            if ready() {
                return Ok(());
            }
            // Cleared before the FIFO is emptied: a byte that comes in between is a new edge.
            self.bell.readable().await.map_err(reactor_error)?.clear_ready();
            drop(armed);
            if ready() {
                return Ok(());
            }
        }
    }
}

fn reactor_error(source: io::Error) -> ChannelError {
    ShmError::Os { operation: "poll", subject: "the port of a tokio task".to_owned(), source }.into()
}
