//! Actors, as a port asks the agent for them.

use klaw_sched::ids::ActorId;
use klaw_sched::message::{ActorName, ActorOptions, ToAgent};

use super::{Calls, wire};
use crate::error::Error;
use crate::event_loop::{End, EventLoop};

impl Calls {
    /// Makes an actor: its id; what becomes of it comes through [`Takes::actor`](super::Takes::actor). `creation` and the ends in it reach
    /// the worker's [`Takes::construct`](super::Takes::construct) as they are; `card` reaches whoever finds the actor by its name. `life`: a
    /// receiver that fails once nobody has a handle any more; it is not used here afterwards.
    pub fn create_actor(
        &mut self,
        event_loop: &mut EventLoop,
        options: ActorOptions,
        life: End,
        (card, creation): (&[u8], &[u8]),
        ends: &[End],
    ) -> Result<ActorId, Error> {
        let actor = ActorId { owner: self.me, number: self.next_actor };
        let all: Vec<_> = std::iter::once(life).chain(ends.iter().copied()).collect();
        let carried = event_loop.carry(&all)?;
        let attachment = wire::join(card, creation);
        self.tell_agent_with(event_loop, ToAgent::CreateActor { actor, options }, &attachment, &carried)?;
        self.next_actor += 1;
        Ok(actor)
    }

    /// Where this actor is comes through [`Takes::actor`](super::Takes::actor), now and whenever that changes.
    pub fn watch_actor(&mut self, event_loop: &mut EventLoop, actor: ActorId) -> Result<(), Error> {
        self.tell_agent(event_loop, ToAgent::Watch { port: self.me, actor })
    }

    /// Nobody here has a handle of it any more.
    pub fn forget_actor(&mut self, event_loop: &mut EventLoop, actor: ActorId) -> Result<(), Error> {
        let mut actions = std::mem::take(&mut self.actions);
        self.submitter.forget_actor(actor, &mut actions);
        self.perform(event_loop, actions)
    }

    /// Asks who has a name; the answer comes with `request`.
    pub fn find_actor(
        &mut self,
        event_loop: &mut EventLoop,
        request: u32,
        name: ActorName,
    ) -> Result<(), Error> {
        self.tell_agent(event_loop, ToAgent::Find { port: self.me, request, name })
    }

    /// Kills an actor's process.
    pub fn kill_actor(
        &mut self,
        event_loop: &mut EventLoop,
        actor: ActorId,
        no_restart: bool,
    ) -> Result<(), Error> {
        self.tell_agent(event_loop, ToAgent::Kill { actor, no_restart })
    }

    /// Ends an actor once the calls that it has got are done.
    pub fn terminate_actor(
        &mut self,
        event_loop: &mut EventLoop,
        actor: ActorId,
        grace_ms: u64,
    ) -> Result<(), Error> {
        self.tell_agent(event_loop, ToAgent::Terminate { actor, grace_ms })
    }
}
