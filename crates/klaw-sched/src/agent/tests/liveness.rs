//! Where everybody does his part, everything gets done.

use proptest::collection::vec;
use proptest::prelude::*;

use super::kit::*;
use super::world::World;
use crate::agent::{Agent, Resources};
use crate::ids::{Cpus, PortId};
use crate::message::{ActorOptions, ToAgent};

const STEPS: usize = 20_000;

fn any_node() -> impl Strategy<Value = Node> {
    (1..5_u32, 0..3_usize).prop_map(|(cpus, spare_workers)| {
        let cpus = Cpus(cpus * ONE.0);
        Node::new(Resources { cpus, spare_workers, max_workers: 24, idle_ms: IDLE_MS })
    })
}

/// Of a CPU, at most one.
fn part() -> impl Strategy<Value = Cpus> {
    prop_oneof![Just(ONE), Just(Cpus(ONE.0 / 2)), Just(Cpus(0))]
}

/// Tasks of a port: what each needs, how many, how many of those have one of their own.
fn tasks() -> impl Strategy<Value = (Cpus, u32, u32)> {
    (part(), 1..9_u32, 0..3_u32)
}

fn finish(world: &mut World, actors: usize, crashes: &[usize]) {
    for step in 0..STEPS {
        if crashes.contains(&step) {
            world.crash_one();
        }
        let is_done = world.tasks_left() == 0 && world.alive() == actors;
        let is_last = crashes.iter().all(|&crash| crash < step);
        if is_done && is_last {
            return;
        }
        assert!(world.step() || (is_done && !is_last), "stuck: {:?}", world.node.agent);
    }
    panic!("no end: {world:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_done_in_the_end(
        node in any_node(),
        seed in any::<u64>(),
        tasks in vec(tasks(), 1..4),
        actors in vec(part(), 0..6),
        crashes in vec(0..150_usize, 0..6),
    ) {
        let mut world = World::new(node, seed);
        for (number, &placement_cpus) in (0..).zip(&actors) {
            let options = ActorOptions { placement_cpus, max_restarts: None, ..options() };
            world.tell(ToAgent::CreateActor { actor: actor(number), options });
        }
        for (port, (cpus, count, nested)) in (1..).zip(tasks) {
            world.submit(PortId(port), cpus, count, nested.min(count));
        }
        finish(&mut world, actors.len(), &crashes);
    }

    #[test]
    fn an_actor_that_needs_all_cpus_gets_them_among_many_tasks(seed in any::<u64>(), node in any_node()) {
        let all = total(&node.agent);
        let mut world = World::new(node, seed);
        for port in 1..4 {
            world.submit(PortId(port), ONE, 1_000_000, 0);
        }
        let options = ActorOptions { placement_cpus: all, ..options() };
        world.tell(ToAgent::CreateActor { actor: actor(1), options });
        for _ in 0..STEPS {
            if world.alive() == 1 {
                break;
            }
            world.step();
        }
        prop_assert_eq!(world.alive(), 1);
    }
}

fn total(agent: &Agent) -> Cpus {
    agent.resources.cpus
}
