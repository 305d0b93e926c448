//! Workers that are asked back because others wait.

use super::actors::starting;
use super::kit::*;
use crate::ids::{Cpus, Lease};
use crate::message::{ActorOptions, Exit, ToAgent};

/// Port A has all.
fn taken(cpus: u32) -> Node {
    let mut node = node(cpus);
    node.demand(A, cpus);
    for no in 1..=u64::from(cpus) {
        node.ready(no);
    }
    node
}

fn yielded(lease: u64) -> ToAgent {
    ToAgent::Yielded { lease: Lease(lease) }
}

#[test]
fn a_worker_is_asked_back_for_another_port() {
    let mut node = taken(1);
    assert_eq!(node.demand(B, 1), [reclaim(1, 1)]);
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.tell(yielded(1)), [lease_ended(1, A, None, vec![]), leased(2, B, 1)]);
}

#[test]
fn no_more_are_asked_back_than_others_want() {
    let mut node = taken(4);
    assert_eq!(node.demand(B, 1), [reclaim(4, 4)]);
    assert_eq!(node.demand(A, 9), []);
    assert_eq!(node.demand(B, 2), [reclaim(3, 3)]);
}

#[test]
fn nobody_gets_more_than_he_who_loses() {
    let mut node = taken(4);
    assert_eq!(node.demand(B, 4), [reclaim(4, 4), reclaim(3, 3)]);
    assert_eq!(node.tell(yielded(4)), [lease_ended(4, A, None, vec![]), leased(5, B, 4)]);
    node.demand(A, 2);
    assert_eq!(node.tell(yielded(3)), [lease_ended(3, A, None, vec![]), leased(6, B, 3)]);
    assert_eq!(node.pass(1), []);
}

#[test]
fn a_port_takes_nothing_from_itself() {
    let mut node = taken(2);
    assert_eq!(node.demand(A, 9), []);
    assert_eq!(node.tell(ToAgent::Demand { port: A, cpus: Cpus(2 * ONE.0), count: 1 }), []);
}

#[test]
fn who_has_most_is_asked() {
    let mut node = node(3);
    node.demand(A, 1);
    node.ready(1);
    node.demand(B, 2);
    node.ready(2);
    node.ready(3);
    node.create(1, options());
    let last = node.tell(yielded(3));
    assert_eq!(last, [lease_ended(3, B, None, vec![]), construct(4, 3, 1, 0)]);
}

#[test]
fn actors_get_what_they_need_from_whom_it_may_be() {
    let mut node = taken(2);
    let outputs = node.create(1, ActorOptions { placement_cpus: Cpus(2 * ONE.0), ..options() });
    assert_eq!(outputs[1..], [reclaim(2, 2), reclaim(1, 1)]);
    node.tell(yielded(2));
    assert!(node.tell(yielded(1)).contains(&construct(3, 1, 1, 0)));
}

#[test]
fn nothing_is_asked_back_if_that_is_not_enough() {
    let mut node = taken(3);
    node.tell(ToAgent::Return { lease: Lease(1) });
    node.create(1, ActorOptions { running_cpus: ONE, ..options() });
    node.constructed(4);
    let outputs = node.create(2, ActorOptions { placement_cpus: Cpus(3 * ONE.0), ..options() });
    assert_eq!(outputs, [is(A, 2, starting(0, None))]);
    // It is there for those who need less.
    assert_eq!(node.demand(B, 1), [reclaim(3, 3)]);
}

#[test]
fn nobody_is_asked_while_somebody_is_being_killed() {
    let mut node = taken(2);
    node.tell(ToAgent::KillLease { lease: Lease(1) });
    assert_eq!(node.demand(B, 1), []);
}

#[test]
fn nobody_is_asked_while_a_process_is_ending() {
    let mut node = few(4, 2);
    node.demand(A, 1);
    node.ready(1);
    node.create(1, options());
    node.ready(2);
    node.tell(ToAgent::Constructed { lease: Lease(2), error: Some(vec![]) });
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.ended(2, Exit::Signal(9)), [start(3)]);
}

#[test]
fn one_that_waits_for_others_is_not_asked() {
    let mut node = few(1, 1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(ToAgent::Blocked { lease: Lease(1) });
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.tell(ToAgent::Unblocked { lease: Lease(1) }), [reclaim(1, 1)]);
}

#[test]
fn a_worker_is_asked_back_when_no_more_can_be_started() {
    let mut node = node(100);
    node.demand(A, 8);
    for no in 1..=8 {
        node.ready(no);
    }
    assert_eq!(node.demand(B, 1), [reclaim(8, 8)]);
}

#[test]
fn a_return_and_a_reclaim_may_cross() {
    let mut node = taken(1);
    node.demand(B, 1);
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), [leased(2, B, 1)]);
    assert_eq!(node.tell(yielded(1)), []);
}

#[test]
fn a_worker_gives_up_only_what_it_was_asked_for() {
    let mut node = taken(1);
    assert_eq!(node.tell(yielded(1)), []);
}
