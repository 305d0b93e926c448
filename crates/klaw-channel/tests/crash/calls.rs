//! Claims and revokes: a caller or its callee is killed at every step of them.
//!
//! Who is not the victim stands still meanwhile, so that each run passes the same points: a caller's messages are claimed by
//! nobody before it is gone, and a callee finds them all sent.

use std::time::{Duration, Instant};

use klaw_channel::{ChannelOptions, Sender, Share, Ticket};
use klaw_testkit::{Outcome, Role, eventually, say, wait_for_line};

use crate::looks::{drain_until_settled, end_of, numbers, totals};
use crate::roles::{arm, attached, channel_id, check, payload, report};
use crate::{End, Env, MESSAGES};

/// Sent by the host for a callee, and which of them it takes back: the first, some beside each other, the last.
const CALLS: u32 = 14;
const REVOKED: [usize; 5] = [0, 4, 5, 9, 13];

/// Room for all, so that nobody waits for anybody.
pub(crate) fn options() -> ChannelOptions {
    ChannelOptions { capacity: 2 * MESSAGES, max_bytes: 1 << 20, calls: true, ..ChannelOptions::default() }
}

fn failed<T>(why: &str, got: &[u32], said: &[String]) -> Result<T, String> {
    Err(format!("{why}: got {got:?}, said {said:?}"))
}

/// What it had taken back nobody gets; all else that was sent comes once and in order.
pub(crate) fn caller_dies(
    host: &mut Role,
    ends: [&str; 2],
    env: &Env<'_>,
    patience: Duration,
) -> Result<End, String> {
    let mut caller = Role::spawn("caller", &ends, env)?;
    caller.tell("go");
    let (end, said) = end_of(&mut caller)?;
    let (sent, tried, revoked) =
        (numbers(&said, "sent"), numbers(&said, "revoking"), numbers(&said, "revoked"));
    let got = drain_until_settled(host, ends[0], sent.len() as u64, patience)?;
    if !got.is_sorted_by(|a, b| a < b) {
        return failed("twice, or out of order", &got, &said);
    }
    if got.iter().any(|n| revoked.contains(n)) {
        return failed("executed and revoked", &got, &said);
    }
    if sent.iter().any(|n| !got.contains(n) && !tried.contains(n)) {
        return failed("sent and gone", &got, &said);
    }
    let totals = totals(ends[0])?;
    let passed = totals.handed + totals.revoked;
    if (totals.handed, totals.lost, passed) != (got.len() as u64, 0, totals.taken) {
        return failed(&format!("{totals:?}"), &got, &said);
    }
    Ok(end)
}

/// What it had not handed out is received by the next one or counted as lost; what was taken back is neither.
pub(crate) fn callee_dies(
    host: &mut Role,
    ends: [&str; 2],
    env: &Env<'_>,
    patience: Duration,
) -> Result<End, String> {
    host.tell("fill");
    host.expect("filled")?;
    let mut callee = Role::spawn("callee", &ends, env)?;
    let (end, said) = end_of(&mut callee)?;
    let mut got = numbers(&said, "got");
    got.extend(drain_until_settled(host, ends[0], u64::from(CALLS), patience)?);
    if !got.is_sorted_by(|a, b| a < b) || got.iter().any(|n| REVOKED.contains(&(*n as usize))) {
        return failed("twice, out of order, or revoked", &got, &said);
    }
    let totals = totals(ends[0])?;
    // It may have died between getting a message and saying so.
    let unsaid = totals.handed.wrapping_sub(got.len() as u64);
    if (totals.taken, totals.revoked) != (u64::from(CALLS), REVOKED.len() as u64) || unsaid > 1 {
        return failed(&format!("{totals:?}"), &got, &said);
    }
    Ok(end)
}

/// Whoever died: what was taken is handed out, lost or revoked.
pub(crate) fn books_balance(path: &str, patience: Duration) -> Outcome {
    eventually(patience, || {
        let totals = totals(path)?;
        let balanced = totals.handed + totals.lost + totals.revoked == totals.taken;
        if balanced { Ok(()) } else { Err(format!("{totals:?}")) }
    })
}

/// The host's part for a callee: everything is sent, and some of it taken back.
pub(crate) fn fill(tx: &mut Sender) {
    let tickets: Vec<_> = (0..CALLS).map(|n| tx.push_call(n, &payload(n), &[]).expect("room")).collect();
    tx.flush();
    let revoked: Vec<_> = REVOKED.iter().map(|&n| tickets[n]).collect();
    assert_eq!(tx.revoke_all(&revoked), [true; REVOKED.len()]);
}

/// Sends over several rings, as an event loop does; takes messages back one by one, many at once, with an end, and unpublished.
pub(crate) fn role_caller(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    let _go = wait_for_line();
    let (other, _other) = node.channel(ChannelOptions::default()).expect("channel");
    let mut tickets = Vec::new();
    for n in 0..MESSAGES {
        let ends = if n % 10 == 1 { vec![Share::Sender(&other)] } else { Vec::new() };
        tickets.push(tx.push_call(n, &payload(n), &ends).expect("room"));
        if n % 2 == 0 {
            tx.publish();
        }
    }
    tx.flush();
    (0..MESSAGES).for_each(|n| say(&format!("sent {n}")));
    for n in [0, 11, MESSAGES - 1] {
        revoke(&mut tx, &tickets, &[n]);
    }
    revoke(&mut tx, &tickets, &[1, 2, 3, 20, 21, 30]);
    tickets.push(tx.push_call(MESSAGES, &payload(MESSAGES), &[]).expect("room"));
    revoke(&mut tx, &tickets, &[MESSAGES, 6]);
    drop((other, tx, node));
    report();
}

fn revoke(tx: &mut Sender, tickets: &[Ticket], which: &[u32]) {
    for n in which {
        say(&format!("revoking {n}"));
    }
    let tickets: Vec<_> = which.iter().map(|&n| tickets[n as usize]).collect();
    assert!(tx.revoke_all(&tickets).iter().all(|revoked| *revoked), "nobody receives");
    for n in which {
        say(&format!("revoked {n}"));
    }
}

/// Receives what is there, one by one and in batches.
pub(crate) fn role_callee(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut rx = node.open_receiver(channel_id(&args[1])).expect("open");
    while let Some(message) = rx.try_recv().expect("the host holds a sender") {
        check(message.tag, message.payload);
        say(&format!("got {}", message.tag));
        let each = |message: klaw_channel::record::Message<'_>| say(&format!("got {}", message.tag));
        let _none_left = rx.recv_many(3, Some(Instant::now()), each);
    }
    drop((rx, node));
    report();
}
