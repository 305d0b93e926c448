//! Calling: what goes out.

use klaw_channel::ChannelError;
use klaw_channel::record::MAX_PAYLOAD_BYTES;
use klaw_sched::ids::{CallId, Lease};
use klaw_sched::message::{Cancel, ToAgent, ToPort};
use klaw_sched::submit::{Action, Refused, Route};

use super::wire::{self, CALL_HEADER_BYTES, CallHeader, tag};
use super::{Callee, Calls, Definition, Packet};
use crate::error::Error;
use crate::event_loop::{Carried, End, EventLoop};

/// Arguments of one call at most: a record's payload without the header and the longest definition.
const MAX_ARGUMENT_BYTES: usize = MAX_PAYLOAD_BYTES - CALL_HEADER_BYTES - (64 << 10);

/// The parts of a call beside its arguments that every try of it has.
#[derive(Debug, Clone, Copy)]
struct What {
    method: u32,
    group: u16,
    definition: Option<Definition>,
    /// Arguments that stand apart.
    parts: u16,
}

impl Calls {
    /// Makes a definition known, by a text that says all about it, so that calls may name it.
    pub fn define(&mut self, text: &str) -> Definition {
        self.definitions.define(text)
    }

    /// Calls. `record`: [`CALL_HEADER_BYTES`] of room, and the arguments. The call's name is a value's or a failure's in
    /// [`Takes`](super::Takes), once.
    pub fn call(
        &mut self,
        event_loop: &mut EventLoop,
        callee: &Callee,
        method: u32,
        record: &mut [u8],
        ends: &[End],
    ) -> Result<CallId, Error> {
        check_size(record)?;
        let mut ends = event_loop.carry(ends)?;
        let what = What { method, group: callee.group, definition: callee.definition, parts: 0 };
        let mut actions = std::mem::take(&mut self.actions);
        let keep = || packet(record, std::mem::take(&mut ends), what);
        let submitted = match self.submitter.submit(callee.target, callee.policy, keep, &mut actions) {
            Ok(submitted) => submitted,
            Err(refused) => {
                self.actions = actions;
                return Err(refused.into());
            }
        };
        let call = submitted.call;
        let sent = match submitted.send {
            None => Ok(()),
            Some(route) if self.submitter.payload(call).is_some() => self.send_packet(event_loop, route),
            Some(route) => self.send(event_loop, route, record, &ends, what),
        };
        if sent.is_err() {
            self.give_up(call, &mut actions);
        }
        self.perform(event_loop, actions)?;
        sent.map(|()| call)
    }

    /// Takes part in the order of calls with one whose arguments are not there yet. [`Calls::ready`] or [`Calls::cancel`] must follow.
    pub(super) fn call_later(
        &mut self,
        event_loop: &mut EventLoop,
        callee: &Callee,
    ) -> Result<CallId, Error> {
        let mut actions = std::mem::take(&mut self.actions);
        let submitted = self.submitter.submit_waiting(callee.target, callee.policy, &mut actions);
        self.perform(event_loop, actions)?;
        Ok(submitted?)
    }

    /// The arguments of such a call are there; `record` as in [`Calls::call`], with so many `parts`.
    pub(super) fn ready(
        &mut self,
        event_loop: &mut EventLoop,
        call: CallId,
        (callee, method): (&Callee, u32),
        (record, parts): (&[u8], u16),
        ends: &[End],
    ) -> Result<(), Error> {
        check_size(record)?;
        let ends = event_loop.carry(ends)?;
        let what = What { method, group: callee.group, definition: callee.definition, parts };
        let mut actions = std::mem::take(&mut self.actions);
        self.submitter.ready(call, packet(record, ends, what), &mut actions);
        self.perform(event_loop, actions)
    }

    /// Gives a call up: true if it was not settled. Nothing is told of it any more: whoever cancels settles it. With `force` the worker
    /// that runs it is killed.
    pub fn cancel(&mut self, event_loop: &mut EventLoop, call: CallId, force: bool) -> Result<bool, Error> {
        let lease = self.submitter.lease(call).filter(|_| force);
        let mut actions = std::mem::take(&mut self.actions);
        let cancelled = self.submitter.cancel(call, &mut actions);
        self.forget_dependent(event_loop, call);
        forget_failure(call, &mut actions);
        self.perform(event_loop, actions)?;
        if let (true, Some(lease)) = (cancelled, lease) {
            self.tell_agent(event_loop, ToAgent::KillLease { lease })?;
        }
        Ok(cancelled)
    }

    /// What the submitter wants done.
    pub(super) fn perform(
        &mut self,
        event_loop: &mut EventLoop,
        mut actions: Vec<Action>,
    ) -> Result<(), Error> {
        // Doing one may bring others.
        let mut more = Vec::new();
        while !actions.is_empty() {
            for action in actions.drain(..) {
                self.perform_one(event_loop, action, &mut more)?;
            }
            std::mem::swap(&mut actions, &mut more);
        }
        self.actions = actions;
        Ok(())
    }

