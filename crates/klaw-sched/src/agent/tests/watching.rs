//! Ports that want to know where an actor is.

use super::actors::{alive, dead, life, starting};
use super::kit::*;
use crate::agent::recent::REMEMBERED;
use crate::agent::{Input, Output};
use crate::ids::PortId;
use crate::message::{DeathCause, EndedLife, Exit, ToAgent};

fn watch(node: &mut Node, port: PortId, number: u64) -> Vec<Output> {
    node.tell(ToAgent::Watch { port, actor: actor(number) })
}

#[test]
fn who_watches_is_told_now_and_at_every_change() {
    let mut node = node(1);
    node.create(1, restarting(1));
    assert_eq!(watch(&mut node, B, 1), [is(B, 1, starting(0, None))]);
    assert_eq!(watch(&mut node, B, 1), [is(B, 1, starting(0, None))]);
    node.ready(1);
    let now = alive(1, 1, 0, Some(1));
    assert_eq!(node.constructed(1), [is(A, 1, now.clone()), is(B, 1, now)]);
}

#[test]
fn who_watches_no_longer_is_told_nothing() {
    let mut node = node(1);
    node.create(1, restarting(1));
    watch(&mut node, B, 1);
    node.tell(ToAgent::Unwatch { port: B, actor: actor(1) });
    node.ready(1);
    assert_eq!(node.constructed(1), [is(A, 1, alive(1, 1, 0, Some(1)))]);
}

#[test]
fn who_is_gone_is_told_nothing() {
    let mut node = node(1);
    node.create(1, restarting(1));
    watch(&mut node, B, 1);
    node.give(Input::PortGone { port: B });
    assert_eq!(watch(&mut node, B, 1), []);
    node.ready(1);
    assert_eq!(node.constructed(1), [is(A, 1, alive(1, 1, 0, Some(1)))]);
}

#[test]
fn who_asks_after_a_death_is_told_of_his_own_calls() {
    let mut node = node(1);
    node.alive(options());
    node.ended_with(1, Exit::Code(7), vec![(A, attempt(1)), (B, attempt(2))]);
    let ended = Some(EndedLife { started: vec![attempt(2)], ..life(1, 1, Exit::Code(7)) });
    let cause = DeathCause::ProcessEnded(end(1, Exit::Code(7)));
    assert_eq!(watch(&mut node, B, 1), [is(B, 1, dead(cause, ended))]);
}

#[test]
fn so_many_dead_ones_are_remembered() {
    let mut node = node(1);
    let deaths = REMEMBERED as u64;
    for number in 0..=deaths {
        node.create(number, options());
        node.kill(number, true);
    }
    assert_eq!(watch(&mut node, B, 0), [is(B, 0, dead(DeathCause::Unknown, None))]);
    assert_eq!(watch(&mut node, B, 1), [is(B, 1, dead(DeathCause::Killed, None))]);
    assert_eq!(watch(&mut node, B, deaths), [is(B, deaths, dead(DeathCause::Killed, None))]);
}
