//! Actors by small numbers, which JavaScript can have.

use std::collections::HashMap;

use klaw_sched::ids::ActorId;

/// The actors that this environment knows.
#[derive(Debug, Default)]
pub(crate) struct Actors {
    numbers: HashMap<ActorId, u32>,
    ids: Vec<ActorId>,
}

impl Actors {
    /// The number of an actor, which it keeps.
    pub(crate) fn number(&mut self, actor: ActorId) -> u32 {
        let Self { numbers, ids } = self;
        *numbers.entry(actor).or_insert_with(|| {
            ids.push(actor);
            u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
        })
    }

    pub(crate) fn id(&self, number: u32) -> Option<ActorId> {
        self.ids.get(number as usize).copied()
    }
}
