//! Being called: the part of a worker.

use std::collections::{HashMap, VecDeque};

use klaw_channel::ChannelOptions;
use klaw_sched::execute::{Call, Cancelled, Executor, Run};
use klaw_sched::ids::{Attempt, Inbox, Lease, PortId, WorkerNo};
use klaw_sched::message::{Cancel, ToAgent};

use super::face::{Start, Takes};
use super::wire::{CallHeader, REPLY_HEADER_BYTES, tag, write_reply};
use super::{CHANNEL, Calls, Definitions, Runs};
use crate::error::Error;
use crate::event_loop::{Arrived, Carried, End, EventLoop, Handle, Received};

/// Calls that are taken from the inbox at once.
const BATCH: usize = 64;

/// Which worker this process is.
#[derive(Debug, Clone, Copy)]
pub struct WorkerRole {
    /// The agent's name for it.
    pub worker: WorkerNo,
    /// Its row of the run table.
    pub row: u32,
}

/// A worker's calls.
#[derive(Debug)]
pub(super) struct Worker {
    row: u32,
    runs: Runs,
    inbox: Handle,
    inbox_id: Inbox,
    /// Keeps the inbox open while nobody calls.
    _inbox_sender: Handle,
    executor: Executor<Incoming>,
    /// What waits for room, by the channel: the runs that those records answer, which count as running until then.
    publishing: HashMap<u64, VecDeque<Option<Run>>>,
    /// The lease of the actor that it is to become.
    constructing: Option<Lease>,
    /// The agent was told that what runs only waits.
    blocked: Option<Lease>,
    /// The end was told to the face.
    is_finished: bool,
}

/// What a call has brought.
#[derive(Debug)]
struct Incoming {
    arguments: Box<[u8]>,
    ends: Vec<Arrived>,
    method: u32,
    definition: u32,
}

impl Worker {
    pub(super) fn open(event_loop: &mut EventLoop, role: WorkerRole) -> Result<Self, Error> {
        let (sender, inbox) = event_loop.channel(ChannelOptions { calls: true, ..CHANNEL })?;
        let inbox_id = Inbox(event_loop.channel_id(End::Receiver(inbox))?);
        let runs = Runs::open(event_loop.runtime().node().session())?;
        event_loop.listen(inbox)?;
        Ok(Self {
            row: role.row,
            runs,
            inbox,
            inbox_id,
            _inbox_sender: sender,
            executor: Executor::new(),
            publishing: HashMap::new(),
            constructing: None,
            blocked: None,
            is_finished: false,
        })
    }

    pub(super) fn inbox(&self) -> Inbox {
        self.inbox_id
    }

    pub(super) fn listens_at(&self, receiver: Handle) -> bool {
        receiver == self.inbox
    }

    /// False if it is an actor, or becomes one.
    pub(super) fn construct(&mut self, lease: Lease) -> bool {
        self.constructing.replace(lease).is_none()
    }

    /// Replies that waited for room are in the channel: their runs are over. True if others may start.
    pub(super) fn published(&mut self, channel: u64, count: u32) -> bool {
        let Some(waiting) = self.publishing.get_mut(&channel) else { return false };
        for _ in 0..count {
            let Some(answered) = waiting.pop_front() else { break };
            if let Some(run) = answered {
                self.runs.end(self.row, run.0);
                self.executor.finish(run);
            }
        }
        if waiting.is_empty() {
            self.publishing.remove(&channel);
        }
        true
    }

    /// A record waits for room there.
    pub(super) fn waits(&mut self, channel: u64, answers: Option<Run>) {
        self.publishing.entry(channel).or_default().push_back(answers);
    }

    /// A caller is gone: nobody waits for its replies. True if others may start.
    pub(super) fn forget_port(&mut self, port: PortId) -> bool {
        self.executor.forget_port(port);
        let waiting = self.publishing.get(&port.0).map_or(0, VecDeque::len);
        self.published(port.0, u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    fn start(&mut self) -> Option<(Start, Incoming)> {
        let (run, call) = self.executor.start()?;
        // Before the code runs: after a death nobody else knows.
        self.runs.begin(self.row, run.0, call.port, call.attempt);
        let Incoming { method, definition, .. } = call.payload;
        Some((Start { run, method, definition, attempt: call.attempt.number }, call.payload))
    }
}

/// Takes records of the inbox.
struct FromInbox<'a> {
    executor: &'a mut Executor<Incoming>,
    definitions: &'a mut Definitions,
    /// Definitions that are new here.
    learned: Vec<(u32, String)>,
    bounced: Vec<Call<Incoming>>,
    unwanted: Vec<Arrived>,
}

impl Received for FromInbox<'_> {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, tag: u32, record: &[u8], ends: &[Arrived]) {
        let call = CallHeader::read(record).filter(|_| tag == tag::CALL);
        let Some((header, arguments, text)) = call else { return self.unwanted.extend(ends) };
        let mut definition = 0;
        if header.definition != 0 {
            // Also of a call that is sent back: those behind it rely on it.
            let Some((number, is_new)) = self.definitions.learn(header.definition, text) else {
                return self.unwanted.extend(ends);
            };
            definition = number;
            if is_new {
                self.learned.push((number, String::from_utf8_lossy(text).into_owned()));
            }
        }
        let payload =
            Incoming { arguments: arguments.into(), ends: ends.to_vec(), method: header.method, definition };
        let CallHeader { port, lease, attempt, group, .. } = header;
        self.bounced.extend(self.executor.arrive(Call { port, attempt, lease, group, payload }));
    }
}

