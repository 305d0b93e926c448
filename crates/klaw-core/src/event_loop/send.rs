//! Sending: at once while there is room, in order from a queue when there was none.

use std::collections::VecDeque;

use klaw_channel::{ChannelError, Sender, WaitsForRoom};

use super::{Carried, End, Event, EventLoop, Handle};
use crate::error::Error;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is in the channel.
    Now,
    /// It is in the channel, and this turn's budget is spent: let the loop turn before more is sent.
    Enough,
    /// It waits for room, behind what this sender had queued before. [`Event::Sent`] or [`Event::Failed`] will tell, and
    /// [`EventLoop::cancel_send`] takes it back by this ticket.
    Queued(u32),
}

#[derive(Debug)]
pub(super) struct SenderEnd {
    pub(super) sender: Sender,
    queue: VecDeque<Queued>,
    next_ticket: u32,
    waits: Option<WaitsForRoom>,
    unflushed: bool,
    /// Closed by its user: it ends when its queue is empty.
    closing: bool,
}

#[derive(Debug)]
struct Queued {
    ticket: u32,
    /// Messages of one call: when one of them fails, those behind it are not sent.
    group: u32,
    tag: u32,
    payload: Box<[u8]>,
    ends: Carried,
}

impl SenderEnd {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender, queue: VecDeque::new(), next_ticket: 0, waits: None, unflushed: false, closing: false }
    }

    /// Of a call of its own, if it has no `group`.
    fn enqueue(&mut self, group: Option<u32>, tag: u32, payload: &[u8], ends: Carried) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        let group = group.unwrap_or(ticket);
        self.queue.push_back(Queued { ticket, group, tag, payload: payload.into(), ends });
        ticket
    }

    /// Sends from the queue what there is room for.
    fn drain(&mut self, sender: Handle, events: &mut Vec<Event>) {
        let mut count = 0;
        while let Some(first) = self.queue.front() {
            match self.sender.push_with(first.tag, &first.payload, &first.ends.shares()) {
                Ok(()) => count += 1,
                Err(ChannelError::Full { .. }) => break,
                Err(error) => {
                    // In the order of the queue: those before it are sent.
                    if count > 0 {
                        events.push(Event::Sent { sender, count: std::mem::take(&mut count) });
                    }
                    let group = first.group;
                    let behind = self.queue.iter().take_while(|queued| queued.group == group).count();
                    self.queue.drain(..behind);
                    let count = u32::try_from(behind).unwrap_or(u32::MAX);
                    events.push(Event::Failed { sender, count, error: error.into() });
                    continue;
                }
            }
            self.queue.pop_front();
        }
        if count > 0 {
            events.push(Event::Sent { sender, count });
        }
        // Also after a try that failed for room in the ring: nobody must wait for the credits that it leased.
        self.sender.flush();
    }
}

impl EventLoop {
    /// Sends a message with the ends that its payload names by ordinal, or queues it.
    pub fn send(&mut self, sender: Handle, tag: u32, payload: &[u8], ends: &[End]) -> Result<Sent, Error> {
        self.send_in_group(sender, None, tag, payload, ends)
    }

    /// [`EventLoop::send`] as a part of a call of several messages, see [`EventLoop::send_many`].
    pub fn send_in_group(
        &mut self,
        sender: Handle,
        group: Option<u32>,
        tag: u32,
        payload: &[u8],
        ends: &[End],
    ) -> Result<Sent, Error> {
        match self.try_send(sender, tag, payload, ends) {
            Err(Error::Channel(ChannelError::Full { .. }))
                if self.sender(sender)?.sender.waits_when_full() =>
            {
                // Opened before the queue is touched: what fails here has changed nothing.
                let ends = self.carry(ends)?;
                let ticket = self.sender(sender)?.enqueue(group, tag, payload, ends);
                self.wait_for_room(sender);
                Ok(Sent::Queued(ticket))
            }
            // Not `other => other`: to copy a result that was just written waits for every store before it.
            Err(e) => Err(e),
            Ok(sent) => Ok(sent),
        }
    }

    /// Sends a message if there is room now and nothing is queued before it.
    pub fn try_send(
        &mut self,
        sender: Handle,
        tag: u32,
        payload: &[u8],
        ends: &[End],
    ) -> Result<Sent, Error> {
        if ends.is_empty() {
            return self.push(sender, |end| end.sender.push(tag, payload), payload.len());
        }
        let carried = self.carry(ends)?;
        self.push(sender, |end| end.sender.push_with(tag, payload, &carried.shares()), payload.len())
    }

    /// [`EventLoop::send`] with ends that are kept for more than this message.
    pub fn send_carried(
        &mut self,
        sender: Handle,
        tag: u32,
        payload: &[u8],
        ends: &Carried,
    ) -> Result<Sent, Error> {
        match self.push(sender, |end| end.sender.push_with(tag, payload, &ends.shares()), payload.len()) {
            Err(Error::Channel(ChannelError::Full { .. }))
                if self.sender(sender)?.sender.waits_when_full() =>
            {
                let ends = ends.try_clone()?;
                let ticket = self.sender(sender)?.enqueue(None, tag, payload, ends);
                self.wait_for_room(sender);
                Ok(Sent::Queued(ticket))
            }
            // Not `other => other`: to copy a result that was just written waits for every store before it.
            Err(e) => Err(e),
            Ok(sent) => Ok(sent),
        }
    }

