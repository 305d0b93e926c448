//! Deaths: of actors, of workers, of callers, of the driver.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use klaw_core::{ChannelOptions, End, Error};
use klaw_sched::ids::{ActorId, CallId, PortId};
use klaw_sched::message::{DeathCause, Exit, WorkerEnd};
use klaw_sched::submit::{Failure, Policy};
use klaw_testkit::{Case, Outcome};

use crate::actors::{cancel, expect_closed};
use crate::stage::{Actor, Answer, Setting, Stage, check, kill, once, options, retried, soon, text};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("an actor that crashes comes back, and no call runs twice", || {
            Setting::cpus(1).play(crash_once)
        }),
        Case::new("an actor killed at any time: no call runs twice", || {
            Setting::cpus(1).play(|stage| killed_at_any_time(stage, once()))
        }),
        Case::new("an actor killed at any time: with retries every call succeeds", || {
            Setting::cpus(1).play(|stage| killed_at_any_time(stage, retried(5)))
        }),
        Case::new("an actor without restarts is dead, and says of each call whether it may have run", || {
            Setting::cpus(1).play(no_restarts)
        }),
        Case::new("calls that may not wait for a restart fail", || Setting::cpus(1).play(while_restarting)),
        Case::new("a task whose worker crashes is tried again", || Setting::cpus(1).play(task_crashes)),
        Case::new("a worker that is killed loses no task", || Setting::cpus(2).play(workers_killed)),
        Case::new("a queued call is cancelled, and its ends are closed", || {
            Setting::cpus(1).play(cancel_queued)
        }),
        Case::new("a call that waits at its actor is cancelled, and its ends are closed", || {
            Setting::cpus(1).play(cancel_sent)
        }),
        Case::new("a running call is told that it was cancelled", || Setting::cpus(1).play(cancel_running)),
        Case::new("a task that is cancelled by force ends with its worker", || {
            Setting::cpus(1).play(cancel_by_force)
        }),
        Case::new("a caller that dies takes its actors and its calls along", || {
            Setting::cpus(2).play(caller_dies)
        }),
        Case::new("a driver that ends in the middle of everything leaves nothing", || {
            Setting::cpus(2).play(driver_ends)
        }),
    ]
}

/// Submits `count` calls that write down their numbers.
fn numbered(
    stage: &mut Stage,
    policy: Policy,
    actor: Actor,
    numbers: std::ops::Range<u32>,
) -> Result<Vec<CallId>, String> {
    let call = |n: u32| stage.call_by(policy, actor, "log", n.to_string().as_bytes(), &[]).map_err(text);
    numbers.map(call).collect()
}

fn crash_once(stage: &mut Stage) -> Outcome {
    let actor = stage.create(1)?;
    let before = numbered(stage, once(), actor, 0..500)?;
    let crash = stage.call(actor, "crash", b"crash")?;
    let after = numbered(stage, once(), actor, 500..1_000)?;
    for (n, call) in before.into_iter().chain(after).enumerate() {
        stage.expect_value(call, &n.to_string())?;
    }
    let error = stage.failure(crash)?;
    let Error::CallFailed { failure } = &error else { return Err(format!("{error:?}")) };
    check(matches!(&**failure, Failure::ActorDied { may_have_run: true, .. }), || format!("{failure:?}"))?;
    once_each(stage).map(drop)
}

/// No number was written down twice: those that were.
fn once_each(stage: &Stage) -> Result<HashSet<String>, String> {
    let mut runs = HashMap::new();
    for line in stage.logged() {
        *runs.entry(line).or_insert(0) += 1;
    }
    runs.retain(|line, _| line.parse::<u32>().is_ok());
    let twice = runs.iter().find(|(_, runs)| **runs > 1);
    check(twice.is_none(), || format!("{twice:?} ran more than once"))?;
    Ok(runs.into_keys().collect())
}

