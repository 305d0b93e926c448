//! Kills real processes at every named crash point of `klaw-shm`, then audits what the survivors made of it.
//!
//! Every operation that passes a crash point is a role. For each point and each n, the role dies when it reaches the
//! point for the n-th time, until a run ends without a kill: then all of its passages have been tried. After each
//! kill a survivor must find nothing wrong, and after the survivor's end nothing may be left on the machine.
//!
//! Then each mutant: with one repair left out, the same audits must find something.

#![expect(clippy::print_stdout, reason = "the table of kills is this program's report")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use klaw_shm::audit::audit;
use klaw_shm::crash::{self, CrashPoint, Mutant, Named};
use klaw_shm::{Member, PortKind, Session, session};
use rustix::process::Signal;

use klaw_testkit::{Case, Ended, Outcome, Role, RoleMain, Scratch, eventually, say, wait_for_line};

/// Against hangs. A healthy repair takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a mutant's damage must stand to count as found: far longer than a repair takes.
const MUTANT_PATIENCE: Duration = Duration::from_secs(2);
/// No role passes one crash point more often than this; a higher count is a loop that never ends.
const MAX_HITS: u32 = 64;

type Kills = Rc<RefCell<BTreeMap<&'static str, u32>>>;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("create", role_create),
        ("attach", role_attach),
        ("survivor", role_survivor),
        ("sleeper", role_sleeper),
        ("ringer", role_ringer),
        ("janitor", role_janitor),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    let kills = Kills::default();
    let mut cases = Vec::new();
    for &point in CrashPoint::ALL {
        let kills = Rc::clone(&kills);
        cases.push(Case::new(format!("kill at {}", point.name()), move || kill_everywhere(point, &kills)));
    }
    for &mutant in Mutant::ALL {
        // These change an interleaving and not a repair: loom finds them (`loom_tests`).
        let by_loom = matches!(
            mutant,
            Mutant::LookWithoutFence | Mutant::SweepWithoutSecondLook | Mutant::FreeWithoutScan
        );
        if !by_loom {
            cases.push(Case::new(format!("mutant {} is found", mutant.name()), move || {
                mutant_is_found(mutant)
            }));
        }
    }
    cases.push(Case::new("every crash point has killed", move || every_point_has_killed(&kills)));
    cases
}

// --- kills ---

fn kill_everywhere(point: CrashPoint, kills: &Kills) -> Outcome {
    for &scenario in SCENARIOS {
        for hits in 1..=MAX_HITS {
            let scratch = Scratch::new()?;
            let crash = format!("{}:{hits}", point.name());
            let killed = scenario(&scratch, &[("KLAW_CRASH", &crash)], PATIENCE)
                .map_err(|why| format!("at hit {hits}: {why}"))?;
            nothing_left(scratch.path(), &[]).map_err(|why| format!("at hit {hits}: {why}"))?;
            if !killed {
                break;
            }
            *kills.borrow_mut().entry(point.name()).or_default() += 1;
            if hits == MAX_HITS {
                return Err("the role passes this point without end".to_owned());
            }
        }
    }
    Ok(())
}

fn every_point_has_killed(kills: &Kills) -> Outcome {
    let kills = kills.borrow();
    println!();
    for point in CrashPoint::ALL {
        println!("{:>6} kills at {}", kills.get(point.name()).copied().unwrap_or(0), point.name());
    }
    let missing: Vec<_> =
        CrashPoint::ALL.iter().map(|p| p.name()).filter(|p| !kills.contains_key(p)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("never killed at {missing:?}")) }
}

fn mutant_is_found(mutant: Mutant) -> Outcome {
    let scratch = Scratch::new()?;
    let env = [("KLAW_MUTANT", mutant.name())];
    for &scenario in SCENARIOS {
        let audited = scenario(&scratch, &env, MUTANT_PATIENCE);
        if audited.is_err() || nothing_left(scratch.path(), &env).is_err() {
            // What the mutant left must not stay on the machine.
            return session::clean(scratch.path()).map(drop).map_err(|e| e.to_string());
        }
    }
    Err("no audit found anything wrong".to_owned())
}

