//! Sweepers never touch what the slot's next member has stored, and the slot comes back.

use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::crash::Mutant;
use crate::member::{MemberEntry, MemberTable, Phase, Progress, sweep};
use crate::stamp::Stamp;
use crate::sync::{AtomicU64, Ordering};

/// Two sweepers in slots 0 and 1, the dead one in slot 2.
struct Shared {
    entries: [MemberEntry; 3],
    /// What a member keeps in shared memory, by slot and without its epoch, as a bit in a column is.
    property: AtomicU64,
}

impl Shared {
    fn new() -> (Self, [Stamp; 3]) {
        let shared = Self { entries: Default::default(), property: AtomicU64::new(0) };
        let table = MemberTable::new(&shared.entries);
        let stamps = [1, 2, 3].map(|tid| table.claim(tid, |_| {}).unwrap());
        shared.property.store(1, Ordering::Relaxed);
        table.mark_dead(stamps[2]);
        (shared, stamps)
    }

    fn table(&self) -> MemberTable<'_> {
        MemberTable::new(&self.entries)
    }

    fn sweep(&self, me: Stamp, dead: Stamp) {
        let repair = |_| {
            self.property.store(0, Ordering::Release);
            Progress::Done
        };
        sweep(self.table(), me, dead, repair, || {});
    }

    /// Takes the dead one's slot if it is free already, and stores something of its own.
    fn join(&self) -> bool {
        let joined = self.table().claim(4, |_| {}).is_some();
        if joined {
            assert_eq!(self.property.load(Ordering::Acquire), 0, "a reused slot has leftovers");
            self.property.store(1, Ordering::Release);
        }
        joined
    }
}

fn two_sweepers_and_a_joiner() {
    let (shared, [first, second, dead]) = Shared::new();
    let shared = Arc::new(shared);
    let other = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.sweep(second, dead))
    };
    let joiner = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.join())
    };
    shared.sweep(first, dead);
    other.join().unwrap();
    let joined = joiner.join().unwrap();
    let property = shared.property.load(Ordering::Acquire);
    if joined {
        assert_eq!(property, 1, "a sweeper has cleared what the new member stored");
    } else {
        assert_eq!(property, 0, "the dead member's leftovers are still there");
        assert_eq!(shared.table().phase_of(dead), Phase::Free, "the slot is lost");
    }
}

#[test]
fn nothing_of_a_new_member_is_touched() {
    holds(two_sweepers_and_a_joiner);
}

#[test]
fn a_sweep_without_a_second_look_is_found() {
    finds(Mutant::SweepWithoutSecondLook, two_sweepers_and_a_joiner);
}

#[test]
fn a_slot_freed_without_a_scan_is_found() {
    finds(Mutant::FreeWithoutScan, two_sweepers_and_a_joiner);
}

/// `phase_of` answers FREE for a member whose slot has a new one; the two never have the same stamp.
#[test]
fn two_claims_never_get_one_slot() {
    holds(|| {
        let shared = Arc::new([MemberEntry::default(), MemberEntry::default()]);
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || MemberTable::new(&*shared).claim(1, |_| {}))
        };
        let mine = MemberTable::new(&*shared).claim(2, |_| {}).unwrap();
        assert_ne!(Some(mine), other.join().unwrap());
    });
}
