//! A storm of kills at random moments: senders and receivers of one channel die, are stopped, leave and come back.
//!
//! What each sender was told is sent, and what each receiver got, stands in files of their own: one system call a
//! message, which outlives `kill -9`. So the books are exact: a killed receiver owes at most the one message that it
//! had in its hands, a killed sender at most the one whose success it could not write down.
//!
//! `KLAW_LONG=1` for more kills; `KLAW_SEED=n` repeats what a storm drew (the kernel's scheduling it can't repeat).

#![cfg(not(loom))]
#![expect(clippy::print_stdout, reason = "how much stormed is this program's report")]

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::audit::{Auditor, Totals};
use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node};
use klaw_shm::sync::{AtomicU64, Ordering};
use klaw_shm::{Session, session};
use klaw_testkit::{Case, Ended, Outcome, Role, RoleMain, Scratch, eventually, say, wait_for_line};
use rustix::process::Signal;

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
    let roles: &[RoleMain] =
        &[("host", role_host), ("sender", role_sender), ("receiver", role_receiver), ("racer", role_racer)];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    let mut cases = vec![Case::new("nothing is doubled, torn or lost uncounted in a storm of kills", storm)];
    for capacity in 1..=4 {
        let name =
            format!("nobody is stuck when receivers die while senders wait for one of {capacity} places");
        cases.push(Case::new(name, move || blocked(capacity)));
    }
    cases.push(Case::new("opening what is just being closed is refused and leaves nothing", closing_race));
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

// --- the parent's side ---

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sender,
    Receiver,
}

/// One incarnation of a sender or receiver.
struct Actor {
    kind: Kind,
    number: u32,
    role: Role,
    continues_at: Option<Instant>,
}

/// What receivers said of one sender's messages.
#[derive(Default)]
struct Got {
    /// By sequence: how often it was received.
    times: Vec<u8>,
}

/// A session with its host, everybody who plays in it, and what they said.
struct Stage {
    base: Scratch,
    logs: Scratch,
    path: String,
    channel: String,
    host: Role,
    /// `"busy"` or `"slow"`, for the receivers.
    pace: &'static str,
    actors: Vec<Actor>,
    incarnations: u32,
    kills: u32,
    killed_senders: u64,
    killed_receivers: u64,
    /// Messages acknowledged, by sender.
    acknowledged: BTreeMap<u32, u32>,
    got: BTreeMap<u32, Got>,
    received: u64,
}

impl Stage {
    fn new(capacity: u32, max_bytes: u64, pace: &'static str) -> Result<Self, String> {
        let (base, logs) = (Scratch::new()?, Scratch::new()?);
        let (capacity, max_bytes) = (capacity.to_string(), max_bytes.to_string());
        let log = logs.path().join("0");
        let args = [base.arg(), &capacity, &max_bytes, log.to_str().unwrap_or_default()];
        let mut host = Role::spawn("host", &args, &[])?;
        let path = host.expect("session")?;
        let channel = host.expect("channel")?;
        Ok(Self {
            base,
            logs,
            path,
            channel,
            host,
            pace,
            actors: Vec::new(),
            incarnations: 0,
            kills: 0,
            killed_senders: 0,
            killed_receivers: 0,
            acknowledged: BTreeMap::new(),
            got: BTreeMap::new(),
            received: 0,
        })
    }

    fn log_of(&self, number: u32) -> PathBuf {
        self.logs.path().join(number.to_string())
    }

    fn spawn(&mut self, kind: Kind) -> Result<Actor, String> {
        self.incarnations += 1;
        let number = self.incarnations;
        let (log, text) = (self.log_of(number), number.to_string());
        let args = [&self.path, &self.channel, &text, log.to_str().unwrap_or_default(), self.pace];
        let name = if kind == Kind::Sender { "sender" } else { "receiver" };
        Ok(Actor { kind, number, role: Role::spawn(name, &args, &[])?, continues_at: None })
    }

    fn enter(&mut self, kind: Kind) -> Outcome {
        let actor = self.spawn(kind)?;
        self.actors.push(actor);
        Ok(())
    }

