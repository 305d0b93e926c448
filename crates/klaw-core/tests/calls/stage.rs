//! A session with an agent and a driver's port, and what a driver does with them.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::{read_dir, read_link};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_core::{
    CALL_HEADER_BYTES, Callee, ChannelOptions, End, Error, Event, Handle, NodeAgent, NodeOptions, Resources,
    Runtime, WorkerSpec,
};
use klaw_sched::ids::{ActorId, CallId, Cpus};
use klaw_sched::message::{ActorOptions, ActorState};
use klaw_sched::submit::{Policy, Target};
use klaw_testkit::{Outcome, ROLE_FLAG, Scratch, eventually};

use crate::turn::{Port, Reply, Told};
use crate::worker::{LOG, method, with_room};

/// Against hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn text(e: impl Display) -> String {
    e.to_string()
}

pub(crate) fn check(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(why()) }
}

/// How a stage is set.
pub(crate) struct Setting {
    pub(crate) cpus: u32,
    pub(crate) max_workers: usize,
    pub(crate) worker_args: Vec<String>,
    pub(crate) worker_env: Vec<(String, String)>,
    pub(crate) start_timeout: Duration,
}

impl Setting {
    pub(crate) fn cpus(cpus: u32) -> Self {
        Self {
            cpus,
            max_workers: 60,
            worker_args: Vec::new(),
            worker_env: Vec::new(),
            start_timeout: PATIENCE,
        }
    }

    /// Runs a test on a stage like this; nothing may be left of it.
    pub(crate) fn play(self, test: impl FnOnce(&mut Stage) -> Outcome) -> Outcome {
        let mut stage = Stage::open(self).map_err(text)?;
        let outcome = test(&mut stage);
        let end = stage.end();
        outcome.and(end)
    }
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Reply),
    Failed(Error),
}

/// An actor with a handle, which is there as long as its sender is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) id: ActorId,
    pub(crate) alive: Handle,
}

/// A driver with its session. What is dropped first stands first.
pub(crate) struct Stage {
    pub(crate) port: Port,
    agent: NodeAgent,
    runtime: Arc<Runtime>,
    pub(crate) scratch: Scratch,
    log: PathBuf,
    answers: HashMap<CallId, Answer>,
    /// What was told of actors, oldest first.
    pub(crate) states: HashMap<ActorId, Vec<ActorState>>,
    /// Everything else that was told.
    pub(crate) others: Vec<Told>,
    pub(crate) events: Vec<Event>,
}

impl Stage {
    fn open(setting: Setting) -> Result<Self, Error> {
        let scratch = Scratch::new().expect("a directory");
        let log = scratch.path().join("log");
        let runtime = Runtime::create_in(scratch.path())?;
        let mut env = vec![(LOG.into(), log.clone().into())];
        env.extend(setting.worker_env.into_iter().map(|(name, value)| (name.into(), value.into())));
        let mut args = vec![ROLE_FLAG.into(), "worker".into()];
        args.extend(setting.worker_args.into_iter().map(Into::into));
        let program = std::env::current_exe().expect("this binary");
        let worker = WorkerSpec { program, args, env, start_timeout: setting.start_timeout };
        let resources = Resources {
            cpus: Cpus(setting.cpus * Cpus::ONE.0),
            spare_workers: 0,
            max_workers: setting.max_workers,
            idle_ms: 1_000,
        };
        let agent = NodeAgent::start(&runtime, NodeOptions { resources, worker })?;
        let port = Port::open(&runtime, agent.port(), None)?;
        let (answers, states) = (HashMap::new(), HashMap::new());
        let (others, events) = (Vec::new(), Vec::new());
        Ok(Self { port, agent, runtime, scratch, log, answers, states, others, events })
    }

    /// Ends everything: no process may be left, and no name in shared memory.
    fn end(self) -> Outcome {
        let Self { port, agent, runtime, scratch, .. } = self;
        let (session, address) = (runtime.session_id(), runtime.address().to_owned());
        drop((port, agent, runtime));
        let left = processes_of(&address);
        check(left.is_empty(), || format!("processes are left: {left:?}"))?;
        let names = shared_names(&session);
        check(names.is_empty(), || format!("left in shared memory: {names:?}"))?;
        check(!address.exists(), || format!("{} is left", address.display()))?;
        drop(scratch);
        Ok(())
    }

