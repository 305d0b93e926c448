//! Actors that come back.

use super::actors::{alive, dead, life, starting};
use super::kit::*;
use crate::ids::Lease;
use crate::message::{ActorOptions, DeathCause, EndedLife, Exit, ToAgent};

fn crash() -> Exit {
    Exit::Signal(11)
}

#[test]
fn it_comes_back_as_often_as_it_may() {
    let mut node = node(1);
    node.alive(restarting(1));
    let ended = Some(life(1, 1, crash()));
    assert_eq!(node.ended(1, crash()), [is(A, 1, starting(1, ended)), start(2)]);
    assert_eq!(node.ready(2), [construct(2, 2, 1, 1)]);
    // Now it can't come back any more.
    assert_eq!(node.constructed(2), [drop_creation(1), is(A, 1, alive(2, 2, 1, Some(0)))]);
    let cause = DeathCause::ProcessEnded(end(2, crash()));
    assert_eq!(node.ended(2, crash()), [is(A, 1, dead(cause, Some(life(2, 2, crash()))))]);
}

#[test]
fn it_comes_back_always() {
    let mut node = node(1);
    node.alive(ActorOptions { max_restarts: None, ..options() });
    for no in 1..10 {
        let restarts = u32::try_from(no).unwrap();
        assert_eq!(
            node.ended(no, crash()),
            [is(A, 1, starting(restarts, Some(life(no, no, crash())))), start(no + 1)]
        );
        node.ready(no + 1);
        assert_eq!(node.constructed(no + 1), [is(A, 1, alive(no + 1, no + 1, restarts, None))]);
    }
}

#[test]
fn a_death_during_construction_counts() {
    let mut node = node(1);
    node.create(1, restarting(1));
    node.ready(1);
    assert_eq!(node.ended(1, crash()), [is(A, 1, starting(1, Some(life(1, 1, crash())))), start(2)]);
}

#[test]
fn to_be_killed_is_one_of_its_deaths() {
    let mut node = node(1);
    node.alive(restarting(1));
    assert_eq!(node.kill(1, false), [kill(1)]);
    assert_eq!(node.kill(1, false), []);
    let ended = Some(life(1, 1, Exit::Signal(9)));
    assert_eq!(node.ended(1, Exit::Signal(9)), [is(A, 1, starting(1, ended)), start(2)]);
    // While no process of it is there, nothing can be killed.
    node.ready(2);
    node.constructed(2);
    assert_eq!(node.kill(1, false), [kill(2)]);
    let cause = DeathCause::ProcessEnded(end(2, Exit::Signal(9)));
    let ended = Some(life(2, 2, Exit::Signal(9)));
    assert_eq!(node.ended(2, Exit::Signal(9)), [is(A, 1, dead(cause, ended))]);
}

#[test]
fn a_call_that_is_cancelled_by_force_takes_it_along() {
    let mut node = node(1);
    node.alive(restarting(1));
    assert_eq!(node.tell(ToAgent::KillLease { lease: Lease(1) }), [kill(1)]);
}

#[test]
fn each_port_is_told_of_its_own_calls() {
    let mut node = node(1);
    node.alive(restarting(1));
    node.tell(ToAgent::Watch { port: B, actor: actor(1) });
    let begun = vec![(A, attempt(1)), (B, attempt(2)), (A, attempt(3))];
    let outputs = node.ended_with(1, crash(), begun);
    let ended = |started| Some(EndedLife { started, ..life(1, 1, crash()) });
    let a = is(A, 1, starting(1, ended(vec![attempt(1), attempt(3)])));
    let b = is(B, 1, starting(1, ended(vec![attempt(2)])));
    assert_eq!(outputs, [a, b, start(2)]);
}

#[test]
fn a_restart_waits_behind_others() {
    let mut node = node(1);
    node.alive(ActorOptions { running_cpus: ONE, ..restarting(1) });
    node.create(2, options());
    let outputs = node.ended(1, crash());
    assert_eq!(outputs[1..], [start(2)]);
    assert_eq!(node.ready(2), [construct(2, 2, 2, 0)]);
}
