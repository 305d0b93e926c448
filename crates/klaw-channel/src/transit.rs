//! Ends that travel in messages.
//!
//! An end in a record is an entry of its own, `IN_TRANSIT(lane, position)` from before its record is written: shared from an end
//! that the sender holds open, so that its side can't close meanwhile. Moving is sharing, and then dropping the
//! origin. The receiver opens it for itself before the head passes the record.
//!
//! | killed | others see | repair |
//! |---|---|---|
//! | sender before the tail | in transit at or behind the dead one's tail | free: its record was never published |
//! | sender after the tail | an unread record | counts as open until it is read, or dropped with its channel |
//! | receiver after it opened it | open, of a dead member | free, like any end of the dead |

use klaw_shm::Stamp;
use klaw_shm::crash::crash_point;

use crate::channel::ChannelId;
use crate::channel::ends::{End, Role, open, raise_version};
use crate::channel::layout::{BLOCK_ENDS, EndCode};
use crate::channel::repair::{place_of, role_of};
use crate::crash::ChannelPoint;
use crate::error::ChannelError;
use crate::lane::LaneId;
use crate::record::{Message, RECORD_ALIGN, REF_BYTES, Ref, RefKind};
use crate::tables::Tables;
use crate::{Receiver, Sender};

/// An end to send along. The original stays open: drop it to move the end.
#[derive(Debug, Clone, Copy)]
pub enum Share<'a> {
    /// The receiving process becomes one more sender of that channel.
    Sender(&'a Sender),
    /// The receiving process becomes one more receiver of that channel.
    Receiver(&'a Receiver),
}

/// An end that came with a message.
#[derive(Debug)]
pub enum Arrived {
    /// One more sender.
    Sender(Sender),
    /// One more receiver.
    Receiver(Receiver),
    /// Its side was closed meanwhile.
    Closed,
}

impl Share<'_> {
    fn of(self) -> (ChannelId, Role, RefKind) {
        match self {
            Self::Sender(sender) => (sender.id(), Role::Sender, RefKind::Sender),
            Self::Receiver(receiver) => (receiver.id(), Role::Receiver, RefKind::Receiver),
        }
    }
}

/// Puts ends in transit in the record that will stand at `at` of `lane`. Their refs, in order. Nothing is in transit if one of
/// them can't be.
pub(crate) fn stamp(
    tables: &Tables,
    me: Stamp,
    lane: LaneId,
    at: u64,
    ends: &[Share<'_>],
) -> Result<Vec<u8>, ChannelError> {
    let mut stamped: Vec<End> = Vec::with_capacity(ends.len());
    let mut refs = Vec::with_capacity(ends.len() * REF_BYTES);
    for share in ends {
        let (id, role, kind) = share.of();
        match open(tables, id, me, role, in_transit(lane, at)) {
            Ok(end) => {
                crash_point(ChannelPoint::EndStamped);
                #[expect(clippy::cast_possible_truncation, reason = "a place in a block")]
                let index = end.block * BLOCK_ENDS as u32 + end.place as u32;
                refs.extend_from_slice(&Ref { kind, index, generation: 0, node: 0 }.encode());
                stamped.push(end);
            }
            Err(e) => {
                for end in stamped {
                    let _taken_back = end.state.change(end.word(tables), EndCode::Free);
                }
                return Err(e);
            }
        }
    }
    Ok(refs)
}

/// What an end's word says while it is in the record at `at` of `lane`.
pub(crate) fn in_transit(lane: LaneId, at: u64) -> EndCode {
    #[expect(clippy::cast_possible_truncation, reason = "positions in transit are compared modulo 2^32")]
    let position = (at / RECORD_ALIGN) as u32;
    EndCode::InTransit { lane: lane.index, position }
}

/// Opens the ends in a message for `me`, before the head passes it: what became of each.
pub(crate) fn arrive(
    tables: &Tables,
    me: Stamp,
    message: &Message<'_>,
    lane: LaneId,
    at: u64,
) -> Vec<Option<(ChannelId, End)>> {
    message
        .refs()
        .map(|reference| {
            let (word, state) = tables.in_transit(&reference, lane, at)?;
            let id = tables.channel_of_end(&reference)?;
            let state = state.change(word, EndCode::Open(me))?;
            crash_point(ChannelPoint::EndArrived);
            // Senders know receivers as of a version: this one counts from now on. The side is open, as the end was.
            let role = role_of(reference.kind);
            raise_version(role.side(tables.known_channel(id)));
            let (block, place) = place_of(&reference);
            Some((id, End { role, block, place, state }))
        })
        .collect()
}
