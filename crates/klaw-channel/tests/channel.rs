//! Channels as a Rust program uses them, within one process and between threads.

#![cfg(not(loom))]

use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::{Arrived, ChannelError, ChannelOptions, Node, Share};
use klaw_testkit::Scratch;

fn node() -> (Scratch, Arc<Node>) {
    let scratch = Scratch::new().expect("a scratch directory");
    let node = Node::create(scratch.path()).expect("a session");
    (scratch, node)
}

fn options(capacity: u32, max_bytes: u64) -> ChannelOptions {
    ChannelOptions { capacity, max_bytes, ..ChannelOptions::default() }
}

/// Against hangs.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn a_message_arrives_with_its_tag() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(ChannelOptions::default()).unwrap();
    assert!(rx.try_recv().unwrap().is_none());
    tx.try_send(7, b"hello").unwrap();
    let message = rx.try_recv().unwrap().unwrap();
    assert_eq!((message.tag, message.payload), (7, &b"hello"[..]));
    assert!(rx.try_recv().unwrap().is_none());
}

#[test]
fn capacity_is_exact_in_messages() {
    let (_scratch, node) = node();
    for capacity in [1, 2, 3, 8, 100] {
        let (mut tx, mut rx) = node.channel(options(capacity, 1 << 20)).unwrap();
        let mut other = tx.try_clone().unwrap();
        for n in 0..capacity {
            let sender = if n % 2 == 0 { &mut tx } else { &mut other };
            sender.try_send(n, b"x").unwrap();
        }
        for sender in [&mut tx, &mut other] {
            let error = sender.try_send(0, b"x").unwrap_err();
            assert_eq!(error.code(), "ERR_KLAW_CHANNEL_FULL", "capacity {capacity}");
        }
        let mut got = 0;
        while rx.try_recv().unwrap().is_some() {
            got += 1;
        }
        assert_eq!(got, capacity);
        tx.try_send(0, b"x").unwrap();
    }
}

#[test]
fn capacity_is_exact_in_bytes() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(1_000, 160)).unwrap();
    tx.try_send(0, &[1; 96]).unwrap();
    assert!(matches!(tx.try_send(0, &[1; 65]), Err(ChannelError::Full { max_bytes: 160, .. })));
    tx.try_send(0, &[1; 64]).unwrap();
    assert!(tx.try_send(0, &[]).is_err(), "an empty message counts as sixteen bytes");
    assert!(rx.try_recv().unwrap().is_some());
    assert!(matches!(tx.try_send(0, &[1; 161]), Err(ChannelError::ValueTooLarge { limit_bytes: 160, .. })));
}

#[test]
fn receivers_drain_before_they_see_the_end() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(ChannelOptions::default()).unwrap();
    let other = tx.try_clone().unwrap();
    tx.try_send(1, b"a").unwrap();
    drop(tx);
    assert_eq!(rx.try_recv().unwrap().unwrap().tag, 1);
    assert!(rx.try_recv().unwrap().is_none(), "a sender is left");
    drop(other);
    assert!(matches!(rx.try_recv(), Err(ChannelError::Closed { gone: "sender" })));
    assert!(rx.try_clone().is_ok(), "a closed sending side leaves the receiving side open");
}

#[test]
fn senders_see_that_the_last_receiver_is_gone() {
    let (_scratch, node) = node();
    let (mut tx, rx) = node.channel(ChannelOptions::default()).unwrap();
    let rx2 = rx.try_clone().unwrap();
    drop(rx);
    tx.try_send(0, b"still").unwrap();
    drop(rx2);
    assert!(matches!(tx.try_send(0, b"gone"), Err(ChannelError::Closed { gone: "receiver" })));
    assert!(matches!(node.open_receiver(tx.id()), Err(ChannelError::Closed { .. })));
}

#[test]
fn a_channel_that_everybody_left_is_gone() {
    let (_scratch, node) = node();
    let mut ids = Vec::new();
    for _ in 0..50 {
        let (mut tx, rx) = node.channel(ChannelOptions::default()).unwrap();
        tx.try_send(0, &[9; 10_000]).unwrap();
        ids.push(tx.id());
        drop(rx);
        drop(tx);
    }
    for id in ids {
        assert!(matches!(node.open_sender(id), Err(ChannelError::NotFound)));
    }
}

#[test]
fn large_and_small_messages_mix() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(100, 64 << 20)).unwrap();
    let sizes = [0, 1, 15, 16, 17, 5_000, 100_000, 3, 2_000_000, 64, 16 << 20, 8];
    for (n, &size) in (0..).zip(&sizes) {
        tx.send(n, &vec![u8::try_from(n).unwrap(); size], Some(soon())).unwrap();
    }
    for (n, &size) in (0..).zip(&sizes) {
        let message = rx.recv(Some(soon())).unwrap();
        assert_eq!((message.tag, message.payload.len()), (n, size));
        assert!(message.payload.iter().all(|&b| u32::from(b) == n));
    }
}

