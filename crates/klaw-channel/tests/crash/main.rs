//! Kills real processes at every named crash point of `klaw-channel`, then audits what the others made of it.
//!
//! A host process holds a channel open; senders and receivers come, are killed at one point, and a sweeper that sees
//! the death is killed in the middle of its repair. After each kill: no audit finding, every message that a sender was told is
//! sent is received or counted as lost, none twice, each sender's in order, and nothing left on the machine.
//!
//! Then each mutant: with one repair left out, something of that must be found wrong.

#![expect(clippy::print_stdout, reason = "the table of kills is this program's report")]

mod calls;
mod looks;
mod roles;
mod scenarios;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use klaw_channel::crash::{ChannelMutant, ChannelPoint};
use klaw_shm::crash::{CrashPoint, Named};
use klaw_testkit::{Case, Outcome, RoleMain};

use crate::scenarios::{SCENARIOS, Scenario, run, victim_points};

/// Against hangs. A healthy repair takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a mutant's damage must stand to count as found: far longer than a repair takes.
const MUTANT_PATIENCE: Duration = Duration::from_secs(2);
/// Messages that a sender sends: enough for growth, wraps and a full channel.
const MESSAGES: u32 = 40;
const CAPACITY: u32 = 8;

type Kills = Rc<RefCell<BTreeMap<&'static str, u32>>>;
type Env<'a> = Vec<(&'a str, &'a str)>;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("host", roles::role_host),
        ("sender", roles::role_sender),
        ("receiver", roles::role_receiver),
        ("maker", roles::role_maker),
        ("sweeper", roles::role_sweeper),
        ("caller", calls::role_caller),
        ("callee", calls::role_callee),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    let kills = Kills::default();
    let mut cases = Vec::new();
    for &scenario in SCENARIOS {
        for &victim in victim_points(scenario) {
            let kills = Rc::clone(&kills);
            let name = format!("kill everywhere: {scenario:?} {victim}");
            cases.push(Case::new(name, move || kill_everywhere(scenario, victim, &kills)));
        }
    }
    for &mutant in ChannelMutant::ALL.iter().filter(|mutant| !by_loom(**mutant)) {
        cases.push(Case::new(format!("mutant {} is found", mutant.name()), move || mutant_is_found(mutant)));
    }
    cases.push(Case::new("every crash point has killed", move || every_point_has_killed(&kills)));
    cases
}

/// These change an interleaving and not a repair: loom finds them (`loom_tests`).
fn by_loom(mutant: ChannelMutant) -> bool {
    !mutant.name().starts_with("repair.")
}

/// Passages of one point that are tried; all of them in the long suite.
fn max_hits() -> u32 {
    if std::env::var_os("KLAW_LONG").is_some() { 200 } else { 2 }
}

/// Instead of a crash point: count passages and say them at the end.
const COUNT: &str = "count";

/// How the process that a scenario is about ended.
#[derive(Debug, Default)]
struct End {
    killed: bool,
    /// How often it passed each point, if it was asked to count.
    passages: Vec<(String, u32)>,
}

/// First a run without a kill, in which the process that the scenario is about counts how often it passes each point; then
/// one run for each passage.
fn kill_everywhere(scenario: Scenario, victim: &str, kills: &Kills) -> Outcome {
    let passages = run(scenario, victim, COUNT, None, PATIENCE)?.passages;
    for (point, count) in passages {
        let name = named(&point)?;
        for hits in 1..=count.min(max_hits()) {
            let crash = format!("{point}:{hits}");
            let ended = run(scenario, victim, &crash, None, PATIENCE)
                .map_err(|why| format!("killed at {crash}: {why}"))?;
            if ended.killed {
                *kills.borrow_mut().entry(name).or_default() += 1;
            } else if scenario.is_alone() && ChannelPoint::ALL.iter().any(|point| point.name() == name) {
                return Err(format!("it did not come by {crash} this time"));
            }
        }
    }
    Ok(())
}

fn named(point: &str) -> Result<&'static str, String> {
    let mut names =
        ChannelPoint::ALL.iter().map(|p| p.name()).chain(CrashPoint::ALL.iter().map(|p| p.name()));
    names.find(|name| *name == point).ok_or(format!("no crash point {point}"))
}

fn every_point_has_killed(kills: &Kills) -> Outcome {
    let kills = kills.borrow();
    println!();
    for point in ChannelPoint::ALL {
        println!("{:>6} kills at {}", kills.get(point.name()).copied().unwrap_or(0), point.name());
    }
    let missing: Vec<_> =
        ChannelPoint::ALL.iter().map(|p| p.name()).filter(|p| !kills.contains_key(p)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("never killed at {missing:?}")) }
}

/// The points at which a mutant's repair has most to do.
fn mutant_is_found(mutant: ChannelMutant) -> Outcome {
    let points =
        ChannelPoint::ALL.iter().map(|point| point.name()).filter(|name| !name.starts_with("repair."));
    let scenarios: &[_] = match mutant {
        ChannelMutant::KeepFrozen | ChannelMutant::KeepRevoked => &[Scenario::Caller, Scenario::Callee],
        _ => &[Scenario::Sender, Scenario::Receiver, Scenario::Maker],
    };
    for point in points {
        for &scenario in scenarios {
            for hits in [1, 2, 9] {
                if run(scenario, "", &format!("{point}:{hits}"), Some(mutant.name()), MUTANT_PATIENCE)
                    .is_err()
                {
                    return Ok(());
                }
            }
        }
    }
    Err("no audit found anything wrong".to_owned())
}
