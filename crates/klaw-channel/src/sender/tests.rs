//! What `publish` does and leaves to `flush`. Who sleeps is played by an event loop's port: its FIFO says whether it was rung.

use klaw_shm::{Port, PortKind};
use klaw_testkit::Scratch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;
use crate::audit::{Auditor, Finding};
use crate::node::ChannelOptions;
use crate::receiver::Receiver;

const CAPACITY: u32 = 100;

fn channel() -> (Scratch, Sender, Receiver) {
    let scratch = Scratch::new().expect("a scratch directory");
    let node = Node::create(scratch.path()).expect("a session");
    let (tx, rx) = node
        .channel(ChannelOptions { capacity: CAPACITY, max_bytes: 1 << 20, ..ChannelOptions::default() })
        .expect("a channel");
    (scratch, tx, rx)
}

/// A port that is about to sleep.
fn sleeper(tx: &Sender) -> Port {
    let port = tx.node.member().open_port(PortKind::EventLoop).expect("a port");
    port.arm();
    port
}

fn is_rung(port: &Port) -> bool {
    let fd = port.fd().expect("an event loop's port");
    poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&Timespec::default())) == Ok(1)
}

/// Sends until the channel is full.
fn fill(tx: &mut Sender) -> u32 {
    (0..=CAPACITY).find(|n| tx.try_send(*n, b"x").is_err()).expect("a bounded channel")
}

#[test]
fn what_is_published_is_visible_and_what_is_pushed_is_not() {
    let (_scratch, mut tx, mut rx) = channel();
    for n in 0..3 {
        tx.push(n, b"x").unwrap();
        assert!(rx.try_recv().unwrap().is_none());
        tx.publish();
        assert_eq!(rx.try_recv().unwrap().map(|message| message.tag), Some(n));
    }
    tx.publish();
    assert!(rx.try_recv().unwrap().is_none());
}

#[test]
fn a_publish_rings_a_receiver_that_sleeps_once() {
    let (_scratch, mut tx, rx) = channel();
    let port = sleeper(&tx);
    rx.sleep_at(port.index());
    tx.push(0, b"x").unwrap();
    assert!(!is_rung(&port));
    tx.publish();
    assert!(is_rung(&port));
    port.disarm();
    tx.push(1, b"x").unwrap();
    tx.publish();
    assert!(!is_rung(&port), "it is awake");
}

/// A receiver that arms between a publish and the end of the turn: only the fenced look can be relied on to see it.
#[test]
fn a_flush_looks_again_for_what_was_published() {
    let (_scratch, mut tx, rx) = channel();
    tx.push(0, b"x").unwrap();
    tx.publish();
    let port = sleeper(&tx);
    rx.sleep_at(port.index());
    tx.flush();
    assert!(is_rung(&port));
    port.disarm();
    port.arm();
    tx.flush();
    assert!(!is_rung(&port), "nothing was published since");
}

#[test]
fn a_turn_holds_a_share_of_the_credits_and_a_flush_gives_it_back() {
    let (_scratch, mut tx, _rx) = channel();
    let mut other = tx.try_clone().unwrap();
    other.try_send(0, b"x").unwrap();
    for n in 0..4 {
        tx.push(n, b"x").unwrap();
        tx.publish();
    }
    let early = fill(&mut other);
    assert!((CAPACITY / 2..CAPACITY - 5).contains(&early), "{early}: a share is held, and no more");
    tx.flush();
    assert_eq!(early + fill(&mut other), CAPACITY - 5);
}

/// However many leases a turn takes, what it holds at its end is one share.
#[test]
fn leases_of_a_turn_do_not_add_up() {
    let (_scratch, mut tx, _rx) = channel();
    // One lease of bytes after the other, each with messages.
    for n in 0..40 {
        tx.push(n, &[1; 16 << 10]).unwrap();
        tx.publish();
    }
    let held = tx.lane.as_ref().unwrap().credit();
    assert!(held.messages <= CAPACITY / 2, "{held:?}");
}

#[test]
fn a_flush_rings_a_sender_that_waits_for_what_was_held() {
    let (_scratch, mut tx, _rx) = channel();
    let mut other = tx.try_clone().unwrap();
    tx.push(0, b"x").unwrap();
    tx.publish();
    fill(&mut other);
    let port = sleeper(&other);
    let waiting = other.say_waiting(port.index());
    tx.publish();
    assert!(!is_rung(&port), "nothing came back");
    tx.flush();
    assert!(is_rung(&port));
    drop(waiting);
    other.try_send(1, b"x").unwrap();
}

#[test]
fn a_single_message_leases_what_it_needs() {
    let (_scratch, mut tx, _rx) = channel();
    let open = |tx: &Sender| tx.lane.as_ref().unwrap().credit();
    tx.push_looking(0, b"x", &[], 1).unwrap();
    assert_eq!(open(&tx), Amount::default());
    tx.push_looking(0, b"x", &[], 5).unwrap();
    assert_eq!(open(&tx), Amount { messages: 4, units: 4 });
}

#[test]
fn a_push_sees_that_the_receivers_are_gone() {
    let (_scratch, mut tx, rx) = channel();
    tx.push(0, b"x").unwrap();
    drop(rx);
    assert_eq!(tx.push(1, b"x").unwrap_err().code(), "ERR_KLAW_CHANNEL_CLOSED");
    tx.flush();
}

/// Words that no build of this version leaves in a call lane, one after the other.
#[test]
fn the_auditor_knows_call_lanes() {
    let scratch = Scratch::new().expect("a scratch directory");
    let node = Node::create(scratch.path()).expect("a session");
    let options = ChannelOptions { calls: true, ..ChannelOptions::default() };
    let (mut tx, _rx) = node.channel(options).expect("a channel");
    let (other, _other_rx) = node.channel(ChannelOptions::default()).expect("a channel");
    tx.send_call(0, b"x", &[Share::Sender(&other)], None).expect("room");
    let auditor = Auditor::new(node.session()).expect("an auditor");
    let open = tx.lane.as_mut().expect("it has sent");
    let lane = node.tables().known_lane(open.id);
    let why = || match &auditor.audit(true)[..] {
        [] => None,
        [Finding::WrongClaim(_, why)] => Some(*why),
        more => panic!("{more:?}"),
    };
    let good = lane.claimed.load(Ordering::Relaxed);
    assert_eq!(why(), None);
    let tail = lane.sent.tail.load(Ordering::Relaxed);
    lane.claimed.store((tail + 16) << 1, Ordering::Relaxed);
    assert_eq!(why(), Some("claimed more than was sent"));
    lane.claimed.store(good, Ordering::Relaxed);
    // Not as `Sender::revoke`, which drops what the message refers to.
    let start = lane.taken.head.load(Ordering::Relaxed);
    let refs = open.writer.revoke(lane, &[start]).remove(0).expect("nobody has claimed it");
    assert_eq!(why(), Some("a tombstone keeps an end in transit"));
    node.tables().drop_refs(node.me(), refs, open.id, start);
    assert_eq!(why(), None);
    assert!(lane.advance(open.id, LaneCode::Open, LaneCode::Ended));
    lane.claimed.store(good | 1, Ordering::Relaxed);
    assert_eq!(why(), Some("frozen by a sender that is gone"));
}
