//! What makes actors: kept while they may be started (again), and whether anybody still has a handle.

use std::collections::HashMap;

use klaw_sched::ids::ActorId;

use crate::calls::wire::split;
use crate::error::Error;
use crate::event_loop::{Arrived, Carried, End, EventLoop, Handle, Received};

/// By actor.
#[derive(Debug, Default)]
pub(super) struct Creations {
    made_of: HashMap<ActorId, Creation>,
    /// As long as anybody has a handle.
    cards: HashMap<ActorId, Card>,
    lives: HashMap<Handle, ActorId>,
}

#[derive(Debug)]
struct Card {
    label: String,
    bytes: Vec<u8>,
    /// The channel whose senders are handles.
    life: u64,
}

#[derive(Debug)]
struct Creation {
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
        bytes: &[u8],
        ends: &[Arrived],
    ) -> Result<(), Error> {
        let mut open = ends.iter().filter_map(|end| match end {
            Arrived::Open(end) => Some(*end),
            Arrived::ClosedSender | Arrived::ClosedReceiver => None,
        });
        let (card, creation) = split(bytes).ok_or(Error::Corrupt { what: "an actor's creation" })?;
        if let Some(End::Receiver(life)) = open.next() {
            event_loop.listen(life)?;
            self.lives.insert(life, actor);
            let life = event_loop.channel_id(End::Receiver(life))?;
            self.cards.insert(actor, Card { label, bytes: card.to_vec(), life });
        }
        let others: Vec<_> = open.collect();
        let carried = event_loop.carry(&others)?;
        for end in others {
            event_loop.close_arrived(Arrived::Open(end));
        }
        self.made_of.insert(actor, Creation { bytes: creation.to_vec(), ends: carried });
        Ok(())
    }

    pub(super) fn get(&self, actor: ActorId) -> Option<(&[u8], &Carried)> {
        self.made_of.get(&actor).map(|creation| (&creation.bytes[..], &creation.ends))
    }

    /// What it is, for people.
    pub(super) fn label(&self, actor: ActorId) -> &str {
        self.cards.get(&actor).map_or("", |card| &card.label)
    }

    /// What whoever finds it by its name gets: the card, and one more handle. `None` if nobody has one any more: it is ending.
    pub(super) fn introduce(&self, event_loop: &mut EventLoop, actor: ActorId) -> Option<(&[u8], Carried)> {
        let card = self.cards.get(&actor)?;
        let life = End::Sender(event_loop.open_sender(card.life).ok()?);
        let carried = event_loop.carry(&[life]);
        event_loop.close_arrived(Arrived::Open(life));
        Some((&card.bytes, carried.ok()?))
    }

    /// It is not started again. Whether it has handles still matters.
    pub(super) fn drop_bytes(&mut self, actor: ActorId) {
        self.made_of.remove(&actor);
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
        self.cards.remove(&actor);
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
