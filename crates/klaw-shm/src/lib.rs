//! Sessions in shared memory whose members may be killed at any moment.
//!
//! This crate knows processes, memory and wake-ups; it knows no channels, objects or JavaScript. From the bottom up:
//! - [`sync`]: the one door to atomics (std or loom).
//! - [`layout`]: structures that two processes share, their sizes, hash and documentation.
//! - [`segment`]: named memory that is reserved before it is touched and checked before it is read.
//! - [`session`]: the private directory, its lock, and the janitor.
//! - [`bell`] and [`port`]: how a sleeper is woken exactly when it must be.
//! - [`member`]: identities, the proof of death, and the sweep that repairs what the dead left.
//! - [`audit`]: what can't be right in a live session.
//! - [`crash`]: named points at which tests kill, and mutants that prove each repair needed.

pub mod audit;
pub mod bell;
pub mod crash;
mod error;
pub mod layout;
#[cfg(all(test, loom))]
mod loom_tests;
pub mod member;
mod os;
pub mod port;
pub mod segment;
pub mod session;
mod stamp;
pub mod sync;

pub use error::{ProtocolId, ShmError};
pub use member::{Member, Progress, Repair};
pub use os::{ProcessHandle, kill_self};
pub use port::{Port, PortKind};
pub use segment::{Segment, SegmentKind};
pub use session::Session;
pub use stamp::{MEMBER_SLOTS, Stamp};
