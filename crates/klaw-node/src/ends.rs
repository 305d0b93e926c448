//! Channel ends: made, opened, closed, sent along, waited for.

use std::sync::Arc;

use klaw_core::{Arrived, ChannelOptions, End, Handle, Overflow};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Result, sys};
use napi_derive::napi;

use crate::cell::{LoopCell, OpenLoop};
use crate::error::Failure;
use crate::hot::{NO_TAG, answer};

/// What an end is, where numbers go in pairs of kind and handle.
const SENDER: u32 = 1;
const RECEIVER: u32 = 2;
/// Instead of a handle: it was closed on its way.
const CLOSED: u32 = u32::MAX;

/// Runs `body` with the open loop; what it fails with is thrown.
pub(crate) fn with<R>(
    env: Env,
    body: impl FnOnce(&mut OpenLoop) -> std::result::Result<R, Failure>,
) -> Result<R> {
    LoopCell::of(env)?.with(body).map_err(|failure| failure.throw(env.raw()))
}

fn end(kind: u32, handle: u32) -> std::result::Result<End, Failure> {
    match kind {
        SENDER => Ok(End::Sender(Handle::from_bits(handle))),
        RECEIVER => Ok(End::Receiver(Handle::from_bits(handle))),
        _ => Err(Failure::Argument("a kind of end that there is not")),
    }
}

/// A new channel: the handles of its sender and its receiver.
#[napi(catch_unwind, ts_return_type = "[sender: number, receiver: number]")]
pub fn channel(env: Env, capacity: u32, max_bytes: f64, fail_when_full: bool) -> Result<Vec<u32>> {
    let overflow = if fail_when_full { Overflow::Error } else { Overflow::Wait };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked by TypeScript; saturates"
    )]
    let options =
        ChannelOptions { capacity, max_bytes: max_bytes as u64, overflow, ..ChannelOptions::default() };
    with(env, |open| {
        let (sender, receiver) = open.event_loop.channel(options)?;
        Ok(vec![sender.bits(), receiver.bits()])
    })
}

/// The number by which other processes of the session open an end's channel.
#[napi(catch_unwind)]
pub fn channel_id(env: Env, kind: u32, handle: u32) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "44 bits")]
    with(env, |open| Ok(open.event_loop.channel_id(end(kind, handle)?)? as f64))
}

/// One more end of a channel: its handle.
#[napi(catch_unwind)]
pub fn open_end(env: Env, kind: u32, channel: f64) -> Result<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "44 bits; anything else names no channel"
    )]
    let channel = channel as u64;
    with(env, |open| {
        let handle = match end(kind, 0)? {
            End::Sender(_) => open.event_loop.open_sender(channel)?,
            End::Receiver(_) => open.event_loop.open_receiver(channel)?,
        };
        Ok(handle.bits())
    })
}

/// Closes an end. False if it was closed before.
#[napi(catch_unwind)]
pub fn close_end(env: Env, kind: u32, handle: u32) -> Result<bool> {
    let closed = LoopCell::of(env)?.with(|open| {
        Ok(match end(kind, handle)? {
            End::Sender(sender) => open.event_loop.close_sender(sender),
            End::Receiver(receiver) => open.event_loop.close_receiver(receiver),
        })
    });
    // With the loop everything was closed.
    Ok(closed.unwrap_or(false))
}

/// `send` for messages with ends, given as pairs of kind and handle. Waits for room only if `may_wait`; `group` as in `sendMany`.
#[napi(catch_unwind)]
pub fn send_with_ends(
    env: Env,
    sender: u32,
    start: u32,
    stop: u32,
    ends: Vec<u32>,
    may_wait: bool,
    group: u32,
) -> Result<i64> {
    with(env, |open| {
        let ends = ends_of(&ends)?;
        let OpenLoop { event_loop, buffers, .. } = open;
        let payload = buffers.staging.part(start as usize, stop as usize);
        let payload = payload.ok_or(Failure::Argument("a range outside of its buffer"))?;
        let sender = Handle::from_bits(sender);
        let sent = if may_wait {
            event_loop.send_in_group(sender, group.checked_sub(1), NO_TAG, payload, &ends)?
        } else {
            event_loop.try_send(sender, NO_TAG, payload, &ends)?
        };
        Ok(answer(sent))
    })
}

