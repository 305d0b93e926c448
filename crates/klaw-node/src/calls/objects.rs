//! Results that are kept, and calls with them among their arguments.

use klaw_core::{CALL_HEADER_BYTES, Object, ObjectNo};
use klaw_sched::ids::CallId;
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Result};
use napi_derive::napi;

use super::shared::{staged, with_calls};
use crate::cell::OpenLoop;
use crate::ends::{ends_of, with};
use crate::error::Failure;

/// The result of a call that was just submitted is kept: the object's number.
#[napi(catch_unwind)]
pub(crate) fn keep(env: Env, call: u32) -> Result<u32> {
    with_calls(env, |event_loop, calls| Ok(calls.calls.keep(event_loop, CallId(call))?.object.bits()))
}

/// `submitWithEnds` with objects for some arguments: pairs of the argument's place and the object's number.
#[napi(catch_unwind)]
pub(crate) fn submit_with_objects(
    env: Env,
    callee: u32,
    method: u32,
    end: u32,
    ends: Vec<u32>,
    objects: Vec<u32>,
) -> Result<u32> {
    let ends = ends_of(&ends).map_err(|failure| failure.throw(env.raw()))?;
    let objects = objects.chunks_exact(2).map(|pair| (pair[0], ObjectNo::from_bits(pair[1]))).collect();
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let callee = calls.callee(callee)?;
        let record = staged(buffers.staging.part_mut(0, end as usize), CALL_HEADER_BYTES)?;
        Ok(calls.calls.call_with(event_loop, &callee, method, (record, &ends), objects)?.0)
    })
}

/// Keeps what is staged before `end`: the object's number.
#[napi(catch_unwind)]
pub(crate) fn put(env: Env, end: u32, ends: Vec<u32>, is_error: bool) -> Result<u32> {
    let ends = ends_of(&ends).map_err(|failure| failure.throw(env.raw()))?;
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let bytes = buffers.staging.part(0, end as usize).unwrap_or_default();
        Ok(calls.calls.put(event_loop, (bytes, &ends), is_error)?.bits())
    })
}

/// Whether an object is there: 0 not yet, 1 as a value, 2 as an error.
#[napi(catch_unwind)]
pub(crate) fn object_state(env: Env, object: u32) -> Result<u32> {
    with_calls(env, |_, calls| {
        let is_value = calls.calls.is_value(ObjectNo::from_bits(object))?;
        Ok(is_value.map_or(0, |is_value| if is_value { 1 } else { 2 }))
    })
}

/// What an object is: its bytes, and which they are: 0 it is not there yet, 1 a value, 2 an error, 3 none, and `callFailure` says why. The
/// ends in it are those of `arrivedWithCalls`.
#[napi(catch_unwind, ts_return_type = "[kind: number, bytes: Uint8Array]")]
pub(crate) fn read_object(env: Env, object: u32) -> Result<(u32, Uint8Array)> {
    with_calls(env, |event_loop, calls| {
        let (kind, stored) = match calls.calls.object(event_loop, ObjectNo::from_bits(object))? {
            Object::Pending => return Ok((0, Uint8Array::from(Vec::new()))),
            Object::Value(stored) => (1, stored),
            Object::Error(stored) => (2, stored),
            Object::Failed(error) => {
                let thrown = error.thrown().unwrap_or_default().to_vec();
                calls.taken.errors.push_front(error);
                return Ok((3, Uint8Array::from(thrown)));
            }
        };
        calls.taken.arrived.clear();
        calls.taken.arrived.extend_from_slice(&stored.ends);
        Ok((kind, Uint8Array::from(stored.bytes.to_vec())))
    })
}

/// Nobody has a reference any more.
#[napi(catch_unwind)]
pub(crate) fn release_object(env: Env, object: u32) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        calls.calls.release(event_loop, ObjectNo::from_bits(object));
        Ok(())
    })
}

/// Gives up the call whose result an object will be; true if it was not settled.
#[napi(catch_unwind)]
pub(crate) fn cancel_object(env: Env, object: u32, force: bool) -> Result<bool> {
    with_calls(env, |event_loop, calls| {
        Ok(calls.calls.cancel_object(event_loop, ObjectNo::from_bits(object), force)?)
    })
}
