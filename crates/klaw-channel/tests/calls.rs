//! Channels made for calls: what was sent and not claimed can be taken back.

#![cfg(not(loom))]

use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::audit::Auditor;
use klaw_channel::{Arrived, ChannelError, ChannelOptions, Node, Receiver, Sender, Share, Ticket};
use klaw_testkit::Scratch;

struct Inbox {
    tx: Sender,
    rx: Receiver,
    node: Arc<Node>,
    _scratch: Scratch,
}

fn inbox(capacity: u32) -> Inbox {
    let scratch = Scratch::new().expect("a scratch directory");
    let node = Node::create(scratch.path()).expect("a session");
    let options = ChannelOptions { capacity, max_bytes: 1 << 20, calls: true, ..ChannelOptions::default() };
    let (tx, rx) = node.channel(options).expect("a channel");
    Inbox { tx, rx, node, _scratch: scratch }
}

/// Against hangs.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

impl Inbox {
    fn send(&mut self, tags: std::ops::Range<u32>) -> Vec<Ticket> {
        let send = |n| self.tx.send_call(n, &vec![1; 100 * n as usize], &[], Some(soon()));
        tags.map(send).collect::<Result<_, _>>().expect("room")
    }

    fn receive(&mut self, max: usize) -> Vec<u32> {
        let mut got = Vec::new();
        if self.rx.fetch(max).expect("open") {
            self.rx.recv_many(max, Some(soon()), |message| got.push(message.tag)).expect("open");
        }
        got
    }

    fn audit(&self) -> klaw_channel::audit::Totals {
        let auditor = Auditor::new(self.node.session()).expect("an auditor");
        assert_eq!(auditor.audit(true), []);
        auditor.totals()
    }
}

#[test]
fn what_is_revoked_never_arrives() {
    let mut inbox = inbox(100);
    let tickets = inbox.send(0..20);
    assert!(inbox.tx.revoke(tickets[0]));
    assert_eq!(inbox.tx.revoke_all(&[tickets[7], tickets[8], tickets[19]]), [true; 3]);
    inbox.audit();
    let expected: Vec<_> = (0..20).filter(|n| ![0, 7, 8, 19].contains(n)).collect();
    assert_eq!(inbox.receive(100), expected);
    let totals = inbox.audit();
    assert_eq!((totals.taken, totals.handed, totals.lost, totals.revoked), (20, 16, 0, 4));
}

#[test]
fn it_is_too_late_for_what_is_claimed() {
    let mut inbox = inbox(100);
    let tickets = inbox.send(0..6);
    // Claims three of them, and hands out none.
    assert!(inbox.rx.fetch(3).unwrap());
    assert_eq!(inbox.tx.revoke_all(&tickets), [false, false, false, true, true, true]);
    assert_eq!(inbox.receive(100), [0, 1, 2]);
    assert_eq!(inbox.tx.revoke_all(&tickets), [false; 6]);
    assert_eq!(inbox.receive(100), []);
}

#[test]
fn a_receiver_claims_no_more_than_it_asks_for() {
    let mut inbox = inbox(1_000);
    let tickets = inbox.send(0..40);
    let mut at = 0;
    for max in [1, 2, 5, 1, 7] {
        let asked = inbox.receive(max);
        at += asked.len();
        assert_eq!(asked.len(), max);
        assert!(inbox.tx.revoke(tickets[at]), "{at} is not claimed");
        at += 1;
    }
}

#[test]
fn a_message_is_taken_back_once() {
    let mut inbox = inbox(10);
    let tickets = inbox.send(0..2);
    assert_eq!(inbox.tx.revoke_all(&[tickets[1], tickets[1]]), [true, false]);
    assert!(!inbox.tx.revoke(tickets[1]));
    assert_eq!(inbox.receive(10), [0]);
    assert!(!inbox.tx.revoke(tickets[1]), "passed");
}

#[test]
fn what_is_pushed_and_not_published_can_be_revoked() {
    let mut inbox = inbox(100);
    let mut tickets = Vec::new();
    for n in 0..6 {
        tickets.push(inbox.tx.push_call(n, b"x", &[]).unwrap());
        if n == 2 {
            inbox.tx.publish();
        }
    }
    assert_eq!(inbox.tx.revoke_all(&[tickets[1], tickets[4]]), [true; 2]);
    assert!(inbox.tx.revoke(tickets[5]));
    assert_eq!(inbox.receive(100), [0, 2], "3 is not published");
    inbox.tx.flush();
    assert_eq!(inbox.receive(100), [3]);
    assert_eq!(inbox.audit().revoked, 3);
}

