//! When this environment's loop sleeps and wakes: libuv's hooks around its poll.
//!
//! A turn of libuv is: timers, **prepare**, poll, **check**. In prepare the loop delivers what has come, a bounded number of
//! times; then it looks around a little ([`Spin`]), arms its bell, looks a last time, and lets libuv poll, which sleeps on
//! the bell's FIFO among all else. In check it is awake again.
//!
//! **The poll may not block although nothing is armed, and must not.** `uv_backend_timeout` is 0 when libuv has other work,
//! and then arming would make peers ring somebody who is awake. But it is 0, too, when a watcher was started since the last
//! poll, and then the poll blocks all the same. So whoever does not arm starts the idle handle, and that poll really returns
//! at once.
//!
//! The handles don't keep the process alive by themselves: the poll handle does, while somebody waits.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::{Duration, Instant};

use klaw_core::{EventLoop, Spin};
use napi::sys;

use crate::cell::LoopCell;
use crate::error::Failure;
use crate::uv;

/// Deliveries in one prepare before the loop has to turn.
const ROUNDS: u32 = 16;
/// Looks between two looks at the clock while spinning.
const LOOKS: u32 = 8;
/// Past this a spinning loop lets others have its core: the peer may need it to answer.
const YIELD_AFTER: Duration = Duration::from_micros(4);

#[derive(Default)]
pub(crate) struct Bell {
    handles: RefCell<Option<Handles>>,
    /// Handles whose close libuv has not confirmed yet.
    closing: Cell<u32>,
    spin: RefCell<Option<Spin>>,
    state: State,
}

#[derive(Default)]
struct State {
    armed: Cell<bool>,
    readable: Cell<bool>,
    idling: Cell<bool>,
    kept_alive: Cell<bool>,
    /// When the present wait began.
    since: Cell<Option<Instant>>,
}

struct Handles {
    uv_loop: *mut sys::uv_loop_s,
    poll: *mut uv::Handle,
    prepare: *mut uv::Handle,
    check: *mut uv::Handle,
    idle: *mut uv::Handle,
}

impl Bell {
    pub(crate) fn set_spin(&self, budget: Duration) {
        *self.spin.borrow_mut() = Some(Spin::new(budget));
    }

    /// Makes the handles, on the loop of the cell's environment.
    pub(crate) fn start(&self, cell: &LoopCell, event_loop: &EventLoop) -> Result<(), Failure> {
        let mut uv_loop = ptr::null_mut();
        // SAFETY: the environment whose thread this is.
        let status = unsafe { sys::napi_get_uv_event_loop(cell.env, &raw mut uv_loop) };
        if status != sys::Status::napi_ok {
            return Err(Failure::Host("napi_get_uv_event_loop"));
        }
        let fd = event_loop.fd().as_raw_fd();
        let poll = new_handle(cell, uv::POLL);
        // SAFETY: memory of the right size; the port keeps `fd` open until the handle is closed.
        if unsafe { uv::uv_poll_init(uv_loop, poll, fd) } != 0 {
            // SAFETY: libuv knows nothing of a handle whose init has failed.
            unsafe { free_handle(poll) };
            return Err(Failure::Host("uv_poll_init"));
        }
        let prepare = new_handle(cell, uv::PREPARE);
        let check = new_handle(cell, uv::CHECK);
        let idle = new_handle(cell, uv::IDLE);
        // SAFETY: memory of the right size; these inits can't fail.
        unsafe { uv::uv_prepare_init(uv_loop, prepare) };
        // SAFETY: as above.
        unsafe { uv::uv_check_init(uv_loop, check) };
        // SAFETY: as above.
        unsafe { uv::uv_idle_init(uv_loop, idle) };
        // SAFETY: an initialised handle, as in the next two.
        unsafe { uv::uv_poll_start(poll, uv::READABLE, on_readable) };
        // SAFETY: as above.
        unsafe { uv::uv_prepare_start(prepare, on_prepare) };
        // SAFETY: as above.
        unsafe { uv::uv_check_start(check, on_check) };
        for handle in [poll, prepare, check, idle] {
            // SAFETY: an initialised handle.
            unsafe { uv::uv_unref(handle) };
        }
        *self.handles.borrow_mut() = Some(Handles { uv_loop, poll, prepare, check, idle });
        Ok(())
    }

    /// Closes the handles; the cell is told when libuv has let go of them.
    pub(crate) fn stop(&self) {
        let Some(handles) = self.handles.borrow_mut().take() else { return };
        for handle in [handles.poll, handles.prepare, handles.check, handles.idle] {
            self.closing.set(self.closing.get() + 1);
            // SAFETY: initialised, and closed once: it was just taken out.
            unsafe { uv::uv_close(handle, on_closed) };
        }
        let State { armed, readable, idling, kept_alive, since } = &self.state;
        for flag in [armed, readable, idling, kept_alive] {
            flag.set(false);
        }
        since.set(None);
    }