/// A scenario arms `env` in the role that it is about, lets it run into its end, and audits what others see. True
/// if that role was killed.
type Scenario = fn(&Scratch, &[(&str, &str)], Duration) -> Result<bool, String>;

const SCENARIOS: &[Scenario] = &[creator_dies, joiner_dies, sweeper_dies, ringer_dies, janitor_dies];

fn creator_dies(scratch: &Scratch, env: &[(&str, &str)], _: Duration) -> Result<bool, String> {
    let mut creator = Role::spawn("create", &[scratch.arg()], env)?;
    Ok(creator.end()? == Ended::KILLED)
}

fn joiner_dies(scratch: &Scratch, env: &[(&str, &str)], patience: Duration) -> Result<bool, String> {
    let (mut survivor, path) = survivor(scratch, env_of_mutant(env))?;
    let mut joiner = Role::spawn("attach", &[&path], env)?;
    let ended = joiner.end()?;
    audited(&path, patience)?;
    leave(&mut survivor)?;
    Ok(ended == Ended::KILLED)
}

/// A victim dies by kill -9; the sweeper that sees it dies while it sweeps; a third one finishes. That one is stopped
/// meanwhile, so that the sweeper gets to its point.
fn sweeper_dies(scratch: &Scratch, env: &[(&str, &str)], patience: Duration) -> Result<bool, String> {
    let (mut sweeper, path) = survivor(scratch, env)?;
    let mut victim = Role::spawn("sleeper", &[&path], env_of_mutant(env))?;
    victim.expect("asleep")?;
    let mut third = Role::spawn("sleeper", &[&path], env_of_mutant(env))?;
    third.expect("asleep")?;
    third.stop()?;
    victim.kill()?;
    let session = attach(&path)?;
    let swept = eventually(patience, || match (sweeper.try_end()?, audit(&session)) {
        (None, findings) if !findings.is_empty() => Err(format!("the audit finds {findings:?}")),
        _ => Ok(()),
    });
    third.signal(Signal::CONT);
    swept?;
    sleeper_woken(&mut third, patience)?;
    sweeper.tell("leave");
    let ended = sweeper.end()?;
    audited(&path, patience)?;
    leave(&mut third)?;
    Ok(ended == Ended::KILLED)
}

/// The ringer publishes and rings; killed after the byte, its peer must still wake and see what was published.
fn ringer_dies(scratch: &Scratch, env: &[(&str, &str)], patience: Duration) -> Result<bool, String> {
    let (mut survivor, path) = survivor(scratch, env_of_mutant(env))?;
    let mut sleeper = Role::spawn("sleeper", &[&path], env_of_mutant(env))?;
    let port = sleeper.expect("asleep")?;
    let mut ringer = Role::spawn("ringer", &[&path, &port], env)?;
    let ended = ringer.end()?;
    sleeper_woken(&mut sleeper, patience)?;
    audited(&path, patience)?;
    leave(&mut sleeper)?;
    leave(&mut survivor)?;
    Ok(ended == Ended::KILLED)
}

/// Everybody of a session is killed; the janitor that clears it away is killed too.
fn janitor_dies(scratch: &Scratch, env: &[(&str, &str)], _: Duration) -> Result<bool, String> {
    let (mut creator, _) = survivor(scratch, env_of_mutant(env))?;
    creator.kill()?;
    let mut janitor = Role::spawn("janitor", &[scratch.arg()], env)?;
    Ok(janitor.end()? == Ended::KILLED)
}

/// A mutant concerns everybody, a crash point only the role that a scenario is about.
fn env_of_mutant<'a>(env: &'a [(&'a str, &'a str)]) -> &'a [(&'a str, &'a str)] {
    if env.iter().any(|(key, _)| *key == "KLAW_MUTANT") { env } else { &[] }
}

fn survivor(scratch: &Scratch, env: &[(&str, &str)]) -> Result<(Role, String), String> {
    let mut role = Role::spawn("survivor", &[scratch.arg()], env)?;
    let path = role.expect("session")?;
    Ok((role, path))
}

fn attach(path: &str) -> Result<Arc<Session>, String> {
    Session::attach(Path::new(path)).map_err(|e| e.to_string())
}

