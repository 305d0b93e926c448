//! Task workers: granted, returned, lost.

use super::kit::*;
use crate::agent::{Input, Output};
use crate::ids::{Cpus, Lease, PortId};
use crate::message::{Exit, ToAgent};

#[test]
fn a_demand_is_granted_when_its_worker_is_ready() {
    let mut node = node(2);
    assert_eq!(node.demand(A, 1), [start(1)]);
    assert_eq!(node.ready(1), [leased(1, A, 1)]);
    assert_eq!(node.demand(A, 0), []);
}

#[test]
fn no_more_workers_are_started_than_there_are_cpus_for() {
    let mut node = node(2);
    assert_eq!(node.demand(A, 100), [start(1), start(2)]);
    assert_eq!(node.demand(A, 100), []);
}

#[test]
fn a_returned_worker_goes_to_the_next_with_a_new_lease() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.demand(A, 1);
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), [leased(2, A, 1)]);
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), []);
}

#[test]
fn a_demand_replaces_the_one_before() {
    let mut node = node(4);
    node.demand(A, 1);
    node.demand(A, 3);
    node.demand(A, 1);
    assert_eq!(node.ready(1), [leased(1, A, 1)]);
    assert_eq!(node.ready(2), []);
    assert_eq!(node.demand(A, 1), [leased(2, A, 2)]);
}

#[test]
fn tasks_that_need_no_cpu_always_find_one() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    let free = ToAgent::Demand { port: A, cpus: Cpus(0), count: 1 };
    assert_eq!(node.tell(free), [start(2)]);
}

#[test]
fn what_can_never_be_had_is_not_waited_for() {
    let mut node = node(1);
    assert_eq!(node.tell(ToAgent::Demand { port: A, cpus: Cpus(10_001), count: 1 }), []);
    assert_eq!(node.demand(A, 1), [start(1)]);
}

#[test]
fn a_port_is_told_which_of_its_calls_a_dead_worker_had_begun() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    let outputs = node.ended_with(1, Exit::Signal(9), vec![(A, attempt(3)), (B, attempt(4))]);
    assert_eq!(outputs, [lease_ended(1, A, Some(end(1, Exit::Signal(9))), vec![attempt(3)])]);
}

#[test]
fn a_worker_is_killed_by_its_present_lease_only() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.demand(A, 1);
    node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(node.tell(ToAgent::KillLease { lease: Lease(1) }), []);
    assert_eq!(node.tell(ToAgent::KillLease { lease: Lease(2) }), [kill(1)]);
    assert_eq!(node.tell(ToAgent::KillLease { lease: Lease(2) }), []);
}

#[test]
fn a_killed_worker_is_lent_to_nobody_when_it_comes_back() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(ToAgent::KillLease { lease: Lease(1) });
    node.demand(B, 1);
    // Its process is still there, and takes a CPU no more.
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), [start(2)]);
    assert_eq!(node.ended(1, Exit::Signal(9)), []);
    assert_eq!(node.ready(2), [leased(2, B, 2)]);
}

#[test]
fn the_workers_of_a_port_that_is_gone_are_free_when_they_have_let_go() {
    let mut node = node(1);
    node.demand(A, 5);
    node.ready(1);
    assert_eq!(node.give(Input::PortGone { port: A }), [reclaim(1, 1)]);
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.tell(ToAgent::Yielded { lease: Lease(1) }), [leased(2, B, 1)]);
}

#[test]
fn a_worker_that_ends_wants_nothing_more_itself() {
    let mut node = node(2);
    node.demand(A, 1);
    node.ready(1);
    node.demand(port(1), 1);
    node.ready(2);
    let outputs = node.ended(1, Exit::Code(0));
    assert_eq!(outputs, [lease_ended(1, A, Some(end(1, Exit::Code(0))), vec![]), reclaim(2, 2)]);
    let late: PortId = port(1);
    assert_eq!(node.demand(late, 1), Vec::<Output>::new());
}
