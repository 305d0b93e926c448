//! Kills real processes at every named crash point of `klaw-channel`, then audits what the others made of it.
//!
//! A host process holds a channel open; senders and receivers come, are killed at one point, and a sweeper that sees
//! the death is killed in the middle of its repair. After each kill: no audit finding, every message that a sender was told is
//! sent is received or counted as lost, none twice, each sender's in order, and nothing left on the machine.
//!
//! Then each mutant: with one repair left out, something of that must be found wrong.

#![expect(clippy::print_stdout, reason = "the table of kills is this program's report")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::audit::Auditor;
use klaw_channel::crash::{ChannelMutant, ChannelPoint};
use klaw_channel::{Arrived, ChannelError, ChannelId, ChannelOptions, Node, Sender, Share};
use klaw_shm::crash::{self, CrashPoint, Named};
use klaw_shm::{Session, session};
use rustix::process::Signal;

use klaw_testkit::{Case, Ended, Outcome, Role, RoleMain, Scratch, eventually, say, wait_for_line};

/// Against hangs. A healthy repair takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a mutant's damage must stand to count as found: far longer than a repair takes.
const MUTANT_PATIENCE: Duration = Duration::from_secs(2);
/// Messages that a sender sends: enough for growth, wraps and a full channel.
const MESSAGES: u32 = 40;
const CAPACITY: u32 = 8;

type Kills = Rc<RefCell<BTreeMap<&'static str, u32>>>;
type Env<'a> = Vec<(&'a str, &'a str)>;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("host", role_host),
        ("sender", role_sender),
        ("receiver", role_receiver),
        ("maker", role_maker),
        ("sweeper", role_sweeper),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    let kills = Kills::default();
    let mut cases = Vec::new();
    for &scenario in SCENARIOS {
        for &victim in victim_points(scenario) {
            let kills = Rc::clone(&kills);
            let name = format!("kill everywhere: {scenario:?} {victim}");
            cases.push(Case::new(name, move || kill_everywhere(scenario, victim, &kills)));
        }
    }
    for &mutant in ChannelMutant::ALL.iter().filter(|mutant| !by_loom(**mutant)) {
        cases.push(Case::new(format!("mutant {} is found", mutant.name()), move || mutant_is_found(mutant)));
    }
    cases.push(Case::new("every crash point has killed", move || every_point_has_killed(&kills)));
    cases
}

/// These change an interleaving and not a repair: loom finds them (`loom_tests`).
fn by_loom(mutant: ChannelMutant) -> bool {
    !mutant.name().starts_with("repair.")
}

/// Passages of one point that are tried; all of them in the long suite.
fn max_hits() -> u32 {
    if std::env::var_os("KLAW_LONG").is_some() { 200 } else { 2 }
}

/// Instead of a crash point: count passages and say them at the end.
const COUNT: &str = "count";

/// How the process that a scenario is about ended.
#[derive(Debug, Default)]
struct End {
    killed: bool,
    /// How often it passed each point, if it was asked to count.
    passages: Vec<(String, u32)>,
}

// --- kills ---

#[derive(Clone, Copy, Debug)]
enum Scenario {
    /// A sender dies while a receiver receives.
    Sender,
    /// A receiver dies while a sender sends.
    Receiver,
    /// One that makes a channel and uses both ends dies.
    Maker,
    /// A sender dies, then the sweeper that repairs it.
    SweeperOfSender,
    /// A receiver dies, then the sweeper that repairs it.
    SweeperOfReceiver,
    /// A maker dies, then the sweeper that repairs it.
    SweeperOfMaker,
}

const SCENARIOS: &[Scenario] = &[
    Scenario::Sender,
    Scenario::Receiver,
    Scenario::Maker,
    Scenario::SweeperOfSender,
    Scenario::SweeperOfReceiver,
    Scenario::SweeperOfMaker,
];

