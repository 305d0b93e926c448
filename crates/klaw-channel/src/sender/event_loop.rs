//! For event loops, which sleep at one port for many ends (see `receiver::event_loop`).

use klaw_shm::Port;

use super::Sender;
use super::wait::Waiting;

/// A sender's word that it waits for room: whoever makes some rings its port. Until it is dropped.
#[derive(Debug)]
pub struct WaitsForRoom {
    _waiting: Waiting,
}

impl Sender {
    /// Flushes, and says that this sender waits for room. Try to send once more before sleeping at `port`. Meant for a sender
    /// that was told [`Full`](crate::ChannelError::Full); `None` if it has never sent, so that nothing can be full.
    #[must_use]
    pub fn wait_at(&mut self, port: &Port) -> Option<WaitsForRoom> {
        self.flush();
        self.lane.as_ref()?;
        Some(WaitsForRoom { _waiting: self.say_waiting(port.index()) })
    }
}
