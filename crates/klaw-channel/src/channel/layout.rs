//! The words of channels and their ends.

use klaw_shm::sync::{AtomicU64, CachePadded, Ordering};
use klaw_shm::{Stamp, shared_layout};

use crate::lane::Claim;

/// Sending ends, receiving ends and lanes that one block has room for. A channel has a chain of blocks.
pub(crate) const BLOCK_ENDS: usize = 16;

shared_layout! {
    /// One channel.
    pub struct ChannelEntry: 256 {
        /// What changes rarely.
        pub(crate) facts: CachePadded<ChannelFacts>,
        /// `{grant sequence:32, pending lane + 1:32}`: who is getting credits, see the module `credit`.
        pub(crate) grant: CachePadded<AtomicU64>,
    }
}

shared_layout! {
    /// A channel's state, limits and chain of blocks.
    pub struct ChannelFacts: 56 {
        /// `{code:4, generation:28, stamp:32}`.
        pub(crate) state: AtomicU64,
        /// `{closed:1, version:63}`: the version counts sending ends that were opened.
        pub(crate) senders: AtomicU64,
        /// `{closed:1, version:63}`: the version counts receiving ends that were opened.
        pub(crate) receivers: AtomicU64,
        /// Counts lanes that were listed: a receiver that has seen this many knows them all.
        pub(crate) lanes: AtomicU64,
        /// `{messages:32, units of 16 bytes:32}` that it holds.
        pub(crate) capacity: AtomicU64,
        /// A `Link` to its first block.
        pub(crate) first_block: AtomicU64,
        /// `{overflow policy:8, for calls:1}`; the rest is for what the layer above keeps here.
        pub(crate) options: AtomicU64,
    }
}

/// The bit of a channel's options that says that it was made for calls.
pub(crate) const FOR_CALLS: u64 = 1 << 8;

/// True if the options are those of a channel that was made for calls.
pub(crate) fn is_for_calls(options: u64) -> bool {
    options & FOR_CALLS != 0
}

shared_layout! {
    /// Room for some ends of one channel.
    pub struct EndBlock: 2688 {
        /// Whose it is.
        pub(crate) chain: CachePadded<BlockChain>,
        /// Sending ends, see `EndState`.
        pub(crate) senders: CachePadded<[AtomicU64; 16]>,
        /// Lanes of the channel: `{lane, generation}` plus one, or 0.
        pub(crate) lanes: CachePadded<[AtomicU64; 16]>,
        /// Receiving ends, see `EndState`.
        pub(crate) receivers: CachePadded<[AtomicU64; 16]>,
        /// The ports that their owners sleep at, plus one; 0 while one never slept.
        pub(crate) ports: CachePadded<[AtomicU64; 16]>,
        /// Their batches between lane and user code: stored to at each message, and away from what senders look at.
        pub(crate) claims: [CachePadded<Claim>; 16],
    }
}

shared_layout! {
    /// A block's owner, and where the chain goes on.
    pub struct BlockChain: 16 {
        /// `{code:4, generation:28, channel or stamp:32}`.
        pub(crate) owner: AtomicU64,
        /// A `Link` to the next block.
        pub(crate) next: AtomicU64,
    }
}

/// What an end's word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndCode {
    Free,
    /// A member has it.
    Open(Stamp),
    /// It is in a record of this lane (its entry), at this position in units of 16 bytes modulo 2^32.
    InTransit {
        lane: u16,
        position: u32,
    },
}

/// An end's word, taken apart: `{code:2, generation:14, 48 bits}`. The generation counts every change, so that no CAS
/// succeeds on a word that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndState {
    pub(crate) code: EndCode,
    pub(crate) generation: u16,
}

const END_GENERATION: u16 = (1 << 14) - 1;

impl EndState {
    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word, masked")]
    pub(crate) fn unpack(bits: u64) -> Self {
        let generation = (bits >> 2) as u16 & END_GENERATION;
        let code = match (bits & 3, Stamp::from_bits((bits >> 16) as u32)) {
            (1, Some(stamp)) => EndCode::Open(stamp),
            (2, _) => EndCode::InTransit { lane: (bits >> 16) as u16, position: (bits >> 32) as u32 },
            _ => EndCode::Free,
        };
        Self { code, generation }
    }

