//! For tests that need processes to kill: a test binary that starts itself in *roles*.
//!
//! A test target with `harness = false` calls [`main`] with its cases and its roles. A case spawns roles
//! ([`Role::spawn`]), talks to them in lines, kills them, and returns `Err(why)` if what it finds is wrong. The output ends
//! with the line that cargo's own harness prints, so that whoever counts tests counts these too.

mod page;
mod role;
mod runner;
mod scratch;

pub use page::page_matches;
pub use role::{Ended, ROLE_FLAG, Role, say, wait_for_line};
pub use runner::{Case, Outcome, RoleMain, eventually, main};
pub use scratch::Scratch;
