//! Calls of this environment: what goes out, what comes in, and actors by small numbers.

mod actor_calls;
mod actors;
mod agent;
mod hot;
mod objects;
mod shared;
mod submit;
mod taken;

use klaw_core::{Callee, Calls, Definition, Event, EventLoop, NodeAgent};

use crate::error::Failure;
use actors::Actors;
use taken::Taken;

pub(crate) use hot::FUNCTIONS;

/// What an environment has of calls.
pub(crate) struct OpenCalls {
    pub(crate) calls: Calls,
    pub(crate) taken: Taken,
    pub(crate) actors: Actors,
    /// By numbers that JavaScript has; a place whose callee was dropped is used again.
    callees: Vec<Option<Callee>>,
    free_callees: Vec<u32>,
    definitions: Vec<Definition>,
    /// Of the session, if this environment has made it. Dropped before the loop: the workers end first.
    _agent: Option<NodeAgent>,
}

impl OpenCalls {
    pub(crate) fn new(calls: Calls, taken: Taken, agent: Option<NodeAgent>) -> Self {
        Self {
            calls,
            taken,
            actors: Actors::default(),
            callees: Vec::new(),
            free_callees: Vec::new(),
            definitions: Vec::new(),
            _agent: agent,
        }
    }

    /// Takes out of a pump's events what is for calls. True if JavaScript should take.
    pub(crate) fn sift(&mut self, event_loop: &mut EventLoop, events: &mut Vec<Event>) -> bool {
        self.calls.sift(event_loop, events) && !event_loop.is_spent()
    }

    /// True while somebody waits for something.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.calls.is_waited_for()
    }

    fn add_callee(&mut self, callee: Callee) -> u32 {
        if let Some(place) = self.free_callees.pop() {
            self.callees[place as usize] = Some(callee);
            return place;
        }
        self.callees.push(Some(callee));
        u32::try_from(self.callees.len() - 1).unwrap_or(u32::MAX)
    }

    fn drop_callee(&mut self, place: u32) {
        let callee = self.callees.get_mut(place as usize).and_then(Option::take);
        if callee.is_some() {
            self.free_callees.push(place);
        }
    }

    fn callee(&self, place: u32) -> Result<Callee, Failure> {
        let callee = self.callees.get(place as usize).and_then(Option::as_ref);
        callee.copied().ok_or(Failure::Argument("a callee that there is not"))
    }
}
