//! Actors that can be found.

use super::kit::*;
use crate::agent::Output;
use crate::ids::ActorId;
use crate::message::{ActorName, DeathCause, Exit, ToAgent, ToPort};

fn find(node: &mut Node, name: ActorName) -> Option<ActorId> {
    let outputs = node.tell(ToAgent::Find { port: B, request: 7, name });
    let [Output::Send(B, ToPort::Found { request: 7, actor })] = outputs[..] else { panic!("{outputs:?}") };
    actor
}

#[test]
fn an_actor_is_found_from_its_start_to_its_end() {
    let mut node = node(1);
    assert_eq!(find(&mut node, name("it")), None);
    node.create(1, named("it"));
    assert_eq!(find(&mut node, name("it")), Some(actor(1)));
    node.ready(1);
    node.constructed(1);
    assert_eq!(find(&mut node, name("it")), Some(actor(1)));
    node.ended(1, Exit::Code(0));
    assert_eq!(find(&mut node, name("it")), None);
}

#[test]
fn another_namespace_has_names_of_its_own() {
    let mut node = node(1);
    node.create(1, named("it"));
    assert_eq!(find(&mut node, ActorName { namespace: "other".to_owned(), name: "it".to_owned() }), None);
}

#[test]
fn a_name_that_is_taken_makes_nothing() {
    let mut node = node(1);
    node.create(1, named("it"));
    let taken = Output::Send(A, ToPort::NameTaken { actor: actor(2), by: actor(1) });
    assert_eq!(node.create(2, named("it")), [taken, drop_creation(2)]);
    let watched = node.tell(ToAgent::Watch { port: B, actor: actor(2) });
    let unknown = crate::message::ActorState::Dead { cause: DeathCause::Unknown, ended: None };
    assert_eq!(watched, [is(B, 2, unknown)]);
}

#[test]
fn a_name_is_free_again_after_a_death() {
    let mut node = node(1);
    node.create(1, named("it"));
    node.kill(1, true);
    node.create(2, named("it"));
    assert_eq!(find(&mut node, name("it")), Some(actor(2)));
}
