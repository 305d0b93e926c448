//! Worker processes: started, heard, ended, and never left behind.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use klaw_core::{Agent, LAST_LINES, Output, WorkerEnd, WorkerEvent, WorkerId, WorkerSpec, guard_worker};
use klaw_shm::{ProcessHandle, kill_self};
use klaw_testkit::{Case, Ended, Outcome, ROLE_FLAG, Role, RoleMain, eventually, say, wait_for_line};
use rustix::process::Signal;

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than any test takes.
const LONG: Duration = Duration::from_mins(5);

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[("worker", role_worker), ("driver", role_driver)];
    klaw_testkit::main(roles, || {
        vec![
            Case::new("a worker is heard from its start to its end", heard),
            Case::new("the last lines come with the end, complete", last_lines),
            Case::new("an endless line fills nobody's memory", endless),
            Case::new("a worker that is killed takes what it had started along", || group_ends("stay", true)),
            Case::new("a worker that exits takes what it had started along", || group_ends("exit", false)),
            Case::new("a worker is asked to end, and killed if it does not", terminated),
            Case::new("a worker that is not ready in time is killed", not_ready),
            Case::new("a worker that can't be started says why", not_started),
            Case::new("an agent that is dropped leaves no worker", dropped),
            Case::new("a killed driver leaves no worker and nothing of theirs", || driver_dies("ready")),
            Case::new("nor one that is killed while they start", || driver_dies("started")),
            Case::new("nor one whose agent is gone", || driver_dies("forgotten")),
            Case::new("a stopped driver is slow and not dead", driver_stops),
            Case::new("a guard outside of a worker does nothing", no_worker),
        ]
    })
}

// --- what the tests share ---

struct Heard {
    agent: Agent,
    events: Receiver<(WorkerId, WorkerEvent)>,
}

impl Heard {
    fn start() -> Result<Self, String> {
        let (tell, events) = channel();
        let agent = Agent::start(move |worker, event| drop(tell.send((worker, event))));
        Ok(Self { agent: agent.map_err(|e| e.to_string())?, events })
    }

    fn next(&self) -> Result<WorkerEvent, String> {
        self.events
            .recv_timeout(PATIENCE)
            .map(|(_, event)| event)
            .map_err(|e| format!("nothing happens: {e}"))
    }

    /// The events of one worker up to its end.
    fn all(&self) -> Result<Vec<WorkerEvent>, String> {
        let mut events = Vec::new();
        loop {
            events.push(self.next()?);
            if let Some(WorkerEvent::Ended { .. }) = events.last() {
                return Ok(events);
            }
        }
    }

    /// The rest of the first line that starts with `prefix`.
    fn line(&self, prefix: &str) -> Result<String, String> {
        loop {
            match self.next()? {
                WorkerEvent::Line { text, .. } if text.starts_with(prefix) => {
                    return Ok(text[prefix.len()..].trim().to_owned());
                }
                ended @ WorkerEvent::Ended { .. } => return Err(format!("no {prefix:?} before {ended:?}")),
                _ => {}
            }
        }
    }

    fn end(&self) -> Result<WorkerEnd, String> {
        match self.all()?.pop() {
            Some(WorkerEvent::Ended { end, .. }) => Ok(end),
            other => Err(format!("{other:?}")),
        }
    }
}

fn worker(mode: &str) -> WorkerSpec {
    let args = [ROLE_FLAG, "worker", mode].map(Into::into).into();
    let program = std::env::current_exe().expect("this binary");
    WorkerSpec { program, args, env: Vec::new(), start_timeout: LONG }
}

fn shell(script: &str) -> WorkerSpec {
    let args = ["-c", script].map(Into::into).into();
    WorkerSpec { program: "/bin/sh".into(), args, env: Vec::new(), start_timeout: LONG }
}

fn check(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(why()) }
}

fn process(pid: &str) -> Result<ProcessHandle, String> {
    let number = pid.parse().map_err(|e| format!("{pid:?}: {e}"))?;
    ProcessHandle::open(number).map_err(|e| e.to_string())?.ok_or(format!("process {pid} is gone already"))
}

fn gone(processes: &[ProcessHandle]) -> Outcome {
    eventually(PATIENCE, || {
        let left = processes.iter().filter(|process| !process.is_dead()).count();
        check(left == 0, || format!("{left} of {} processes are left", processes.len()))
    })
}

// --- cases ---

