//! Closing: a side is closed when its last end is gone, and never while one is left.

use klaw_shm::sync::AtomicU64;
use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::channel::ends::{close_if_free, raise_version};
use crate::channel::layout::{EndCode, EndState, Side};
use crate::crash::ChannelMutant;
use crate::testing::stamp;

/// A side and three words for its ends.
#[derive(Default)]
struct Shared {
    side: AtomicU64,
    ends: [AtomicU64; 3],
}

impl Shared {
    fn open(&self, place: usize, slot: u32) -> Option<EndState> {
        let word = &self.ends[place];
        let end = EndState::load(word).change(word, EndCode::Open(stamp(slot)))?;
        if klaw_shm::crash::mutant(ChannelMutant::ShareWithoutVersion) || raise_version(&self.side) {
            return Some(end);
        }
        end.change(word, EndCode::Free);
        None
    }

    fn close(&self, place: usize, end: EndState) {
        end.change(&self.ends[place], EndCode::Free);
        self.try_close();
    }

    fn try_close(&self) -> bool {
        close_if_free(&self.side, || self.ends.iter().all(|word| EndState::load(word).code == EndCode::Free))
    }

    fn is_closed(&self) -> bool {
        Side::load(&self.side).closed
    }
}

/// An end is shared on, behind or before where a scan is, and its origin closed, while another thread looks whether all are gone.
fn share_while_somebody_looks(from: usize, to: usize) {
    let shared = Arc::new(Shared::default());
    let origin = shared.open(from, 0).unwrap();
    let looker = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.try_close())
    };
    let share = shared.open(to, 1);
    shared.close(from, origin);
    looker.join().unwrap();
    let share = share.expect("the origin was open all the time");
    assert!(!shared.is_closed(), "closed under a living end");
    shared.close(to, share);
    assert!(shared.is_closed(), "the last end is gone");
}

#[test]
fn a_shared_end_keeps_its_side_open() {
    holds(|| share_while_somebody_looks(0, 2));
    holds(|| share_while_somebody_looks(2, 0));
}

#[test]
fn a_share_without_its_version_is_found() {
    finds(ChannelMutant::ShareWithoutVersion, || share_while_somebody_looks(2, 0));
}

fn two_last_closers() {
    let shared = Arc::new(Shared::default());
    let (first, second) = (shared.open(0, 0).unwrap(), shared.open(1, 1).unwrap());
    let other = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.close(1, second))
    };
    shared.close(0, first);
    other.join().unwrap();
    assert!(shared.is_closed());
}

/// Two ends are closed at once: one of the two closers sees that none is left.
#[test]
fn two_last_closers_close_once() {
    holds(two_last_closers);
}

#[test]
fn a_close_without_its_fence_is_found() {
    finds(ChannelMutant::CloseWithoutFence, two_last_closers);
}

/// A newcomer by name races the last closer: either it is in, or it is told that the channel is closed.
#[test]
fn a_newcomer_is_in_or_told() {
    holds(|| {
        let shared = Arc::new(Shared::default());
        let last = shared.open(0, 0).unwrap();
        let newcomer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.open(1, 1).is_some())
        };
        shared.close(0, last);
        let is_in = newcomer.join().unwrap();
        // Its word is back by now, if it was told.
        shared.try_close();
        assert_eq!(shared.is_closed(), !is_in);
    });
}
