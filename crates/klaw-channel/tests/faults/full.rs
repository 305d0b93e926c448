//! A full /dev/shm.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use klaw_channel::{ChannelError, ChannelOptions, Node};
use klaw_shm::session;
use klaw_testkit::{Ended, Outcome, Role, Scratch, say};

use crate::check;

/// In a mount namespace of its own.
pub(crate) fn full_shm(size: &str) -> Outcome {
    let scratch = Scratch::new()?;
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    let mount = format!("mount -t tmpfs -o size={size} tmpfs /dev/shm && exec \"$0\" --klaw-role \"$@\"");
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount]).arg(exe);
    let mut role = Role::spawn_command(&mut unshare, "tight", &[scratch.arg()], &[])?;
    let mut said =
        vec![role.line().map_err(|e| format!("{e}; this case needs user and mount namespaces (unshare)"))?];
    while let Ok(line) = role.line() {
        said.push(line);
    }
    let ended = role.end()?;
    check(ended == Ended::Exit(0), || format!("{ended:?}, said {said:?}"))?;
    let wanted = if size == "64k" { "create ERR_KLAW_SHM_EXHAUSTED" } else { "small again" };
    check(said.iter().any(|line| line.starts_with(wanted)), || format!("said {said:?}"))?;
    check(said.last().is_some_and(|line| line == "left 0"), || format!("something was left: {said:?}"))
}

/// Fills shared memory in every way there is, and wants to get on afterwards.
pub(crate) fn role_tight(args: &[String]) {
    let base = Path::new(&args[0]);
    match Node::create(base) {
        Ok(node) => {
            fill_with_messages(&node);
            fill_with_channels(&node);
        }
        Err(e) => say(&format!("create {} {e}", e.code())),
    }
    let left = std::fs::read_dir("/dev/shm").map_or(99, Iterator::count);
    let sessions = session::list(base).map_or(99, |s| s.len());
    say(&format!("left {}", left + sessions));
}

pub(crate) fn fill_with_messages(node: &Arc<Node>) {
    let (mut tx, mut rx) = match node.channel(ChannelOptions {
        capacity: 1 << 20,
        max_bytes: 1 << 30,
        ..ChannelOptions::default()
    }) {
        Ok(ends) => ends,
        Err(e) => return say(&format!("channel {}", exhausted(&e))),
    };
    for round in 0..3_u8 {
        // From large to small: what one can't have, a smaller one may still have.
        for bytes in [16 << 20, 1 << 20, 60_000, 3_000, 100] {
            let payload = vec![round; bytes];
            let mut sent = 0;
            let error = loop {
                match tx.try_send(1, &payload) {
                    Ok(()) => sent += 1,
                    Err(e) => break e,
                }
            };
            say(&format!("{sent} of {bytes} bytes, then {}", exhausted(&error)));
        }
        // Another sender and another process's view must do with what is left.
        let other = tx.try_clone().and_then(|mut other| other.try_send(1, &[round]));
        other.unwrap_or_else(|e| say(&format!("another sender {}", exhausted(&e))));
        while let Some(message) = rx.try_recv().expect("a sender is left") {
            assert!(message.payload.iter().all(|&byte| byte == round), "a torn message");
        }
    }
    for n in 0..1_000_u32 {
        tx.try_send(2, &n.to_le_bytes()).expect("room for small messages");
        assert_eq!(rx.try_recv().expect("open").expect("a message").payload, n.to_le_bytes());
    }
    say("small again");
}

pub(crate) fn fill_with_channels(node: &Arc<Node>) {
    let mut channels = Vec::new();
    let error = loop {
        let made = node.channel(ChannelOptions::default()).and_then(|(mut tx, rx)| {
            tx.try_send(0, b"its first ring")?;
            Ok((tx, rx))
        });
        match made {
            Ok(ends) => channels.push(ends),
            Err(e) => break e,
        }
    };
    say(&format!("{} channels, then {}", channels.len(), error.code()));
    for (_, rx) in &mut channels {
        let message = rx.try_recv().expect("open").expect("a message");
        assert_eq!(message.payload, b"its first ring");
    }
}

/// The code of an error that a full file system may lead to.
pub(crate) fn exhausted(error: &ChannelError) -> &'static str {
    let code = error.code();
    let allowed = ["ERR_KLAW_CHANNEL_FULL", "ERR_KLAW_SHM_EXHAUSTED"];
    assert!(allowed.contains(&code), "{code} {error}");
    code
}
