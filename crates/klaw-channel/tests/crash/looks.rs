//! What can be seen from outside: what the session says, and what roles said.

use std::path::Path;
use std::time::Duration;

use klaw_channel::audit::{Auditor, Totals};
use klaw_shm::Session;
use klaw_testkit::{Ended, Outcome, Role, eventually};

use crate::End;

/// Looks as a process that is no member: what is wrong must go away by itself.
pub(crate) fn settled(path: &str, patience: Duration) -> Outcome {
    let session = Session::attach(Path::new(path)).map_err(|e| e.to_string())?;
    let auditor = Auditor::new(&session).map_err(|e| e.to_string())?;
    eventually(patience, || {
        let findings = auditor.audit(true);
        if findings.is_empty() { Ok(()) } else { Err(format!("the audit finds {findings:?}")) }
    })
}

/// The host drains the channel until nothing is wrong any more, and so many messages were taken, which nobody can before a death
/// that is in the way was noticed: the numbers it got.
pub(crate) fn drain_until_settled(
    host: &mut Role,
    path: &str,
    messages: u64,
    patience: Duration,
) -> Result<Vec<u32>, String> {
    let session = Session::attach(Path::new(path)).map_err(|e| e.to_string())?;
    let auditor = Auditor::new(&session).map_err(|e| e.to_string())?;
    let mut got = Vec::new();
    eventually(patience, || {
        got.extend(drain(host)?);
        let (findings, totals) = (auditor.audit(true), auditor.totals());
        let settled = findings.is_empty() && totals.taken >= messages;
        if settled { Ok(()) } else { Err(format!("the audit finds {findings:?}, {totals:?}, got {got:?}")) }
    })?;
    Ok(got)
}

pub(crate) fn totals(path: &str) -> Result<Totals, String> {
    let session = Session::attach(Path::new(path)).map_err(|e| e.to_string())?;
    Ok(Auditor::new(&session).map_err(|e| e.to_string())?.totals())
}

/// Waits for the end of a role: how it ended, and what it said until then.
pub(crate) fn end_of(role: &mut Role) -> Result<(End, Vec<String>), String> {
    let mut said = Vec::new();
    while let Ok(line) = role.line() {
        said.push(line);
    }
    let passages = said.iter().filter_map(|line| {
        let (point, count) = line.strip_prefix("passed ")?.split_once(' ')?;
        Some((point.to_owned(), count.parse().ok()?))
    });
    let passages = passages.collect();
    Ok((End { killed: role.end()? == Ended::KILLED, passages }, said))
}

/// The numbers in the lines that start with `prefix`.
pub(crate) fn numbers(said: &[String], prefix: &str) -> Vec<u32> {
    said.iter().filter_map(|line| line.strip_prefix(prefix)?.trim().parse().ok()).collect()
}

/// The host drains the channel: the numbers it got.
pub(crate) fn drain(host: &mut Role) -> Result<Vec<u32>, String> {
    host.tell("drain");
    let line = host.expect("drained")?;
    Ok(line.split_whitespace().filter_map(|n| n.parse().ok()).collect())
}
