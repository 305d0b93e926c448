//! The member table: words and what they mean.

use crate::os::OWNER_DIED;
use crate::shared_layout;
use crate::stamp::{MEMBER_SLOTS, Stamp};
use crate::sync::{AtomicU64, CachePadded, Ordering};

shared_layout! {
    /// One slot of the member table.
    pub struct MemberEntry: 256 {
        /// `{life:32, epoch:24, phase:8}` from the low end. Everybody's, by CAS; the kernel writes the life half.
        pub(crate) word: CachePadded<AtomicU64>,
        /// Stamp of the dead member that this one is sweeping, or 0. Written by this member alone.
        pub(crate) sweeps: AtomicU64,
        /// Process id, for opening a pidfd; valid while the word is alive with the epoch in `ready`.
        pub(crate) pid: AtomicU64,
        /// Start time of that process in clock ticks since boot.
        pub(crate) start_time: AtomicU64,
        /// The port that the member's life thread sleeps at, plus one.
        pub(crate) watch_port: AtomicU64,
        /// The epoch for which the fields above are valid (Release; read with Acquire before they are used).
        pub(crate) ready: AtomicU64,
        /// Keeps two members' side words 128 bytes apart.
        pub(crate) reserved: [AtomicU64; 11],
    }
}

/// What a slot's word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nobody.
    Free,
    /// A member, alive or dying; `hint` is set once its life thread has exited.
    Alive {
        /// The kernel says that the life thread is gone: time to look at the pidfd.
        hint: bool,
    },
    /// Proven dead; repairs may run.
    Dead,
    /// Repaired; waits until no sweeper names it.
    Swept,
}

const PHASE_NORMAL: u64 = 0;
const PHASE_DEAD: u64 = 1;
const PHASE_SWEPT: u64 = 2;

/// A slot's word, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    life: u32,
    epoch: u32,
    phase: u64,
}

#[expect(clippy::cast_possible_truncation, reason = "fields of a u64 word, masked")]
impl Word {
    fn unpack(bits: u64) -> Self {
        Self { life: bits as u32, epoch: (bits >> 32) as u32 & 0x00ff_ffff, phase: bits >> 56 }
    }

    fn pack(self) -> u64 {
        u64::from(self.life) | u64::from(self.epoch) << 32 | self.phase << 56
    }

    fn phase(self) -> Phase {
        match (self.phase, self.life) {
            (PHASE_NORMAL, 0) => Phase::Free,
            (PHASE_NORMAL, life) => Phase::Alive { hint: life & OWNER_DIED != 0 },
            (PHASE_DEAD, _) => Phase::Dead,
            // Bits that nobody wrote: treat them as the state in which nothing is trusted and nothing reused.
            _ => Phase::Swept,
        }
    }
}

/// A view of the table. `entries` has [`MEMBER_SLOTS`] of them in a session, fewer in model tests.
#[derive(Debug, Clone, Copy)]
pub struct MemberTable<'a> {
    entries: &'a [MemberEntry],
}

impl<'a> MemberTable<'a> {
    /// A view over the entries of a control segment.
    #[must_use]
    pub fn new(entries: &'a [MemberEntry]) -> Self {
        assert!(entries.len() <= MEMBER_SLOTS as usize, "a stamp has eight bits for the slot");
        Self { entries }
    }

