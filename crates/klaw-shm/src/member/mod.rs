//! Members: who takes part in a session, how their death is seen, and how it is repaired.
//!
//! **Identity** is (slot, epoch), a [`crate::Stamp`]. One word a slot holds both halves of the truth:
//! `{life:32, epoch:24, phase:8}`. `life` is the id of the member's life thread, which the kernel overwrites
//! when that thread ends (a robust futex, `os/robust.rs`); epoch and phase are ours. Claiming a slot sets life and epoch
//! by one CAS.
//!
//! **Death.** The life half is a hint. A member is dead when its pidfd is readable: only then has its last thread
//! stored its last byte. Whoever has that proof CASes NORMAL → DEAD, and everybody else trusts the phase alone.
//! A member that leaves in order declares itself DEAD after its last store. Nobody learns death from a timer: a stopped
//! process is slow, not dead.
//!
//! **Sweep** ([`sweep`]) of a dead (slot, epoch), by any number of members at once, each of which may die or
//! stop anywhere: 1 publish its stamp in `sweeps[me]`, fence. 2 look again: still DEAD, same epoch? 3 repair, ring
//! every armed bell. 4 CAS DEAD → SWEPT, if nothing is left to drain. 5 clear `sweeps[me]`, fence. 6 read all `sweeps`: a live member
//! names it → leave, that member will come here itself. 7 CAS SWEPT → FREE, the epoch stays for the next claim to move on.
//! Steps 1–2 against 4–6 are a Dekker pair: either the late sweeper sees SWEPT and withdraws, or the freer sees the name and leaves.
//!
//! | killed or stopped at | others see | repair |
//! |---|---|---|
//! | claim, before READY | a life word of a dead thread, not READY | swept like any other |
//! | before 4 | its name on the slot | dead: its name doesn't count, others sweep; stopped: others repair, the slot stays SWEPT until it goes on |
//! | 4–6 | SWEPT, no name | whoever meets a SWEPT slot goes to 6 |
//! | before 3, continued much later | – | its name stood, so the slot was not used again |

mod life;
mod sweep;
mod table;
mod watch;

pub use life::Member;
pub use sweep::{Progress, Repair, sweep};
pub use table::{MemberEntry, MemberTable, Phase};
