//! Bounded channels in shared memory that survive `kill -9` of anybody.

pub mod audit;
mod channel;
pub mod crash;
mod error;
mod lane;
#[cfg(all(test, loom))]
mod loom_tests;
mod memory;
mod node;
mod receiver;
pub mod record;
mod ring;
mod sender;
mod tables;
#[cfg(test)]
mod testing;
mod transit;

pub use channel::ChannelId;
pub use error::ChannelError;
pub use node::{ChannelOptions, Node};
pub use receiver::Receiver;
pub use sender::Sender;
pub use tables::{RINGS, TABLES};
pub use transit::{Arrived, Share};
