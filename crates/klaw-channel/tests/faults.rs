//! What a user of `klaw-channel` sees when the machine or a neighbour misbehaves.
//!
//! `KLAW_LONG=1` for more rounds of hostile memory; `KLAW_SEED=n` for one round, with that seed.

#![cfg(not(loom))]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::audit::Auditor;
use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node, RINGS, Receiver, Sender, TABLES};
use klaw_shm::{Session, session};
use klaw_testkit::{Case, Ended, Outcome, Role, RoleMain, Scratch, say, wait_for_line};
use rustix::fs::{SeekFrom, seek};

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// For what hostile memory may never let happen.
const SHORT: Duration = Duration::from_millis(5);
/// Where the tables' root page starts, and where it ends.
const ROOT_AT: u64 = 4096;
const TABLES_AT: u64 = 8192;

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("tight", role_tight),
        ("host", role_host),
        ("visitor", role_visitor),
        ("auditor", role_auditor),
        ("guest", role_guest),
        ("cycles", role_cycles),
        ("peer", role_peer),
        ("crowded", role_crowded),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    vec![
        Case::new("a /dev/shm of 64 KiB can't hold a session, and says so", || full_shm("64k")),
        Case::new("a /dev/shm of 2 MiB is an error or a full channel, never a signal", || full_shm("2m")),
        Case::new("a /dev/shm of 64 MiB is an error or a full channel, never a signal", || full_shm("64m")),
        Case::new("noise in all tables ends in errors", || hostile(Damage::Tables, use_session)),
        Case::new("noise in all tables and their counters ends in errors", || {
            hostile(Damage::Root, use_session)
        }),
        Case::new("noise in ring memory ends in errors", || hostile(Damage::Rings, use_session)),
        Case::new("noise in tables and rings ends in errors", || hostile(Damage::All, use_session)),
        Case::new("flipped bits in a live channel end in errors", || hostile(Damage::Bits, use_session)),
        Case::new("an audit of noise ends in findings", || hostile(Damage::Tables, audit_session)),
        Case::new("an audit of noise and counters ends in findings", || hostile(Damage::Root, audit_session)),
        Case::new("an audit of flipped bits ends in findings", || hostile(Damage::Bits, audit_session)),
        Case::new("a corrupt record is an error, and what lies before it comes once", || {
            in_scratch(corrupt_record)
        }),
        Case::new("another layout of the channels is refused by name", || in_scratch(other_layout)),
        Case::new("two hundred sessions leave no descriptor, mapping or memory behind", || {
            in_scratch(no_leaks)
        }),
        Case::new("sixteen processes at one channel lose and double nothing", || in_scratch(sixteen)),
        Case::new("the 4097th channel is an error, and a dropped one makes room", || in_scratch(table_full)),
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

// --- a full /dev/shm ---

/// In a mount namespace of its own.
fn full_shm(size: &str) -> Outcome {
    let scratch = Scratch::new()?;
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    let mount = format!("mount -t tmpfs -o size={size} tmpfs /dev/shm && exec \"$0\" --klaw-role \"$@\"");
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount]).arg(exe);
    let mut role = Role::spawn_command(&mut unshare, "tight", &[scratch.arg()], &[])?;
    let mut said =
        vec![role.line().map_err(|e| format!("{e}; this case needs user and mount namespaces (unshare)"))?];
    while let Ok(line) = role.line() {
        said.push(line);
    }
    let ended = role.end()?;
    check(ended == Ended::Exit(0), || format!("{ended:?}, said {said:?}"))?;
    let wanted = if size == "64k" { "create ERR_KLAW_SHM_EXHAUSTED" } else { "small again" };
    check(said.iter().any(|line| line.starts_with(wanted)), || format!("said {said:?}"))?;
    check(said.last().is_some_and(|line| line == "left 0"), || format!("something was left: {said:?}"))
}

/// Fills shared memory in every way there is, and wants to get on afterwards.
fn role_tight(args: &[String]) {
    let base = Path::new(&args[0]);
    match Node::create(base) {
        Ok(node) => {
            fill_with_messages(&node);
            fill_with_channels(&node);
        }
        Err(e) => say(&format!("create {} {e}", e.code())),
    }
    let left = std::fs::read_dir("/dev/shm").map_or(99, Iterator::count);
    let sessions = session::list(base).map_or(99, |s| s.len());
    say(&format!("left {}", left + sessions));
}

