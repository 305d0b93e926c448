//! What comes in: replies first, then what the agent says, then calls.

use std::collections::VecDeque;
use std::sync::Arc;

use klaw_sched::ids::{CallId, Inbox, Lease};
use klaw_sched::message::{ActorState, ToPort};
use klaw_sched::submit::{Action, Replied, Reply, Submitter};
use klaw_shm::crash::mutant;

use super::Calls;
use super::face::{Packet, Takes};
use super::keeping::stored;
use super::objects::{Object, ObjectNo, Objects};
use super::wire::{Control, read_control, read_reply, tag};
use crate::crash::CoreMutant;
use crate::error::Error;
use crate::event_loop::{Arrived, EventLoop, Received};

/// A message that is no reply, with what came along.
#[derive(Debug)]
pub(super) struct Notice {
    message: Control,
    attachment: Vec<u8>,
    ends: Vec<Arrived>,
}

/// Takes records of the control channel: replies go on at once, everything else waits.
struct FromControl<'a, T> {
    to: &'a mut T,
    submitter: &'a mut Submitter<Packet>,
    actions: &'a mut Vec<Action>,
    notices: &'a mut VecDeque<Notice>,
    objects: &'a mut Objects,
    /// Results that are kept.
    kept: Vec<(ObjectNo, Object)>,
    /// Ends of replies that nobody waits for.
    unwanted: Vec<Arrived>,
    /// A call was answered.
    has_settled: bool,
}

impl<T: Takes> Received for FromControl<'_, T> {
    fn room_bytes(&self) -> usize {
        self.to.room_bytes()
    }

    fn put(&mut self, tag: u32, record: &[u8], ends: &[Arrived]) {
        let taken = match tag {
            tag::VALUE => self.reply(record, Reply::Value, ends),
            tag::ERROR => self.reply(record, Reply::Error, ends),
            tag::BOUNCED => self.reply(record, Reply::Bounced, ends),
            tag::CONTROL => self.notice(record, ends),
            _ => false,
        };
        if !taken {
            self.unwanted.extend(ends);
        }
    }
}

impl<T: Takes> FromControl<'_, T> {
    fn reply(&mut self, record: &[u8], reply: Reply, ends: &[Arrived]) -> bool {
        let Some((attempt, value)) = read_reply(record) else { return false };
        let settles = self.submitter.reply(attempt, reply, self.actions) == Replied::Settles;
        if settles {
            self.has_settled = true;
            self.settled(attempt.call, reply == Reply::Error, value, ends);
        }
        settles
    }

    fn settled(&mut self, call: CallId, is_error: bool, value: &[u8], ends: &[Arrived]) {
        let Some(object) = self.objects.take_expected(call) else {
            return self.to.settled(call, is_error, value, ends);
        };
        let stored = stored(value.into(), ends.to_vec());
        self.kept.push((object, if is_error { Object::Error(stored) } else { Object::Value(stored) }));
    }

    fn notice(&mut self, record: &[u8], ends: &[Arrived]) -> bool {
        let Some((message, attachment)) = read_control(record) else { return false };
        self.notices.push_back(Notice { message, attachment: attachment.to_vec(), ends: ends.to_vec() });
        true
    }
}

