//! The state of one environment.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use klaw_core::{Arrived, Error, Event, EventLoop, Received};
use napi::{Env, Result, sys};

use crate::bell::Bell;
use crate::buffers::Shared;
use crate::calls::OpenCalls;
use crate::error::Failure;

/// One environment's cell: in its instance data, and behind every hot function.
pub(crate) struct LoopCell {
    pub(crate) env: sys::napi_env,
    open: RefCell<Option<OpenLoop>>,
    pub(crate) bell: Bell,
    /// Set while the environment ends: Node waits until the hook is removed.
    teardown: Cell<sys::napi_async_cleanup_hook_handle>,
}

/// A loop that is in a session.
pub(crate) struct OpenLoop {
    /// Dropped before the loop.
    pub(crate) calls: Option<OpenCalls>,
    pub(crate) event_loop: EventLoop,
    pub(crate) buffers: Buffers,
    /// Called with the number of events in the table.
    pub(crate) callback: Callback,
    pub(crate) events: VecDeque<Event>,
    /// Errors of `Failed` events, in the order of the table.
    pub(crate) failures: VecDeque<Error>,
    /// Kept between pumps for its memory.
    pub(crate) pumped: Vec<Event>,
    /// JavaScript is to take calls.
    pub(crate) has_calls: bool,
}

/// What both sides write.
pub(crate) struct Buffers {
    /// Payloads that go out.
    pub(crate) staging: Shared<u8>,
    /// Where they start and end, two words a message.
    pub(crate) ranges: Shared<u32>,
    /// Events, [`EVENT_WORDS`] words each.
    pub(crate) events: Shared<u32>,
    pub(crate) inbox: Inbox,
}

/// Payloads that came in.
pub(crate) struct Inbox {
    pub(crate) bytes: Shared<u8>,
    /// Four words a message: start, end, tag, number of ends.
    pub(crate) table: Shared<u32>,
    used: usize,
    count: usize,
    /// Messages that `bytes` had no room for, in order; their words in the table are [`OVERSIZE`].
    pub(crate) oversize: Vec<Vec<u8>>,
    /// Ends that came with the messages of the last take, in order.
    pub(crate) arrived: Vec<Arrived>,
}

pub(crate) const EVENT_WORDS: usize = 3;
const MESSAGE_WORDS: usize = 4;
const OVERSIZE: u32 = u32::MAX;
/// Payloads from here on start at cache lines: what lies in them may be looked at in place.
const LARGE_BYTES: usize = 256;

/// A JavaScript function that outlives the call that brought it.
pub(crate) struct Callback {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Callback {
    pub(crate) fn new(env: sys::napi_env, function: sys::napi_value) -> std::result::Result<Self, Failure> {
        let mut reference = ptr::null_mut();
        // SAFETY: `function` is a value of the open handle scope.
        let status = unsafe { sys::napi_create_reference(env, function, 1, &raw mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Failure::Host("napi_create_reference"));
        }
        Ok(Self { env, reference })
    }

    /// `None` if the environment is ending. A handle scope is open.
    pub(crate) fn get(&self) -> Option<sys::napi_value> {
        let mut function = ptr::null_mut();
        // SAFETY: the reference lives as long as `self`.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.reference, &raw mut function) };
        (status == sys::Status::napi_ok && !function.is_null()).then_some(function)
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        // SAFETY: made in `new`, on this thread, deleted once.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

impl LoopCell {
    /// Makes the environment's cell, and has it taken apart when the environment ends.
    pub(crate) fn install(env: Env) -> Result<Rc<Self>> {
        let cell = Rc::new(Self {
            env: env.raw(),
            open: RefCell::new(None),
            bell: Bell::default(),
            teardown: Cell::new(ptr::null_mut()),
        });
        env.set_instance_data(Rc::clone(&cell), (), |_| {})?;
        // The hot functions and libuv's handles know it by its address: this one is given back by `finish_teardown`.
        let data = Rc::into_raw(Rc::clone(&cell)).cast_mut().cast::<c_void>();
        let no_handle = ptr::null_mut();
        // SAFETY: `data` lives until `finish_teardown`, which `tear_down` leads to.
        unsafe { sys::napi_add_async_cleanup_hook(env.raw(), Some(tear_down), data, no_handle) };
        Ok(cell)
    }

    /// The cell of this environment.
    pub(crate) fn of(env: Env) -> Result<Rc<Self>> {
        let cell = env.get_instance_data::<Rc<Self>>()?;
        cell.map(|cell| Rc::clone(cell)).ok_or_else(|| napi::Error::from_reason("this environment is ending"))
    }

    /// Runs `body` with the open loop. Not while JavaScript is being called.
    pub(crate) fn with<R>(
        &self,
        body: impl FnOnce(&mut OpenLoop) -> std::result::Result<R, Failure>,
    ) -> std::result::Result<R, Failure> {
        let mut open = self.open.borrow_mut();
        let open = open.as_mut().ok_or(Failure::NotOpen)?;
        let result = body(open);
        // Whatever the call did may be what the loop has to stay alive for, or the end of it.
        self.bell.keep_alive(open.is_waited_for());
        result
    }

    pub(crate) fn open(&self, with: OpenLoop) -> std::result::Result<(), Failure> {
        if self.open.borrow().is_some() {
            return Err(Failure::AlreadyOpen);
        }
        self.bell.start(self, &with.event_loop)?;
        *self.open.borrow_mut() = Some(with);
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    /// Closes every end and leaves the session. False if no loop was open.
    pub(crate) fn close(&self) -> bool {
        // Out of the cell first: nothing that its drop does finds it half gone.
        let open = self.open.borrow_mut().take();
        let was_open = open.is_some();
        // The poll lets go of the descriptor before the port closes it.
        self.bell.stop();
        drop(open);
        was_open
    }

    /// Called by the bell when its last handle is closed.
    pub(crate) fn handles_closed(&self) {
        if !self.teardown.get().is_null() {
            self.finish_teardown();
        }
    }

    fn finish_teardown(&self) {
        let handle = self.teardown.replace(ptr::null_mut());
        // SAFETY: Node gave this handle to the hook, and it is removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(handle) };
        // SAFETY: the count that `install` kept; no hot function is called in an environment that has ended, and libuv has
        // let go of its handles.
        unsafe { Rc::decrement_strong_count(ptr::from_ref(self)) };
    }
}

/// The environment ends: everything is closed, and Node waits for the libuv handles.
unsafe extern "C" fn tear_down(handle: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the address of the cell that `install` kept.
    let cell = unsafe { &*data.cast::<LoopCell>() };
    cell.teardown.set(handle);
    // A panic must not cross into Node; what it left open is a dead process's, for the peers to repair.
    let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cell.close()));
    if cell.bell.is_closed() {
        cell.finish_teardown();
    }
}

impl OpenLoop {
    /// True while somebody waits for something.
    fn is_waited_for(&self) -> bool {
        self.event_loop.is_waited_for() || self.calls.as_ref().is_some_and(OpenCalls::is_waited_for)
    }

