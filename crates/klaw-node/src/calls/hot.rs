//! The functions that every call passes.

use klaw_core::{CALL_HEADER_BYTES, REPLY_HEADER_BYTES};
use klaw_sched::execute::Run;
use napi::sys;

use crate::cell::OpenLoop;
use crate::error::Failure;
use crate::hot::{Outcome, RawCallback, call, out_of_bounds};

/// Beside those of channels.
pub(crate) const FUNCTIONS: [(&str, RawCallback); 3] =
    [("submit", submit), ("reply", reply), ("takeCalls", take_calls)];

/// `submit(callee, method, end)`: calls with the arguments that were staged behind room for a header, up to `end`. The call's name.
unsafe extern "C" fn submit(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, [callee, method, end]| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let callee = calls.callee(callee)?;
        let record = buffers.staging.part_mut(0, end as usize).ok_or(out_of_bounds())?;
        if record.len() < CALL_HEADER_BYTES {
            return Err(out_of_bounds());
        }
        Ok(calls.calls.call(event_loop, &callee, method, record, &[])?.0.into())
    })
}

/// `reply(run, isError, end)`: answers a call with what was staged behind room for a header. 1 if others may start: take.
unsafe extern "C" fn reply(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, [run, is_error, end]| {
        let OpenLoop { event_loop, buffers, calls, .. } = open;
        let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
        let record = buffers.staging.part_mut(0, end as usize).ok_or(out_of_bounds())?;
        if record.len() < REPLY_HEADER_BYTES {
            return Err(out_of_bounds());
        }
        Ok(calls.calls.reply(event_loop, Run(run), is_error == 1, record, &[])?.into())
    })
}

/// `takeCalls()`: how many entries the table has. None past the turn's budget.
unsafe extern "C" fn take_calls(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, _| take(open))
}

fn take(open: &mut OpenLoop) -> Outcome {
    let OpenLoop { event_loop, calls, .. } = open;
    let calls = calls.as_mut().ok_or(Failure::NoCalls)?;
    calls.taken.clear();
    if !event_loop.is_spent() {
        calls.calls.take(event_loop, &mut calls.taken.with(&mut calls.actors))?;
    }
    Ok(i64::try_from(calls.taken.count()).unwrap_or(i64::MAX))
}
