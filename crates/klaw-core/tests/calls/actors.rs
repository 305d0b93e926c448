//! Actors: made, named, called, watched, ended.

use klaw_core::{Arrived, ChannelOptions, End, Error};
use klaw_sched::message::{ActorName, ActorOptions, ActorState, DeathCause, Exit, WorkerEnd};
use klaw_sched::submit::{Failure, Policy, Refused, Target};
use klaw_testkit::{Case, Outcome};

use crate::stage::{Answer, Setting, Stage, check, once, options, text};
use crate::turn::{Reply, Told};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("an actor runs calls in their order", || Setting::cpus(1).play(in_order)),
        Case::new("an actor whose constructor throws is dead of that", || {
            Setting::cpus(1).play(constructor_throws)
        }),
        Case::new("one that never ends kills its process", || Setting::cpus(1).play(constructor_hangs)),
        Case::new("a worker that never becomes ready is an actor's death", || deaf().play(never_ready)),
        Case::new("calls that were sent before the actor was terminated are done", || {
            Setting::cpus(1).play(terminated)
        }),
        Case::new("a killed actor is dead", || Setting::cpus(1).play(killed)),
        Case::new("a name is one actor's", || Setting::cpus(1).play(named)),
        Case::new("whoever watches hears of a death, also afterwards", || Setting::cpus(1).play(watched)),
        Case::new("an actor ends with its last handle", || Setting::cpus(1).play(no_handles)),
        Case::new("more calls than may be pending are refused", || Setting::cpus(1).play(max_pending)),
        Case::new("several calls run at once if they may", || Setting::cpus(1).play(concurrent)),
        Case::new("an actor that can never be placed says so", || Setting::cpus(1).play(unschedulable)),
        Case::new("calls hold their order while one waits for its arguments", || {
            Setting::cpus(1).play(waiting)
        }),
        Case::new("channel ends go along with calls, replies and creations", || Setting::cpus(1).play(ends)),
    ]
}

fn in_order(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let mut calls = Vec::new();
    for _ in 0..2_000 {
        calls.push(stage.call(actor, "count", b"")?);
    }
    for (n, call) in calls.into_iter().enumerate() {
        stage.expect_value(call, &(n + 1).to_string())?;
    }
    Ok(())
}

fn constructor_throws(stage: &mut Stage) -> Outcome {
    let actor = stage.create_with(options("Deeds", Some(5)), "throw no", &[])?;
    let call = stage.call(actor, "echo", b"")?;
    let error = stage.failure(call)?;
    check(error.thrown() == Some(b"no"), || format!("{error:?}"))?;
    check(stage.death(actor.id)? == DeathCause::Constructor(b"no".to_vec()), || "another death".to_owned())?;
    let tries = stage.logged().iter().filter(|line| line.starts_with("construct")).count();
    check(tries == 1, || format!("{tries} tries"))
}

fn constructor_hangs(stage: &mut Stage) -> Outcome {
    let options = ActorOptions { start_timeout_ms: 300, ..options("Deeds", Some(1)) };
    let actor = stage.create_with(options, "hang .", &[])?;
    not_ready(stage, actor.id)?;
    let tries = stage.logged().iter().filter(|line| line.starts_with("construct")).count();
    check(tries == 2, || format!("{tries} tries"))
}

fn not_ready(stage: &mut Stage, actor: klaw_sched::ids::ActorId) -> Outcome {
    let cause = stage.death(actor)?;
    check(matches!(&cause, DeathCause::ProcessEnded(WorkerEnd { how: Exit::NotReady, .. })), || {
        format!("{cause:?}")
    })
}

fn deaf() -> Setting {
    let worker_args = vec!["deaf".to_owned()];
    Setting { worker_args, start_timeout: std::time::Duration::from_millis(200), ..Setting::cpus(1) }
}

fn never_ready(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let call = stage.call(actor, "echo", b"")?;
    not_ready(stage, actor.id)?;
    let error = stage.failure(call)?;
    check(is_actor_died(&error, false), || format!("{error:?}"))
}

/// The call of an actor that is dead for ever.
fn is_actor_died(error: &Error, ran: bool) -> bool {
    let Error::CallFailed { failure } = error else { return false };
    matches!(&**failure, Failure::ActorDied { may_have_run, restarts_left: Some(0), .. } if *may_have_run == ran)
}

fn terminated(stage: &mut Stage) -> Outcome {
    let actor = stage.create(3)?;
    let calls: Result<Vec<_>, _> =
        (0..500).map(|n| stage.call(actor, "log", n.to_string().as_bytes())).collect();
    let calls = calls?;
    stage.expect_value(calls[0], "0")?;
    stage.port.calls.terminate_actor(&mut stage.port.event_loop, actor.id, 60_000).map_err(text)?;
    for (n, call) in calls.into_iter().enumerate().skip(1) {
        stage.expect_value(call, &n.to_string())?;
    }
    check(stage.death(actor.id)? == DeathCause::Terminated, || "another death".to_owned())?;
    check(stage.logged().contains(&"finish".to_owned()), || "it was not asked to end".to_owned())?;
    let late = stage.call(actor, "echo", b"")?;
    let error = stage.failure(late)?;
    check(is_actor_died(&error, false), || format!("{error:?}"))
}

