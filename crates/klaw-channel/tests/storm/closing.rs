//! Opening what is just being closed.

use std::path::Path;

use klaw_channel::audit::Auditor;
use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node};
use klaw_shm::session;
use klaw_shm::sync::{AtomicU64, Ordering};
use klaw_testkit::{Ended, Outcome, Role, Scratch, say};

use crate::{check, is_long};

/// Channels are made and dropped while others open ends of them: afterwards every entry and block is free.
pub(crate) fn closing_race() -> Outcome {
    let scratch = Scratch::new()?;
    let outcome = race(&scratch);
    // What a failure left must not stay on the machine.
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

pub(crate) fn race(scratch: &Scratch) -> Outcome {
    let mut racer = Role::spawn("racer", &[scratch.arg()], &[])?;
    let opened = racer.expect("opened")?;
    let refused = racer.expect("refused")?;
    let disturbed = racer.expect("disturbed")?;
    let findings = racer.expect("findings")?;
    let ended = racer.end()?;
    let books = || {
        format!("{opened}, channels not made: {refused}, calls on open ends: {disturbed}, audit: {findings}")
    };
    check((refused.as_str(), disturbed.as_str(), findings.as_str()) == ("0", "0 []", "0 []"), books)?;
    check(ended == Ended::Exit(0), || format!("the racer: {ended:?}"))?;
    println!("{opened} ");
    Ok(())
}

pub(crate) fn role_racer(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let (current, stop) = (AtomicU64::new(0), AtomicU64::new(0));
    let opener = || {
        let (mut opened, mut refused) = (0_u32, 0_u32);
        while stop.load(Ordering::Relaxed) == 0 {
            let id = ChannelId::from_bits(current.load(Ordering::Relaxed));
            let sender = node.open_sender(id).map(drop);
            let receiver = node.open_receiver(id).map(drop);
            for outcome in [sender, receiver] {
                match outcome {
                    Ok(()) => opened += 1,
                    Err(ChannelError::Closed { .. } | ChannelError::NotFound) => refused += 1,
                    Err(e) => panic!("{} {e}", e.code()),
                }
            }
        }
        (opened, refused)
    };
    let (mut refused, mut disturbed) = (0_u32, Vec::new());
    let counts = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..3).map(|_| scope.spawn(opener)).collect();
        for _ in 0..if is_long() { 1_000_000 } else { 50_000 } {
            let Ok((mut tx, mut rx)) = node.channel(ChannelOptions::default()) else {
                refused += 1;
                continue;
            };
            current.store(tx.id().bits(), Ordering::Relaxed);
            // Its own ends are open: whatever others do with older ids, it works.
            let sent = tx.try_send(0, b"x").map_err(|e| e.code());
            let got = rx.try_recv().map(|message| message.is_some()).map_err(|e| e.code());
            if (sent, got) != (Ok(()), Ok(true)) {
                disturbed.push(format!("{sent:?} {got:?}"));
            }
            drop(tx);
            drop(rx);
        }
        stop.store(1, Ordering::Relaxed);
        openers.into_iter().map(|opener| opener.join().expect("an opener")).collect::<Vec<_>>()
    });
    say(&format!("opened {counts:?} (opened, refused)"));
    say(&format!("refused {refused}"));
    say(&format!("disturbed {} {:?}", disturbed.len(), &disturbed[..disturbed.len().min(8)]));
    let findings = Auditor::new(node.session()).expect("an auditor").audit(true);
    say(&format!("findings {} {:?}", findings.len(), findings.iter().take(8).collect::<Vec<_>>()));
}