    // --- submitting ---

    pub(crate) fn task_by(
        &mut self,
        policy: Policy,
        deed: &str,
        arguments: &[u8],
        ends: &[End],
    ) -> Result<CallId, String> {
        let definition = Some(self.port.calls.define(deed));
        let callee = Callee { target: Target::Task { cpus: Cpus::ONE }, policy, group: 0, definition };
        self.submit(&callee, 0, arguments, ends).map_err(text)
    }

    /// A task that is tried once.
    pub(crate) fn task(&mut self, deed: &str, arguments: &[u8]) -> Result<CallId, String> {
        self.task_by(once(), deed, arguments, &[])
    }

    pub(crate) fn call_by(
        &mut self,
        policy: Policy,
        actor: Actor,
        deed: &str,
        arguments: &[u8],
        ends: &[End],
    ) -> Result<CallId, Error> {
        let target = Target::Actor { actor: actor.id, ordered: true };
        let callee = Callee { target, policy, group: 0, definition: None };
        self.submit(&callee, method(deed), arguments, ends)
    }

    /// A call that is tried once.
    pub(crate) fn call(&mut self, actor: Actor, deed: &str, arguments: &[u8]) -> Result<CallId, String> {
        self.call_by(once(), actor, deed, arguments, &[]).map_err(text)
    }

    fn submit(
        &mut self,
        callee: &Callee,
        method: u32,
        arguments: &[u8],
        ends: &[End],
    ) -> Result<CallId, Error> {
        let Port { calls, event_loop, .. } = &mut self.port;
        calls.call(event_loop, callee, method, &mut with_room(CALL_HEADER_BYTES, arguments), ends)
    }

    pub(crate) fn create_with(
        &mut self,
        options: ActorOptions,
        creation: &str,
        ends: &[End],
    ) -> Result<Actor, String> {
        let Port { calls, event_loop, .. } = &mut self.port;
        let (alive, life) = event_loop.channel(ChannelOptions::default()).map_err(text)?;
        let life_end = End::Receiver(life);
        let id = calls
            .create_actor(event_loop, options, life_end, (b"card", creation.as_bytes()), ends)
            .map_err(text)?;
        event_loop.close_receiver(life);
        Ok(Actor { id, alive })
    }

    pub(crate) fn create(&mut self, max_restarts: u32) -> Result<Actor, String> {
        self.create_with(options("Deeds", Some(max_restarts)), "plain", &[])
    }

    // --- waiting ---

    /// One turn; sleeps if there is nothing to do.
    pub(crate) fn turn(&mut self) -> Outcome {
        self.turn_for(Duration::from_millis(200))
    }

    /// One turn that does not sleep.
    pub(crate) fn turn_now(&mut self) -> Outcome {
        self.turn_for(Duration::ZERO)
    }

    fn turn_for(&mut self, timeout: Duration) -> Outcome {
        let told = self.port.turn(Some(timeout), &mut self.events).map_err(text)?;
        for told in told {
            match told {
                Told::Settled(call, reply) => self.answered(call, Answer::Reply(reply))?,
                Told::Failed(call, error) => self.answered(call, Answer::Failed(error))?,
                Told::Actor(actor, state) => self.states.entry(actor).or_default().push(state),
                other => self.others.push(other),
            }
        }
        Ok(())
    }

