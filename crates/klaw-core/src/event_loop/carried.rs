//! Ends that are kept open for messages that they go along with.

use klaw_channel::{ChannelError, Receiver, Sender, Share};

use super::{Arrived, End, EventLoop};
use crate::error::Error;

/// Ends of this process that go along with a message, now or later, once or again. Open as long as this lives.
#[derive(Debug, Default)]
pub struct Carried {
    ends: Vec<OwnEnd>,
}

#[derive(Debug)]
enum OwnEnd {
    Sender(Sender),
    Receiver(Receiver),
}

impl OwnEnd {
    fn share(&self) -> Share<'_> {
        match self {
            Self::Sender(sender) => Share::Sender(sender),
            Self::Receiver(receiver) => Share::Receiver(receiver),
        }
    }
}

impl Carried {
    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn shares(&self) -> Vec<Share<'_>> {
        self.ends.iter().map(OwnEnd::share).collect()
    }

    pub(super) fn try_clone(&self) -> Result<Self, Error> {
        let clone = |end: &OwnEnd| {
            Ok(match end {
                OwnEnd::Sender(sender) => OwnEnd::Sender(sender.try_clone()?),
                OwnEnd::Receiver(receiver) => OwnEnd::Receiver(receiver.try_clone()?),
            })
        };
        Ok(Self { ends: self.ends.iter().map(clone).collect::<Result<_, Error>>()? })
    }
}

impl EventLoop {
    /// One more handle of each of these ends, for somebody else. One whose side was closed meanwhile comes closed.
    pub(crate) fn reopen_all(&mut self, ends: &[Arrived]) -> Result<Vec<Arrived>, Error> {
        ends.iter().map(|end| self.reopen(*end)).collect()
    }

    fn reopen(&mut self, end: Arrived) -> Result<Arrived, Error> {
        let Arrived::Open(end) = end else { return Ok(end) };
        let channel = self.channel_id(end)?;
        let (opened, closed) = match end {
            End::Sender(_) => (self.open_sender(channel).map(End::Sender), Arrived::ClosedSender),
            End::Receiver(_) => (self.open_receiver(channel).map(End::Receiver), Arrived::ClosedReceiver),
        };
        match opened {
            Ok(end) => Ok(Arrived::Open(end)),
            Err(Error::Channel(ChannelError::Closed { .. } | ChannelError::NotFound)) => Ok(closed),
            Err(e) => Err(e),
        }
    }

    /// One more end like each of these, kept open to go along with messages.
    pub fn carry(&mut self, ends: &[End]) -> Result<Carried, Error> {
        if ends.is_empty() {
            return Ok(Carried::default());
        }
        let ends = ends.iter().map(|end| {
            Ok(match *end {
                End::Sender(handle) => OwnEnd::Sender(self.sender(handle)?.sender.try_clone()?),
                End::Receiver(handle) => OwnEnd::Receiver(self.receiver(handle)?.receiver.try_clone()?),
            })
        });
        Ok(Carried { ends: ends.collect::<Result<_, Error>>()? })
    }
}