fn killed(stage: &mut Stage) -> Outcome {
    let actor = stage.create(3)?;
    let call = stage.call(actor, "hold", b"held")?;
    stage.until_logged("held")?;
    stage.port.calls.kill_actor(&mut stage.port.event_loop, actor.id, true).map_err(text)?;
    let error = stage.failure(call)?;
    check(is_actor_died(&error, true), || format!("{error:?}"))?;
    check(stage.death(actor.id)? == DeathCause::Killed, || "another death".to_owned())
}

fn name(name: &str) -> ActorName {
    ActorName { namespace: "test".to_owned(), name: name.to_owned() }
}

fn named(stage: &mut Stage) -> Outcome {
    let with_name = || ActorOptions { name: Some(name("only")), ..options("Deeds", Some(0)) };
    let first = stage.create_with(with_name(), "plain", &[])?;
    let second = stage.create_with(with_name(), "plain", &[])?;
    let taken =
        |told: &Told| matches!(told, Told::NameTaken { actor, by } if (*actor, *by) == (second.id, first.id));
    stage.until("that the name is taken", |stage| stage.others.iter().any(taken))?;
    for (request, wanted, expected) in [(1, "only", Some(first.id)), (2, "nobody", None)] {
        stage.port.calls.find_actor(&mut stage.port.event_loop, request, name(wanted)).map_err(text)?;
        let found = |told: &Told| matches!(told, Told::Found { request: of, actor } if *of == request && *actor == expected);
        stage.until("an answer", |stage| stage.others.iter().any(found))?;
    }
    // Free again.
    stage.port.calls.kill_actor(&mut stage.port.event_loop, first.id, true).map_err(text)?;
    stage.death(first.id)?;
    let third = stage.create_with(with_name(), "plain", &[])?;
    let call = stage.call(third, "echo", b"third")?;
    stage.expect_value(call, "third")
}

fn watched(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    stage.port.calls.watch_actor(&mut stage.port.event_loop, actor.id).map_err(text)?;
    stage.until("that it lives", |stage| matches!(stage.state(actor.id), Some(ActorState::Alive { .. })))?;
    let Some(ActorState::Alive { pid, .. }) = stage.state(actor.id) else { return Err("gone".to_owned()) };
    crate::stage::kill(*pid);
    let cause = stage.death(actor.id)?;
    check(matches!(&cause, DeathCause::ProcessEnded(WorkerEnd { how: Exit::Signal(9), .. })), || {
        format!("{cause:?}")
    })?;
    stage.states.clear();
    stage.port.calls.watch_actor(&mut stage.port.event_loop, actor.id).map_err(text)?;
    let again = stage.death(actor.id)?;
    check(again == cause, || format!("{again:?}"))
}

fn no_handles(stage: &mut Stage) -> Outcome {
    let actor = stage.create(3)?;
    let call = stage.call(actor, "log", b"done")?;
    // Whoever has calls keeps its handle until they are settled.
    stage.expect_value(call, "done")?;
    stage.port.event_loop.close_sender(actor.alive);
    check(stage.death(actor.id)? == DeathCause::NoHandles, || "another death".to_owned())
}

fn max_pending(stage: &mut Stage) -> Outcome {
    let actor = stage.create(0)?;
    let policy = Policy { max_pending: Some(2), ..once() };
    let first = stage.call_by(policy, actor, "hold", b"held", &[]).map_err(text)?;
    let second = stage.call_by(policy, actor, "echo", b"", &[]).map_err(text)?;
    match stage.call_by(policy, actor, "echo", b"", &[]) {
        Err(Error::Call { refused: Refused::PendingLimit { limit: 2 } }) => {}
        other => return Err(format!("{other:?}")),
    }
    stage.until_logged("held")?;
    cancel(stage, first, false)?;
    stage.answer(second)?;
    stage.call_by(policy, actor, "echo", b"", &[]).map(drop).map_err(text)
}

pub(crate) fn cancel(stage: &mut Stage, call: klaw_sched::ids::CallId, force: bool) -> Outcome {
    let was_pending = stage.port.calls.cancel(&mut stage.port.event_loop, call, force).map_err(text)?;
    check(was_pending, || format!("{call:?} was settled"))
}

