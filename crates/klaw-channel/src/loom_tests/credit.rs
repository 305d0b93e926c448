//! Credits of two senders: never more than the capacity, and nobody sleeps over room that is there.

use klaw_shm::sync::{AtomicU64, Ordering, fence};
use loom::sync::Arc;
use loom::thread;

use super::{finds, holds};
use crate::channel::credit::{Account, Amount, Lease, Want, give_back, help};
use crate::crash::ChannelMutant;
use crate::lane::{LaneCode, LaneEntry, LaneId, LaneState};
use crate::testing::stamp;

const LANES: [LaneId; 2] = [LaneId { index: 0, generation: 0 }, LaneId { index: 1, generation: 0 }];

struct Shared {
    grant: AtomicU64,
    lanes: [LaneEntry; 2],
    capacity: Amount,
    /// How often the receiver rang who waits.
    rings: AtomicU64,
}

impl Shared {
    fn new(messages: u32) -> Arc<Self> {
        let shared = Self {
            grant: AtomicU64::new(0),
            lanes: Default::default(),
            capacity: Amount { messages, units: messages },
            rings: AtomicU64::new(0),
        };
        for (slot, lane) in (0..).zip(&shared.lanes) {
            let free = lane.state();
            assert!(lane.change(free, LaneState { code: LaneCode::Open, sender: Some(stamp(slot)), ..free }));
        }
        Arc::new(shared)
    }

    fn account(&self) -> Account<'_> {
        Account { grant: &self.grant, capacity: self.capacity, lanes: &self.lanes, members: &LANES }
    }

    /// One message's worth for lane `me`, as a sender gets it. False when the channel is full.
    fn lease(&self, me: usize) -> bool {
        self.lease_many(me, 1)
    }

    /// Credits for `messages`: as one lease that is used bit by bit.
    fn lease_many(&self, me: usize, messages: u32) -> bool {
        let need = Amount { messages, units: messages };
        let want = Want { need, expected: need, held: Amount::default() };
        loop {
            let quiet = help(&self.grant, &self.lanes);
            match self.account().lease(quiet, LANES[me], want) {
                Lease::Granted(_) => return true,
                Lease::Full => return false,
                Lease::Again => {}
            }
        }
    }

    /// What is leased and not taken: the truth once nobody moves any more, and never above the capacity before.
    fn assert_within_capacity(&self) {
        let used = self.account().used();
        assert!(used.messages <= self.capacity.messages, "{used:?} of {:?}", self.capacity);
        assert!(used.units <= self.capacity.units, "{used:?} of {:?}", self.capacity);
    }
}

/// Two senders lease at once from a capacity of one: exactly one gets it.
fn two_lease_one() {
    let shared = Shared::new(1);
    let other = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.lease(1))
    };
    let mine = shared.lease(0);
    let theirs = other.join().unwrap();
    assert!(mine ^ theirs, "one of two gets the one credit");
    shared.assert_within_capacity();
}

#[test]
fn one_credit_goes_to_one_of_two_senders() {
    holds(two_lease_one);
}

/// A lease, a return and a lease again, beside a helper that may be late with any of its steps.
fn lease_return_and_late_helper() {
    let shared = Shared::new(1);
    let helper = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            help(&shared.grant, &shared.lanes);
        })
    };
    assert!(shared.lease(0));
    give_back(&shared.lanes[0], 0, 0);
    assert!(shared.lease(0));
    helper.join().unwrap();
    assert_eq!(shared.account().used(), Amount { messages: 1, units: 1 }, "granted once each time");
}

#[test]
fn a_late_helper_grants_nothing_twice() {
    holds(lease_return_and_late_helper);
}

#[test]
fn a_grant_without_its_tag_is_found() {
    finds(ChannelMutant::GrantWithoutTag, lease_return_and_late_helper);
}

#[test]
fn a_helper_without_a_second_look_is_found() {
    finds(ChannelMutant::GrantWithoutSecondLook, lease_return_and_late_helper);
}

/// A sender that finds the channel full goes to sleep while a receiver makes room: it has got a credit or a ring by then.
fn waiting_sender_and_receiver() {
    let shared = Shared::new(1);
    assert!(shared.lease(0));
    let receiver = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            // It takes the one message of lane 0, then looks who waits.
            shared.lanes[0].taken.messages.store(1, Ordering::Release);
            shared.lanes[0].taken.units.store(1, Ordering::Release);
            fence(Ordering::SeqCst);
            if shared.account().waiting_ports().next().is_some() {
                shared.rings.store(1, Ordering::Relaxed);
            }
        })
    };
    let waiting = &shared.lanes[1].identity.waiting;
    shared.lanes[1].identity.port.store(1, Ordering::Relaxed);
    let mut leased = shared.lease(1);
    if !leased {
        waiting.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        leased = !klaw_shm::crash::mutant(ChannelMutant::SleepWithoutSecondTry) && shared.lease(1);
    }
    receiver.join().unwrap();
    assert!(leased || shared.rings.load(Ordering::Relaxed) > 0, "asleep over a free credit");
}

#[test]
fn a_waiting_sender_is_woken() {
    holds(waiting_sender_and_receiver);
}

#[test]
fn a_sleep_without_a_second_try_is_found() {
    finds(ChannelMutant::SleepWithoutSecondTry, waiting_sender_and_receiver);
}

/// A sender has published one message and holds the credit of another. It flushes while a second sender finds the channel full and
/// goes to sleep: that one has got the credit or a ring by then.
fn waiting_sender_and_flush() {
    let shared = Shared::new(2);
    assert!(shared.lease_many(0, 2));
    let holder = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            // As `Sender::flush`: give back, one fence, then look who waits.
            if give_back(&shared.lanes[0], 1, 1) {
                fence(Ordering::SeqCst);
                if shared.account().waiting_ports().next().is_some() {
                    shared.rings.store(1, Ordering::Relaxed);
                }
            }
        })
    };
    let mut leased = shared.lease(1);
    if !leased {
        shared.lanes[1].identity.port.store(1, Ordering::Relaxed);
        shared.lanes[1].identity.waiting.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        leased = !klaw_shm::crash::mutant(ChannelMutant::SleepWithoutSecondTry) && shared.lease(1);
    }
    holder.join().unwrap();
    shared.assert_within_capacity();
    assert!(leased || shared.rings.load(Ordering::Relaxed) > 0, "asleep over credits that came back");
}

#[test]
fn credits_that_were_held_wake_who_waits() {
    holds(waiting_sender_and_flush);
}

#[test]
fn a_sleep_over_held_credits_is_found() {
    finds(ChannelMutant::SleepWithoutSecondTry, waiting_sender_and_flush);
}
