//! Messages that can be taken back: of channels made for calls.

use std::time::Instant;

use klaw_shm::sync::Ordering;

use super::Sender;
use super::lane::header;
use crate::channel::layout::is_for_calls;
use crate::error::ChannelError;
use crate::lane::LaneId;
use crate::record::REF_BYTES;
use crate::transit::Share;

/// Which message of its sender, for [`Sender::revoke`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    lane: LaneId,
    at: u64,
}

impl Sender {
    /// [`Sender::push_with`], in a channel made for calls: the message can be taken back.
    pub fn push_call(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
    ) -> Result<Ticket, ChannelError> {
        self.check_calls()?;
        match ends {
            [] => self.push(tag, payload),
            ends => self.push_with(tag, payload, ends),
        }?;
        Ok(self.last_ticket(payload, ends))
    }

    /// [`Sender::send_with`], in a channel made for calls: the message can be taken back.
    pub fn send_call(
        &mut self,
        tag: u32,
        payload: &[u8],
        ends: &[Share<'_>],
        deadline: Option<Instant>,
    ) -> Result<Ticket, ChannelError> {
        self.check_calls()?;
        self.send_with(tag, payload, ends, deadline)?;
        Ok(self.last_ticket(payload, ends))
    }

    /// Takes a message back. True: no receiver ever gets it, and what it referred to is closed. False: it is too late, or it had
    /// been taken back before. Its capacity comes back when a receiver passes its place.
    ///
    /// It need not be published yet, and a flush need not follow.
    pub fn revoke(&mut self, ticket: Ticket) -> bool {
        self.revoke_all(&[ticket]) == [true]
    }

    /// [`Sender::revoke`] for many at once, which is cheaper: for each in turn, whether it was taken back.
    pub fn revoke_all(&mut self, tickets: &[Ticket]) -> Vec<bool> {
        let Some(open) = self.lane.as_mut() else { return vec![false; tickets.len()] };
        let id = open.id;
        // Another sender's message lies beyond everything here.
        let at = |ticket: &Ticket| if ticket.lane == id { ticket.at } else { u64::MAX };
        let positions: Vec<_> = tickets.iter().map(at).collect();
        let revoked = open.writer.revoke(self.node.tables().known_lane(id), &positions);
        // A receiver may have found the lane frozen and gone to sleep. Before the refs, which may take long.
        self.tell_receivers();
        for (refs, at) in revoked.iter().zip(positions) {
            let refs = refs.iter().flatten().copied();
            self.node.tables().drop_refs(self.node.me(), refs, id, at);
        }
        revoked.iter().map(Option::is_some).collect()
    }

    fn check_calls(&self) -> Result<(), ChannelError> {
        if is_for_calls(self.channel().facts.options.load(Ordering::Relaxed)) {
            return Ok(());
        }
        Err(ChannelError::InvalidOption { option: "calls", found: 0, expected: "a channel made with it" })
    }

    /// The ticket of the message that was pushed last.
    fn last_ticket(&self, payload: &[u8], ends: &[Share<'_>]) -> Ticket {
        let open = self.lane.as_ref().expect("opened by the push");
        let stride = header(0, ends.len() * REF_BYTES + payload.len(), ends.len()).stride();
        Ticket { lane: open.id, at: open.writer.last_at(stride) }
    }
}
