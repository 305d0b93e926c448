//! Things by small numbers that are not used again soon.

use std::collections::VecDeque;

/// `{index:20, generation:11}`: fits the small integers of every JavaScript engine.
const INDEX_BITS: u32 = 20;
const GENERATIONS: u32 = 1 << 11;

/// Places that lie free before the first of them is used again. A word about a call may come late, as a cancel does that crosses the
/// reply: with these, a name comes again after two million others.
const RESTING: usize = 1 << 10;

#[derive(Debug)]
pub(super) struct Table<T> {
    places: Vec<Place<T>>,
    free: VecDeque<u32>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: VecDeque::new() }
    }
}

impl<T> Table<T> {
    /// The new thing's name; `None` when there are a million of them.
    pub(super) fn add(&mut self, value: T) -> Option<u32> {
        let index = self.place()?;
        let place = &mut self.places[index as usize];
        place.value = Some(value);
        Some(index | place.generation << INDEX_BITS)
    }

    fn place(&mut self) -> Option<u32> {
        let is_full = self.places.len() == 1 << INDEX_BITS;
        if self.free.len() > RESTING || is_full {
            return self.free.pop_front();
        }
        self.places.push(Place { generation: 0, value: None });
        u32::try_from(self.places.len() - 1).ok()
    }

    pub(super) fn get(&self, name: u32) -> Option<&T> {
        let place = self.places.get(index(name))?;
        if place.generation == generation(name) { place.value.as_ref() } else { None }
    }

    pub(super) fn get_mut(&mut self, name: u32) -> Option<&mut T> {
        let place = self.places.get_mut(index(name))?;
        if place.generation == generation(name) { place.value.as_mut() } else { None }
    }

    pub(super) fn remove(&mut self, name: u32) -> Option<T> {
        let place = self.places.get_mut(index(name))?;
        if place.generation != generation(name) {
            return None;
        }
        let value = place.value.take()?;
        place.generation = (place.generation + 1) % GENERATIONS;
        self.free.push_back(name & ((1 << INDEX_BITS) - 1));
        Some(value)
    }
}

fn index(name: u32) -> usize {
    (name & ((1 << INDEX_BITS) - 1)) as usize
}

fn generation(name: u32) -> u32 {
    name >> INDEX_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_whose_thing_is_gone_names_nothing() {
        let mut table = Table::default();
        let a = table.add("a").unwrap();
        assert_eq!(table.get(a), Some(&"a"));
        assert_eq!(table.remove(a), Some("a"));
        assert_eq!(table.get(a), None);
        assert_eq!(table.get_mut(a), None);
        assert_eq!(table.remove(a), None);
        assert_eq!(table.get(u32::MAX), None);
    }

    #[test]
    fn a_name_comes_again_after_two_million_others() {
        let mut table = Table::default();
        let first = table.add(()).unwrap();
        table.remove(first);
        for _ in 0..2_000_000 {
            let name = table.add(()).unwrap();
            assert!(name < 1 << 31);
            assert_ne!(name, first);
            table.remove(name);
        }
        assert_eq!(table.places.len(), RESTING + 1);
    }

    #[test]
    fn there_are_a_million_at_most_and_each_can_be_used() {
        let mut table = Table::default();
        let names: Vec<u32> = (0..1 << INDEX_BITS).map(|_| table.add(()).unwrap()).collect();
        assert_eq!(table.add(()), None);
        table.remove(names[7]);
        assert!(table.add(()).is_some());
        assert_eq!(table.add(()), None);
    }
}