fn fill_with_messages(node: &Arc<Node>) {
    let (mut tx, mut rx) = match node.channel(ChannelOptions {
        capacity: 1 << 20,
        max_bytes: 1 << 30,
        ..ChannelOptions::default()
    }) {
        Ok(ends) => ends,
        Err(e) => return say(&format!("channel {}", exhausted(&e))),
    };
    for round in 0..3_u8 {
        // From large to small: what one can't have, a smaller one may still have.
        for bytes in [16 << 20, 1 << 20, 60_000, 3_000, 100] {
            let payload = vec![round; bytes];
            let mut sent = 0;
            let error = loop {
                match tx.try_send(1, &payload) {
                    Ok(()) => sent += 1,
                    Err(e) => break e,
                }
            };
            say(&format!("{sent} of {bytes} bytes, then {}", exhausted(&error)));
        }
        // Another sender and another process's view must do with what is left.
        let other = tx.try_clone().and_then(|mut other| other.try_send(1, &[round]));
        other.unwrap_or_else(|e| say(&format!("another sender {}", exhausted(&e))));
        while let Some(message) = rx.try_recv().expect("a sender is left") {
            assert!(message.payload.iter().all(|&byte| byte == round), "a torn message");
        }
    }
    for n in 0..1_000_u32 {
        tx.try_send(2, &n.to_le_bytes()).expect("room for small messages");
        assert_eq!(rx.try_recv().expect("open").expect("a message").payload, n.to_le_bytes());
    }
    say("small again");
}

fn fill_with_channels(node: &Arc<Node>) {
    let mut channels = Vec::new();
    let error = loop {
        let made = node.channel(ChannelOptions::default()).and_then(|(mut tx, rx)| {
            tx.try_send(0, b"its first ring")?;
            Ok((tx, rx))
        });
        match made {
            Ok(ends) => channels.push(ends),
            Err(e) => break e,
        }
    };
    say(&format!("{} channels, then {}", channels.len(), error.code()));
    for (_, rx) in &mut channels {
        let message = rx.try_recv().expect("open").expect("a message");
        assert_eq!(message.payload, b"its first ring");
    }
}

/// The code of an error that a full file system may lead to.
fn exhausted(error: &ChannelError) -> &'static str {
    let code = error.code();
    let allowed = ["ERR_KLAW_CHANNEL_FULL", "ERR_KLAW_SHM_EXHAUSTED"];
    assert!(allowed.contains(&code), "{code} {error}");
    code
}

// --- hostile memory ---

/// What is overwritten while everybody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Tables,
    /// The tables with their root page.
    Root,
    Rings,
    All,
    /// A few bits, one after the other, in what is in use.
    Bits,
}

/// A session that is damaged, step by step, and used after each.
struct Victim {
    host: Role,
    path: String,
    channel: String,
    /// What was damaged so far, if it is few enough to tell.
    damage: Vec<String>,
}

fn hostile(damage: Damage, live: fn(&mut Victim, last: bool) -> Outcome) -> Outcome {
    let given = std::env::var("KLAW_SEED").ok().and_then(|seed| seed.parse().ok());
    let rounds = match (damage, std::env::var_os("KLAW_LONG").is_some()) {
        (Damage::Bits, false) => 24,
        (Damage::Bits, true) => 1_000,
        (_, false) => 4,
        (_, true) => 50,
    };
    let seeds: Vec<u64> = given.map_or((1..=rounds).collect(), |seed| vec![seed]);
    let mut wrong = Vec::new();
    for &seed in &seeds {
        wrong.extend(hostile_round(damage, seed, live).err().map(|why| format!("KLAW_SEED={seed}: {why}")));
    }
    check(wrong.is_empty(), || format!("{} of {} rounds:\n{}", wrong.len(), seeds.len(), wrong.join("\n")))
}

fn hostile_round(damage: Damage, seed: u64, live: fn(&mut Victim, bool) -> Outcome) -> Outcome {
    let scratch = Scratch::new()?;
    let mut host = Role::spawn("host", &[scratch.arg()], &[])?;
    let path = host.expect("session")?;
    let channel = host.expect("channel")?;
    let mut victim = Victim { host, path, channel, damage: Vec::new() };
    let outcome = torment(&mut victim, damage, seed, live);
    let outcome = outcome.map_err(|why| format!("{why} after {:?}", victim.damage));
    // Whatever became of it, the machine is to be as it was.
    drop(victim);
    session::clean(scratch.path()).map_err(|e| e.to_string())?;
    outcome
}

