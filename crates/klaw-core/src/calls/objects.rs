//! Objects: results that are kept for whoever has a reference, and calls that wait for them.
//!
//! A reference exists before its value does. The value stays as the bytes that came, so that each reader gets it as it was. A call with
//! references among its arguments has its place in the order of calls at once, and is sent when they are all there, with their values
//! behind its own arguments.

use std::collections::HashMap;
use std::sync::Arc;

use klaw_sched::ids::CallId;

use super::Callee;
use crate::error::Error;
use crate::event_loop::{Arrived, Handle, Handles};

/// The name of an object in its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectNo(pub(super) Handle);

impl ObjectNo {
    /// The object that a face has as a number.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(Handle::from_bits(bits))
    }

    /// Its number, below 2^31.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0.bits()
    }
}

/// What an object is.
#[derive(Debug, Clone)]
pub enum Object {
    /// Its call is not settled.
    Pending,
    /// What the call has returned.
    Value(Stored),
    /// What it has thrown.
    Error(Stored),
    /// It was never answered.
    Failed(Arc<Error>),
}

/// A value as it came.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Encoded.
    pub bytes: Arc<[u8]>,
    /// Ends in it, which are this port's.
    pub ends: Arc<[Arrived]>,
}

#[derive(Debug)]
struct Entry {
    object: Object,
    /// Whose result it will be.
    call: Option<CallId>,
    /// The face's reference, and the calls that wait.
    holders: u32,
    waiting: Vec<CallId>,
}

/// A call that waits for objects.
#[derive(Debug)]
pub(super) struct Dependent {
    pub(super) callee: Callee,
    pub(super) method: u32,
    /// Room for the header, and the arguments.
    pub(super) record: Vec<u8>,
    /// Ends in its own arguments, which are kept for it.
    pub(super) ends: Vec<Arrived>,
    /// Which argument each of them is.
    pub(super) arguments: Vec<(u32, ObjectNo)>,
    missing: usize,
}

/// All objects of a port.
#[derive(Debug, Default)]
pub(super) struct Objects {
    table: Handles<Entry>,
    by_call: HashMap<CallId, ObjectNo>,
    dependents: HashMap<CallId, Dependent>,
}

impl Objects {
    /// The result of `call` is kept. `None`: there are a million of them.
    pub(super) fn expect(&mut self, call: CallId) -> Option<ObjectNo> {
        let object = self.add(Object::Pending, Some(call))?;
        self.by_call.insert(call, object);
        Some(object)
    }

    /// An object that is there already.
    pub(super) fn put(&mut self, object: Object) -> Option<ObjectNo> {
        self.add(object, None)
    }

    fn add(&mut self, object: Object, call: Option<CallId>) -> Option<ObjectNo> {
        self.table.add(Entry { object, call, holders: 1, waiting: Vec::new() }).map(ObjectNo)
    }

    /// The object that a call's result is to be, once.
    pub(super) fn take_expected(&mut self, call: CallId) -> Option<ObjectNo> {
        if self.by_call.is_empty() { None } else { self.by_call.remove(&call) }
    }

    /// The call whose result it will be.
    pub(super) fn call_of(&mut self, object: ObjectNo) -> Option<CallId> {
        self.table.get(object.0)?.call
    }

    pub(super) fn get(&mut self, object: ObjectNo) -> Option<&Object> {
        self.table.get(object.0).map(|entry| &entry.object)
    }

    /// It is there. The calls for which it was the last one missing.
    pub(super) fn fulfil(&mut self, object: ObjectNo, with: Object) -> Vec<CallId> {
        let Some(entry) = self.table.get(object.0) else { return Vec::new() };
        (entry.object, entry.call) = (with, None);
        let mut complete = Vec::new();
        for call in std::mem::take(&mut entry.waiting) {
            let Some(dependent) = self.dependents.get_mut(&call) else { continue };
            dependent.missing -= 1;
            if dependent.missing == 0 {
                complete.push(call);
            }
        }
        complete
    }

    /// A call waits for objects; each of them is held for it. True if they are all there.
    pub(super) fn depend(
        &mut self,
        call: CallId,
        (callee, method): (Callee, u32),
        (record, ends): (Vec<u8>, Vec<Arrived>),
        arguments: Vec<(u32, ObjectNo)>,
    ) -> bool {
        let mut missing = 0;
        for (_, object) in &arguments {
            let Some(entry) = self.table.get(object.0) else { continue };
            entry.holders += 1;
            if matches!(entry.object, Object::Pending) {
                entry.waiting.push(call);
                missing += 1;
            }
        }
        self.dependents.insert(call, Dependent { callee, method, record, ends, arguments, missing });
        missing == 0
    }

    /// A call does not wait any more. Its objects are still held, see [`Objects::release`].
    pub(super) fn take_dependent(&mut self, call: CallId) -> Option<Dependent> {
        self.dependents.remove(&call)
    }

    /// One holder less. `Some`: the object is gone, and these ends with it.
    pub(super) fn release(&mut self, object: ObjectNo) -> Option<Stored> {
        let entry = self.table.get(object.0)?;
        entry.holders -= 1;
        if entry.holders > 0 {
            return None;
        }
        let entry = self.table.remove(object.0)?;
        match entry.object {
            Object::Pending => {
                // Whatever comes of its call is for nobody.
                entry.call.and_then(|call| self.by_call.remove(&call));
                None
            }
            Object::Value(stored) | Object::Error(stored) => Some(stored),
            Object::Failed(_) => None,
        }
    }
}
