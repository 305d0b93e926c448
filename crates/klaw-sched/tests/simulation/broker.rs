//! What lends workers and sees to actors.

use klaw_sched::agent::{Agent, Input, Output};
use klaw_sched::ids::Time;

pub(crate) trait Broker {
    fn handle(&mut self, now: Time, input: Input, outputs: &mut Vec<Output>);
    fn deadline(&self) -> Option<Time>;

    /// Task leases that are out, as far as that can be told.
    fn lent(&self) -> usize {
        0
    }
}

impl Broker for Agent {
    fn handle(&mut self, now: Time, input: Input, outputs: &mut Vec<Output>) {
        Agent::handle(self, now, input, outputs);
    }

    fn deadline(&self) -> Option<Time> {
        Agent::deadline(self)
    }
}
