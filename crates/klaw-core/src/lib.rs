//! What every language face embeds.
//!
//! - [`Runtime`]: this process in a session, once for all its threads.
//! - [`EventLoop`]: the channel ends that one event loop uses, by handles; what it waits for, and what each turn does. It knows
//!   no language and no loop library: a face asks it at the right moments of a turn and tells its own people what it answers.
//! - [`Spin`]: whether, and how long, a loop looks around before it sleeps.
//! - [`Agent`]: starts and watches worker processes, and leaves none behind; [`guard_worker`] is a worker's side of that.
//! - [`NodeAgent`]: lends workers and keeps actors alive, on a thread of its own; [`Calls`]: a port's part in calls.
//! - [`Error`]: the one error that faces show.

mod agent;
mod calls;
pub mod crash;
mod error;
mod event_loop;
mod node;
mod place;
mod runtime;
mod spin;

pub use agent::{
    Agent, LAST_LINES, Output, WORKER_ENV, WorkerEnd, WorkerEvent, WorkerGuard, WorkerId, WorkerSpec,
    guard_worker, worker_ready,
};
pub use calls::{
    CALL_HEADER_BYTES, Callee, Calls, Definition, Kept, Object, ObjectNo, Packet, REPLY_HEADER_BYTES, RUNS,
    RunEntry, Start, Stored, Takes, WorkerLine, WorkerRole,
};
pub use error::{Detail, Error};
pub use event_loop::{Arrived, Carried, End, Event, EventLoop, Handle, Received, Sent};
pub use klaw_channel::{ChannelOptions, Overflow};
pub use klaw_sched::agent::Resources;
pub use node::{NodeAgent, NodeOptions};
pub use place::WorkerPlace;
pub use runtime::Runtime;
pub use spin::Spin;
