//! What is particular to receiving from a call lane (see [`calls`](super::super::calls)).

use klaw_shm::crash::crash_point;

use super::super::calls::{Claimed, thaw};
use super::super::layout::LaneCode;
use super::{Cursor, Met, Taking};
use crate::crash::ChannelPoint;
use crate::memory::Bytes;
use crate::record::{HEADER_BYTES, Header, Message, RecordKind, charge_units};
use crate::ring::RingPool;

/// Messages before the cursor that were taken back, and that the head has not passed.
#[derive(Clone, Copy, Default)]
pub(super) struct Passed {
    pub(super) messages: u64,
    pub(super) units: u64,
    /// Where the last of them ends.
    pub(super) to: u64,
}

impl<P: RingPool, A: FnMut(Met, &Message<'_>, u64)> Taking<'_, P, A> {
    /// How much of the piece at the cursor may be copied: of a call lane, what this receiver has claimed, or 0 while its sender has
    /// frozen it. `None` for nonsense.
    pub(super) fn claim(
        &self,
        cursor: &Cursor,
        memory: Bytes<'_>,
        offset: usize,
        piece: usize,
        wanted: usize,
    ) -> Option<usize> {
        // Clears the FROZEN of a sender that is gone: ENDED is stored by itself, after its last revoke, or with proof of its death.
        thaw(self.lane, |state| state.generation == self.id.generation && state.code == LaneCode::Ended);
        let found = Claimed::load(self.lane);
        // By the last holder, and not taken. A LINK or PAD may have led beyond what is claimed.
        let gap = found.position.checked_sub(cursor.at).filter(|&gap| gap > 0);
        if let Some(gap) = gap.and_then(|gap| usize::try_from(gap).ok()) {
            return gap.is_multiple_of(HEADER_BYTES).then_some(gap.min(piece));
        }
        let header = Header::decode_first(memory.peek(offset))?;
        if matches!(header.kind, RecordKind::Link | RecordKind::Pad) {
            return Some(HEADER_BYTES);
        }
        let bytes = self.whole_records(memory, offset, piece, wanted)?;
        let claimed = Claimed { position: cursor.at.wrapping_add(bytes as u64), frozen: false };
        // It fails only if the sender is freezing the lane, and rings when it has thawed it.
        if found.frozen || !found.change(self.lane, claimed) {
            return Some(0);
        }
        crash_point(ChannelPoint::BatchClaimed);
        Some(bytes)
    }

    /// Bytes of as many records as are wanted, by their lengths alone: kinds may change until they are claimed. At least one;
    /// `None` if that is cut off.
    fn whole_records(&self, memory: Bytes<'_>, offset: usize, piece: usize, wanted: usize) -> Option<usize> {
        let mut end = 0;
        for _ in 0..self.limits.messages.max(1) {
            let Some(header) =
                (end < piece).then(|| memory.peek(offset + end)).and_then(Header::decode_first)
            else {
                break;
            };
            let next = end.checked_add(usize::try_from(header.stride()).ok()?)?;
            let is_message = matches!(header.kind, RecordKind::Message | RecordKind::Tombstone);
            if !is_message || next > piece || (end > 0 && next > wanted) {
                break;
            }
            end = next;
        }
        (end > 0).then_some(end)
    }

    /// Passes a message that was taken back, and is whole in the copy at `start`.
    pub(super) fn pass(&mut self, cursor: &mut Cursor, header: &Header, start: usize) -> Option<bool> {
        let message = Message::parse(header, self.batch.bytes.get(start..)?)?;
        if message.has_refs() {
            (self.accept)(Met::Revoked, &message, cursor.at);
        }
        cursor.at = cursor.at.wrapping_add(header.stride());
        self.passed.messages += 1;
        self.passed.units += u64::from(charge_units(message.payload.len()));
        self.passed.to = cursor.at;
        self.batch.bytes.truncate(start);
        Some(false)
    }
}
