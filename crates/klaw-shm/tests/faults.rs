//! What a user of `klaw-shm` sees when the machine or a neighbour misbehaves.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use klaw_shm::audit::audit;
use klaw_shm::session::CONTROL;
use klaw_shm::{Member, PortKind, Session, ShmError, session};
use klaw_testkit::{Case, Ended, Outcome, Role, RoleMain, Scratch, eventually, say, wait_for_line};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let roles: &[RoleMain] = &[
        ("creator", role_creator),
        ("member", role_member),
        ("few_descriptors", role_few_descriptors),
        ("tiny_shm", role_tiny_shm),
        ("garbage", role_garbage),
    ];
    klaw_testkit::main(roles, cases)
}

fn cases() -> Vec<Case> {
    vec![
        Case::new("a full /dev/shm is an error that says what to do", full_shm),
        Case::new("leftovers of killed sessions go at the next start, living ones stay", leftovers),
        Case::new("a segment of an earlier boot is refused", earlier_boot),
        Case::new("a zombie counts as dead", zombie),
        Case::new("a stopped member keeps everything", stopped),
        Case::new("running out of descriptors is an error, and others live on", few_descriptors),
        Case::new("another layout is refused by name", other_layout),
        Case::new("every broken header is an error", broken_headers),
        Case::new("a foreign segment is refused", foreign_segment),
        Case::new("a base directory that others can enter is refused", open_base),
        Case::new("a base directory behind a symbolic link is refused", linked_base),
        Case::new("eight sessions of one user do not meet", eight_sessions),
        Case::new("garbage in every table ends nothing but the garbage", garbage),
        Case::new("an address without a session says so", no_session),
        Case::new("sessions leave no descriptor and no mapping behind", no_leaks),
    ]
}

// --- helpers ---

fn started(scratch: &Scratch) -> Result<(Role, PathBuf), String> {
    let mut creator = Role::spawn("creator", &[scratch.arg()], &[])?;
    let path = creator.expect("session")?;
    Ok((creator, path.into()))
}

fn member_of(path: &Path) -> Result<Role, String> {
    let mut member = Role::spawn("member", &[path.to_str().unwrap_or_default()], &[])?;
    member.expect("joined")?;
    Ok(member)
}

fn leave(mut role: Role) -> Outcome {
    role.tell("leave");
    check(role.end()? == Ended::Exit(0), "a member could not leave in order")
}

fn check(holds: bool, or_else: &str) -> Outcome {
    if holds { Ok(()) } else { Err(or_else.to_owned()) }
}

/// The segment as a file, as a neighbour of the same user can open it.
fn control_file(path: &Path) -> Result<(PathBuf, File), String> {
    let id = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let uid = rustix::process::geteuid().as_raw();
    let file = PathBuf::from(format!("/dev/shm/klaw-{uid}-{id}-{}", CONTROL.name));
    let opened = OpenOptions::new().read(true).write(true).open(&file);
    opened.map(|f| (file.clone(), f)).map_err(|e| format!("{}: {e}", file.display()))
}

fn expect_error(result: Result<Arc<Session>, ShmError>, code: &str, part: &str) -> Outcome {
    match result {
        Ok(_) => Err(format!("expected {code}")),
        Err(e) if e.code() == code && e.to_string().contains(part) => Ok(()),
        Err(e) => Err(format!("expected {code} with {part:?}, got {} {e}", e.code())),
    }
}

// --- cases ---

/// In a mount namespace of its own, with a /dev/shm that is smaller than a session.
fn full_shm() -> Outcome {
    let scratch = Scratch::new()?;
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    let mount = "mount -t tmpfs -o size=64k tmpfs /dev/shm && exec \"$0\" --klaw-role \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", mount]).arg(exe);
    let mut role = Role::spawn_command(&mut unshare, "tiny_shm", &[scratch.arg()], &[])?;
    let said =
        role.line().map_err(|e| format!("{e}; this case needs user and mount namespaces (unshare)"))?;
    check(said.starts_with("ERR_KLAW_SHM_EXHAUSTED"), &said)?;
    check(said.contains("--shm-size"), &format!("no advice in {said:?}"))?;
    check(said.ends_with("left 0"), &format!("something was left: {said:?}"))
}

fn role_tiny_shm(args: &[String]) {
    let error = Session::create(Path::new(&args[0])).expect_err("64 KiB can't hold a session");
    let left = std::fs::read_dir("/dev/shm").map_or(99, Iterator::count);
    let sessions = session::list(Path::new(&args[0])).map_or(99, |s| s.len());
    say(&format!("{} {error} left {}", error.code(), left + sessions));
}

