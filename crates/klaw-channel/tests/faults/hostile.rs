//! What those do whose memory is damaged meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use klaw_channel::audit::Auditor;
use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node, Receiver, Sender};
use klaw_shm::Session;
use klaw_testkit::{Ended, Outcome, Role, say, wait_for_line};

use crate::damage::Victim;
use crate::{SHORT, check};

/// Others come and go, the host goes on, and leaves at last.
pub(crate) fn use_session(victim: &mut Victim, last: bool) -> Outcome {
    visit("visitor", &victim.path, &victim.channel)?;
    work(&mut victim.host)?;
    if last {
        victim.host.tell("leave");
        ends_well(&mut victim.host)?;
    }
    Ok(())
}

pub(crate) fn audit_session(victim: &mut Victim, _last: bool) -> Outcome {
    visit("auditor", &victim.path, &victim.channel)
}

/// A process comes, tries everything once, and goes.
pub(crate) fn visit(role: &str, path: &str, channel: &str) -> Outcome {
    let mut visitor = Role::spawn(role, &[path, channel], &[])?;
    ends_well(&mut visitor)
}

pub(crate) fn work(host: &mut Role) -> Outcome {
    host.tell("work");
    loop {
        match host.line() {
            Ok(line) if line == "worked" => return Ok(()),
            Ok(line) if line.starts_with("panic") => return Err(line),
            Ok(_) => {}
            Err(e) => return Err(format!("{e}, end {:?}", host.try_end())),
        }
    }
}

pub(crate) fn ends_well(role: &mut Role) -> Outcome {
    let ended = role.end()?;
    let mut said = Vec::new();
    while let Ok(line) = role.line() {
        said.push(line);
    }
    check(ended == Ended::Exit(0), || format!("{ended:?}, said {said:?}"))
}

/// A panic of any thread is this process's end by a signal: that of a life thread would be lost else.
pub(crate) fn panics_end_everything() {
    std::panic::set_hook(Box::new(|info| {
        say(&format!("panic: {}", info.to_string().replace('\n', " ")));
        std::process::abort();
    }));
}

/// A channel in full use: ends in two blocks, lanes of several senders, rings of several sizes, unread messages.
pub(crate) fn role_host(args: &[String]) {
    panics_end_everything();
    let node = Node::create(Path::new(&args[0])).expect("create");
    let calls = args[1] == "calls";
    let options = ChannelOptions { capacity: 256, max_bytes: 1 << 20, calls, ..ChannelOptions::default() };
    let (mut tx, mut rx) = node.channel(options).expect("channel");
    let mut clones: Vec<_> = (0..18).map(|_| tx.try_clone().expect("clone")).collect();
    for (n, clone) in (0..).zip(&mut clones[..4]) {
        for bytes in [10, 3_000, 20_000] {
            clone.try_send(n, &vec![7; bytes]).expect("room");
        }
    }
    assert!(rx.try_recv().expect("open").is_some());
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    while wait_for_line() == "work" {
        use_ends(&mut tx, &mut rx);
        make_and_drop(&node);
        say("worked");
    }
}

/// Has ends of its own and a message under way until it is killed.
pub(crate) fn role_guest(args: &[String]) {
    let node = Node::attach(Path::new(&args[0])).expect("attach");
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let mut tx = node.open_sender(id).expect("open");
    let _rx = node.open_receiver(id).expect("open");
    tx.try_send(1, &[1; 5_000]).expect("room");
    say("joined");
    let _never = wait_for_line();
}

pub(crate) fn role_visitor(args: &[String]) {
    panics_end_everything();
    let path = Path::new(&args[0]);
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let Some(node) = told("attach", Node::attach(path)) else { return };
    let mut tx = told("open a sender", node.open_sender(id));
    let mut rx = told("open a receiver", node.open_receiver(id));
    if let (Some(tx), Some(rx)) = (&mut tx, &mut rx) {
        use_ends(tx, rx);
    }
    make_and_drop(&node);
}

/// Looks at everything, and is no member.
pub(crate) fn role_auditor(args: &[String]) {
    panics_end_everything();
    let session = Session::attach(Path::new(&args[0])).expect("the header is whole");
    let auditor = Auditor::new(&session).expect("the header is whole");
    say(&format!("{} findings", auditor.audit(true).len()));
    say(&format!("{:?}, {} rings", auditor.totals(), auditor.rings_in_use()));
}

pub(crate) fn use_ends(tx: &mut Sender, rx: &mut Receiver) {
    for bytes in [0, 100, 5_000, 50_000] {
        told("send", tx.send(3, &vec![3; bytes], Some(Instant::now() + SHORT)));
        told("receive", rx.recv(Some(Instant::now() + SHORT)).map(drop));
    }
    // Of a channel made for calls; two of them stand in the lane and are not for anybody.
    let calls: Vec<_> = (0..4).filter_map(|n| told("call", tx.push_call(n, &[4; 900], &[]))).collect();
    tx.publish();
    tx.revoke_all(&calls[calls.len() / 2..]);
    tx.flush();
    told("receive", rx.recv_many(50, Some(Instant::now() + SHORT), |_| {}));
    let clones: Vec<_> = (0..3).filter_map(|_| told("clone", tx.try_clone())).collect();
    told("clone", rx.try_clone());
    drop(clones);
}

pub(crate) fn make_and_drop(node: &Arc<Node>) {
    let options = ChannelOptions { capacity: 4, max_bytes: 1 << 20, ..ChannelOptions::default() };
    if let Some((mut tx, mut rx)) = told("make a channel", node.channel(options)) {
        told("send", tx.try_send(9, &[9; 6_000]));
        told("receive", rx.try_recv().map(drop));
    }
}

/// Errors are what is expected here: their code is told, and that is that.
pub(crate) fn told<T>(what: &str, result: Result<T, ChannelError>) -> Option<T> {
    result.map_err(|e| say(&format!("{what}: {}", e.code()))).ok()
}
