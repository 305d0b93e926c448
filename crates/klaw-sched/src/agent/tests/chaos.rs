//! Anything may be said, by anybody, at any time: the [witness](super::invariants) sees that all still adds up.

use proptest::collection::vec;
use proptest::prelude::*;

use super::kit::*;
use crate::agent::{Input, Resources};
use crate::ids::{ActorId, Cpus, Lease, PortId, WorkerNo};
use crate::message::{ActorOptions, Exit, ToAgent};

fn any_port() -> impl Strategy<Value = PortId> {
    prop_oneof![Just(A), Just(B), (1..6_u64).prop_map(port)]
}

fn any_actor() -> impl Strategy<Value = ActorId> {
    (any_port(), 0..3_u64).prop_map(|(owner, number)| ActorId { owner, number })
}

fn any_lease() -> impl Strategy<Value = Lease> {
    (0..20_u64).prop_map(Lease)
}

fn any_worker() -> impl Strategy<Value = u64> {
    0..12_u64
}

fn any_cpus() -> impl Strategy<Value = Cpus> {
    prop_oneof![4 => Just(Cpus::ONE), 2 => Just(Cpus(0)), 2 => Just(Cpus(5_000)), 1 => any::<u32>().prop_map(Cpus)]
}

fn any_ms() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..300_u64, 1 => any::<u64>()]
}

fn any_options() -> impl Strategy<Value = ActorOptions> {
    let name = proptest::option::of(prop_oneof![Just("a"), Just("b")].prop_map(name));
    let restarts = proptest::option::of(0..3_u32);
    // No time at all would be over in the same moment in which it begins.
    let start_ms = any_ms().prop_map(|ms| ms.max(1));
    (name, any::<bool>(), restarts, any_cpus(), any_cpus(), start_ms).prop_map(
        |(name, get_if_exists, max_restarts, placement_cpus, running_cpus, start_timeout_ms)| ActorOptions {
            label: String::new(),
            name,
            get_if_exists,
            max_restarts,
            placement_cpus,
            running_cpus,
            start_timeout_ms,
        },
    )
}

fn of_workers() -> impl Strategy<Value = Input> {
    let hello = |no| ToAgent::Hello { worker: WorkerNo(no), port: port(no), inbox: inbox(no) };
    let error = proptest::option::weighted(0.2, Just(vec![1]));
    let exit = prop_oneof![Just(Exit::Code(0)), Just(Exit::NotStarted(String::new())), Just(Exit::NotReady)];
    let message = prop_oneof![
        4 => any_worker().prop_map(hello),
        4 => (any_lease(), error).prop_map(|(lease, error)| ToAgent::Constructed { lease, error }),
        2 => any_lease().prop_map(|lease| ToAgent::Yielded { lease }),
        1 => any_lease().prop_map(|lease| ToAgent::Blocked { lease }),
        1 => any_lease().prop_map(|lease| ToAgent::Unblocked { lease }),
    ];
    let begun = vec((any_port(), (0..3_u32).prop_map(attempt)), 0..3);
    prop_oneof![
        8 => message.prop_map(Input::Message),
        1 => any_worker().prop_map(|no| Input::WorkerStarted { worker: WorkerNo(no), pid: pid(no) }),
        2 => (any_worker(), exit, begun)
            .prop_map(|(no, how, started)| Input::WorkerEnded { worker: WorkerNo(no), end: end(no, how), started }),
    ]
}

fn of_ports() -> impl Strategy<Value = Input> {
    let count = prop_oneof![6 => 0..4_u32, 1 => any::<u32>()];
    let find = |(port, what)| ToAgent::Find { port, request: 1, name: name(what) };
    let message = prop_oneof![
        8 => (any_port(), any_cpus(), count).prop_map(|(port, cpus, count)| ToAgent::Demand { port, cpus, count }),
        4 => any_lease().prop_map(|lease| ToAgent::Return { lease }),
        4 => (any_actor(), any_options()).prop_map(|(actor, options)| ToAgent::CreateActor { actor, options }),
        1 => (any_port(), any_actor()).prop_map(|(port, actor)| ToAgent::Watch { port, actor }),
        1 => (any_port(), any_actor()).prop_map(|(port, actor)| ToAgent::Unwatch { port, actor }),
        1 => (any_port(), prop_oneof![Just("a"), Just("b")]).prop_map(find),
        1 => (any_actor(), any::<bool>()).prop_map(|(actor, no_restart)| ToAgent::Kill { actor, no_restart }),
        1 => (any_actor(), any_ms()).prop_map(|(actor, grace_ms)| ToAgent::Terminate { actor, grace_ms }),
        1 => any_lease().prop_map(|lease| ToAgent::KillLease { lease }),
    ];
    prop_oneof![
        24 => message.prop_map(Input::Message),
        1 => any_actor().prop_map(|actor| Input::HandlesGone { actor }),
        1 => any_port().prop_map(|port| Input::PortGone { port }),
    ]
}

fn any_input() -> impl Strategy<Value = (u64, Input)> {
    let later = (0..200_u64).prop_map(|ms| (ms, Input::Tick));
    let at_once = prop_oneof![of_workers(), of_ports()].prop_map(|input| (0, input));
    prop_oneof![1 => later, 12 => at_once]
}

fn any_resources() -> impl Strategy<Value = Resources> {
    (0..5_u32, 0..3_usize, 0..7_usize).prop_map(|(cpus, spare_workers, max_workers)| Resources {
        cpus: Cpus(cpus * ONE.0),
        spare_workers,
        max_workers,
        idle_ms: 150,
    })
}

proptest! {
    #[test]
    fn whatever_happens_all_adds_up(resources in any_resources(), inputs in vec(any_input(), 0..200)) {
        let mut node = Node::new(resources);
        for (ms, input) in inputs {
            node.now += ms;
            node.give(input);
        }
    }
}
