//! Calls whose results are kept, and calls with kept results among their arguments.

use std::sync::Arc;

use klaw_sched::ids::CallId;

use super::face::Takes;
use super::objects::{Dependent, Object, ObjectNo, Stored};
use super::wire::{CALL_HEADER_BYTES, Part, write_parts};
use super::{Callee, Calls};
use crate::error::Error;
use crate::event_loop::{Arrived, End, EventLoop};

/// A call that was submitted to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The call.
    pub call: CallId,
    /// What its result will be.
    pub object: ObjectNo,
}

impl Calls {
    /// The result of a call that was just made is kept as an object, of which [`Takes::object`] tells, instead of being told.
    pub fn keep(&mut self, event_loop: &mut EventLoop, call: CallId) -> Result<Kept, Error> {
        let Some(object) = self.objects.expect(call) else {
            self.cancel(event_loop, call, false)?;
            return Err(klaw_sched::submit::Refused::TooMany.into());
        };
        Ok(Kept { call, object })
    }

    /// [`Calls::call`] with objects for some of the arguments: each stands for the argument with that number.
    pub fn call_with(
        &mut self,
        event_loop: &mut EventLoop,
        callee: &Callee,
        method: u32,
        (record, ends): (&[u8], &[End]),
        arguments: Vec<(u32, ObjectNo)>,
    ) -> Result<CallId, Error> {
        for (_, object) in &arguments {
            self.objects.get(*object).ok_or(Error::ObjectReleased)?;
        }
        let ends = event_loop.reopen_all(&ends.iter().map(|end| Arrived::Open(*end)).collect::<Vec<_>>())?;
        let call = self.call_later(event_loop, callee)?;
        if self.objects.depend(call, (*callee, method), (record.to_vec(), ends), arguments) {
            self.complete(event_loop, call)?;
        }
        Ok(call)
    }

    /// Keeps a value that was made here, or an error.
    pub fn put(
        &mut self,
        event_loop: &mut EventLoop,
        (bytes, ends): (&[u8], &[End]),
        is_error: bool,
    ) -> Result<ObjectNo, Error> {
        let ends = event_loop.reopen_all(&ends.iter().map(|end| Arrived::Open(*end)).collect::<Vec<_>>())?;
        let stored = stored(bytes.into(), ends);
        let object = self.objects.put(if is_error { Object::Error(stored) } else { Object::Value(stored) });
        object.ok_or(klaw_sched::submit::Refused::TooMany.into())
    }

    /// Whether an object is there, and if so, whether it is a value.
    pub fn is_value(&mut self, object: ObjectNo) -> Result<Option<bool>, Error> {
        Ok(match self.objects.get(object).ok_or(Error::ObjectReleased)? {
            Object::Pending => None,
            Object::Value(_) => Some(true),
            Object::Error(_) | Object::Failed(_) => Some(false),
        })
    }

    /// What an object is. The ends in it are new ones, for whoever asks.
    pub fn object(&mut self, event_loop: &mut EventLoop, object: ObjectNo) -> Result<Object, Error> {
        let found = self.objects.get(object).ok_or(Error::ObjectReleased)?.clone();
        let reopened = |stored: Stored, event_loop: &mut EventLoop| {
            Ok::<_, Error>(Stored { ends: event_loop.reopen_all(&stored.ends)?.into(), ..stored })
        };
        Ok(match found {
            Object::Value(stored) => Object::Value(reopened(stored, event_loop)?),
            Object::Error(stored) => Object::Error(reopened(stored, event_loop)?),
            other => other,
        })
    }

    /// The face's reference is gone.
    pub fn release(&mut self, event_loop: &mut EventLoop, object: ObjectNo) {
        if let Some(stored) = self.objects.release(object) {
            for end in stored.ends.iter() {
                event_loop.close_arrived(*end);
            }
        }
    }

    /// Gives up the call whose result an object will be: true if it was not settled. The object fails as cancelled.
    pub fn cancel_object(
        &mut self,
        event_loop: &mut EventLoop,
        object: ObjectNo,
        force: bool,
    ) -> Result<bool, Error> {
        let Some(call) = self.objects.call_of(object) else { return Ok(false) };
        let cancelled = self.cancel(event_loop, call, force)?;
        if cancelled {
            self.fail(call, klaw_sched::submit::Failure::Cancelled.into());
        }
        Ok(cancelled)
    }

    /// A call was answered whose result is kept.
    pub(super) fn fulfil(
        &mut self,
        event_loop: &mut EventLoop,
        object: ObjectNo,
        with: Object,
        to: &mut impl Takes,
    ) -> Result<(), Error> {
        to.object(object, !matches!(with, Object::Value(_)));
        for call in self.objects.fulfil(object, with) {
            self.complete(event_loop, call)?;
        }
        Ok(())
    }

    /// The call does not wait for objects any more: it was cancelled.
    pub(super) fn forget_dependent(&mut self, event_loop: &mut EventLoop, call: CallId) {
        if let Some(dependent) = self.objects.take_dependent(call) {
            self.let_go(event_loop, &dependent);
        }
    }

    /// Everything that a call waited for is there: it is sent, or fails as the first of them that did.
    fn complete(&mut self, event_loop: &mut EventLoop, call: CallId) -> Result<(), Error> {
        let Some(dependent) = self.objects.take_dependent(call) else { return Ok(()) };
        let sent = self.send_dependent(event_loop, call, &dependent);
        self.let_go(event_loop, &dependent);
        if let Err(e) = sent {
            self.cancel(event_loop, call, false)?;
            self.fail(call, e);
        }
        Ok(())
    }

    fn send_dependent(
        &mut self,
        event_loop: &mut EventLoop,
        call: CallId,
        dependent: &Dependent,
    ) -> Result<(), Error> {
        let Dependent { callee, method, record, ends, arguments, .. } = dependent;
        let mut all_ends = open(ends)?;
        let mut parts = Vec::new();
        for (argument, object) in arguments {
            match self.objects.get(*object).ok_or(Error::ObjectReleased)?.clone() {
                Object::Value(Stored { bytes, ends }) => {
                    let ends = open(&ends)?;
                    parts.push(Part { argument: *argument, bytes, ends: ends.len() });
                    all_ends.extend(ends);
                }
                Object::Error(error) => return Err(Error::ArgumentFailed { error: error.bytes }),
                Object::Failed(error) => return Err(Error::ArgumentLost { error }),
                Object::Pending => return Err(Error::ObjectReleased),
            }
        }
        let record = write_parts(record, CALL_HEADER_BYTES, ends.len(), &parts);
        let count = u16::try_from(parts.len()).map_err(|_| Error::Corrupt { what: "65,536 references" })?;
        self.ready(event_loop, call, (callee, *method), (&record, count), &all_ends)
    }

    fn let_go(&mut self, event_loop: &mut EventLoop, dependent: &Dependent) {
        for end in &dependent.ends {
            event_loop.close_arrived(*end);
        }
        for (_, object) in &dependent.arguments {
            self.release(event_loop, *object);
        }
    }
}

pub(super) fn stored(bytes: Arc<[u8]>, ends: Vec<Arrived>) -> Stored {
    Stored { bytes, ends: ends.into() }
}

/// Those that can go along with a message.
fn open(ends: &[Arrived]) -> Result<Vec<End>, Error> {
    let open = |end: &Arrived| match end {
        Arrived::Open(end) => Ok(*end),
        Arrived::ClosedSender => Err(Error::EndClosed { end: "sender" }),
        Arrived::ClosedReceiver => Err(Error::EndClosed { end: "receiver" }),
    };
    ends.iter().map(open).collect()
}
