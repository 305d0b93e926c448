//! Calls, beside those functions that every one passes: what is called and how, actors, the worker's side.

use std::ffi::OsString;
use std::time::Duration;

use klaw_core::{
    CALL_HEADER_BYTES, Callee, Calls, Definition, NodeAgent, NodeOptions, Object, ObjectNo,
    REPLY_HEADER_BYTES, Resources, WorkerPlace, WorkerSpec, guard_worker,
};
use klaw_sched::execute::Run;
use klaw_sched::ids::{ActorId, CallId, Cpus, PortId};
use klaw_sched::message::{ActorName, ActorOptions};
use klaw_sched::submit::{Policy, Target};
use napi::bindgen_prelude::{JsValue, Uint8Array, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

use super::{OpenCalls, Taken};
use crate::buffers::Shared;
use crate::cell::{LoopCell, OpenLoop};
use crate::ends::{arrived_pairs, ends_of, with};
use crate::error::Failure;

/// How a session's agent starts workers.
#[napi(object, object_to_js = false)]
#[derive(Debug)]
pub(crate) struct AgentOptions {
    /// Program of a worker.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Added to its environment: names and values in turn.
    pub env: Vec<String>,
    /// All CPUs, in ten-thousandths.
    pub cpus: u32,
    /// Workers that are kept started and idle.
    pub spare_workers: u32,
    /// Processes at most.
    pub max_workers: u32,
    /// How long further workers are kept idle.
    pub idle_ms: u32,
    /// How long a worker may take to be ready.
    pub start_timeout_ms: u32,
}

/// Memory that both sides write.
#[napi(object, object_to_js = false)]
#[expect(missing_debug_implementations, reason = "values of JavaScript have none")]
pub(crate) struct CallBuffers<'a> {
    /// What comes in.
    #[napi(ts_type = "Uint8Array")]
    pub bytes: Unknown<'a>,
    /// Which, and where: eight words each.
    #[napi(ts_type = "Uint32Array")]
    pub table: Unknown<'a>,
}

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

/// Opens this thread's part in calls. With `agent`, the session's agent is started first; in a worker process the thread is the
/// worker's.
#[napi(catch_unwind)]
pub(crate) fn open_calls(env: Env, agent: Option<AgentOptions>, buffers: CallBuffers<'_>) -> Result<()> {
    let raw = env.raw();
    let taken = Shared::new(raw, buffers.bytes.raw())
        .and_then(|bytes| Ok(Taken::new(bytes, Shared::new(raw, buffers.table.raw())?)));
    let taken = taken.map_err(|failure| failure.throw(raw))?;
    with(env, |open| {
        let runtime = open.event_loop.runtime().clone();
        let agent = agent.map(|options| NodeAgent::start(&runtime, node_options(options))).transpose()?;
        let port = match &agent {
            Some(agent) => agent.port(),
            None => runtime.agent_port()?,
        };
        let role = WorkerPlace::of_this_process().filter(|place| place.session == runtime.address());
        let role = role.map(|place| place.role());
        let mut calls = Calls::open(&mut open.event_loop, port, role)?;
        if agent.is_some() {
            calls.want_lines(&mut open.event_loop)?;
        }
        open.calls = Some(OpenCalls::new(calls, taken, agent));
        Ok(())
    })
}

fn node_options(options: AgentOptions) -> NodeOptions {
    let mut env = options.env.into_iter();
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (env.next(), env.next()) {
        pairs.push((OsString::from(name), OsString::from(value)));
    }
    NodeOptions {
        resources: Resources {
            cpus: Cpus(options.cpus),
            spare_workers: options.spare_workers as usize,
            max_workers: options.max_workers as usize,
            idle_ms: options.idle_ms.into(),
        },
        worker: WorkerSpec {
            program: options.program.into(),
            args: options.args.into_iter().map(OsString::from).collect(),
            env: pairs,
            start_timeout: Duration::from_millis(options.start_timeout_ms.into()),
        },
    }
}

/// In a worker process: its session's address. As soon as it can: from then on it does not outlive its driver.
#[napi(catch_unwind)]
pub(crate) fn guard(env: Env) -> Result<Option<String>> {
    let guarded = guard_worker().map_err(|e| Failure::from(e).throw(env.raw()))?;
    let place = guarded.and_then(|_guard| WorkerPlace::of_this_process());
    Ok(place.map(|place| place.session.display().to_string()))
}

/// In a worker process: it is ready.
#[napi(catch_unwind)]
pub(crate) fn worker_ready(env: Env) -> Result<()> {
    klaw_core::worker_ready().map_err(|e| Failure::from(e).throw(env.raw()))
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
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whatever they are, they name an actor or none"
)]
pub(crate) fn actor_number(env: Env, owner: f64, number: f64) -> Result<u32> {
    let actor = ActorId { owner: PortId(owner as u64), number: number as u64 };
    with_calls(env, |_, calls| Ok(calls.actors.number(actor)))
}

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

fn with_calls<R>(
    env: Env,
    body: impl FnOnce(&mut klaw_core::EventLoop, &mut OpenCalls) -> std::result::Result<R, Failure>,
) -> Result<R> {
    with(env, |open| {
        let OpenLoop { event_loop, calls, .. } = open;
        body(event_loop, calls.as_mut().ok_or(Failure::NoCalls)?)
    })
}

fn staged(record: Option<&mut [u8]>, header_bytes: usize) -> std::result::Result<&mut [u8], Failure> {
    let record = record.filter(|record| record.len() >= header_bytes);
    record.ok_or(Failure::Argument("a range outside of its buffer"))
}

fn actor_id(calls: &OpenCalls, number: u32) -> std::result::Result<ActorId, Failure> {
    calls.actors.id(number).ok_or(Failure::Argument("an actor that there is not"))
}

fn definition(calls: &OpenCalls, number: u32) -> std::result::Result<Definition, Failure> {
    let definition = calls.definitions.get(number as usize).copied();
    definition.ok_or(Failure::Argument("a definition that there is not"))
}