/// Takes messages back that wait for room: that of ticket `last` and those before it, `count` together. How many still
/// waited.
#[napi(catch_unwind)]
pub fn cancel_send(env: Env, sender: u32, last: u32, count: u32) -> Result<u32> {
    with(env, |open| Ok(open.event_loop.cancel_send(Handle::from_bits(sender), last, count)))
}

/// The ends that came with the messages of the last `take`, as pairs of kind and handle, which is
/// 2^32 - 1 for one that was closed on its way.
#[napi(catch_unwind)]
pub fn arrived(env: Env) -> Result<Vec<u32>> {
    with(env, |open| Ok(arrived_pairs(open.buffers.inbox.arrived.drain(..))))
}

/// Ends that came with messages, as JavaScript gets them.
pub(crate) fn arrived_pairs(arrived: impl Iterator<Item = Arrived>) -> Vec<u32> {
    let pair = |arrived| match arrived {
        Arrived::Open(End::Sender(handle)) => [SENDER, handle.bits()],
        Arrived::Open(End::Receiver(handle)) => [RECEIVER, handle.bits()],
        Arrived::ClosedSender => [SENDER, CLOSED],
        Arrived::ClosedReceiver => [RECEIVER, CLOSED],
    };
    arrived.flat_map(pair).collect()
}

/// Ends that JavaScript sends along, given as pairs of kind and handle.
pub(crate) fn ends_of(pairs: &[u32]) -> std::result::Result<Vec<End>, Failure> {
    pairs.chunks_exact(2).map(|pair| end(pair[0], pair[1])).collect()
}

/// The payloads of the last `take` that the inbox had no room for, in order.
#[napi(catch_unwind)]
pub fn oversize(env: Env) -> Result<Vec<Uint8Array>> {
    with(env, |open| Ok(open.buffers.inbox.oversize.drain(..).map(Uint8Array::from).collect()))
}

/// A `Ready` event will tell when the receiver may have a message, or never will.
#[napi(catch_unwind)]
pub fn wait(env: Env, receiver: u32) -> Result<()> {
    with(env, |open| Ok(open.event_loop.wait(Handle::from_bits(receiver))?))
}

/// Nobody waits for the receiver any more.
#[napi(catch_unwind)]
pub fn stop_waiting(env: Env, receiver: u32) -> Result<()> {
    with(env, |open| {
        open.event_loop.stop_waiting(Handle::from_bits(receiver));
        Ok(())
    })
}

/// A `Turn` event will tell that the loop has turned.
#[napi(catch_unwind)]
pub fn want_turn(env: Env) -> Result<()> {
    with(env, |open| {
        open.event_loop.want_turn();
        Ok(())
    })
}

/// The error of the first `Failed` event that was not asked for yet.
#[napi(catch_unwind, ts_return_type = "Error")]
pub fn failure(env: Env) -> Result<napi::bindgen_prelude::Unknown<'static>> {
    let error = with(env, |open| open.failures.pop_front().ok_or(Failure::Argument("no failure to tell")))?;
    error_value(env, Arc::new(error))
}

/// An error as a value of JavaScript.
pub(crate) fn error_value(
    env: Env,
    error: Arc<klaw_core::Error>,
) -> Result<napi::bindgen_prelude::Unknown<'static>> {
    // Outside of `with`: making an object may run JavaScript.
    let failed = Failure::Core(error).to_js(env.raw());
    let failed = failed.ok_or_else(|| Failure::Host("napi_create_error").throw(env.raw()))?;
    // SAFETY: a value of the open handle scope, which the caller gets at once.
    Ok(unsafe { napi::bindgen_prelude::Unknown::from_raw_unchecked(env.raw() as sys::napi_env, failed) })
}
