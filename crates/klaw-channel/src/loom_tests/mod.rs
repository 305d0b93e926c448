//! The real lanes under loom: every interleaving of a few threads. Ring memory is made of cells, so that an access that
//! the protocol does not order is reported as a race.

mod calls;
mod close;
mod credit;
mod lane;
mod repair;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use klaw_shm::crash::{Named, arm_mutant};

use crate::crash::ChannelMutant;

/// Mutants are armed for the whole process, and the harness runs tests on several threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Passes if no execution of `model` panics, races or deadlocks.
fn holds(model: fn()) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    loom::model(model);
}

/// Passes if loom finds an execution of `model` that does while `mutant` is in force.
fn finds(mutant: ChannelMutant, model: fn()) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    arm_mutant(mutant.name());
    let found = catch_unwind(AssertUnwindSafe(|| loom::model(model))).is_err();
    arm_mutant("");
    assert!(found, "loom explored everything and did not see that {} is in force", mutant.name());
}
