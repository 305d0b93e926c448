//! The agent's workers as processes: numbers, rows of the run table, what they are called.

use std::collections::HashMap;
use std::ffi::OsString;

use klaw_sched::ids::{Attempt, PortId, WorkerNo};
use klaw_sched::message::{Exit, WorkerEnd};

use crate::agent::{Agent, WorkerEnd as ProcessEnd, WorkerId, WorkerSpec};
use crate::calls::{ROWS, Runs};
use crate::place::WorkerPlace;

/// All workers that have not ended.
#[derive(Debug)]
pub(super) struct Processes {
    agent: Agent,
    spec: WorkerSpec,
    session: OsString,
    agent_port: u64,
    runs: Runs,
    free_rows: Vec<u32>,
    by_number: HashMap<WorkerNo, Process>,
    by_id: HashMap<WorkerId, WorkerNo>,
    by_port: HashMap<PortId, WorkerNo>,
}

#[derive(Debug)]
struct Process {
    id: WorkerId,
    row: u32,
    pid: u32,
    /// What runs in it: shown with its lines.
    label: String,
}

impl Processes {
    pub(super) fn new(
        agent: Agent,
        spec: WorkerSpec,
        session: OsString,
        agent_port: u64,
        runs: Runs,
    ) -> Self {
        let free_rows = (0..ROWS).rev().collect();
        let (by_number, by_id, by_port) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { agent, spec, session, agent_port, runs, free_rows, by_number, by_id, by_port }
    }

    /// Starts a worker. `Some`: it can't be.
    pub(super) fn start(&mut self, worker: WorkerNo) -> Option<WorkerEnd> {
        let Some(row) = self.free_rows.pop() else {
            return Some(not_started("this session has as many workers as it can have".to_owned()));
        };
        if let Err(e) = self.runs.prepare(row) {
            self.free_rows.push(row);
            return Some(not_started(e.to_string()));
        }
        let place = WorkerPlace { session: self.session.clone().into(), agent: self.agent_port, worker, row };
        let mut spec = self.spec.clone();
        spec.env.extend(place.to_env());
        let id = self.agent.start_worker(spec);
        self.by_number.insert(worker, Process { id, row, pid: 0, label: String::new() });
        self.by_id.insert(id, worker);
        None
    }

    pub(super) fn kill(&self, worker: WorkerNo) {
        if let Some(process) = self.by_number.get(&worker) {
            self.agent.kill(process.id);
        }
    }

    pub(super) fn stop(&self, worker: WorkerNo) {
        if let Some(process) = self.by_number.get(&worker) {
            self.agent.terminate(process.id, std::time::Duration::from_secs(1));
        }
    }

    pub(super) fn number(&self, id: WorkerId) -> Option<WorkerNo> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn has_pid(&mut self, worker: WorkerNo, pid: u32) {
        if let Some(process) = self.by_number.get_mut(&worker) {
            process.pid = pid;
        }
    }

    pub(super) fn listens(&mut self, worker: WorkerNo, port: PortId) {
        self.by_port.insert(port, worker);
    }

    /// The worker that listens there runs this from now on.
    pub(super) fn becomes(&mut self, port: PortId, label: &str) {
        let process = self.by_port.get(&port).and_then(|worker| self.by_number.get_mut(worker));
        if let Some(process) = process {
            label.clone_into(&mut process.label);
        }
    }

    /// Its process id and what it is called.
    pub(super) fn source(&self, worker: WorkerNo) -> (u32, String) {
        self.by_number
            .get(&worker)
            .map_or_else(Default::default, |process| (process.pid, process.label.clone()))
    }

    /// A worker's process has ended: how, and what it had begun.
    pub(super) fn ended(
        &mut self,
        worker: WorkerNo,
        end: ProcessEnd,
        last_lines: Vec<String>,
    ) -> (WorkerEnd, Vec<(PortId, Attempt)>) {
        let how = match end {
            ProcessEnd::Exited(code) => Exit::Code(code),
            ProcessEnd::Killed(signal) => Exit::Signal(signal),
            ProcessEnd::NotReady => Exit::NotReady,
            ProcessEnd::NotStarted(reason) => Exit::NotStarted(reason),
        };
        let Some(process) = self.by_number.remove(&worker) else {
            return (WorkerEnd { pid: 0, how, last_lines }, Vec::new());
        };
        self.by_id.remove(&process.id);
        self.by_port.retain(|_, listening| *listening != worker);
        let begun = self.runs.begun(process.row).unwrap_or_default();
        self.free_rows.push(process.row);
        (WorkerEnd { pid: process.pid, how, last_lines }, begun)
    }
}

fn not_started(reason: String) -> WorkerEnd {
    WorkerEnd { pid: 0, how: Exit::NotStarted(reason), last_lines: Vec::new() }
}
