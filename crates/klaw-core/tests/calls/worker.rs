//! A worker: what calls can have done here.

use std::collections::HashMap;
use std::io::Write;

use klaw_core::{
    Arrived, CALL_HEADER_BYTES, Callee, End, Error, REPLY_HEADER_BYTES, Runtime, WorkerPlace, guard_worker,
    worker_ready,
};
use klaw_sched::execute::Run;
use klaw_sched::ids::{CallId, Cpus};
use klaw_sched::submit::{Policy, Target};
use klaw_shm::kill_self;

use klaw_testkit::say as print;

use crate::turn::{Port, Reply, Told};

/// Where this is written down what was done: a file that outlives whoever is killed.
pub(crate) const LOG: &str = "KLAW_TEST_LOG";

/// What an actor's methods do, by their numbers. A task's definition is one of these names, perhaps with more behind it.
pub(crate) const DEEDS: [&str; 12] =
    ["echo", "throw", "log", "crash", "exit", "hold", "release", "pid", "nest", "say", "own", "count"];

/// The number of the method that does this.
pub(crate) fn method(deed: &str) -> u32 {
    let number = DEEDS.iter().position(|name| *name == deed);
    u32::try_from(number.expect("one of the deeds")).expect("there are few")
}

pub(crate) fn role(args: &[String]) {
    let _guard = guard_worker().expect("a guard");
    if args.first().is_some_and(|mode| mode == "deaf") {
        // It is killed long before.
        std::thread::sleep(std::time::Duration::from_mins(5));
        return;
    }
    let place = WorkerPlace::of_this_process().expect("an agent has started this process");
    let runtime = Runtime::attach(&place.session).expect("the session");
    let port = Port::open(&runtime, place.agent, Some(place.role())).expect("a port");
    worker_ready().expect("a word to the agent");
    if args.first().is_some_and(|mode| mode == "bench") {
        return crate::bench::work(port);
    }
    #[cfg(feature = "crash-points")]
    crate::crashes::arm_as_told();
    let mut worker = Worker {
        port,
        names: HashMap::new(),
        held: Vec::new(),
        nested: HashMap::new(),
        lives: Vec::new(),
        count: 0,
    };
    while worker.turn().expect("a turn") {}
}

struct Worker {
    port: Port,
    /// Tasks by the numbers of their definitions.
    names: HashMap<u32, String>,
    /// Calls that are answered when they are released or cancelled.
    held: Vec<Run>,
    /// Calls that are answered with what another call is.
    nested: HashMap<CallId, Run>,
    /// Of actors that this process owns.
    lives: Vec<End>,
    count: u64,
}

impl Worker {
    /// False once it is to end.
    fn turn(&mut self) -> Result<bool, Error> {
        for told in self.port.turn(None, &mut Vec::new())? {
            match told {
                Told::Definition { number, text } => {
                    log(&format!("definition {}", first_word(&text)));
                    self.names.insert(number, first_word(&text).to_owned());
                }
                Told::Start { start, arguments, ends } => {
                    let deed = match start.definition {
                        0 => DEEDS[start.method as usize].to_owned(),
                        task => self.names[&task].clone(),
                    };
                    self.deed(&deed, start.run, &arguments, &ends)?;
                }
                Told::Construct { restarts, creation, ends } => self.construct(restarts, &creation, &ends)?,
                Told::Settled(call, reply) => self.nested_settled(call, &reply)?,
                Told::Failed(call, error) => {
                    let value = error.code().as_bytes().to_vec();
                    self.nested_settled(call, &Reply { is_error: true, value, ends: Vec::new() })?;
                }
                Told::Cancelled(run) => {
                    log("cancelled");
                    self.held.retain(|held| *held != run);
                    self.answer(run, true, b"cancelled", &[])?;
                }
                Told::Finish => {
                    log("finish");
                    self.port.flush()?;
                    return Ok(false);
                }
                Told::Actor(..) | Told::NameTaken { .. } | Told::Found { .. } | Told::Line(_) => {}
            }
        }
        Ok(true)
    }

    fn construct(&mut self, restarts: u32, creation: &[u8], ends: &[Arrived]) -> Result<(), Error> {
        let text = String::from_utf8_lossy(creation);
        log(&format!("construct {restarts}"));
        let error = match text.split_once(' ') {
            Some(("throw", error)) => Some(error.as_bytes().to_vec()),
            Some(("crash", _)) => kill_self(),
            // Until its time is over.
            Some(("hang", _)) => return Ok(()),
            _ => None,
        };
        let limit = text.split_once(' ').and_then(|(_, limit)| limit.parse().ok()).unwrap_or(1);
        for end in ends {
            self.say_to(*end, b"constructed")?;
        }
        self.port.calls.constructed(&mut self.port.event_loop, &[limit], error)
    }