fn killed_at_any_time(stage: &mut Stage, policy: Policy) -> Outcome {
    let mut begun = 0;
    for round in 0..20_u32 {
        let actor = stage.create(1)?;
        let pid = stage.pid(actor)?;
        let first = round * 1_000;
        let calls = numbered(stage, policy, actor, first..first + 1_000)?;
        stage.port.flush().map_err(text)?;
        std::thread::sleep(Duration::from_micros(u64::from(round) * 100));
        kill(pid);
        for (n, call) in (first..).zip(calls) {
            match stage.answer(call)? {
                Answer::Reply(reply) if reply.value == n.to_string().as_bytes() => {}
                Answer::Failed(Error::CallFailed { failure })
                    if policy == once()
                        && matches!(&*failure, Failure::ActorDied { may_have_run: true, .. }) =>
                {
                    begun += 1;
                }
                other => return Err(format!("round {round}, call {n}: {other:?}")),
            }
        }
        stage.port.event_loop.close_sender(actor.alive);
    }
    if policy == once() {
        let ran = once_each(stage)?;
        check(ran.len() + begun >= 20_000, || format!("{} ran and {begun} had begun, of 20,000", ran.len()))?;
        // One call runs at a time.
        check(begun <= 20, || format!("{begun} had begun in 20 kills"))?;
    }
    Ok(())
}

fn no_restarts(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let pid = stage.pid(actor)?;
    let running = stage.call(actor, "hold", b"held")?;
    let behind = stage.call(actor, "echo", b"")?;
    stage.until_logged("held")?;
    kill(pid);
    for (call, ran) in [(running, true), (behind, false)] {
        let error = stage.failure(call)?;
        let Error::CallFailed { failure } = &error else { return Err(format!("{error:?}")) };
        let Failure::ActorDied { may_have_run, restarts_left: Some(0), cause, .. } = &**failure else {
            return Err(format!("{failure:?}"));
        };
        check(*may_have_run == ran, || format!("{failure:?}"))?;
        let by_signal = matches!(cause, DeathCause::ProcessEnded(WorkerEnd { how: Exit::Signal(9), .. }));
        check(by_signal, || format!("{cause:?}"))?;
    }
    Ok(())
}

fn while_restarting(stage: &mut Stage) -> Outcome {
    let actor = stage.create(1)?;
    let pid = stage.pid(actor)?;
    let policy = Policy { fail_while_restarting: true, ..once() };
    let running = stage.call(actor, "hold", b"held")?;
    let behind = stage.call_by(policy, actor, "echo", b"", &[]).map_err(text)?;
    let patient = stage.call(actor, "echo", b"patient")?;
    stage.until_logged("held")?;
    kill(pid);
    stage.failure(running)?;
    let error = stage.failure(behind)?;
    check(error.code() == "ERR_KLAW_ACTOR_UNAVAILABLE", || format!("{error:?}"))?;
    stage.expect_value(patient, "patient")
}

fn task_crashes(stage: &mut Stage) -> Outcome {
    let call = stage.task_by(retried(2), "crash", b"crash", &[])?;
    let error = stage.failure(call)?;
    check(error.code() == "ERR_KLAW_WORKER_CRASHED", || format!("{error:?}"))?;
    let tries = stage.logged().iter().filter(|line| *line == "crash").count();
    check(tries == 3, || format!("{tries} tries"))?;
    let exit = stage.task("exit", b"")?;
    let error = stage.failure(exit)?;
    let Error::CallFailed { failure } = &error else { return Err(format!("{error:?}")) };
    let code = matches!(&**failure, Failure::WorkerCrashed { end: WorkerEnd { how: Exit::Code(7), .. } });
    check(code, || format!("{failure:?}"))?;
    let call = stage.task("echo", b"goes on")?;
    stage.expect_value(call, "goes on")
}

fn workers_killed(stage: &mut Stage) -> Outcome {
    let calls: Result<Vec<_>, _> =
        (0..3_000_u32).map(|n| stage.task_by(retried(9), "log", n.to_string().as_bytes(), &[])).collect();
    for _ in 0..5 {
        stage.port.flush().map_err(text)?;
        for _ in 0..3 {
            stage.turn()?;
        }
        for pid in stage.workers() {
            kill_if_there(pid);
        }
    }
    for (n, call) in calls?.into_iter().enumerate() {
        stage.expect_value(call, &n.to_string())?;
    }
    Ok(())
}