#[test]
fn revoking_gives_capacity_back_when_the_receiver_comes_by() {
    let mut inbox = inbox(4);
    let tickets = inbox.send(0..4);
    assert_eq!(inbox.tx.revoke_all(&tickets), [true; 4]);
    assert!(matches!(inbox.tx.push_call(9, b"x", &[]), Err(ChannelError::Full { .. })));
    assert_eq!(inbox.receive(1), []);
    inbox.send(4..8);
    assert_eq!(inbox.receive(10), [4, 5, 6, 7]);
    inbox.audit();
}

/// The receiver sleeps, and a sender waits for room; a revoke sets both going.
#[test]
fn a_revoke_wakes_the_receiver_and_that_a_waiting_sender() {
    let mut inbox = inbox(3);
    let (mut tx, mut rx) = (inbox.tx.try_clone().unwrap(), inbox.rx);
    let tickets: Vec<_> =
        (0..3).map(|n| inbox.tx.send_call(n, b"x", &[], Some(soon())).expect("room")).collect();
    let sender = std::thread::spawn(move || tx.send_call(7, b"y", &[], Some(soon())).map(drop));
    assert_eq!(inbox.tx.revoke_all(&tickets), [true; 3]);
    let got = rx.recv(Some(soon())).map(|message| message.tag).expect("the other sender's");
    assert_eq!(got, 7);
    sender.join().expect("no panic").expect("room");
}

#[test]
fn ends_in_what_is_revoked_are_closed() {
    let mut inbox = inbox(10);
    let (other, mut other_rx) = inbox.node.channel(ChannelOptions::default()).unwrap();
    let mut tickets = Vec::new();
    for n in 0..3 {
        let ends = [Share::Sender(&other), Share::Sender(&other)];
        tickets.push(inbox.tx.send_call(n, b"ends", &ends, Some(soon())).unwrap());
    }
    drop(other);
    assert_eq!(inbox.tx.revoke_all(&[tickets[0], tickets[2]]), [true; 2]);
    inbox.audit();
    assert!(other_rx.try_recv().unwrap().is_none(), "message 1 keeps it open");
    assert_eq!(inbox.rx.recv(Some(soon())).unwrap().tag, 1);
    let ends = inbox.rx.take_ends();
    assert!(matches!(ends[..], [Arrived::Sender(_), Arrived::Sender(_)]), "{ends:?}");
    drop(ends);
    assert!(matches!(other_rx.try_recv(), Err(ChannelError::Closed { .. })));
    assert!(inbox.rx.try_recv().unwrap().is_none());
    inbox.audit();
}

#[test]
fn a_ticket_is_good_for_its_sender_alone() {
    let mut inbox = inbox(10);
    let mut other = inbox.tx.try_clone().unwrap();
    let tickets = inbox.send(0..1);
    assert!(!other.revoke(tickets[0]), "it has sent nothing");
    other.send_call(1, b"x", &[], None).unwrap();
    assert!(!other.revoke(tickets[0]));
    assert_eq!(inbox.receive(10).len(), 2);
}

#[test]
fn an_ordinary_channel_gives_no_tickets() {
    let inbox = inbox(1);
    let (mut tx, _rx) = inbox.node.channel(ChannelOptions::default()).unwrap();
    assert_eq!(tx.push_call(0, b"x", &[]).unwrap_err().code(), "ERR_KLAW_INVALID_OPTION");
    assert_eq!(tx.send_call(0, b"x", &[], None).unwrap_err().code(), "ERR_KLAW_INVALID_OPTION");
}

#[test]
fn nothing_can_be_revoked_once_the_receiver_is_gone() {
    let mut inbox = inbox(10);
    let tickets = inbox.send(0..4);
    assert!(inbox.tx.revoke(tickets[1]));
    let Inbox { mut tx, rx, node, _scratch } = inbox;
    drop(rx);
    assert_eq!(tx.revoke_all(&tickets), [false; 4]);
    assert!(matches!(tx.push_call(9, b"x", &[]), Err(ChannelError::Closed { .. })));
    drop(tx);
    assert_eq!(Auditor::new(node.session()).unwrap().audit(true), []);
}
