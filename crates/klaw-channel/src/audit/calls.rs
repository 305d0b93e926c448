//! What must hold in a call lane.

use klaw_shm::sync::Ordering;

use crate::lane::{Claimed, LaneCode, LaneEntry, LaneId, reading_at};
use crate::record::{HEADER_BYTES, Header, REF_BYTES, RecordKind, Ref};
use crate::ring::RingPool;
use crate::tables::Tables;

/// More unread records than these are not looked at.
const MAX_RECORDS: usize = 1 << 20;

/// What is wrong with a lane that is in use, if it is a call lane.
pub(super) fn audit(tables: &Tables, id: LaneId, lane: &LaneEntry) -> Option<&'static str> {
    let code = lane.state().code;
    if !lane.is_for_calls() || !matches!(code, LaneCode::Open | LaneCode::Ended) {
        return None;
    }
    // Each only grows: read in this order, a later one is never too small.
    let head = lane.taken.head.load(Ordering::Acquire);
    let claimed = Claimed::load(lane);
    let tail = lane.sent.tail.load(Ordering::Acquire);
    if claimed.position < head {
        return Some("claimed less than was taken");
    }
    if claimed.position > tail {
        return Some("claimed more than was sent");
    }
    if code == LaneCode::Ended {
        // Its sender may have died before it had dropped what a tombstone refers to: that waits for a receiver.
        return claimed.frozen.then_some("frozen by a sender that is gone");
    }
    tombstone_keeps_an_end(tables, id, lane, tail).then_some("a tombstone keeps an end in transit")
}

/// Walks along what is unread. Others go on meanwhile: what it finds may be over.
fn tombstone_keeps_an_end(tables: &Tables, id: LaneId, lane: &LaneEntry, tail: u64) -> bool {
    let (mut ring, mut base, mut at) = reading_at(lane);
    // A chain without an end was linked by nobody of us.
    for _ in 0..MAX_RECORDS {
        let Some(memory) = tables.bytes(ring).filter(|_| at < tail) else { return false };
        let Ok(offset) = usize::try_from(at.wrapping_sub(base)) else { return false };
        let offset = offset & (memory.len() - 1) & !(HEADER_BYTES - 1);
        let Some(header) = Header::decode_first(memory.peek(offset)) else { return false };
        at = at.wrapping_add(header.stride());
        match header.kind {
            // The second half of a header begins with its meta: the next ring.
            RecordKind::Link => {
                #[expect(clippy::cast_possible_truncation, reason = "the low half")]
                let next = memory.peek(offset + HEADER_BYTES / 2) as u32;
                (ring, base) = (next, at);
            }
            RecordKind::Tombstone => {
                let start = at.wrapping_sub(header.stride());
                for n in 1..=usize::from(header.refs) {
                    let place = offset + n * REF_BYTES;
                    if place + REF_BYTES > memory.len() {
                        return false;
                    }
                    let halves = [memory.peek(place), memory.peek(place + REF_BYTES / 2)];
                    let reference = Ref::decode(&halves.map(u64::to_le_bytes).concat());
                    if reference.is_some_and(|reference| tables.in_transit(&reference, id, start).is_some()) {
                        return true;
                    }
                }
            }
            RecordKind::Message | RecordKind::Pad => {}
        }
    }
    false
}
