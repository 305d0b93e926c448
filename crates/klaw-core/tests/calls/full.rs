//! A caller that takes nothing: its replies wait for room at the worker, and its calls at itself.

use klaw_core::Error;
use klaw_sched::ids::CallId;
use klaw_sched::submit::Failure;
use klaw_testkit::{Case, Outcome};

use crate::stage::{Actor, Answer, Setting, Stage, check, kill, options, soon, text};

/// Records that a port's channels hold.
const ROOM: usize = 1 << 14;
const CALLS: usize = ROOM * 2 + 3_000;
const AT_ONCE: usize = 1_000;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("replies wait for room, and what they answer counts as running", || {
            Setting::cpus(1).play(|stage| drained(stage, 1))
        }),
        Case::new("so do many replies", || Setting::cpus(1).play(|stage| drained(stage, AT_ONCE))),
        Case::new("calls whose replies wait for room may have run", || Setting::cpus(1).play(killed)),
    ]
}

/// Calls until nothing moves any more.
fn fill(stage: &mut Stage, limit: usize, restarts: u32) -> Result<(Actor, u32, Vec<CallId>), String> {
    let actor = stage.create_with(options("Deeds", Some(restarts)), &format!("limit {limit}"), &[])?;
    let pid = stage.pid(actor)?;
    let calls: Result<Vec<_>, _> =
        (0..CALLS).map(|n| stage.call(actor, "log", n.to_string().as_bytes())).collect();
    // The constructor's line is one more.
    let expected = 1 + ROOM + limit;
    soon(|| {
        let event_loop = &mut stage.port.event_loop;
        event_loop.begin_turn();
        event_loop.pump(&mut stage.events);
        event_loop.end_turn();
        let count = stage.logged().len();
        check(count == expected, || format!("{count} calls have run, and not {expected}"))
    })?;
    let crate::turn::Port { calls: of_port, event_loop, .. } = &mut stage.port;
    of_port.sift(event_loop, &mut stage.events);
    Ok((actor, pid, calls?))
}

fn drained(stage: &mut Stage, limit: usize) -> Outcome {
    let (_, _, calls) = fill(stage, limit, 0)?;
    for (n, call) in calls.into_iter().enumerate() {
        stage.expect_value(call, &n.to_string())?;
    }
    let runs = stage.logged().len();
    check(runs == CALLS + 1, || format!("{runs} runs"))
}

fn killed(stage: &mut Stage) -> Outcome {
    let (actor, pid, calls) = fill(stage, AT_ONCE, 1)?;
    kill(pid);
    let mut failed = 0;
    for (n, call) in calls.into_iter().enumerate() {
        match stage.answer(call)? {
            Answer::Reply(reply) if reply.value == n.to_string().as_bytes() => {}
            Answer::Failed(Error::CallFailed { failure })
                if matches!(*failure, Failure::ActorDied { may_have_run: true, .. }) =>
            {
                failed += 1;
            }
            other => return Err(format!("call {n}: {other:?}")),
        }
    }
    check(failed == AT_ONCE, || format!("{failed} calls have failed, and {AT_ONCE} were running"))?;
    let call = stage.call(actor, "echo", b"goes on")?;
    stage.expect_value(call, "goes on").map_err(text)
}
