//! A worker whose task only waits for other calls, or for an actor, gives its CPUs to others meanwhile, and takes them again when it goes on.

use klaw_sched::message::ToAgent;

use super::Calls;
use crate::error::Error;
use crate::event_loop::EventLoop;

impl Calls {
    /// What runs here waits, or the loop would not sleep. Tasks behind it may be what it waits for: they are sent back.
    pub(super) fn worker_sleeps(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        if worker.executor.running() == 0 || worker.constructing.is_some() {
            return Ok(());
        }
        let mut bounced = Vec::new();
        worker.executor.unqueue(&mut bounced);
        self.bounce(event_loop, bounced)?;
        if !self.is_waiting() {
            // It waits for something else now.
            return self.worker_goes_on(event_loop);
        }
        let Some(worker) = &mut self.worker else { return Ok(()) };
        let lease = worker.executor.lease().filter(|lease| worker.blocked != Some(*lease));
        let Some(lease) = lease else { return Ok(()) };
        worker.blocked = Some(lease);
        self.tell_agent(event_loop, ToAgent::Blocked { lease })
    }

    /// What waited goes on, or something else begins.
    pub(super) fn worker_goes_on(&mut self, event_loop: &mut EventLoop) -> Result<(), Error> {
        match self.worker.as_mut().and_then(|worker| worker.blocked.take()) {
            Some(lease) => self.tell_agent(event_loop, ToAgent::Unblocked { lease }),
            None => Ok(()),
        }
    }
}