fn heard() -> Outcome {
    let heard = Heard::start()?;
    heard.agent.start_worker(worker("talk"));
    let mut events = heard.all()?;
    check(matches!(events.remove(0), WorkerEvent::Started { pid } if pid > 0), || "not started".to_owned())?;
    let Some(WorkerEvent::Ended { end, .. }) = events.pop() else { return Err("no end".to_owned()) };
    check(end == WorkerEnd::Exited(7), || format!("{end:?}"))?;
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut ready = 0;
    for event in events {
        match event {
            WorkerEvent::Line { output: Output::Stdout, text } => texts.entry("out").or_default().push(text),
            WorkerEvent::Line { output: Output::Stderr, text } => texts.entry("err").or_default().push(text),
            WorkerEvent::Ready => ready += 1,
            other => return Err(format!("{other:?}")),
        }
    }
    let expected = BTreeMap::from([
        ("err", vec!["trouble".to_owned()]),
        ("out", vec!["hello".to_owned(), "no end of line".to_owned()]),
    ]);
    check(ready == 1 && texts == expected, || format!("ready {ready} times, said {texts:?}"))
}

fn last_lines() -> Outcome {
    let heard = Heard::start()?;
    heard.agent.start_worker(shell("for n in $(seq 1000); do echo line $n; done; exit 3"));
    let Some(WorkerEvent::Ended { end, last_lines }) = heard.all()?.pop() else {
        return Err("no end".to_owned());
    };
    let expected: Vec<_> = (1..=1_000).map(|n| format!("line {n}")).skip(1_000 - LAST_LINES).collect();
    check(end == WorkerEnd::Exited(3) && last_lines == expected, || format!("{end:?} {last_lines:?}"))
}

fn endless() -> Outcome {
    let heard = Heard::start()?;
    heard.agent.start_worker(shell("head -c 3000000 /dev/zero | tr '\\0' x"));
    let lengths = heard.all()?.into_iter().filter_map(|event| match event {
        WorkerEvent::Line { text, .. } => Some(text.len()),
        _ => None,
    });
    let lengths: Vec<_> = lengths.collect();
    let largest = lengths.iter().max().copied().unwrap_or(0);
    let sum: usize = lengths.iter().sum();
    check(sum == 3_000_000 && largest <= 100_000, || format!("{sum} bytes in pieces of up to {largest}"))
}

fn group_ends(mode: &str, kill: bool) -> Outcome {
    let heard = Heard::start()?;
    let id = heard.agent.start_worker(worker(mode));
    let grandchild = process(&heard.line("grandchild")?)?;
    if kill {
        heard.agent.kill(id);
    }
    let end = heard.end()?;
    let expected = if kill { WorkerEnd::Killed(9) } else { WorkerEnd::Exited(0) };
    check(end == expected, || format!("{end:?}"))?;
    gone(&[grandchild])?;
    // Nobody is there any more who could be asked.
    heard.agent.kill(id);
    heard.agent.terminate(id, LONG);
    Ok(())
}

fn terminated() -> Outcome {
    let heard = Heard::start()?;
    let id = heard.agent.start_worker(shell("echo up; sleep 1000"));
    heard.line("up")?;
    heard.agent.terminate(id, LONG);
    let end = heard.end()?;
    check(end == WorkerEnd::Killed(15), || format!("{end:?}"))?;
    let id = heard.agent.start_worker(shell("trap '' TERM; echo up; while :; do sleep 1; done"));
    heard.line("up")?;
    heard.agent.terminate(id, Duration::from_millis(50));
    let end = heard.end()?;
    check(end == WorkerEnd::Killed(9), || format!("{end:?}"))
}

fn not_ready() -> Outcome {
    let heard = Heard::start()?;
    let spec = WorkerSpec { start_timeout: Duration::from_millis(50), ..shell("echo up; sleep 1000") };
    heard.agent.start_worker(spec);
    let end = heard.end()?;
    check(end == WorkerEnd::NotReady, || format!("{end:?}"))
}

