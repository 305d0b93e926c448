//! What the agent does, rule by rule; and what holds whatever happens.

mod actors;
mod blocked;
mod chaos;
mod confusion;
mod endings;
mod fairness;
mod invariants;
mod kit;
mod leases;
mod liveness;
mod names;
mod reclaim;
mod restarts;
mod watching;
mod workers;
mod world;
