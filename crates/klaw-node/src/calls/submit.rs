//! What is called and how, and calls with ends; those without pass `hot`.

use klaw_core::{CALL_HEADER_BYTES, Callee, Definition, REPLY_HEADER_BYTES};
use klaw_sched::execute::Run;
use klaw_sched::ids::{CallId, Cpus};
use klaw_sched::submit::{Policy, Target};
use napi::{Env, Result};
use napi_derive::napi;

use super::OpenCalls;
use super::shared::{actor_id, staged, with_calls};
use crate::cell::OpenLoop;
use crate::ends::{ends_of, with};
use crate::error::Failure;

/// What is called, and how.
#[napi(object, object_to_js = false, use_nullable = true)]
#[derive(Debug)]
pub(crate) struct CalleeOptions {
    /// The actor's number; of tasks none.
    pub actor: Option<u32>,
    /// The actor's calls start in the order in which they were submitted.
    pub ordered: bool,
    /// Which of the actor's groups.
    pub group: u32,
    /// What a task needs, in ten-thousandths of a CPU.
    pub cpus: u32,
    /// The task's definition, by the number that `define` gave.
    pub definition: Option<u32>,
    /// How often it is tried again; none: always.
    pub max_retries: Option<u32>,
    /// Also after an error.
    pub retry_errors: bool,
    /// It does not wait for an actor that is being restarted.
    pub fail_while_restarting: bool,
    /// Unsettled calls to the actor at most.
    pub max_pending: Option<u32>,
}

/// Makes a definition known: its number.
#[napi(catch_unwind)]
pub(crate) fn define(env: Env, text: String) -> Result<u32> {
    with_calls(env, |_, calls| {
        let definition = calls.calls.define(&text);
        if let Some(known) = calls.definitions.iter().position(|known| *known == definition) {
            return Ok(u32::try_from(known).unwrap_or(u32::MAX));
        }
        calls.definitions.push(definition);
        Ok(u32::try_from(calls.definitions.len() - 1).unwrap_or(u32::MAX))
    })
}

/// A number for `submit`.
#[napi(catch_unwind)]
pub(crate) fn callee(env: Env, options: CalleeOptions) -> Result<u32> {
    with_calls(env, |_, calls| {
        let target = match options.actor {
            Some(actor) => Target::Actor { actor: actor_id(calls, actor)?, ordered: options.ordered },
            None => Target::Task { cpus: Cpus(options.cpus) },
        };
        let definition = options.definition.map(|number| definition(calls, number)).transpose()?;
        let policy = Policy {
            max_retries: options.max_retries,
            retry_errors: options.retry_errors,
            fail_while_restarting: options.fail_while_restarting,
            max_pending: options.max_pending,
        };
        let group = u16::try_from(options.group).unwrap_or(0);
        Ok(calls.add_callee(Callee { target, policy, group, definition }))
    })
}

/// The number is not used any more.
#[napi(catch_unwind)]
pub(crate) fn drop_callee(env: Env, callee: u32) -> Result<()> {
    with_calls(env, |_, calls| {
        calls.drop_callee(callee);
        Ok(())
    })
}

/// `submit` with ends, given as pairs of kind and handle.
#[napi(catch_unwind)]
pub(crate) fn submit_with_ends(env: Env, callee: u32, method: u32, end: u32, ends: Vec<u32>) -> Result<u32> {
    let ends = ends_of(&ends).map_err(|failure| failure.throw(env.raw()))?;
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let callee = calls.callee(callee)?;
        let record = staged(buffers.staging.part_mut(0, end as usize), CALL_HEADER_BYTES)?;
        Ok(calls.calls.call(event_loop, &callee, method, record, &ends)?.0)
    })
}

/// `reply` with ends.
#[napi(catch_unwind)]
pub(crate) fn reply_with_ends(env: Env, run: u32, is_error: bool, end: u32, ends: Vec<u32>) -> Result<bool> {
    let ends = ends_of(&ends).map_err(|failure| failure.throw(env.raw()))?;
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let record = staged(buffers.staging.part_mut(0, end as usize), REPLY_HEADER_BYTES)?;
        Ok(calls.calls.reply(event_loop, Run(run), is_error, record, &ends)?)
    })
}

/// Gives a call up; true if it was not settled.
#[napi(catch_unwind)]
pub(crate) fn cancel_call(env: Env, call: u32, force: bool) -> Result<bool> {
    with_calls(env, |event_loop, calls| Ok(calls.calls.cancel(event_loop, CallId(call), force)?))
}

fn definition(calls: &OpenCalls, number: u32) -> std::result::Result<Definition, Failure> {
    let definition = calls.definitions.get(number as usize).copied();
    definition.ok_or(Failure::Argument("a definition that there is not"))
}
