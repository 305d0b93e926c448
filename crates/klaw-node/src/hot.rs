//! The functions that every message passes: raw Node-API, numbers in and numbers out, over memory that both sides know.
//!
//! They are exported beside the `#[napi]` functions; `src/native/` has their types.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use klaw_core::{Handle, Sent};
use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, Result, sys};

use crate::calls;
use crate::cell::{LoopCell, OpenLoop};
use crate::error::Failure;

pub(crate) type Outcome = std::result::Result<i64, Failure>;
pub(crate) type RawCallback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// What `send` answers; a ticket is 0 or more.
const SENT: i64 = -1;
const SENT_ENOUGH: i64 = -2;

/// Tags are for what is no message of a user.
pub(crate) const NO_TAG: u32 = 0;

/// Adds the hot functions to the addon's exports.
pub(crate) fn export(env: &Env, exports: &Object<'_>, cell: &Rc<LoopCell>) -> Result<()> {
    let channels: [(&str, RawCallback); 5] = [
        ("send", send),
        ("trySend", try_send),
        ("sendMany", send_many),
        ("take", take),
        ("takeNow", take_now),
    ];
    for (name, callback) in channels.into_iter().chain(calls::FUNCTIONS) {
        let mut function = ptr::null_mut();
        let data = Rc::as_ptr(cell).cast_mut().cast::<c_void>();
        let length = isize::try_from(name.len()).unwrap_or(0);
        // SAFETY: the name has that length; the cell behind `data` outlives every call (`LoopCell::install`).
        let status = unsafe {
            sys::napi_create_function(
                env.raw(),
                name.as_ptr().cast(),
                length,
                Some(callback),
                data,
                &raw mut function,
            )
        };
        napi::check_status!(status, "napi_create_function({name})")?;
        // SAFETY: a function of the open handle scope.
        let function = unsafe { napi::Unknown::from_raw_unchecked(env.raw(), function) };
        exports.to_owned().set_named_property(name, function)?;
    }
    Ok(())
}

/// `send(sender, end)`: the bytes of the staging memory before `end`. -1: sent; -2: sent, and let the loop turn; else the ticket
/// under which it waits for room.
unsafe extern "C" fn send(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, [sender, end, _]| {
        let OpenLoop { event_loop, buffers, .. } = open;
        let payload = buffers.staging.part(0, end as usize).ok_or(out_of_bounds())?;
        Ok(answer(event_loop.send(Handle::from_bits(sender), NO_TAG, payload, &[])?))
    })
}

/// `trySend(sender, end)`: as `send`; throws `ERR_KLAW_CHANNEL_FULL` instead of waiting.
unsafe extern "C" fn try_send(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, [sender, end, _]| {
        let OpenLoop { event_loop, buffers, .. } = open;
        let payload = buffers.staging.part(0, end as usize).ok_or(out_of_bounds())?;
        Ok(answer(event_loop.try_send(Handle::from_bits(sender), NO_TAG, payload, &[])?))
    })
}

/// `sendMany(sender, count, group)`: the messages that the first `count` pairs of `ranges` name, published at once. As `send`; the
/// number of those that wait stands above the ticket of the last, from bit 32 on. `group`: 0, or one more than the ticket of
/// the first message of the same call that waits.
unsafe extern "C" fn send_many(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, [sender, count, group]| {
        let OpenLoop { event_loop, buffers, .. } = open;
        let ranges = buffers.ranges.part(0, 2 * count as usize).ok_or(out_of_bounds())?;
        let (staging, is_out) = (&buffers.staging, std::cell::Cell::new(false));
        let payloads = ranges.chunks_exact(2).map_while(|range| {
            let payload = staging.part(range[0] as usize, range[1] as usize);
            is_out.set(payload.is_none());
            Some((NO_TAG, payload?))
        });
        let (sent, waiting) =
            event_loop.send_many(Handle::from_bits(sender), group.checked_sub(1), payloads)?;
        if is_out.get() {
            return Err(out_of_bounds());
        }
        Ok(answer(sent) + (i64::from(waiting) << 32))
    })
}

/// `take(receiver, max)`: how many messages were copied into the inbox; none past the turn's budget.
unsafe extern "C" fn take(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, arguments| take_some(open, arguments, true))
}

/// `takeNow(receiver, max)`: as `take`, whatever the turn has spent.
unsafe extern "C" fn take_now(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    call(env, info, |open, arguments| take_some(open, arguments, false))
}

fn take_some(open: &mut OpenLoop, [receiver, max, _]: [u32; 3], budgeted: bool) -> Outcome {
    let OpenLoop { event_loop, buffers, .. } = open;
    let inbox = &mut buffers.inbox;
    inbox.clear();
    let max = (max as usize).min(inbox.capacity());
    let taken = event_loop.take(Handle::from_bits(receiver), max, budgeted, inbox)?;
    Ok(i64::try_from(taken).unwrap_or(i64::MAX))
}

pub(crate) fn answer(sent: Sent) -> i64 {
    match sent {
        Sent::Now => SENT,
        Sent::Enough => SENT_ENOUGH,
        Sent::Queued(ticket) => ticket.into(),
    }
}

pub(crate) fn out_of_bounds() -> Failure {
    Failure::Argument("a range outside of its buffer")
}

/// One call: three numbers in, one out; an error is thrown, and so is a panic.
pub(crate) fn call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&mut OpenLoop, [u32; 3]) -> Outcome,
) -> sys::napi_value {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let (cell, arguments) = arguments(env, info).ok_or(Failure::Argument("no numbers"))?;
        cell.with(|open| body(open, arguments))
    }));
    let failure = match outcome {
        Ok(Ok(number)) => {
            return number_value(env, number);
        }
        Ok(Err(failure)) => failure,
        Err(payload) => Failure::panic(&*payload),
    };
    let _thrown = failure.throw(env);
    ptr::null_mut()
}

fn number_value(env: sys::napi_env, number: i64) -> sys::napi_value {
    let mut result = ptr::null_mut();
    if let Ok(small) = i32::try_from(number) {
        // SAFETY: the environment that calls, as below. Small integers cost no allocation.
        unsafe { sys::napi_create_int32(env, small, &raw mut result) };
    } else {
        // SAFETY: as above.
        unsafe { sys::napi_create_int64(env, number, &raw mut result) };
    }
    result
}

/// The cell behind the function, and the first three arguments; those that were not passed are 0.
fn arguments<'a>(env: sys::napi_env, info: sys::napi_callback_info) -> Option<(&'a LoopCell, [u32; 3])> {
    let (mut count, mut values, mut data) = (3, [ptr::null_mut(); 3], ptr::null_mut());
    let no_this = ptr::null_mut();
    // SAFETY: room for three values; napi fills those that were not passed with `undefined`.
    let status = unsafe {
        sys::napi_get_cb_info(env, info, &raw mut count, values.as_mut_ptr(), no_this, &raw mut data)
    };
    if status != sys::Status::napi_ok || data.is_null() {
        return None;
    }
    let mut numbers = [0; 3];
    for (number, value) in numbers.iter_mut().zip(values).take(count) {
        // SAFETY: a value of this call.
        let status = unsafe { sys::napi_get_value_uint32(env, value, &raw mut *number) };
        if status != sys::Status::napi_ok {
            return None;
        }
    }
    // SAFETY: `export` put the cell's address there, and the cell outlives every call.
    Some((unsafe { &*data.cast::<LoopCell>() }, numbers))
}
