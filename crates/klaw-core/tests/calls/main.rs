//! Tasks and actors between processes, as a face drives them: called, answered, retried, restarted, ended. Without any language.

#![expect(clippy::expect_used, clippy::panic, reason = "a role that panics has failed")]

mod actors;
mod bench;
#[cfg(feature = "crash-points")]
mod crashes;
mod deaths;
mod full;
mod stage;
mod storm;
mod tasks;
mod turn;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    klaw_testkit::main(&[("worker", worker::role)], || {
        let mut cases = tasks::cases();
        cases.extend(actors::cases());
        cases.extend(deaths::cases());
        cases.extend(full::cases());
        cases.extend(storm::cases());
        cases.extend(bench::cases());
        #[cfg(feature = "crash-points")]
        cases.extend(crashes::cases());
        cases
    })
}
