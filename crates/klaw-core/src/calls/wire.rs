//! The bytes of calls, of their replies, and of everything else that ports tell each other.
//!
//! A call's header stands before its arguments, and what its task is behind them, so that arguments lie at a cache line and are
//! written and read in place. Numbers are little-endian.

use std::sync::Arc;

use klaw_sched::ids::{Attempt, CallId, Lease, PortId};
use klaw_sched::message::{Cancel, ToAgent, ToPort};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::agent::Output;

/// Kinds of records, which are their tags.
pub(crate) mod tag {
    /// A call: [`CallHeader`](super::CallHeader), arguments, definition.
    pub(crate) const CALL: u32 = 1;
    /// It has returned: [`ReplyHeader`](super::ReplyHeader), value.
    pub(crate) const VALUE: u32 = 2;
    /// It has thrown: the same, with the error.
    pub(crate) const ERROR: u32 = 3;
    /// It was sent back unopened: the header alone.
    pub(crate) const BOUNCED: u32 = 4;
    /// A [`Control`](super::Control) message, and what goes along.
    pub(crate) const CONTROL: u32 = 5;
}

/// Bytes of a call before its arguments: whoever stages arguments leaves room for them.
pub const CALL_HEADER_BYTES: usize = 64;
/// Bytes of a reply before its value.
pub const REPLY_HEADER_BYTES: usize = 16;

/// What stands before a call's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallHeader {
    pub(crate) port: PortId,
    pub(crate) lease: Lease,
    pub(crate) attempt: Attempt,
    /// The actor's concurrency group.
    pub(crate) group: u16,
    /// Which method of the actor.
    pub(crate) method: u32,
    /// Hash of the task's definition; 0 for actors.
    pub(crate) definition: u64,
    /// Arguments that stand apart, behind the others.
    pub(crate) parts: u16,
    /// Bytes behind the arguments that say what the definition is: a worker is told once.
    pub(crate) definition_bytes: u32,
}

impl CallHeader {
    pub(crate) fn write(&self, to: &mut [u8; CALL_HEADER_BYTES]) {
        to.fill(0);
        to[0..8].copy_from_slice(&self.port.0.to_le_bytes());
        to[8..16].copy_from_slice(&self.lease.0.to_le_bytes());
        to[16..20].copy_from_slice(&self.attempt.call.0.to_le_bytes());
        to[20..22].copy_from_slice(&self.attempt.number.to_le_bytes());
        to[22..24].copy_from_slice(&self.group.to_le_bytes());
        to[24..28].copy_from_slice(&self.method.to_le_bytes());
        to[28..32].copy_from_slice(&self.definition_bytes.to_le_bytes());
        to[40..42].copy_from_slice(&self.parts.to_le_bytes());
        to[32..40].copy_from_slice(&self.definition.to_le_bytes());
    }

    /// The header, the arguments, and the definition if it is told. `None` for what no port of ours sends.
    pub(crate) fn read(record: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let (head, body) = record.split_first_chunk::<CALL_HEADER_BYTES>()?;
        let header = Self {
            port: PortId(u64_at(head, 0)),
            lease: Lease(u64_at(head, 8)),
            attempt: Attempt { call: CallId(u32_at(head, 16)), number: u16_at(head, 20) },
            group: u16_at(head, 22),
            method: u32_at(head, 24),
            definition: u64_at(head, 32),
            parts: u16_at(head, 40),
            definition_bytes: u32_at(head, 28),
        };
        let (arguments, definition) =
            body.split_at_checked(body.len().checked_sub(header.definition_bytes as usize)?)?;
        Some((header, arguments, definition))
    }
}

/// An argument that stands apart from the others: a value that was there before.
pub(crate) struct Part {
    /// Which one.
    pub(crate) argument: u32,
    pub(crate) bytes: Arc<[u8]>,
    /// How many of the record's ends are its.
    pub(crate) ends: usize,
}

/// Parts begin at multiples of this from the start of the arguments, so that what lies in them is aligned.
const PART_ALIGN: usize = 64;

