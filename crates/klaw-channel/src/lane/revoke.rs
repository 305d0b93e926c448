//! How a sender takes messages back that nobody has claimed (see [`calls`](super::calls)).

use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{Ordering, fence};

use super::calls::Claimed;
use super::layout::LaneEntry;
use super::writer::Writer;
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::memory::Bytes;
use crate::record::{HEADER_BYTES, Header, REF_BYTES, RecordKind, Ref};

/// A ring that the writer has left and in which unclaimed messages may lie.
#[derive(Debug)]
pub(super) struct OlderRing {
    base: u64,
    /// Where the next ring goes on, right behind this one's LINK.
    end: u64,
    memory: Bytes<'static>,
}

impl Writer {
    /// Remembers the ring in use, which goes on at `end` in another one; forgets those in which everything is claimed.
    pub(super) fn leave_ring(&mut self, lane: &LaneEntry, end: u64) {
        let left = OlderRing { base: self.base, end, memory: self.memory };
        if let Some(older) = &mut self.older {
            let claimed = Claimed::load(lane).position;
            older.retain(|ring| ring.end > claimed);
            older.push(left);
        }
    }

    /// Takes back the messages that start at `positions`, as far as no receiver has claimed them, by one freeze: what each
    /// referred to, or `None` if it was too late. Afterwards the caller looks at the receivers' bells.
    ///
    /// Positions are those of messages that this writer has pushed.
    pub(crate) fn revoke(&mut self, lane: &LaneEntry, positions: &[u64]) -> Vec<Option<Vec<Ref>>> {
        // What is on its way past the caches is in its place before it is changed.
        Bytes::end_streaming();
        let published = positions.iter().copied().filter(|&at| at < self.published).max();
        let frozen = published.and_then(|youngest| freeze(lane, youngest));
        let mine = frozen.map_or(self.published, |claimed| claimed.position);
        let revoke = |&at| if at < mine { None } else { self.bury(at) };
        let revoked = positions.iter().map(revoke).collect();
        if let Some(claimed) = frozen {
            if !mutant(ChannelMutant::BuryWithoutFreeze) {
                // Release; pairs with the claiming CAS in `reader`, which then reads the kinds. Nobody else changes a FROZEN
                // word while its sender lives.
                lane.claimed.store(claimed.pack(), Ordering::Release);
            }
            if !mutant(ChannelMutant::ThawWithoutFence) {
                // Thaw, then load bells and the receivers' side: pairs with the fence of a receiver that arms its bell and then
                // finds the lane frozen, and of whoever closes that side.
                fence(Ordering::SeqCst);
            }
            crash_point(ChannelPoint::LaneThawed);
        }
        revoked
    }

    /// Makes the message that starts at `at` a tombstone: what it refers to; `None` if it is one already.
    fn bury(&self, at: u64) -> Option<Vec<Ref>> {
        let (memory, offset) = self.locate(at)?;
        let header = Header::decode_first(memory.peek(offset))?;
        let room = memory.len() - offset;
        if header.kind != RecordKind::Message || header.stride() > room as u64 {
            return None;
        }
        let mut refs = Vec::new();
        // SAFETY: in the record, which lies in one piece (above) and is this writer's: nobody has claimed it, and nobody will
        // while it is frozen or unpublished.
        unsafe { memory.read(offset + HEADER_BYTES, usize::from(header.refs) * REF_BYTES, &mut refs) };
        let tombstone = Header { kind: RecordKind::Tombstone, ..header };
        // SAFETY: as above: receivers look at its length only, by `peek`, until they have claimed it.
        unsafe { memory.mark(offset, tombstone.encode_first()) };
        crash_point(ChannelPoint::MessageBuried);
        Some(refs.chunks_exact(REF_BYTES).filter_map(Ref::decode).collect())
    }

    /// The ring that position `at` is in, and where.
    fn locate(&self, at: u64) -> Option<(Bytes<'static>, usize)> {
        let (base, memory) = if at >= self.base {
            (self.base, self.memory)
        } else {
            let ring = self.older.iter().flatten().find(|ring| (ring.base..ring.end).contains(&at))?;
            (ring.base, ring.memory)
        };
        let offset = usize::try_from(at - base).ok()? & (memory.len() - 1);
        (at < self.tail).then_some((memory, offset))
    }
}

/// From now on nobody claims anything. `None` if everything up to `youngest` is claimed: a lane is frozen only over a message.
fn freeze(lane: &LaneEntry, youngest: u64) -> Option<Claimed> {
    loop {
        let found = Claimed::load(lane);
        // Frozen already: not by this sender, which thaws before it returns.
        if found.position > youngest || found.frozen {
            return None;
        }
        if mutant(ChannelMutant::BuryWithoutFreeze) || found.change(lane, Claimed { frozen: true, ..found }) {
            crash_point(ChannelPoint::LaneFrozen);
            return Some(found);
        }
    }
}