fn torment(
    victim: &mut Victim,
    damage: Damage,
    seed: u64,
    live: fn(&mut Victim, bool) -> Outcome,
) -> Outcome {
    let mut guest = Role::spawn("guest", &[&victim.path, &victim.channel], &[])?;
    guest.expect("joined")?;
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..if damage == Damage::Bits { 6 } else { 1 } {
        victim.damage.extend(inflict(&victim.path, damage, &mut state)?);
        live(victim, false)?;
    }
    guest.kill()?;
    live(victim, true)
}

/// Others come and go, the host goes on, and leaves at last.
fn use_session(victim: &mut Victim, last: bool) -> Outcome {
    visit("visitor", &victim.path, &victim.channel)?;
    work(&mut victim.host)?;
    if last {
        victim.host.tell("leave");
        ends_well(&mut victim.host)?;
    }
    Ok(())
}

fn audit_session(victim: &mut Victim, _last: bool) -> Outcome {
    visit("auditor", &victim.path, &victim.channel)
}

/// A process comes, tries everything once, and goes.
fn visit(role: &str, path: &str, channel: &str) -> Outcome {
    let mut visitor = Role::spawn(role, &[path, channel], &[])?;
    ends_well(&mut visitor)
}

fn work(host: &mut Role) -> Outcome {
    host.tell("work");
    loop {
        match host.line() {
            Ok(line) if line == "worked" => return Ok(()),
            Ok(line) if line.starts_with("panic") => return Err(line),
            Ok(_) => {}
            Err(e) => return Err(format!("{e}, end {:?}", host.try_end())),
        }
    }
}

fn ends_well(role: &mut Role) -> Outcome {
    let ended = role.end()?;
    let mut said = Vec::new();
    while let Ok(line) = role.line() {
        said.push(line);
    }
    check(ended == Ended::Exit(0), || format!("{ended:?}, said {said:?}"))
}

/// Overwrites; what and where, if it is few enough to tell.
fn inflict(path: &str, damage: Damage, state: &mut u64) -> Result<Vec<String>, String> {
    let (tables, rings) = (segment_file(path, TABLES.name)?, segment_file(path, RINGS.name)?);
    if damage == Damage::Bits {
        return flip(&tables, state).map(|flipped| vec![flipped]);
    }
    if damage != Damage::Rings {
        let from = if damage == Damage::Tables { TABLES_AT } else { ROOT_AT };
        // With counters of any value, all of a table may count as used.
        scatter(&tables, from..TABLES.bytes, state)?;
    }
    if matches!(damage, Damage::Rings | Damage::All) {
        for range in used(&rings, ROOT_AT)? {
            scatter(&rings, range, state)?;
        }
    }
    Ok(Vec::new())
}

/// The segment as a file, as a neighbour of the same user can open it.
fn segment_file(path: &str, kind: &str) -> Result<File, String> {
    let id = Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let uid = rustix::process::geteuid().as_raw();
    let name = format!("/dev/shm/klaw-{uid}-{id}-{kind}");
    OpenOptions::new().read(true).write(true).open(&name).map_err(|e| format!("{name}: {e}"))
}

/// The parts of a segment that have memory.
fn used(file: &File, from: u64) -> Result<Vec<std::ops::Range<u64>>, String> {
    let mut parts = Vec::new();
    let mut at = from;
    while let Ok(start) = seek(file, SeekFrom::Data(at)) {
        let end = seek(file, SeekFrom::Hole(start)).map_err(|e| e.to_string())?;
        parts.push(start..end);
        at = end;
    }
    Ok(parts)
}

fn scatter(file: &File, range: std::ops::Range<u64>, state: &mut u64) -> Outcome {
    let words = (range.end - range.start) / 8;
    let noise: Vec<u8> = (0..words).flat_map(|_| xorshift(state).to_le_bytes()).collect();
    file.write_all_at(&noise, range.start).map_err(|e| e.to_string())
}