impl Calls {
    /// Takes calls, and starts what may start.
    pub(super) fn work(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<(), Error> {
        loop {
            let Some(worker) = &mut self.worker else { return Ok(()) };
            while to.room() > 0
                && let Some((start, incoming)) = worker.start()
            {
                to.start(start, &incoming.arguments, &incoming.ends);
            }
            if to.room() == 0 || !worker.executor.wants_more() {
                break;
            }
            let Some(learned) = self.fetch_calls(event_loop)? else { break };
            for (number, text) in learned {
                to.definition(number, &text);
            }
        }
        self.after_work(event_loop, to)
    }

    /// Definitions that came with calls; `None` if the inbox was empty.
    fn fetch_calls(&mut self, event_loop: &mut EventLoop) -> Result<Option<Vec<(u32, String)>>, Error> {
        let Self { worker: Some(worker), definitions, .. } = self else { return Ok(None) };
        let Worker { executor, inbox, .. } = worker;
        let (learned, bounced, unwanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut from = FromInbox { executor, definitions, learned, bounced, unwanted };
        let taken = event_loop.take(*inbox, BATCH, false, &mut from)?;
        let FromInbox { learned, bounced, unwanted, .. } = from;
        if taken == 0 {
            event_loop.listen(*inbox)?;
            return Ok(None);
        }
        for end in unwanted {
            event_loop.close_arrived(end);
        }
        self.bounce(event_loop, bounced)?;
        Ok(Some(learned))
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

    fn yield_lease(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        while let Some(lease) = self.worker.as_mut().and_then(|worker| worker.executor.yielded()) {
            self.tell_agent(event_loop, ToAgent::Yielded { lease })?;
        }
        Ok(())
    }

    /// Answers a call. `record`: [`REPLY_HEADER_BYTES`] of room, and the value or error. True if others may start: take again.
    pub fn reply(
        &mut self,
        event_loop: &mut EventLoop,
        run: Run,
        is_error: bool,
        record: &mut [u8],
        ends: &[End],
    ) -> Result<bool, Error> {
        let Some(worker) = &mut self.worker else { return Ok(false) };
        let Some((port, attempt)) = worker.executor.run(run) else { return Ok(false) };
        let carried = event_loop.carry(ends)?;
        let header = record.first_chunk_mut().ok_or(Error::Corrupt { what: "a reply without its header" })?;
        write_reply(attempt, header);
        let tag = if is_error { tag::ERROR } else { tag::VALUE };
        if !self.post(event_loop, port.0, (tag, record, &carried), Some(run))? {
            return Ok(false);
        }
        if let Some(worker) = &mut self.worker {
            // Published, so the entry may go: see the run table.
            worker.runs.end(worker.row, run.0);
            worker.executor.finish(run);
        }
        self.yield_lease(event_loop)?;
        self.ready = true;
        Ok(true)
    }

    /// The constructor has run, or failed. `limits`: how many calls of each concurrency group run at once.
    pub fn constructed(
        &mut self,
        event_loop: &mut EventLoop,
        limits: &[u32],
        error: Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        let Some(lease) = worker.constructing else { return Ok(()) };
        if error.is_none() {
            worker.executor.become_actor(lease, limits);
        }
        self.tell_agent(event_loop, ToAgent::Constructed { lease, error })
    }

    pub(super) fn cancel_run(
        &mut self,
        event_loop: &mut EventLoop,
        Cancel { port, call }: Cancel,
        to: &mut impl Takes,
    ) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        match worker.executor.cancel(port, call) {
            Cancelled::Running(run) => to.cancelled(run),
            Cancelled::Dropped(attempt) => self.bounce_one(event_loop, port, attempt)?,
            Cancelled::Unknown => {}
        }
        Ok(())
    }

    pub(super) fn reclaim(&mut self, event_loop: &mut EventLoop, lease: Lease) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        let mut bounced = Vec::new();
        worker.executor.reclaim(lease, &mut bounced);
        self.bounce(event_loop, bounced)?;
        self.yield_lease(event_loop)
    }

    /// The actor is to end: what was sent before this was said is in the inbox.
    pub(super) fn close(&mut self, event_loop: &mut EventLoop, lease: Lease) -> Result<(), Error> {
        if self.worker.as_ref().is_none_or(|worker| worker.constructing != Some(lease)) {
            return Ok(());
        }
        while self.fetch_calls(event_loop)?.is_some() {}
        if let Some(worker) = &mut self.worker {
            worker.executor.close();
        }
        self.ready = true;
        Ok(())
    }

    /// What runs here waits, or the loop would not sleep.
    pub(super) fn worker_sleeps(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        if worker.executor.running() == 0 || worker.constructing.is_some() {
            return Ok(());
        }
        let mut bounced = Vec::new();
        worker.executor.unqueue(&mut bounced);
        let lease = worker.executor.lease().filter(|lease| worker.blocked != Some(*lease));
        let lease = lease.filter(|_| self.submitter.is_waiting());
        self.bounce(event_loop, bounced)?;
        if let (Some(lease), Some(worker)) = (lease, &mut self.worker) {
            worker.blocked = Some(lease);
            self.tell_agent(event_loop, ToAgent::Blocked { lease })?;
        }
        Ok(())
    }

    /// A result has come that what runs here was waiting for.
    pub(super) fn worker_goes_on(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        match self.worker.as_mut().and_then(|worker| worker.blocked.take()) {
            Some(lease) => self.tell_agent(event_loop, ToAgent::Unblocked { lease }),
            None => Ok(()),
        }
    }

    fn bounce(&mut self, event_loop: &mut EventLoop, calls: Vec<Call<Incoming>>) -> Result<(), Error> {
        for call in calls {
            for end in call.payload.ends {
                event_loop.close_arrived(end);
            }
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
