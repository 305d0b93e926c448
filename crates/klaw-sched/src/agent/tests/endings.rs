//! Actors that are ended.

use super::actors::{alive, dead, life};
use super::kit::*;
use crate::agent::{Input, NO_HANDLES_GRACE_MS, Output};
use crate::ids::{Lease, Time};
use crate::message::{DeathCause, EndedLife, Exit, ToAgent};

const KILLED: Exit = Exit::Signal(9);

fn gone_by(cause: DeathCause, how: Exit) -> Output {
    is(A, 1, dead(cause, Some(life(1, 1, how))))
}

#[test]
fn a_killed_one_is_dead_when_its_process_has_ended() {
    let mut node = node(1);
    node.alive(restarting(5));
    assert_eq!(node.kill(1, true), [kill(1)]);
    assert_eq!(node.kill(1, true), []);
    let late = node.tell(ToAgent::Watch { port: B, actor: actor(1) });
    assert_eq!(late, [is(B, 1, alive(1, 1, 0, Some(5)))]);
    let outputs = node.ended_with(1, KILLED, vec![(B, attempt(1))]);
    let ended = Some(EndedLife { started: vec![attempt(1)], ..life(1, 1, KILLED) });
    let told = is(B, 1, dead(DeathCause::Killed, ended));
    assert_eq!(outputs, [gone_by(DeathCause::Killed, KILLED), told, drop_creation(1)]);
}

#[test]
fn one_that_has_no_place_yet_is_dead_at_once() {
    let mut node = node(1);
    node.demand(B, 1);
    node.ready(1);
    node.create(1, options());
    assert_eq!(node.kill(1, true), [is(A, 1, dead(DeathCause::Killed, None)), drop_creation(1)]);
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), []);
}

#[test]
fn a_worker_that_was_starting_for_it_is_left_to_others() {
    let mut node = node(1);
    node.create(1, options());
    assert_eq!(node.kill(1, true), [is(A, 1, dead(DeathCause::Killed, None)), drop_creation(1)]);
    assert_eq!(node.agent.deadline(), None);
    assert_eq!(node.demand(B, 1), []);
    assert_eq!(node.ready(1), [leased(2, B, 1)]);
}

#[test]
fn one_whose_constructor_runs_is_dead_when_its_process_has_ended() {
    let mut node = node(1);
    node.create(1, restarting(5));
    node.ready(1);
    assert_eq!(node.kill(1, true), [kill(1)]);
    assert_eq!(node.constructed(1), []);
    assert_eq!(node.ended(1, KILLED), [gone_by(DeathCause::Killed, KILLED), drop_creation(1)]);
}

#[test]
fn one_that_is_terminated_finishes_and_does_not_come_back() {
    let mut node = node(1);
    node.alive(restarting(5));
    assert_eq!(node.terminate(1, 50), [finish(1, 1)]);
    assert_eq!(node.terminate(1, 90), []);
    let ended = node.ended(1, Exit::Code(0));
    assert_eq!(ended, [gone_by(DeathCause::Terminated, Exit::Code(0)), drop_creation(1)]);
    assert_eq!(node.agent.deadline(), None);
}

#[test]
fn one_that_does_not_finish_in_time_is_killed() {
    let mut node = node(1);
    node.alive(restarting(5));
    node.terminate(1, 50);
    assert_eq!(node.pass(49), []);
    assert_eq!(node.pass(1), [kill(1)]);
    assert_eq!(node.ended(1, KILLED), [gone_by(DeathCause::Terminated, KILLED), drop_creation(1)]);
}

#[test]
fn the_shorter_grace_holds() {
    let mut node = node(1);
    node.alive(restarting(5));
    node.terminate(1, 50);
    node.terminate(1, 10);
    assert_eq!(node.agent.deadline(), Some(Time(10)));
}

#[test]
fn one_that_is_starting_is_asked_to_finish_when_it_is_alive() {
    let mut node = node(1);
    node.create(1, restarting(5));
    assert_eq!(node.terminate(1, 50), []);
    assert_eq!(node.ready(1), [construct(1, 1, 1, 0)]);
    let alive = is(A, 1, alive(1, 1, 0, Some(5)));
    assert_eq!(node.constructed(1), [drop_creation(1), alive, finish(1, 1)]);
}

#[test]
fn one_that_does_not_even_start_in_time_is_dead() {
    let mut node = node(1);
    node.create(1, restarting(5));
    node.terminate(1, 50);
    let dead = is(A, 1, dead(DeathCause::Terminated, None));
    assert_eq!(node.pass(50), [dead, drop_creation(1)]);
}

#[test]
fn to_kill_what_is_finishing_ends_it_at_once() {
    for (no_restart, cause) in [(true, DeathCause::Killed), (false, DeathCause::Terminated)] {
        let mut node = node(1);
        node.alive(restarting(5));
        node.terminate(1, 50);
        assert_eq!(node.kill(1, no_restart), [kill(1)]);
        assert_eq!(node.ended(1, KILLED), [gone_by(cause, KILLED), drop_creation(1)]);
    }
}

#[test]
fn one_that_dies_while_it_is_to_be_killed_is_not_restarted() {
    let mut node = node(1);
    node.alive(restarting(5));
    node.kill(1, false);
    assert_eq!(node.kill(1, true), []);
    assert_eq!(node.ended(1, KILLED), [gone_by(DeathCause::Killed, KILLED), drop_creation(1)]);
}

#[test]
fn the_first_that_kills_it_is_what_it_dies_of() {
    let mut node = node(1);
    node.alive(options());
    node.tell(ToAgent::Watch { port: B, actor: actor(1) });
    node.kill(1, true);
    assert_eq!(node.give(Input::PortGone { port: A }), []);
    let ended = Some(life(1, 1, KILLED));
    assert_eq!(node.ended(1, KILLED), [is(B, 1, dead(DeathCause::Killed, ended))]);
}

#[test]
fn one_that_nobody_has_a_handle_of_finishes() {
    let mut node = node(1);
    node.alive(options());
    assert_eq!(node.give(Input::HandlesGone { actor: actor(1) }), [finish(1, 1)]);
    assert_eq!(node.agent.deadline(), Some(Time(NO_HANDLES_GRACE_MS)));
    assert_eq!(node.ended(1, Exit::Code(0)), [gone_by(DeathCause::NoHandles, Exit::Code(0))]);
}

#[test]
fn it_does_not_outlive_its_owner() {
    let mut node = node(2);
    node.alive(options());
    node.create(2, options());
    node.tell(ToAgent::Watch { port: B, actor: actor(1) });
    node.tell(ToAgent::Watch { port: B, actor: actor(2) });
    let outputs = node.give(Input::PortGone { port: A });
    assert_eq!(outputs, [kill(1), is(B, 2, dead(DeathCause::OwnerDied, None)), drop_creation(2)]);
    let ended = Some(life(1, 1, KILLED));
    assert_eq!(node.ended(1, KILLED), [is(B, 1, dead(DeathCause::OwnerDied, ended))]);
    // What it asked for before is not made any more.
    assert_eq!(node.create(3, options()), [drop_creation(3)]);
}

#[test]
fn a_worker_takes_along_what_it_made() {
    let mut node = node(2);
    node.alive(options());
    let child = crate::ids::ActorId { owner: port(1), number: 1 };
    node.tell(ToAgent::CreateActor { actor: child, options: options() });
    node.ready(2);
    node.tell(ToAgent::Constructed { lease: Lease(2), error: None });
    assert_eq!(node.ended(1, KILLED)[1..], [kill(2)]);
}