/// Flips one bit, or a whole byte, of a word that somebody has written or that is next to one.
fn flip(file: &File, state: &mut u64) -> Result<String, String> {
    let mut words = Vec::new();
    for range in used(file, ROOT_AT)? {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(|e| e.to_string())?];
        file.read_exact_at(&mut bytes, range.start).map_err(|e| e.to_string())?;
        let written = (range.start..).step_by(8).zip(bytes.chunks_exact(8)).filter(|(_, w)| w != &[0; 8]);
        words.extend(written.map(|(at, _)| at));
    }
    let neighbour = if xorshift(state).is_multiple_of(4) { 8 } else { 0 };
    let chosen = xorshift(state) % words.len() as u64;
    let at = words[usize::try_from(chosen).map_err(|e| e.to_string())?] + neighbour + xorshift(state) % 8;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).map_err(|e| e.to_string())?;
    let whole = xorshift(state).is_multiple_of(4);
    let mask = if whole { 0xff } else { 1_u8 << (xorshift(state) % 8) };
    file.write_all_at(&[byte[0] ^ mask], at).map_err(|e| e.to_string())?;
    Ok(format!("{at:#x}: {:#04x} -> {:#04x}", byte[0], byte[0] ^ mask))
}

/// A panic of any thread is this process's end by a signal: that of a life thread would be lost else.
fn panics_end_everything() {
    std::panic::set_hook(Box::new(|info| {
        say(&format!("panic: {}", info.to_string().replace('\n', " ")));
        std::process::abort();
    }));
}

/// A channel in full use: ends in two blocks, lanes of several senders, rings of several sizes, unread messages.
fn role_host(args: &[String]) {
    panics_end_everything();
    let node = Node::create(Path::new(&args[0])).expect("create");
    let options = ChannelOptions { capacity: 256, max_bytes: 1 << 20, ..ChannelOptions::default() };
    let (mut tx, mut rx) = node.channel(options).expect("channel");
    let mut clones: Vec<_> = (0..18).map(|_| tx.try_clone().expect("clone")).collect();
    for (n, clone) in (0..).zip(&mut clones[..4]) {
        for bytes in [10, 3_000, 20_000] {
            clone.try_send(n, &vec![7; bytes]).expect("room");
        }
    }
    assert!(rx.try_recv().expect("open").is_some());
    say(&format!("session {}", node.session().path().display()));
    say(&format!("channel {}", tx.id().bits()));
    while wait_for_line() == "work" {
        use_ends(&mut tx, &mut rx);
        make_and_drop(&node);
        say("worked");
    }
}

/// Has ends of its own and a message under way until it is killed.
fn role_guest(args: &[String]) {
    let node = Node::attach(Path::new(&args[0])).expect("attach");
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let mut tx = node.open_sender(id).expect("open");
    let _rx = node.open_receiver(id).expect("open");
    tx.try_send(1, &[1; 5_000]).expect("room");
    say("joined");
    let _never = wait_for_line();
}

fn role_visitor(args: &[String]) {
    panics_end_everything();
    let path = Path::new(&args[0]);
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let Some(node) = told("attach", Node::attach(path)) else { return };
    let mut tx = told("open a sender", node.open_sender(id));
    let mut rx = told("open a receiver", node.open_receiver(id));
    if let (Some(tx), Some(rx)) = (&mut tx, &mut rx) {
        use_ends(tx, rx);
    }
    make_and_drop(&node);
}

/// Looks at everything, and is no member.
fn role_auditor(args: &[String]) {
    panics_end_everything();
    let session = Session::attach(Path::new(&args[0])).expect("the header is whole");
    let auditor = Auditor::new(&session).expect("the header is whole");
    say(&format!("{} findings", auditor.audit(true).len()));
    say(&format!("{:?}, {} rings", auditor.totals(), auditor.rings_in_use()));
}

fn use_ends(tx: &mut Sender, rx: &mut Receiver) {
    for bytes in [0, 100, 5_000, 50_000] {
        told("send", tx.send(3, &vec![3; bytes], Some(Instant::now() + SHORT)));
        told("receive", rx.recv(Some(Instant::now() + SHORT)).map(drop));
    }
    told("receive", rx.recv_many(50, Some(Instant::now() + SHORT), |_| {}));
    let clones: Vec<_> = (0..3).filter_map(|_| told("clone", tx.try_clone())).collect();
    told("clone", rx.try_clone());
    drop(clones);
}

fn make_and_drop(node: &Arc<Node>) {
    let options = ChannelOptions { capacity: 4, max_bytes: 1 << 20, ..ChannelOptions::default() };
    if let Some((mut tx, mut rx)) = told("make a channel", node.channel(options)) {
        told("send", tx.try_send(9, &[9; 6_000]));
        told("receive", rx.try_recv().map(drop));
    }
}

