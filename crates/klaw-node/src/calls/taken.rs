//! What has come, where JavaScript reads it: a table of what it is, and the bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use klaw_core::{Arrived, Error, ObjectNo, Start, Takes, WorkerLine};
use klaw_sched::execute::Run;
use klaw_sched::ids::{ActorId, CallId};
use klaw_sched::message::ActorState;

use super::Actors;
use crate::buffers::Shared;

/// Words of an entry: kind, name, start, end, ends, and three more that depend on the kind.
const WORDS: usize = 8;
/// Instead of a start: it is among the oversized.
const OVERSIZE: u32 = u32::MAX;

/// Kinds of entries; `src/native/` has the same.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Settled = 0,
    Failed = 1,
    Start = 2,
    Cancelled = 3,
    Construct = 4,
    Finish = 5,
    Line = 6,
    Definition = 7,
    Actor = 8,
    NameTaken = 9,
    Found = 10,
    Object = 11,
}

/// The memory of one take.
pub(crate) struct Taken {
    bytes: Shared<u8>,
    table: Shared<u32>,
    used: usize,
    count: usize,
    /// Payloads that the memory had no room for, in order.
    pub(crate) oversize: Vec<Vec<u8>>,
    /// Ends that came along, in order.
    pub(crate) arrived: Vec<Arrived>,
    /// Errors of entries that have one, in order.
    pub(crate) errors: VecDeque<Arc<Error>>,
}

impl Taken {
    pub(crate) fn new(bytes: Shared<u8>, table: Shared<u32>) -> Self {
        let (oversize, arrived, errors) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { bytes, table, used: 0, count: 0, oversize, arrived, errors }
    }

    /// Forgets the last take.
    pub(crate) fn clear(&mut self) {
        (self.used, self.count) = (0, 0);
        self.oversize.clear();
        self.arrived.clear();
        self.errors.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Who is told in numbers about actors.
    pub(crate) fn with<'a>(&'a mut self, actors: &'a mut Actors) -> Taker<'a> {
        Taker { taken: self, actors }
    }

    fn room(&self) -> usize {
        (self.table.len() / WORDS).saturating_sub(self.count)
    }

    #[expect(clippy::cast_possible_truncation, reason = "offsets in buffers below 4 GiB")]
    fn add(&mut self, kind: Kind, name: u32, payload: &[u8], ends: &[Arrived], more: [u32; 3]) {
        // What lies in a payload may be looked at in place: at a cache line.
        let start = self.used.next_multiple_of(64);
        let end = start + payload.len();
        let (start, end) = if let Some(place) = self.bytes.part_mut(start, end) {
            place.copy_from_slice(payload);
            self.used = end;
            (start as u32, end as u32)
        } else {
            self.oversize.push(payload.to_vec());
            (OVERSIZE, OVERSIZE)
        };
        self.arrived.extend(ends);
        let [a, b, c] = more;
        let words = [kind as u32, name, start, end, ends.len() as u32, a, b, c];
        let at = self.count * WORDS;
        if let Some(place) = self.table.part_mut(at, at + WORDS) {
            place.copy_from_slice(&words);
            self.count += 1;
        }
    }
}

/// One take.
pub(crate) struct Taker<'a> {
    taken: &'a mut Taken,
    actors: &'a mut Actors,
}

impl Takes for Taker<'_> {
    /// Entries that nobody asks for room for (definitions that come with calls, the end) have some of their own.
    fn room(&self) -> usize {
        self.taken.room().saturating_sub(256)
    }

    fn room_bytes(&self) -> usize {
        self.taken.bytes.len().saturating_sub(self.taken.used)
    }

    fn settled(&mut self, call: CallId, is_error: bool, value: &[u8], ends: &[Arrived]) {
        self.taken.add(Kind::Settled, call.0, value, ends, [is_error.into(), 0, 0]);
    }

    fn object(&mut self, object: ObjectNo, is_error: bool) {
        self.taken.add(Kind::Object, object.bits(), &[], &[], [is_error.into(), 0, 0]);
    }

    fn failed(&mut self, call: CallId, error: Arc<Error>) {
        let payload = error.thrown().unwrap_or_default().to_vec();
        self.taken.add(Kind::Failed, call.0, &payload, &[], [0; 3]);
        self.taken.errors.push_back(error);
    }

    fn actor(&mut self, actor: ActorId, state: &ActorState) {
        let number = self.actors.number(actor);
        let (payload, more) = match state {
            ActorState::Starting { restarts, .. } => (Vec::new(), [0, *restarts, 0]),
            ActorState::Alive { pid, restarts, .. } => (Vec::new(), [1, *restarts, *pid]),
            ActorState::Dead { cause, .. } => {
                let error = Error::ActorDead { cause: Box::new(cause.clone()) };
                let payload = error.thrown().unwrap_or_default().to_vec();
                self.taken.errors.push_back(Arc::new(error));
                (payload, [2, 0, 0])
            }
        };
        self.taken.add(Kind::Actor, number, &payload, &[], more);
    }

    fn name_taken(&mut self, actor: ActorId, by: ActorId, card: &[u8], ends: &[Arrived]) {
        let (actor, by) = (self.actors.number(actor), self.actors.number(by));
        self.taken.add(Kind::NameTaken, actor, card, ends, [by, 0, 0]);
    }

    fn found(&mut self, request: u32, actor: Option<ActorId>, card: &[u8], ends: &[Arrived]) {
        let (is_found, actor) = actor.map_or((0, 0), |actor| (1, self.actors.number(actor)));
        self.taken.add(Kind::Found, request, card, ends, [is_found, actor, 0]);
    }

    fn line(&mut self, line: WorkerLine) {
        let payload = [line.label.as_bytes(), b"\0", line.text.as_bytes()].concat();
        self.taken.add(Kind::Line, line.pid, &payload, &[], [line.is_error.into(), 0, 0]);
    }

    fn definition(&mut self, number: u32, text: &str) {
        self.taken.add(Kind::Definition, number, text.as_bytes(), &[], [0; 3]);
    }

    fn start(&mut self, start: Start, arguments: &[u8], ends: &[Arrived]) {
        let tries = u32::from(start.attempt) | u32::from(start.parts) << 16;
        let more = [start.method, start.definition, tries];
        self.taken.add(Kind::Start, start.run.0, arguments, ends, more);
    }

    fn cancelled(&mut self, run: Run) {
        self.taken.add(Kind::Cancelled, run.0, &[], &[], [0; 3]);
    }

    fn construct(&mut self, actor: ActorId, restarts: u32, creation: &[u8], ends: &[Arrived]) {
        let number = self.actors.number(actor);
        self.taken.add(Kind::Construct, number, creation, ends, [restarts, 0, 0]);
    }

    fn finish(&mut self) {
        self.taken.add(Kind::Finish, 0, &[], &[], [0; 3]);
    }
}
