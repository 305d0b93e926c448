//! The Node.js face: what JavaScript has of a session in one environment (the main thread, or a worker).
//!
//! - `cell`: the state of one environment. Handles in, handles out; no policy.
//! - `bell`: the four libuv handles by which the loop sleeps and wakes, and what a turn does.
//! - `hot`: the functions that every message passes, over raw Node-API.
//! - `session`, `ends`: the rest, by `#[napi]`.
//! - `error`: how an error reaches JavaScript: code, message, details.
//!
//! # Threads and teardown
//! Everything here belongs to the thread of its environment. When the environment ends, or when JavaScript closes the loop,
//! the channel ends go first, then the libuv handles; the cell lives until the last of those has told that it is closed.
//! Calls that come later are told that the runtime is closed.

#![expect(clippy::needless_pass_by_value, reason = "exports own what JavaScript passes")]

mod bell;
mod buffers;
mod calls;
mod cell;
pub mod ends;
mod error;
mod hot;
pub mod session;
mod uv;

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

/// Once an environment: its cell, and the hot functions, which carry it.
#[napi(module_exports)]
pub fn init(exports: Object<'_>, env: Env) -> Result<()> {
    let cell = cell::LoopCell::install(env)?;
    hot::export(&env, &exports, &cell)
}
