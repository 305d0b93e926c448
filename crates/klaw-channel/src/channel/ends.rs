//! Ends of channels: opened, closed, counted.
//!
//! An end is one word in a block of its channel: FREE, OPEN(member), or `IN_TRANSIT` in a record. Each side of a channel
//! has a word {closed, version}.
//!
//! **Open** (and share): claim a FREE word, then version + 1 by a CAS that fails when the side is closed (then the word is given
//! back), only then use it or let go of the end that it was shared from. **Close**: the word back to FREE, then look
//! whether it was the last. **Closed?** read {open, v}; all words FREE; CAS {open, v} → closed. That CAS fails if an
//! end was opened since v was read, and an end that the scan missed has raised v before the end that it came from
//! was closed. Closed is final.
//!
//! **Crash.** A word of a dead member goes back to FREE in its sweep, which then looks at both sides of every
//! channel; so does a word in transit whose record was never published.

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{AtomicU64, Ordering, fence};

use super::layout::{
    BLOCK_ENDS, ChannelEntry, ChannelId, EndBlock, EndCode, EndState, Owned, OwnedCode, Side,
};
use crate::crash::{ChannelMutant, ChannelPoint};
use crate::error::ChannelError;
use crate::tables::Tables;

/// Which side of a channel an end is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Sender,
    Receiver,
}

impl Role {
    pub(crate) fn word(self, block: &EndBlock, place: usize) -> &AtomicU64 {
        match self {
            Self::Sender => &block.senders[place],
            Self::Receiver => &block.receivers[place].word,
        }
    }

    pub(crate) fn side(self, channel: &ChannelEntry) -> &AtomicU64 {
        match self {
            Self::Sender => &channel.facts.senders,
            Self::Receiver => &channel.facts.receivers,
        }
    }

    pub(crate) fn closed_error(self) -> ChannelError {
        ChannelError::Closed {
            gone: match self {
                Self::Sender => "sender",
                Self::Receiver => "receiver",
            },
        }
    }
}

/// An end that this process has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) role: Role,
    pub(crate) block: u32,
    pub(crate) place: usize,
    pub(crate) state: EndState,
}

impl End {
    pub(crate) fn word<'a>(&self, tables: &'a Tables) -> &'a AtomicU64 {
        self.role.word(&tables.blocks()[self.block as usize], self.place)
    }
}

/// A channel's blocks with their indices. Stops at a block that is not the channel's: the chain is being taken apart.
pub(crate) fn blocks(tables: &Tables, id: ChannelId) -> impl Iterator<Item = (u32, &EndBlock)> {
    let all = tables.blocks();
    let first =
        tables.channels().get(id.index as usize).map_or(0, |c| c.facts.first_block.load(Ordering::Acquire));
    let mut next = first;
    // A chain longer than the table is a loop that nobody here has made.
    all.iter().map_while(move |_| {
        let index = u32::try_from(next.checked_sub(1)?).ok()?;
        let block = all.get(index as usize)?;
        let owner = Owned::load(&block.chain.owner);
        let ours =
            owner.code == OwnedCode::Claimed || (owner.code == OwnedCode::Live && owner.payload == tag(id));
        next = block.chain.next.load(Ordering::Acquire);
        ours.then_some((index, block))
    })
}

/// How a block names its channel.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low bits of the generation are enough beside the block's own"
)]
pub(crate) fn tag(id: ChannelId) -> u32 {
    u32::from(id.index) | u32::from(id.generation as u16) << 16
}

/// Opens an end on a side that is not closed, as `code` (open, or in transit at once).
pub(crate) fn open(
    tables: &Tables,
    id: ChannelId,
    me: Stamp,
    role: Role,
    code: EndCode,
) -> Result<End, ChannelError> {
    let channel = tables.channels().get(id.index as usize).ok_or(ChannelError::NotFound)?;
    let end = loop {
        if let Some(end) = claim_word(tables, id, role, code) {
            break end;
        }
        add_block(tables, id, me)?;
    };
    crash_point(ChannelPoint::EndClaimed);
    if !mutant(ChannelMutant::ShareWithoutVersion) && !raise_version(role.side(channel)) {
        let _given_back = end.state.change(end.word(tables), EndCode::Free);
        return Err(role.closed_error());
    }
    crash_point(ChannelPoint::EndVersioned);
    Ok(end)
}

fn claim_word(tables: &Tables, id: ChannelId, role: Role, code: EndCode) -> Option<End> {
    blocks(tables, id).find_map(|(index, block)| {
        (0..BLOCK_ENDS).find_map(|place| {
            let word = role.word(block, place);
            let old = EndState::load(word);
            if old.code != EndCode::Free {
                return None;
            }
            let state = old.change(word, code)?;
            Some(End { role, block: index, place, state })
        })
    })
}

/// False if the side is closed.
pub(crate) fn raise_version(side: &AtomicU64) -> bool {
    loop {
        let old = Side::load(side);
        if old.closed {
            return false;
        }
        if old.change(side, Side { version: old.version + 1, ..old }) {
            return true;
        }
    }
}

/// Closes a side if no end of it is left. True if it is closed, by this call or before.
pub(crate) fn try_close(tables: &Tables, id: ChannelId, role: Role) -> bool {
    let Some(channel) = tables.channels().get(id.index as usize) else { return true };
    close_if_free(role.side(channel), || {
        blocks(tables, id).all(|(_, block)| {
            (0..BLOCK_ENDS).all(|n| EndState::load(role.word(block, n)).code == EndCode::Free)
        })
    })
}

/// The scan: version first, then the words, then the exact version again.
pub(crate) fn close_if_free(side: &AtomicU64, all_free: impl Fn() -> bool) -> bool {
    // Two that close the last two ends at once: each has stored its own word and now loads the other's. With
    // Release and Acquire alone both could miss the other, and the side would stay open without an end.
    if !mutant(ChannelMutant::CloseWithoutFence) {
        fence(Ordering::SeqCst);
    }
    loop {
        let old = Side::load(side);
        if old.closed {
            return true;
        }
        if !all_free() {
            return false;
        }
        if old.change(side, Side { closed: true, ..old }) {
            crash_point(ChannelPoint::SideClosed);
            return true;
        }
    }
}

/// Lengthens the chain. The block stays its claimer's until it is linked, so that a death in between is seen: a linked
/// one becomes the channel's then, another one free.
pub(crate) fn add_block(tables: &Tables, id: ChannelId, me: Stamp) -> Result<(), ChannelError> {
    let (index, claimed) = tables.claim_block(|index, block| {
        let old = Owned::load(&block.chain.owner);
        let new = Owned { code: OwnedCode::Claimed, payload: me.bits(), ..old };
        (old.code == OwnedCode::Free && old.change(&block.chain.owner, new)).then_some((index, new))
    })?;
    crash_point(ChannelPoint::BlockClaimed);
    let block = &tables.blocks()[index as usize];
    block.chain.next.store(0, Ordering::Release);
    let channel = tables.channels().get(id.index as usize).ok_or(ChannelError::NotFound)?;
    let link = u64::from(index) + 1;
    let mut last = &channel.facts.first_block;
    loop {
        match last.compare_exchange(0, link, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break,
            Err(next) => {
                let next = usize::try_from(next - 1).unwrap_or(usize::MAX);
                last = &tables.blocks().get(next).ok_or(ChannelError::NotFound)?.chain.next;
            }
        }
    }
    crash_point(ChannelPoint::BlockLinked);
    claimed.change(&block.chain.owner, Owned { code: OwnedCode::Live, payload: tag(id), ..claimed });
    Ok(())
}
