//! Many of everything.

use std::path::Path;
use std::time::Instant;

use klaw_channel::audit::Auditor;
use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node, Receiver, Sender};
use klaw_shm::session;
use klaw_testkit::{Ended, Outcome, Role, Scratch, say, wait_for_line};

use crate::{PATIENCE, check};

pub(crate) fn no_leaks(scratch: &Scratch) -> Outcome {
    let mut cycles = Role::spawn("cycles", &[scratch.arg()], &[])?;
    let before = cycles.expect("before")?;
    let after = cycles.expect("after")?;
    let grown_kib: u64 = cycles.expect("grown")?.parse().map_err(|e| format!("{e}"))?;
    check(cycles.end()? == Ended::Exit(0), || "the cycles ended badly".to_owned())?;
    check(before == after, || format!("before: {before}, after: {after}"))?;
    // A leaked node would be at least its tables' pages.
    check(grown_kib < 8 << 10, || format!("{grown_kib} KiB more in memory"))?;
    let sessions = session::list(scratch.path()).map_err(|e| e.to_string())?;
    check(sessions.is_empty(), || format!("left: {sessions:?}"))
}

pub(crate) fn role_cycles(args: &[String]) {
    let cycle = || {
        let node = Node::create(Path::new(&args[0])).expect("create");
        let (mut tx, mut rx) = node.channel(ChannelOptions::default()).expect("channel");
        for bytes in [10, 10_000, 300_000] {
            tx.try_send(0, &vec![1; bytes]).expect("room");
        }
        let peer = Node::attach(node.session().path()).expect("attach");
        let _other = peer.open_sender(tx.id()).expect("open");
        assert_eq!(rx.recv(Some(Instant::now() + PATIENCE)).expect("a message").payload.len(), 10);
        assert!(tx.try_clone().expect("clone").send(0, &vec![0; 9_000_000], None).is_err());
    };
    let status = |field: &str| {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
    };
    let state = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let segments = maps.matches("/dev/shm/klaw-").count();
        let threads = status("Threads:");
        format!("{descriptors} descriptors, {segments} segments, {threads} threads")
    };
    (0..5).for_each(|_| cycle());
    say(&format!("before {}", state()));
    let before_kib = status("VmRSS:");
    (0..200).for_each(|_| cycle());
    say(&format!("after {}", state()));
    say(&format!("grown {}", status("VmRSS:").saturating_sub(before_kib)));
}

pub(crate) const PEERS: u64 = 16;
pub(crate) const EACH: u64 = 1_000;

pub(crate) fn sixteen(scratch: &Scratch) -> Outcome {
    let node = Node::create(scratch.path()).map_err(|e| e.to_string())?;
    let options = ChannelOptions { capacity: 32, max_bytes: 1 << 16, ..ChannelOptions::default() };
    let (tx, rx) = node.channel(options).map_err(|e| e.to_string())?;
    let (path, id) = (node.session().path().display().to_string(), tx.id().bits().to_string());
    let mut peers = Vec::new();
    for number in 0..PEERS {
        let mut peer = Role::spawn("peer", &[&path, &id, &number.to_string()], &[])?;
        peer.expect("ready")?;
        peers.push(peer);
    }
    drop((tx, rx));
    for peer in &mut peers {
        peer.tell("go");
    }
    let (mut count, mut sum) = (0, 0);
    for peer in &mut peers {
        let got = peer.expect("got")?;
        let mut numbers = got.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
        count += numbers.next().unwrap_or(0);
        sum += numbers.next().unwrap_or(0);
        check(peer.end()? == Ended::Exit(0), || "a peer ended badly".to_owned())?;
    }
    let all = PEERS * EACH;
    let expected = (all, all * (all - 1) / 2);
    check((count, sum) == expected, || format!("{count} messages of sum {sum}, expected {expected:?}"))?;
    let auditor = Auditor::new(node.session()).map_err(|e| e.to_string())?;
    klaw_testkit::eventually(PATIENCE, || {
        let findings = auditor.audit(true);
        check(findings.is_empty(), || format!("{findings:?}"))
    })?;
    let totals = auditor.totals();
    check((totals.taken, totals.handed, totals.lost) == (all, all, 0), || format!("{totals:?}"))
}

/// Sends its numbers from one thread and receives anybody's with another, until every sender is gone.
pub(crate) fn role_peer(args: &[String]) {
    let node = Node::attach(Path::new(&args[0])).expect("attach");
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let first = args[2].parse::<u64>().expect("a number") * EACH;
    let mut tx = node.open_sender(id).expect("open");
    let mut rx = node.open_receiver(id).expect("open");
    say("ready");
    let _go = wait_for_line();
    let sender = std::thread::spawn(move || {
        for n in first..first + EACH {
            tx.send(0, &n.to_le_bytes(), Some(Instant::now() + PATIENCE)).expect("sent");
        }
    });
    let (mut count, mut sum) = (0_u64, 0);
    loop {
        match rx.recv(Some(Instant::now() + PATIENCE)) {
            Ok(message) => {
                count += 1;
                sum += u64::from_le_bytes(message.payload.try_into().expect("eight bytes"));
            }
            Err(ChannelError::Closed { .. }) => break,
            Err(e) => panic!("{e}"),
        }
    }
    sender.join().expect("all is sent");
    say(&format!("got {count} {sum}"));
}

pub(crate) fn table_full(scratch: &Scratch) -> Outcome {
    let mut crowded = Role::spawn("crowded", &[scratch.arg()], &[])?;
    let said = crowded.line()?;
    check(said.starts_with("4096 ERR_KLAW_TABLE_FULL"), || said.clone())?;
    check(said.contains("4096 are taken"), || format!("no limit in {said:?}"))?;
    crowded.expect("room again")?;
    crowded.expect("all again")?;
    check(crowded.end()? == Ended::Exit(0), || "the crowded one ended badly".to_owned())
}

pub(crate) fn role_crowded(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let fill = |channels: &mut Vec<(Sender, Receiver)>| loop {
        match node.channel(ChannelOptions::default()) {
            Ok(ends) => channels.push(ends),
            Err(e) => break e,
        }
    };
    let mut channels = Vec::new();
    let error = fill(&mut channels);
    say(&format!("{} {} {error}", channels.len(), error.code()));
    drop(channels.swap_remove(1_000));
    channels.push(node.channel(ChannelOptions::default()).expect("room"));
    say("room again");
    channels.clear();
    let error = fill(&mut channels);
    assert_eq!((channels.len(), error.code()), (4_096, "ERR_KLAW_TABLE_FULL"));
    say("all again");
}