fn leftovers() -> Outcome {
    let scratch = Scratch::new()?;
    let (mut dead, dead_path) = started(&scratch)?;
    let (living, living_path) = started(&scratch)?;
    dead.kill()?;
    let cleaned = session::clean(scratch.path()).map_err(|e| e.to_string())?;
    check(cleaned.sessions.len() == 1, &format!("cleaned {cleaned:?}"))?;
    check(!dead_path.exists() && living_path.exists(), "the wrong session is gone")?;
    check(control_file(&dead_path).is_err(), "the dead session's segment is still there")?;
    leave(living)?;
    check(!living_path.exists(), "the last member left its session behind")
}

fn earlier_boot() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let (_, file) = control_file(&path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, 40).map_err(|e| e.to_string())?;
    file.write_all_at(&[!byte[0]], 40).map_err(|e| e.to_string())?;
    expect_error(Session::attach(&path), "ERR_KLAW_SEGMENT_INVALID", "boot id")?;
    leave(creator)
}

fn zombie() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let victim = member_of(&path)?;
    victim.signal(Signal::KILL);
    // Nobody reaps it: `victim` is only dropped at the end.
    let session = Session::attach(&path).map_err(|e| e.to_string())?;
    eventually(PATIENCE, || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", victim.pid())).unwrap_or_default();
        check(stat.contains(") Z "), "not a zombie yet")
    })?;
    eventually(PATIENCE, || {
        let findings = audit(&session);
        check(findings.is_empty() && session.members().alive().count() == 1, &format!("{findings:?}"))
    })?;
    leave(creator)
}

fn stopped() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let sleeper = member_of(&path)?;
    sleeper.stop()?;
    let session = Session::attach(&path).map_err(|e| e.to_string())?;
    // Long enough for the agent's slow look to pass by several times.
    std::thread::sleep(Duration::from_millis(2_500));
    check(session.members().alive().count() == 2, "a stopped member was taken for dead")?;
    sleeper.signal(Signal::CONT);
    leave(sleeper)?;
    leave(creator)
}

fn few_descriptors() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let mut poor = Role::spawn("few_descriptors", &[path.to_str().unwrap_or_default()], &[])?;
    let said = poor.line()?;
    poor.end()?;
    check(said.starts_with("ERR_KLAW_RESOURCE_LIMIT") && said.contains("ulimit -n"), &said)?;
    leave(member_of(&path)?)?;
    leave(creator)
}

fn role_few_descriptors(args: &[String]) {
    let session = Session::attach(Path::new(&args[0])).expect("attach");
    let member = Member::join(&session, Vec::new()).expect("join");
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(24), maximum }).expect("setrlimit");
    let mut ports = Vec::new();
    let error = loop {
        match member.open_port(PortKind::EventLoop) {
            Ok(port) => ports.push(port),
            Err(e) => break e,
        }
    };
    say(&format!("{} {error}", error.code()));
}

fn other_layout() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let (_, file) = control_file(&path)?;
    file.write_all_at(&[7], 8).map_err(|e| e.to_string())?;
    expect_error(Session::attach(&path), "ERR_KLAW_PROTOCOL_VERSION", "version: 7")?;
    leave(creator)
}

/// Every byte of the header, broken in three ways: never a panic, never a session that can be attached.
fn broken_headers() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let (_, file) = control_file(&path)?;
    for at in 0..80_u64 {
        let mut good = [0];
        file.read_exact_at(&mut good, at).map_err(|e| e.to_string())?;
        for bad in [!good[0], good[0] ^ 1, good[0] ^ 0x80] {
            file.write_all_at(&[bad], at).map_err(|e| e.to_string())?;
            check(Session::attach(&path).is_err(), &format!("attached with byte {at} = {bad:#x}"))?;
        }
        file.write_all_at(&good, at).map_err(|e| e.to_string())?;
    }
    Session::attach(&path).map_err(|e| e.to_string())?;
    leave(creator)
}

fn foreign_segment() -> Outcome {
    let scratch = Scratch::new()?;
    let (creator, path) = started(&scratch)?;
    let (name, file) = control_file(&path)?;
    file.set_permissions(Permissions::from_mode(0o644)).map_err(|e| e.to_string())?;
    expect_error(Session::attach(&path), "ERR_KLAW_FOREIGN_OWNER", "mode 644")?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(|e| e.to_string())?;
    if rustix::process::geteuid().is_root() {
        chown(&name, Some(65_534), None).map_err(|e| e.to_string())?;
        expect_error(Session::attach(&path), "ERR_KLAW_FOREIGN_OWNER", "uid 65534")?;
        chown(&name, Some(0), None).map_err(|e| e.to_string())?;
    } else {
        say("    (another uid's segment not tried: only root can make one)");
    }
    leave(creator)
}

