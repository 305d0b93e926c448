//! The auditor: looks at a live session's shared state and says what can't be right once things have settled.
//!
//! For tests after every kill, and for people whose session behaves oddly. It only reads. Deaths are repaired within
//! milliseconds, so a finding counts only if it is still there after a while.

use std::fmt;

use crate::member::Phase;
use crate::session::Session;
use crate::stamp::Stamp;
use crate::sync::Ordering;

/// Something that should not last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A dead member whose repair is not finished.
    UnsweptMember(u32, Phase),
    /// A slot that says alive although its life thread is gone.
    UnseenDeath(Stamp),
    /// A member that was claimed and never got READY.
    UnfinishedJoin(Stamp),
    /// A port whose owner is no living member.
    OrphanedPort(u32, Stamp),
    /// A FIFO that no port owns.
    OrphanedFifo(String),
    /// A living member's name on a slot that is not dead any more.
    StaleSweepName(Stamp),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Everything that is wrong with members and ports now.
#[must_use]
pub fn audit(session: &Session) -> Vec<Finding> {
    let mut findings = Vec::new();
    audit_members(session, &mut findings);
    audit_ports(session, &mut findings);
    findings
}

fn audit_members(session: &Session, findings: &mut Vec<Finding>) {
    let members = session.members();
    for slot in members.slots() {
        let (phase, stamp) = members.look(slot);
        match (phase, stamp) {
            (Phase::Alive { hint: true }, Some(stamp)) => findings.push(Finding::UnseenDeath(stamp)),
            (Phase::Alive { .. }, Some(stamp)) if !members.is_ready(stamp) => {
                findings.push(Finding::UnfinishedJoin(stamp));
            }
            (Phase::Alive { .. }, Some(stamp)) => {
                let name = members.entry(slot).sweeps.load(Ordering::Acquire);
                let swept = u32::try_from(name).ok().and_then(Stamp::from_bits);
                if swept.is_some_and(|swept| members.phase_of(swept) != Phase::Dead) {
                    findings.push(Finding::StaleSweepName(stamp));
                }
            }
            (Phase::Free, _) => {}
            (phase, _) => findings.push(Finding::UnsweptMember(slot, phase)),
        }
    }
}

fn audit_ports(session: &Session, findings: &mut Vec<Finding>) {
    let (members, ports) = (session.members(), session.ports());
    let mut fifos = session.fifo_names();
    for index in ports.indices() {
        let Some(owner) = ports.owner(index) else { continue };
        if !matches!(members.phase_of(owner.stamp), Phase::Alive { .. }) {
            findings.push(Finding::OrphanedPort(index, owner.stamp));
        }
        fifos.retain(|name| *name != format!("{index}.{}", owner.generation));
    }
    findings.extend(fifos.into_iter().map(Finding::OrphanedFifo));
}
