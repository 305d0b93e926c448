//! Callers: they send in turns, as an event loop does, and take some of it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use klaw_channel::{ChannelError, Sender, Ticket};
use klaw_testkit::wait_for_line;

use crate::roles::{attached, channel_id, log_file, payload};
use crate::stage::Got;
use crate::{Dice, PATIENCE, check};

/// Most that a caller sends in a turn.
pub(crate) const AT_ONCE: u64 = 8;
/// Of its youngest messages it takes back some.
const YOUNG: usize = 12;

/// What a caller writes down, each with a number, by a system call that outlives `kill -9`.
const SENT: u32 = 1;
const REVOKING: u32 = 2;
const REVOKED: u32 = 3;
const TOO_LATE: u32 = 4;

/// What callers took back, by caller: those that they were told of, and those that they wanted to when they died.
#[derive(Default)]
pub(crate) struct Revoked {
    told: BTreeMap<u32, BTreeSet<u32>>,
    open: BTreeMap<u32, BTreeSet<u32>>,
}

impl Revoked {
    /// Reads a caller's log: how many messages it was told are sent.
    pub(crate) fn hear(&mut self, caller: u32, said: &[u8]) -> u32 {
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let mut sent = 0;
        let (told, open) = (self.told.entry(caller).or_default(), self.open.entry(caller).or_default());
        for record in said.chunks_exact(8) {
            let n = word(&record[4..]);
            match word(&record[..4]) {
                SENT => sent = n,
                REVOKING => drop(open.insert(n)),
                kind => {
                    open.remove(&n);
                    if kind == REVOKED {
                        told.insert(n);
                    }
                }
            }
        }
        sent
    }

    /// What was taken back was not executed. How many messages may be missing because of it.
    pub(crate) fn balance(&self, got: &BTreeMap<u32, Got>, passed: u64, unsure: u64) -> Result<u64, String> {
        for (caller, told) in &self.told {
            let times = got.get(caller).map_or(&[][..], |got| &got.times);
            let executed = told.iter().find(|&&n| times.get(n as usize).is_some_and(|&times| times > 0));
            check(executed.is_none(), || format!("caller {caller}: {executed:?} was executed and revoked"))?;
        }
        let count = |by: &BTreeMap<_, BTreeSet<_>>| by.values().map(|of| of.len() as u64).sum::<u64>();
        let (told, open) = (count(&self.told), count(&self.open));
        // Told of, unpublished, and killed: nobody comes by it.
        check(told <= passed + unsure && passed <= told + open, || {
            format!("{told} revoked, {open} perhaps, {passed} passed")
        })?;
        Ok(told + open)
    }
}

fn note(log: &mut File, kind: u32, numbers: impl IntoIterator<Item = u32>) {
    let records = numbers.into_iter().flat_map(|n| [kind.to_le_bytes(), n.to_le_bytes()]);
    log.write_all(&records.flatten().collect::<Vec<_>>()).expect("room for the log");
}

/// Sends and revokes until its input is closed.
pub(crate) fn role_caller(args: &[String]) {
    let stop = std::thread::spawn(wait_for_line);
    let node = attached(&args[0]);
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    let tag = args[2].parse().expect("a number");
    let (mut log, mut dice) = (log_file(&args[3]), Dice::of(u64::from(tag)));
    let (mut n, mut young, mut bytes) = (0_u32, Vec::new(), Vec::new());
    while !stop.is_finished() {
        let before = n;
        for _ in 0..=dice.below(AT_ONCE - 1) {
            payload(tag, n, &mut bytes);
            match tx.push_call(tag, &bytes, &[]) {
                Ok(ticket) => young.push((n, ticket)),
                Err(ChannelError::Full { .. }) => break,
                Err(e) => panic!("{e}"),
            }
            n += 1;
            if dice.below(3) == 0 {
                tx.publish();
            }
        }
        if dice.below(4) == 0 {
            revoke(&mut tx, &mut young, &mut dice, &mut log);
        }
        tx.flush();
        note(&mut log, SENT, [n]);
        if dice.below(2) == 0 {
            revoke(&mut tx, &mut young, &mut dice, &mut log);
        }
        if n == before {
            // The slow wait long, so that nothing but a wake-up can save them.
            let patience = if args[4] == "slow" { PATIENCE } else { Duration::from_millis(20) };
            payload(tag, n, &mut bytes);
            n += u32::from(sends_waiting(&mut tx, tag, &bytes, patience));
            note(&mut log, SENT, [n]);
        }
        young.drain(..young.len().saturating_sub(YOUNG));
    }
}

/// Sleeps until there is room, for one message that it does not take back. False if there is none in time.
fn sends_waiting(tx: &mut Sender, tag: u32, bytes: &[u8], patience: Duration) -> bool {
    match tx.send_call(tag, bytes, &[], Some(Instant::now() + patience)) {
        Ok(_ticket) => true,
        Err(ChannelError::Timeout { .. }) => false,
        Err(e) => panic!("{e}"),
    }
}

/// Takes some of the young back, and writes down what came of it.
fn revoke(tx: &mut Sender, young: &mut Vec<(u32, Ticket)>, dice: &mut Dice, log: &mut File) {
    let (chosen, others) = young.drain(..).partition::<Vec<_>, _>(|_| dice.below(4) == 0);
    *young = others;
    note(log, REVOKING, chosen.iter().map(|(n, _)| *n));
    let tickets: Vec<_> = chosen.iter().map(|(_, ticket)| *ticket).collect();
    let outcomes = tx.revoke_all(&tickets);
    for ((n, _), revoked) in chosen.into_iter().zip(outcomes) {
        note(log, if revoked { REVOKED } else { TOO_LATE }, [n]);
    }
}
