//! Opening a thread's part in calls, with the session's agent or as a worker.

use std::ffi::OsString;
use std::time::Duration;

use klaw_core::{Calls, NodeAgent, NodeOptions, Resources, WorkerPlace, WorkerSpec, guard_worker};
use klaw_sched::ids::Cpus;
use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::{OpenCalls, Taken};
use crate::buffers::Shared;
use crate::ends::with;
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
pub(crate) struct CallBuffers<'a> {
    /// What comes in.
    #[napi(ts_type = "Uint8Array")]
    pub bytes: Unknown<'a>,
    /// Which, and where: eight words each.
    #[napi(ts_type = "Uint32Array")]
    pub table: Unknown<'a>,
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
