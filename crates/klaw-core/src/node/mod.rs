//! A node's agent at work: the state machine of klaw-sched with a thread, channels and processes.
//!
//! One thread in the process that made the session, so that workers are lent and actors restarted while that process's event
//! loop is busy. It ends with its process, and the workers with it ([`Agent`](crate::Agent)).

mod creations;
mod messages;
mod processes;
mod turn;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use klaw_sched::agent::Resources;
use rustix::event::{EventfdFlags, eventfd};

use crate::agent::{WorkerEvent, WorkerId, WorkerSpec};
use crate::error::Error;
use crate::runtime::Runtime;
use turn::Desk;

/// What a node has, and how its workers are started.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// What there is.
    pub resources: Resources,
    /// How to start a worker. It gets [`WorkerPlace`](crate::WorkerPlace) in its environment besides.
    pub worker: WorkerSpec,
}

/// The agent of a session that this process has made. Dropping it kills all workers, and returns when they are gone.
#[derive(Debug)]
pub struct NodeAgent {
    port: u64,
    bell: Bell,
    happenings: Sender<Happening>,
    thread: Option<JoinHandle<()>>,
}

/// What the agent's thread is told by other threads.
#[derive(Debug)]
enum Happening {
    Worker(WorkerId, WorkerEvent),
    Stop,
}

/// Wakes the agent's thread.
#[derive(Debug, Clone)]
struct Bell {
    fd: Arc<std::os::fd::OwnedFd>,
}

impl Bell {
    fn new() -> Result<Self, Error> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC);
        let fd = fd.map_err(|e| Error::Agent { what: "its bell", source: e.into() })?;
        Ok(Self { fd: Arc::new(fd) })
    }

    fn ring(&self) {
        // Full: it rings already.
        let _rung = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
    }

    fn silence(&self) {
        let _read = rustix::io::read(&self.fd, &mut [0; 8]);
    }
}

impl NodeAgent {
    /// Starts the agent of this session. Only its maker may: there is one.
    pub fn start(runtime: &Arc<Runtime>, options: NodeOptions) -> Result<Self, Error> {
        let bell = Bell::new()?;
        let (happenings, inbox) = channel();
        let (opened, is_open) = channel();
        let (runtime, told) = (Arc::clone(runtime), happenings.clone());
        let (rung, woken) = (bell.clone(), bell.clone());
        let thread = std::thread::Builder::new()
            .name("klaw-node".to_owned())
            .spawn(move || {
                let sink = move |worker, event| {
                    let _gone = told.send(Happening::Worker(worker, event));
                    rung.ring();
                };
                match Desk::open(&runtime, options, sink) {
                    Ok(desk) => {
                        let _gone = opened.send(Ok(desk.port()));
                        desk.run(&inbox, &woken);
                    }
                    Err(e) => _ = opened.send(Err(e)),
                }
            })
            .map_err(|e| Error::Agent { what: "its thread", source: e })?;
        let port = is_open.recv().map_err(|_| Error::Corrupt { what: "the agent's first word" })??;
        Ok(Self { port, bell, happenings, thread: Some(thread) })
    }

    /// The channel that it listens to: what [`Calls::open`](crate::Calls::open) needs.
    #[must_use]
    pub fn port(&self) -> u64 {
        self.port
    }
}

impl Drop for NodeAgent {
    fn drop(&mut self) {
        let _gone = self.happenings.send(Happening::Stop);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            // A panic was printed by its hook, and its workers ended with it.
            let _panicked = thread.join();
        }
    }
}
