//! Tasks between living processes.

use std::collections::HashSet;

use klaw_sched::submit::Policy;
use klaw_testkit::{Case, Outcome};

use crate::stage::{Answer, Setting, Stage, check, retried, text};
use crate::turn::{Reply, Told};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a task is called and answers", || Setting::cpus(1).play(answers)),
        Case::new("a task that throws answers with its error", || Setting::cpus(1).play(throws)),
        Case::new("10,000 tasks over 2 workers are each answered once", || Setting::cpus(2).play(many)),
        Case::new("arguments may be big", || Setting::cpus(1).play(big)),
        Case::new("arguments may be too big", || Setting::cpus(1).play(too_big)),
        Case::new("a definition is told a worker once and known afterwards", || {
            Setting::cpus(1).play(definitions)
        }),
        Case::new("tasks within tasks need no more than 1 CPU", || Setting::cpus(1).play(nested)),
        Case::new("and so do many of them", || Setting::cpus(2).play(nested_widely)),
        Case::new("what a worker writes comes to the driver line by line", || Setting::cpus(1).play(lines)),
        Case::new("an error may be tried again", || Setting::cpus(1).play(retried_errors)),
    ]
}

fn answers(stage: &mut Stage) -> Outcome {
    let call = stage.task("echo", b"hello")?;
    stage.expect_value(call, "hello")
}

fn throws(stage: &mut Stage) -> Outcome {
    let call = stage.task("throw", b"no")?;
    match stage.answer(call)? {
        Answer::Reply(Reply { is_error: true, value, .. }) if value == b"no" => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn many(stage: &mut Stage) -> Outcome {
    let mut calls = Vec::new();
    for n in 0..10_000 {
        calls.push((stage.task("log", n.to_string().as_bytes())?, n.to_string()));
    }
    for (call, expected) in calls {
        stage.expect_value(call, &expected)?;
    }
    let done: Vec<_> = stage.logged().into_iter().filter(|line| !line.starts_with("definition")).collect();
    let different: HashSet<_> = done.iter().collect();
    check(done.len() == 10_000 && different.len() == 10_000, || {
        format!("{} runs of {} calls", done.len(), different.len())
    })?;
    check(stage.workers().len() == 2, || format!("{:?} have run 2 CPUs", stage.workers()))
}

fn big(stage: &mut Stage) -> Outcome {
    for bytes in [1 << 20, 15 << 20] {
        let arguments: Vec<u8> = (0..bytes).map(|n: u32| n.to_le_bytes()[1]).collect();
        let call = stage.task("echo", &arguments)?;
        let value = stage.value(call)?;
        check(value == arguments, || format!("{} other bytes for {bytes}", value.len()))?;
    }
    Ok(())
}

fn too_big(stage: &mut Stage) -> Outcome {
    let refused = stage.task("echo", &vec![0; 17 << 20]);
    check(refused.is_err(), || "it was taken".to_owned())?;
    // Nothing is left of it.
    let call = stage.task("echo", b"small")?;
    stage.expect_value(call, "small")
}

fn definitions(stage: &mut Stage) -> Outcome {
    let long = format!("echo {}", "x".repeat(50_000));
    for round in 0..3 {
        let calls: Result<Vec<_>, _> = (0..20).map(|_| stage.task(&long, b"")).collect();
        let other = stage.task("throw", b"")?;
        stage.answers(&calls?)?;
        stage.answer(other)?;
        let told: Vec<_> = stage.logged();
        check(told.iter().filter(|line| line.starts_with("definition")).count() == 2, || {
            format!("round {round}: {told:?}")
        })?;
    }
    Ok(())
}

fn nested(stage: &mut Stage) -> Outcome {
    let call = stage.task("nest", b"4 echo deep")?;
    stage.expect_value(call, "deep")
}

fn nested_widely(stage: &mut Stage) -> Outcome {
    let calls: Result<Vec<_>, _> =
        (0..60).map(|n| stage.task("nest", format!("2 echo {n}").as_bytes())).collect();
    for (n, call) in calls?.into_iter().enumerate() {
        stage.expect_value(call, &n.to_string())?;
    }
    Ok(())
}

fn retried_errors(stage: &mut Stage) -> Outcome {
    let policy = Policy { retry_errors: true, ..retried(2) };
    let call = stage.task_by(policy, "throw", b"again", &[])?;
    let answer = stage.answer(call)?;
    check(matches!(answer, Answer::Reply(Reply { is_error: true, .. })), || format!("{answer:?}"))?;
    let tries = stage.logged().iter().filter(|line| *line == "again").count();
    check(tries == 3, || format!("{tries} tries"))
}

fn lines(stage: &mut Stage) -> Outcome {
    stage.port.calls.want_lines(&mut stage.port.event_loop).map_err(text)?;
    let call = stage.task("print", b"a line")?;
    stage.answer(call)?;
    let is_it = |told: &Told| matches!(told, Told::Line(line) if line.text == "a line" && !line.is_error);
    stage.until("a line", |stage| stage.others.iter().any(is_it))
}
