//! The error that language faces show: a stable code, a message, and details by name.

mod calls;

use klaw_channel::ChannelError;
use std::sync::Arc;

use klaw_sched::message::DeathCause;
use klaw_sched::submit::{Failure, Refused};
use klaw_shm::ShmError;

/// Anything that went wrong: what happened, what was expected, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From a channel, or from below.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// An end that this loop doesn't have (any more).
    #[error("this {end} was closed here: make or receive another one")]
    EndClosed {
        /// `"sender"` or `"receiver"`.
        end: &'static str,
    },
    /// The agent, or what a worker needs of it, can't be had.
    #[error(
        "the system refused {what} to the agent: {source}; look at the limits of this process (ulimit -a)"
    )]
    Agent {
        /// What it needs.
        what: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A call that was not submitted.
    #[error("{}", calls::refusal(*refused))]
    Call {
        /// Why.
        refused: Refused,
    },
    /// A call that will never be answered.
    #[error("{}", calls::failure(failure))]
    CallFailed {
        /// Why.
        failure: Box<Failure>,
    },
    /// An actor that is dead, or could not be made.
    #[error("{}", calls::death(cause))]
    ActorDead {
        /// Why.
        cause: Box<DeathCause>,
    },
    /// A reference that was released.
    #[error("this reference was released: keep it as long as its object is needed")]
    ObjectReleased,
    /// An argument of a call is an object that is none: its own call has thrown this (encoded).
    #[error(
        "an argument of the call is the result of another call, which has thrown; its error is the cause"
    )]
    ArgumentFailed {
        /// The error.
        error: Arc<[u8]>,
    },
    /// An argument of a call is an object that there will never be.
    #[error("an argument of the call is the result of another call that was never answered: {error}")]
    ArgumentLost {
        /// Why.
        error: Arc<Error>,
    },
    /// Bytes that no port of ours sends.
    #[error("{what}: a port of this session does not speak as it should")]
    Corrupt {
        /// What they are.
        what: &'static str,
    },
    /// Nobody runs tasks and actors in the session.
    #[error(
        "the session at {address} has no agent: the process that made it has ended, or starts no workers"
    )]
    NoAgent {
        /// Of the session.
        address: String,
    },
    /// No session lives below the base directory.
    #[error("no session of this user lives below {base}: start one, or check KLAW_DIR")]
    NoSession {
        /// Where sessions were looked for.
        base: String,
    },
}

impl From<ShmError> for Error {
    fn from(e: ShmError) -> Self {
        Self::Channel(e.into())
    }
}

/// One fact of an error, for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A count, or a size in bytes.
    Number(u64),
    /// A name.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Lines of text.
    Lines(Vec<String>),
}

impl From<u64> for Detail {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Detail {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Channel(e) => e.code(),
            Self::EndClosed { .. } => "ERR_KLAW_END_CLOSED",
            Self::Agent { .. } => "ERR_KLAW_OS",
            Self::Call { refused: Refused::PendingLimit { .. } } => "ERR_KLAW_PENDING_CALLS_LIMIT",
            Self::Call { refused: Refused::TooMany } => "ERR_KLAW_TABLE_FULL",
            Self::CallFailed { failure } => calls::failure_code(failure),
            Self::ActorDead { .. } => "ERR_KLAW_ACTOR_DIED",
            Self::ObjectReleased => "ERR_KLAW_OBJECT_RELEASED",
            Self::ArgumentFailed { .. } => "ERR_KLAW_ARGUMENT_FAILED",
            Self::ArgumentLost { error } => error.code(),
            Self::Corrupt { .. } => "ERR_KLAW_CORRUPT",
            Self::NoAgent { .. } => "ERR_KLAW_RUNTIME_LOST",
            Self::NoSession { .. } => "ERR_KLAW_SESSION_GONE",
        }
    }

    /// The encoded error that led to it, if there is one: what a constructor has thrown, or the call whose result was an argument.
    #[must_use]
    pub fn thrown(&self) -> Option<&[u8]> {
        let cause = match self {
            Self::ArgumentFailed { error } => return Some(error),
            Self::ArgumentLost { error } => return error.thrown(),
            Self::ActorDead { cause } => cause,
            Self::CallFailed { failure } => match &**failure {
                Failure::ActorDied { cause, .. } => cause,
                _ => return None,
            },
            _ => return None,
        };
        match cause {
            DeathCause::Constructor(error) => Some(error),
            _ => None,
        }
    }

    /// The facts in the message, by their names.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::Channel(e) => channel_details(e),
            Self::EndClosed { end } => vec![("end", (*end).into())],
            Self::Call { refused: Refused::PendingLimit { limit } } => vec![("limit", (*limit).into())],
            Self::CallFailed { failure } => calls::failure_details(failure),
            Self::ActorDead { cause } => calls::death_details(cause),
            Self::Call { refused: Refused::TooMany } | Self::ObjectReleased | Self::ArgumentFailed { .. } => {
                Vec::new()
            }
            Self::ArgumentLost { error } => error.details(),
            Self::Agent { what, .. } | Self::Corrupt { what } => vec![("what", (*what).into())],
            Self::NoAgent { address } => vec![("address", address.as_str().into())],
            Self::NoSession { base } => vec![("base", base.as_str().into())],
        }
    }
}

fn channel_details(e: &ChannelError) -> Vec<(&'static str, Detail)> {
    match e {
        ChannelError::Closed { gone } => vec![("gone", (*gone).into())],
        ChannelError::Full { capacity, max_bytes } => {
            vec![("capacity", (*capacity).into()), ("maxBytes", (*max_bytes).into())]
        }
        ChannelError::ValueTooLarge { bytes, limit_bytes } => {
            vec![("bytes", (*bytes).into()), ("limitBytes", (*limit_bytes).into())]
        }
        ChannelError::InvalidOption { option, found, expected } => {
            vec![("option", (*option).into()), ("found", (*found).into()), ("expected", (*expected).into())]
        }
        ChannelError::Corrupt { lane } => vec![("lane", u32::from(*lane).into())],
        ChannelError::Shm(e) => shm_details(e),
        _ => Vec::new(),
    }
}

fn shm_details(e: &ShmError) -> Vec<(&'static str, Detail)> {
    match e {
        ShmError::Exhausted { wanted_bytes, free_bytes, limit_bytes } => vec![
            ("wantedBytes", (*wanted_bytes).into()),
            ("freeBytes", (*free_bytes).into()),
            ("limitBytes", (*limit_bytes).into()),
        ],
        ShmError::ProtocolVersion { ours, theirs } => vec![
            ("ours", format!("{}.{:016x}", ours.version, ours.layout_hash).as_str().into()),
            ("theirs", format!("{}.{:016x}", theirs.version, theirs.layout_hash).as_str().into()),
        ],
        ShmError::SessionGone { path } => vec![("path", path.to_string_lossy().as_ref().into())],
        ShmError::TableFull { what, limit } => vec![("what", (*what).into()), ("limit", (*limit).into())],
        ShmError::ResourceLimit { what, limit, .. } => {
            vec![("what", (*what).into()), ("limit", (*limit).into())]
        }
        ShmError::Os { operation, source, .. } => {
            let mut details = vec![("operation", (*operation).into())];
            if let Some(errno) = source.raw_os_error() {
                details.push(("errno", errno.unsigned_abs().into()));
            }
            details
        }
        _ => Vec::new(),
    }
}