pub(crate) fn kill_if_there(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

fn cancel_queued(stage: &mut Stage) -> Outcome {
    let (tx, rx) = stage.port.event_loop.channel(ChannelOptions::default()).map_err(text)?;
    let first = stage.task("hold", b"held")?;
    let behind = stage.task_by(once(), "say", b"never", &[End::Sender(tx)])?;
    stage.port.event_loop.close_sender(tx);
    stage.until_logged("held")?;
    cancel(stage, behind, false)?;
    expect_closed(stage, rx)?;
    cancel(stage, first, false)?;
    stage.until_logged("cancelled")?;
    let next = stage.task("echo", b"next")?;
    stage.expect_value(next, "next")
}

fn cancel_sent(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let held = stage.call(actor, "hold", b"held")?;
    stage.until_logged("held")?;
    let (tx, rx) = stage.port.event_loop.channel(ChannelOptions::default()).map_err(text)?;
    let mut calls = Vec::new();
    for n in 0..2_000 {
        let ends = if n == 1_500 { &[End::Sender(tx)][..] } else { &[] };
        calls.push(stage.call_by(once(), actor, "log", n.to_string().as_bytes(), ends).map_err(text)?);
    }
    stage.port.event_loop.close_sender(tx);
    for call in calls {
        cancel(stage, call, false)?;
    }
    expect_closed(stage, rx)?;
    cancel(stage, held, false)?;
    let next = stage.call(actor, "echo", b"next")?;
    stage.expect_value(next, "next")?;
    check(once_each(stage)?.is_empty(), || "a cancelled call ran".to_owned())
}

fn cancel_running(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let call = stage.call(actor, "hold", b"held")?;
    stage.until_logged("held")?;
    cancel(stage, call, false)?;
    stage.until_logged("cancelled")?;
    check(!stage.is_answered(call), || "it was answered".to_owned())
}

fn cancel_by_force(stage: &mut Stage) -> Outcome {
    let call = stage.task_by(retried(3), "hold", b"held", &[])?;
    stage.until_logged("held")?;
    let workers = stage.workers();
    cancel(stage, call, true)?;
    soon(|| check(stage.workers().iter().all(|pid| !workers.contains(pid)), || "it lives".to_owned()))?;
    let next = stage.task("echo", b"next")?;
    stage.expect_value(next, "next")?;
    check(!stage.is_answered(call), || "it was answered".to_owned())
}

fn caller_dies(stage: &mut Stage) -> Outcome {
    let shared = stage.create(0)?;
    let owner = stage.create(0)?;
    let pid = stage.pid(owner)?;
    let own = stage.call(owner, "own", b"")?;
    let value = String::from_utf8_lossy(&stage.value(own)?).into_owned();
    let (port, number) = value.split_once(' ').ok_or("two numbers")?;
    let its_actor =
        ActorId { owner: PortId(port.parse().map_err(text)?), number: number.parse().map_err(text)? };
    stage.port.calls.watch_actor(&mut stage.port.event_loop, its_actor).map_err(text)?;
    stage.until_logged("construct 0")?;
    stage.until_logged("of the owner")?;
    kill(pid);
    // The owner had the only handle, too: whichever is seen first.
    let cause = stage.death(its_actor)?;
    check(matches!(cause, DeathCause::OwnerDied | DeathCause::NoHandles), || format!("{cause:?}"))?;
    // Its task holds a worker as long as it runs; others have the other CPU.
    let call = stage.task("echo", b"goes on")?;
    stage.expect_value(call, "goes on")?;
    let call = stage.call(shared, "echo", b"goes on")?;
    stage.expect_value(call, "goes on")
}

fn driver_ends(stage: &mut Stage) -> Outcome {
    for n in 0..100 {
        stage.task("hold", n.to_string().as_bytes())?;
    }
    for _ in 0..3 {
        let actor = stage.create(3)?;
        numbered(stage, retried(3), actor, 0..1_000)?;
        stage.create_with(options("Deeds", None), "hang .", &[])?;
    }
    stage.until_logged("0")
}
