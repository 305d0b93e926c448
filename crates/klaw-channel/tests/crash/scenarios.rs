//! Who is killed in which scenario, and what must hold afterwards.

use std::time::{Duration, Instant};

use klaw_shm::session;
use klaw_testkit::{Ended, Role, Scratch};
use rustix::process::Signal;

use crate::looks::{drain, drain_until_settled, end_of, numbers, settled, totals};
use crate::{End, Env, MESSAGES, calls};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Scenario {
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
    /// One that sends calls and takes some back dies.
    Caller,
    /// A receiver of calls, some of which were taken back, dies.
    Callee,
    /// A caller dies, then the sweeper that repairs it.
    SweeperOfCaller,
    /// A callee dies, then the sweeper that repairs it.
    SweeperOfCallee,
}

impl Scenario {
    /// Nobody else does anything meanwhile: every run passes the same points. What happens between processes varies otherwise.
    pub(crate) fn is_alone(self) -> bool {
        matches!(self, Self::Caller | Self::Callee)
    }

    fn is_of_calls(self) -> bool {
        matches!(self, Self::Caller | Self::Callee | Self::SweeperOfCaller | Self::SweeperOfCallee)
    }
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::Sender,
    Scenario::Receiver,
    Scenario::Maker,
    Scenario::SweeperOfSender,
    Scenario::SweeperOfReceiver,
    Scenario::SweeperOfMaker,
    Scenario::Caller,
    Scenario::Callee,
    Scenario::SweeperOfCaller,
    Scenario::SweeperOfCallee,
];

/// Where the first victim dies when the scenario is about its sweeper: states that leave something to every repair.
pub(crate) fn victim_points(scenario: Scenario) -> &'static [&'static str] {
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
        Scenario::SweeperOfCaller => {
            &["lane.frozen:1", "lane.message_buried:2", "lane.message_buried:5", "lane.thawed:2"]
        }
        Scenario::SweeperOfCallee => &[
            "lane.batch_claimed:1",
            "lane.batch_claimed:3",
            "lane.intent_stored:2",
            "lane.head_stored:1",
            "lane.taken_all_stored:1",
            "lane.head_ring_moved:1",
        ],
        _ => &[""],
    }
}

/// One run. `crash` is the point of the process that the scenario is about, `victim` that of the one before it. True if
/// the former was killed.
pub(crate) fn run(
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

pub(crate) fn run_in(
    scratch: &Scratch,
    scenario: Scenario,
    (victim, crash): (&str, &str),
    mutant: Option<&str>,
    patience: Duration,
) -> Result<End, String> {
    let all: Env = mutant.map(|m| ("KLAW_MUTANT", m)).into_iter().collect();
    let with = |point| with_crash(&all, point);
    let kind = if scenario.is_of_calls() { "calls" } else { "messages" };
    let mut host = Role::spawn("host", &[scratch.arg(), kind], &all)?;
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
        Scenario::Caller => calls::caller_dies(&mut host, ends, &with(crash), patience)?,
        Scenario::Callee => calls::callee_dies(&mut host, ends, &with(crash), patience)?,
        _ => sweeper_dies(scenario, &mut host, ends, &with(victim), &with(crash))?,
    };
    // A dead sender's slot waits for the records that nobody has read.
    drain_until_settled(&mut host, &path, 0, patience)?;
    if scenario.is_of_calls() {
        calls::books_balance(&path, patience)?;
    }
    host.tell("leave");
    if host.end()? != Ended::Exit(0) {
        return Err("the host could not leave in order".to_owned());
    }
    let left = session::list(scratch.path()).map_err(|e| e.to_string())?;
    if left.is_empty() { Ok(end) } else { Err(format!("left: {left:?}")) }
}

pub(crate) fn with_crash<'a>(all: &Env<'a>, point: &'a str) -> Env<'a> {
    let crash = (!point.is_empty()).then_some(("KLAW_CRASH", point));
    all.iter().copied().chain(crash).collect()
}

pub(crate) fn sender_dies(
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

pub(crate) fn receiver_dies(
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
pub(crate) fn sweeper_dies(
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
        Scenario::SweeperOfCaller => ("caller", ends.to_vec()),
        Scenario::SweeperOfCallee => ("callee", ends.to_vec()),
        _ => ("sender", ends.to_vec()),
    };
    if matches!(role, "receiver" | "callee") {
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
