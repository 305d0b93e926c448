//! A session with everybody who plays in it, and what they said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use klaw_channel::audit::{Auditor, Totals};
use klaw_shm::{Session, session};
use klaw_testkit::{Ended, Outcome, Role, Scratch, eventually};
use rustix::process::Signal;

use crate::{PATIENCE, calls, check};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sender,
    Receiver,
}

/// One incarnation of a sender or receiver.
pub(crate) struct Actor {
    pub(crate) kind: Kind,
    pub(crate) number: u32,
    pub(crate) role: Role,
    pub(crate) continues_at: Option<Instant>,
}

/// What receivers said of one sender's messages.
#[derive(Default)]
pub(crate) struct Got {
    /// By sequence: how often it was received.
    pub(crate) times: Vec<u8>,
}

/// A session with its host, everybody who plays in it, and what they said.
pub(crate) struct Stage {
    pub(crate) base: Scratch,
    pub(crate) logs: Scratch,
    pub(crate) path: String,
    pub(crate) channel: String,
    pub(crate) host: Role,
    /// `"sender"` or `"caller"`: the role of those who send.
    pub(crate) sender: &'static str,
    /// `"busy"` or `"slow"`, for the receivers.
    pub(crate) pace: &'static str,
    pub(crate) actors: Vec<Actor>,
    pub(crate) incarnations: u32,
    pub(crate) kills: u32,
    pub(crate) killed_senders: u64,
    pub(crate) killed_receivers: u64,
    /// Messages acknowledged, by sender.
    pub(crate) acknowledged: BTreeMap<u32, u32>,
    pub(crate) got: BTreeMap<u32, Got>,
    pub(crate) received: u64,
    /// What callers took back.
    pub(crate) revoked: calls::Revoked,
}

impl Stage {
    pub(crate) fn new(
        sender: &'static str,
        capacity: u32,
        max_bytes: u64,
        pace: &'static str,
    ) -> Result<Self, String> {
        let (base, logs) = (Scratch::new()?, Scratch::new()?);
        let (capacity, max_bytes) = (capacity.to_string(), max_bytes.to_string());
        let log = logs.path().join("0");
        let args = [base.arg(), &capacity, &max_bytes, log.to_str().unwrap_or_default(), sender];
        let mut host = Role::spawn("host", &args, &[])?;
        let path = host.expect("session")?;
        let channel = host.expect("channel")?;
        Ok(Self {
            base,
            logs,
            path,
            channel,
            host,
            sender,
            pace,
            actors: Vec::new(),
            incarnations: 0,
            kills: 0,
            killed_senders: 0,
            killed_receivers: 0,
            acknowledged: BTreeMap::new(),
            got: BTreeMap::new(),
            received: 0,
            revoked: calls::Revoked::default(),
        })
    }

    pub(crate) fn log_of(&self, number: u32) -> PathBuf {
        self.logs.path().join(number.to_string())
    }

    pub(crate) fn spawn(&mut self, kind: Kind) -> Result<Actor, String> {
        self.incarnations += 1;
        let number = self.incarnations;
        let (log, text) = (self.log_of(number), number.to_string());
        let args = [&self.path, &self.channel, &text, log.to_str().unwrap_or_default(), self.pace];
        let name = if kind == Kind::Sender { self.sender } else { "receiver" };
        Ok(Actor { kind, number, role: Role::spawn(name, &args, &[])?, continues_at: None })
    }

    pub(crate) fn enter(&mut self, kind: Kind) -> Outcome {
        let actor = self.spawn(kind)?;
        self.actors.push(actor);
        Ok(())
    }

    /// Takes an actor off the stage, by a kill or by asking it to leave, and reads what it had said.
    pub(crate) fn take_off(&mut self, index: usize, by_kill: bool) -> Outcome {
        let mut actor = self.actors.remove(index);
        if let Some(ended) = actor.role.try_end()? {
            return Err(format!("{:?} {} ended by itself: {ended:?}", actor.kind, actor.number));
        }
        if by_kill {
            actor.role.kill()?;
            self.kills += 1;
            match actor.kind {
                Kind::Sender => self.killed_senders += 1,
                Kind::Receiver => self.killed_receivers += 1,
            }
        } else {
            actor.role.signal(Signal::CONT);
            let ended = actor.role.end()?;
            check(ended == Ended::Exit(0), || format!("{:?} {}: {ended:?}", actor.kind, actor.number))?;
        }
        self.hear(actor.kind, actor.number)
    }

