//! A sleeper is never left asleep over a published record.

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use super::{finds, holds};
use crate::bell;
use crate::crash::Mutant;
use crate::sync::{AtomicU64, Ordering};

/// What wakes: a count that a sleeper waits to see changed, as a futex or a FIFO does it. loom reports a sleeper that
/// nobody wakes as a deadlock.
#[derive(Default)]
struct Waker {
    rings: Mutex<u32>,
    changed: Condvar,
}

impl Waker {
    fn ring(&self) -> bool {
        *self.rings.lock().unwrap() += 1;
        self.changed.notify_one();
        true
    }

    fn rings(&self) -> u32 {
        *self.rings.lock().unwrap()
    }

    fn sleep(&self, seen: u32) {
        let mut rings = self.rings.lock().unwrap();
        while *rings == seen {
            rings = self.changed.wait(rings).unwrap();
        }
    }
}

#[derive(Default)]
struct Shared {
    word: AtomicU64,
    published: [AtomicU64; 2],
    waker: Waker,
}

fn consume(shared: &Shared, wanted: u64) {
    let seen = || shared.published.iter().map(|p| p.load(Ordering::Acquire)).sum::<u64>();
    loop {
        bell::running(&shared.word);
        let rings = shared.waker.rings();
        if seen() == wanted {
            return;
        }
        bell::arm(&shared.word);
        if seen() == wanted {
            return;
        }
        // Records may still come one by one: every wake is for at least one of them, or for nothing.
        shared.waker.sleep(rings);
    }
}

fn produce(shared: &Shared, lane: usize, records: u64) {
    for n in 1..=records {
        shared.published[lane].store(n, Ordering::Release);
        bell::look(&shared.word, &|| shared.waker.ring());
    }
    bell::look_fenced(&shared.word, &|| shared.waker.ring());
}

fn model(records: [u64; 2]) {
    let shared = Arc::new(Shared::default());
    let threads: Vec<_> = (0..2)
        .filter(|&lane| records[lane] > 0)
        .map(|lane| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || produce(&shared, lane, records[lane]))
        })
        .collect();
    consume(&shared, records.iter().sum());
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn one_ringer_two_records() {
    holds(|| model([2, 0]));
}

#[test]
fn two_ringers() {
    holds(|| model([1, 1]));
}

#[test]
fn a_look_without_its_fence_is_found() {
    finds(Mutant::LookWithoutFence, || model([1, 0]));
}

/// The byte before the mark: a ringer that stops for ever between the two silences nobody.
#[test]
fn a_stopped_ringer_silences_nobody() {
    holds(|| {
        let shared = Arc::new(Shared::default());
        bell::running(&shared.word);
        let stopped = {
            let shared = Arc::clone(&shared);
            // It writes its byte when it sees ARMED, and never gets to its mark.
            thread::spawn(move || {
                if bell::is_armed(&shared.word) {
                    shared.waker.ring();
                }
            })
        };
        let ringer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || produce(&shared, 0, 1))
        };
        consume(&shared, 1);
        stopped.join().unwrap();
        ringer.join().unwrap();
    });
}