    fn deed(&mut self, deed: &str, run: Run, arguments: &[u8], ends: &[Arrived]) -> Result<(), Error> {
        match deed {
            "echo" => self.answer(run, false, arguments, ends),
            "throw" => {
                log(&String::from_utf8_lossy(arguments));
                self.answer(run, true, arguments, ends)
            }
            "log" => {
                log(&String::from_utf8_lossy(arguments));
                self.answer(run, false, arguments, ends)
            }
            "crash" => {
                log(&String::from_utf8_lossy(arguments));
                kill_self()
            }
            "exit" => leave(),
            "hold" => {
                log(&String::from_utf8_lossy(arguments));
                self.held.push(run);
                Ok(())
            }
            "release" => {
                for held in std::mem::take(&mut self.held) {
                    self.answer(held, false, b"released", &[])?;
                }
                self.answer(run, false, arguments, ends)
            }
            "pid" => self.answer(run, false, std::process::id().to_string().as_bytes(), ends),
            "nest" => self.nest(run, arguments),
            "say" => {
                for end in ends {
                    self.say_to(*end, arguments)?;
                }
                self.answer(run, false, b"said", &[])
            }
            "own" => self.own(run),
            "print" => {
                print(&String::from_utf8_lossy(arguments));
                self.answer(run, false, arguments, ends)
            }
            "count" => {
                self.count += 1;
                self.answer(run, false, self.count.to_string().as_bytes(), ends)
            }
            other => panic!("nobody can do {other:?}"),
        }
    }

    /// A task within a task: `{depth} {deed} {arguments}`.
    fn nest(&mut self, run: Run, arguments: &[u8]) -> Result<(), Error> {
        let text = String::from_utf8_lossy(arguments).into_owned();
        let (depth, rest) = text.split_once(' ').expect("a depth");
        let (deed, arguments) = match depth.parse::<u32>().expect("a number") {
            0 => rest.split_once(' ').unwrap_or((rest, "")),
            depth => ("nest", &*format!("{} {rest}", depth - 1)),
        };
        let call = self.call_task(deed, arguments.as_bytes())?;
        self.nested.insert(call, run);
        Ok(())
    }

    fn call_task(&mut self, deed: &str, arguments: &[u8]) -> Result<CallId, Error> {
        let Port { calls, event_loop, .. } = &mut self.port;
        let definition = Some(calls.define(deed));
        let policy = Policy { max_retries: Some(0), ..Policy::default() };
        let callee = Callee { target: Target::Task { cpus: Cpus::ONE }, policy, group: 0, definition };
        calls.call(event_loop, &callee, 0, &mut with_room(CALL_HEADER_BYTES, arguments), &[])
    }

    fn nested_settled(&mut self, call: CallId, reply: &Reply) -> Result<(), Error> {
        match self.nested.remove(&call) {
            Some(run) => self.answer(run, reply.is_error, &reply.value, &reply.ends),
            None => Ok(()),
        }
    }

    /// Makes an actor that is this process's, and has a task on its way: says the actor's number, and never ends.
    fn own(&mut self, run: Run) -> Result<(), Error> {
        let Port { calls, event_loop, .. } = &mut self.port;
        let (alive, life) = event_loop.channel(klaw_core::ChannelOptions::default())?;
        let options = crate::stage::options("owned", Some(0));
        let actor = calls.create_actor(event_loop, options, End::Receiver(life), (b"card", b"plain"), &[])?;
        event_loop.close_receiver(life);
        self.lives.push(End::Sender(alive));
        self.call_task("hold", b"of the owner")?;
        let text = format!("{} {}", actor.owner.0, actor.number);
        self.answer(run, false, text.as_bytes(), &[])
    }

    fn say_to(&mut self, end: Arrived, text: &[u8]) -> Result<(), Error> {
        if let Arrived::Open(End::Sender(sender)) = end {
            self.port.event_loop.send(sender, 7, text, &[])?;
        }
        self.port.event_loop.close_arrived(end);
        Ok(())
    }

    fn answer(&mut self, run: Run, is_error: bool, value: &[u8], ends: &[Arrived]) -> Result<(), Error> {
        let Port { calls, event_loop, .. } = &mut self.port;
        let open = ends.iter().filter_map(|end| match end {
            Arrived::Open(end) => Some(*end),
            Arrived::ClosedSender | Arrived::ClosedReceiver => None,
        });
        let mut record = with_room(REPLY_HEADER_BYTES, value);
        calls.reply(event_loop, run, is_error, &mut record, &open.collect::<Vec<_>>())?;
        for end in ends {
            event_loop.close_arrived(*end);
        }
        Ok(())
    }
}

#[expect(clippy::exit, reason = "what this worker is asked for")]
fn leave() -> ! {
    std::process::exit(7)
}

/// A record with `room` bytes of header to be written before `bytes`.
pub(crate) fn with_room(room: usize, bytes: &[u8]) -> Vec<u8> {
    let mut record = vec![0; room];
    record.extend_from_slice(bytes);
    record
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or("")
}

/// Writes down what was done; kept also if this process dies at once.
fn log(text: &str) {
    let Some(path) = std::env::var_os(LOG) else { return };
    let line = format!("{} {text}\n", std::process::id());
    let mut file = std::fs::File::options().append(true).create(true).open(path).expect("the log");
    // One write, so that lines of several processes stay whole.
    file.write_all(line.as_bytes()).expect("the log");
}
