//! One thread, any sequence of operations, against a queue that can't be wrong.

mod calls;

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::testing::{HeapPool, check, header, open_lane, payload, stamp, taken};

#[derive(Debug, Clone)]
enum Op {
    Send(Vec<usize>),
    Take { messages: usize, bytes: usize },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        prop::collection::vec(prop_oneof![0..40_usize, 0..400_usize], 1..5).prop_map(Op::Send),
        (1..6_usize, prop_oneof![Just(16_usize), 0..2_000_usize])
            .prop_map(|(messages, bytes)| Op::Take { messages, bytes }),
    ]
}

struct Model {
    lane: LaneEntry,
    pool: HeapPool,
    claim: Claim,
    id: LaneId,
    writer: Writer,
    queue: VecDeque<(u32, usize)>,
    sent: u32,
    received: u64,
}

impl Model {
    fn new() -> Self {
        let pool = HeapPool::new(&[(128, 3), (256, 3), (1024, 3)]);
        let lane = LaneEntry::default();
        let (id, writer) = open_lane(&lane, stamp(1), &pool);
        Self { lane, pool, claim: Claim::default(), id, writer, queue: VecDeque::new(), sent: 0, received: 0 }
    }

    fn send(&mut self, lengths: &[usize]) {
        for &len in lengths {
            let bytes = payload(self.sent, len);
            let (head, tail) = bytes.split_at(len / 3);
            let header = header(self.sent, len);
            // Most as most messages go; some in two parts, as those with refs.
            if len % 5 == 0 || !self.writer.push_short(&header, &bytes) {
                let place = self.writer.place(&self.lane, &self.pool, header.stride());
                if place.expect("room or not").is_none() {
                    break;
                }
                self.writer.push(&header, &[head, tail]);
            }
            self.queue.push_back((self.sent, len));
            self.sent += 1;
        }
        self.writer.publish(&self.lane, u64::from(self.sent), 0);
    }

    fn take(&mut self, messages: usize, bytes: usize) -> Take {
        let mut batch = Batch::default();
        let limits = TakeLimits { messages, bytes };
        let take =
            take(&self.lane, self.id, &self.pool, (stamp(2), &self.claim), limits, &mut batch, |_, _, _| {});
        assert!(batch.len() <= messages);
        while let Some(message) = batch.next() {
            let expected = self.queue.pop_front().expect("a message that was sent");
            assert_eq!((check(&message), message.payload.len()), expected);
            self.claim.hand_out();
            self.received += 1;
        }
        match take {
            Take::Taken | Take::Drained => {}
            Take::Empty => assert!(self.queue.is_empty()),
            other => panic!("{other:?}"),
        }
        assert_eq!(taken(&self.lane), self.received);
        take
    }

    fn end(mut self) {
        assert!(self.lane.advance(self.id, LaneCode::Open, LaneCode::Ended));
        while self.take(3, 300) != Take::Drained {}
        assert!(self.queue.is_empty());
        assert_eq!(self.pool.in_use(), 0, "every ring is given back");
        finish_drained(&self.lane, self.id);
        assert_eq!(self.lane.state().code, LaneCode::Free);
        assert_eq!(self.lane.state().generation, self.id.generation + 1);
    }
}

proptest! {
    #[test]
    fn a_lane_is_a_queue(ops in prop::collection::vec(op(), 0..200)) {
        let mut model = Model::new();
        for op in ops {
            match op {
                Op::Send(lengths) => model.send(&lengths),
                Op::Take { messages, bytes } => { model.take(messages, bytes); }
            }
        }
        model.end();
    }
}

#[test]
fn a_lane_shrinks_back_when_it_is_idle() {
    let mut model = Model::new();
    model.send(&[400, 400]);
    while !model.queue.is_empty() {
        model.take(10, 2_000);
    }
    for _ in 0..2_000 {
        model.send(&[8]);
        model.take(1, 100);
    }
    assert_eq!(model.writer.ring_bytes(), 128, "small messages, promptly read, need the smallest ring");
    model.end();
}

#[test]
fn a_record_larger_than_any_ring_is_an_error_and_not_a_wait() {
    let mut model = Model::new();
    let error = model.writer.place(&model.lane, &model.pool, header(0, 600).stride()).unwrap_err();
    assert_eq!(error.code(), "ERR_KLAW_TABLE_FULL");
    model.end();
}

/// Bytes that no writer wrote end in `Corrupt`, never in a panic or an endless loop.
#[test]
fn noise_in_a_lane_is_corrupt_or_harmless() {
    for seed in 1..2_000_u64 {
        let mut model = Model::new();
        model.send(&[40, 8, 20]);
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let word = [
            &model.lane.sent.tail,
            &model.lane.taken.head,
            &model.lane.taken.head_ring,
            &crate::ring::RingPool::entry(&model.pool, 0).unwrap().base,
        ][usize::try_from(seed % 4).unwrap()];
        word.store(noise() >> (noise() % 64), klaw_shm::sync::Ordering::Relaxed);
        for at in 0..6 {
            let bytes = crate::ring::RingPool::bytes(&model.pool, 0).unwrap();
            // SAFETY: one thread.
            unsafe { bytes.write((usize::try_from(seed).unwrap() + at * 8) % 120, &noise().to_le_bytes()) };
        }
        for _ in 0..8 {
            let mut batch = Batch::default();
            let limits = TakeLimits { messages: 2, bytes: 100 };
            let _any = take(
                &model.lane,
                model.id,
                &model.pool,
                (stamp(2), &model.claim),
                limits,
                &mut batch,
                |_, _, _| {},
            );
        }
    }
}
