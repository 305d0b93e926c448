//! What is named by a number. None is ever used for something else in the same session.

use serde::{Deserialize, Serialize};

/// A port that calls: the id of its control channel, where replies and messages reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortId(pub u64);

/// The channel over which calls reach a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Inbox(pub u64);

/// A worker process, by the agent that started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkerNo(pub u64);

/// A worker's being lent: to a port that has tasks for it, or to an actor for one of its lives. Leases only grow, those of one worker
/// too: a worker that has ended a lease refuses the calls of it and of all before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lease(pub u64);

/// An actor, in all its lives: named by the port that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ActorId {
    /// Who made it.
    pub owner: PortId,
    /// Which of that port's.
    pub number: u64,
}

/// A call of a port, below 2^31. Names another call only after this one is settled and nothing of it can come any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(pub u32);

/// One try of a call. A run table has these: what a worker had begun when it died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// The call.
    pub call: CallId,
    /// Counts its tries from 0.
    pub number: u16,
}

/// An amount of CPUs, in ten-thousandths of one, so that sums are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cpus(pub u32);

impl Cpus {
    /// One of them.
    pub const ONE: Self = Self(10_000);
}

/// A moment, in milliseconds since some beginning: whoever drives a state machine brings it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);
