//! What the processes of a scenario do.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::{Arrived, ChannelError, ChannelId, ChannelOptions, Node, Sender, Share};
use klaw_shm::crash::{self, CrashPoint, Named};
use klaw_testkit::{eventually, say, wait_for_line};

use crate::{CAPACITY, COUNT, MESSAGES, PATIENCE, calls};

pub(crate) fn arm() {
    if let Ok(mutant) = std::env::var("KLAW_MUTANT") {
        crash::arm_mutant(&mutant);
    }
    if let Ok(point) = std::env::var("KLAW_CRASH") {
        if point == COUNT {
            return crash::count_passages();
        }
        let (name, hits) = point.split_once(':').expect("name:hits");
        crash::arm(name, hits.parse().expect("a count"));
    }
}

/// At the end of a role: what it passed, if it was asked to count.
pub(crate) fn report() {
    for (point, count) in crash::passages() {
        say(&format!("passed {point} {count}"));
    }
}

pub(crate) fn attached(path: &str) -> Arc<Node> {
    Node::attach(Path::new(path)).expect("attach")
}

pub(crate) fn channel_id(text: &str) -> ChannelId {
    ChannelId::from_bits(text.parse().expect("an id"))
}

pub(crate) fn options() -> ChannelOptions {
    ChannelOptions { capacity: CAPACITY, max_bytes: 64 << 10, ..ChannelOptions::default() }
}

/// Message `n`: sizes that grow, wrap, need a ring of their own, and shrink again.
pub(crate) fn payload(n: u32) -> Vec<u8> {
    let sizes = [8, 700, 40, 3_000, 16, 1_200, 9_000, 0];
    let byte = u8::try_from(n % 251).expect("below 251");
    vec![byte; sizes[n as usize % sizes.len()]]
}

pub(crate) fn check(n: u32, bytes: &[u8]) {
    assert_eq!(bytes, payload(n), "message {n} is torn");
}

pub(crate) fn soon() -> Instant {
    Instant::now() + PATIENCE
}

/// Makes the session and a channel, keeps both ends open, drains on demand.
pub(crate) fn role_host(args: &[String]) {
    arm();
    let node = Node::create(Path::new(&args[0])).expect("create");
    let calls = args[1] == "calls";
    let options = if calls { calls::options() } else { options() };
    let (mut tx, mut rx) = node.channel(options).expect("channel");
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    loop {
        match wait_for_line().as_str() {
            "drain" => {
                let mut got = Vec::new();
                while let Some(message) = rx.try_recv().expect("the host holds a sender") {
                    check(message.tag, message.payload);
                    got.push(message.tag.to_string());
                }
                say(&format!("drained {}", got.join(" ")));
            }
            "fill" if calls => {
                calls::fill(&mut tx);
                say("filled");
            }
            "fill" => {
                for n in 0..CAPACITY {
                    tx.try_send(n, &payload(n)).expect("room");
                }
                say("filled");
            }
            _ => return,
        }
    }
}

/// Sends `MESSAGES` messages and says each that was sent.
pub(crate) fn role_sender(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    say("ready");
    let _go = wait_for_line();
    send_all(&mut tx);
    drop((tx, node));
    report();
}

pub(crate) fn send_all(tx: &mut Sender) {
    for n in 0..MESSAGES {
        let sent = if n % 2 == 0 { tx.send(n, &payload(n), Some(soon())) } else { send_in_a_turn(tx, n) };
        match sent {
            Ok(()) => say(&format!("sent {n}")),
            Err(e) => panic!("{e}"),
        }
    }
}

/// As an event loop sends: what it leased and did not use goes back at the end of the turn.
pub(crate) fn send_in_a_turn(tx: &mut Sender, n: u32) -> Result<(), ChannelError> {
    match tx.push(n, &payload(n)) {
        Err(ChannelError::Full { .. }) => tx.send(n, &payload(n), Some(soon()))?,
        pushed => pushed?,
    }
    tx.publish();
    tx.flush();
    Ok(())
}

/// Receives and says each message: a third of them if it is to take "some", else until told to stop and nothing is left.
pub(crate) fn role_receiver(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut rx = node.open_receiver(channel_id(&args[1])).expect("open");
    say("ready");
    let some = args.get(2).is_some_and(|arg| arg == "some");
    let stop = std::thread::spawn(wait_for_line);
    let mut got = 0;
    loop {
        match rx.recv(Some(Instant::now() + Duration::from_millis(5))) {
            Ok(message) => {
                check(message.tag, message.payload);
                got += 1;
                say(&format!("got {}", message.tag));
            }
            Err(ChannelError::Timeout { .. }) if stop.is_finished() => break,
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
        if some && got > MESSAGES / 3 {
            break;
        }
    }
    drop((rx, node));
    report();
}

/// Ends that travel: used, left lying, and in messages that nobody reads.
pub(crate) fn send_ends(node: &Arc<Node>) {
    let (mut mail, mut inbox) = node.channel(options()).expect("channel");
    for n in 0..3 {
        let (tx, rx) = node.channel(options()).expect("channel");
        mail.send_with(n, b"", &[Share::Sender(&tx), Share::Receiver(&rx)], Some(soon())).expect("room");
        drop((tx, rx));
        if n == 0 {
            inbox.recv(Some(soon())).expect("a message");
            for end in inbox.take_ends() {
                if let Arrived::Sender(mut tx) = end {
                    tx.try_send(0, b"x").expect("its receiver is in the message");
                }
            }
        }
    }
    inbox.recv(Some(soon())).expect("a message");
}

/// Makes channels of its own, uses both ends of them, leaves them in every order.
pub(crate) fn role_maker(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    send_ends(&node);
    for round in 0..2 {
        let (mut tx, mut rx) = node.channel(options()).expect("channel");
        let clones: Vec<_> = (0..20).map(|_| tx.try_clone().expect("clone")).collect();
        for n in 0..4 {
            tx.try_send(n, &payload(n)).expect("room");
        }
        assert_eq!(rx.recv(Some(soon())).expect("a message").tag, 0);
        while tx.try_send(0, b"x").is_ok() {}
        // Full: this sender waits, in vain.
        let late = tx.send(0, b"x", Some(Instant::now() + Duration::from_millis(1)));
        assert!(matches!(late, Err(ChannelError::Timeout { .. })), "{late:?}");
        drop(clones);
        if round == 0 {
            drop(rx);
            assert!(matches!(tx.try_send(0, b"x"), Err(ChannelError::Closed { .. })));
        } else {
            drop(tx);
            while rx.recv(Some(soon())).is_ok() {}
        }
    }
    drop(node);
    report();
}

/// Is a member, and leaves when it has swept somebody.
pub(crate) fn role_sweeper(args: &[String]) {
    let node = attached(&args[0]);
    crash::count_passages();
    arm();
    say("ready");
    let _left = wait_for_line();
    let swept = || crash::passages().iter().any(|(point, _)| *point == CrashPoint::SweepUnnamed.name());
    eventually(PATIENCE, || if swept() { Ok(()) } else { Err("nobody to sweep".to_owned()) })
        .expect("a sweep");
    drop(node);
    report();
}