    pub(crate) fn pack(self) -> u64 {
        let (code, rest) = match self.code {
            EndCode::Free => (0, 0),
            EndCode::Open(stamp) => (1, u64::from(stamp.bits())),
            EndCode::InTransit { lane, position } => (2, u64::from(lane) | u64::from(position) << 16),
        };
        code | u64::from(self.generation & END_GENERATION) << 2 | rest << 16
    }

    /// The word that follows this one.
    pub(crate) fn then(self, code: EndCode) -> Self {
        Self { code, generation: self.generation.wrapping_add(1) & END_GENERATION }
    }

    pub(crate) fn load(word: &AtomicU64) -> Self {
        // Acquire; pairs with the AcqRel of `change`.
        Self::unpack(word.load(Ordering::Acquire))
    }

    /// Changes exactly this state. The new state if it did.
    pub(crate) fn change(self, word: &AtomicU64, code: EndCode) -> Option<Self> {
        let new = self.then(code);
        let changed = word.compare_exchange(self.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire);
        changed.is_ok().then_some(new)
    }
}

/// A channel: its entry, and which of the entry's successive channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelId {
    /// Index into the channel table.
    pub(crate) index: u16,
    /// Grows with each channel in that entry.
    pub(crate) generation: u32,
}

impl ChannelId {
    /// The id as a number, for sending it along.
    #[must_use]
    pub fn bits(self) -> u64 {
        u64::from(self.index) | u64::from(self.generation) << 16
    }

    /// Reads what [`ChannelId::bits`] gave.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word")]
    pub fn from_bits(bits: u64) -> Self {
        Self { index: bits as u16, generation: (bits >> 16) as u32 & OWNED_GENERATION }
    }
}

/// What the state of a channel or the owner word of a block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnedCode {
    Free,
    /// A member is making it: the payload is its stamp.
    Claimed,
    /// In use. Of a block the payload is its channel.
    Live,
    /// Everybody is gone; it is being taken apart.
    Closing,
}

/// `{code:4, generation:28, payload:32}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) code: OwnedCode,
    pub(crate) generation: u32,
    pub(crate) payload: u32,
}

pub(crate) const OWNED_GENERATION: u32 = (1 << 28) - 1;

impl Owned {
    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word, masked")]
    pub(crate) fn unpack(bits: u64) -> Self {
        let code = match bits & 15 {
            1 => OwnedCode::Claimed,
            2 => OwnedCode::Live,
            3 => OwnedCode::Closing,
            _ => OwnedCode::Free,
        };
        Self { code, generation: (bits >> 4) as u32 & OWNED_GENERATION, payload: (bits >> 32) as u32 }
    }

    pub(crate) fn pack(self) -> u64 {
        let code = match self.code {
            OwnedCode::Free => 0,
            OwnedCode::Claimed => 1,
            OwnedCode::Live => 2,
            OwnedCode::Closing => 3,
        };
        code | u64::from(self.generation & OWNED_GENERATION) << 4 | u64::from(self.payload) << 32
    }

    pub(crate) fn load(word: &AtomicU64) -> Self {
        Self::unpack(word.load(Ordering::Acquire))
    }

