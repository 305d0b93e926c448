//! Bounded channels in shared memory, of any number of senders and receivers in any number of processes, that survive
//! `kill -9` of anybody.
//!
//! ```
//! use klaw_channel::{ChannelError, ChannelOptions, Node};
//!
//! # fn main() -> Result<(), ChannelError> {
//! # let base = klaw_testkit::Scratch::new().unwrap();
//! # let base = base.path();
//! // One process makes the session. Others join it by `Node::attach(path)`, and open the channel by its id.
//! let node = Node::create(base)?;
//! let (mut tx, mut rx) = node.channel(ChannelOptions { capacity: 100, ..ChannelOptions::default() })?;
//! tx.try_send(7, b"hello")?;
//! let message = rx.recv(None)?;
//! assert_eq!((message.tag, message.payload), (7, &b"hello"[..]));
//! drop(tx);
//! assert!(matches!(rx.recv(None), Err(ChannelError::Closed { .. })));
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//! - A message that `send` has returned for is received by one receiver, once, unless that receiver's process dies between
//!   taking it and handing it out: then it is lost, and counted ([`Receiver::lost`]).
//! - Messages of one sender arrive in their order. Those of different senders mix.
//! - `capacity` and `max_bytes` hold over all senders together, to the message and to the byte.
//! - The channel is closed for receivers when the last sender is gone, by drop or by death, and everything was received;
//!   for senders when the last receiver is gone.
//! - In a channel made for calls, a sender takes back what no receiver has claimed ([`Sender::revoke`]): such a message is received
//!   or taken back, never both.
//! - Nobody waits for a dead process. Nobody waits for a stopped one either, except for messages that only it can send, and
//!   for a lane out of which it was copying a batch in the moment it was stopped.
//!
//! # How it is made
//! Records ([`record`]) travel in lanes, one a sender, over rings borrowed from a pool; receivers take turns by a lease.
//! The module docs of `lane`, `channel::credit`, `channel::ends` and `transit` have the protocols with their crash tables.
//! [`audit`] looks whether all of it holds in a live session.

#[cfg(feature = "tokio")]
mod async_port;
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
#[cfg(not(loom))]
mod stream;
mod tables;
#[cfg(test)]
mod testing;
mod transit;

pub use channel::ChannelId;
pub use error::ChannelError;
pub use node::{ChannelOptions, Node, Overflow};
pub use receiver::Receiver;
pub use sender::{Sender, Ticket, WaitsForRoom};
pub use tables::{RINGS, TABLES};
pub use transit::{Arrived, Share};
