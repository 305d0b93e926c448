//! For event loops, which sleep at one port for many ends: the loop arms its bell, asks every end that it waits for once more,
//! and sleeps.

use klaw_shm::Port;
use klaw_shm::sync::Ordering;

use super::Receiver;
use crate::error::ChannelError;

impl Receiver {
    /// From now on senders ring `port` while its bell is armed. Ask [`Receiver::is_ready`] after arming it and before sleeping.
    ///
    /// Only a receiver that takes what it is rung for may have a port: senders ring one receiver a message, and another one
    /// would be left asleep. See [`Receiver::stop_waiting`].
    pub fn wait_at(&mut self, port: &Port) {
        self.sleep_at(port.index());
    }

    /// Nobody waits any more, though nothing was taken. It may have been rung for a message: the ring goes to the others.
    pub fn stop_waiting(&mut self) {
        self.forget_port();
        self.node.tables().ring_receivers(self.id);
    }

    /// Nobody waits any more, because a message was taken: [`Receiver::stop_waiting`] without the ring, which whoever
    /// takes a batch hands on if there is more.
    pub fn forget_port(&mut self) {
        self.port_word().store(0, Ordering::Relaxed);
    }

    /// True if the next [`Receiver::try_recv`] has a message; takes a batch of up to `max` messages if it must.
    pub fn is_ready(&mut self, max: usize) -> Result<bool, ChannelError> {
        if self.batch.is_done() { self.fill(max) } else { Ok(true) }
    }

    /// Payload bytes of the message that the next [`Receiver::try_recv`] hands out, if it is taken already.
    #[must_use]
    pub fn next_bytes(&self) -> Option<usize> {
        self.batch.next_bytes()
    }
}
