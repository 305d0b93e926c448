//! A sender's lane: what it has sent and may send, and the short way of a message into it.

use klaw_shm::Stamp;
use klaw_shm::sync::Ordering;

use crate::channel::ChannelId;
use crate::channel::credit::{Amount, give_back};
use crate::channel::lanes::open_lane;
use crate::error::ChannelError;
use crate::lane::{LaneEntry, LaneId, Writer};
use crate::record::{Header, RecordKind, charge_units};
use crate::tables::Tables;

/// The largest payload that needs no look at what the channel takes.
const SHORT_BYTES: usize = 4096;

/// Messages, and payload in units of 16 bytes, since the lane's entry was first used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    messages: u64,
    units: u64,
}

/// The sender's lane, made at its first message.
#[derive(Debug)]
pub(super) struct OpenLane {
    pub(super) id: LaneId,
    pub(super) writer: Writer,
    sent: Counts,
    /// How far what was leased goes: never behind `sent`.
    limit: Counts,
}

impl OpenLane {
    pub(super) fn open(tables: &Tables, channel: ChannelId, me: Stamp) -> Result<Self, ChannelError> {
        let (id, writer) = open_lane(tables, channel, me)?;
        let lane = tables.known_lane(id);
        let sent = Counts {
            messages: lane.sent.messages.load(Ordering::Relaxed),
            units: lane.sent.units.load(Ordering::Relaxed),
        };
        Ok(Self { id, writer, sent, limit: sent })
    }

    /// Puts a message in if credit and room are at hand. False if something has to be looked at first.
    #[inline]
    pub(super) fn push_short(&mut self, tag: u32, payload: &[u8]) -> bool {
        let after = self.after(payload);
        if payload.len() > SHORT_BYTES
            || after.messages > self.limit.messages
            || after.units > self.limit.units
            || !self.writer.push_short(&header(tag, payload.len(), 0), payload)
        {
            return false;
        }
        self.sent = after;
        true
    }

    /// A message of this payload is in the lane.
    pub(super) fn count(&mut self, payload: &[u8]) {
        self.sent = self.after(payload);
    }

    fn after(&self, payload: &[u8]) -> Counts {
        let units = u64::from(charge_units(payload.len()));
        Counts { messages: self.sent.messages + 1, units: self.sent.units + units }
    }

    /// What is leased and not used.
    #[expect(clippy::cast_possible_truncation, reason = "a channel holds less than 2^31 of either")]
    pub(super) fn credit(&self) -> Amount {
        Amount {
            messages: (self.limit.messages - self.sent.messages) as u32,
            units: (self.limit.units - self.sent.units) as u32,
        }
    }

    pub(super) fn add_credit(&mut self, granted: Amount) {
        self.limit.messages += u64::from(granted.messages);
        self.limit.units += u64::from(granted.units);
    }

    /// Makes everything pushed visible. False if there was nothing.
    #[inline]
    pub(super) fn publish(&mut self, lane: &LaneEntry) -> bool {
        let dirty = self.writer.is_dirty();
        if dirty {
            self.writer.publish(lane, self.sent.messages, self.sent.units);
        }
        dirty
    }

    /// Gives back what is leased and not used, all of it published. True if that was anything.
    pub(super) fn give_back(&mut self, lane: &LaneEntry) -> bool {
        let unused = self.limit != self.sent;
        self.limit = self.sent;
        unused && give_back(lane, self.sent.messages, self.sent.units)
    }
}

/// The header of a message with `refs` references. Whoever calls it has bounded both.
#[expect(clippy::cast_possible_truncation, reason = "bounded by the caller")]
#[inline]
pub(super) fn header(tag: u32, body_bytes: usize, refs: usize) -> Header {
    Header { body_bytes: body_bytes as u32, kind: RecordKind::Message, refs: refs as u16, meta: tag, ack: 0 }
}
