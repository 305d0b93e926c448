//! What an executor does about each thing that can happen to it.

mod actor;
mod any_order;
mod ends;
mod tasks;

use super::*;

const PORT: PortId = PortId(1);
const OTHER: PortId = PortId(2);

/// A call of a task or of an actor's default group.
fn call(number: u32, lease: u64) -> Call<()> {
    in_group(number, lease, 0)
}

fn in_group(number: u32, lease: u64, group: u16) -> Call<()> {
    let attempt = Attempt { call: CallId(number), number: 0 };
    Call { port: PORT, attempt, lease: Lease(lease), group, payload: () }
}

fn actor(limits: &[u32]) -> Executor<()> {
    let mut executor = Executor::new();
    executor.become_actor(Lease(5), limits, &mut Vec::new());
    executor
}

/// Takes calls that must not be sent back.
fn take(executor: &mut Executor<()>, calls: impl IntoIterator<Item = Call<()>>) {
    for call in calls {
        assert_eq!(executor.arrive(call), None);
    }
}

/// Starts what may start.
fn start(executor: &mut Executor<()>) -> Vec<u32> {
    std::iter::from_fn(|| executor.start()).map(|(_, call)| number(&call)).collect()
}

fn number(call: &Call<()>) -> u32 {
    call.attempt.call.0
}

fn numbers(calls: &[Call<()>]) -> Vec<u32> {
    calls.iter().map(number).collect()
}
