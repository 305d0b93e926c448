//! Joining and leaving a session.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use klaw_core::Runtime;
use napi::bindgen_prelude::{Function, JsValue, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

use crate::buffers::Shared;
use crate::cell::{Buffers, Callback, Inbox, LoopCell, OpenLoop};
use crate::error::Failure;

/// How to join.
#[napi(object, object_to_js = false, use_nullable = true)]
#[derive(Debug)]
pub struct OpenOptions {
    /// Address of a session; `"auto"`: the newest of this user; null: a new one.
    pub address: Option<String>,
    /// How long to look around before sleeping.
    pub busy_poll_us: u32,
}

/// Memory that both sides write.
#[napi(object, object_to_js = false)]
#[expect(missing_debug_implementations, reason = "values of JavaScript have none")]
pub struct OpenBuffers<'a> {
    /// Payloads that go out.
    #[napi(ts_type = "Uint8Array")]
    pub staging: Unknown<'a>,
    /// Where they start and end.
    #[napi(ts_type = "Uint32Array")]
    pub ranges: Unknown<'a>,
    /// Payloads that come in.
    #[napi(ts_type = "Uint8Array")]
    pub inbox: Unknown<'a>,
    /// Where they start and end, their tags, their numbers of ends.
    #[napi(ts_type = "Uint32Array")]
    pub table: Unknown<'a>,
    /// What the callback is called for.
    #[napi(ts_type = "Uint32Array")]
    pub events: Unknown<'a>,
}

/// The session that was joined.
#[napi(object, object_from_js = false)]
#[derive(Debug)]
pub struct Joined {
    /// Its address.
    pub address: String,
    /// Its id.
    pub session_id: String,
}

/// Joins a session with this thread's event loop.
#[napi(
    catch_unwind,
    ts_args_type = "options: OpenOptions, buffers: OpenBuffers, onEvents: (count: number) => void"
)]
pub fn open(
    env: Env,
    options: OpenOptions,
    buffers: OpenBuffers<'_>,
    on_events: Function<'_, u32, ()>,
) -> Result<Joined> {
    let cell = LoopCell::of(env)?;
    open_in(&cell, &options, &buffers, on_events.raw()).map_err(|failure| failure.throw(env.raw()))
}

fn open_in(
    cell: &LoopCell,
    options: &OpenOptions,
    buffers: &OpenBuffers<'_>,
    on_events: sys::napi_value,
) -> std::result::Result<Joined, Failure> {
    if cell.is_open() {
        return Err(Failure::AlreadyOpen);
    }
    let env = cell.env;
    let buffers = Buffers {
        staging: Shared::new(env, buffers.staging.raw())?,
        ranges: Shared::new(env, buffers.ranges.raw())?,
        events: Shared::new(env, buffers.events.raw())?,
        inbox: Inbox::new(Shared::new(env, buffers.inbox.raw())?, Shared::new(env, buffers.table.raw())?),
    };
    let callback = Callback::new(env, on_events)?;
    let runtime = join(options.address.as_deref())?;
    let joined =
        Joined { address: runtime.address().display().to_string(), session_id: runtime.session_id() };
    let event_loop = runtime.event_loop()?;
    cell.bell.set_spin(Duration::from_micros(options.busy_poll_us.into()));
    let (events, failures, pumped) = (VecDeque::new(), VecDeque::new(), Vec::new());
    let calls = None;
    cell.open(OpenLoop { calls, event_loop, buffers, callback, events, failures, pumped, has_calls: false })?;
    Ok(joined)
}

fn join(address: Option<&str>) -> std::result::Result<Arc<Runtime>, klaw_core::Error> {
    match address {
        None => Runtime::create(),
        Some("auto") => Runtime::attach_newest(),
        Some(path) => Runtime::attach(Path::new(path)),
    }
}

/// Closes every end of this thread's loop and leaves the session. False if it was in none.
#[napi(catch_unwind)]
pub fn close(env: Env) -> Result<bool> {
    Ok(LoopCell::of(env)?.close())
}

/// Another staging memory, when a value is larger than the one in use.
#[napi(catch_unwind, ts_args_type = "staging: Uint8Array")]
pub fn set_staging(env: Env, staging: Unknown<'_>) -> Result<()> {
    let cell = LoopCell::of(env)?;
    let replaced = Shared::new(cell.env, staging.raw()).and_then(|staging| {
        cell.with(|open| {
            open.buffers.staging = staging;
            Ok(())
        })
    });
    replaced.map_err(|failure| failure.throw(env.raw()))
}