    fn answered(&mut self, call: CallId, answer: Answer) -> Outcome {
        match self.answers.insert(call, answer) {
            None => Ok(()),
            Some(first) => Err(format!("{call:?} was answered twice, first by {first:?}")),
        }
    }

    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) -> Outcome {
        let started = Instant::now();
        while !holds(self) {
            check(started.elapsed() < PATIENCE, || format!("waited in vain: {what}"))?;
            self.turn()?;
        }
        Ok(())
    }

    pub(crate) fn answer(&mut self, call: CallId) -> Result<Answer, String> {
        self.until(&format!("an answer of {call:?}"), |stage| stage.answers.contains_key(&call))?;
        Ok(self.answers.remove(&call).expect("it is there"))
    }

    pub(crate) fn answers(&mut self, calls: &[CallId]) -> Result<Vec<Answer>, String> {
        calls.iter().map(|call| self.answer(*call)).collect()
    }

    pub(crate) fn is_answered(&self, call: CallId) -> bool {
        self.answers.contains_key(&call)
    }

    pub(crate) fn value(&mut self, call: CallId) -> Result<Vec<u8>, String> {
        match self.answer(call)? {
            Answer::Reply(Reply { is_error: false, value, .. }) => Ok(value),
            other => Err(format!("not a value: {other:?}")),
        }
    }

    pub(crate) fn expect_value(&mut self, call: CallId, expected: &str) -> Outcome {
        let value = self.value(call)?;
        let value = String::from_utf8_lossy(&value);
        check(value == expected, || format!("{value:?} instead of {expected:?}"))
    }

    /// The call fails without having been answered.
    pub(crate) fn failure(&mut self, call: CallId) -> Result<Error, String> {
        match self.answer(call)? {
            Answer::Failed(error) => Ok(error),
            Answer::Reply(other) => Err(format!("not a failure: {other:?}")),
        }
    }

    pub(crate) fn pid(&mut self, actor: Actor) -> Result<u32, String> {
        let call = self.call(actor, "pid", b"")?;
        let pid = self.value(call)?;
        String::from_utf8_lossy(&pid).parse().map_err(text)
    }

    pub(crate) fn state(&self, actor: ActorId) -> Option<&ActorState> {
        self.states.get(&actor)?.last()
    }

    /// Waits until the actor is dead: why.
    pub(crate) fn death(&mut self, actor: ActorId) -> Result<klaw_sched::message::DeathCause, String> {
        self.until("a death", |stage| matches!(stage.state(actor), Some(ActorState::Dead { .. })))?;
        match self.state(actor) {
            Some(ActorState::Dead { cause, .. }) => Ok(cause.clone()),
            other => Err(format!("{other:?}")),
        }
    }

    // --- looking ---

    /// What workers have written down, without their pids.
    pub(crate) fn logged(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    }

    /// Turns until workers have written that down.
    pub(crate) fn until_logged(&mut self, line: &str) -> Outcome {
        self.until(line, |stage| stage.logged().iter().any(|logged| logged == line))
    }

    pub(crate) fn workers(&self) -> Vec<u32> {
        processes_of(self.runtime.address())
    }
}

/// Tried once.
pub(crate) fn once() -> Policy {
    retried(0)
}

pub(crate) fn retried(times: u32) -> Policy {
    Policy { max_retries: Some(times), ..Policy::default() }
}

pub(crate) fn options(label: &str, max_restarts: Option<u32>) -> ActorOptions {
    ActorOptions {
        label: label.to_owned(),
        name: None,
        get_if_exists: false,
        max_restarts,
        placement_cpus: Cpus(0),
        running_cpus: Cpus(0),
        start_timeout_ms: 30_000,
    }
}

/// Kills a process, as anybody may.
pub(crate) fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("one of our workers");
}

/// Living processes that have the session in their environment, but for this one.
fn processes_of(address: &Path) -> Vec<u32> {
    let mark = format!("KLAW_SESSION={}", address.display());
    let pids = read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_ours = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let is_marked = environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes());
        // A zombie has no program any more.
        is_marked && read_link(format!("/proc/{pid}/exe")).is_ok()
    };
    pids.filter(is_ours).collect()
}

fn shared_names(session: &str) -> Vec<String> {
    let mark = format!("klaw-{}-{session}", rustix::process::getuid().as_raw());
    let names = read_dir("/dev/shm").into_iter().flatten().flatten();
    names
        .filter_map(|name| name.file_name().into_string().ok())
        .filter(|name| name.starts_with(&mark))
        .collect()
}

/// Waits for something outside of this process.
pub(crate) fn soon(look: impl FnMut() -> Outcome) -> Outcome {
    eventually(PATIENCE, look)
}