fn sleeper_woken(sleeper: &mut Role, patience: Duration) -> Outcome {
    let woken = std::cell::Cell::new(false);
    eventually(patience, || {
        if !woken.get() && sleeper.try_line().is_some_and(|line| line == "woken") {
            woken.set(true);
        }
        if woken.get() { Ok(()) } else { Err("the sleeper was not rung".to_owned()) }
    })
}

fn leave(role: &mut Role) -> Outcome {
    role.tell("leave");
    match role.end()? {
        Ended::Exit(0) => Ok(()),
        other => Err(format!("a survivor ended by {other:?}")),
    }
}

/// Looks at the session as a process that is no member of it: what is wrong must go away by itself.
fn audited(path: &str, patience: Duration) -> Outcome {
    let session = attach(path)?;
    eventually(patience, || {
        let findings = audit(&session);
        if findings.is_empty() { Ok(()) } else { Err(format!("the audit finds {findings:?}")) }
    })
}

/// The next start clears everything away: no directory, no segment. `env` is in force in that start.
fn nothing_left(base: &Path, env: &[(&str, &str)]) -> Outcome {
    let mut janitor = Role::spawn("janitor", &[base.to_str().unwrap_or_default()], env)?;
    // Names go before the directory: a segment without one was forgotten.
    let strays = janitor.expect("stray segments")?;
    janitor.end()?;
    let left = session::list(base).map_err(|e| e.to_string())?;
    if strays != "0" || !left.is_empty() {
        return Err(format!("{strays} segments without a directory, sessions left: {left:?}"));
    }
    Ok(())
}

// --- roles ---

/// Arms what the case asked for, before the role does anything.
fn arm() {
    if let Ok(mutant) = std::env::var("KLAW_MUTANT") {
        crash::arm_mutant(&mutant);
    }
    if let Ok(point) = std::env::var("KLAW_CRASH") {
        let (name, hits) = point.split_once(':').expect("name:hits");
        crash::arm(name, hits.parse().expect("a count"));
    }
}

fn joined(session: &Arc<Session>) -> Arc<Member> {
    Member::join(session, Vec::new()).expect("join")
}

/// Creates a session, joins it, opens ports, leaves.
fn role_create(args: &[String]) {
    arm();
    let session = Session::create(Path::new(&args[0])).expect("create");
    use_ports(&joined(&session));
}

/// Attaches to a session, joins it, opens ports, leaves.
fn role_attach(args: &[String]) {
    arm();
    let session = Session::attach(Path::new(&args[0])).expect("attach");
    use_ports(&joined(&session));
}

fn use_ports(member: &Arc<Member>) {
    let event_loop = member.open_port(PortKind::EventLoop).expect("port");
    let thread = member.open_port(PortKind::Thread).expect("port");
    drop(event_loop);
    drop(thread);
}

/// Creates a session and stays until told to leave.
fn role_survivor(args: &[String]) {
    let session = Session::create(Path::new(&args[0])).expect("create");
    let member = joined(&session);
    arm();
    say(&format!("session {}", session.path().display()));
    let _left = wait_for_line();
    drop(member);
}

/// Attaches and sleeps at a thread's port until rung; says so, and stays until told to leave.
fn role_sleeper(args: &[String]) {
    arm();
    let session = Session::attach(Path::new(&args[0])).expect("attach");
    let member = joined(&session);
    let port = member.open_port(PortKind::Thread).expect("port");
    let mut looks = 0_u32;
    port.wait(None, || {
        looks += 1;
        // The look after arming: from now on nothing but a ring wakes this thread.
        if looks == klaw_shm::port::SPINS + 1 {
            say(&format!("asleep {}", port.index()));
        }
        looks > klaw_shm::port::SPINS + 1
    });
    say("woken");
    let _left = wait_for_line();
}

/// Rings a port and leaves.
fn role_ringer(args: &[String]) {
    let session = Session::attach(Path::new(&args[0])).expect("attach");
    let member = joined(&session);
    let port = args[1].parse().expect("a port");
    arm();
    session.look_fenced(port);
    drop(member);
}

fn role_janitor(args: &[String]) {
    arm();
    let cleaned = session::clean(Path::new(&args[0])).expect("clean");
    say(&format!("stray segments {}", cleaned.stray_segments));
}
