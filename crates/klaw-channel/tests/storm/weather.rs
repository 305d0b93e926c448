//! Anything may happen to anybody at any moment.

use std::time::Instant;

use klaw_testkit::Outcome;
use rustix::process::Signal;

use crate::stage::{Kind, Stage};
use crate::{Dice, RECEIVERS, SENDERS, STALL, check, is_long};

pub(crate) fn storm(sender: &'static str) -> Outcome {
    let mut dice = Dice::new();
    let seed = dice.0;
    let wanted = if is_long() { 10_000 } else { 300 };
    weather(sender, &mut dice, wanted).map_err(|why| format!("{why} (KLAW_SEED={seed})"))
}

fn weather(sender: &'static str, dice: &mut Dice, wanted: u32) -> Outcome {
    let (seed, started) = (dice.0, Instant::now());
    let mut stage = Stage::new(sender, 64, 128 << 10, "busy")?;
    for _ in 0..SENDERS {
        stage.enter(Kind::Sender)?;
    }
    for _ in 0..RECEIVERS {
        stage.enter(Kind::Receiver)?;
    }
    let auditor = stage.auditor()?;
    let mut progress = (Instant::now(), 0);
    while stage.kills < wanted {
        std::thread::sleep(dice.up_to_ms(6));
        stage.wake_stopped(false);
        gust(&mut stage, dice)?;
        let totals = auditor.totals();
        if totals.taken != progress.1 {
            progress = (Instant::now(), totals.taken);
        }
        check(progress.0.elapsed() < STALL, || format!("stuck: {totals:?}, {:?}", auditor.audit(false)))?;
    }
    drop(auditor);
    let totals = stage.settle()?;
    stage.close()?;
    stage.balance(totals)?;
    println!(
        "{} kills, {:.1} s, {} messages, {} revoked, {} lost, {} in the hands of the killed, KLAW_SEED={seed} ",
        stage.kills,
        started.elapsed().as_secs_f64(),
        totals.taken,
        totals.revoked,
        totals.lost,
        totals.handed - stage.received,
    );
    Ok(())
}

/// One thing happens to one actor.
pub(crate) fn gust(stage: &mut Stage, dice: &mut Dice) -> Outcome {
    let index = dice.pick(stage.actors.len());
    match dice.below(20) {
        0..=3 => {
            let until = Instant::now() + dice.up_to_ms(20);
            stage.actors[index].role.signal(Signal::STOP);
            stage.actors[index].continues_at = Some(until);
            Ok(())
        }
        4 => replace(stage, index, false),
        // All the receivers at once: only the host keeps the channel open.
        5 => {
            while let Some(index) = stage.actors.iter().position(|actor| actor.kind == Kind::Receiver) {
                stage.take_off(index, true)?;
            }
            (0..RECEIVERS).try_for_each(|_| stage.enter(Kind::Receiver))
        }
        _ => replace(stage, index, true),
    }
}

pub(crate) fn replace(stage: &mut Stage, index: usize, by_kill: bool) -> Outcome {
    let kind = stage.actors[index].kind;
    stage.take_off(index, by_kill)?;
    stage.enter(kind)
}