/// Errors are what is expected here: their code is told, and that is that.
fn told<T>(what: &str, result: Result<T, ChannelError>) -> Option<T> {
    result.map_err(|e| say(&format!("{what}: {}", e.code()))).ok()
}

/// The third of four messages is overwritten in its ring.
fn corrupt_record(scratch: &Scratch) -> Outcome {
    let node = Node::create(scratch.path()).map_err(|e| e.to_string())?;
    let (mut tx, mut rx) = node.channel(ChannelOptions::default()).map_err(|e| e.to_string())?;
    for n in 0..4 {
        tx.try_send(n, &[5; 16]).map_err(|e| e.to_string())?;
    }
    let rings = segment_file(node.session().path().to_str().unwrap_or_default(), RINGS.name)?;
    // The first lane has the first ring; a record of 16 bytes takes 32, and its kind is in the fifth.
    rings.write_all_at(&[0x77], ROOT_AT + 2 * 32 + 4).map_err(|e| e.to_string())?;
    let (mut tags, mut codes) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        match rx.try_recv() {
            Ok(message) => tags.extend(message.map(|m| m.tag)),
            Err(e) => codes.push(e.code()),
        }
    }
    let totals = Auditor::new(node.session()).map_err(|e| e.to_string())?.totals();
    let found = || format!("received {tags:?}, errors {codes:?}, {totals:?}");
    check(codes.contains(&"ERR_KLAW_CHANNEL_CORRUPT"), found)?;
    check(tags.is_empty() || tags == [0, 1], found)?;
    check(totals.handed == tags.len() as u64 && totals.handed + totals.lost == totals.taken, found)
}

// --- the rest ---

fn other_layout(scratch: &Scratch) -> Outcome {
    let node = Node::create(scratch.path()).map_err(|e| e.to_string())?;
    let path = node.session().path().to_owned();
    for kind in [TABLES.name, RINGS.name] {
        let file = segment_file(path.to_str().unwrap_or_default(), kind)?;
        let mut hash = [0];
        file.read_exact_at(&mut hash, 16).map_err(|e| e.to_string())?;
        file.write_all_at(&[!hash[0]], 16).map_err(|e| e.to_string())?;
        let code = Node::attach(&path).map_or_else(|e| e.code(), |_| "attached");
        check(code == "ERR_KLAW_PROTOCOL_VERSION", || format!("{kind}: {code}"))?;
        file.write_all_at(&hash, 16).map_err(|e| e.to_string())?;
        Node::attach(&path).map_err(|e| format!("{kind}, as it was: {e}"))?;
    }
    Ok(())
}

fn no_leaks(scratch: &Scratch) -> Outcome {
    let mut cycles = Role::spawn("cycles", &[scratch.arg()], &[])?;
    let before = cycles.expect("before")?;
    let after = cycles.expect("after")?;
    let grown_kib: u64 = cycles.expect("grown")?.parse().map_err(|e| format!("{e}"))?;
    check(cycles.end()? == Ended::Exit(0), || "the cycles ended badly".to_owned())?;
    check(before == after, || format!("before: {before}, after: {after}"))?;
    // A leaked node would be at least its tables' pages.
    check(grown_kib < 8 << 10, || format!("{grown_kib} KiB more in memory"))?;
    let sessions = session::list(scratch.path()).map_err(|e| e.to_string())?;
    check(sessions.is_empty(), || format!("left: {sessions:?}"))
}

fn role_cycles(args: &[String]) {
    let cycle = || {
        let node = Node::create(Path::new(&args[0])).expect("create");
        let (mut tx, mut rx) = node.channel(ChannelOptions::default()).expect("channel");
        for bytes in [10, 10_000, 300_000] {
            tx.try_send(0, &vec![1; bytes]).expect("room");
        }
        let peer = Node::attach(node.session().path()).expect("attach");
        let _other = peer.open_sender(tx.id()).expect("open");
        assert_eq!(rx.recv(Some(Instant::now() + PATIENCE)).expect("a message").payload.len(), 10);
        assert!(tx.try_clone().expect("clone").send(0, &vec![0; 9_000_000], None).is_err());
    };
    let status = |field: &str| {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
    };
    let state = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let segments = maps.matches("/dev/shm/klaw-").count();
        let threads = status("Threads:");
        format!("{descriptors} descriptors, {segments} segments, {threads} threads")
    };
    (0..5).for_each(|_| cycle());
    say(&format!("before {}", state()));
    let before_kib = status("VmRSS:");
    (0..200).for_each(|_| cycle());
    say(&format!("after {}", state()));
    say(&format!("grown {}", status("VmRSS:").saturating_sub(before_kib)));
}

