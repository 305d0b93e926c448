//! What every language face embeds.
//!
//! - [`Runtime`]: this process in a session, once for all its threads.
//! - [`EventLoop`]: the channel ends that one event loop uses, by handles; what it waits for, and what each turn does. It knows
//!   no language and no loop library: a face asks it at the right moments of a turn and tells its own people what it answers.
//! - [`Spin`]: whether, and how long, a loop looks around before it sleeps.
//! - [`Error`]: the one error that faces show.

mod error;
mod event_loop;
mod runtime;
mod spin;

pub use error::{Detail, Error};
pub use event_loop::{Arrived, End, Event, EventLoop, Handle, Received, Sent};
pub use klaw_channel::{ChannelOptions, Overflow};
pub use runtime::Runtime;
pub use spin::Spin;
