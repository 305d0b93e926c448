//! A batch between a lane and user code: a private copy of records.

use crate::record::{Decoder, Header, Message, RecordKind, charge_units};

/// Messages in a private copy, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// Where the record of the next message starts in `bytes`.
    pub(super) next: usize,
    pub(super) messages: usize,
    /// What they are charged together.
    pub(super) units: u64,
    handed: usize,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        *self = Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() };
    }

    /// Messages in it, handed out or not.
    pub(crate) fn len(&self) -> usize {
        self.messages
    }

    /// How many were handed out.
    pub(crate) fn handed(&self) -> usize {
        self.handed
    }

    pub(crate) fn is_done(&self) -> bool {
        self.handed == self.messages
    }

    /// Hands out the next message.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Message<'_>> {
        if self.is_done() {
            return None;
        }
        let record = self.bytes.get(self.next..)?;
        let header = Header::decode(record)?;
        self.next += usize::try_from(header.stride()).ok()?;
        self.handed += 1;
        Message::parse(&header, record)
    }

    /// Hands out up to `max` messages, but none after one that refers to something. How many they were, and whether the last one did.
    #[inline]
    pub(crate) fn hand_out(&mut self, max: usize, mut each: impl FnMut(Message<'_>)) -> (usize, bool) {
        let from = self.handed;
        let to = self.messages.min(from.saturating_add(max));
        let (mut headers, mut next) = (Decoder::default(), self.next);
        for n in from..to {
            let Some(record) = self.bytes.get(next..) else { break };
            let Some(header) = headers.decode(record) else { break };
            let Some(message) = Message::parse(&header, record) else { break };
            next += usize::try_from(header.stride()).unwrap_or(usize::MAX);
            // Before user code, which may panic: no message goes out twice.
            (self.next, self.handed) = (next, n + 1);
            each(message);
            if header.refs > 0 {
                return (n + 1 - from, true);
            }
        }
        (self.handed - from, false)
    }
}

/// Messages that lie behind one another in a private copy.
pub(super) struct Run {
    pub(super) messages: usize,
    /// What they are charged.
    pub(super) units: u64,
    /// Where the last one ends.
    pub(super) end: usize,
}

impl Run {
    /// Goes on over messages without refs, as long as they are sound and whole. A function of its own, so that its few variables stay
    /// in registers.
    #[inline(never)]
    pub(super) fn extend(&mut self, bytes: &[u8], limit: usize) {
        let mut headers = Decoder::default();
        while self.messages < limit
            && let Some(rest) = bytes.get(self.end..)
            && let Some(header) = headers.decode(rest)
            && header.kind == RecordKind::Message
            && header.refs == 0
            && header.stride() <= rest.len() as u64
        {
            self.push(&header, header.body_bytes as usize);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "bounded by the copy, which the record is in")]
    #[inline]
    pub(super) fn push(&mut self, header: &Header, payload_bytes: usize) {
        self.messages += 1;
        self.units += u64::from(charge_units(payload_bytes));
        self.end += header.stride() as usize;
    }
}
