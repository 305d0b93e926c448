//! The port table: claims, and repair after a death.

use std::path::{Path, PathBuf};

use crate::crash::{CrashPoint, Mutant, crash_point, mutant};
use crate::shared_layout;
use crate::stamp::Stamp;
use crate::sync::{AtomicU32, AtomicU64, CachePadded, Ordering};

/// Ports that a session can have at the same time (layout 1).
pub const PORTS: u32 = 1024;

shared_layout! {
    /// One event loop or blocking thread.
    pub struct PortEntry: 256 {
        /// `{kind:8, generation:24, owner stamp:32}` from the low end; kind 0 is free.
        pub(crate) owner: CachePadded<AtomicU64>,
        /// What a ringer looks at, on a line of its own.
        pub(crate) bell: CachePadded<BellWords>,
    }
}

shared_layout! {
    /// A bell: its word and what a blocking thread sleeps on.
    pub struct BellWords: 16 {
        /// `{state:2, sequence:62}` from the low end, see the module `bell`.
        pub(crate) word: AtomicU64,
        /// Rings so far, wrapping: the futex of a blocking thread.
        pub(crate) rings: AtomicU32,
        /// Zero.
        pub(crate) reserved: AtomicU32,
    }
}

/// What a port's bell wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortKind {
    /// An event loop, by a FIFO that it polls.
    EventLoop,
    /// A blocking thread, by a futex.
    Thread,
}

/// The owner word of a taken port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) kind: PortKind,
    pub(crate) generation: u32,
    pub(crate) stamp: Stamp,
}

const GENERATION: u64 = 0x00ff_ffff;

impl Owner {
    /// `None` for a free entry, and for bits that nobody wrote.
    fn unpack(bits: u64) -> Option<Self> {
        let kind = match bits & 0xff {
            1 => PortKind::EventLoop,
            2 => PortKind::Thread,
            _ => return None,
        };
        let stamp = Stamp::from_bits((bits >> 32) as u32)?;
        Some(Self { kind, generation: (bits >> 8 & GENERATION) as u32, stamp })
    }

    fn pack(self) -> u64 {
        let kind = match self.kind {
            PortKind::EventLoop => 1,
            PortKind::Thread => 2,
        };
        kind | (u64::from(self.generation) & GENERATION) << 8 | u64::from(self.stamp.bits()) << 32
    }

    /// The free word that follows this ownership: its generation is over.
    fn freed(self) -> u64 {
        ((u64::from(self.generation) + 1) & GENERATION) << 8
    }
}

/// A view of the table.
#[derive(Debug, Clone, Copy)]
pub struct PortTable<'a> {
    entries: &'a [PortEntry],
}

impl<'a> PortTable<'a> {
    /// A view over the entries of a control segment; at most [`PORTS`].
    #[must_use]
    pub fn new(entries: &'a [PortEntry]) -> Self {
        assert!(entries.len() <= PORTS as usize, "the table has a fixed size");
        Self { entries }
    }

    /// The bell of a port; `None` for an index that no port can have.
    #[must_use]
    pub fn bell(&self, index: u32) -> Option<&'a BellWords> {
        Some(&*self.entries.get(index as usize)?.bell)
    }

    pub(crate) fn owner(&self, index: u32) -> Option<Owner> {
        // Acquire; pairs with the AcqRel claim: the FIFO's name is known from the word itself.
        Owner::unpack(self.entries.get(index as usize)?.owner.load(Ordering::Acquire))
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = u32> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "at most PORTS")]
        let count = self.entries.len() as u32;
        0..count
    }

    /// Claims a free entry for `stamp`.
    pub(crate) fn claim(&self, stamp: Stamp, kind: PortKind) -> Option<(u32, Owner)> {
        self.indices().find_map(|index| {
            let word = &self.entries[index as usize].owner;
            let old = word.load(Ordering::Acquire);
            if old & 0xff != 0 {
                return None;
            }
            let owner = Owner { kind, generation: (old >> 8 & GENERATION) as u32, stamp };
            word.compare_exchange(old, owner.pack(), Ordering::AcqRel, Ordering::Relaxed).ok()?;
            Some((index, owner))
        })
    }

    /// Ends this very ownership. The FIFO, if there is one, goes first: nobody may claim the entry while it stands.
    pub(crate) fn free(&self, index: u32, owner: Owner, bells: &Path) {
        if owner.kind == PortKind::EventLoop && !mutant(Mutant::KeepDeadFifos) {
            // ENOENT: another sweeper was faster, or the owner died before it made one.
            let _gone = std::fs::remove_file(fifo_path(bells, index, owner.generation));
        }
        crash_point(CrashPoint::PortUnlinked);
        let word = &self.entries[index as usize].owner;
        let _freed = word.compare_exchange(owner.pack(), owner.freed(), Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Frees everything that `dead` owned.
    pub(crate) fn repair(&self, dead: Stamp, bells: &Path) {
        if mutant(Mutant::KeepDeadPorts) {
            return;
        }
        for index in self.indices() {
            if let Some(owner) = self.owner(index).filter(|o| o.stamp == dead) {
                self.free(index, owner, bells);
            }
        }
    }
}

/// Name of an event loop's FIFO. With the generation, so that it names one ownership and no later one.
pub(crate) fn fifo_path(bells: &Path, index: u32, generation: u32) -> PathBuf {
    bells.join(format!("{index}.{generation}"))
}
