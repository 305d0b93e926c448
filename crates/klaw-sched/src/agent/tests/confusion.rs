//! Messages that make no sense change nothing.

use super::kit::*;
use crate::agent::{Input, Output};
use crate::ids::{Lease, WorkerNo};
use crate::message::{Exit, ToAgent};

#[test]
fn unknown_things_are_nothing() {
    let mut node = node(1);
    let lease = Lease(9);
    for message in [
        ToAgent::Return { lease },
        ToAgent::Yielded { lease },
        ToAgent::Blocked { lease },
        ToAgent::Unblocked { lease },
        ToAgent::KillLease { lease },
        ToAgent::Constructed { lease, error: None },
        ToAgent::Kill { actor: actor(9), no_restart: true },
        ToAgent::Terminate { actor: actor(9), grace_ms: 1 },
        ToAgent::Unwatch { port: B, actor: actor(9) },
        ToAgent::Hello { worker: WorkerNo(9), port: B, inbox: inbox(9) },
    ] {
        assert_eq!(node.tell(message), []);
    }
    assert_eq!(node.give(Input::HandlesGone { actor: actor(9) }), []);
    assert_eq!(node.give(Input::WorkerStarted { worker: WorkerNo(9), pid: 1 }), []);
    assert_eq!(node.ended(9, Exit::Code(0)), []);
}

#[test]
fn a_second_hello_is_nothing() {
    let mut node = node(1);
    node.demand(A, 2);
    node.ready(1);
    let again = ToAgent::Hello { worker: WorkerNo(1), port: port(5), inbox: inbox(5) };
    assert_eq!(node.tell(again), []);
}

#[test]
fn an_actor_is_made_once() {
    let mut node = node(1);
    node.alive(options());
    assert_eq!(node.create(1, restarting(3)), []);
    node.kill(1, true);
    node.ended(1, Exit::Signal(9));
    assert_eq!(node.create(1, restarting(3)), [drop_creation(1)]);
}

#[test]
fn an_actor_is_constructed_once_and_by_its_own_lease() {
    let mut node = node(2);
    node.demand(B, 1);
    node.ready(1);
    node.create(1, restarting(1));
    // Not before it was told to.
    assert_eq!(node.constructed(2), []);
    node.ready(2);
    assert_eq!(node.constructed(1), []);
    assert_eq!(node.constructed(2).len(), 1);
    let error = Some(vec![1]);
    assert_eq!(node.tell(ToAgent::Constructed { lease: Lease(2), error }), []);
}

#[test]
fn an_actor_is_no_task() {
    let mut node = node(1);
    node.alive(restarting(1));
    assert_eq!(node.tell(ToAgent::Return { lease: Lease(1) }), []);
    assert_eq!(node.tell(ToAgent::Yielded { lease: Lease(1) }), []);
    assert_eq!(node.kill(1, true), [kill(1)]);
}

#[test]
fn a_process_may_end_twice() {
    let mut node = node(1);
    node.demand(A, 1);
    node.ready(1);
    node.ended(1, Exit::Code(0));
    assert_eq!(node.ended(1, Exit::Code(0)), Vec::<Output>::new());
    assert_eq!(node.ready(1), []);
}
