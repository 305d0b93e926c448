//! Senders that wait for room while those who make it die.

use std::time::{Duration, Instant};

use klaw_channel::audit::{Auditor, Totals};
use klaw_testkit::Outcome;

use crate::stage::{Actor, Kind, Stage};
use crate::weather::replace;
use crate::{Dice, SENDERS, STALL, SUSPICIOUS, check, is_long};

pub(crate) fn blocked(sender: &'static str, capacity: u32) -> Outcome {
    let mut dice = Dice::new();
    let seed = dice.0;
    blocked_senders(sender, capacity, &mut dice).map_err(|why| format!("{why} (KLAW_SEED={seed})"))
}

/// After each kill there is a pause until messages flow again: another event would hide a wake-up that was lost.
pub(crate) fn blocked_senders(sender: &'static str, capacity: u32, dice: &mut Dice) -> Outcome {
    let (seed, started) = (dice.0, Instant::now());
    let mut stage = Stage::new(sender, capacity, 64 << 10, "slow")?;
    for _ in 0..SENDERS {
        stage.enter(Kind::Sender)?;
    }
    for _ in 0..2 {
        stage.enter(Kind::Receiver)?;
    }
    let auditor = stage.auditor()?;
    let (mut longest, mut suspicious) = (Duration::ZERO, 0);
    for round in 0..if is_long() { 1_000 } else { 40 } {
        let waited = flows(&auditor, 20)?;
        longest = longest.max(waited);
        suspicious += u32::from(waited > SUSPICIOUS);
        std::thread::sleep(dice.up_to_ms(3));
        let count = stage.actors.len();
        let receiver = |actor: &Actor| actor.kind == Kind::Receiver;
        let index = match round % 4 {
            3 => dice.pick(count),
            _ => stage.actors.iter().position(receiver).ok_or("no receiver")?,
        };
        if round % 4 == 2 {
            // Both, with nobody left to read: what waits then must not wait for ever once somebody comes.
            stage.take_off(index, true)?;
            let last = stage.actors.iter().position(receiver).ok_or("no receiver")?;
            stage.take_off(last, true)?;
            std::thread::sleep(dice.up_to_ms(10));
            stage.enter(Kind::Receiver)?;
            stage.enter(Kind::Receiver)?;
        } else {
            replace(&mut stage, index, true)?;
        }
    }
    flows(&auditor, 20)?;
    drop(auditor);
    let totals = stage.settle_blocked()?;
    stage.close()?;
    stage.balance(totals)?;
    println!(
        "{} kills, {:.1} s, {} messages, {} lost, longest pause {} ms, {suspicious} above {} ms, KLAW_SEED={seed} ",
        stage.kills,
        started.elapsed().as_secs_f64(),
        totals.taken,
        totals.lost,
        longest.as_millis(),
        SUSPICIOUS.as_millis(),
    );
    Ok(())
}

/// Waits until `messages` more are taken. How long the longest pause between two looks that saw progress was.
pub(crate) fn flows(auditor: &Auditor, messages: u64) -> Result<Duration, String> {
    let start = auditor.totals().taken;
    let (mut seen, mut since, mut longest) = (start, Instant::now(), Duration::ZERO);
    while seen < start + messages {
        std::thread::sleep(Duration::from_millis(1));
        let totals = auditor.totals();
        if totals.taken != seen {
            longest = longest.max(since.elapsed());
            (seen, since) = (totals.taken, Instant::now());
        }
        check(since.elapsed() < STALL, || format!("stuck: {totals:?}, {:?}", auditor.audit(false)))?;
    }
    Ok(longest)
}

impl Stage {
    /// Its receivers sleep without a deadline: they are killed last, once no sender waits for them.
    pub(crate) fn settle_blocked(&mut self) -> Result<Totals, String> {
        while let Some(index) = self.actors.iter().position(|actor| actor.kind == Kind::Sender) {
            self.take_off(index, false)?;
        }
        while !self.actors.is_empty() {
            self.take_off(0, true)?;
        }
        self.drain_until_clean()
    }
}
