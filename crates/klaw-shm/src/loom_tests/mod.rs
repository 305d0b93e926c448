//! The real code under loom: every interleaving of a few threads, with the orderings that the code asks for.
//!
//! Each model stands beside mutants of the step that it guards; loom must find those, or it would find nothing.

mod bell;
mod sweep;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::crash::{Mutant, Named};

/// Mutants are armed for the whole process, and the harness runs tests on several threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Passes if no execution of `model` panics, deadlocks or leaks.
fn holds(model: fn()) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    loom::model(model);
}

/// Passes if loom finds an execution of `model` that panics while `mutant` is in force.
fn finds(mutant: Mutant, model: fn()) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    crate::crash::arm_mutant(mutant.name());
    let found = catch_unwind(AssertUnwindSafe(|| loom::model(model))).is_err();
    crate::crash::arm_mutant("");
    assert!(found, "loom explored everything and did not see that {} is missing", mutant.name());
}