    /// True if libuv has none of our handles.
    pub(crate) fn is_closed(&self) -> bool {
        self.handles.borrow().is_none() && self.closing.get() == 0
    }

    /// Whether the loop stays alive for us.
    pub(crate) fn keep_alive(&self, wanted: bool) {
        if self.state.kept_alive.replace(wanted) == wanted {
            return;
        }
        if let Some(handles) = &*self.handles.borrow() {
            if wanted {
                // SAFETY: an initialised handle.
                unsafe { uv::uv_ref(handles.poll) };
            } else {
                // SAFETY: as above.
                unsafe { uv::uv_unref(handles.poll) };
            }
        }
    }

    /// The coming poll will not block.
    fn idle(&self, wanted: bool) {
        if self.state.idling.replace(wanted) == wanted {
            return;
        }
        if let Some(handles) = &*self.handles.borrow() {
            if wanted {
                // SAFETY: an initialised handle.
                unsafe { uv::uv_idle_start(handles.idle, on_idle) };
            } else {
                // SAFETY: as above.
                unsafe { uv::uv_idle_stop(handles.idle) };
            }
        }
    }

    /// True if libuv says that it has other work. It may block all the same, see the module's text.
    fn has_other_work(&self) -> bool {
        // SAFETY: the loop of a living environment.
        self.handles.borrow().as_ref().is_some_and(|h| unsafe { uv::uv_backend_timeout(h.uv_loop) } == 0)
    }
}

impl LoopCell {
    /// Before the poll.
    fn prepare(&self) {
        for _ in 0..ROUNDS {
            if !self.deliver() {
                return self.about_to_poll();
            }
        }
        self.bell.idle(true);
    }

    /// Nothing is there now: look around, then arm.
    fn about_to_poll(&self) {
        let state = self.with(|open| {
            let event_loop = &open.event_loop;
            Ok((event_loop.is_spent() || event_loop.is_turn_wanted(), event_loop.is_waiting()))
        });
        let Ok((must_turn, is_waiting)) = state else { return };
        if must_turn || is_waiting && self.bell.has_other_work() {
            return self.bell.idle(true);
        }
        if !is_waiting {
            return;
        }
        if self.bell.state.since.get().is_none() {
            self.bell.state.since.set(Some(Instant::now()));
        }
        if self.look_around() {
            self.deliver();
            return self.bell.idle(true);
        }
        let _open = self.with(|open| {
            open.arm();
            Ok(())
        });
        self.bell.state.armed.set(true);
        if self.pump() {
            self.disarm();
            self.deliver();
            self.bell.idle(true);
        }
    }

    /// Spins for a while. True if something has come.
    fn look_around(&self) -> bool {
        let budget = self.bell.spin.borrow_mut().as_mut().map_or(Duration::ZERO, Spin::budget);
        if budget.is_zero() {
            return false;
        }
        let start = Instant::now();
        let found = loop {
            if (0..LOOKS).any(|_| {
                std::hint::spin_loop();
                self.pump()
            }) {
                break true;
            }
            let spent = start.elapsed();
            if spent >= budget {
                break false;
            }
            if spent > YIELD_AFTER {
                std::thread::yield_now();
            }
        };
        if let Some(spin) = &mut *self.bell.spin.borrow_mut() {
            if found {
                spin.found(self.bell.state.since.take().map_or(Duration::ZERO, |since| since.elapsed()));
            } else {
                spin.missed();
            }
        }
        found
    }

    /// After the poll.
    fn check(&self) {
        self.bell.idle(false);
        self.disarm();
        let _open = self.with(|open| {
            open.event_loop.begin_turn();
            Ok(())
        });
        if self.deliver()
            && let (Some(since), Some(spin)) =
                (self.bell.state.since.take(), &mut *self.bell.spin.borrow_mut())
        {
            spin.woken(since.elapsed());
        }
    }

    fn disarm(&self) {
        let readable = self.bell.state.readable.replace(false);
        if self.bell.state.armed.replace(false) || readable {
            let _open = self.with(|open| {
                open.event_loop.disarm(readable);
                Ok(())
            });
        }
    }

    /// Looks whether anything has come for those who wait.
    fn pump(&self) -> bool {
        self.with(|open| Ok(open.pump())).unwrap_or(false)
    }

