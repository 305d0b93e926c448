//! Receiving: what is there, and being told when something is.

use klaw_channel::record::RefKind;
use klaw_channel::{Arrived as ArrivedEnd, Receiver};

use super::{End, Event, EventLoop, Handle};
use crate::error::Error;

#[derive(Debug)]
pub(super) struct ReceiverEnd {
    pub(super) receiver: Receiver,
    /// Somebody waits for it.
    wanted: bool,
    /// Senders ring this loop for it.
    ported: bool,
}

impl ReceiverEnd {
    pub(super) fn new(receiver: Receiver) -> Self {
        Self { receiver, wanted: false, ported: false }
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
    /// Bytes that it still has room for. Less than a batch: nothing more is fetched in this call.
    fn room_bytes(&self) -> usize;
    /// A message, which must be taken whatever its size; `payload` is gone after the call.
    fn put(&mut self, tag: u32, payload: &[u8], ends: &[Arrived]);
}

/// Room for a batch that is fetched at once.
const BATCH_ROOM_BYTES: usize = 32 << 10;

impl EventLoop {
    /// Takes up to `max` messages that are there: how many they were. None also once the turn's budget is spent, if
    /// `budgeted`; wait then, and the next turn has them.
    ///
    /// What is fetched from a lane is handed out whole: nothing is left in this receiver that another one could have.
    pub fn take(
        &mut self,
        receiver: Handle,
        max: usize,
        budgeted: bool,
        to: &mut impl Received,
    ) -> Result<usize, Error> {
        let mut count = 0;
        while count < max {
            let end = self.receivers.get(receiver).ok_or(Error::EndClosed { end: "receiver" })?;
            if !end.receiver.has_fetched() {
                let is_enough = count > 0 && to.room_bytes() < BATCH_ROOM_BYTES;
                if is_enough || budgeted && self.budget.is_spent() {
                    break;
                }
                match end.receiver.fetch(max - count) {
                    Ok(true) => {}
                    Ok(false) => break,
                    // It can wait: what was taken before it goes out first.
                    Err(_) if count > 0 => break,
                    Err(e) => return Err(e.into()),
                }
            }
            self.hand_out(receiver, to)?;
            count += 1;
        }
        Ok(count)
    }

    fn hand_out(&mut self, receiver: Handle, to: &mut impl Received) -> Result<(), Error> {
        let end = self.receivers.get(receiver).ok_or(Error::EndClosed { end: "receiver" })?;
        let Some(message) = end.receiver.try_recv()? else { return Ok(()) };
        self.budget.spend(message.payload.len());
        if !message.has_refs() {
            to.put(message.tag, message.payload, &[]);
            return Ok(());
        }
        // The ends are asked for while the message is borrowed: a copy, as messages with ends are rare.
        let (tag, payload) = (message.tag, message.payload.to_vec());
        let kinds: Vec<_> = message.refs().map(|reference| reference.kind).collect();
        let ends = end.receiver.take_ends().into_iter().zip(kinds);
        // One that this loop has no handle left for arrives closed: the message counts as handed out.
        let arrived: Vec<_> = ends.map(|(end, kind)| self.adopt(end, kind)).collect();
        to.put(tag, &payload, &arrived);
        Ok(())
    }

    fn adopt(&mut self, end: ArrivedEnd, kind: RefKind) -> Arrived {
        let adopted = match end {
            ArrivedEnd::Sender(sender) => self.add_sender(sender).map(End::Sender).ok(),
            ArrivedEnd::Receiver(receiver) => self.add_receiver(receiver).map(End::Receiver).ok(),
            ArrivedEnd::Closed => None,
        };
        adopted.map_or(
            if kind == RefKind::Sender { Arrived::ClosedSender } else { Arrived::ClosedReceiver },
            Arrived::Open,
        )
    }

    /// [`Event::Ready`] will come when this receiver may have a message, or when there will never be one.
    pub fn wait(&mut self, receiver: Handle) -> Result<(), Error> {
        if !std::mem::replace(&mut self.receiver(receiver)?.wanted, true) {
            self.waiting.push(receiver);
        }
        self.give_port(receiver)
    }

    /// [`EventLoop::wait`] of nobody in particular: it does not keep the loop alive.
    pub fn listen(&mut self, receiver: Handle) -> Result<(), Error> {
        if !std::mem::replace(&mut self.receiver(receiver)?.wanted, true) {
            self.listening.push(receiver);
        }
        self.give_port(receiver)
    }

    fn give_port(&mut self, receiver: Handle) -> Result<(), Error> {
        let Self { receivers, port, ported, .. } = self;
        let end = receivers.get(receiver).ok_or(Error::EndClosed { end: "receiver" })?;
        if !std::mem::replace(&mut end.ported, true) {
            ported.push(receiver);
            end.receiver.wait_at(port);
        }
        Ok(())
    }

    /// Nobody waits for this receiver any more, and nothing was taken: if this loop was rung for a message, another one is.
    pub fn stop_waiting(&mut self, receiver: Handle) {
        let Some(end) = self.receivers.get(receiver) else { return };
        if std::mem::replace(&mut end.wanted, false) {
            self.waiting.retain(|waiting| *waiting != receiver);
            self.listening.retain(|listening| *listening != receiver);
        }
        if std::mem::replace(&mut end.ported, false) {
            self.ported.retain(|ported| *ported != receiver);
            end.receiver.stop_waiting();
        }
    }

    /// Nobody wants an end that has come.
    pub fn close_arrived(&mut self, end: Arrived) {
        match end {
            Arrived::Open(End::Sender(sender)) => _ = self.close_sender(sender),
            Arrived::Open(End::Receiver(receiver)) => _ = self.close_receiver(receiver),
            Arrived::ClosedSender | Arrived::ClosedReceiver => {}
        }
    }

    /// Closes a receiving end. False if it was closed before.
    pub fn close_receiver(&mut self, receiver: Handle) -> bool {
        self.stop_waiting(receiver);
        self.receivers.remove(receiver).is_some()
    }

    pub(super) fn pump_receivers(&mut self, events: &mut Vec<Event>) {
        let Self { receivers, waiting, listening, .. } = self;
        for waiting in [waiting, listening] {
            waiting.retain(|&handle| {
                let Some(end) = receivers.get(handle) else { return false };
                if !end.receiver.may_have() {
                    return true;
                }
                end.wanted = false;
                events.push(Event::Ready(handle));
                false
            });
        }
    }

    pub(super) fn forget_ports(&mut self) {
        let Self { receivers, ported, .. } = self;
        ported.retain(|&handle| {
            let Some(end) = receivers.get(handle) else { return false };
            if !end.wanted {
                end.ported = false;
                end.receiver.forget_port();
            }
            end.ported
        });
    }
}
