//! Senders and receivers of one lane.

use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::crash::ChannelMutant;
use crate::lane::{
    Batch, Claim, LaneCode, LaneEntry, LaneId, Take, TakeLimits, Writer, finish_drained, take,
};
use crate::testing::{HeapPool, check, open_lane, push, stamp, taken};

struct Shared {
    lane: LaneEntry,
    pool: HeapPool,
    id: LaneId,
}

/// The smallest ring holds one message of 16 bytes and a LINK, so that the second message makes the lane grow.
fn shared() -> (Arc<Shared>, Writer) {
    let lane = LaneEntry::default();
    let pool = HeapPool::new(&[(64, 1), (128, 1)]);
    let (id, writer) = open_lane(&lane, stamp(0), &pool);
    (Arc::new(Shared { lane, pool, id }), writer)
}

fn send(shared: &Shared, writer: &mut Writer, n: u32) {
    assert!(push(&shared.lane, &shared.pool, writer, n));
    writer.publish(&shared.lane, u64::from(n) + 1, u64::from(n) + 1);
}

fn receive(shared: &Shared, me: u32, claim: &Claim, got: &mut Vec<u32>) -> Take {
    let mut batch = Batch::default();
    let limits = TakeLimits { messages: 3, bytes: 128 };
    let taker = (stamp(me), claim);
    let outcome = take(&shared.lane, shared.id, &shared.pool, taker, limits, &mut batch, |_, _, _| {});
    while let Some(message) = batch.next() {
        got.push(check(&message));
        claim.hand_out();
    }
    assert_ne!(outcome, Take::Corrupt);
    outcome
}

fn receive_rest(shared: &Shared, claim: &Claim, got: &mut Vec<u32>) {
    while receive(shared, 1, claim, got) != Take::Drained {}
    finish_drained(&shared.lane, shared.id);
    assert_eq!(shared.lane.state().code, LaneCode::Free);
    assert_eq!(shared.pool.in_use(), 0);
    assert_eq!(taken(&shared.lane), got.len() as u64);
}

/// Two messages and the LINK between them, while a receiver looks.
fn sender_and_receiver() {
    let (shared, mut writer) = shared();
    let sender = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            send(&shared, &mut writer, 0);
            send(&shared, &mut writer, 1);
            shared.lane.advance(shared.id, LaneCode::Open, LaneCode::Ended);
        })
    };
    let (claim, mut got) = (Claim::default(), Vec::new());
    receive(&shared, 1, &claim, &mut got);
    receive(&shared, 1, &claim, &mut got);
    sender.join().unwrap();
    receive_rest(&shared, &claim, &mut got);
    assert_eq!(got, [0, 1]);
}

#[test]
fn records_arrive_whole_once_and_in_order_over_a_link() {
    holds(sender_and_receiver);
}

#[test]
fn a_link_before_its_base_is_found() {
    finds(ChannelMutant::LinkBeforeBase, sender_and_receiver);
}

/// A full ring: the writer needs the space that the reader is just leaving.
fn a_ring_goes_round() {
    let lane = LaneEntry::default();
    let pool = HeapPool::new(&[(128, 1)]);
    let (id, mut writer) = open_lane(&lane, stamp(0), &pool);
    let shared = Arc::new(Shared { lane, pool, id });
    for n in 0..3 {
        send(&shared, &mut writer, n);
    }
    let sender = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            for n in 3..5 {
                while !push(&shared.lane, &shared.pool, &mut writer, n) {
                    thread::yield_now();
                }
                writer.publish(&shared.lane, 0, 0);
            }
        })
    };
    let (claim, mut got) = (Claim::default(), Vec::new());
    while got.len() < 5 {
        if receive(&shared, 1, &claim, &mut got) == Take::Empty {
            thread::yield_now();
        }
    }
    sender.join().unwrap();
    assert_eq!(got, [0, 1, 2, 3, 4]);
}

#[test]
fn space_is_written_again_only_after_it_was_copied() {
    holds(a_ring_goes_round);
}

#[test]
fn a_head_before_its_copy_is_found() {
    finds(ChannelMutant::HeadBeforeCopy, a_ring_goes_round);
}

/// Two receivers and the lease between them.
#[test]
fn two_receivers_share_and_nothing_comes_twice() {
    holds(|| {
        let (shared, mut writer) = shared();
        send(&shared, &mut writer, 0);
        send(&shared, &mut writer, 1);
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (claim, mut got) = (Claim::default(), Vec::new());
                receive(&shared, 2, &claim, &mut got);
                got
            })
        };
        let (claim, mut got) = (Claim::default(), Vec::new());
        receive(&shared, 1, &claim, &mut got);
        got.extend(other.join().unwrap());
        shared.lane.advance(shared.id, LaneCode::Open, LaneCode::Ended);
        receive_rest(&shared, &claim, &mut got);
        got.sort_unstable();
        assert_eq!(got, [0, 1]);
    });
}

/// Both find the lane drained, and both retire it; its entry is free once, for the next lane.
#[test]
fn two_receivers_retire_one_lane() {
    holds(|| {
        let (shared, _writer) = shared();
        shared.lane.advance(shared.id, LaneCode::Open, LaneCode::Ended);
        let retire = |shared: &Shared, me| {
            let outcome = receive(shared, me, &Claim::default(), &mut Vec::new());
            if outcome == Take::Drained {
                finish_drained(&shared.lane, shared.id);
            }
        };
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || retire(&shared, 2))
        };
        retire(&shared, 1);
        other.join().unwrap();
        assert_eq!(shared.lane.state().code, LaneCode::Free);
        assert_eq!(shared.lane.state().generation, shared.id.generation + 1);
        assert_eq!(shared.pool.in_use(), 0);
    });
}
