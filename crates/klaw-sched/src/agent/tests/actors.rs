//! An actor's first life.

use super::kit::*;
use crate::agent::workers::FIRST_PAUSE_MS;
use crate::ids::{Cpus, Lease, Time};
use crate::message::{ActorOptions, ActorState, DeathCause, EndedLife, Exit, ToAgent};

pub(super) fn starting(restarts: u32, ended: Option<EndedLife>) -> ActorState {
    ActorState::Starting { restarts, ended }
}

pub(super) fn alive(lease: u64, no: u64, restarts: u32, restarts_left: Option<u32>) -> ActorState {
    let (port, inbox, pid) = (port(no), inbox(no), pid(no));
    ActorState::Alive { lease: Lease(lease), port, inbox, pid, restarts, restarts_left }
}

pub(super) fn dead(cause: DeathCause, ended: Option<EndedLife>) -> ActorState {
    ActorState::Dead { cause, ended }
}

pub(super) fn life(lease: u64, no: u64, how: Exit) -> EndedLife {
    EndedLife { lease: Lease(lease), end: end(no, how), started: Vec::new() }
}

#[test]
fn its_owner_sees_it_come_alive() {
    let mut node = node(1);
    assert_eq!(node.create(1, restarting(2)), [is(A, 1, starting(0, None)), start(1)]);
    assert_eq!(node.ready(1), [construct(1, 1, 1, 0)]);
    assert_eq!(node.constructed(1), [is(A, 1, alive(1, 1, 0, Some(2)))]);
}

#[test]
fn an_idle_worker_is_used() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(node.create(1, options())[1..], [construct(2, 1, 1, 0)]);
}

#[test]
fn what_makes_it_is_dropped_when_it_cannot_come_back() {
    let mut node = node(1);
    assert_eq!(node.alive(options())[..1], [drop_creation(1)]);
    let outputs = node.ended(1, Exit::Code(3));
    let ended = Some(life(1, 1, Exit::Code(3)));
    assert_eq!(outputs, [is(A, 1, dead(DeathCause::ProcessEnded(end(1, Exit::Code(3))), ended))]);
}

#[test]
fn a_constructor_that_throws_is_the_end() {
    let mut node = node(1);
    node.create(1, restarting(5));
    node.ready(1);
    let outputs = node.tell(ToAgent::Constructed { lease: Lease(1), error: Some(vec![1]) });
    let dead = is(A, 1, dead(DeathCause::Constructor(vec![1]), None));
    assert_eq!(outputs, [kill(1), dead, drop_creation(1)]);
    // Its process is not used again, and its CPU is free.
    assert_eq!(node.demand(B, 1), [start(2)]);
    assert_eq!(node.ended(1, Exit::Signal(9)), []);
}

#[test]
fn what_needs_more_than_there_is_never_starts() {
    let mut node = node(1);
    for cpus in [Cpus(2 * ONE.0), Cpus(u32::MAX)] {
        let outputs = node.create(1, ActorOptions { placement_cpus: cpus, ..named("it") });
        if cpus == Cpus(u32::MAX) {
            assert_eq!(outputs, [drop_creation(1)]);
        } else {
            assert_eq!(outputs, [is(A, 1, dead(DeathCause::Unschedulable, None)), drop_creation(1)]);
        }
    }
}

#[test]
fn one_that_is_not_constructed_in_time_is_killed() {
    let mut node = node(1);
    node.create(1, options());
    node.pass(START_MS - 1);
    node.ready(1);
    assert_eq!(node.agent.deadline(), Some(Time(START_MS)));
    assert_eq!(node.pass(1), [kill(1)]);
    // Too late.
    assert_eq!(node.constructed(1), []);
    let outputs = node.ended(1, Exit::Signal(9));
    let cause = DeathCause::ProcessEnded(end(1, Exit::NotReady));
    assert_eq!(outputs, [is(A, 1, dead(cause, Some(life(1, 1, Exit::NotReady)))), drop_creation(1)]);
    assert_eq!(node.agent.deadline(), None);
}

#[test]
fn a_process_that_does_not_say_hello_in_time_is_killed() {
    let mut node = node(1);
    node.create(1, options());
    assert_eq!(node.pass(START_MS), [kill(1)]);
    assert_eq!(node.ready(1), []);
}

#[test]
fn time_does_not_count_while_there_is_no_cpu() {
    let mut node = node(1);
    node.demand(B, 1);
    node.ready(1);
    node.create(1, options());
    assert_eq!(node.pass(100 * START_MS), []);
    node.tell(ToAgent::Yielded { lease: Lease(1) });
    assert_eq!(node.agent.deadline(), Some(Time(node.now + START_MS)));
}

#[test]
fn a_process_that_cannot_be_started_is_a_death() {
    let mut node = node(1);
    let refused = || Exit::NotStarted("no".to_owned());
    node.create(1, restarting(1));
    assert_eq!(node.ended(1, refused()), [is(A, 1, starting(1, None))]);
    assert_eq!(node.pass(FIRST_PAUSE_MS), [start(2)]);
    let outputs = node.ended(2, refused());
    let cause = DeathCause::ProcessEnded(end(2, refused()));
    assert_eq!(outputs, [is(A, 1, dead(cause, None)), drop_creation(1)]);
}

#[test]
fn it_waits_for_a_place_among_the_processes() {
    let mut node = few(8, 1);
    node.alive(options());
    assert_eq!(node.create(2, options()), [is(A, 2, starting(0, None))]);
    assert!(node.ended(1, Exit::Code(0)).contains(&start(2)));
}
