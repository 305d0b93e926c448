//! How a sender sleeps while there is no room: it says so in its lane, tries once more, and is rung by whoever makes room.

use std::sync::Arc;
use std::time::Instant;

use klaw_shm::PortKind;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{Ordering, fence};

use super::Sender;
#[cfg(feature = "tokio")]
use crate::async_port::AsyncPort;
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::error::ChannelError;
use crate::lane::{LaneEntry, LaneId};
use crate::node::Node;

impl Sender {
    /// Sleeps until `push` is not told any more that the channel is full.
    pub(super) fn wait_for_room(
        &mut self,
        deadline: Option<Instant>,
        mut push: impl FnMut(&mut Self) -> Result<(), ChannelError>,
    ) -> Result<(), ChannelError> {
        // What is in the lane must be seen, and what was leased must be free, while this one sleeps.
        self.flush();
        let port = match self.port.take() {
            Some(port) => port,
            None => self.node.member().open_port(PortKind::Thread)?,
        };
        let waiting = self.say_waiting(port.index());
        let mut outcome = None;
        let mut skip = mutant(ChannelMutant::SleepWithoutSecondTry);
        port.wait(deadline, || {
            if std::mem::take(&mut skip) {
                return false;
            }
            outcome = self.try_again(&mut push);
            outcome.is_some()
        });
        drop(waiting);
        self.port = Some(port);
        outcome.unwrap_or(Err(ChannelError::Timeout { what: "room" }))
    }

    /// Sends; sleeps in tokio's reactor while there is no room. Cancelled before it is ready, it has sent nothing.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O enabled.
    #[cfg(feature = "tokio")]
    pub async fn send_async(&mut self, tag: u32, payload: &[u8]) -> Result<(), ChannelError> {
        let mut push = |sender: &mut Self| sender.push(tag, payload);
        let sent = push(self);
        self.flush();
        if !matches!(sent, Err(ChannelError::Full { .. })) || !self.waits_when_full() {
            return sent;
        }
        let port = match &self.async_port {
            Some(port) => Arc::clone(port),
            None => Arc::clone(self.async_port.insert(Arc::new(AsyncPort::open(self.node.member())?))),
        };
        let waiting = self.say_waiting(port.index());
        let mut outcome = None;
        port.wait(|| {
            outcome = self.try_again(&mut push);
            outcome.is_some()
        })
        .await?;
        drop(waiting);
        self.flush();
        outcome.unwrap_or(Ok(()))
    }

    /// One more try of a sender that waits; `None` if the channel is still full.
    fn try_again(
        &mut self,
        push: &mut impl FnMut(&mut Self) -> Result<(), ChannelError>,
    ) -> Option<Result<(), ChannelError>> {
        match push(self) {
            Err(ChannelError::Full { .. }) => {
                // A try that failed for room in the ring may have leased: nobody must wait for those credits.
                self.flush();
                None
            }
            other => Some(other),
        }
    }

    /// From now on, until the result is dropped, whoever makes room rings `port`.
    pub(super) fn say_waiting(&self, port: u32) -> Waiting {
        let open = self.lane.as_ref().expect("a full channel was found through the lane");
        let waiting = Waiting { node: Arc::clone(&self.node), lane: open.id };
        let lane = waiting.lane();
        lane.identity.port.store(u64::from(port) + 1, Ordering::Relaxed);
        lane.identity.waiting.store(1, Ordering::Relaxed);
        // Store waiting, then look for credits: pairs with the fence of whoever makes room and then looks for who waits.
        fence(Ordering::SeqCst);
        crash_point(ChannelPoint::SenderWaits);
        waiting
    }
}

/// A sender's word that it waits for room.
#[derive(Debug)]
pub(super) struct Waiting {
    node: Arc<Node>,
    lane: LaneId,
}

impl Waiting {
    fn lane(&self) -> &LaneEntry {
        self.node.tables().known_lane(self.lane)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.lane().identity.waiting.store(0, Ordering::Relaxed);
    }
}
