//! What is remembered of those that are gone: a bounded number of them, the latest.

use std::collections::{BTreeMap, VecDeque};

/// So many.
pub(super) const REMEMBERED: usize = 10_000;

#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: BTreeMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Copy + Ord, V> Recent<K, V> {
    pub(super) fn new() -> Self {
        Self { entries: BTreeMap::new(), order: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key)
    }

    pub(super) fn contains(&self, key: K) -> bool {
        self.entries.contains_key(&key)
    }
}