    /// Reads what one that is gone had said, and forgets its file.
    pub(crate) fn hear(&mut self, kind: Kind, number: u32) -> Outcome {
        let log = self.log_of(number);
        // Killed before it could open it.
        let said = std::fs::read(&log).unwrap_or_default();
        let _gone = std::fs::remove_file(&log);
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        if kind == Kind::Sender {
            let acknowledged = match self.sender {
                "caller" => self.revoked.hear(number, &said),
                _ => said.get(..4).map_or(0, word),
            };
            self.acknowledged.insert(number, acknowledged);
            return Ok(());
        }
        let mut last = BTreeMap::new();
        for record in said.chunks_exact(8) {
            let (sender, n) = (word(&record[..4]), word(&record[4..]));
            if last.insert(sender, n).is_some_and(|before| before >= n) {
                return Err(format!("receiver {number} saw {n} of sender {sender} too late"));
            }
            let times = &mut self.got.entry(sender).or_default().times;
            times.resize(times.len().max(n as usize + 1), 0);
            times[n as usize] = times[n as usize].saturating_add(1);
            self.received += 1;
        }
        Ok(())
    }

    /// Lets everybody whose time has come go on.
    pub(crate) fn wake_stopped(&mut self, all: bool) {
        for actor in &mut self.actors {
            if actor.continues_at.is_some_and(|at| all || at <= Instant::now()) {
                actor.role.signal(Signal::CONT);
                actor.continues_at = None;
            }
        }
    }

    pub(crate) fn auditor(&self) -> Result<Auditor, String> {
        let session = Session::attach(Path::new(&self.path)).map_err(|e| e.to_string())?;
        Auditor::new(&session).map_err(|e| e.to_string())
    }

    /// The host takes what is there.
    pub(crate) fn drain(&mut self) -> Outcome {
        self.host.tell("drain");
        self.host.expect("drained").map(drop)
    }

    /// Senders leave, then receivers, then the host drains until nothing is wrong any more.
    pub(crate) fn settle(&mut self) -> Result<Totals, String> {
        self.wake_stopped(true);
        for kind in [Kind::Sender, Kind::Receiver] {
            while let Some(index) = self.actors.iter().position(|actor| actor.kind == kind) {
                self.take_off(index, false)?;
            }
        }
        self.drain_until_clean()
    }

    pub(crate) fn drain_until_clean(&mut self) -> Result<Totals, String> {
        let auditor = self.auditor()?;
        eventually(PATIENCE, || {
            self.drain()?;
            let findings = auditor.audit(true);
            check(findings.is_empty(), || format!("the audit finds {findings:?}, {:?}", auditor.totals()))
        })?;
        self.drain()?;
        Ok(auditor.totals())
    }

    /// The host leaves: nothing may be left of the session.
    pub(crate) fn close(&mut self) -> Outcome {
        self.host.tell("leave");
        let ended = self.host.end()?;
        check(ended == Ended::Exit(0), || format!("the host could not leave in order: {ended:?}"))?;
        self.hear(Kind::Receiver, 0)?;
        let sessions = session::list(self.base.path()).map_err(|e| e.to_string())?;
        check(sessions.is_empty(), || format!("left: {sessions:?}"))?;
        let id = Path::new(&self.path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let entries = std::fs::read_dir("/dev/shm").map_err(|e| e.to_string())?;
        let segments: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.contains(id))
            .collect();
        check(segments.is_empty(), || format!("left in /dev/shm: {segments:?}"))
    }

    /// The sum of everything, against the counts in shared memory.
    pub(crate) fn balance(&self, totals: Totals) -> Outcome {
        let at_once = if self.sender == "caller" { calls::AT_ONCE } else { 1 };
        let mut sent = 0;
        for (&sender, got) in &self.got {
            let doubled = got.times.iter().position(|&times| times > 1);
            check(doubled.is_none(), || format!("sender {sender}: {doubled:?} was received twice"))?;
            check(self.acknowledged.contains_key(&sender), || format!("nobody was sender {sender}"))?;
        }
        for (sender, &acknowledged) in &self.acknowledged {
            let seen = self.got.get(sender).map_or(0, |got| got.times.len() as u64);
            // What it sent last may have been sent and its success not written down.
            check(seen <= u64::from(acknowledged) + at_once, || {
                format!("sender {sender} was told of {acknowledged} messages, and {seen} were seen")
            })?;
            sent += seen.max(u64::from(acknowledged));
        }
        let unsaid = totals.handed.wrapping_sub(self.received);
        let missing = sent - self.received;
        let books = || format!("{totals:?}, sent {sent}, received {}", self.received);
        check(totals.handed + totals.lost + totals.revoked == totals.taken, books)?;
        check(unsaid <= self.killed_receivers, || format!("{unsaid} handed and unsaid; {}", books()))?;
        let unsure = self.killed_senders * at_once;
        let revoked = self.revoked.balance(&self.got, totals.revoked, unsure)?;
        check(missing <= totals.lost + unsaid + revoked, || format!("{missing} missing; {}", books()))?;
        // What a sender published right before its death, and nobody saw, was taken without having been counted here.
        check((sent..=sent + unsure).contains(&totals.taken), books)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After a failure: everybody goes, so that the session is dead and can be cleared away.
        self.actors.clear();
        let _ended = self.host.kill();
        let _cleaned = session::clean(self.base.path());
    }
}
