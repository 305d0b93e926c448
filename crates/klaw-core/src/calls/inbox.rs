//! A worker's inbox: calls are taken from it as they can be used, and those that can't be are sent back.

use std::collections::HashSet;

use klaw_sched::execute::{Call, Executor};
use klaw_sched::ids::{Attempt, PortId};
use klaw_shm::crash::crash_point;

use super::face::{Start, Takes};
use super::wire::{CallHeader, REPLY_HEADER_BYTES, tag, write_reply};
use super::working::Worker;
use super::{Calls, Definitions};
use crate::crash::CorePoint;
use crate::error::Error;
use crate::event_loop::{Arrived, Carried, EventLoop, Received};

/// Calls that are taken at once.
const BATCH: usize = 64;

/// What a call has brought.
#[derive(Debug)]
pub(super) struct Incoming {
    arguments: Box<[u8]>,
    ends: Vec<Arrived>,
    method: u32,
    definition: u32,
    parts: u16,
}

impl Worker {
    fn start(&mut self) -> Option<(Start, Incoming)> {
        let (run, call) = self.executor.start()?;
        // Before the code runs: after a death nobody else knows.
        self.runs.begin(self.row, run.0, call.port, call.attempt);
        let Incoming { method, definition, parts, .. } = call.payload;
        Some((Start { run, method, definition, attempt: call.attempt.number, parts }, call.payload))
    }
}

/// Takes records of the inbox.
struct FromInbox<'a, T> {
    to: &'a mut T,
    executor: &'a mut Executor<Incoming>,
    definitions: &'a mut Definitions,
    gone: &'a HashSet<PortId>,
    bounced: Vec<Call<Incoming>>,
    unwanted: Vec<Arrived>,
}

impl<T: Takes> Received for FromInbox<'_, T> {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, tag: u32, record: &[u8], ends: &[Arrived]) {
        crash_point(CorePoint::CallTaken);
        if tag != tag::CALL || !self.call(record, ends) {
            self.unwanted.extend(ends);
        }
    }
}

impl<T: Takes> FromInbox<'_, T> {
    /// False for what nobody waits for.
    fn call(&mut self, record: &[u8], ends: &[Arrived]) -> bool {
        let Some((header, arguments, text)) = CallHeader::read(record) else { return false };
        let CallHeader { port, lease, attempt, group, method, parts, .. } = header;
        if self.gone.contains(&port) {
            return false;
        }
        let mut definition = 0;
        if header.definition != 0 {
            // Also of a call that is sent back: those behind it rely on it.
            let Some((number, is_new)) = self.definitions.learn(header.definition, text) else {
                return false;
            };
            definition = number;
            if is_new {
                self.to.definition(number, &String::from_utf8_lossy(text));
            }
        }
        let (arguments, ends) = (arguments.into(), ends.to_vec());
        let payload = Incoming { arguments, ends, method, definition, parts };
        self.bounced.extend(self.executor.arrive(Call { port, attempt, lease, group, payload }));
        true
    }
}

impl Calls {
    /// Takes calls, and starts what may start.
    pub(super) fn work(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<(), Error> {
        let mut has_started = false;
        loop {
            let Some(worker) = &mut self.worker else { return Ok(()) };
            while to.room() > 0
                && let Some((start, incoming)) = worker.start()
            {
                to.start(start, &incoming.arguments, &incoming.ends);
                has_started = true;
            }
            if to.room() == 0 || !worker.executor.wants_more() || !self.fetch_calls(event_loop, to)? {
                break;
            }
        }
        if has_started {
            self.worker_goes_on(event_loop)?;
        }
        self.after_work(event_loop, to)
    }

    /// False if the inbox was empty.
    pub(super) fn fetch_calls(
        &mut self,
        event_loop: &mut EventLoop,
        to: &mut impl Takes,
    ) -> Result<bool, Error> {
        let Self { worker: Some(worker), definitions, .. } = self else { return Ok(false) };
        let Worker { executor, inbox, gone, .. } = worker;
        let (bounced, unwanted) = (Vec::new(), Vec::new());
        let mut from = FromInbox { to, executor, definitions, gone, bounced, unwanted };
        let taken = event_loop.take(*inbox, BATCH, false, &mut from)?;
        let FromInbox { bounced, unwanted, .. } = from;
        if taken == 0 {
            // Nothing of the dead is left.
            gone.clear();
            event_loop.listen(*inbox)?;
            return Ok(false);
        }
        for end in unwanted {
            event_loop.close_arrived(end);
        }
        self.bounce(event_loop, bounced)?;
        Ok(true)
    }

    fn after_work(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<(), Error> {
        self.yield_lease(event_loop)?;
        let Some(worker) = &mut self.worker else { return Ok(()) };
        if worker.executor.is_done() && !worker.is_finished && to.room() > 0 {
            worker.is_finished = true;
            to.finish();
        }
        Ok(())
    }

    pub(super) fn bounce(
        &mut self,
        event_loop: &mut EventLoop,
        calls: Vec<Call<Incoming>>,
    ) -> Result<(), Error> {
        for call in calls {
            close_ends(event_loop, &call);
            self.bounce_one(event_loop, call.port, call.attempt)?;
        }
        Ok(())
    }

    fn bounce_one(
        &mut self,
        event_loop: &mut EventLoop,
        port: PortId,
        attempt: Attempt,
    ) -> Result<(), Error> {
        let mut record = [0; REPLY_HEADER_BYTES];
        write_reply(attempt, &mut record);
        self.post(event_loop, port.0, (tag::BOUNCED, &record, &Carried::default()), None)?;
        Ok(())
    }
}

/// Nobody takes what the call has brought.
pub(super) fn close_ends(event_loop: &mut EventLoop, call: &Call<Incoming>) {
    for end in &call.payload.ends {
        event_loop.close_arrived(*end);
    }
}