impl Calls {
    /// Hands out what has come, as much as there is room for. True if there may be more.
    pub fn take(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<bool, Error> {
        self.ready = false;
        let is_empty = self.take_replies(event_loop, to)?;
        if is_empty || mutant(CoreMutant::DeathBeforeReplies) {
            self.take_notices(event_loop, to)?;
        }
        self.take_failed(event_loop, to)?;
        self.work(event_loop, to)?;
        self.ready |= to.room() == 0 || !is_empty || !self.notices.is_empty() || !self.failed.is_empty();
        Ok(self.ready)
    }

    /// True if the control channel was seen empty.
    fn take_replies(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<bool, Error> {
        let mut actions = std::mem::take(&mut self.actions);
        let (mut fulfilled, mut is_empty) = (Vec::new(), false);
        while to.room() > 0 && !is_empty {
            // One by one, so that the agent's lane has its turn before another one is empty.
            let room = if mutant(CoreMutant::DeathBeforeReplies) { 1 } else { to.room() };
            let Self { submitter, notices, control, objects, .. } = self;
            let (kept, unwanted, has_settled) = (Vec::new(), Vec::new(), false);
            let actions = &mut actions;
            let mut from =
                FromControl { to, submitter, actions, notices, objects, kept, unwanted, has_settled };
            is_empty = event_loop.take(*control, room, false, &mut from)? == 0;
            let FromControl { kept, unwanted, has_settled, .. } = from;
            fulfilled.extend(kept);
            for end in unwanted {
                event_loop.close_arrived(end);
            }
            if has_settled {
                self.worker_goes_on(event_loop)?;
            }
            if mutant(CoreMutant::DeathBeforeReplies) && !self.notices.is_empty() {
                break;
            }
        }
        if is_empty {
            event_loop.listen(self.control)?;
        }
        self.perform(event_loop, actions)?;
        for (object, with) in fulfilled {
            self.fulfil(event_loop, object, with, to)?;
        }
        Ok(is_empty)
    }

    fn take_failed(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<(), Error> {
        let mut has_failed = false;
        while to.room() > 0
            && let Some((call, error)) = self.failed.pop_front()
        {
            has_failed = true;
            let error = Arc::new(error);
            match self.objects.take_expected(call) {
                Some(object) => self.fulfil(event_loop, object, Object::Failed(error), to)?,
                None => to.failed(call, error),
            }
        }
        if has_failed { self.worker_goes_on(event_loop) } else { Ok(()) }
    }

    fn take_notices(&mut self, event_loop: &mut EventLoop, to: &mut impl Takes) -> Result<(), Error> {
        while to.room() > 0
            && let Some(Notice { message, attachment, ends }) = self.notices.pop_front()
        {
            match message {
                Control::Port(ToPort::Construct { lease, actor, restarts }) => {
                    let constructs = self.worker.as_mut().is_some_and(|worker| worker.construct(lease));
                    if constructs {
                        to.construct(actor, restarts, &attachment, &ends);
                        continue;
                    }
                }
                Control::Port(ToPort::NameTaken { actor, by }) => {
                    to.name_taken(actor, by, &attachment, &ends);
                    continue;
                }
                Control::Port(ToPort::Found { request, actor }) => {
                    to.found(request, actor, &attachment, &ends);
                    continue;
                }
                Control::Port(message) => self.told(event_loop, &message, to)?,
                Control::Cancel(cancel) => self.cancel_run(event_loop, cancel, to)?,
                Control::Line(line) => to.line(line),
                // For the agent's own port alone.
                Control::Agent(_) | Control::LinesTo(_) => {}
            }
            for end in ends {
                event_loop.close_arrived(end);
            }
        }
        Ok(())
    }

    fn told(
        &mut self,
        event_loop: &mut EventLoop,
        message: &ToPort,
        to: &mut impl Takes,
    ) -> Result<(), Error> {
        match message {
            ToPort::Leased { lease, inbox, .. } => self.lease_begins(*lease, *inbox),
            ToPort::LeaseEnded { lease, .. } => self.lease_over(event_loop, *lease),
            ToPort::ActorIs { actor, state } => {
                self.actor_moves(event_loop, state);
                to.actor(*actor, state);
            }
            ToPort::Reclaim { lease } => return self.reclaim(event_loop, *lease),
            ToPort::Finish { lease } => return self.close(event_loop, *lease, to),
            ToPort::NameTaken { .. } | ToPort::Found { .. } | ToPort::Construct { .. } => return Ok(()),
        }
        self.submitter_told(event_loop, message)
    }

    fn lease_begins(&mut self, lease: Lease, inbox: Inbox) {
        self.leases.begin(lease, inbox, |inbox| self.peers.is_open(inbox.0));
    }

    fn actor_moves(&mut self, event_loop: &mut EventLoop, state: &ActorState) {
        match state {
            ActorState::Alive { lease, inbox, .. } => self.lease_begins(*lease, *inbox),
            ActorState::Starting { ended, .. } | ActorState::Dead { ended, .. } => {
                if let Some(ended) = ended {
                    self.lease_over(event_loop, ended.lease);
                }
            }
        }
    }
}
