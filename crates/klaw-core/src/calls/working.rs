//! Being called: the part of a worker.

use std::collections::{HashMap, HashSet, VecDeque};

use klaw_channel::ChannelOptions;
use klaw_sched::execute::{Call, Cancelled, Executor, Run};
use klaw_sched::ids::{Inbox, Lease, PortId, WorkerNo};
use klaw_sched::message::{Cancel, ToAgent};
use klaw_shm::crash::{crash_point, mutant};

use super::face::Takes;
use super::inbox::{Incoming, close_ends};
use super::wire::{tag, write_reply};
use super::{CHANNEL, Calls, Runs};
use crate::crash::{CoreMutant, CorePoint};
use crate::error::Error;
use crate::event_loop::{End, EventLoop, Handle};

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
    pub(super) row: u32,
    pub(super) runs: Runs,
    pub(super) inbox: Handle,
    inbox_id: Inbox,
    /// Keeps the inbox open while nobody calls.
    _inbox_sender: Handle,
    pub(super) executor: Executor<Incoming>,
    /// Callers that are dead, and of whom the inbox may still have calls.
    pub(super) gone: HashSet<PortId>,
    /// What waits for room, by the channel: the runs that those records answer, which count as running until then.
    publishing: HashMap<u64, VecDeque<Option<Run>>>,
    /// The lease of the actor that it is to become.
    pub(super) constructing: Option<Lease>,
    /// The agent was told that what runs only waits.
    pub(super) blocked: Option<Lease>,
    /// The end was told to the face.
    pub(super) is_finished: bool,
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
            gone: HashSet::new(),
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
        let is_first = self.constructing.is_none();
        self.constructing.get_or_insert(lease);
        is_first
    }

    /// Replies that waited for room are in the channel: their runs are over. True if others may start.
    pub(super) fn published(&mut self, channel: u64, count: u32) -> bool {
        if !self.publishing.contains_key(&channel) {
            return false;
        }
        for _ in 0..count {
            let waiting = self.publishing.get_mut(&channel);
            let Some(answered) = waiting.and_then(VecDeque::pop_front) else { break };
            if let Some(run) = answered {
                self.answered(run);
            }
        }
        self.publishing.retain(|_, waiting| !waiting.is_empty());
        true
    }

    /// A record waits for room there.
    pub(super) fn waits(&mut self, channel: u64, answers: Option<Run>) {
        self.publishing.entry(channel).or_default().push_back(answers);
    }

    /// The reply is published, so the entry may go: see the run table.
    fn answered(&mut self, run: Run) {
        crash_point(CorePoint::ReplyPublished);
        self.runs.end(self.row, run.0);
        self.executor.finish(run);
    }

    /// A caller is gone: nobody waits for its replies. Its calls that have not started.
    fn forget_port(&mut self, port: PortId) -> Vec<Call<Incoming>> {
        let mut dropped = Vec::new();
        self.executor.forget_port(port, &mut dropped);
        self.gone.insert(port);
        let waiting = self.publishing.get(&port.0).map_or(0, VecDeque::len);
        self.published(port.0, u32::try_from(waiting).unwrap_or(u32::MAX));
        dropped
    }
}

impl Calls {
    /// Nobody is there any more who would read what is sent to this port.
    pub(super) fn port_gone(&mut self, event_loop: &mut EventLoop, port: PortId) {
        let Some(worker) = &mut self.worker else { return };
        for call in worker.forget_port(port) {
            close_ends(event_loop, &call);
        }
        self.ready = true;
    }

    pub(super) fn yield_lease(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        while let Some(lease) = self.worker.as_mut().and_then(|worker| worker.executor.yielded()) {
            self.tell_agent(event_loop, ToAgent::Yielded { lease })?;
        }
        Ok(())
    }

    /// Answers a call. `record`: [`REPLY_HEADER_BYTES`](super::REPLY_HEADER_BYTES) of room, and the value or error. True if others may start: take again.
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
        crash_point(CorePoint::CodeRun);
        if mutant(CoreMutant::ClearBeforeReply) {
            worker.runs.end(worker.row, run.0);
        }
        let carried = event_loop.carry(ends)?;
        let header = record.first_chunk_mut().ok_or(Error::Corrupt { what: "a reply without its header" })?;
        write_reply(attempt, header);
        let tag = if is_error { tag::ERROR } else { tag::VALUE };
        if !self.post(event_loop, port.0, (tag, record, &carried), Some(run))? {
            return Ok(false);
        }
        if let Some(worker) = &mut self.worker {
            worker.answered(run);
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
            let mut dropped = Vec::new();
            worker.executor.become_actor(lease, limits, &mut dropped);
            for call in &dropped {
                close_ends(event_loop, call);
            }
        }
        self.tell_agent(event_loop, ToAgent::Constructed { lease, error })
    }

    pub(super) fn cancel_run(
        &mut self,
        event_loop: &mut EventLoop,
        Cancel { port, call }: Cancel,
        to: &mut impl Takes,
    ) -> Result<(), Error> {
        loop {
            let Some(worker) = &mut self.worker else { return Ok(()) };
            match worker.executor.cancel(port, call) {
                Cancelled::Running(run) => to.cancelled(run),
                Cancelled::Dropped(call) => self.bounce(event_loop, vec![call])?,
                // It was sent before this was said, so it may be in the inbox.
                Cancelled::Unknown if worker.executor.has_room() && self.fetch_calls(event_loop, to)? => {
                    continue;
                }
                Cancelled::Unknown => {}
            }
            return Ok(());
        }
    }

    pub(super) fn reclaim(&mut self, event_loop: &mut EventLoop, lease: Lease) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        let mut bounced = Vec::new();
        worker.executor.reclaim(lease, &mut bounced);
        self.bounce(event_loop, bounced)?;
        self.yield_lease(event_loop)
    }

    /// The actor is to end: what was sent before this was said is in the inbox.
    pub(super) fn close(
        &mut self,
        event_loop: &mut EventLoop,
        lease: Lease,
        to: &mut impl Takes,
    ) -> Result<(), Error> {
        if self.worker.as_ref().is_none_or(|worker| worker.constructing != Some(lease)) {
            return Ok(());
        }
        while self.fetch_calls(event_loop, to)? {}
        if let Some(worker) = &mut self.worker {
            worker.executor.close();
        }
        self.ready = true;
        Ok(())
    }
}
