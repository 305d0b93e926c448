//! Claim and revoke: a call lane's sender and its receiver want the same messages.

use klaw_shm::sync::{AtomicU64, Ordering, fence};
use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::crash::ChannelMutant;
use crate::lane::{
    Batch, Claim, Claimed, LaneCode, LaneEntry, LaneId, Take, TakeLimits, Writer, end_lane, take, thaw,
};
use crate::testing::{HeapPool, check, open_call_lane, push, stamp, taken};

const SENDER: u32 = 0;
const RECEIVER: u32 = 1;

struct Shared {
    lane: LaneEntry,
    pool: HeapPool,
    id: LaneId,
    claim: Claim,
    /// The receiver's bell, of one bit.
    armed: AtomicU64,
}

/// A call lane with `messages` of 16 bytes published, and where they start.
fn shared(messages: u32) -> (Arc<Shared>, Writer, Vec<u64>) {
    shared_over(&[(128, 1)], messages)
}

fn shared_over(rings: &[(u64, u32)], messages: u32) -> (Arc<Shared>, Writer, Vec<u64>) {
    let lane = LaneEntry::default();
    let pool = HeapPool::new(rings);
    let (id, mut writer) = open_call_lane(&lane, stamp(SENDER), &pool);
    let mut positions = Vec::new();
    for n in 0..messages {
        assert!(push(&lane, &pool, &mut writer, n));
        positions.push(writer.last_at(32));
    }
    writer.publish(&lane, u64::from(messages), u64::from(messages));
    let shared = Shared { lane, pool, id, claim: Claim::default(), armed: AtomicU64::new(0) };
    (Arc::new(shared), writer, positions)
}

impl Shared {
    fn receive(&self, me: u32, claim: &Claim, messages: usize, got: &mut Vec<u32>) -> Take {
        let mut batch = Batch::default();
        let limits = TakeLimits { messages, bytes: 128 };
        let taker = (stamp(me), claim);
        let outcome = take(&self.lane, self.id, &self.pool, taker, limits, &mut batch, |_, _, _| {});
        while let Some(message) = batch.next() {
            got.push(check(&message));
            claim.hand_out();
        }
        assert_ne!(outcome, Take::Corrupt);
        outcome
    }

    /// Takes what is there, one look after the other, until nothing is.
    fn receive_all(&self, got: &mut Vec<u32>) {
        while matches!(self.receive(RECEIVER, &self.claim, 1, got), Take::Taken | Take::Passed) {}
    }
}

/// Two messages, each claimed alone; the sender takes both back while the receiver receives.
fn claim_against_revoke() {
    receive_and_revoke(shared(2));
}

fn receive_and_revoke((shared, mut writer, positions): (Arc<Shared>, Writer, Vec<u64>)) {
    let receiver = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let mut got = Vec::new();
            shared.receive(RECEIVER, &shared.claim, 1, &mut got);
            got
        })
    };
    let revoked = writer.revoke(&shared.lane, &positions);
    let mut got = receiver.join().unwrap();
    shared.receive_all(&mut got);
    for (n, revoked) in (0..).zip(&revoked) {
        assert_eq!(got.contains(&n), revoked.is_none(), "message {n}: {got:?} of {revoked:?}");
    }
    assert!(got.is_sorted_by(|a, b| a < b), "{got:?}");
    let books = (taken(&shared.lane), shared.lane.taken.revoked.load(Ordering::Relaxed));
    assert_eq!(books, (2, 2 - got.len() as u64), "capacity comes back for each");
    let claimed = Claimed::load(&shared.lane);
    assert_eq!(claimed, Claimed { position: shared.lane.taken.head.load(Ordering::Relaxed), frozen: false });
}

#[test]
fn a_message_is_executed_or_revoked() {
    holds(claim_against_revoke);
}

/// The first lies in a ring that the receiver leaves and gives back, when the second is its next.
#[test]
fn so_is_one_in_an_older_ring() {
    holds(|| receive_and_revoke(shared_over(&[(64, 1), (128, 1)], 2)));
}

#[test]
fn a_tombstone_without_a_freeze_is_found() {
    finds(ChannelMutant::BuryWithoutFreeze, claim_against_revoke);
}

#[test]
fn a_copy_before_its_claim_is_found() {
    finds(ChannelMutant::CopyBeforeClaim, claim_against_revoke);
}

/// A receiver that finds the lane frozen goes to sleep while the sender thaws: it has what is left, or is rung.
fn sleep_over_a_freeze() {
    let (shared, mut writer, positions) = shared(2);
    let sender = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let revoked = writer.revoke(&shared.lane, &positions[..1]);
            // As `Sender::revoke_all`: the fence is behind, now the look.
            (revoked[0].is_some(), shared.armed.load(Ordering::Relaxed) != 0)
        })
    };
    // As a port that arms its bell, takes a last look, and sleeps.
    shared.armed.store(1, Ordering::Relaxed);
    fence(Ordering::SeqCst);
    let mut got = Vec::new();
    shared.receive_all(&mut got);
    let (revoked, rung) = sender.join().unwrap();
    assert!(rung || got.contains(&1), "asleep over a message: {got:?}");
    assert!(!(revoked && got.contains(&0)));
}

#[test]
fn a_sleeper_is_rung_after_the_thaw() {
    holds(sleep_over_a_freeze);
}

#[test]
fn a_thaw_without_its_fence_is_found() {
    finds(ChannelMutant::ThawWithoutFence, sleep_over_a_freeze);
}

/// The sender died with the lane frozen and its first message a tombstone. Two reapers and a receiver.
fn dead_sender_has_frozen() {
    let (shared, mut writer, positions) = shared(2);
    let frozen = Claimed { frozen: true, ..Claimed::load(&shared.lane) };
    assert!(writer.revoke(&shared.lane, &positions[..1])[0].is_some());
    shared.lane.claimed.store(frozen.pack(), Ordering::Relaxed);
    let reap = |shared: &Shared| {
        end_lane(&shared.lane, stamp(SENDER));
        thaw(&shared.lane, |state| state.sender == Some(stamp(SENDER)));
    };
    let reaper = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || reap(&shared))
    };
    let mut got = Vec::new();
    shared.receive(RECEIVER, &shared.claim, 2, &mut got);
    reap(&shared);
    shared.receive_all(&mut got);
    reaper.join().unwrap();
    assert_eq!(got, [1]);
    assert_eq!(shared.lane.state().code, LaneCode::Drained);
    assert!(!Claimed::load(&shared.lane).frozen);
}

#[test]
fn the_freeze_of_a_dead_sender_is_cleared() {
    holds(dead_sender_has_frozen);
}

#[test]
fn a_freeze_that_nobody_clears_is_found() {
    finds(ChannelMutant::KeepFrozen, dead_sender_has_frozen);
}

/// A receiver died between its claim and the head. What it had claimed goes to the next one, and the sender is told so.
#[test]
fn what_a_dead_receiver_claimed_is_received_once() {
    holds(|| {
        let (shared, mut writer, positions) = shared(2);
        let claimed = Claimed { position: positions[1], frozen: false };
        shared.lane.claimed.store(claimed.pack(), Ordering::Relaxed);
        let sender = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                writer.revoke(&shared.lane, &positions).iter().map(Option::is_some).collect::<Vec<_>>()
            })
        };
        let mut got = Vec::new();
        shared.receive(RECEIVER, &shared.claim, 2, &mut got);
        let revoked = sender.join().unwrap();
        shared.receive_all(&mut got);
        assert!(!revoked[0], "it was claimed");
        assert_eq!(got, if revoked[1] { vec![0] } else { vec![0, 1] });
    });
}
