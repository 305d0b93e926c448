//! Ports that want workers.

use std::collections::BTreeMap;

use crate::ids::{Cpus, PortId};

/// Whose, and for which kind of tasks.
pub(super) type Kind = (PortId, Cpus);

#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// How many. Never 0.
    pub(super) count: u32,
    /// Who began to wait earlier, or got something longer ago, has a lower one.
    pub(super) turn: u64,
}

#[derive(Debug, Default)]
pub(super) struct Demands {
    turns: u64,
    all: BTreeMap<Kind, Demand>,
}

impl Demands {
    pub(super) fn set(&mut self, kind: Kind, count: u32) {
        if count == 0 {
            self.all.remove(&kind);
        } else if let Some(demand) = self.all.get_mut(&kind) {
            demand.count = count;
        } else {
            let turn = self.next_turn();
            self.all.insert(kind, Demand { count, turn });
        }
    }

    /// One of these was granted: the others of its kind are last in turn.
    pub(super) fn granted(&mut self, kind: Kind) {
        let turn = self.next_turn();
        if let Some(demand) = self.all.get_mut(&kind) {
            *demand = Demand { count: demand.count - 1, turn };
            if demand.count == 0 {
                self.all.remove(&kind);
            }
        }
    }

    pub(super) fn forget(&mut self, port: PortId) {
        self.all.retain(|&(whose, _), _| whose != port);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, Demand)> {
        self.all.iter().map(|(&kind, &demand)| (kind, demand))
    }

    fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }
}