    fn perform_one(
        &mut self,
        event_loop: &mut EventLoop,
        action: Action,
        more: &mut Vec<Action>,
    ) -> Result<(), Error> {
        match action {
            Action::Send(route) => {
                self.send_kept(event_loop, route, more);
                Ok(())
            }
            Action::Fail(call, failure) => {
                self.fail(call, failure.into());
                Ok(())
            }
            Action::Tell(message) => self.perform_tell(event_loop, message),
            Action::Cancel { port, call } => {
                let record = wire::write_control(&wire::Control::Cancel(Cancel { port: self.me, call }), &[]);
                self.post(event_loop, port.0, (tag::CONTROL, &record, &Carried::default()), None)?;
                Ok(())
            }
        }
    }

    fn perform_tell(&mut self, event_loop: &mut EventLoop, message: ToAgent) -> Result<(), Error> {
        if let ToAgent::Return { lease } = message {
            self.lease_over(event_loop, lease);
        }
        self.tell_agent(event_loop, message)
    }

    /// A message from the agent that concerns this port's calls.
    pub(super) fn submitter_told(
        &mut self,
        event_loop: &mut EventLoop,
        message: &ToPort,
    ) -> Result<(), Error> {
        let mut actions = std::mem::take(&mut self.actions);
        self.submitter.told(message, &mut actions);
        self.perform(event_loop, actions)
    }

    /// No call is sent by this lease any more. Those that wait for room still are.
    pub(super) fn lease_over(&mut self, event_loop: &mut EventLoop, lease: Lease) {
        if let Some(inbox) = self.leases.end(lease) {
            self.peers.close(event_loop, inbox.0);
        }
    }

    fn send_kept(&mut self, event_loop: &mut EventLoop, route: Route, actions: &mut Vec<Action>) {
        if let Err(e) = self.send_packet(event_loop, route) {
            self.give_up(route.attempt.call, actions);
            self.fail(route.attempt.call, e);
        }
    }

    /// Sends a call with what is kept of it.
    fn send_packet(&mut self, event_loop: &mut EventLoop, route: Route) -> Result<(), Error> {
        let call = route.attempt.call;
        let Some(packet) = self.submitter.payload_mut(call) else { return Ok(()) };
        let &mut Packet { method, group, definition, parts, .. } = packet;
        let what = What { method, group, definition, parts };
        // Out of the table and back: sending borrows everything.
        let (mut record, ends) = (std::mem::take(&mut packet.record), std::mem::take(&mut packet.ends));
        let sent = self.send(event_loop, route, &mut record, &ends, what);
        if let Some(packet) = self.submitter.payload_mut(call) {
            (packet.record, packet.ends) = (record, ends);
        }
        sent
    }

    fn send(
        &mut self,
        event_loop: &mut EventLoop,
        route: Route,
        record: &mut [u8],
        ends: &Carried,
        what: What,
    ) -> Result<(), Error> {
        let new = what.definition.filter(|definition| self.leases.is_new(route.lease, *definition));
        let text = new.map(|definition| self.definitions.text(definition));
        let header = CallHeader {
            port: self.me,
            lease: route.lease,
            attempt: route.attempt,
            group: what.group,
            method: what.method,
            parts: what.parts,
            definition: what.definition.map_or(0, |definition| definition.0),
            definition_bytes: text.map_or(0, |text| u32::try_from(text.len()).unwrap_or(0)),
        };
        header.write(record.first_chunk_mut().expect("room for the header, which was checked"));
        let inbox = route.inbox.0;
        // To the dead: the agent will tell, and then the call is as one that never started.
        let _gone = match text {
            None => self.peers.send(event_loop, inbox, tag::CALL, record, ends)?,
            Some(text) => {
                let told = [record, text.as_bytes()].concat();
                self.peers.send(event_loop, inbox, tag::CALL, &told, ends)?
            }
        };
        if let Some(definition) = new {
            self.leases.told(route.lease, definition);
        }
        Ok(())
    }

    /// A call that can't be sent is told to whoever submitted it, and not a second time as cancelled.
    fn give_up(&mut self, call: CallId, actions: &mut Vec<Action>) {
        self.submitter.cancel(call, actions);
        forget_failure(call, actions);
    }

    pub(super) fn fail(&mut self, call: CallId, error: Error) {
        self.failed.push_back((call, error));
        self.ready = true;
    }
}

fn forget_failure(call: CallId, actions: &mut Vec<Action>) {
    actions.retain(|action| !matches!(action, Action::Fail(failed, _) if *failed == call));
}

fn packet(record: &[u8], ends: Carried, what: What) -> Packet {
    let What { method, group, definition, parts } = what;
    Packet { record: record.into(), ends, method, group, definition, parts }
}

fn check_size(record: &[u8]) -> Result<(), Error> {
    let Some(bytes) = record.len().checked_sub(CALL_HEADER_BYTES) else {
        return Err(Error::Call { refused: Refused::TooMany });
    };
    if bytes > MAX_ARGUMENT_BYTES {
        let (bytes, limit_bytes) = (bytes as u64, MAX_ARGUMENT_BYTES as u64);
        return Err(ChannelError::ValueTooLarge { bytes, limit_bytes }.into());
    }
    Ok(())
}