#[test]
fn a_full_channel_blocks_until_there_is_room() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(4, 1 << 20)).unwrap();
    let sender = std::thread::spawn(move || {
        for n in 0..10_000 {
            tx.send(n, b"0123456789", Some(soon())).unwrap();
        }
    });
    for n in 0..10_000 {
        assert_eq!(rx.recv(Some(soon())).unwrap().tag, n);
    }
    sender.join().unwrap();
    assert!(matches!(rx.recv(Some(soon())), Err(ChannelError::Closed { .. })));
}

#[test]
fn deadlines_are_kept() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(1, 1 << 20)).unwrap();
    let now = || Some(Instant::now() + Duration::from_millis(5));
    assert!(matches!(rx.recv(now()), Err(ChannelError::Timeout { what: "message" })));
    tx.send(0, b"x", now()).unwrap();
    assert!(matches!(tx.send(1, b"x", now()), Err(ChannelError::Timeout { what: "room" })));
    assert_eq!(rx.recv(now()).unwrap().tag, 0);
    assert!(rx.try_recv().unwrap().is_none(), "a send that timed out has sent nothing");
}

#[test]
fn many_senders_and_receivers_lose_and_double_nothing() {
    const SENDERS: u32 = 4;
    const RECEIVERS: u32 = 3;
    const EACH: u32 = 20_000;
    let (_scratch, node) = node();
    let (tx, rx) = node.channel(options(64, 1 << 16)).unwrap();
    let senders: Vec<_> = (0..SENDERS)
        .map(|s| {
            let mut tx = tx.try_clone().unwrap();
            std::thread::spawn(move || {
                for n in 0..EACH {
                    tx.send(s, &n.to_le_bytes(), Some(soon())).unwrap();
                }
            })
        })
        .collect();
    let receivers: Vec<_> = (0..RECEIVERS)
        .map(|_| {
            let mut rx = rx.try_clone().unwrap();
            std::thread::spawn(move || {
                let mut got = vec![Vec::new(); SENDERS as usize];
                loop {
                    match rx.recv(Some(soon())) {
                        Ok(m) => got[m.tag as usize].push(u32::from_le_bytes(m.payload.try_into().unwrap())),
                        Err(ChannelError::Closed { .. }) => return got,
                        Err(e) => panic!("{e}"),
                    }
                }
            })
        })
        .collect();
    drop((tx, rx));
    for sender in senders {
        sender.join().unwrap();
    }
    let mut all = vec![Vec::new(); SENDERS as usize];
    for receiver in receivers {
        for (s, got) in receiver.join().unwrap().into_iter().enumerate() {
            assert!(got.is_sorted(), "each receiver gets one sender's messages in their order");
            all[s].extend(got);
        }
    }
    for mut got in all {
        got.sort_unstable();
        assert_eq!(got, (0..EACH).collect::<Vec<_>>());
    }
}

#[test]
fn options_are_checked() {
    let (_scratch, node) = node();
    for bad in
        [options(0, 1024), options(1, 0), options(1, 15), options(u32::MAX, 1024), options(1, u64::MAX)]
    {
        assert_eq!(node.channel(bad).unwrap_err().code(), "ERR_KLAW_INVALID_OPTION", "{bad:?}");
    }
}

#[test]
fn hundreds_of_ends_of_one_channel() {
    let (_scratch, node) = node();
    let (tx, mut rx) = node.channel(options(1_000, 1 << 20)).unwrap();
    let mut senders: Vec<_> = (0..300).map(|_| tx.try_clone().unwrap()).collect();
    let receivers: Vec<_> = (0..100).map(|_| rx.try_clone().unwrap()).collect();
    for (n, sender) in (0..).zip(&mut senders) {
        sender.try_send(n, b"x").unwrap();
    }
    drop((tx, senders, receivers));
    let mut got = Vec::new();
    while let Ok(message) = rx.recv(Some(soon())) {
        got.push(message.tag);
    }
    got.sort_unstable();
    assert_eq!(got, (0..300).collect::<Vec<_>>());
}

