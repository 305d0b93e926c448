//! Definitions: what tasks are, told to a worker once and named by a hash afterwards.

use std::collections::{HashMap, HashSet};

use klaw_sched::ids::{Inbox, Lease};

use super::Definition;

/// The definitions that a port's calls name, and those that calls to it do.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    own: HashMap<Definition, Box<str>>,
    /// By the hashes that came with calls: numbers from 1 on.
    learned: HashMap<u64, u32>,
}

impl Definitions {
    pub(super) fn define(&mut self, text: &str) -> Definition {
        let definition = Definition(fnv1a(text.as_bytes()));
        self.own.entry(definition).or_insert_with(|| text.into());
        definition
    }

    pub(super) fn text(&self, definition: Definition) -> &str {
        self.own.get(&definition).map_or("", |text| text)
    }

    /// The number of a definition that came with a call, and whether it is new here. `None`: nobody has told it.
    pub(super) fn learn(&mut self, hash: u64, text: &[u8]) -> Option<(u32, bool)> {
        if let Some(number) = self.learned.get(&hash) {
            return Some((*number, false));
        }
        if text.is_empty() {
            return None;
        }
        let number = u32::try_from(self.learned.len()).ok()? + 1;
        self.learned.insert(hash, number);
        Some((number, true))
    }
}

/// The leases by which a port sends calls.
#[derive(Debug, Default)]
pub(super) struct Leases {
    lent: HashMap<Lease, Lent>,
}

#[derive(Debug)]
struct Lent {
    inbox: Inbox,
    /// Definitions that calls by it have told: their lane keeps the order, so a call behind finds them known.
    told: HashSet<Definition>,
}

impl Leases {
    pub(super) fn begin(&mut self, lease: Lease, inbox: Inbox) {
        self.lent.entry(lease).or_insert_with(|| Lent { inbox, told: HashSet::new() });
    }

    /// True if the definition has to go along with a call by this lease; once.
    pub(super) fn tell(&mut self, lease: Lease, definition: Definition) -> bool {
        self.lent.get_mut(&lease).is_some_and(|lent| lent.told.insert(definition))
    }

    /// Nothing is sent by it any more: where it was sent to.
    pub(super) fn end(&mut self, lease: Lease) -> Option<Inbox> {
        self.lent.remove(&lease).map(|lent| lent.inbox)
    }
}

/// FNV-1a: the same in every process, and spread enough for the few definitions of a program.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
