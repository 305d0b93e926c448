//! What makes actors: kept while they may be started (again), and whether anybody still has a handle.

use std::collections::HashMap;

use klaw_sched::ids::ActorId;

use crate::error::Error;
use crate::event_loop::{Arrived, Carried, End, EventLoop, Handle, Received};

/// By actor.
#[derive(Debug, Default)]
pub(super) struct Creations {
    creations: HashMap<ActorId, Creation>,
    lives: HashMap<Handle, ActorId>,
}

#[derive(Debug)]
struct Creation {
    label: String,
    bytes: Vec<u8>,
    ends: Carried,
}

impl Creations {
    /// The first of the ends says when nobody has a handle any more; the others go along with the creation.
    pub(super) fn add(
        &mut self,
        event_loop: &mut EventLoop,
        actor: ActorId,
        label: String,
        bytes: Vec<u8>,
        ends: &[Arrived],
    ) -> Result<(), Error> {
        let mut open = ends.iter().filter_map(|end| match end {
            Arrived::Open(end) => Some(*end),
            Arrived::ClosedSender | Arrived::ClosedReceiver => None,
        });
        if let Some(End::Receiver(life)) = open.next() {
            event_loop.listen(life)?;
            self.lives.insert(life, actor);
        }
        let others: Vec<_> = open.collect();
        let carried = event_loop.carry(&others)?;
        for end in others {
            event_loop.close_arrived(Arrived::Open(end));
        }
        self.creations.insert(actor, Creation { label, bytes, ends: carried });
        Ok(())
    }

    pub(super) fn get(&self, actor: ActorId) -> Option<(&[u8], &Carried)> {
        self.creations.get(&actor).map(|creation| (&creation.bytes[..], &creation.ends))
    }

    /// What it is, for people.
    pub(super) fn label(&self, actor: ActorId) -> &str {
        self.creations.get(&actor).map_or("", |creation| &creation.label)
    }

    /// It is not started again. Whether it has handles still matters.
    pub(super) fn drop_bytes(&mut self, actor: ActorId) {
        self.creations.remove(&actor);
    }

    /// This receiver has something to tell: the actor that nobody has a handle of any more.
    pub(super) fn handles_gone(&mut self, event_loop: &mut EventLoop, life: Handle) -> Option<ActorId> {
        let actor = *self.lives.get(&life)?;
        // Nobody sends there; if somebody does, it means nothing.
        while matches!(event_loop.take(life, 64, false, &mut Nowhere), Ok(1..)) {}
        if event_loop.take(life, 1, false, &mut Nowhere).is_ok() {
            let _listens = event_loop.listen(life);
            return None;
        }
        self.lives.remove(&life);
        event_loop.close_receiver(life);
        Some(actor)
    }
}

struct Nowhere;

impl Received for Nowhere {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: u32, _: &[u8], _: &[Arrived]) {}
}
