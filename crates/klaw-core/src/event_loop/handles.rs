//! Handles: small numbers by which a face names what a loop has.

/// `{index:20, generation:11}`: fits the small integers of every JavaScript engine. A handle that was closed names nothing, also
/// when its place is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle(u32);

const INDEX_BITS: u32 = 20;
const GENERATIONS: u32 = 1 << 11;

impl Handle {
    fn new(index: usize, generation: u32) -> Option<Self> {
        let index = u32::try_from(index).ok().filter(|index| *index < 1 << INDEX_BITS)?;
        Some(Self(index | generation << INDEX_BITS))
    }

    /// The handle that a face has as a number.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number of this handle, below 2^31.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    fn index(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }

    fn generation(self) -> u32 {
        self.0 >> INDEX_BITS
    }
}

/// What handles of one kind name.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    places: Vec<Place<T>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Handles<T> {
    /// `None` when there are a million of them.
    pub(crate) fn add(&mut self, value: T) -> Option<Handle> {
        let index = if let Some(index) = self.free.pop() {
            index
        } else {
            Handle::new(self.places.len(), 0)?;
            self.places.push(Place { generation: 0, value: None });
            self.places.len() - 1
        };
        let place = &mut self.places[index];
        place.value = Some(value);
        Handle::new(index, place.generation)
    }

    pub(crate) fn get(&mut self, handle: Handle) -> Option<&mut T> {
        let place = self.places.get_mut(handle.index())?;
        if place.generation == handle.generation() { place.value.as_mut() } else { None }
    }

    pub(crate) fn remove(&mut self, handle: Handle) -> Option<T> {
        let place = self.places.get_mut(handle.index())?;
        if place.generation != handle.generation() {
            return None;
        }
        let value = place.value.take()?;
        place.generation = (place.generation + 1) % GENERATIONS;
        self.free.push(handle.index());
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_handle_names_nothing() {
        let mut handles = Handles::default();
        let a = handles.add("a").unwrap();
        assert_eq!(handles.get(a), Some(&mut "a"));
        assert_eq!(handles.remove(a), Some("a"));
        let b = handles.add("b").unwrap();
        assert_eq!(handles.get(a), None);
        assert_eq!(handles.remove(a), None);
        assert_eq!(handles.get(b), Some(&mut "b"));
        assert_eq!(handles.get(Handle::from_bits(u32::MAX)), None);
    }

    #[test]
    fn handles_stay_small_integers() {
        let mut handles = Handles::default();
        for _ in 0..GENERATIONS + 10 {
            let handle = handles.add(()).unwrap();
            assert!(handle.bits() < 1 << 31);
            handles.remove(handle);
        }
    }
}
