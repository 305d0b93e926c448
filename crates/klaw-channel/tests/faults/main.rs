//! What a user of `klaw-channel` sees when the machine or a neighbour misbehaves.
//!
//! `KLAW_LONG=1` for more rounds of hostile memory; `KLAW_SEED=n` for one round, with that seed.

#![cfg(not(loom))]

mod crowds;
mod damage;
mod full;
mod hostile;
mod records;

use std::process::ExitCode;
use std::time::Duration;

use klaw_shm::session;
use klaw_testkit::{Case, Outcome, RoleMain, Scratch};

use crate::damage::Damage;

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// For what hostile memory may never let happen.
const SHORT: Duration = Duration::from_millis(5);
/// Where the tables' root page starts, and where it ends.
const ROOT_AT: u64 = 4096;
const TABLES_AT: u64 = 8192;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("tight", full::role_tight),
        ("host", hostile::role_host),
        ("visitor", hostile::role_visitor),
        ("auditor", hostile::role_auditor),
        ("guest", hostile::role_guest),
        ("cycles", crowds::role_cycles),
        ("peer", crowds::role_peer),
        ("crowded", crowds::role_crowded),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    vec![
        Case::new("a /dev/shm of 64 KiB can't hold a session, and says so", || full::full_shm("64k")),
        Case::new("a /dev/shm of 2 MiB is an error or a full channel, never a signal", || {
            full::full_shm("2m")
        }),
        Case::new("a /dev/shm of 64 MiB is an error or a full channel, never a signal", || {
            full::full_shm("64m")
        }),
        Case::new("noise in all tables ends in errors", || {
            damage::hostile(Damage::Tables, hostile::use_session)
        }),
        Case::new("noise in all tables and their counters ends in errors", || {
            damage::hostile(Damage::Root, hostile::use_session)
        }),
        Case::new("noise in ring memory ends in errors", || {
            damage::hostile(Damage::Rings, hostile::use_session)
        }),
        Case::new("noise in tables and rings ends in errors", || {
            damage::hostile(Damage::All, hostile::use_session)
        }),
        Case::new("flipped bits in a live channel end in errors", || {
            damage::hostile(Damage::Bits, hostile::use_session)
        }),
        Case::new("an audit of noise ends in findings", || {
            damage::hostile(Damage::Tables, hostile::audit_session)
        }),
        Case::new("an audit of noise and counters ends in findings", || {
            damage::hostile(Damage::Root, hostile::audit_session)
        }),
        Case::new("an audit of flipped bits ends in findings", || {
            damage::hostile(Damage::Bits, hostile::audit_session)
        }),
        Case::new("a corrupt record is an error, and what lies before it comes once", || {
            in_scratch(records::corrupt_record)
        }),
        Case::new("another layout of the channels is refused by name", || in_scratch(records::other_layout)),
        Case::new("two hundred sessions leave no descriptor, mapping or memory behind", || {
            in_scratch(crowds::no_leaks)
        }),
        Case::new("sixteen processes at one channel lose and double nothing", || in_scratch(crowds::sixteen)),
        Case::new("the 4097th channel is an error, and a dropped one makes room", || {
            in_scratch(crowds::table_full)
        }),
    ]
}

fn check(holds: bool, or_else: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(or_else()) }
}

/// Whatever becomes of `case`, nothing of its sessions stays on the machine.
fn in_scratch(case: fn(&Scratch) -> Outcome) -> Outcome {
    let scratch = Scratch::new()?;
    let outcome = case(&scratch);
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
