//! Workers that wait for others.

use super::kit::*;
use crate::ids::{Cpus, Lease};
use crate::message::{ActorOptions, ToAgent};

fn blocked(lease: u64) -> ToAgent {
    ToAgent::Blocked { lease: Lease(lease) }
}

fn unblocked(lease: u64) -> ToAgent {
    ToAgent::Unblocked { lease: Lease(lease) }
}

#[test]
fn a_task_within_a_task_runs_on_one_cpu() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(blocked(1));
    assert_eq!(node.demand(port(1), 1), [start(2)]);
    assert_eq!(node.ready(2), [leased(2, port(1), 2)]);
}

#[test]
fn cpus_that_are_taken_again_are_paid_back_before_anything_is_lent() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(blocked(1));
    node.demand(B, 1);
    node.ready(2);
    node.tell(unblocked(1));
    assert_eq!(node.agent.leases.free(), -i64::from(ONE.0));
    // What needs none is lent all the same.
    let free = |count| ToAgent::Demand { port: A, cpus: Cpus(0), count };
    assert_eq!(node.tell(free(1)), [start(3)]);
    node.tell(free(0));
    node.create(1, options());
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), []);
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(2) }), [construct(3, 1, 1, 0)]);
}

#[test]
fn saying_it_twice_changes_nothing() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    for message in [blocked(1), blocked(1), unblocked(1), unblocked(1), blocked(1)] {
        node.tell(message);
    }
    assert_eq!(node.agent.leases.free(), i64::from(ONE.0));
    node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(node.agent.leases.free(), i64::from(ONE.0));
}

#[test]
fn one_that_waits_is_not_asked_back() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(blocked(1));
    assert_eq!(node.demand(B, 1), [start(2)]);
    assert_eq!(node.tell(unblocked(1)), [reclaim(1, 1)]);
}

#[test]
fn actors_wait_too() {
    let mut node = node(1);
    node.alive(ActorOptions { running_cpus: ONE, ..options() });
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.tell(blocked(1)), [start(2)]);
    node.tell(unblocked(1));
    assert_eq!(node.agent.leases.free(), 0);
    assert_eq!(node.ready(2), []);
}

#[test]
fn an_actor_has_what_it_needs_to_start_and_then_what_it_needs_to_live() {
    let mut node = node(2);
    let cpus = |cpus: u32| i64::from(cpus * ONE.0);
    node.create(1, ActorOptions { placement_cpus: Cpus(2 * ONE.0), running_cpus: ONE, ..options() });
    assert_eq!(node.agent.leases.free(), cpus(0));
    node.ready(1);
    node.constructed(1);
    assert_eq!(node.agent.leases.free(), cpus(1));
    node.ended(1, crate::message::Exit::Code(0));
    assert_eq!(node.agent.leases.free(), cpus(2));
}
