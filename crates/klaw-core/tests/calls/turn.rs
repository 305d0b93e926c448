//! A port as a face drives it: its loop, its calls, and a turn of both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_core::{
    Arrived, Calls, Error, Event, EventLoop, ObjectNo, Runtime, Spin, Start, Takes, WorkerLine, WorkerRole,
};
use klaw_sched::execute::Run;
use klaw_sched::ids::{ActorId, CallId};
use klaw_sched::message::ActorState;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What one turn takes at most: few, so that what does not fit is tried too.
const ROOM: usize = 512;

/// What a port is told.
#[derive(Debug)]
pub(crate) enum Told {
    Settled(CallId, Reply),
    Failed(CallId, Error),
    Actor(ActorId, ActorState),
    NameTaken { actor: ActorId, by: ActorId },
    Found { request: u32, actor: Option<ActorId> },
    Line(WorkerLine),
    Definition { number: u32, text: String },
    Start { start: Start, arguments: Vec<u8>, ends: Vec<Arrived> },
    Cancelled(Run),
    Construct { restarts: u32, creation: Vec<u8>, ends: Vec<Arrived> },
    Finish,
}

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) is_error: bool,
    pub(crate) value: Vec<u8>,
    pub(crate) ends: Vec<Arrived>,
}

#[derive(Default)]
struct Tray(Vec<Told>);

impl Takes for Tray {
    fn room(&self) -> usize {
        ROOM.saturating_sub(self.0.len())
    }

    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn settled(&mut self, call: CallId, is_error: bool, value: &[u8], ends: &[Arrived]) {
        let reply = Reply { is_error, value: value.to_vec(), ends: ends.to_vec() };
        self.0.push(Told::Settled(call, reply));
    }

    fn object(&mut self, _: ObjectNo, _: bool) {}

    fn failed(&mut self, call: CallId, error: Arc<Error>) {
        self.0.push(Told::Failed(call, Arc::into_inner(error).expect("nobody else has it")));
    }

    fn actor(&mut self, actor: ActorId, state: &ActorState) {
        self.0.push(Told::Actor(actor, state.clone()));
    }

    fn name_taken(&mut self, actor: ActorId, by: ActorId, _: &[u8], _: &[Arrived]) {
        self.0.push(Told::NameTaken { actor, by });
    }

    fn found(&mut self, request: u32, actor: Option<ActorId>, _: &[u8], _: &[Arrived]) {
        self.0.push(Told::Found { request, actor });
    }

    fn line(&mut self, line: WorkerLine) {
        self.0.push(Told::Line(line));
    }

    fn definition(&mut self, number: u32, text: &str) {
        self.0.push(Told::Definition { number, text: text.to_owned() });
    }

    fn start(&mut self, start: Start, arguments: &[u8], ends: &[Arrived]) {
        self.0.push(Told::Start { start, arguments: arguments.to_vec(), ends: ends.to_vec() });
    }

    fn cancelled(&mut self, run: Run) {
        self.0.push(Told::Cancelled(run));
    }

    fn construct(&mut self, _: ActorId, restarts: u32, creation: &[u8], ends: &[Arrived]) {
        self.0.push(Told::Construct { restarts, creation: creation.to_vec(), ends: ends.to_vec() });
    }

    fn finish(&mut self) {
        self.0.push(Told::Finish);
    }
}

/// Where a turn puts what a port is told.
pub(crate) trait Fills: Takes {
    fn is_empty(&self) -> bool;
}

impl Fills for Tray {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A port of this process. The calls go before their loop.
pub(crate) struct Port {
    pub(crate) calls: Calls,
    pub(crate) event_loop: EventLoop,
    spin: Spin,
    events: Vec<Event>,
}

impl Port {
    pub(crate) fn open(runtime: &Arc<Runtime>, agent: u64, role: Option<WorkerRole>) -> Result<Self, Error> {
        let mut event_loop = runtime.event_loop()?;
        let calls = Calls::open(&mut event_loop, agent, role)?;
        Ok(Self { calls, event_loop, spin: Spin::new(Duration::ZERO), events: Vec::new() })
    }

    /// Looks around for so long before it sleeps.
    pub(crate) fn spin(&mut self, budget: Duration) {
        self.spin = Spin::new(budget);
    }

    /// The code of this port has run: what it is told next, and what else has happened. May sleep for `timeout` (`None`: for ever).
    pub(crate) fn turn(
        &mut self,
        timeout: Option<Duration>,
        others: &mut Vec<Event>,
    ) -> Result<Vec<Told>, Error> {
        let mut tray = Tray::default();
        self.turn_into(timeout, others, &mut tray)?;
        Ok(tray.0)
    }

    /// [`Port::turn`] without a copy.
    pub(crate) fn turn_into(
        &mut self,
        timeout: Option<Duration>,
        others: &mut Vec<Event>,
        to: &mut impl Fills,
    ) -> Result<(), Error> {
        self.event_loop.begin_turn();
        self.look(others, to)?;
        if !to.is_empty() || !others.is_empty() {
            return Ok(());
        }
        self.calls.before_sleep(&mut self.event_loop)?;
        let started = Instant::now();
        if self.looks_around(started, others) {
            self.spin.found(started.elapsed());
        } else {
            self.sleep(timeout, others);
            self.spin.woken(started.elapsed());
        }
        self.event_loop.begin_turn();
        self.look(others, to)
    }

    fn look(&mut self, others: &mut Vec<Event>, to: &mut impl Fills) -> Result<(), Error> {
        self.flush()?;
        if self.has_come(others) {
            self.calls.take(&mut self.event_loop, to)?;
        }
        Ok(())
    }

    /// True if there is something to take.
    fn has_come(&mut self, others: &mut Vec<Event>) -> bool {
        self.event_loop.pump(&mut self.events);
        let is_ready = self.calls.sift(&mut self.event_loop, &mut self.events);
        others.append(&mut self.events);
        is_ready
    }

    fn looks_around(&mut self, started: Instant, others: &mut Vec<Event>) -> bool {
        let budget = self.spin.budget();
        if budget.is_zero() {
            return false;
        }
        self.event_loop.end_turn();
        while started.elapsed() < budget {
            if self.has_come(others) || !others.is_empty() {
                return true;
            }
            std::hint::spin_loop();
        }
        self.spin.missed();
        false
    }

    fn sleep(&mut self, timeout: Option<Duration>, others: &mut Vec<Event>) {
        self.event_loop.arm();
        let mut readable = false;
        if !self.has_come(others) && others.is_empty() {
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            let fd = self.event_loop.fd();
            let mut fds = [PollFd::new(&fd, PollFlags::IN)];
            readable = poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0);
        }
        self.event_loop.disarm(readable);
    }

    /// As at the end of a turn: whatever the code needs is asked for, and whoever sleeps over it is rung.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.calls.end_turn(&mut self.event_loop)?;
        self.event_loop.end_turn();
        Ok(())
    }
}
