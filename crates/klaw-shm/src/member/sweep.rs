//! Repairing what a dead member left, without an exclusive right to do so (see the [module](super)).

use super::table::{MemberTable, Phase};
use crate::crash::{CrashPoint, Mutant, crash_point, mutant};
use crate::stamp::Stamp;
use crate::sync::{Ordering, fence};

/// How far the repairs of one dead member have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing names the dead member any more.
    Done,
    /// Somebody alive still has unread records of it; the slot stays DEAD and is swept again when they are read.
    Draining,
}

/// What a layer above keeps in shared memory and can set right after a death.
pub trait Repair: Send + Sync {
    /// Sets right everything that names `dead`, as member `me`. Called by several members at once and again and again:
    /// every step must be one idempotent store or exact CAS.
    fn repair(&self, me: Stamp, dead: Stamp) -> Progress;

    /// The agent's slow look: rings whoever published a wait that can be served by now. A process stopped between
    /// "made available" and "rang" would else lose the wake.
    fn recheck(&self, _me: Stamp) {}
}

/// One pass over a dead slot: repairs, ring, SWEPT, FREE, as far as it gets now.
///
/// `repair` sets right and reports; `ring` rings every armed bell. A member calls this from one thread at a time: it has
/// one place to publish what it sweeps.
pub fn sweep(
    table: MemberTable<'_>,
    me: Stamp,
    dead: Stamp,
    repair: impl FnOnce(Stamp) -> Progress,
    ring: impl FnOnce(),
) {
    let sweeps = &table.entry(me.slot()).sweeps;
    if table.phase_of(dead) == Phase::Dead {
        sweeps.store(u64::from(dead.bits()), Ordering::Relaxed);
        crash_point(CrashPoint::SweepNamed);
        // Dekker pair with the fence before the scan below: name, then look; swept, then scan.
        fence(Ordering::SeqCst);
        if table.phase_of(dead) == Phase::Dead || mutant(Mutant::SweepWithoutSecondLook) {
            let progress = repair(dead);
            crash_point(CrashPoint::SweepRepaired);
            // Before SWEPT: a sweeper killed between repair and ring leaves DEAD, and the next one rings.
            if !mutant(Mutant::RingNobody) {
                ring();
            }
            crash_point(CrashPoint::SweepRang);
            if progress == Progress::Done {
                table.mark_swept(dead);
                crash_point(CrashPoint::SweepSwept);
            }
        }
        // Release; the repairs above are seen by whoever reads the cleared name with Acquire.
        sweeps.store(0, Ordering::Release);
        crash_point(CrashPoint::SweepUnnamed);
    }
    free_if_unnamed(table, dead);
}

/// Gives a SWEPT slot back, unless a living sweeper still names it: that one will come here itself.
fn free_if_unnamed(table: MemberTable<'_>, dead: Stamp) {
    fence(Ordering::SeqCst);
    if table.phase_of(dead) != Phase::Swept || mutant(Mutant::KeepSweptSlot) {
        return;
    }
    let named = !mutant(Mutant::FreeWithoutScan)
        && table.slots().any(|slot| {
            // Acquire; pairs with the Release that clears the name.
            let name = table.entry(slot).sweeps.load(Ordering::Acquire);
            // The name of a dead sweeper doesn't count: it will never act on it.
            name == u64::from(dead.bits()) && matches!(table.look(slot).0, Phase::Alive { .. })
        });
    if !named {
        table.free(dead);
    }
}
