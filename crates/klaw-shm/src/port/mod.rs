//! Ports: the event loops and blocking threads of the members, each with its bell.
//!
//! A port is an entry of a table in the control segment, claimed by one CAS that stamps its owner. Peers know it by
//! its index; ringing a port that has meanwhile another owner costs that one a wake for nothing, so an index is
//! enough. What wakes is a FIFO in the session directory (an event loop polls it) or a futex in the entry (a
//! thread sleeps on it).
//!
//! **Crash.** The entries of a dead member are freed by its sweep: FIFO first, entry after it, each step
//! repeatable. The FIFO's name carries the generation, so that a late second sweeper can't unlink the FIFO of the
//! entry's next owner.

mod owner;
mod ringer;
mod table;

pub use owner::{Port, SPINS};
pub use ringer::Ringer;
pub use table::{BellWords, PORTS, PortEntry, PortKind, PortTable};
