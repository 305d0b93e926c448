//! The agent: starts worker processes, watches them, and leaves none behind.
//!
//! One thread of the driver's process, with a tokio runtime of its own, so that workers are started and their ends seen while the
//! driver's event loop is busy. Never tokio's process module: libuv owns SIGCHLD in a Node process, and a pidfd needs none.
//!
//! **A worker** is a process group of its own. Its standard input is a socket to the agent, by which it says that it is ready, and
//! which ends with the agent; its output comes back line by line. When it ends, by itself or killed, its whole group is
//! killed: what it had started does not outlive it. That is done before it is reaped, while its number can be nobody else's.
//!
//! **A driver that dies** leaves workers that notice by themselves: each holds the driver's pidfd from its first moment, and looks
//! whether the driver is still its parent ([`guard_worker`]). Whichever it sees, it kills its group, itself included.
//!
//! | killed | what is left | who mends it |
//! |---|---|---|
//! | driver, before the worker's guard stands | a worker that is starting | the worker: its parent is another one than it was told |
//! | driver, later | workers and what they started | each worker's guard, by the driver's pidfd or the end of the socket |
//! | worker | its group | the agent |
//! | driver and worker at once | what the worker had started | nobody: the group outlives both, unless it ends by the pipes |

mod guard;
mod lines;
mod process;
mod watch;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::error::Error;
use watch::watch;

pub use guard::{WORKER_ENV, WorkerGuard, guard_worker, worker_ready};

/// What to start a worker with.
#[derive(Debug, Clone)]
pub struct WorkerSpec {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Added to this process's environment.
    pub env: Vec<(OsString, OsString)>,
    /// How long it may take until it says that it is ready; then it is killed.
    pub start_timeout: Duration,
}

/// A worker of this agent. Never used again for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(u64);

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What happens to a worker, in order: started, lines and ready in between, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerEvent {
    /// The process exists.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// It said that it is ready.
    Ready,
    /// It wrote a line, without its end. Bytes that are no UTF-8 are replaced; very long lines come in pieces.
    Line {
        /// Where to.
        output: Output,
        /// The text.
        text: String,
    },
    /// It is gone, with everything that it had started. The last event of a worker.
    Ended {
        /// How.
        end: WorkerEnd,
        /// Its last lines, of both outputs, at most [`LAST_LINES`].
        last_lines: Vec<String>,
    },
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerEnd {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It was not ready in time, and was killed.
    NotReady,
    /// It could not be started: the system's reason.
    NotStarted(String),
}

/// Lines that [`WorkerEvent::Ended`] repeats.
pub const LAST_LINES: usize = 20;

type Sink = Arc<dyn Fn(WorkerId, WorkerEvent) + Send + Sync>;

/// What a worker's watcher is told.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// SIGTERM; SIGKILL for its group after the grace.
    Terminate(Duration),
    /// SIGKILL for its group.
    Kill,
}

enum Command {
    Start(WorkerId, WorkerSpec, UnboundedReceiver<Order>),
    Stop,
}

/// Starts and watches the workers of one session. Dropping it kills them all, and returns when they are gone.
pub struct Agent {
    commands: UnboundedSender<Command>,
    workers: Mutex<Workers>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Workers {
    next: u64,
    orders: HashMap<WorkerId, UnboundedSender<Order>>,
}

impl Agent {
    /// Starts the agent's thread. `sink` is told what happens, on that thread: it must not block.
    pub fn start(sink: impl Fn(WorkerId, WorkerEvent) + Send + Sync + 'static) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| Error::Agent { what: "its runtime", source: e })?;
        let (commands, inbox) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("klaw-agent".to_owned())
            .spawn(move || runtime.block_on(run(inbox, Arc::new(sink))))
            .map_err(|e| Error::Agent { what: "its thread", source: e })?;
        Ok(Self { commands, workers: Mutex::default(), thread: Some(thread) })
    }

    /// Starts a worker. What becomes of it, also that it can't be started, is told to the sink.
    pub fn start_worker(&self, spec: WorkerSpec) -> WorkerId {
        let (orders, inbox) = unbounded_channel();
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let id = WorkerId(workers.next);
        workers.next += 1;
        workers.orders.retain(|_, orders| !orders.is_closed());
        workers.orders.insert(id, orders);
        drop(workers);
        // The agent's thread ends only after this agent was dropped.
        let _sent = self.commands.send(Command::Start(id, spec, inbox));
        id
    }

    /// Asks a worker to end, by SIGTERM, and kills it after `grace`. Nothing happens to one that has ended.
    pub fn terminate(&self, worker: WorkerId, grace: Duration) {
        self.order(worker, Order::Terminate(grace));
    }

    /// Kills a worker and everything that it has started.
    pub fn kill(&self, worker: WorkerId) {
        self.order(worker, Order::Kill);
    }

    fn order(&self, worker: WorkerId, order: Order) {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(orders) = workers.orders.get(&worker) {
            let _gone = orders.send(order);
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let workers = self.workers.get_mut().unwrap_or_else(PoisonError::into_inner);
        for orders in workers.orders.values() {
            let _gone = orders.send(Order::Kill);
        }
        let _sent = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic was printed by its hook; the workers' sockets have ended with their watchers.
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("workers", &self.workers).finish_non_exhaustive()
    }
}

async fn run(mut commands: UnboundedReceiver<Command>, sink: Sink) {
    let mut watchers = JoinSet::new();
    while let Some(Command::Start(id, spec, orders)) = commands.recv().await {
        // Those that have ended: their results are nothing, their memory is something.
        while watchers.try_join_next().is_some() {}
        let sink = Arc::clone(&sink);
        watchers.spawn(async move { watch(&spec, orders, &|event| sink(id, event)).await });
    }
    while watchers.join_next().await.is_some() {}
}
