//! A storm of kills at random moments: senders and receivers of one channel die, are stopped, leave and come back.
//!
//! What each sender was told is sent, and what each receiver got, stands in files of their own: one system call a
//! message, which outlives `kill -9`. So the books are exact: a killed receiver owes at most the one message that it
//! had in its hands, a killed sender at most the one whose success it could not write down.
//!
//! `KLAW_LONG=1` for more kills; `KLAW_SEED=n` repeats what a storm drew (the kernel's scheduling it can't repeat).

#![cfg(not(loom))]
#![expect(clippy::print_stdout, reason = "how much stormed is this program's report")]

mod blocked;
mod calls;
mod closing;
mod roles;
mod stage;
mod weather;

use std::process::ExitCode;
use std::time::Duration;

use klaw_testkit::{Case, Outcome, RoleMain};

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// Nothing taken for so long, with a sender and a receiver alive: a wake-up was lost.
const STALL: Duration = Duration::from_secs(10);
/// The session's slow look comes once a second: what waits longer than this was perhaps saved by it. Reported only.
const SUSPICIOUS: Duration = Duration::from_millis(500);
const SENDERS: usize = 3;
const RECEIVERS: usize = 3;
const MAX_PAYLOAD_BYTES: u32 = 5_000;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("host", roles::role_host),
        ("sender", roles::role_sender),
        ("caller", calls::role_caller),
        ("receiver", roles::role_receiver),
        ("racer", closing::role_racer),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("nothing is doubled, torn or lost uncounted in a storm of kills", || {
            weather::storm("sender")
        }),
        Case::new("no call is executed twice or after it was revoked in a storm of kills", || {
            weather::storm("caller")
        }),
    ];
    for capacity in 1..=4 {
        let name =
            format!("nobody is stuck when receivers die while senders wait for one of {capacity} places");
        cases.push(Case::new(name, move || blocked::blocked("sender", capacity)));
    }
    for capacity in [1, 3] {
        let name =
            format!("nobody is stuck when callees die while callers wait for one of {capacity} places");
        cases.push(Case::new(name, move || blocked::blocked("caller", capacity)));
    }
    cases.push(Case::new(
        "opening what is just being closed is refused and leaves nothing",
        closing::closing_race,
    ));
    cases
}

fn is_long() -> bool {
    std::env::var_os("KLAW_LONG").is_some()
}

/// Killed, stopped and left to chance by a seed.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let given = std::env::var("KLAW_SEED").ok().and_then(|seed| seed.parse().ok());
        #[expect(clippy::cast_possible_truncation, reason = "the low bits vary")]
        let seed = given.unwrap_or_else(|| now.map_or(1, |now| now.as_nanos() as u64));
        Self(seed.max(1))
    }

    fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1))
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn pick(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or(0)
    }

    fn up_to_ms(&mut self, end: u64) -> Duration {
        Duration::from_micros(self.below(end * 1_000))
    }
}

fn check(holds: bool, or_else: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(or_else()) }
}