const PEERS: u64 = 16;
const EACH: u64 = 1_000;

fn sixteen(scratch: &Scratch) -> Outcome {
    let node = Node::create(scratch.path()).map_err(|e| e.to_string())?;
    let options = ChannelOptions { capacity: 32, max_bytes: 1 << 16, ..ChannelOptions::default() };
    let (tx, rx) = node.channel(options).map_err(|e| e.to_string())?;
    let (path, id) = (node.session().path().display().to_string(), tx.id().bits().to_string());
    let mut peers = Vec::new();
    for number in 0..PEERS {
        let mut peer = Role::spawn("peer", &[&path, &id, &number.to_string()], &[])?;
        peer.expect("ready")?;
        peers.push(peer);
    }
    drop((tx, rx));
    for peer in &mut peers {
        peer.tell("go");
    }
    let (mut count, mut sum) = (0, 0);
    for peer in &mut peers {
        let got = peer.expect("got")?;
        let mut numbers = got.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
        count += numbers.next().unwrap_or(0);
        sum += numbers.next().unwrap_or(0);
        check(peer.end()? == Ended::Exit(0), || "a peer ended badly".to_owned())?;
    }
    let all = PEERS * EACH;
    let expected = (all, all * (all - 1) / 2);
    check((count, sum) == expected, || format!("{count} messages of sum {sum}, expected {expected:?}"))?;
    let auditor = Auditor::new(node.session()).map_err(|e| e.to_string())?;
    klaw_testkit::eventually(PATIENCE, || {
        let findings = auditor.audit(true);
        check(findings.is_empty(), || format!("{findings:?}"))
    })?;
    let totals = auditor.totals();
    check((totals.taken, totals.handed, totals.lost) == (all, all, 0), || format!("{totals:?}"))
}

/// Sends its numbers from one thread and receives anybody's with another, until every sender is gone.
fn role_peer(args: &[String]) {
    let node = Node::attach(Path::new(&args[0])).expect("attach");
    let id = ChannelId::from_bits(args[1].parse().expect("an id"));
    let first = args[2].parse::<u64>().expect("a number") * EACH;
    let mut tx = node.open_sender(id).expect("open");
    let mut rx = node.open_receiver(id).expect("open");
    say("ready");
    let _go = wait_for_line();
    let sender = std::thread::spawn(move || {
        for n in first..first + EACH {
            tx.send(0, &n.to_le_bytes(), Some(Instant::now() + PATIENCE)).expect("sent");
        }
    });
    let (mut count, mut sum) = (0_u64, 0);
    loop {
        match rx.recv(Some(Instant::now() + PATIENCE)) {
            Ok(message) => {
                count += 1;
                sum += u64::from_le_bytes(message.payload.try_into().expect("eight bytes"));
            }
            Err(ChannelError::Closed { .. }) => break,
            Err(e) => panic!("{e}"),
        }
    }
    sender.join().expect("all is sent");
    say(&format!("got {count} {sum}"));
}

fn table_full(scratch: &Scratch) -> Outcome {
    let mut crowded = Role::spawn("crowded", &[scratch.arg()], &[])?;
    let said = crowded.line()?;
    check(said.starts_with("4096 ERR_KLAW_TABLE_FULL"), || said.clone())?;
    check(said.contains("4096 are taken"), || format!("no limit in {said:?}"))?;
    crowded.expect("room again")?;
    crowded.expect("all again")?;
    check(crowded.end()? == Ended::Exit(0), || "the crowded one ended badly".to_owned())
}

fn role_crowded(args: &[String]) {
    let node = Node::create(Path::new(&args[0])).expect("create");
    let fill = |channels: &mut Vec<(Sender, Receiver)>| loop {
        match node.channel(ChannelOptions::default()) {
            Ok(ends) => channels.push(ends),
            Err(e) => break e,
        }
    };
    let mut channels = Vec::new();
    let error = fill(&mut channels);
    say(&format!("{} {} {error}", channels.len(), error.code()));
    drop(channels.swap_remove(1_000));
    channels.push(node.channel(ChannelOptions::default()).expect("room"));
    say("room again");
    channels.clear();
    let error = fill(&mut channels);
    assert_eq!((channels.len(), error.code()), (4_096, "ERR_KLAW_TABLE_FULL"));
    say("all again");
}