/// Where the first victim dies when the scenario is about its sweeper: states that leave something to every repair.
fn victim_points(scenario: Scenario) -> &'static [&'static str] {
    match scenario {
        Scenario::SweeperOfSender => &[
            "lane.link_written:1",
            "lane.tail_stored:3",
            "credit.grant_half_done:2",
            "channel.lane_listed:1",
            "channel.end_claimed:1",
        ],
        Scenario::SweeperOfReceiver => {
            &["lane.intent_stored:2", "lane.head_stored:2", "lane.lease_released:2", "lane.head_ring_moved:1"]
        }
        Scenario::SweeperOfMaker => &[
            "channel.claimed:1",
            "channel.block_claimed:2",
            "channel.block_linked:2",
            "channel.ends_opened:1",
            "lane.tail_stored:1",
            "transit.stamped:2",
            "transit.arrived:1",
        ],
        _ => &[""],
    }
}

/// First a run without a kill, in which the process that the scenario is about counts how often it passes each point; then
/// one run for each passage.
fn kill_everywhere(scenario: Scenario, victim: &str, kills: &Kills) -> Outcome {
    let passages = run(scenario, victim, COUNT, None, PATIENCE)?.passages;
    for (point, count) in passages {
        let name = named(&point)?;
        for hits in 1..=count.min(max_hits()) {
            let crash = format!("{point}:{hits}");
            let ended = run(scenario, victim, &crash, None, PATIENCE)
                .map_err(|why| format!("killed at {crash}: {why}"))?;
            // What happens between processes varies: it may not come by this time.
            if ended.killed {
                *kills.borrow_mut().entry(name).or_default() += 1;
            }
        }
    }
    Ok(())
}

fn named(point: &str) -> Result<&'static str, String> {
    let mut names =
        ChannelPoint::ALL.iter().map(|p| p.name()).chain(CrashPoint::ALL.iter().map(|p| p.name()));
    names.find(|name| *name == point).ok_or(format!("no crash point {point}"))
}

fn every_point_has_killed(kills: &Kills) -> Outcome {
    let kills = kills.borrow();
    println!();
    for point in ChannelPoint::ALL {
        println!("{:>6} kills at {}", kills.get(point.name()).copied().unwrap_or(0), point.name());
    }
    let missing: Vec<_> =
        ChannelPoint::ALL.iter().map(|p| p.name()).filter(|p| !kills.contains_key(p)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("never killed at {missing:?}")) }
}

/// The points at which a mutant's repair has most to do.
fn mutant_is_found(mutant: ChannelMutant) -> Outcome {
    let points =
        ChannelPoint::ALL.iter().map(|point| point.name()).filter(|name| !name.starts_with("repair."));
    for point in points {
        for &scenario in &SCENARIOS[..3] {
            for hits in [1, 2, 9] {
                if run(scenario, "", &format!("{point}:{hits}"), Some(mutant.name()), MUTANT_PATIENCE)
                    .is_err()
                {
                    return Ok(());
                }
            }
        }
    }
    Err("no audit found anything wrong".to_owned())
}