    /// Sends messages together, published at once; those that there is no room for are queued. For [`Sent::Queued`] the ticket is
    /// that of the last, and the tickets of the others are those before it: how many they are is the second half of the answer.
    ///
    /// Once one of a `group` fails, those of it that are queued behind it are given up. By default a call is a group; a face that
    /// needs several calls for one of its own names the group by the first ticket that it got.
    ///
    /// An error concerns the message behind those that were sent or queued.
    pub fn send_many(
        &mut self,
        sender: Handle,
        group: Option<u32>,
        payloads: impl Iterator<Item = (u32, impl AsRef<[u8]>)>,
    ) -> Result<(Sent, u32), Error> {
        let Self { senders, budget, unflushed, .. } = self;
        let end = senders.get(sender).filter(|end| !end.closing).ok_or(closed())?;
        let mut queued = 0;
        let group = group.unwrap_or(end.next_ticket);
        let mut outcome = Ok(());
        for (tag, payload) in payloads {
            let payload = payload.as_ref();
            let pushed = if end.queue.is_empty() { end.sender.push(tag, payload) } else { Err(full(end)) };
            match pushed {
                Ok(()) => budget.spend(payload.len()),
                Err(ChannelError::Full { .. }) if end.sender.waits_when_full() => {
                    end.enqueue(Some(group), tag, payload, Carried::default());
                    queued += 1;
                }
                Err(e) => {
                    outcome = Err(e);
                    break;
                }
            }
        }
        end.sender.publish();
        if !std::mem::replace(&mut end.unflushed, true) {
            unflushed.push(sender);
        }
        let last = end.next_ticket.wrapping_sub(1);
        if queued > 0 {
            self.wait_for_room(sender);
        }
        outcome?;
        Ok(match queued {
            0 if self.budget.is_spent() => (Sent::Enough, 0),
            0 => (Sent::Now, 0),
            _ => (Sent::Queued(last), queued),
        })
    }

    fn push(
        &mut self,
        sender: Handle,
        push: impl FnOnce(&mut SenderEnd) -> Result<(), ChannelError>,
        bytes: usize,
    ) -> Result<Sent, Error> {
        let end = self.senders.get(sender).filter(|end| !end.closing).ok_or(closed())?;
        if !end.queue.is_empty() {
            return Err(full(end).into());
        }
        let pushed = push(end);
        end.sender.publish();
        if !std::mem::replace(&mut end.unflushed, true) {
            self.unflushed.push(sender);
        }
        pushed?;
        self.budget.spend(bytes);
        Ok(if self.budget.is_spent() { Sent::Enough } else { Sent::Now })
    }

    /// Takes queued messages back: that of ticket `last` and the `count - 1` before it. How many were still queued.
    pub fn cancel_send(&mut self, sender: Handle, last: u32, count: u32) -> u32 {
        let Some(end) = self.senders.get(sender) else { return 0 };
        let Some(first) = end.queue.front() else { return 0 };
        // Tickets only grow along the queue.
        let origin = first.ticket;
        let place = |ticket: u32| {
            let ahead = ticket.wrapping_sub(origin);
            if ahead > u32::MAX / 2 {
                0
            } else {
                end.queue.partition_point(|q| q.ticket.wrapping_sub(origin) < ahead)
            }
        };
        let range = place(last.wrapping_sub(count).wrapping_add(1))..place(last.wrapping_add(1));
        let cancelled = range.len();
        end.queue.drain(range);
        u32::try_from(cancelled).unwrap_or(u32::MAX)
    }

    /// True if somebody may receive what is sent there.
    pub(crate) fn is_heard(&mut self, sender: Handle) -> bool {
        self.senders.get(sender).is_some_and(|end| !end.sender.is_closed())
    }

    /// True while this sender is open, or was closed and still has messages that wait for room.
    pub(crate) fn has_sender(&mut self, sender: Handle) -> bool {
        self.senders.get(sender).is_some()
    }

    /// Closes a sending end; what it had queued is sent first. False if it was closed before.
    pub fn close_sender(&mut self, sender: Handle) -> bool {
        let Some(end) = self.senders.get(sender).filter(|end| !end.closing) else { return false };
        if end.queue.is_empty() {
            self.senders.remove(sender);
        } else {
            end.closing = true;
        }
        true
    }

    pub(super) fn flush_senders(&mut self) {
        for handle in self.unflushed.drain(..) {
            if let Some(end) = self.senders.get(handle) {
                end.unflushed = false;
                end.sender.flush();
            }
        }
    }

    pub(super) fn pump_senders(&mut self, events: &mut Vec<Event>) {
        let Self { senders, queued, .. } = self;
        queued.retain(|&handle| {
            let Some(end) = senders.get(handle) else { return false };
            end.drain(handle, events);
            if !end.queue.is_empty() {
                return true;
            }
            end.waits = None;
            if end.closing {
                senders.remove(handle);
            }
            false
        });
    }

    fn wait_for_room(&mut self, sender: Handle) {
        let Some(end) = self.senders.get(sender) else { return };
        if end.waits.is_none() {
            // The pump tries once more before the loop sleeps: room made before this was said is found there.
            end.waits = end.sender.wait_at(&self.port);
            self.queued.push(sender);
        }
    }
}

fn closed() -> Error {
    Error::EndClosed { end: "sender" }
}

fn full(end: &SenderEnd) -> ChannelError {
    end.sender.full()
}
