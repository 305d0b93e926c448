//! Worker processes: how many, and for how long.

use super::kit::*;
use crate::agent::workers::{FIRST_PAUSE_MS, LONGEST_PAUSE_MS};
use crate::agent::{Output, Resources};
use crate::ids::{Lease, Time};
use crate::message::{Exit, ToAgent};

fn spare(cpus: u32, spare_workers: usize, max_workers: usize) -> Node {
    let cpus = crate::ids::Cpus(cpus * ONE.0);
    Node::new(Resources { cpus, spare_workers, max_workers, idle_ms: IDLE_MS })
}

fn refused() -> Exit {
    Exit::NotStarted("no such file".to_owned())
}

#[test]
fn none_is_started_before_one_is_needed() {
    let mut node = spare(2, 2, 8);
    assert_eq!(node.pass(1), []);
    assert_eq!(node.demand(A, 1), [start(1), start(2), start(3)]);
}

#[test]
fn spares_that_are_used_are_replaced() {
    let mut node = spare(2, 1, 8);
    node.demand(A, 1);
    node.ready(1);
    node.ready(2);
    assert_eq!(node.demand(B, 1), [leased(2, B, 2), start(3)]);
}

#[test]
fn there_are_never_more_processes_than_allowed() {
    let mut node = spare(8, 3, 2);
    assert_eq!(node.demand(A, 8), [start(1), start(2)]);
    node.ready(1);
    node.ready(2);
    assert_eq!(
        node.ended(1, Exit::Code(1)),
        [lease_ended(1, A, Some(end(1, Exit::Code(1))), vec![]), start(3)]
    );
}

#[test]
fn a_worker_that_was_used_last_is_used_next() {
    let mut node = node(2);
    node.demand(A, 2);
    node.ready(1);
    node.ready(2);
    node.tell(ToAgent::Return { lease: Lease(2) });
    node.now += 1;
    node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(node.demand(A, 1), [leased(3, A, 1)]);
}

/// Workers 1 and 2 are lent, on a node that needs one.
fn one_too_many() -> Node {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(ToAgent::Blocked { lease: Lease(1) });
    node.demand(B, 1);
    node.ready(2);
    node
}

#[test]
fn what_is_idle_and_not_needed_is_stopped_in_time() {
    let mut node = one_too_many();
    node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(node.agent.deadline(), Some(Time(IDLE_MS)));
    assert_eq!(node.pass(IDLE_MS - 1), []);
    assert_eq!(node.pass(1), [stop(1)]);
    assert_eq!(node.agent.deadline(), None);
    // One that is asked to end is lent no more.
    node.tell(ToAgent::Return { lease: Lease(2) });
    assert_eq!(node.demand(A, 1), [leased(3, A, 2)]);
    assert_eq!(node.ended(1, Exit::Code(0)), []);
}

#[test]
fn what_the_cpus_need_stays_idle_for_ever() {
    let mut node = one_too_many();
    node.tell(ToAgent::Return { lease: Lease(2) });
    node.ended(1, Exit::Code(0));
    assert_eq!(node.agent.deadline(), None);
    assert_eq!(node.pass(100 * IDLE_MS), []);
}

#[test]
fn spares_that_are_wanted_are_not_stopped() {
    let mut node = spare(1, 1, 8);
    node.demand(A, 1);
    node.ready(1);
    node.ready(2);
    for (lease, no) in [(1, 3), (2, 4)] {
        node.tell(ToAgent::Blocked { lease: Lease(lease) });
        node.demand(A, 1);
        node.ready(no);
    }
    // Three run and one is spare: more than are needed, and the one that is idle is wanted.
    assert_eq!(node.pass(100 * IDLE_MS), []);
}

#[test]
fn starts_that_fail_are_tried_again_less_and_less_often() {
    let mut node = node(1);
    node.demand(A, 1);
    let mut pause = FIRST_PAUSE_MS;
    for no in 1..12 {
        assert_eq!(node.ended(no, refused()), []);
        assert_eq!(node.demand(A, 1), []);
        assert_eq!(node.agent.deadline(), Some(Time(node.now + pause)));
        assert_eq!(node.pass(pause - 1), []);
        assert_eq!(node.pass(1), [start(no + 1)]);
        pause = (pause * 2).min(LONGEST_PAUSE_MS);
    }
    node.ready(12);
    node.ended(12, Exit::Code(1));
    node.demand(A, 1);
    assert_eq!(node.ended(13, refused()), Vec::<Output>::new());
    assert_eq!(node.agent.deadline(), Some(Time(node.now + FIRST_PAUSE_MS)));
}

#[test]
fn starts_that_fail_together_are_one_failure() {
    let mut node = node(3);
    node.demand(A, 3);
    for no in 1..=3 {
        node.ended(no, refused());
    }
    assert_eq!(node.agent.deadline(), Some(Time(FIRST_PAUSE_MS)));
    assert_eq!(node.pass(FIRST_PAUSE_MS), [start(4), start(5), start(6)]);
}

#[test]
fn a_worker_that_ends_after_its_hello_unused_is_a_failure_too() {
    let mut node = spare(1, 1, 8);
    node.demand(A, 1);
    node.ready(1);
    node.ready(2);
    assert_eq!(node.ended(2, Exit::Code(1)), []);
    assert_eq!(node.pass(FIRST_PAUSE_MS), [start(3)]);
}