#[test]
fn ends_travel_in_messages() {
    let (_scratch, node) = node();
    let (mut mail, mut inbox) = node.channel(ChannelOptions::default()).unwrap();
    let (tx, mut rx) = node.channel(ChannelOptions::default()).unwrap();
    mail.send_with(1, b"answer here", &[Share::Sender(&tx)], None).unwrap();
    // Moved: the origin goes, the channel stays open for the one in the message.
    drop(tx);
    assert!(rx.try_recv().unwrap().is_none(), "a sender is on its way");
    assert_eq!(inbox.recv(Some(soon())).unwrap().payload, b"answer here");
    let mut ends = inbox.take_ends();
    let Some(Arrived::Sender(mut answer)) = ends.pop() else { panic!("no sender arrived") };
    assert!(ends.is_empty() && inbox.take_ends().is_empty(), "ends are taken once");
    answer.try_send(2, b"done").unwrap();
    drop(answer);
    assert_eq!(rx.recv(Some(soon())).unwrap().tag, 2);
    assert!(matches!(rx.recv(Some(soon())), Err(ChannelError::Closed { gone: "sender" })));
}

#[test]
fn a_receiver_travels_and_gets_what_was_sent_before() {
    let (_scratch, node) = node();
    let (mut mail, mut inbox) = node.channel(ChannelOptions::default()).unwrap();
    let (mut tx, rx) = node.channel(ChannelOptions::default()).unwrap();
    tx.try_send(5, b"early").unwrap();
    mail.send_with(0, b"", &[Share::Receiver(&rx)], None).unwrap();
    drop(rx);
    tx.try_send(6, b"late").unwrap();
    inbox.recv(Some(soon())).unwrap();
    let Some(Arrived::Receiver(mut rx)) = inbox.take_ends().pop() else { panic!("no receiver arrived") };
    assert_eq!([rx.recv(Some(soon())).unwrap().tag, rx.recv(Some(soon())).unwrap().tag], [5, 6]);
}

#[test]
fn an_end_that_nobody_takes_or_reads_is_closed() {
    let (_scratch, node) = node();
    let (mut mail, mut inbox) = node.channel(ChannelOptions::default()).unwrap();
    let (tx, mut rx) = node.channel(ChannelOptions::default()).unwrap();
    for tag in 0..2 {
        mail.send_with(tag, b"", &[Share::Sender(&tx), Share::Sender(&tx)], None).unwrap();
    }
    drop(tx);
    // The first message is read and its ends left lying, the second is never read.
    inbox.recv(Some(soon())).unwrap();
    assert!(rx.try_recv().unwrap().is_none(), "ends are in the batch");
    drop(inbox);
    assert!(matches!(rx.recv(Some(soon())), Err(ChannelError::Closed { gone: "sender" })));
}

/// A lane's entry goes from one channel to the next, with what the first has left in it.
#[test]
fn a_lane_that_another_channel_has_used_starts_anew() {
    let (_scratch, node) = node();
    let (mut first, mut kept) = node.channel(options(1, 16)).unwrap();
    first.try_send(0, b"x").unwrap();
    kept.recv(Some(soon())).unwrap();
    drop(first);
    let (mut tx, mut rx) = node.channel(options(1, 16)).unwrap();
    for n in 0..5 {
        tx.try_send(n, b"x").unwrap();
        assert!(tx.try_send(n, b"x").is_err(), "the capacity is one");
        assert_eq!(rx.recv(Some(soon())).unwrap().tag, n);
    }
}

/// What was sent is not lost because the receiver that could have had it goes.
#[test]
fn a_receiver_that_goes_takes_nothing_along() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(ChannelOptions::default()).unwrap();
    for n in 0..10 {
        tx.try_send(n, b"x").unwrap();
    }
    assert_eq!(rx.recv(Some(soon())).unwrap().tag, 0);
    let mut other = rx.try_clone().unwrap();
    drop(rx);
    for n in 1..10 {
        assert_eq!(other.recv(Some(soon())).unwrap().tag, n);
    }
}

#[test]
fn a_receiver_that_arrived_is_rung() {
    let (_scratch, node) = node();
    let (mut mail, mut inbox) = node.channel(ChannelOptions::default()).unwrap();
    let (mut tx, rx) = node.channel(ChannelOptions::default()).unwrap();
    mail.send_with(0, b"", &[Share::Receiver(&rx)], None).unwrap();
    drop(rx);
    // The sender knows the receivers as of now: one, on its way.
    tx.try_send(0, b"x").unwrap();
    inbox.recv(Some(soon())).unwrap();
    let Some(Arrived::Receiver(mut rx)) = inbox.take_ends().pop() else { panic!("no receiver arrived") };
    rx.recv(Some(soon())).unwrap();
    // Fifty rings that never came would be fifty seconds of the agent's looks, and past the deadline of the last.
    let deadline = soon();
    for n in 1..50 {
        let sender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(2));
            tx.try_send(n, b"x").unwrap();
            tx
        });
        assert_eq!(rx.recv(Some(deadline)).unwrap().tag, n);
        tx = sender.join().unwrap();
    }
}
