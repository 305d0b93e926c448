//! Who comes first.

use super::kit::*;
use crate::agent::Output;
use crate::ids::{Cpus, Lease, PortId};
use crate::message::{ActorOptions, ToAgent, ToPort};

const C: PortId = PortId(3);

fn granted(outputs: &[Output]) -> Vec<PortId> {
    let leased = |output: &Output| match output {
        Output::Send(to, ToPort::Leased { .. }) => Some(*to),
        _ => None,
    };
    outputs.iter().filter_map(leased).collect()
}

fn kind(output: &Output) -> Option<Cpus> {
    match output {
        Output::Send(_, ToPort::Leased { cpus, .. }) => Some(*cpus),
        _ => None,
    }
}

#[test]
fn ports_get_workers_by_turns() {
    let mut node = node(6);
    node.demand(A, 9);
    node.demand(B, 9);
    node.demand(C, 9);
    let ports: Vec<_> = (1..=6).flat_map(|no| granted(&node.ready(no))).collect();
    assert_eq!(ports, [A, B, C, A, B, C]);
}

#[test]
fn who_asks_again_keeps_his_place() {
    let mut node = node(1);
    node.demand(A, 1);
    node.demand(B, 1);
    node.demand(A, 7);
    assert_eq!(granted(&node.ready(1)), [A]);
}

#[test]
fn who_has_least_comes_first() {
    let mut node = node(3);
    node.demand(A, 2);
    node.ready(1);
    node.ready(2);
    node.demand(C, 1);
    node.ready(3);
    node.demand(A, 1);
    node.demand(B, 1);
    assert_eq!(granted(&node.tell(ToAgent::Return { lease: Lease(3) })), [B]);
}

#[test]
fn kinds_of_one_port_get_workers_by_turns() {
    let mut node = node(3);
    node.tell(ToAgent::Demand { port: A, cpus: Cpus(1), count: 9 });
    node.tell(ToAgent::Demand { port: A, cpus: Cpus(2), count: 9 });
    let kinds: Vec<_> = (1..=3).flat_map(|no| node.ready(no)).filter_map(|output| kind(&output)).collect();
    assert_eq!(kinds, [Cpus(1), Cpus(2), Cpus(1)]);
}

#[test]
fn actors_come_before_tasks() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.demand(B, 1);
    node.create(1, options());
    let outputs = node.tell(ToAgent::Return { lease: Lease(1) });
    assert_eq!(outputs, [construct(2, 1, 1, 0)]);
}

#[test]
fn actors_are_placed_in_their_order() {
    let mut node = node(1);
    node.create(1, options());
    node.create(2, options());
    node.create(3, options());
    assert_eq!(node.ready(1), [construct(1, 1, 1, 0)]);
    let outputs = node.constructed(1);
    assert!(outputs.contains(&start(2)));
    assert_eq!(node.ready(2), [construct(2, 2, 2, 0)]);
}

#[test]
fn small_tasks_do_not_pass_by_an_actor_that_needs_more() {
    let mut node = node(2);
    node.demand(A, 2);
    node.ready(1);
    node.ready(2);
    node.create(1, ActorOptions { placement_cpus: Cpus(2 * ONE.0), ..options() });
    node.demand(B, 9);
    assert_eq!(granted(&node.tell(ToAgent::Return { lease: Lease(1) })), []);
    let outputs = node.tell(ToAgent::Return { lease: Lease(2) });
    assert!(matches!(outputs[..], [Output::Send(_, ToPort::Construct { .. })]), "{outputs:?}");
}

#[test]
fn an_actor_that_waits_for_other_actors_holds_up_nobody() {
    let mut node = node(2);
    node.alive(ActorOptions { running_cpus: ONE, ..options() });
    node.create(2, ActorOptions { placement_cpus: Cpus(2 * ONE.0), ..options() });
    assert_eq!(node.demand(B, 1), [start(2)]);
    assert_eq!(granted(&node.ready(2)), [B]);
}