fn not_started() -> Outcome {
    let heard = Heard::start()?;
    heard.agent.start_worker(WorkerSpec { program: "/nowhere/node".into(), ..shell("") });
    match heard.end()? {
        WorkerEnd::NotStarted(why) if why.contains("/nowhere/node") => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn dropped() -> Outcome {
    let heard = Heard::start()?;
    let mut processes = Vec::new();
    for _ in 0..3 {
        heard.agent.start_worker(worker("stay"));
        processes.push(process(&heard.line("grandchild")?)?);
    }
    let Heard { agent, events } = heard;
    drop(agent);
    let ends = events.iter().filter(|(_, event)| matches!(event, WorkerEvent::Ended { .. })).count();
    check(ends == 3, || format!("{ends} of 3 ends were told"))?;
    gone(&processes)
}

/// The driver is killed at a moment; all that it and its workers had started is gone soon.
fn driver_dies(moment: &str) -> Outcome {
    for round in 0..5_u64 {
        let mut driver = Role::spawn("driver", &[moment, &round.to_string()], &[])?;
        let mut processes = Vec::new();
        loop {
            let line = driver.line()?;
            match line.split_once(' ') {
                Some(("process", pid)) => processes.extend(process(pid).ok()),
                _ => break,
            }
        }
        let ended = driver.kill()?;
        check(ended == Ended::KILLED, || format!("the driver ended by {ended:?}"))?;
        gone(&processes).map_err(|why| format!("round {round}: {why}"))?;
    }
    Ok(())
}

fn driver_stops() -> Outcome {
    let mut driver = Role::spawn("driver", &["ready", "0"], &[])?;
    let mut processes = Vec::new();
    while let Some(("process", pid)) = driver.line()?.split_once(' ') {
        processes.push(process(pid)?);
    }
    driver.stop()?;
    std::thread::sleep(Duration::from_millis(300));
    let dead = processes.iter().filter(|process| process.is_dead()).count();
    driver.signal(Signal::CONT);
    check(dead == 0, || format!("{dead} of {} took a stopped driver for dead", processes.len()))?;
    driver.kill()?;
    gone(&processes)
}

fn no_worker() -> Outcome {
    check(guard_worker().is_ok_and(|guard| guard.is_none()), || "this process is no worker".to_owned())
}

// --- roles ---

/// What a worker does; it talks through its outputs, because its input is the agent's.
fn role_worker(args: &[String]) {
    let guard = guard_worker().expect("a guard").expect("started by an agent");
    guard.ready().expect("a word to the agent");
    match args[0].as_str() {
        "talk" => {
            say("hello");
            eprintln_line("trouble");
            print_rest("no end of line");
            leave(7);
        }
        mode => {
            let mut grandchild = Command::new("sleep").arg("1000").spawn().expect("sleep");
            say(&format!("grandchild {}", grandchild.id()));
            if mode == "exit" {
                leave(0);
            }
            grandchild.wait().expect("this process ends before it");
        }
    }
}

fn eprintln_line(text: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()).expect("stderr");
}

fn print_rest(text: &str) {
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, text.as_bytes()).expect("stdout");
    std::io::Write::flush(&mut out).expect("stdout");
}

#[expect(clippy::exit, reason = "a role whose exit code is looked at")]
fn leave(code: i32) -> ! {
    std::process::exit(code)
}

/// Starts workers and says who they are; dies, or is killed, at the moment that it is told.
fn role_driver(args: &[String]) {
    let (moment, round) = (args[0].clone(), args[1].parse::<u64>().expect("a number"));
    let (tell, events) = channel();
    let early = moment == "started";
    let agent = Agent::start(move |_, event| {
        if let (true, WorkerEvent::Started { pid }) = (early, &event) {
            say(&format!("process {pid}"));
            // Later in each round, so that the workers have come further.
            std::thread::sleep(Duration::from_millis(round));
            say("dying");
            kill_self();
        }
        drop(tell.send(event));
    });
    let agent = agent.expect("an agent");
    for _ in 0..3 {
        agent.start_worker(worker("stay"));
    }
    let mut grandchildren = 0;
    while grandchildren < 3 {
        match events.recv_timeout(PATIENCE).expect("an event") {
            WorkerEvent::Started { pid } => say(&format!("process {pid}")),
            WorkerEvent::Line { text, .. } => {
                let pid = text.strip_prefix("grandchild ").expect("that is all they say");
                say(&format!("process {pid}"));
                grandchildren += 1;
            }
            _ => {}
        }
    }
    if moment == "forgotten" {
        // The process lives on; nothing of the agent does.
        std::thread::spawn(move || drop(agent)).join().expect("dropped");
        say("dying");
        let _killed = wait_for_line();
        return;
    }
    say("dying");
    let _killed = wait_for_line();
}