    /// Tells JavaScript what has come, lets it run, and rings whom it sent to. True if anything had come.
    fn deliver(&self) -> bool {
        if !self.pump() {
            let _open = self.with(|open| {
                open.end_turn();
                Ok(())
            });
            return false;
        }
        loop {
            let count = self.with(|open| Ok(open.write_events())).unwrap_or(0);
            if count == 0 {
                break;
            }
            self.call_back(count);
        }
        let _open = self.with(|open| {
            open.end_turn();
            Ok(())
        });
        true
    }

    fn call_back(&self, count: u32) {
        let env = self.env;
        let mut scope = ptr::null_mut();
        // SAFETY: the environment whose thread this is, outside of any call of JavaScript.
        if unsafe { sys::napi_open_handle_scope(env, &raw mut scope) } != sys::Status::napi_ok {
            return;
        }
        let callback = self.with(|open| Ok(open.callback.get())).ok().flatten();
        if let Some(callback) = callback {
            call(env, callback, count);
        }
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(env, scope) };
    }
}

/// Calls `callback(count)` as the event loop does: microtasks run behind it.
fn call(env: sys::napi_env, callback: sys::napi_value, count: u32) {
    let (mut global, mut argument, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: out-pointers of an open handle scope, as in the next call.
    unsafe { sys::napi_get_global(env, &raw mut global) };
    // SAFETY: as above.
    unsafe { sys::napi_create_uint32(env, count, &raw mut argument) };
    let no_context = ptr::null_mut();
    // SAFETY: a function and its argument, of the open handle scope.
    let status = unsafe {
        sys::napi_make_callback(env, no_context, global, callback, 1, &raw const argument, &raw mut result)
    };
    if status == sys::Status::napi_pending_exception {
        let mut exception = ptr::null_mut();
        // SAFETY: as above. In a terminating worker there is no exception to get, and none to tell anybody.
        let status = unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut exception) };
        if status == sys::Status::napi_ok && !exception.is_null() {
            // SAFETY: a value of the open handle scope.
            unsafe { sys::napi_fatal_exception(env, exception) };
        }
    }
}

// --- what libuv calls ---

/// A panic must not cross into libuv: it is printed by its hook, and the loop goes on with its next turn.
fn with_cell(handle: *mut uv::Handle, body: impl FnOnce(&LoopCell)) {
    // SAFETY: an initialised handle.
    let cell = unsafe { uv::uv_handle_get_data(handle) };
    // SAFETY: `new_handle` stored the cell's address, and the cell lives until its last handle is closed.
    let cell = unsafe { &*cell.cast::<LoopCell>() };
    let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(cell)));
}

unsafe extern "C" fn on_prepare(handle: *mut uv::Handle) {
    with_cell(handle, LoopCell::prepare);
}

unsafe extern "C" fn on_check(handle: *mut uv::Handle) {
    with_cell(handle, LoopCell::check);
}

unsafe extern "C" fn on_idle(_: *mut uv::Handle) {}

unsafe extern "C" fn on_readable(handle: *mut uv::Handle, _status: c_int, _events: c_int) {
    with_cell(handle, |cell| cell.bell.state.readable.set(true));
}

unsafe extern "C" fn on_closed(handle: *mut uv::Handle) {
    with_cell(handle, |cell| {
        // SAFETY: libuv has closed it.
        unsafe { free_handle(handle) };
        let left = cell.bell.closing.get() - 1;
        cell.bell.closing.set(left);
        if left == 0 {
            cell.handles_closed();
        }
    });
}

// --- memory of handles ---

/// The largest libuv handle is far smaller on every platform; asserted when one is made.
const HANDLE_BYTES: usize = 1_024;

/// Memory for any handle, as aligned as libuv's own would be.
#[repr(C, align(16))]
struct HandleMemory([u8; HANDLE_BYTES]);

fn new_handle(cell: &LoopCell, kind: c_int) -> *mut uv::Handle {
    // SAFETY: asks for a number.
    let bytes = unsafe { uv::uv_handle_size(kind) };
    assert!(bytes <= HANDLE_BYTES, "a libuv handle of {bytes} bytes");
    let handle = Box::into_raw(Box::new(HandleMemory([0; HANDLE_BYTES]))).cast::<uv::Handle>();
    let data = ptr::from_ref(cell).cast_mut().cast();
    // SAFETY: large enough for any handle; the data field is set before init, which leaves it.
    unsafe { uv::uv_handle_set_data(handle, data) };
    handle
}

/// # Safety
/// Made by `new_handle`, and not in libuv's hands.
unsafe fn free_handle(handle: *mut uv::Handle) {
    // SAFETY: as the caller says.
    drop(unsafe { Box::from_raw(handle.cast::<HandleMemory>()) });
}
