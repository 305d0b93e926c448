//! What the agent does, rule by rule; and what holds whatever happens.

mod invariants;
mod kit;
mod leases;
