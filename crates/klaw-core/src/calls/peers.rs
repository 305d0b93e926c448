//! Senders to other ports, by the channels that they listen to; one each, opened at first use.
//!
//! Nobody tells of a port that has ended while nothing is sent there. So whenever there are twice as many senders as the last time, those
//! whose ports are gone are closed.

use std::collections::HashMap;

use klaw_channel::ChannelError;

use crate::error::Error;
use crate::event_loop::{Carried, EventLoop, Handle, Sent};

/// So few senders are not looked through.
const FEW: usize = 32;

/// This port's senders.
#[derive(Debug)]
pub(crate) struct Peers {
    senders: HashMap<u64, Handle>,
    /// Also of those that were closed and still send what waits for room.
    channels: HashMap<Handle, u64>,
    /// With so many of them, those that lead nowhere are closed.
    too_many: usize,
}

impl Default for Peers {
    fn default() -> Self {
        Self { senders: HashMap::new(), channels: HashMap::new(), too_many: FEW }
    }
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
        if self.senders.len() >= self.too_many {
            self.sweep(event_loop);
        }
        let sender = event_loop.open_sender(channel)?;
        self.senders.insert(channel, sender);
        self.channels.insert(sender, channel);
        Ok(sender)
    }

    fn sweep(&mut self, event_loop: &mut EventLoop) {
        let gone = self.senders.iter().filter(|(_, sender)| !event_loop.is_heard(**sender));
        for channel in gone.map(|(channel, _)| *channel).collect::<Vec<_>>() {
            self.close(event_loop, channel);
        }
        self.too_many = (self.senders.len() * 2).max(FEW);
    }

    /// True if something was sent there, and the other side was there when that was last looked at.
    pub(crate) fn is_open(&self, channel: u64) -> bool {
        self.senders.contains_key(&channel)
    }

    /// The channel that something was told of, if one of these senders is for it.
    pub(crate) fn told_of(&mut self, event_loop: &mut EventLoop, sender: Handle) -> Option<u64> {
        let channel = *self.channels.get(&sender)?;
        self.forget_if_over(event_loop, sender);
        Some(channel)
    }

    /// Nothing more will be sent there; what waits for room still is.
    pub(crate) fn close(&mut self, event_loop: &mut EventLoop, channel: u64) {
        if let Some(sender) = self.senders.remove(&channel) {
            event_loop.close_sender(sender);
            self.forget_if_over(event_loop, sender);
        }
    }

    fn forget_if_over(&mut self, event_loop: &mut EventLoop, sender: Handle) {
        if !event_loop.has_sender(sender) {
            self.channels.remove(&sender);
        }
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Channel(ChannelError::Closed { .. } | ChannelError::NotFound))
}

#[cfg(test)]
mod tests {
    use klaw_channel::ChannelOptions;
    use klaw_testkit::Scratch;

    use super::*;
    use crate::event_loop::{End, Event};
    use crate::runtime::Runtime;

    fn event_loop() -> (EventLoop, Scratch) {
        let scratch = Scratch::new().unwrap();
        (Runtime::create_in(scratch.path()).unwrap().event_loop().unwrap(), scratch)
    }

    /// A channel with little room: what others know it by, and who listens there.
    fn listener(event_loop: &mut EventLoop) -> (u64, Handle) {
        let options = ChannelOptions { capacity: 1, ..ChannelOptions::default() };
        let (sender, receiver) = event_loop.channel(options).unwrap();
        // Its sender stays open, as every port keeps one of its own: else it would be closed until somebody sends.
        (event_loop.channel_id(End::Sender(sender)).unwrap(), receiver)
    }

    fn send(peers: &mut Peers, event_loop: &mut EventLoop, channel: u64) -> Result<Sent, Gone> {
        peers.send(event_loop, channel, 1, b"", &Carried::default()).unwrap()
    }

    #[test]
    fn senders_to_ports_that_are_gone_are_closed_as_others_come() {
        let (mut event_loop, _scratch) = event_loop();
        let mut peers = Peers::default();
        let (living, _listens) = listener(&mut event_loop);
        assert!(send(&mut peers, &mut event_loop, living).is_ok());
        for _ in 0..10 * FEW {
            let (channel, receiver) = listener(&mut event_loop);
            assert!(send(&mut peers, &mut event_loop, channel).is_ok());
            event_loop.close_receiver(receiver);
        }
        assert!(peers.senders.len() <= FEW + 1, "{} senders", peers.senders.len());
        assert_eq!(peers.senders.len(), peers.channels.len());
        assert!(peers.is_open(living));
    }

    #[test]
    fn whoever_is_gone_is_gone_at_once_for_those_who_send() {
        let (mut event_loop, _scratch) = event_loop();
        let mut peers = Peers::default();
        let (channel, receiver) = listener(&mut event_loop);
        assert!(send(&mut peers, &mut event_loop, channel).is_ok());
        event_loop.close_receiver(receiver);
        assert!(send(&mut peers, &mut event_loop, channel).is_err());
        assert!(!peers.is_open(channel) && peers.channels.is_empty());
    }

    #[test]
    fn what_a_closed_sender_still_sends_is_told_of_and_then_forgotten() {
        let (mut event_loop, _scratch) = event_loop();
        let mut peers = Peers::default();
        let (channel, receiver) = listener(&mut event_loop);
        assert!(matches!(send(&mut peers, &mut event_loop, channel), Ok(Sent::Now)));
        assert!(matches!(send(&mut peers, &mut event_loop, channel), Ok(Sent::Queued(_))));
        peers.close(&mut event_loop, channel);
        event_loop.close_receiver(receiver);
        let mut events = Vec::new();
        event_loop.pump(&mut events);
        let [Event::Failed { sender, .. }] = events[..] else { panic!("{events:?}") };
        assert_eq!(peers.told_of(&mut event_loop, sender), Some(channel));
        assert_eq!(peers.told_of(&mut event_loop, sender), None);
    }
}
