//! Submitters and executors in a world that goes wrong: messages are late, workers die in the middle of everything and are taken
//! back, calls are cancelled. Then the world becomes calm, and every call must have been settled: once, rightly, and by code that began
//! no more often than allowed.
//!
//! A world is its seed. `KLAW_LONG=1` for many more of them; `KLAW_SEED=n` for one.

mod broker;
mod dice;
mod ledger;
mod model;
mod network;
mod port;
mod process;
mod weather;
mod world;

use broker::Broker;
use klaw_sched::agent::{Agent, Resources};
use klaw_sched::ids::Cpus;
use ledger::Counts;
use model::Model;
use world::World;

/// How long a time is wild: in some worlds hardly anything happens, and in some a lot.
const WILD_STEPS: [u32; 4] = [40, 150, 400, 1_000];

/// What has to happen often, or the worlds show little.
const EVENTS: [&str; 9] = [
    "answered",
    "answered in a later try",
    "cancelled",
    "crashed",
    "died, may have run",
    "died, never ran",
    "refused",
    "sent back",
    "unavailable",
];

#[test]
fn every_call_is_settled_once() {
    live_all(2_500, 250_000, Model::new);
}

/// With the agent that a node has.
#[test]
fn every_call_is_settled_once_by_the_real_agent() {
    live_all(2_500, 250_000, |seed| {
        let cpus = Cpus(Cpus::ONE.0 * (1 + u32::try_from(seed % 4).expect("below four")));
        let spare_workers = usize::try_from(seed % 3).expect("below three");
        Agent::new(Resources { cpus, spare_workers, max_workers: 8, idle_ms: 50 })
    });
}

fn live_all<B: Broker>(few: u64, many: u64, broker: impl Fn(u64) -> B) {
    if let Some(seed) = std::env::var("KLAW_SEED").ok().and_then(|seed| seed.parse().ok()) {
        live(seed, broker(seed));
        return;
    }
    let worlds = if std::env::var_os("KLAW_LONG").is_some() { many } else { few };
    let mut counts = Counts::new();
    for seed in 0..worlds {
        for (what, count) in live(seed, broker(seed)) {
            *counts.entry(what).or_default() += count;
        }
    }
    for event in EVENTS {
        assert!(counts.get(event) > Some(&200), "{event} is rare: {counts:?}");
    }
}

fn live<B: Broker>(seed: u64, broker: B) -> Counts {
    let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut world = World::new(seed, broker);
        let wild_steps = world.dice.pick(&WILD_STEPS).expect("there are some");
        world.live(wild_steps);
        world.ledger.counts
    }));
    lived.unwrap_or_else(|_| panic!("the world of KLAW_SEED={seed} went wrong, see above"))
}
