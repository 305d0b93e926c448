//! Concurrency groups: each has a queue, and a number of places.

use std::collections::VecDeque;

use super::Call;

#[derive(Debug)]
struct Group<P> {
    limit: u32,
    running: u32,
    queue: VecDeque<Call<P>>,
    /// It is in the list of those that can start a call.
    is_listed: bool,
}

impl<P> Group<P> {
    fn has_place(&self) -> bool {
        self.running < self.limit
    }
}

/// All groups of a worker.
#[derive(Debug)]
pub(super) struct Groups<P> {
    all: Vec<Group<P>>,
    /// Groups that can start a call, in turn: none waits for another. Some may have lost what waited there since they were listed.
    listed: VecDeque<usize>,
    waiting: usize,
}

impl<P> Groups<P> {
    /// At least one group, each with at least one place: else calls would wait for ever.
    pub(super) fn new(limits: &[u32]) -> Self {
        let limits = if limits.is_empty() { &[1] } else { limits };
        let group = |limit: &u32| Group {
            limit: (*limit).max(1),
            running: 0,
            queue: VecDeque::new(),
            is_listed: false,
        };
        Self { all: limits.iter().map(group).collect(), listed: VecDeque::new(), waiting: 0 }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The group of that number; the default one if there is none.
    fn index(&self, number: u16) -> usize {
        Some(usize::from(number)).filter(|index| *index < self.all.len()).unwrap_or(0)
    }

    pub(super) fn add(&mut self, call: Call<P>) {
        let index = self.index(call.group);
        self.all[index].queue.push_back(call);
        self.waiting += 1;
        self.list(index);
    }

    /// The next call that has a place; it takes it.
    pub(super) fn start(&mut self) -> Option<(usize, Call<P>)> {
        loop {
            let index = self.listed.pop_front()?;
            let group = &mut self.all[index];
            group.is_listed = false;
            if let Some(call) = group.queue.pop_front() {
                group.running += 1;
                self.waiting -= 1;
                self.list(index);
                return Some((index, call));
            }
        }
    }

    /// Takes a place without a call from the queue.
    pub(super) fn occupy(&mut self, index: usize) {
        self.all[index].running += 1;
    }

    /// A call has left its place.
    pub(super) fn finish(&mut self, index: usize) {
        self.all[index].running -= 1;
        self.list(index);
    }

    fn list(&mut self, index: usize) {
        let group = &mut self.all[index];
        if !group.is_listed && group.has_place() && !group.queue.is_empty() {
            group.is_listed = true;
            self.listed.push_back(index);
        }
    }

    /// True if some group has a place and nothing that waits for it.
    pub(super) fn is_any_idle(&self) -> bool {
        self.all.iter().any(|group| group.has_place() && group.queue.is_empty())
    }

    /// Takes out the first call that is like this.
    pub(super) fn remove(&mut self, is_like: impl Fn(&Call<P>) -> bool) -> Option<Call<P>> {
        let call = self.all.iter_mut().find_map(|group| {
            let index = group.queue.iter().position(&is_like)?;
            group.queue.remove(index)
        })?;
        self.waiting -= 1;
        Some(call)
    }

    /// Takes out every call that is like this, in the order of each group.
    pub(super) fn take(&mut self, is_like: impl Fn(&Call<P>) -> bool, taken: &mut Vec<Call<P>>) {
        let before = taken.len();
        for group in &mut self.all {
            for call in std::mem::take(&mut group.queue) {
                if is_like(&call) {
                    taken.push(call);
                } else {
                    group.queue.push_back(call);
                }
            }
        }
        self.waiting -= taken.len() - before;
    }
}