fn open_base() -> Outcome {
    let scratch = Scratch::new()?;
    std::fs::set_permissions(scratch.path(), Permissions::from_mode(0o755)).map_err(|e| e.to_string())?;
    expect_error(Session::create(scratch.path()), "ERR_KLAW_FOREIGN_OWNER", "KLAW_DIR")
}

fn linked_base() -> Outcome {
    let scratch = Scratch::new()?;
    let target = scratch.path().join("target");
    let link = scratch.path().join("link");
    std::fs::create_dir(&target).map_err(|e| e.to_string())?;
    symlink(&target, &link).map_err(|e| e.to_string())?;
    expect_error(Session::create(&link), "ERR_KLAW_SEGMENT_INVALID", "symbolic link")
}

fn eight_sessions() -> Outcome {
    let scratch = Scratch::new()?;
    let mut sessions = (0..8).map(|_| started(&scratch)).collect::<Result<Vec<_>, _>>()?;
    for (creator, _) in &mut sessions[..4] {
        creator.kill()?;
    }
    let (newcomer, _) = started(&scratch)?;
    for (n, (creator, path)) in sessions.into_iter().enumerate() {
        check(path.exists() == (n >= 4), &format!("session {n} of 8, of which 0 to 3 were killed"))?;
        if n >= 4 {
            leave(member_of(&path)?)?;
            leave(creator)?;
        }
    }
    leave(newcomer)
}

/// Fills the member and port tables with noise, eight times over: members end or get an error, nobody crashes.
fn garbage() -> Outcome {
    for seed in 1..=8_u64 {
        let scratch = Scratch::new()?;
        let (mut creator, path) = started(&scratch)?;
        let (_, file) = control_file(&path)?;
        let length = file.metadata().map_err(|e| e.to_string())?.len();
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise: Vec<u8> = (4096..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[0]
            })
            .collect();
        file.write_all_at(&noise, 4096).map_err(|e| e.to_string())?;
        let mut role = Role::spawn("garbage", &[path.to_str().unwrap_or_default()], &[])?;
        let ended = role.end()?;
        check(ended == Ended::Exit(0), &format!("seed {seed}: {ended:?}"))?;
        creator.tell("leave");
        check(matches!(creator.end()?, Ended::Exit(0)), &format!("seed {seed}: the creator crashed"))?;
    }
    Ok(())
}

fn role_garbage(args: &[String]) {
    let session = Session::attach(Path::new(&args[0])).expect("the header is whole");
    let _findings = audit(&session);
    session.ring_all();
    if let Ok(member) = Member::join(&session, Vec::new()) {
        // Long enough for its life thread to have looked at every entry.
        std::thread::sleep(Duration::from_millis(50));
        drop(member);
    }
}

fn no_session() -> Outcome {
    let scratch = Scratch::new()?;
    expect_error(
        Session::attach(&scratch.path().join("0123456789abcdef")),
        "ERR_KLAW_SESSION_GONE",
        "no live",
    )?;
    expect_error(Session::attach(scratch.path()), "ERR_KLAW_SESSION_GONE", "no live")
}

fn no_leaks() -> Outcome {
    let scratch = Scratch::new()?;
    let count = |dir: &str| std::fs::read_dir(dir).map_or(0, Iterator::count);
    let cycle = || -> Outcome {
        let session = Session::create(scratch.path()).map_err(|e| e.to_string())?;
        let member = Member::join(&session, Vec::new()).map_err(|e| e.to_string())?;
        let _port = member.open_port(PortKind::EventLoop).map_err(|e| e.to_string())?;
        Ok(())
    };
    cycle()?;
    let maps =
        || std::fs::read_to_string("/proc/self/maps").map_or(0, |m| m.matches("/dev/shm/klaw-").count());
    let before = (count("/proc/self/fd"), maps());
    for _ in 0..200 {
        cycle()?;
    }
    let after = (count("/proc/self/fd"), maps());
    // Fewer is no leak: the pipe of an earlier case's role is closed by its reader's thread, some time.
    let grown = after.0 > before.0 || after.1 > before.1;
    check(!grown, &format!("descriptors and mappings: {before:?} before, {after:?} after"))?;
    let sessions = session::list(scratch.path()).map_err(|e| e.to_string())?;
    check(sessions.is_empty(), &format!("left: {sessions:?}"))
}

// --- roles ---

fn role_creator(args: &[String]) {
    let session = Session::create(Path::new(&args[0])).expect("create");
    let member = Member::join(&session, Vec::new()).expect("join");
    say(&format!("session {}", session.path().display()));
    let _left = wait_for_line();
    drop(member);
}

fn role_member(args: &[String]) {
    let session = Session::attach(Path::new(&args[0])).expect("attach");
    let member = Member::join(&session, Vec::new()).expect("join");
    say("joined");
    let _left = wait_for_line();
    drop(member);
}
