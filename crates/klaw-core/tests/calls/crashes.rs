//! A worker is killed at each point between a call's coming and its being over: nothing runs twice that may not, and every call is
//! answered once. With a step left out, that is noticed.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use klaw_core::Error;
use klaw_core::crash::{CoreMutant, CorePoint};
use klaw_sched::ids::CallId;
use klaw_sched::message::ActorState;
use klaw_sched::submit::Failure;
use klaw_shm::crash::{Named, arm, arm_mutant};
use klaw_testkit::{Case, Outcome, say};

use crate::stage::{Answer, Setting, Stage, check, retried, soon, text};
use crate::worker::LOG;

/// What a worker is to be killed at: `{point}:{passage}`; an empty point is never reached.
const POINT: &str = "KLAW_TEST_POINT";
/// What a worker leaves out.
const MUTANT: &str = "KLAW_TEST_MUTANT";
/// A file beside the log that the first worker makes: that one is killed, and no other.
const FIRST: &str = "first";

const CALLS: u32 = 6;
/// A mutant may be lucky.
const ROUNDS: u32 = 20;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<_> = CorePoint::ALL
        .iter()
        .map(|point| Case::new(format!("a worker is killed at {}", point.name()), || killed_at(*point)))
        .collect();
    let mutants = [
        (CoreMutant::RunUnseen, CorePoint::CodeRun),
        (CoreMutant::ClearBeforeReply, CorePoint::RunCleared),
        (CoreMutant::DeathBeforeReplies, CorePoint::ReplyPublished),
    ];
    assert_eq!(mutants.len(), CoreMutant::ALL.len(), "every mutant has a point at which it shows");
    cases.extend(mutants.map(|(mutant, point)| {
        Case::new(format!("{} is noticed", mutant.name()), move || noticed(mutant, point))
    }));
    cases
}

/// In a worker: does as its environment says, if it is the first.
pub(crate) fn arm_as_told() {
    if let Ok(mutant) = std::env::var(MUTANT) {
        arm_mutant(&mutant);
    }
    let (Ok(point), Some(log)) = (std::env::var(POINT), std::env::var_os(LOG)) else { return };
    let first = Path::new(&log).with_file_name(FIRST);
    let Ok(mut file) = std::fs::File::options().write(true).create_new(true).open(first) else { return };
    write!(file, "{}", std::process::id()).expect("a file");
    let (point, passage) = point.split_once(':').expect("a point and a passage");
    drop(file);
    arm(point, passage.parse().expect("a number"));
}

#[derive(Debug, Clone, Copy)]
struct Scene {
    point: CorePoint,
    passage: u32,
    retries: u32,
    /// Calls of one actor, or tasks.
    is_actor: bool,
    mutant: Option<CoreMutant>,
}

fn killed_at(point: CorePoint) -> Outcome {
    let mut kills = 0;
    for is_actor in [true, false] {
        for (passage, retries) in [(1, 0), (2, 0), (1, 1), (2, 1)] {
            let scene = Scene { point, passage, retries, is_actor, mutant: None };
            kills += u32::from(scene.play().map_err(|why| format!("{scene:?}: {why}"))?);
        }
    }
    say(&format!("{}: {kills} kills", point.name()));
    check(kills == 8, || format!("{kills} kills instead of 8"))
}

fn noticed(mutant: CoreMutant, point: CorePoint) -> Outcome {
    for round in 0..ROUNDS {
        let scene = Scene {
            point,
            passage: 1 + round % 2,
            retries: 0,
            is_actor: round % 4 < 2,
            mutant: Some(mutant),
        };
        if let Err(why) = scene.play() {
            say(&format!("{}: in round {round}: {why}", mutant.name()));
            return Ok(());
        }
    }
    Err(format!("nobody has noticed it in {ROUNDS} rounds"))
}

impl Scene {
    /// True if the worker was killed.
    fn play(self) -> Result<bool, String> {
        // The steps of a caller are left out here, those of a worker there.
        arm_mutant(self.mutant.map_or("", Named::name));
        let mut killed = false;
        let outcome = self.setting().play(|stage| {
            let calls = self.submit(stage)?;
            self.wait_for_death(stage)?;
            killed = true;
            self.look(stage, &calls)
        });
        arm_mutant("");
        outcome.map(|()| killed)
    }

    /// An actor's caller does nothing between sending and the death, so that what the dead has left and what the agent says of it are
    /// there together.
    fn wait_for_death(self, stage: &mut Stage) -> Outcome {
        if self.is_actor {
            stage.until("that it lives", |stage| {
                let mut states = stage.states.values().flatten();
                states.any(|state| matches!(state, ActorState::Alive { .. }))
            })?;
            stage.port.flush().map_err(text)?;
            soon(|| check(has_died(stage), || "it was not killed".to_owned()))?;
            // For the agent to say so, which shows what a mutant does; nothing else hangs on it.
            std::thread::sleep(Duration::from_millis(10));
            return Ok(());
        }
        stage.until("that a worker is killed", |stage| has_died(stage))
    }

    fn setting(self) -> Setting {
        let mut setting = Setting::cpus(1);
        let point = format!("{}:{}", self.point.name(), self.passage);
        setting.worker_env.push((POINT.to_owned(), point));
        if let Some(mutant) = self.mutant {
            setting.worker_env.push((MUTANT.to_owned(), mutant.name().to_owned()));
        }
        setting
    }

    fn submit(self, stage: &mut Stage) -> Result<Vec<CallId>, String> {
        let policy = retried(self.retries);
        let actor = if self.is_actor { Some(stage.create(1)?) } else { None };
        let call = |n: u32| {
            let arguments = n.to_string();
            match actor {
                Some(actor) => stage.call_by(policy, actor, "log", arguments.as_bytes(), &[]).map_err(text),
                None => stage.task_by(policy, "log", arguments.as_bytes(), &[]),
            }
        };
        (0..CALLS).map(call).collect()
    }

    fn look(self, stage: &mut Stage, calls: &[CallId]) -> Outcome {
        let may_fail = self.retries == 0 && matches!(self.point, CorePoint::RunStored | CorePoint::CodeRun);
        let mut failed = 0;
        for (n, call) in calls.iter().enumerate() {
            let n = n.to_string();
            match stage.answer(*call)? {
                Answer::Reply(reply) if reply.value == n.as_bytes() => {}
                Answer::Failed(Error::CallFailed { failure }) if may_fail && may_have_run(&failure) => {
                    failed += 1;
                }
                other => return Err(format!("call {n}: {other:?}")),
            }
            let runs = stage.logged().iter().filter(|line| **line == n).count();
            let most = 1 + self.retries as usize;
            check(runs <= most, || format!("call {n} ran {runs} times"))?;
        }
        check(failed == u32::from(may_fail), || format!("{failed} calls have failed"))
    }
}

fn has_died(stage: &Stage) -> bool {
    let first = std::fs::read_to_string(stage.scratch.path().join(FIRST)).unwrap_or_default();
    !first.is_empty() && std::fs::read_link(format!("/proc/{first}/exe")).is_err()
}

fn may_have_run(failure: &Failure) -> bool {
    matches!(failure, Failure::ActorDied { may_have_run: true, .. } | Failure::WorkerCrashed { .. })
}
