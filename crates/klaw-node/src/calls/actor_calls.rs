//! Actors: made, found, ended.

use klaw_sched::ids::{ActorId, Cpus, PortId};
use klaw_sched::message::{ActorName, ActorOptions};
use napi::{Env, Result};
use napi_derive::napi;

use super::shared::{actor_id, with_calls};
use crate::cell::OpenLoop;
use crate::ends::{ends_of, with};
use crate::error::Failure;

/// How an actor is to live.
#[napi(object, object_to_js = false, use_nullable = true)]
#[derive(Debug)]
pub(crate) struct CreateOptions {
    /// Its class, for people.
    pub label: String,
    /// With the namespace.
    pub name: Option<String>,
    /// Of the name.
    pub namespace: String,
    /// An actor that has the name will do.
    pub get_if_exists: bool,
    /// How often it comes back; none: always.
    pub max_restarts: Option<u32>,
    /// What it needs to be started, in ten-thousandths of a CPU.
    pub placement_cpus: u32,
    /// What it needs while it lives.
    pub running_cpus: u32,
    /// Until its constructor has run.
    pub start_timeout_ms: u32,
}

/// Makes an actor of what is staged between `start` and `end`, its card before `card_end`: its number. `life`: the handle of a receiver
/// whose senders are the actor's handles.
#[napi(catch_unwind)]
pub(crate) fn create_actor(
    env: Env,
    options: CreateOptions,
    life: u32,
    card_end: u32,
    start: u32,
    end: u32,
    ends: Vec<u32>,
) -> Result<u32> {
    let ends = ends_of(&ends).map_err(|failure| failure.throw(env.raw()))?;
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let staged = |start: u32, end: u32| {
            let part = buffers.staging.part(start as usize, end as usize);
            part.ok_or(Failure::Argument("a range outside of its buffer"))
        };
        let parts = (staged(0, card_end)?, staged(start, end)?);
        let life = klaw_core::Handle::from_bits(life);
        let life_end = klaw_core::End::Receiver(life);
        let actor = calls.calls.create_actor(event_loop, actor_options(options), life_end, parts, &ends)?;
        event_loop.close_receiver(life);
        Ok(calls.actors.number(actor))
    })
}

fn actor_options(options: CreateOptions) -> ActorOptions {
    let CreateOptions { namespace, .. } = options;
    ActorOptions {
        label: options.label,
        name: options.name.map(|name| ActorName { namespace, name }),
        get_if_exists: options.get_if_exists,
        max_restarts: options.max_restarts,
        placement_cpus: Cpus(options.placement_cpus),
        running_cpus: Cpus(options.running_cpus),
        start_timeout_ms: options.start_timeout_ms.into(),
    }
}

/// In a worker: the constructor has run, or thrown what is staged before `error_end`.
#[napi(catch_unwind)]
pub(crate) fn constructed(env: Env, limits: Vec<u32>, error_end: Option<u32>) -> Result<()> {
    with(env, |open| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let error = error_end.map(|end| buffers.staging.part(0, end as usize).unwrap_or_default().to_vec());
        Ok(calls.calls.constructed(event_loop, &limits, error)?)
    })
}

/// Kills an actor's process.
#[napi(catch_unwind)]
pub(crate) fn kill_actor(env: Env, actor: u32, no_restart: bool) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        let actor = actor_id(calls, actor)?;
        Ok(calls.calls.kill_actor(event_loop, actor, no_restart)?)
    })
}

/// Ends an actor after the calls that it has got.
#[napi(catch_unwind)]
pub(crate) fn terminate_actor(env: Env, actor: u32, grace_ms: u32) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        let actor = actor_id(calls, actor)?;
        Ok(calls.calls.terminate_actor(event_loop, actor, grace_ms.into())?)
    })
}

/// What becomes of an actor is told from now on, beginning with where it is.
#[napi(catch_unwind)]
pub(crate) fn watch_actor(env: Env, actor: u32) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        let actor = actor_id(calls, actor)?;
        Ok(calls.calls.watch_actor(event_loop, actor)?)
    })
}

/// Nobody has a handle of it here any more.
#[napi(catch_unwind)]
pub(crate) fn forget_actor(env: Env, actor: u32) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        let actor = actor_id(calls, actor)?;
        Ok(calls.calls.forget_actor(event_loop, actor)?)
    })
}

/// Whether somebody waits for an actor, or for the answer to `findActor`: the loop stays alive as long.
#[napi(catch_unwind)]
pub(crate) fn await_actors(env: Env, wanted: bool) -> Result<()> {
    with_calls(env, |event_loop, calls| Ok(calls.calls.await_agent(event_loop, wanted)?))
}

/// Asks who has a name.
#[napi(catch_unwind)]
pub(crate) fn find_actor(env: Env, request: u32, namespace: String, name: String) -> Result<()> {
    with_calls(env, |event_loop, calls| {
        Ok(calls.calls.find_actor(event_loop, request, ActorName { namespace, name })?)
    })
}

/// What an actor is called in all processes: two numbers.
#[napi(catch_unwind, ts_return_type = "[owner: number, number: number]")]
pub(crate) fn actor_name(env: Env, actor: u32) -> Result<Vec<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "44 bits, and a count")]
    with_calls(env, |_, calls| {
        let ActorId { owner, number } = actor_id(calls, actor)?;
        Ok(vec![owner.0 as f64, number as f64])
    })
}

/// The number here of an actor that another process has named.
#[napi(catch_unwind)]
pub(crate) fn actor_number(env: Env, owner: f64, number: f64) -> Result<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whatever they are, they name an actor or none"
    )]
    let actor = ActorId { owner: PortId(owner as u64), number: number as u64 };
    with_calls(env, |_, calls| Ok(calls.actors.number(actor)))
}