/// One run. `crash` is the point of the process that the scenario is about, `victim` that of the one before it. True if
/// the former was killed.
fn run(
    scenario: Scenario,
    victim: &str,
    crash: &str,
    mutant: Option<&str>,
    patience: Duration,
) -> Result<End, String> {
    let scratch = Scratch::new()?;
    let outcome = run_in(&scratch, scenario, (victim, crash), mutant, patience);
    // What a failure left must not stay on the machine; after a success there is nothing.
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

fn run_in(
    scratch: &Scratch,
    scenario: Scenario,
    (victim, crash): (&str, &str),
    mutant: Option<&str>,
    patience: Duration,
) -> Result<End, String> {
    let all: Env = mutant.map(|m| ("KLAW_MUTANT", m)).into_iter().collect();
    let with = |point| with_crash(&all, point);
    let mut host = Role::spawn("host", &[scratch.arg()], &all)?;
    let path = host.expect("session")?;
    let channel = host.expect("channel")?;
    let ends: [&str; 2] = [&path, &channel];
    let end = match scenario {
        Scenario::Sender => sender_dies(&mut host, ends, &with(crash), &all, patience)?,
        Scenario::Receiver => receiver_dies(&mut host, ends, &with(crash), &all, patience)?,
        Scenario::Maker => {
            let mut maker = Role::spawn("maker", &[&path], &with(crash))?;
            end_of(&mut maker)?.0
        }
        Scenario::SweeperOfSender | Scenario::SweeperOfReceiver | Scenario::SweeperOfMaker => {
            sweeper_dies(scenario, &mut host, ends, &with(victim), &with(crash))?
        }
    };
    // A dead sender's slot waits for the records that nobody has read.
    drain(&mut host)?;
    settled(&path, patience)?;
    host.tell("leave");
    if host.end()? != Ended::Exit(0) {
        return Err("the host could not leave in order".to_owned());
    }
    let left = session::list(scratch.path()).map_err(|e| e.to_string())?;
    if left.is_empty() { Ok(end) } else { Err(format!("left: {left:?}")) }
}

fn with_crash<'a>(all: &Env<'a>, point: &'a str) -> Env<'a> {
    let crash = (!point.is_empty()).then_some(("KLAW_CRASH", point));
    all.iter().copied().chain(crash).collect()
}

/// Looks as a process that is no member: what is wrong must go away by itself.
fn settled(path: &str, patience: Duration) -> Outcome {
    let session = Session::attach(Path::new(path)).map_err(|e| e.to_string())?;
    let auditor = Auditor::new(&session).map_err(|e| e.to_string())?;
    eventually(patience, || {
        let findings = auditor.audit(true);
        if findings.is_empty() { Ok(()) } else { Err(format!("the audit finds {findings:?}")) }
    })
}

fn totals(path: &str) -> Result<klaw_channel::audit::Totals, String> {
    let session = Session::attach(Path::new(path)).map_err(|e| e.to_string())?;
    Ok(Auditor::new(&session).map_err(|e| e.to_string())?.totals())
}

/// Waits for the end of a role: how it ended, and what it said until then.
fn end_of(role: &mut Role) -> Result<(End, Vec<String>), String> {
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
fn numbers(said: &[String], prefix: &str) -> Vec<u32> {
    said.iter().filter_map(|line| line.strip_prefix(prefix)?.trim().parse().ok()).collect()
}

/// The host drains the channel: the numbers it got.
fn drain(host: &mut Role) -> Result<Vec<u32>, String> {
    host.tell("drain");
    let line = host.expect("drained")?;
    Ok(line.split_whitespace().filter_map(|n| n.parse().ok()).collect())
}

fn sender_dies(
    host: &mut Role,
    ends: [&str; 2],
    env: &Env<'_>,
    others: &Env<'_>,
    patience: Duration,
) -> Result<End, String> {
    let mut receiver = Role::spawn("receiver", &ends, others)?;
    receiver.expect("ready")?;
    let mut sender = Role::spawn("sender", &ends, env)?;
    sender.tell("go");
    let (end, said) = end_of(&mut sender)?;
    let acknowledged = numbers(&said, "sent");
    settled(ends[0], patience)?;
    receiver.tell("stop");
    let mut got = numbers(&end_of(&mut receiver)?.1, "got");
    got.extend(drain(host)?);
    got.sort_unstable();
    let prefix: Vec<_> = (0..u32::try_from(got.len()).unwrap_or(0)).collect();
    if got != prefix || got.len() < acknowledged.len() {
        return Err(format!("acknowledged {}, received {got:?}", acknowledged.len()));
    }
    Ok(end)
}

fn receiver_dies(
    host: &mut Role,
    ends: [&str; 2],
    env: &Env<'_>,
    others: &Env<'_>,
    patience: Duration,
) -> Result<End, String> {
    let mut receiver = Role::spawn("receiver", &[ends[0], ends[1], "some"], env)?;
    let mut sender = Role::spawn("sender", &ends, others)?;
    sender.expect("ready")?;
    sender.tell("go");
    // The receiver stops by itself or is killed; what it leaves must not keep the sender waiting for ever.
    let (end, said) = end_of(&mut receiver)?;
    let said = numbers(&said, "got");
    let mut got = Vec::new();
    let deadline = Instant::now() + patience;
    while sender.try_end()?.is_none() {
        if Instant::now() > deadline {
            return Err("the sender waits for room that is there".to_owned());
        }
        got.extend(drain(host)?);
    }
    got.extend(drain(host)?);
    settled(ends[0], patience)?;
    let totals = totals(ends[0])?;
    let mut all: Vec<_> = said.iter().chain(&got).copied().collect();
    all.sort_unstable();
    let twice = all.windows(2).any(|pair| pair[0] == pair[1]);
    // It may have died between taking a message from its batch and saying so.
    let unsaid = totals.handed.wrapping_sub(all.len() as u64);
    if twice
        || totals.taken != u64::from(MESSAGES)
        || totals.handed + totals.lost != totals.taken
        || unsaid > 1
    {
        return Err(format!("{totals:?}, said {said:?}, then got {got:?}"));
    }
    Ok(end)
}

/// The sweeper is alone with the dead: the host is stopped meanwhile.
fn sweeper_dies(
    scenario: Scenario,
    host: &mut Role,
    ends: [&str; 2],
    victim: &Env<'_>,
    sweeper: &Env<'_>,
) -> Result<End, String> {
    let mut sweeper = Role::spawn("sweeper", &[ends[0]], sweeper)?;
    sweeper.expect("ready")?;
    let (role, args) = match scenario {
        Scenario::SweeperOfMaker => ("maker", vec![ends[0]]),
        Scenario::SweeperOfReceiver => ("receiver", vec![ends[0], ends[1], "some"]),
        _ => ("sender", ends.to_vec()),
    };
    if role == "receiver" {
        host.tell("fill");
        host.expect("filled")?;
    }
    host.stop()?;
    let mut victim = Role::spawn(role, &args, victim)?;
    victim.tell("go");
    if !end_of(&mut victim)?.0.killed {
        return Err("the victim was not killed: its point does not come".to_owned());
    }
    // The host goes on only afterwards: it would else be faster here and there, and repair in the sweeper's place.
    sweeper.tell("leave");
    let ended = end_of(&mut sweeper);
    host.signal(Signal::CONT);
    Ok(ended?.0)
}

// --- roles ---

fn arm() {
    if let Ok(mutant) = std::env::var("KLAW_MUTANT") {
        crash::arm_mutant(&mutant);
    }
    if let Ok(point) = std::env::var("KLAW_CRASH") {
        if point == COUNT {
            return crash::count_passages();
        }
        let (name, hits) = point.split_once(':').expect("name:hits");
        crash::arm(name, hits.parse().expect("a count"));
    }
}

/// At the end of a role: what it passed, if it was asked to count.
fn report() {
    for (point, count) in crash::passages() {
        say(&format!("passed {point} {count}"));
    }
}

fn attached(path: &str) -> Arc<Node> {
    Node::attach(Path::new(path)).expect("attach")
}

fn channel_id(text: &str) -> ChannelId {
    ChannelId::from_bits(text.parse().expect("an id"))
}

fn options() -> ChannelOptions {
    ChannelOptions { capacity: CAPACITY, max_bytes: 64 << 10, ..ChannelOptions::default() }
}

/// Message `n`: sizes that grow, wrap, need a ring of their own, and shrink again.
fn payload(n: u32) -> Vec<u8> {
    let sizes = [8, 700, 40, 3_000, 16, 1_200, 9_000, 0];
    let byte = u8::try_from(n % 251).expect("below 251");
    vec![byte; sizes[n as usize % sizes.len()]]
}

fn check(n: u32, bytes: &[u8]) {
    assert_eq!(bytes, payload(n), "message {n} is torn");
}

fn soon() -> Instant {
    Instant::now() + PATIENCE
}

/// Makes the session and a channel, keeps both ends open, drains on demand.
fn role_host(args: &[String]) {
    arm();
    let node = Node::create(Path::new(&args[0])).expect("create");
    let (mut tx, mut rx) = node.channel(options()).expect("channel");
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    loop {
        match wait_for_line().as_str() {
            "drain" => {
                let mut got = Vec::new();
                while let Some(message) = rx.try_recv().expect("the host holds a sender") {
                    check(message.tag, message.payload);
                    got.push(message.tag.to_string());
                }
                say(&format!("drained {}", got.join(" ")));
            }
            "fill" => {
                for n in 0..CAPACITY {
                    tx.try_send(n, &payload(n)).expect("room");
                }
                say("filled");
            }
            _ => return,
        }
    }
}

/// Sends `MESSAGES` messages and says each that was sent.
fn role_sender(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut tx = node.open_sender(channel_id(&args[1])).expect("open");
    say("ready");
    let _go = wait_for_line();
    send_all(&mut tx);
    drop((tx, node));
    report();
}

fn send_all(tx: &mut Sender) {
    for n in 0..MESSAGES {
        let sent = if n % 2 == 0 { tx.send(n, &payload(n), Some(soon())) } else { send_in_a_turn(tx, n) };
        match sent {
            Ok(()) => say(&format!("sent {n}")),
            Err(e) => panic!("{e}"),
        }
    }
}

/// As an event loop sends: what it leased and did not use goes back at the end of the turn.
fn send_in_a_turn(tx: &mut Sender, n: u32) -> Result<(), ChannelError> {
    match tx.push(n, &payload(n)) {
        Err(ChannelError::Full { .. }) => tx.send(n, &payload(n), Some(soon()))?,
        pushed => pushed?,
    }
    tx.publish();
    tx.flush();
    Ok(())
}

/// Receives and says each message: a third of them if it is to take "some", else until told to stop and nothing is left.
fn role_receiver(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    let mut rx = node.open_receiver(channel_id(&args[1])).expect("open");
    say("ready");
    let some = args.get(2).is_some_and(|arg| arg == "some");
    let stop = std::thread::spawn(wait_for_line);
    let mut got = 0;
    loop {
        match rx.recv(Some(Instant::now() + Duration::from_millis(5))) {
            Ok(message) => {
                check(message.tag, message.payload);
                got += 1;
                say(&format!("got {}", message.tag));
            }
            Err(ChannelError::Timeout { .. }) if stop.is_finished() => break,
            Err(ChannelError::Timeout { .. }) => {}
            Err(e) => panic!("{e}"),
        }
        if some && got > MESSAGES / 3 {
            break;
        }
    }
    drop((rx, node));
    report();
}

/// Ends that travel: used, left lying, and in messages that nobody reads.
fn send_ends(node: &Arc<Node>) {
    let (mut mail, mut inbox) = node.channel(options()).expect("channel");
    for n in 0..3 {
        let (tx, rx) = node.channel(options()).expect("channel");
        mail.send_with(n, b"", &[Share::Sender(&tx), Share::Receiver(&rx)], Some(soon())).expect("room");
        drop((tx, rx));
        if n == 0 {
            inbox.recv(Some(soon())).expect("a message");
            for end in inbox.take_ends() {
                if let Arrived::Sender(mut tx) = end {
                    tx.try_send(0, b"x").expect("its receiver is in the message");
                }
            }
        }
    }
    inbox.recv(Some(soon())).expect("a message");
}

/// Makes channels of its own, uses both ends of them, leaves them in every order.
fn role_maker(args: &[String]) {
    let node = attached(&args[0]);
    arm();
    send_ends(&node);
    for round in 0..2 {
        let (mut tx, mut rx) = node.channel(options()).expect("channel");
        let clones: Vec<_> = (0..20).map(|_| tx.try_clone().expect("clone")).collect();
        for n in 0..4 {
            tx.try_send(n, &payload(n)).expect("room");
        }
        assert_eq!(rx.recv(Some(soon())).expect("a message").tag, 0);
        while tx.try_send(0, b"x").is_ok() {}
        // Full: this sender waits, in vain.
        let late = tx.send(0, b"x", Some(Instant::now() + Duration::from_millis(1)));
        assert!(matches!(late, Err(ChannelError::Timeout { .. })), "{late:?}");
        drop(clones);
        if round == 0 {
            drop(rx);
            assert!(matches!(tx.try_send(0, b"x"), Err(ChannelError::Closed { .. })));
        } else {
            drop(tx);
            while rx.recv(Some(soon())).is_ok() {}
        }
    }
    drop(node);
    report();
}

/// Is a member, and leaves when it has swept somebody.
fn role_sweeper(args: &[String]) {
    let node = attached(&args[0]);
    crash::count_passages();
    arm();
    say("ready");
    let _left = wait_for_line();
    let swept = || crash::passages().iter().any(|(point, _)| *point == CrashPoint::SweepUnnamed.name());
    eventually(PATIENCE, || if swept() { Ok(()) } else { Err("nobody to sweep".to_owned()) })
        .expect("a sweep");
    drop(node);
    report();
}
