//! The bell of a port: how a sleeper is woken once, and by nobody when it is awake.
//!
//! One word tells its state, `{sequence:62, RUNNING | ARMED | RUNG}`; what wakes (a FIFO that an event loop polls,
//! a futex that a thread sleeps on) carries no data and is behind [`Ring`].
//!
//! **Owner.** 1 [`running`]. 2 empty what wakes. 3 take what there is. 4 [`arm`]: ARMED(n+1), fence. 5 a last look:
//! something there, go to 1. 6 sleep. After *every* wake it goes to 1, never sleeps twice on one arming, and never
//! empties between 4 and 6.
//!
//! **Ringer.** Publish with Release, then [`look`]: ARMED(n) → ring, *then* CAS ARMED(n) → RUNG(n). At the end of a
//! turn or batch, and before anything that may block its thread, [`look_fenced`] at every peer it published to.
//!
//! **Why it loses nothing.** Owner: store ARMED, fence, load the queues. Ringer: store the record, fence, load the
//! word. One of the two loads sees the other's store (both fences are `SeqCst`). The ring stands before the CAS, so a
//! ringer killed or stopped between them leaves ARMED, and the next ringer rings too: it silences nobody. A late
//! CAS fails, because the sequence moved on; a late ring is a wake for nothing. Both are bounded by one per record.
//!
//! **Crash.** A ringer killed before its ring leaves its own record unseen until the sweep of its slot rings every
//! armed bell ([`crate::member`]). A killed owner is nobody's concern.

use crate::crash::{CrashPoint, Mutant, crash_point, mutant};

use crate::sync::{AtomicU64, Ordering, fence};

const RUNNING: u64 = 0;
const ARMED: u64 = 1;
const RUNG: u64 = 2;
const STATE: u64 = 3;
const ONE: u64 = 4;

/// Makes a sleeper look: writes a byte, wakes a futex. May be called when nobody sleeps.
pub trait Ring {
    /// Must not block, and must leave a trace that a sleeper finds which goes to sleep only after it. False if it could not:
    /// then the bell stays armed for the next ringer.
    fn ring(&self) -> bool;
}

impl<F: Fn() -> bool> Ring for F {
    fn ring(&self) -> bool {
        self()
    }
}

/// Owner: awake. No ringer rings from now on. True if one had marked the bell RUNG; one that has rung and not marked it yet
/// is not told.
pub fn running(word: &AtomicU64) -> bool {
    let sequence = word.load(Ordering::Relaxed) & !STATE;
    // Acquire: what a ringer published before it marked RUNG is seen after. The owner alone moves the sequence on,
    // so a concurrent ARMED→RUNG is simply overwritten.
    word.swap(sequence | RUNNING, Ordering::AcqRel) & STATE == RUNG
}

/// Owner: about to sleep. A last look at every queue must follow, then the sleep.
pub fn arm(word: &AtomicU64) {
    let sequence = word.load(Ordering::Relaxed) & !STATE;
    word.swap(sequence.wrapping_add(ONE) | ARMED, Ordering::AcqRel);
    // Pairs with the fence in `look_fenced`: store ARMED, then load the queues.
    fence(Ordering::SeqCst);
}

/// Ringer: after a publish. Cheap, and may miss an owner that is just arming; [`look_fenced`] follows some time.
pub fn look(word: &AtomicU64, ring: &impl Ring) -> bool {
    let seen = word.load(Ordering::Relaxed);
    if seen & STATE != ARMED {
        return false;
    }
    if !ring.ring() {
        return false;
    }
    crash_point(CrashPoint::BellByteWritten);
    // AcqRel: an owner that finds RUNG by its swap in `running` has our publish before it. Failure: somebody else
    // rang, or the owner woke.
    let marked = (seen & !STATE) | RUNG;
    let _done = word.compare_exchange(seen, marked, Ordering::AcqRel, Ordering::Relaxed);
    true
}

/// Ringer: the look that can't miss. At the end of a turn or batch and before the thread may block.
pub fn look_fenced(word: &AtomicU64, ring: &impl Ring) -> bool {
    // Pairs with the fence in `arm`: store the record, then load the word.
    if !mutant(Mutant::LookWithoutFence) {
        fence(Ordering::SeqCst);
    }
    look(word, ring)
}

/// True if the owner sleeps, or is about to, and nobody has rung yet. For the model of a ringer that stops half-way.
#[cfg(all(test, loom))]
pub(crate) fn is_armed(word: &AtomicU64) -> bool {
    word.load(Ordering::Relaxed) & STATE == ARMED
}
