//! A call lane under any sequence of sends, claims, deaths of the receiver, and revokes.

use klaw_shm::sync::Ordering;
use proptest::prelude::*;

use super::*;
use crate::testing::open_call_lane;

#[derive(Debug, Clone)]
enum Op {
    Send {
        lengths: Vec<usize>,
        publish: bool,
    },
    Take {
        messages: usize,
        bytes: usize,
    },
    /// Of the messages sent so far, those at these places, counted from the youngest.
    Revoke(Vec<prop::sample::Index>),
    /// A receiver claims so many records and dies.
    Die(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let lengths = prop::collection::vec(prop_oneof![0..40_usize, 0..400_usize], 1..6);
    prop_oneof![
        3 => (lengths, any::<bool>()).prop_map(|(lengths, publish)| Op::Send { lengths, publish }),
        3 => (1..6_usize, prop_oneof![Just(16_usize), 0..2_000_usize])
            .prop_map(|(messages, bytes)| Op::Take { messages, bytes }),
        3 => prop::collection::vec(any::<prop::sample::Index>(), 1..5).prop_map(Op::Revoke),
        1 => (1..4_usize).prop_map(Op::Die),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    Revoked,
    Received,
}

struct Sent {
    at: u64,
    end: u64,
    units: u64,
    fate: Fate,
}

struct Model {
    lane: LaneEntry,
    pool: HeapPool,
    claim: Claim,
    id: LaneId,
    writer: Writer,
    sent: Vec<Sent>,
    /// How many of them are published.
    published: usize,
}

impl Model {
    fn new() -> Self {
        let pool = HeapPool::new(&[(128, 3), (256, 3), (1024, 3)]);
        let lane = LaneEntry::default();
        let (id, writer) = open_call_lane(&lane, stamp(1), &pool);
        Self { lane, pool, claim: Claim::default(), id, writer, sent: Vec::new(), published: 0 }
    }

    fn send(&mut self, lengths: &[usize]) {
        for &len in lengths {
            let n = u32::try_from(self.sent.len()).expect("few");
            let (bytes, header) = (payload(n, len), header(n, len));
            if !self.writer.push_short(&header, &bytes) {
                if self.writer.place(&self.lane, &self.pool, header.stride()).expect("room or not").is_none()
                {
                    break;
                }
                self.writer.push(&header, &[&bytes]);
            }
            let at = self.writer.last_at(header.stride());
            let units = u64::from(crate::record::charge_units(len));
            self.sent.push(Sent { at, end: at + header.stride(), units, fate: Fate::Sent });
        }
    }

    fn publish(&mut self) {
        self.published = self.sent.len();
        self.writer.publish(&self.lane, self.published as u64, 0);
    }

    /// Records that start below the claimed position.
    fn claimed(&self) -> usize {
        let claimed = Claimed::load(&self.lane);
        assert!(!claimed.frozen);
        let head = self.lane.taken.head.load(Ordering::Relaxed);
        assert!((head..=self.lane.sent.tail.load(Ordering::Relaxed)).contains(&claimed.position));
        self.sent.iter().filter(|sent| sent.at < claimed.position).count()
    }

    fn take(&mut self, messages: usize, bytes: usize) -> Take {
        let before = self.claimed();
        let mut batch = Batch::default();
        let limits = TakeLimits { messages, bytes };
        let taker = (stamp(2), &self.claim);
        let take = take(&self.lane, self.id, &self.pool, taker, limits, &mut batch, |_, _, _| {});
        assert!(batch.len() <= messages);
        while let Some(message) = batch.next() {
            let n = check(&message) as usize;
            assert!(self.sent[..n].iter().all(|older| older.fate != Fate::Sent), "{n} came too early");
            assert_eq!(self.sent[n].fate, Fate::Sent, "message {n}");
            self.sent[n].fate = Fate::Received;
            self.claim.hand_out();
        }
        // What was taken back is passed, and more claimed instead.
        let claimed = self.sent[before..self.claimed()].iter().filter(|sent| sent.fate != Fate::Revoked);
        assert!(claimed.count() <= messages, "more was claimed than was wanted");
        assert_ne!(take, Take::Corrupt);
        self.balance();
        take
    }

    /// What is behind the head is taken, with its capacity.
    fn balance(&self) {
        let taken = &self.lane.taken;
        let head = taken.head.load(Ordering::Relaxed);
        let passed = || self.sent.iter().filter(|sent| sent.end <= head);
        let revoked = passed().filter(|sent| sent.fate == Fate::Revoked).count();
        assert_eq!(taken.messages.load(Ordering::Relaxed), passed().count() as u64);
        assert_eq!(taken.units.load(Ordering::Relaxed), passed().map(|sent| sent.units).sum());
        assert_eq!(taken.revoked.load(Ordering::Relaxed), revoked as u64);
        assert!(passed().all(|sent| sent.fate != Fate::Sent));
    }

    fn revoke(&mut self, chosen: &[prop::sample::Index]) {
        if self.sent.is_empty() {
            return;
        }
        let young = self.sent.len().min(12);
        let first = self.sent.len() - young;
        let chosen: Vec<_> = chosen.iter().map(|index| first + index.index(young)).collect();
        let claimed = self.claimed();
        let positions: Vec<_> = chosen.iter().map(|&n| self.sent[n].at).collect();
        let revoked = self.writer.revoke(&self.lane, &positions);
        for (n, revoked) in chosen.into_iter().zip(revoked) {
            let expected = n >= claimed && self.sent[n].fate == Fate::Sent;
            assert_eq!(revoked.is_some(), expected, "message {n}, {claimed} are claimed");
            if expected {
                self.sent[n].fate = Fate::Revoked;
            }
        }
    }

    /// As a receiver that dies right after its claiming CAS.
    fn die(&self, records: usize) {
        let claimed = self.claimed();
        // It claims within one ring, from where reading goes on.
        let head = self.lane.taken.head.load(Ordering::Relaxed);
        if claimed < self.published && self.sent[claimed].at == head {
            let (to, mut last) = ((claimed + records).min(self.published), claimed);
            while last + 1 < to && self.sent[last + 1].at == self.sent[last].end {
                last += 1;
            }
            let word = Claimed { position: self.sent[last].end, frozen: false };
            self.lane.claimed.store(word.pack(), Ordering::Relaxed);
        }
    }

    fn end(mut self) {
        self.publish();
        assert!(self.lane.advance(self.id, LaneCode::Open, LaneCode::Ended));
        while self.take(3, 300) != Take::Drained {}
        assert!(self.sent.iter().all(|sent| sent.fate != Fate::Sent));
        assert_eq!(self.pool.in_use(), 0, "every ring is given back");
        finish_drained(&self.lane, self.id);
        assert_eq!(self.lane.state().code, LaneCode::Free);
    }
}

proptest! {
    #[test]
    fn a_message_of_a_call_lane_is_received_or_revoked(ops in prop::collection::vec(op(), 0..200)) {
        let mut model = Model::new();
        for op in ops {
            match op {
                Op::Send { lengths, publish } => {
                    model.send(&lengths);
                    if publish {
                        model.publish();
                    }
                }
                Op::Take { messages, bytes } => { model.take(messages, bytes); }
                Op::Revoke(chosen) => model.revoke(&chosen),
                Op::Die(records) => model.die(records),
            }
        }
        model.end();
    }
}

/// A frozen lane is as good as empty; a sender that has ended does not thaw it any more.
#[test]
fn a_frozen_lane_waits_for_its_sender_or_its_end() {
    let mut model = Model::new();
    model.send(&[16, 16]);
    model.publish();
    let word = model.lane.claimed.load(Ordering::Relaxed);
    model.lane.claimed.store(word | 1, Ordering::Relaxed);
    let mut batch = Batch::default();
    let limits = TakeLimits { messages: 2, bytes: 100 };
    let mut look = || {
        let taker = (stamp(2), &model.claim);
        take(&model.lane, model.id, &model.pool, taker, limits, &mut batch, |_, _, _| {})
    };
    assert_eq!(look(), Take::Empty);
    assert!(model.lane.advance(model.id, LaneCode::Open, LaneCode::Ended));
    assert_eq!(look(), Take::Taken);
    assert_eq!(batch.len(), 2);
}

/// Words and bytes that nobody wrote end in `Corrupt`, or in a lane that looks empty, never in a panic or an endless loop.
#[test]
fn noise_in_a_call_lane_is_corrupt_or_harmless() {
    for seed in 1..4_000_u64 {
        let mut model = Model::new();
        model.send(&[40, 8, 20, 90, 300]);
        model.publish();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let lane = &model.lane;
        let words =
            [&*lane.claimed, &*lane.claimed, &lane.taken.head, &lane.sent.tail, &lane.taken.head_ring];
        let word = words[usize::try_from(seed % 5).unwrap()];
        word.store(noise() >> (noise() % 64), Ordering::Relaxed);
        for at in 0..8 {
            let bytes = crate::ring::RingPool::bytes(&model.pool, 0).unwrap();
            let kind = [1, 2, 3, 4, 4, 200, 0, 4][at];
            // SAFETY: one thread.
            unsafe { bytes.write(at * 16 + 4, &[kind]) };
        }
        let positions: Vec<_> = model.sent.iter().map(|sent| sent.at).collect();
        for _ in 0..8 {
            let mut batch = Batch::default();
            let limits = TakeLimits { messages: 2, bytes: 100 };
            let taker = (stamp(2), &model.claim);
            let _any = take(&model.lane, model.id, &model.pool, taker, limits, &mut batch, |_, _, _| {});
            let _any = model.writer.revoke(&model.lane, &positions);
        }
    }
}
