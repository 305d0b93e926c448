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
//! **Blocks.** Ends live in blocks, which hang in a chain from the channel's entry. A link carries the generations of both
//! its holder and its target, so that whoever still knows an old chain neither follows it into a block that has another
//! owner by now, nor hangs a block to it; taking a channel apart closes the chain's end first. An id is only a claim that
//! a channel was there: whoever opens an end by it looks again after the claim, and after the version.
//!
//! **Crash.** A word of a dead member goes back to FREE in its sweep, which then looks at both sides of every
//! channel; so does a word in transit whose record was never published.

use klaw_shm::Stamp;
use klaw_shm::crash::{crash_point, mutant};
use klaw_shm::sync::{AtomicU64, Ordering, fence};

use super::layout::{
    BLOCK_ENDS, ChannelEntry, ChannelId, EndBlock, EndCode, EndState, Link, LinkTo, Owned, OwnedCode, Side,
    is_linked,
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
            Self::Receiver => &block.receivers[place],
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
        self.role.word(tables.known_block(self.block), self.place)
    }
}

/// A channel's blocks with their indices. Stops where a link leads to a block that has another owner by now: the chain is
/// being taken apart, or was.
pub(crate) fn blocks(tables: &Tables, id: ChannelId) -> impl Iterator<Item = (u32, &EndBlock)> {
    owned_blocks(tables, id).map(|(index, block, _)| (index, block))
}

/// [`blocks`] with the owner words by which they were found to be the channel's.
pub(crate) fn owned_blocks(tables: &Tables, id: ChannelId) -> impl Iterator<Item = (u32, &EndBlock, Owned)> {
    let all = tables.blocks();
    let mut link =
        tables.channels().get(id.index as usize).map(|channel| Link::load(&channel.facts.first_block));
    let mut holder = id.generation;
    // A chain longer than the table is a loop that nobody here has made.
    all.iter().map_while(move |_| {
        let Link { holder: found, to: LinkTo::Block { index, generation } } = link? else { return None };
        let block = all.get(index as usize)?;
        let owner = Owned::load(&block.chain.owner);
        if found != holder || !is_linked(owner, generation) {
            return None;
        }
        holder = owner.generation;
        link = Some(Link::load(&block.chain.next));
        Some((index, block, owner))
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
    let end = in_some_block(tables, id, me, || claim_word(tables, id, role, code))?;
    crash_point(ChannelPoint::EndClaimed);
    // The word is where the channel was when it was looked up: a block may have changed hands just before the claim.
    if !is_of(tables, id, &end) {
        give_back(tables, me, end);
        return Err(ChannelError::NotFound);
    }
    if !mutant(ChannelMutant::ShareWithoutVersion) && !raise_version(role.side(channel)) {
        give_back(tables, me, end);
        return Err(role.closed_error());
    }
    crash_point(ChannelPoint::EndVersioned);
    // From here on the word keeps its side open, if it was this channel's side whose version was raised.
    if !is_of(tables, id, &end) {
        give_back(tables, me, end);
        return Err(ChannelError::NotFound);
    }
    Ok(end)
}

/// True if the entry still is this channel, live or being made.
pub(crate) fn is_current(tables: &Tables, id: ChannelId) -> bool {
    tables.channels().get(id.index as usize).is_some_and(|channel| {
        let state = Owned::load(&channel.facts.state);
        state.generation == id.generation && state.code != OwnedCode::Free
    })
}

fn is_of(tables: &Tables, id: ChannelId, end: &End) -> bool {
    is_current(tables, id) && blocks(tables, id).any(|(index, _)| index == end.block)
}

/// Gives back a word that should not have been claimed. It may have kept the side of whoever has the block now from being
/// closed, so that one is looked at.
fn give_back(tables: &Tables, me: Stamp, end: End) {
    end.state.change(end.word(tables), EndCode::Free);
    if let Some(id) = tables.channel_of_block(end.block) {
        tables.close_sides(me, id);
        tables.ring_receivers(id);
        tables.ring_waiting_senders(id);
    }
}

/// Looks for a place in the channel's blocks, and adds blocks while there is none.
pub(crate) fn in_some_block<R>(
    tables: &Tables,
    id: ChannelId,
    me: Stamp,
    look: impl Fn() -> Option<R>,
) -> Result<R, ChannelError> {
    // Others may take every place of a new block first, but not for ever; a chain that can't be followed to its end, because
    // somebody wrote into it who should not, must not eat up the table.
    for _ in 0..64 {
        if !is_current(tables, id) {
            return Err(ChannelError::NotFound);
        }
        if let Some(found) = look() {
            return Ok(found);
        }
        add_block(tables, id, me)?;
    }
    Err(ChannelError::NotFound)
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
    let Some(channel) = tables.channels().get(id.index as usize) else { return false };
    close_if_free(role.side(channel), || {
        // An id whose channel is over has no blocks, and must not close the entry's next channel for it; nor one that is still
        // being made and has no ends yet.
        is_live(tables, id)
            && blocks(tables, id).all(|(_, block)| {
                (0..BLOCK_ENDS).all(|n| EndState::load(role.word(block, n)).code == EndCode::Free)
            })
    }) && is_live(tables, id)
}

/// True if the entry is this channel, made and not yet taken apart.
fn is_live(tables: &Tables, id: ChannelId) -> bool {
    tables.channels().get(id.index as usize).is_some_and(|channel| {
        let state = Owned::load(&channel.facts.state);
        state.generation == id.generation && matches!(state.code, OwnedCode::Live | OwnedCode::Closing)
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
    let block = tables.known_block(index);
    let end = Link { holder: claimed.generation, to: LinkTo::End };
    block.chain.next.store(end.pack(), Ordering::Release);
    if !append(tables, id, Link::to_block(0, index, claimed.generation).to) {
        claimed.change(&block.chain.owner, claimed.freed());
        return Err(ChannelError::NotFound);
    }
    crash_point(ChannelPoint::BlockLinked);
    claimed.change(&block.chain.owner, Owned { code: OwnedCode::Live, payload: tag(id), ..claimed });
    Ok(())
}

/// Sets the last link of the channel's chain. False if it is closed, or the channel is over.
pub(crate) fn append(tables: &Tables, id: ChannelId, to: LinkTo) -> bool {
    let Some(channel) = tables.channels().get(id.index as usize) else { return false };
    let (mut word, mut holder) = (&channel.facts.first_block, id.generation);
    // A chain longer than the table is a loop that nobody here has made.
    for _ in 0..=2 * tables.blocks().len() {
        let link = Link::load(word);
        if link.holder != holder {
            return false;
        }
        match link.to {
            LinkTo::Closed => return false,
            LinkTo::End if link.change(word, Link { holder, to }) => return true,
            // Somebody was faster: look at the same word again.
            LinkTo::End => {}
            LinkTo::Block { index, generation } => {
                let Some(block) = tables.blocks().get(index as usize) else { return false };
                let owner = Owned::load(&block.chain.owner);
                if !is_linked(owner, generation) {
                    return false;
                }
                (word, holder) = (&block.chain.next, owner.generation);
            }
        }
    }
    false
}
