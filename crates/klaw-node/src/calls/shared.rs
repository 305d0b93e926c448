//! What came along with the entries of a take, and what the other exports have in common.

use klaw_sched::ids::ActorId;
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::OpenCalls;
use crate::cell::OpenLoop;
use crate::ends::{arrived_pairs, with};
use crate::error::Failure;

/// The ends that came with the entries of the last take, as `arrived` has them.
#[napi(catch_unwind)]
pub(crate) fn arrived_with_calls(env: Env) -> Result<Vec<u32>> {
    with_calls(env, |_, calls| Ok(arrived_pairs(calls.taken.arrived.drain(..))))
}

/// The payloads of the last take that had no room, in order.
#[napi(catch_unwind)]
pub(crate) fn oversize_calls(env: Env) -> Result<Vec<Uint8Array>> {
    with_calls(env, |_, calls| Ok(calls.taken.oversize.drain(..).map(Uint8Array::from).collect()))
}

/// The error of the next entry that has one.
#[napi(catch_unwind, ts_return_type = "Error")]
pub(crate) fn call_failure(env: Env) -> Result<Unknown<'static>> {
    let error = with_calls(env, |_, calls| {
        calls.taken.errors.pop_front().ok_or(Failure::Argument("no failure to tell"))
    })?;
    crate::ends::error_value(env, error)
}

pub(super) fn with_calls<R>(
    env: Env,
    body: impl FnOnce(&mut klaw_core::EventLoop, &mut OpenCalls) -> std::result::Result<R, Failure>,
) -> Result<R> {
    with(env, |open| {
        let OpenLoop { event_loop, calls, .. } = open;
        body(event_loop, calls.as_mut().ok_or(Failure::NoCalls)?)
    })
}

pub(super) fn staged(
    record: Option<&mut [u8]>,
    header_bytes: usize,
) -> std::result::Result<&mut [u8], Failure> {
    let record = record.filter(|record| record.len() >= header_bytes);
    record.ok_or(Failure::Argument("a range outside of its buffer"))
}

pub(super) fn actor_id(calls: &OpenCalls, number: u32) -> std::result::Result<ActorId, Failure> {
    calls.actors.id(number).ok_or(Failure::Argument("an actor that there is not"))
}
