//! What a face gives to [`Calls`](super::Calls), and gets from it.

use std::sync::Arc;

use klaw_sched::execute::Run;
use klaw_sched::ids::{ActorId, CallId};
use klaw_sched::message::ActorState;
use klaw_sched::submit::{Policy, Target};

use super::{ObjectNo, WorkerLine};
use crate::error::Error;
use crate::event_loop::{Arrived, Carried};

/// What is called, and how: everything about a call but its arguments. A face makes one for many calls.
#[derive(Debug, Clone, Copy)]
pub struct Callee {
    /// What.
    pub target: Target,
    /// What happens when it fails.
    pub policy: Policy,
    /// The actor's concurrency group; 0 for tasks.
    pub group: u16,
    /// For tasks: what to run, see [`Calls::define`](super::Calls::define).
    pub definition: Option<Definition>,
}

/// A definition of this port, by the hash of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Definition(pub u64);

/// What a call carries while it may have to be sent again.
#[derive(Debug)]
pub struct Packet {
    /// Room for the header, and the arguments.
    pub(super) record: Box<[u8]>,
    pub(super) ends: Carried,
    pub(super) method: u32,
    pub(super) group: u16,
    pub(super) definition: Option<Definition>,
    pub(super) parts: u16,
}

/// A call that may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Its name until it is answered.
    pub run: Run,
    /// Which method, of an actor.
    pub method: u32,
    /// Which task: the number that [`Takes::definition`] has told. 0 for actors.
    pub definition: u32,
    /// Counts its tries from 0.
    pub attempt: u16,
    /// Arguments that stand apart, behind the others, as values of their own: results of other calls. At the very end four words for the
    /// arguments themselves, and then for each of these: number of the argument, start, end, ends.
    pub parts: u16,
}

/// Where a face takes what has come. Bytes are gone after each call.
pub trait Takes {
    /// How many more of what follows it has room for.
    fn room(&self) -> usize;
    /// Bytes that it has room for.
    fn room_bytes(&self) -> usize;
    /// A call was answered: with a value, or the error that it has thrown.
    fn settled(&mut self, call: CallId, is_error: bool, value: &[u8], ends: &[Arrived]);
    /// A call will never be answered.
    fn failed(&mut self, call: CallId, error: Arc<Error>);
    /// An object is there: `is_error` if it is none, but why there is none.
    fn object(&mut self, object: ObjectNo, is_error: bool);
    /// Where an actor is that this port has made or calls.
    fn actor(&mut self, actor: ActorId, state: &ActorState);
    /// An actor was not made: another one has its name, which has this card. The end is one of those that keep it alive.
    fn name_taken(&mut self, actor: ActorId, by: ActorId, card: &[u8], ends: &[Arrived]);
    /// Whose the name is that was asked for, as [`Takes::name_taken`].
    fn found(&mut self, request: u32, actor: Option<ActorId>, card: &[u8], ends: &[Arrived]);
    /// A worker has written a line.
    fn line(&mut self, line: WorkerLine);
    /// In a worker: a definition that calls name by this number from now on.
    fn definition(&mut self, number: u32, text: &str);
    /// In a worker: a call may start.
    fn start(&mut self, start: Start, arguments: &[u8], ends: &[Arrived]);
    /// In a worker: a call that runs was cancelled.
    fn cancelled(&mut self, run: Run);
    /// In a worker: it is to become this actor.
    fn construct(&mut self, actor: ActorId, restarts: u32, creation: &[u8], ends: &[Arrived]);
    /// In a worker: everything is done that there was, and it is to end.
    fn finish(&mut self);
}