    pub(crate) fn change(self, word: &AtomicU64, new: Self) -> bool {
        word.compare_exchange(self.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Back to free: this use is over.
    pub(crate) fn freed(self) -> Self {
        let generation = self.generation.wrapping_add(1) & OWNED_GENERATION;
        Self { code: OwnedCode::Free, generation, payload: 0 }
    }

    /// The claimer, while it is being made.
    pub(crate) fn claimer(self) -> Option<Stamp> {
        if self.code == OwnedCode::Claimed { Stamp::from_bits(self.payload) } else { None }
    }
}

/// Where a chain of blocks goes on: `{generation of the holder:28, generation of the target:22, target + 1:14}` from the high
/// end. With both generations, so that whoever still knows an old chain neither follows it into a block that has another
/// owner by now, nor hangs a block to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Generation of the channel or block that the word is in.
    pub(crate) holder: u32,
    pub(crate) to: LinkTo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkTo {
    /// The chain ends here, and may grow.
    End,
    /// The chain ends here for good: its channel is being taken apart.
    Closed,
    /// This block, in this generation.
    Block { index: u32, generation: u32 },
}

const LINK_TARGETS: u64 = (1 << 14) - 1;
const LINK_GENERATION: u32 = (1 << 22) - 1;

impl Link {
    pub(crate) fn to_block(holder: u32, index: u32, generation: u32) -> Self {
        Self { holder, to: LinkTo::Block { index, generation: generation & LINK_GENERATION } }
    }

    #[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word, masked")]
    pub(crate) fn load(word: &AtomicU64) -> Self {
        let bits = word.load(Ordering::Acquire);
        let generation = (bits >> 14) as u32 & LINK_GENERATION;
        let to = match bits & LINK_TARGETS {
            0 => LinkTo::End,
            LINK_TARGETS => LinkTo::Closed,
            target => LinkTo::Block { index: target as u32 - 1, generation },
        };
        Self { holder: (bits >> 36) as u32, to }
    }

    pub(crate) fn pack(self) -> u64 {
        let (generation, target) = match self.to {
            LinkTo::End => (0, 0),
            LinkTo::Closed => (0, LINK_TARGETS),
            LinkTo::Block { index, generation } => (generation & LINK_GENERATION, u64::from(index) + 1),
        };
        u64::from(self.holder) << 36 | u64::from(generation) << 14 | target
    }

    pub(crate) fn change(self, word: &AtomicU64, new: Self) -> bool {
        word.compare_exchange(self.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// True if a block in this state is the one that a link with this generation means.
pub(crate) fn is_linked(owner: Owned, generation: u32) -> bool {
    matches!(owner.code, OwnedCode::Claimed | OwnedCode::Live)
        && owner.generation & LINK_GENERATION == generation
}

/// `{closed:1, version:63}`: the version counts the ends of one side that were ever opened, closed is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) closed: bool,
    pub(crate) version: u64,
}

impl Side {
    pub(crate) fn load(word: &AtomicU64) -> Self {
        // Acquire: an end whose claim precedes this version is seen by the scan that follows.
        let bits = word.load(Ordering::Acquire);
        Self { closed: bits & 1 != 0, version: bits >> 1 }
    }

    pub(crate) fn change(self, word: &AtomicU64, new: Self) -> bool {
        let pack = |side: Self| u64::from(side.closed) | side.version << 1;
        word.compare_exchange(pack(self), pack(new), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ends_round_trip(generation in 0..=END_GENERATION, lane: u16, position: u32, slot in 0..256_u32) {
            let stamp = Stamp::new(slot, 77).unwrap();
            for code in [EndCode::Free, EndCode::Open(stamp), EndCode::InTransit { lane, position }] {
                let state = EndState { code, generation };
                prop_assert_eq!(EndState::unpack(state.pack()), state);
                prop_assert_ne!(state.then(code).pack(), state.pack());
            }
        }

        #[test]
        fn owned_words_round_trip(generation in 0..=OWNED_GENERATION, payload: u32, index: u16) {
            for code in [OwnedCode::Free, OwnedCode::Claimed, OwnedCode::Live, OwnedCode::Closing] {
                let owned = Owned { code, generation, payload };
                prop_assert_eq!(Owned::unpack(owned.pack()), owned);
            }
            let id = ChannelId { index, generation };
            prop_assert_eq!(ChannelId::from_bits(id.bits()), id);
            let block = Link::to_block(generation, u32::from(index) % 8192, generation).to;
            for to in [LinkTo::End, LinkTo::Closed, block] {
                let link = Link { holder: generation, to };
                prop_assert_eq!(Link::load(&AtomicU64::new(link.pack())), link);
            }
        }
    }
}
