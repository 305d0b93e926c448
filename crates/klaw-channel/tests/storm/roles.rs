//! What the processes do.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node};
use klaw_testkit::{say, wait_for_line};

use crate::{MAX_PAYLOAD_BYTES, PATIENCE};

pub(crate) fn attached(path: &str) -> Arc<Node> {
    Node::attach(Path::new(path)).expect("attach")
}

pub(crate) fn channel_id(text: &str) -> ChannelId {
    ChannelId::from_bits(text.parse().expect("an id"))
}

pub(crate) fn log_file(path: &str) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("a log")
}

/// Message `n` of sender `tag`: its number, then bytes that depend on both.
pub(crate) fn payload(tag: u32, n: u32, bytes: &mut Vec<u8>) {
    let mix = (u64::from(tag) << 32 | u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let len = (mix >> 40) % u64::from(MAX_PAYLOAD_BYTES);
    bytes.clear();
    bytes.extend(n.to_le_bytes());
    bytes.extend((0..len).map(|at| (mix ^ at.wrapping_mul(0x9d)).to_le_bytes()[0]));
}

/// Writes down which message it is, after looking at every byte of it.
pub(crate) fn note(log: &mut File, expected: &mut Vec<u8>, tag: u32, found: &[u8]) {
    let n = found.first_chunk().map(|first| u32::from_le_bytes(*first)).expect("a number");
    payload(tag, n, expected);
    assert!(found == expected, "message {n} of sender {tag} is torn");
    let mut record = [0; 8];
    record[..4].copy_from_slice(&tag.to_le_bytes());
    record[4..].copy_from_slice(&n.to_le_bytes());
    log.write_all(&record).expect("room for the log");
}

/// Makes the session and the channel, keeps both ends open, takes messages on demand.
pub(crate) fn role_host(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let (capacity, max_bytes) = (args[1].parse().expect("a number"), args[2].parse().expect("a number"));
    let calls = args[4] == "caller";
    let options = ChannelOptions { capacity, max_bytes, calls, ..ChannelOptions::default() };
    let (tx, mut rx) = node.channel(options).expect("channel");
    let (mut log, mut expected) = (log_file(&args[3]), Vec::new());
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    while wait_for_line() == "drain" {
        while let Some(message) = rx.try_recv().expect("the host holds a sender") {
            note(&mut log, &mut expected, message.tag, message.payload);
        }
        say("drained");
    }
}

/// Sends until its input is closed; how many it sent stands in its file.
pub(crate) fn role_sender(args: &[String]) {
    let stop = std::thread::spawn(wait_for_line);
    let node = attached(&args[0]);
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    let tag = args[2].parse().expect("a number");
    let log = OpenOptions::new().create(true).truncate(true).write(true).open(&args[3]).expect("a log");
    let (mut n, mut bytes) = (0_u32, Vec::new());
    payload(tag, n, &mut bytes);
    while !stop.is_finished() {
        // The slow wait long, so that nothing but a wake-up can save them.
        let patience = if args[4] == "slow" { PATIENCE } else { Duration::from_millis(20) };
        match tx.send(tag, &bytes, Some(Instant::now() + patience)) {
            Ok(()) => {
                n += 1;
                log.write_all_at(&n.to_le_bytes(), 0).expect("room for the log");
                payload(tag, n, &mut bytes);
            }
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
}

/// Receives until its input is closed; what it got stands in its file.
pub(crate) fn role_receiver(args: &[String]) {
    let stop = std::thread::spawn(wait_for_line);
    let node = attached(&args[0]);
    let mut rx = node.open_receiver(channel_id(&args[1])).expect("open");
    let (mut log, mut expected) = (log_file(&args[3]), Vec::new());
    let slow = args[4] == "slow";
    while !stop.is_finished() {
        let deadline = (!slow).then(|| Instant::now() + Duration::from_millis(5));
        match rx.recv(deadline) {
            Ok(message) => {
                note(&mut log, &mut expected, message.tag, message.payload);
                if slow {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
}
