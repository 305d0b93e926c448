//! Receiving: what is there, and being told when something is.

use klaw_channel::record::RefKind;
use klaw_channel::{Arrived as ArrivedEnd, Receiver};

use super::{End, Event, EventLoop, Handle};
use crate::error::Error;

#[derive(Debug)]
pub(super) struct ReceiverEnd {
    pub(super) receiver: Receiver,
    /// Messages that whoever waits wants, 0 if nobody waits.
    wanted: usize,
    /// Senders ring this loop for it.
    ported: bool,
}

impl ReceiverEnd {
    pub(super) fn new(receiver: Receiver) -> Self {
        Self { receiver, wanted: 0, ported: false }
    }
}

/// An end that came with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// It is this loop's now.
    Open(End),
    /// A sender whose channel's senders were all gone while it was on its way.
    ClosedSender,
    /// A receiver whose channel's receivers were.
    ClosedReceiver,
}

/// Where messages go that a loop takes.
pub trait Received {
    /// False if a message of `payload_bytes` must wait for the next call. Not asked before the first message of a call.
    fn has_room(&self, payload_bytes: usize) -> bool;
    /// A message; `payload` is gone after the call.
    fn put(&mut self, tag: u32, payload: &[u8], ends: &[Arrived]);
}

impl EventLoop {
    /// Takes up to `max` messages that are there: how many they were. None also once the turn's budget is spent, if
    /// `budgeted`; wait then, and the next turn has them.
    pub fn take(
        &mut self,
        receiver: Handle,
        max: usize,
        budgeted: bool,
        to: &mut impl Received,
    ) -> Result<usize, Error> {
        let mut count = 0;
        while count < max && !(budgeted && self.budget.is_spent()) {
            let end = self.receiver(receiver)?;
            match end.receiver.is_ready(max - count) {
                Ok(true) => {}
                Ok(false) => break,
                // It can wait: what was taken before it goes out first.
                Err(_) if count > 0 => break,
                Err(e) => return Err(e.into()),
            }
            let bytes = end.receiver.next_bytes().unwrap_or(0);
            if count > 0 && !to.has_room(bytes) {
                break;
            }
            self.hand_out(receiver, to)?;
            self.budget.spend(bytes);
            count += 1;
        }
        Ok(count)
    }

    fn hand_out(&mut self, receiver: Handle, to: &mut impl Received) -> Result<(), Error> {
        let end = self.receiver(receiver)?;
        let Some(message) = end.receiver.try_recv()? else { return Ok(()) };
        if !message.has_refs() {
            to.put(message.tag, message.payload, &[]);
            return Ok(());
        }
        // The ends are asked for while the message is borrowed: a copy, as messages with ends are rare.
        let (tag, payload) = (message.tag, message.payload.to_vec());
        let kinds: Vec<_> = message.refs().map(|reference| reference.kind).collect();
        let ends = end.receiver.take_ends().into_iter().zip(kinds);
        let arrived: Vec<_> = ends.map(|(end, kind)| self.adopt(end, kind)).collect::<Result<_, _>>()?;
        to.put(tag, &payload, &arrived);
        Ok(())
    }

    fn adopt(&mut self, end: ArrivedEnd, kind: RefKind) -> Result<Arrived, Error> {
        Ok(match end {
            ArrivedEnd::Sender(sender) => Arrived::Open(End::Sender(self.add_sender(sender)?)),
            ArrivedEnd::Receiver(receiver) => Arrived::Open(End::Receiver(self.add_receiver(receiver)?)),
            ArrivedEnd::Closed if kind == RefKind::Sender => Arrived::ClosedSender,
            ArrivedEnd::Closed => Arrived::ClosedReceiver,
        })
    }

    /// [`Event::Ready`] will come when this receiver has a message, or when there will never be one; at most `wanted`
    /// messages are set aside for it then.
    pub fn wait(&mut self, receiver: Handle, wanted: usize) -> Result<(), Error> {
        let Self { receivers, port, waiting, ported, .. } = self;
        let end = receivers.get(receiver).ok_or(Error::EndClosed { end: "receiver" })?;
        if end.wanted == 0 {
            waiting.push(receiver);
        }
        end.wanted = wanted.max(1);
        if !end.ported {
            end.ported = true;
            ported.push(receiver);
            end.receiver.wait_at(port);
        }
        Ok(())
    }

    /// Nobody waits for this receiver any more.
    pub fn stop_waiting(&mut self, receiver: Handle) {
        let Some(end) = self.receivers.get(receiver) else { return };
        if end.wanted > 0 {
            end.wanted = 0;
            self.waiting.retain(|waiting| *waiting != receiver);
            self.ported.retain(|ported| *ported != receiver);
            end.ported = false;
            end.receiver.stop_waiting();
        }
    }

    /// Closes a receiving end. False if it was closed before.
    pub fn close_receiver(&mut self, receiver: Handle) -> bool {
        self.stop_waiting(receiver);
        self.ported.retain(|ported| *ported != receiver);
        self.receivers.remove(receiver).is_some()
    }

    pub(super) fn pump_receivers(&mut self, events: &mut Vec<Event>) {
        let Self { receivers, waiting, .. } = self;
        waiting.retain(|&handle| {
            let Some(end) = receivers.get(handle) else { return false };
            // An error is found again by whoever takes.
            if matches!(end.receiver.is_ready(end.wanted), Ok(false)) {
                return true;
            }
            end.wanted = 0;
            events.push(Event::Ready(handle));
            false
        });
    }

    /// Before the bell is armed: senders ring only for receivers that somebody waits for, else one in another process would be
    /// left asleep. While the bell is not armed, a port that is still known does no harm, and waiting again costs nothing.
    pub(super) fn forget_ports(&mut self) {
        let Self { receivers, ported, .. } = self;
        ported.retain(|&handle| {
            let Some(end) = receivers.get(handle) else { return false };
            if end.wanted == 0 {
                end.ported = false;
                end.receiver.forget_port();
            }
            end.ported
        });
    }
}
