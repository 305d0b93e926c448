//! Channels: ends, lanes and credits put together.

pub(crate) mod credit;
pub(crate) mod ends;
pub(crate) mod lanes;
pub(crate) mod layout;
pub(crate) mod repair;
pub(crate) mod wake;

pub use layout::ChannelId;
pub(crate) use layout::{BlockChain, ChannelEntry, ChannelFacts, EndBlock};