    /// Takes an actor off the stage, by a kill or by asking it to leave, and reads what it had said.
    fn take_off(&mut self, index: usize, by_kill: bool) -> Outcome {
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
    fn hear(&mut self, kind: Kind, number: u32) -> Outcome {
        let log = self.log_of(number);
        // Killed before it could open it.
        let said = std::fs::read(&log).unwrap_or_default();
        let _gone = std::fs::remove_file(&log);
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        if kind == Kind::Sender {
            self.acknowledged.insert(number, said.get(..4).map_or(0, word));
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
    fn wake_stopped(&mut self, all: bool) {
        for actor in &mut self.actors {
            if actor.continues_at.is_some_and(|at| all || at <= Instant::now()) {
                actor.role.signal(Signal::CONT);
                actor.continues_at = None;
            }
        }
    }

    fn auditor(&self) -> Result<Auditor, String> {
        let session = Session::attach(Path::new(&self.path)).map_err(|e| e.to_string())?;
        Auditor::new(&session).map_err(|e| e.to_string())
    }

    /// The host takes what is there.
    fn drain(&mut self) -> Outcome {
        self.host.tell("drain");
        self.host.expect("drained").map(drop)
    }

    /// Senders leave, then receivers, then the host drains until nothing is wrong any more.
    fn settle(&mut self) -> Result<Totals, String> {
        self.wake_stopped(true);
        for kind in [Kind::Sender, Kind::Receiver] {
            while let Some(index) = self.actors.iter().position(|actor| actor.kind == kind) {
                self.take_off(index, false)?;
            }
        }
        self.drain_until_clean()
    }

    fn drain_until_clean(&mut self) -> Result<Totals, String> {
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
    fn close(&mut self) -> Outcome {
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
    fn balance(&self, totals: Totals) -> Outcome {
        let mut sent = 0;
        for (&sender, got) in &self.got {
            let doubled = got.times.iter().position(|&times| times > 1);
            check(doubled.is_none(), || format!("sender {sender}: {doubled:?} was received twice"))?;
            check(self.acknowledged.contains_key(&sender), || format!("nobody was sender {sender}"))?;
        }
        for (sender, &acknowledged) in &self.acknowledged {
            let seen = self.got.get(sender).map_or(0, |got| got.times.len() as u64);
            // Its last message may have been sent and its success not written down.
            check(seen <= u64::from(acknowledged) + 1, || {
                format!("sender {sender} was told of {acknowledged} messages, and {seen} were seen")
            })?;
            sent += seen.max(u64::from(acknowledged));
        }
        let unsaid = totals.handed.wrapping_sub(self.received);
        let missing = sent - self.received;
        let books = || format!("{totals:?}, sent {sent}, received {}", self.received);
        check(totals.handed + totals.lost == totals.taken, books)?;
        check(unsaid <= self.killed_receivers, || format!("{unsaid} handed and unsaid; {}", books()))?;
        check(missing <= totals.lost + unsaid, || format!("{missing} missing; {}", books()))?;
        // What a sender published right before its death, and nobody saw, was taken without having been counted here.
        check((sent..=sent + self.killed_senders).contains(&totals.taken), books)
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

fn check(holds: bool, or_else: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(or_else()) }
}

// --- the storm ---

fn storm() -> Outcome {
    let mut dice = Dice::new();
    let seed = dice.0;
    let wanted = if is_long() { 10_000 } else { 300 };
    weather(&mut dice, wanted).map_err(|why| format!("{why} (KLAW_SEED={seed})"))
}

fn weather(dice: &mut Dice, wanted: u32) -> Outcome {
    let (seed, started) = (dice.0, Instant::now());
    let mut stage = Stage::new(64, 128 << 10, "busy")?;
    for _ in 0..SENDERS {
        stage.enter(Kind::Sender)?;
    }
    for _ in 0..RECEIVERS {
        stage.enter(Kind::Receiver)?;
    }
    let auditor = stage.auditor()?;
    let mut progress = (Instant::now(), 0);
    while stage.kills < wanted {
        std::thread::sleep(dice.up_to_ms(6));
        stage.wake_stopped(false);
        gust(&mut stage, dice)?;
        let totals = auditor.totals();
        if totals.taken != progress.1 {
            progress = (Instant::now(), totals.taken);
        }
        check(progress.0.elapsed() < STALL, || format!("stuck: {totals:?}, {:?}", auditor.audit(false)))?;
    }
    drop(auditor);
    let totals = stage.settle()?;
    stage.close()?;
    stage.balance(totals)?;
    println!(
        "{} kills, {:.1} s, {} messages, {} lost, {} in the hands of the killed, KLAW_SEED={seed} ",
        stage.kills,
        started.elapsed().as_secs_f64(),
        totals.taken,
        totals.lost,
        totals.handed - stage.received,
    );
    Ok(())
}

/// One thing happens to one actor.
fn gust(stage: &mut Stage, dice: &mut Dice) -> Outcome {
    let index = dice.pick(stage.actors.len());
    match dice.below(20) {
        0..=3 => {
            let until = Instant::now() + dice.up_to_ms(20);
            stage.actors[index].role.signal(Signal::STOP);
            stage.actors[index].continues_at = Some(until);
            Ok(())
        }
        4 => replace(stage, index, false),
        // All the receivers at once: only the host keeps the channel open.
        5 => {
            while let Some(index) = stage.actors.iter().position(|actor| actor.kind == Kind::Receiver) {
                stage.take_off(index, true)?;
            }
            (0..RECEIVERS).try_for_each(|_| stage.enter(Kind::Receiver))
        }
        _ => replace(stage, index, true),
    }
}

fn replace(stage: &mut Stage, index: usize, by_kill: bool) -> Outcome {
    let kind = stage.actors[index].kind;
    stage.take_off(index, by_kill)?;
    stage.enter(kind)
}

// --- blocked senders ---

fn blocked(capacity: u32) -> Outcome {
    let mut dice = Dice::new();
    let seed = dice.0;
    blocked_senders(capacity, &mut dice).map_err(|why| format!("{why} (KLAW_SEED={seed})"))
}

/// After each kill there is a pause until messages flow again: another event would hide a wake-up that was lost.
fn blocked_senders(capacity: u32, dice: &mut Dice) -> Outcome {
    let (seed, started) = (dice.0, Instant::now());
    let mut stage = Stage::new(capacity, 64 << 10, "slow")?;
    for _ in 0..SENDERS {
        stage.enter(Kind::Sender)?;
    }
    for _ in 0..2 {
        stage.enter(Kind::Receiver)?;
    }
    let auditor = stage.auditor()?;
    let (mut longest, mut suspicious) = (Duration::ZERO, 0);
    for round in 0..if is_long() { 1_000 } else { 40 } {
        let waited = flows(&auditor, 20)?;
        longest = longest.max(waited);
        suspicious += u32::from(waited > SUSPICIOUS);
        std::thread::sleep(dice.up_to_ms(3));
        let count = stage.actors.len();
        let receiver = |actor: &Actor| actor.kind == Kind::Receiver;
        let index = match round % 4 {
            3 => dice.pick(count),
            _ => stage.actors.iter().position(receiver).ok_or("no receiver")?,
        };
        if round % 4 == 2 {
            // Both, with nobody left to read: what waits then must not wait for ever once somebody comes.
            stage.take_off(index, true)?;
            let last = stage.actors.iter().position(receiver).ok_or("no receiver")?;
            stage.take_off(last, true)?;
            std::thread::sleep(dice.up_to_ms(10));
            stage.enter(Kind::Receiver)?;
            stage.enter(Kind::Receiver)?;
        } else {
            replace(&mut stage, index, true)?;
        }
    }
    flows(&auditor, 20)?;
    drop(auditor);
    let totals = stage.settle_blocked()?;
    stage.close()?;
    stage.balance(totals)?;
    println!(
        "{} kills, {:.1} s, {} messages, {} lost, longest pause {} ms, {suspicious} above {} ms, KLAW_SEED={seed} ",
        stage.kills,
        started.elapsed().as_secs_f64(),
        totals.taken,
        totals.lost,
        longest.as_millis(),
        SUSPICIOUS.as_millis(),
    );
    Ok(())
}

/// Waits until `messages` more are taken. How long the longest pause between two looks that saw progress was.
fn flows(auditor: &Auditor, messages: u64) -> Result<Duration, String> {
    let start = auditor.totals().taken;
    let (mut seen, mut since, mut longest) = (start, Instant::now(), Duration::ZERO);
    while seen < start + messages {
        std::thread::sleep(Duration::from_millis(1));
        let totals = auditor.totals();
        if totals.taken != seen {
            longest = longest.max(since.elapsed());
            (seen, since) = (totals.taken, Instant::now());
        }
        check(since.elapsed() < STALL, || format!("stuck: {totals:?}, {:?}", auditor.audit(false)))?;
    }
    Ok(longest)
}

impl Stage {
    /// Its receivers sleep without a deadline: they are killed last, once no sender waits for them.
    fn settle_blocked(&mut self) -> Result<Totals, String> {
        while let Some(index) = self.actors.iter().position(|actor| actor.kind == Kind::Sender) {
            self.take_off(index, false)?;
        }
        while !self.actors.is_empty() {
            self.take_off(0, true)?;
        }
        self.drain_until_clean()
    }
}

// --- opening what is being closed ---

/// Channels are made and dropped while others open ends of them: afterwards every entry and block is free.
fn closing_race() -> Outcome {
    let scratch = Scratch::new()?;
    let outcome = race(&scratch);
    // What a failure left must not stay on the machine.
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

fn race(scratch: &Scratch) -> Outcome {
    let mut racer = Role::spawn("racer", &[scratch.arg()], &[])?;
    let opened = racer.expect("opened")?;
    let refused = racer.expect("refused")?;
    let disturbed = racer.expect("disturbed")?;
    let findings = racer.expect("findings")?;
    let ended = racer.end()?;
    let books = || {
        format!("{opened}, channels not made: {refused}, calls on open ends: {disturbed}, audit: {findings}")
    };
    check((refused.as_str(), disturbed.as_str(), findings.as_str()) == ("0", "0 []", "0 []"), books)?;
    check(ended == Ended::Exit(0), || format!("the racer: {ended:?}"))?;
    println!("{opened} ");
    Ok(())
}

// --- roles ---

fn attached(path: &str) -> Arc<Node> {
    Node::attach(Path::new(path)).expect("attach")
}

fn channel_id(text: &str) -> ChannelId {
    ChannelId::from_bits(text.parse().expect("an id"))
}

fn log_file(path: &str) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("a log")
}

/// Message `n` of sender `tag`: its number, then bytes that depend on both.
fn payload(tag: u32, n: u32, bytes: &mut Vec<u8>) {
    let mix = (u64::from(tag) << 32 | u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let len = (mix >> 40) % u64::from(MAX_PAYLOAD_BYTES);
    bytes.clear();
    bytes.extend(n.to_le_bytes());
    bytes.extend((0..len).map(|at| (mix ^ at.wrapping_mul(0x9d)).to_le_bytes()[0]));
}

/// Writes down which message it is, after looking at every byte of it.
fn note(log: &mut File, expected: &mut Vec<u8>, tag: u32, found: &[u8]) {
    let n = found.first_chunk().map(|first| u32::from_le_bytes(*first)).expect("a number");
    payload(tag, n, expected);
    assert!(found == expected, "message {n} of sender {tag} is torn");
    let mut record = [0; 8];
    record[..4].copy_from_slice(&tag.to_le_bytes());
    record[4..].copy_from_slice(&n.to_le_bytes());
    log.write_all(&record).expect("room for the log");
}

/// Makes the session and the channel, keeps both ends open, takes messages on demand.
fn role_host(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let (capacity, max_bytes) = (args[1].parse().expect("a number"), args[2].parse().expect("a number"));
    let (tx, mut rx) =
        node.channel(ChannelOptions { capacity, max_bytes, ..ChannelOptions::default() }).expect("channel");
    let (mut log, mut expected) = (log_file(&args[3]), Vec::new());
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    while wait_for_line() == "drain" {
        while let Some(message) = rx.try_recv().expect("the host holds a sender") {
            note(&mut log, &mut expected, message.tag, message.payload);
        }
        say("drained");
    }
}

/// Sends until its input is closed; how many it sent stands in its file.
fn role_sender(args: &[String]) {
    let stop = std::thread::spawn(wait_for_line);
    let node = attached(&args[0]);
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    let tag = args[2].parse().expect("a number");
    let log = OpenOptions::new().create(true).truncate(true).write(true).open(&args[3]).expect("a log");
    let (mut n, mut bytes) = (0_u32, Vec::new());
    payload(tag, n, &mut bytes);
    while !stop.is_finished() {
        // The slow wait long, so that nothing but a wake-up can save them.
        let patience = if args[4] == "slow" { PATIENCE } else { Duration::from_millis(20) };
        match tx.send(tag, &bytes, Some(Instant::now() + patience)) {
            Ok(()) => {
                n += 1;
                log.write_all_at(&n.to_le_bytes(), 0).expect("room for the log");
                payload(tag, n, &mut bytes);
            }
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
}

/// Receives until its input is closed; what it got stands in its file.
fn role_receiver(args: &[String]) {
    let stop = std::thread::spawn(wait_for_line);
    let node = attached(&args[0]);
    let mut rx = node.open_receiver(channel_id(&args[1])).expect("open");
    let (mut log, mut expected) = (log_file(&args[3]), Vec::new());
    let slow = args[4] == "slow";
    while !stop.is_finished() {
        let deadline = (!slow).then(|| Instant::now() + Duration::from_millis(5));
        match rx.recv(deadline) {
            Ok(message) => {
                note(&mut log, &mut expected, message.tag, message.payload);
                if slow {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
}

fn role_racer(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let (current, stop) = (AtomicU64::new(0), AtomicU64::new(0));
    let opener = || {
        let (mut opened, mut refused) = (0_u32, 0_u32);
        while stop.load(Ordering::Relaxed) == 0 {
            let id = ChannelId::from_bits(current.load(Ordering::Relaxed));
            let sender = node.open_sender(id).map(drop);
            let receiver = node.open_receiver(id).map(drop);
            for outcome in [sender, receiver] {
                match outcome {
                    Ok(()) => opened += 1,
                    Err(ChannelError::Closed { .. } | ChannelError::NotFound) => refused += 1,
                    Err(e) => panic!("{} {e}", e.code()),
                }
            }
        }
        (opened, refused)
    };
    let (mut refused, mut disturbed) = (0_u32, Vec::new());
    let counts = std::thread::scope(|scope| {
        let openers: Vec<_> = (0..3).map(|_| scope.spawn(opener)).collect();
        for _ in 0..if is_long() { 1_000_000 } else { 50_000 } {
            let Ok((mut tx, mut rx)) = node.channel(ChannelOptions::default()) else {
                refused += 1;
                continue;
            };
            current.store(tx.id().bits(), Ordering::Relaxed);
            // Its own ends are open: whatever others do with older ids, it works.
            let sent = tx.try_send(0, b"x").map_err(|e| e.code());
            let got = rx.try_recv().map(|message| message.is_some()).map_err(|e| e.code());
            if (sent, got) != (Ok(()), Ok(true)) {
                disturbed.push(format!("{sent:?} {got:?}"));
            }
            drop(tx);
            drop(rx);
        }
        stop.store(1, Ordering::Relaxed);
        openers.into_iter().map(|opener| opener.join().expect("an opener")).collect::<Vec<_>>()
    });
    say(&format!("opened {counts:?} (opened, refused)"));
    say(&format!("refused {refused}"));
    say(&format!("disturbed {} {:?}", disturbed.len(), &disturbed[..disturbed.len().min(8)]));
    let findings = Auditor::new(node.session()).expect("an auditor").audit(true);
    say(&format!("findings {} {:?}", findings.len(), findings.iter().take(8).collect::<Vec<_>>()));
}
