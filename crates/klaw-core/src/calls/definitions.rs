//! Definitions: what tasks are, told to a worker once and named by a hash afterwards.

use std::collections::{HashMap, HashSet};

use klaw_sched::ids::{Inbox, Lease};

use super::Definition;

/// So few leases are not looked through.
const FEW: usize = 32;

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

/// The leases by which a port sends calls, and what was told by each.
#[derive(Debug, Default)]
pub(super) struct Leases {
    lent: HashMap<Lease, Lent>,
    /// With so many of them, those that lead nowhere are forgotten: nobody tells of an actor's end whom nobody watches.
    too_many: usize,
}

#[derive(Debug)]
struct Lent {
    inbox: Inbox,
    /// Definitions that calls by it have told: their lane keeps the order, so a call behind finds them known.
    told: HashSet<Definition>,
}

impl Leases {
    /// `is_open`: whether anything that was sent there still can be taken.
    pub(super) fn begin(&mut self, lease: Lease, inbox: Inbox, is_open: impl Fn(Inbox) -> bool) {
        if self.lent.len() > self.too_many {
            self.lent.retain(|_, lent| is_open(lent.inbox));
            self.too_many = (self.lent.len() * 2).max(FEW);
        }
        self.lent.entry(lease).or_insert_with(|| Lent { inbox, told: HashSet::new() });
    }

    /// True if the definition has to go along with a call by this lease.
    pub(super) fn is_new(&self, lease: Lease, definition: Definition) -> bool {
        self.lent.get(&lease).is_none_or(|lent| !lent.told.contains(&definition))
    }

    /// It went along with a call that is sent.
    pub(super) fn told(&mut self, lease: Lease, definition: Definition) {
        if let Some(lent) = self.lent.get_mut(&lease) {
            lent.told.insert(definition);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_learned_once() {
        let mut definitions = Definitions::default();
        let (a, b) = (definitions.define("a"), definitions.define("b"));
        assert_eq!(definitions.define("a"), a);
        assert_eq!((definitions.text(a), definitions.text(b)), ("a", "b"));
        assert_eq!(definitions.learn(a.0, b""), None, "nobody has said what it is");
        assert_eq!(definitions.learn(a.0, b"a"), Some((1, true)));
        assert_eq!(definitions.learn(b.0, b"b"), Some((2, true)));
        for again in [&b""[..], b"a"] {
            assert_eq!(definitions.learn(a.0, again), Some((1, false)));
        }
    }

    #[test]
    fn a_definition_is_told_once_by_each_lease() {
        let mut leases = Leases::default();
        leases.begin(Lease(1), Inbox(7), |_| true);
        leases.begin(Lease(2), Inbox(7), |_| true);
        assert!(leases.is_new(Lease(1), Definition(3)));
        leases.told(Lease(1), Definition(3));
        assert!(!leases.is_new(Lease(1), Definition(3)));
        assert!(leases.is_new(Lease(1), Definition(4)) && leases.is_new(Lease(2), Definition(3)));
        leases.begin(Lease(1), Inbox(7), |_| true);
        assert!(!leases.is_new(Lease(1), Definition(3)), "it has begun before");
        assert_eq!((leases.end(Lease(1)), leases.end(Lease(1))), (Some(Inbox(7)), None));
    }

    #[test]
    fn leases_that_lead_nowhere_are_forgotten() {
        let mut leases = Leases::default();
        for lease in 0..10_000 {
            leases.begin(Lease(lease), Inbox(lease), |inbox| inbox.0 == 3);
        }
        assert!(leases.lent.len() <= FEW + 2, "{}", leases.lent.len());
        assert_eq!(leases.end(Lease(3)), Some(Inbox(3)));
    }
}