    /// Looks what has come: true if JavaScript has to know.
    pub(crate) fn pump(&mut self) -> bool {
        self.event_loop.pump(&mut self.pumped);
        if let Some(calls) = &mut self.calls {
            self.has_calls |= calls.sift(&mut self.event_loop, &mut self.pumped);
        }
        self.events.extend(self.pumped.drain(..));
        self.has_calls || !self.events.is_empty()
    }

    /// JavaScript has run.
    pub(crate) fn end_turn(&mut self) {
        if let Some(calls) = &mut self.calls {
            // What can't be told to the agent now can't be told later either: whoever waits hears of it by its death.
            let _told = calls.calls.end_turn(&mut self.event_loop);
        }
        self.event_loop.end_turn();
    }

    pub(crate) fn arm(&mut self) {
        if let Some(calls) = &mut self.calls {
            let _told = calls.calls.before_sleep(&mut self.event_loop);
        }
        self.event_loop.arm();
    }

    /// Writes the next events into the table: how many they were.
    pub(crate) fn write_events(&mut self) -> u32 {
        let capacity = self.buffers.events.len() / EVENT_WORDS;
        let count = self.events.len().min(capacity);
        for (n, event) in self.events.drain(..count).enumerate() {
            let words = match event {
                Event::Ready(receiver) => [0, receiver.bits(), 0],
                Event::Sent { sender, count } => [1, sender.bits(), count],
                Event::Failed { sender, count, error } => {
                    self.failures.push_back(error);
                    [2, sender.bits(), count]
                }
                Event::Turn => [3, 0, 0],
            };
            let at = n * EVENT_WORDS;
            let place = self.buffers.events.part_mut(at, at + EVENT_WORDS);
            place.expect("as many as the table has room for").copy_from_slice(&words);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the table is far smaller")]
        let mut count = count as u32;
        if self.has_calls && (count as usize) < capacity {
            self.has_calls = false;
            let at = count as usize * EVENT_WORDS;
            let place = self.buffers.events.part_mut(at, at + EVENT_WORDS);
            place.expect("room was left").copy_from_slice(&[4, 0, 0]);
            count += 1;
        }
        count
    }
}

impl Inbox {
    pub(crate) fn new(bytes: Shared<u8>, table: Shared<u32>) -> Self {
        Self { bytes, table, used: 0, count: 0, oversize: Vec::new(), arrived: Vec::new() }
    }

    /// Messages that the table has room for.
    pub(crate) fn capacity(&self) -> usize {
        self.table.len() / MESSAGE_WORDS
    }

    /// Forgets the last take.
    pub(crate) fn clear(&mut self) {
        (self.used, self.count) = (0, 0);
        self.oversize.clear();
        self.arrived.clear();
    }

    fn place(&self, payload_bytes: usize) -> usize {
        self.used.next_multiple_of(if payload_bytes < LARGE_BYTES { 16 } else { 64 })
    }
}

impl Received for Inbox {
    fn room_bytes(&self) -> usize {
        self.bytes.len().saturating_sub(self.used)
    }

    #[expect(clippy::cast_possible_truncation, reason = "offsets in buffers below 4 GiB")]
    fn put(&mut self, tag: u32, payload: &[u8], ends: &[Arrived]) {
        let start = self.place(payload.len());
        let end = start + payload.len();
        let words = if let Some(place) = self.bytes.part_mut(start, end) {
            place.copy_from_slice(payload);
            self.used = end;
            [start as u32, end as u32, tag, ends.len() as u32]
        } else {
            self.oversize.push(payload.to_vec());
            [OVERSIZE, OVERSIZE, tag, ends.len() as u32]
        };
        self.arrived.extend(ends);
        let at = self.count * MESSAGE_WORDS;
        let place = self.table.part_mut(at, at + MESSAGE_WORDS);
        place.expect("no more than `capacity` are taken").copy_from_slice(&words);
        self.count += 1;
    }
}
