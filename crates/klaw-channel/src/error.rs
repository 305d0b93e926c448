//! Everything that can go wrong with a channel, each with a stable code.

use klaw_shm::ShmError;

/// An error of `klaw-channel`: what happened, what was expected, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The other side is gone: by close, by drop or by death. Receivers have got everything that was sent.
    #[error("the channel is closed: its last {gone} is gone")]
    Closed {
        /// `"sender"` for receivers, `"receiver"` for senders.
        gone: &'static str,
    },
    /// No room now. Nothing was sent.
    #[error(
        "the channel is full: {capacity} messages and {max_bytes} bytes are the limits over all senders; \
         wait for a receiver (send), or make it larger"
    )]
    Full {
        /// Messages that it holds.
        capacity: u32,
        /// Payload bytes that it holds.
        max_bytes: u64,
    },
    /// It would not fit even into the empty channel, or into any record.
    #[error(
        "a value of {bytes} bytes can never fit: the limit here is {limit_bytes}; raise max_bytes, or split it"
    )]
    ValueTooLarge {
        /// Its payload.
        bytes: u64,
        /// What fits.
        limit_bytes: u64,
    },
    /// The time given for waiting is over.
    #[error("waited until the deadline: no {what}")]
    Timeout {
        /// `"message"` or `"room"`.
        what: &'static str,
    },
    /// An option has a value that no channel can have.
    #[error("{option} is {found}, expected {expected}")]
    InvalidOption {
        /// Its name.
        option: &'static str,
        /// What was given.
        found: u64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A channel by this id is not there (any more).
    #[error("no such channel: it was closed by everybody, or the id is of another session")]
    NotFound,
    /// Shared memory holds what no build of this version writes.
    #[error(
        "lane {lane} of the channel holds bytes that nobody wrote as a message: end the session and start again"
    )]
    Corrupt {
        /// The lane's entry.
        lane: u16,
    },
    /// From the layer below.
    #[error(transparent)]
    Shm(#[from] ShmError),
}

impl ChannelError {
    /// The stable code that every language face shows.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "ERR_KLAW_CHANNEL_CLOSED",
            Self::Full { .. } => "ERR_KLAW_CHANNEL_FULL",
            Self::ValueTooLarge { .. } => "ERR_KLAW_VALUE_TOO_LARGE",
            Self::Timeout { .. } => "ERR_KLAW_TIMEOUT",
            Self::InvalidOption { .. } => "ERR_KLAW_INVALID_OPTION",
            Self::NotFound => "ERR_KLAW_CHANNEL_NOT_FOUND",
            Self::Corrupt { .. } => "ERR_KLAW_CHANNEL_CORRUPT",
            Self::Shm(e) => e.code(),
        }
    }
}
