//! Who runs what, and what happens when somebody dies: state machines with no clock, no thread, no channel and no process in
//! them. Whoever drives them brings the time and the messages, and does what they ask.
//!
//! - [`message`]: what ports, workers and the agent tell each other.
//! - [`submit`]: a port's calls until they are settled: queues, leases, retries.
//! - [`execute`]: a worker's calls: which may start, in which order, how many at once.
//! - [`agent`]: workers, leases, actors, names, restarts.
//!
//! # Who keeps what
//! The submitter owns what it has submitted: a call is in its table until its reply is there. A worker knows which calls it has got
//! and has begun; when it dies, its *run table* in shared memory tells which those are. So a call that has neither a reply nor an
//! entry never started and may be sent again; one with an entry may have run.
//!
//! The agent knows which worker is lent to whom. No call passes it.
//!
//! # Leases
//! A worker is lent to a port that has tasks, or to an actor for one of its lives. A call names the lease that it was sent by. When a worker
//! lets a lease go, calls of it that come later are *bounced*: sent back unopened, and their submitter queues them again. So
//! taking a worker back needs no word of the port that has it, which may be busy.

pub mod agent;
pub mod execute;
pub mod ids;
pub mod message;
pub mod submit;