fn concurrent(stage: &mut Stage) -> Outcome {
    let actor = stage.create_with(options("Deeds", Some(0)), "limit 3", &[])?;
    let held = [stage.call(actor, "hold", b"1")?, stage.call(actor, "hold", b"2")?];
    let release = stage.call(actor, "release", b"go")?;
    stage.expect_value(release, "go")?;
    for call in held {
        stage.expect_value(call, "released")?;
    }
    Ok(())
}

fn unschedulable(stage: &mut Stage) -> Outcome {
    let big = ActorOptions { placement_cpus: klaw_sched::ids::Cpus(20_000), ..options("Deeds", None) };
    let actor = stage.create_with(big, "plain", &[])?;
    check(stage.death(actor.id)? == DeathCause::Unschedulable, || "another death".to_owned())
}

fn waiting(stage: &mut Stage) -> Outcome {
    let slow = stage.create_with(options("Deeds", Some(0)), "limit 2", &[])?;
    let actor = stage.create(0)?;
    let target = Target::Actor { actor: actor.id, ordered: true };
    let callee = klaw_core::Callee { target, policy: once(), group: 0, definition: None };
    // What `hold` will give, an argument of the first of two calls.
    let held = stage.call_by(once(), slow, "hold", b"held", &[]).map_err(text)?;
    let crate::turn::Port { calls, event_loop, .. } = &mut stage.port;
    let object = calls.keep(event_loop, held).map_err(text)?.object;
    let record = [0; klaw_core::CALL_HEADER_BYTES];
    let count = crate::worker::method("count");
    let first = calls.call_with(event_loop, &callee, count, (&record, &[]), vec![(0, object)]);
    let first = first.map_err(text)?;
    let second = stage.call(actor, "count", b"")?;
    stage.until("that it lives", |stage| matches!(stage.state(actor.id), Some(ActorState::Alive { .. })))?;
    stage.until_logged("held")?;
    check(!stage.is_answered(second), || "it has overtaken one that waits".to_owned())?;
    let crate::turn::Port { calls, event_loop, .. } = &mut stage.port;
    // Held by the call that waits.
    calls.release(event_loop, object);
    let release = stage.call_by(once(), slow, "release", b"", &[]).map_err(text)?;
    stage.answer(release)?;
    stage.expect_value(first, "1")?;
    stage.expect_value(second, "2")
}

fn ends(stage: &mut Stage) -> Outcome {
    let channel = |stage: &mut Stage| stage.port.event_loop.channel(ChannelOptions::default()).map_err(text);
    // With a creation.
    let (tx, rx) = channel(stage)?;
    let actor = stage.create_with(options("Deeds", Some(1)), "plain", &[End::Sender(tx)])?;
    expect_message(stage, rx, "constructed")?;
    // With a call, which sends there and closes it.
    let say = stage.call_by(once(), actor, "say", b"something", &[End::Sender(tx)]).map_err(text)?;
    stage.expect_value(say, "said")?;
    expect_message(stage, rx, "something")?;
    // There and back.
    let echo = stage.call_by(once(), actor, "echo", b"", &[End::Sender(tx)]).map_err(text)?;
    let Answer::Reply(Reply { ends, .. }) = stage.answer(echo)? else { return Err("no reply".to_owned()) };
    let [Arrived::Open(End::Sender(back))] = ends[..] else { return Err(format!("{ends:?}")) };
    stage.port.event_loop.send(back, 1, b"back", &[]).map_err(text)?;
    expect_message(stage, rx, "back")?;
    // Nobody else has one: what the actor might be made again with is its last.
    stage.port.event_loop.close_sender(tx);
    stage.port.event_loop.close_sender(back);
    stage.port.calls.kill_actor(&mut stage.port.event_loop, actor.id, true).map_err(text)?;
    expect_closed(stage, rx)
}

#[derive(Default)]
struct Texts(Vec<String>);

impl klaw_core::Received for Texts {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: u32, payload: &[u8], _: &[Arrived]) {
        self.0.push(String::from_utf8_lossy(payload).into_owned());
    }
}

/// What is there, and `None` once every sender is gone.
fn received(stage: &mut Stage, receiver: klaw_core::Handle) -> Option<Vec<String>> {
    let mut texts = Texts::default();
    let taken = stage.port.event_loop.take(receiver, 10, false, &mut texts);
    let _waits = stage.port.event_loop.wait(receiver);
    taken.is_ok().then_some(texts.0)
}

fn expect_message(stage: &mut Stage, receiver: klaw_core::Handle, expected: &str) -> Outcome {
    let mut got = Vec::new();
    stage.until("a message", |stage| {
        got.extend(received(stage, receiver).unwrap_or_default());
        !got.is_empty()
    })?;
    check(got == [expected], || format!("{got:?} instead of {expected:?}"))
}

pub(crate) fn expect_closed(stage: &mut Stage, receiver: klaw_core::Handle) -> Outcome {
    stage.until("the end of a channel", |stage| received(stage, receiver).is_none())
}
