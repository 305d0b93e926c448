//! Reapers beside the living. A death is a thread that has ended: that is what the proof by pidfd guarantees.

use klaw_shm::sync::Ordering;
use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::crash::ChannelMutant;
use crate::lane::{
    Batch, Claim, LaneCode, LaneEntry, LaneId, Take, TakeLimits, decide_claim, end_lane, finish_drained,
    release_lease, repair_rings, take,
};
use crate::testing::{HeapPool, check, open_lane, push, stamp, taken};

const SENDER: u32 = 0;
const DEAD_RECEIVER: u32 = 1;
const RECEIVER: u32 = 2;

struct Shared {
    lanes: [LaneEntry; 1],
    pool: HeapPool,
    id: LaneId,
    dead_claim: Claim,
}

impl Shared {
    fn lane(&self) -> &LaneEntry {
        &self.lanes[0]
    }

    fn receive(&self, me: u32, claim: &Claim, got: &mut Vec<u32>) -> Take {
        let mut batch = Batch::default();
        let limits = TakeLimits { messages: 1, bytes: 64 };
        let outcome =
            take(self.lane(), self.id, &self.pool, (stamp(me), claim), limits, &mut batch, |_, _, _| {});
        while let Some(message) = batch.next() {
            got.push(check(&message));
            claim.hand_out();
        }
        assert_ne!(outcome, Take::Corrupt);
        outcome
    }

    fn reap_sender(&self) {
        repair_rings(&self.lanes, &self.pool, |stamp| stamp.slot() == SENDER);
        end_lane(self.lane(), stamp(SENDER));
    }

    fn reap_receiver(&self) {
        decide_claim(&self.dead_claim, &self.lanes, stamp(DEAD_RECEIVER));
        release_lease(self.lane(), stamp(DEAD_RECEIVER));
    }
}

/// The sender has published one message and dies with a ring claimed and made live for the next.
fn dead_sender() -> Arc<Shared> {
    let lane = LaneEntry::default();
    let pool = HeapPool::new(&[(64, 2), (128, 1)]);
    let (id, mut writer) = open_lane(&lane, stamp(SENDER), &pool);
    for n in 0..2 {
        assert!(push(&lane, &pool, &mut writer, n));
        if n == 0 {
            writer.publish(&lane, 1, 1);
        }
    }
    Arc::new(Shared { lanes: [lane], pool, id, dead_claim: Claim::default() })
}

fn two_reapers_of_a_sender() {
    let shared = dead_sender();
    let reaper = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.reap_sender())
    };
    let (claim, mut got) = (Claim::default(), Vec::new());
    shared.receive(RECEIVER, &claim, &mut got);
    shared.reap_sender();
    let rings = shared.pool.in_use();
    while shared.receive(RECEIVER, &claim, &mut got) != Take::Drained {
        thread::yield_now();
    }
    finish_drained(shared.lane(), shared.id);
    reaper.join().unwrap();
    shared.reap_sender();
    assert_eq!(rings, 1, "the ring that was never linked is free, the one that is read is not");
    assert_eq!(got, [0]);
    assert_eq!(shared.lane().state().code, LaneCode::Free);
    assert_eq!(shared.pool.in_use(), 0);
}

#[test]
fn what_a_dead_sender_published_is_read_and_its_rings_come_back() {
    holds(two_reapers_of_a_sender);
}

#[test]
fn a_ring_freed_by_its_stamp_is_found() {
    finds(ChannelMutant::FreeByStamp, two_reapers_of_a_sender);
}

/// A receiver died holding the lease, before or after its head moved; two reapers race, and a living receiver goes on.
fn two_reapers_of_a_receiver(head_moved: bool) {
    let lane = LaneEntry::default();
    let pool = HeapPool::new(&[(256, 1)]);
    let (id, mut writer) = open_lane(&lane, stamp(SENDER), &pool);
    for n in 0..2 {
        assert!(push(&lane, &pool, &mut writer, n));
    }
    writer.publish(&lane, 2, 2);
    let shared = Arc::new(Shared { lanes: [lane], pool, id, dead_claim: Claim::default() });
    // Its take, and then back to the words that it had stored when it died.
    let before = shared.lane().taken.head.load(Ordering::Relaxed);
    let mut batch = Batch::default();
    let limits = TakeLimits { messages: 1, bytes: 64 };
    let taker = (stamp(DEAD_RECEIVER), &shared.dead_claim);
    take(shared.lane(), id, &shared.pool, taker, limits, &mut batch, |_, _, _| {});
    shared
        .lane()
        .lease
        .store(crate::lane::lease_word(id.generation, Some(stamp(DEAD_RECEIVER))), Ordering::Relaxed);
    shared.lane().taken.messages.store(0, Ordering::Relaxed);
    if !head_moved {
        shared.lane().taken.head.store(before, Ordering::Relaxed);
    }
    let reaper = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.reap_receiver())
    };
    let (claim, mut got) = (Claim::default(), Vec::new());
    shared.reap_receiver();
    shared.receive(RECEIVER, &claim, &mut got);
    shared.receive(RECEIVER, &claim, &mut got);
    reaper.join().unwrap();
    let lost = shared.dead_claim.lost.load(Ordering::Relaxed);
    assert_eq!(taken(shared.lane()), 2);
    if head_moved {
        assert_eq!((got, lost), (vec![1], 1));
    } else {
        assert_eq!((got, lost), (vec![0, 1], 0));
    }
}

#[test]
fn a_batch_whose_head_moved_is_lost_and_counted_once() {
    holds(|| two_reapers_of_a_receiver(true));
}

#[test]
fn a_batch_whose_head_did_not_move_is_read_by_the_next() {
    holds(|| two_reapers_of_a_receiver(false));
}

#[test]
fn a_lease_released_without_a_decision_is_found() {
    finds(ChannelMutant::KeepIntent, || two_reapers_of_a_receiver(true));
}
