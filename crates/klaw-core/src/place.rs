//! Which worker a process is: what its agent tells it by its environment.

use std::ffi::OsString;
use std::path::PathBuf;

use klaw_sched::ids::WorkerNo;

use crate::calls::WorkerRole;

const SESSION: &str = "KLAW_SESSION";
const PLACE: &str = "KLAW_PLACE";

/// A worker's place in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerPlace {
    /// The session's address.
    pub session: PathBuf,
    /// The channel that the agent listens to.
    pub agent: u64,
    /// The agent's name for it.
    pub worker: WorkerNo,
    /// Its row of the run table.
    pub row: u32,
}

impl WorkerPlace {
    /// Of this process; `None` if no agent has started it.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        let session = std::env::var_os(SESSION)?.into();
        let place = std::env::var(PLACE).ok()?;
        let mut numbers = place.split(':').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let (agent, worker, row) = (next()?, WorkerNo(next()?), u32::try_from(next()?).ok()?);
        Some(Self { session, agent, worker, row })
    }

    /// What [`Calls::open`](crate::Calls::open) needs of it.
    #[must_use]
    pub fn role(&self) -> WorkerRole {
        WorkerRole { worker: self.worker, row: self.row }
    }

    pub(crate) fn to_env(&self) -> [(OsString, OsString); 2] {
        let place = format!("{}:{}:{}", self.agent, self.worker.0, self.row);
        [(SESSION.into(), self.session.clone().into()), (PLACE.into(), place.into())]
    }
}