/// A record with parts behind its arguments, which begin at `start` and have so many `ends`. Last comes a table of four words each, for
/// the arguments themselves (as number 2^32 - 1) and for each part: number of the argument, start, end, ends.
pub(crate) fn write_parts(record: &[u8], start: usize, ends: usize, parts: &[Part]) -> Vec<u8> {
    let mut whole = record.to_vec();
    let mut table = row(u32::MAX, 0, whole.len() - start, ends).to_vec();
    for part in parts {
        whole.resize(start + (whole.len() - start).next_multiple_of(PART_ALIGN), 0);
        let from = whole.len() - start;
        whole.extend_from_slice(&part.bytes);
        table.extend(row(part.argument, from, whole.len() - start, part.ends));
    }
    whole.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    whole
}

fn row(argument: u32, start: usize, end: usize, ends: usize) -> [u32; 4] {
    let word = |n: usize| u32::try_from(n).expect("a record is far smaller");
    [argument, word(start), word(end), word(ends)]
}

/// Writes what stands before a reply's value.
pub(crate) fn write_reply(attempt: Attempt, to: &mut [u8; REPLY_HEADER_BYTES]) {
    to.fill(0);
    to[0..4].copy_from_slice(&attempt.call.0.to_le_bytes());
    to[4..6].copy_from_slice(&attempt.number.to_le_bytes());
}

/// Which call it is for, and the value.
pub(crate) fn read_reply(record: &[u8]) -> Option<(Attempt, &[u8])> {
    let (head, value) = record.split_first_chunk::<REPLY_HEADER_BYTES>()?;
    Some((Attempt { call: CallId(u32_at(head, 0)), number: u16_at(head, 4) }, value))
}

/// Everything that is no call and no reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Control {
    /// For the agent.
    Agent(ToAgent),
    /// From the agent.
    Port(ToPort),
    /// From a caller.
    Cancel(Cancel),
    /// From the agent to the driver: a worker has written a line.
    Line(WorkerLine),
    /// From the driver to the agent: workers' lines go to this port.
    LinesTo(PortId),
}

/// A line that a worker wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerLine {
    /// Its process.
    pub pid: u32,
    /// What runs in it: an actor's class, or nothing that has a name.
    pub label: String,
    /// True for its standard error.
    pub is_error: bool,
    /// The line, without its end.
    pub text: String,
}

impl WorkerLine {
    pub(crate) fn new(pid: u32, label: String, output: Output, text: String) -> Self {
        Self { pid, label, is_error: output == Output::Stderr, text }
    }
}

/// Two attachments in one: `{bytes of the first: u32, first, second}`.
pub(crate) fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u32::try_from(first.len()).expect("a record is far smaller");
    [&length.to_le_bytes(), first, second].concat()
}

/// What [`join`] has joined.
pub(crate) fn split(both: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = both.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// A control message with what goes along.
pub(crate) fn write_control(message: &Control, attachment: &[u8]) -> Vec<u8> {
    let message = postcard::to_stdvec(message).expect("plain data always has a form");
    join(&message, attachment)
}

/// `None` for what no port of ours sends.
pub(crate) fn read_control(record: &[u8]) -> Option<(Control, &[u8])> {
    let (message, attachment) = split(record)?;
    Some((decode(message)?, attachment))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let header = CallHeader {
            port: PortId(1 << 40),
            lease: Lease(7),
            attempt: Attempt { call: CallId(1 << 30), number: 3 },
            group: 2,
            method: 9,
            definition: u64::MAX,
            parts: 4,
            definition_bytes: 3,
        };
        let mut record = [0; CALL_HEADER_BYTES];
        header.write(&mut record);
        let record = [&record[..], b"arguments", b"def"].concat();
        assert_eq!(CallHeader::read(&record), Some((header, &b"arguments"[..], &b"def"[..])));
    }

    proptest! {
        #[test]
        fn rubbish_is_refused_or_read_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = (CallHeader::read(&bytes), read_reply(&bytes), read_control(&bytes));
        }
    }
}
