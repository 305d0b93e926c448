//! Senders to other ports, by the channels that they listen to; one each, opened at first use.

use std::collections::HashMap;

use klaw_channel::ChannelError;

use crate::error::Error;
use crate::event_loop::{Carried, EventLoop, Handle, Sent};

/// This port's senders.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    senders: HashMap<u64, Handle>,
    channels: HashMap<Handle, u64>,
}

/// Nobody listens there any more.
#[derive(Debug)]
pub(crate) struct Gone;

impl Peers {
    /// Sends, or queues what there is no room for. `Ok(Err(Gone))`: the other side is dead, or as good as.
    pub(crate) fn send(
        &mut self,
        event_loop: &mut EventLoop,
        channel: u64,
        tag: u32,
        record: &[u8],
        ends: &Carried,
    ) -> Result<Result<Sent, Gone>, Error> {
        let sender = match self.sender(event_loop, channel) {
            Ok(sender) => sender,
            Err(e) if is_gone(&e) => return Ok(Err(Gone)),
            Err(e) => return Err(e),
        };
        let sent = if ends.is_empty() {
            event_loop.send(sender, tag, record, &[])
        } else {
            event_loop.send_carried(sender, tag, record, ends)
        };
        match sent {
            Ok(sent) => Ok(Ok(sent)),
            Err(e) if is_gone(&e) => {
                self.close(event_loop, channel);
                Ok(Err(Gone))
            }
            Err(e) => Err(e),
        }
    }

    fn sender(&mut self, event_loop: &mut EventLoop, channel: u64) -> Result<Handle, Error> {
        if let Some(sender) = self.senders.get(&channel) {
            return Ok(*sender);
        }
        let sender = event_loop.open_sender(channel)?;
        self.senders.insert(channel, sender);
        self.channels.insert(sender, channel);
        Ok(sender)
    }

    /// The channel that one of these senders is for.
    pub(crate) fn channel(&self, sender: Handle) -> Option<u64> {
        self.channels.get(&sender).copied()
    }

    /// Nothing more will be sent there; what waits for room still is.
    pub(crate) fn close(&mut self, event_loop: &mut EventLoop, channel: u64) {
        if let Some(sender) = self.senders.remove(&channel) {
            self.channels.remove(&sender);
            event_loop.close_sender(sender);
        }
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Channel(ChannelError::Closed { .. } | ChannelError::NotFound))
}