    /// The entry of a slot.
    #[must_use]
    pub(crate) fn entry(&self, slot: u32) -> &'a MemberEntry {
        &self.entries[slot as usize]
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "at most MEMBER_SLOTS")]
        let count = self.entries.len() as u32;
        0..count
    }

    fn load(&self, slot: u32) -> Word {
        // Acquire; pairs with every AcqRel CAS on the word: what was stored before a phase changed is seen.
        Word::unpack(self.entry(slot).word.load(Ordering::Acquire))
    }

    fn swap(&self, slot: u32, old: Word, new: Word) -> bool {
        let word = &self.entry(slot).word;
        word.compare_exchange(old.pack(), new.pack(), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// What the slot's word says, and of whom. A slot that nobody ever had has no stamp.
    #[must_use]
    pub fn look(&self, slot: u32) -> (Phase, Option<Stamp>) {
        let word = self.load(slot);
        (word.phase(), Stamp::new(slot, word.epoch))
    }

    /// The phase of this very member; [`Phase::Free`] once its slot has moved on to another epoch.
    #[must_use]
    pub fn phase_of(&self, member: Stamp) -> Phase {
        match self.look(member.slot()) {
            (phase, Some(stamp)) if stamp == member => phase,
            _ => Phase::Free,
        }
    }

    /// Claims the first free slot for the life thread `tid`. `before` is called with each candidate's word just before
    /// the CAS, so that the kernel watches it from the first instant.
    pub(crate) fn claim(&self, tid: u32, mut before: impl FnMut(&'a AtomicU64)) -> Option<Stamp> {
        for slot in self.slots() {
            loop {
                let old = self.load(slot);
                if old.phase() != Phase::Free {
                    break;
                }
                before(&self.entry(slot).word);
                let epoch = Stamp::epoch_after(old.epoch);
                if self.swap(slot, old, Word { life: tid, epoch, phase: PHASE_NORMAL }) {
                    return Stamp::new(slot, epoch);
                }
            }
        }
        None
    }

    /// True once the member's side words may be read.
    #[must_use]
    pub fn is_ready(&self, member: Stamp) -> bool {
        // Acquire; pairs with the Release in `publish_ready`.
        self.entry(member.slot()).ready.load(Ordering::Acquire) == u64::from(member.epoch())
    }

    /// The side words are stored: peers may open a pidfd and ring.
    pub(crate) fn publish_ready(&self, me: Stamp) {
        // Release; pairs with the Acquire in `is_ready`.
        self.entry(me.slot()).ready.store(u64::from(me.epoch()), Ordering::Release);
    }

    /// The port at which a member's life thread sleeps.
    pub(crate) fn watch_port(&self, member: Stamp) -> Option<u32> {
        let port = self.entry(member.slot()).watch_port.load(Ordering::Relaxed);
        u32::try_from(port).ok()?.checked_sub(1)
    }

    /// Records a proven death. The kernel may change the life half at any time, so it is not part of the proof.
    /// True if this call did it.
    pub(crate) fn mark_dead(&self, member: Stamp) -> bool {
        loop {
            let old = self.load(member.slot());
            if old.epoch != member.epoch() || !matches!(old.phase(), Phase::Alive { .. }) {
                return false;
            }
            if self.swap(member.slot(), old, Word { phase: PHASE_DEAD, ..old }) {
                return true;
            }
        }
    }

    /// DEAD → SWEPT. False if somebody else was faster.
    pub(crate) fn mark_swept(&self, dead: Stamp) -> bool {
        let old = self.load(dead.slot());
        old.epoch == dead.epoch()
            && old.phase() == Phase::Dead
            && self.swap(dead.slot(), old, Word { phase: PHASE_SWEPT, ..old })
    }

    /// SWEPT → FREE. The epoch stays; the next claim moves it on.
    pub(crate) fn free(&self, swept: Stamp) -> bool {
        let old = self.load(swept.slot());
        old.epoch == swept.epoch()
            && old.phase() == Phase::Swept
            && self.swap(swept.slot(), old, Word { life: 0, epoch: old.epoch, phase: PHASE_NORMAL })
    }

    /// Members that are alive as far as anybody has proven.
    pub fn alive(&self) -> impl Iterator<Item = Stamp> + use<'a> {
        let table = *self;
        self.slots().filter_map(move |slot| match table.look(slot) {
            (Phase::Alive { .. }, stamp) => stamp,
            _ => None,
        })
    }
}
