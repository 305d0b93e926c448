//! Channels between two processes: rates, round trips, and how fast a death is seen.
//!
//! `cargo bench -p klaw-channel`. Each figure is the median of the runs, with the slowest and fastest beside it; the
//! machine is shared, so only ratios within one run mean anything. The last lines measure what the machine itself gives.

#![expect(clippy::print_stdout, reason = "the figures are this program's output")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_channel::{ChannelError, ChannelId, ChannelOptions, Node, Receiver, Sender};
use klaw_testkit::{Case, Outcome, Role, RoleMain, Scratch, say, wait_for_line};

const RUNS: usize = 5;

/// Payload bytes, messages a batch, messages.
const RATES: [(usize, usize, usize); 8] = [
    (64, 1, 4_000_000),
    (64, 64, 20_000_000),
    (64, 1_000, 60_000_000),
    (1_024, 1, 1_000_000),
    (1_024, 64, 4_000_000),
    (4_096, 1, 400_000),
    (4_096, 64, 1_000_000),
    (65_536, 1, 40_000),
];
/// Messages from one flush to the next, each published when it is pushed.
const TURNS: [usize; 3] = [1, 64, 1_024];
const ONE_BY_ONE: usize = 4_000_000;

fn main() -> ExitCode {
    let roles: &[RoleMain] =
        &[("sink", role_sink), ("echo", role_echo), ("member", role_member), ("echo_pipe", role_echo_pipe)];
    klaw_testkit::main(roles, || {
        let rates = RATES.map(|(payload_bytes, batch, count)| {
            Case::new(format!("{payload_bytes} B, {batch} a batch"), move || {
                report(|| rate(options(), count, |tx| send_batches(tx, payload_bytes, batch, count)))
            })
        });
        let turns = TURNS.map(|turn| {
            Case::new(format!("64 B one by one, published each, {turn} a turn"), move || {
                report(|| rate(options(), ONE_BY_ONE, |tx| publish_each(tx, turn, ONE_BY_ONE)))
            })
        });
        // Beside the same without claims.
        let calls = TURNS.map(|turn| {
            Case::new(format!("64 B one by one, published each, {turn} a turn, for calls"), move || {
                let options = ChannelOptions { calls: true, ..options() };
                report(|| rate(options, ONE_BY_ONE, |tx| publish_each(tx, turn, ONE_BY_ONE)))
            })
        });
        let others = [
            Case::new("one thread, both ends", one_thread),
            Case::new("round trips", round_trips),
            Case::new("deaths", deaths),
            Case::new("what the machine gives", machine),
        ];
        rates.into_iter().chain(turns).chain(calls).chain(others).collect()
    })
}

/// Median, fastest and slowest.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn percentile_us(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100].as_nanos() as f64 / 1_000.0
}

fn node(scratch: &Scratch) -> Result<Arc<Node>, String> {
    Node::create(scratch.path()).map_err(|e| e.to_string())
}

fn options() -> ChannelOptions {
    ChannelOptions { capacity: 1 << 16, max_bytes: 16 << 20, ..ChannelOptions::default() }
}

// --- rates ---

fn report(mut run: impl FnMut() -> Result<f64, String>) -> Outcome {
    let runs = (0..RUNS).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    let (median, slowest, fastest) = spread(runs);
    let ns = 1_000.0 / median;
    println!("\n{median:>8.2} M msg/s ({slowest:.2} to {fastest:.2}), {ns:.1} ns each");
    Ok(())
}

fn send_batches(
    tx: &mut Sender,
    payload_bytes: usize,
    batch: usize,
    count: usize,
) -> Result<(), ChannelError> {
    let payload = vec![7; payload_bytes];
    let mut left = count;
    while left > 0 {
        let now = left.min(batch);
        tx.send_many(std::iter::repeat_n(&payload, now), None)?;
        left -= now;
    }
    Ok(())
}

/// As an event loop sends: each message is published at once, and a turn of `turn` of them ends with a flush.
fn publish_each(tx: &mut Sender, turn: usize, count: usize) -> Result<(), ChannelError> {
    let payload = vec![7; 64];
    for n in 1..=count {
        match tx.push(0, &payload) {
            Err(ChannelError::Full { .. }) => tx.send(0, &payload, None)?,
            pushed => pushed?,
        }
        tx.publish();
        if n % turn == 0 {
            tx.flush();
        }
    }
    tx.flush();
    Ok(())
}

/// Million messages a second, from the first send until the receiver has taken the last.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn rate(
    options: ChannelOptions,
    count: usize,
    send: impl FnOnce(&mut Sender) -> Result<(), ChannelError>,
) -> Result<f64, String> {
    let scratch = Scratch::new()?;
    let node = node(&scratch)?;
    let (mut tx, rx) = node.channel(options).map_err(|e| e.to_string())?;
    let mut sink = Role::spawn("sink", &arguments(&node, &[tx.id()], count), &[])?;
    sink.expect("ready")?;
    drop(rx);
    let started = Instant::now();
    send(&mut tx).map_err(|e| e.to_string())?;
    sink.expect("done")?;
    let seconds = started.elapsed().as_secs_f64();
    drop(tx);
    sink.end()?;
    Ok(count as f64 / seconds / 1e6)
}

fn arguments(node: &Node, ids: &[ChannelId], count: usize) -> Vec<&'static str> {
    let path = node.session().path().display().to_string();
    let all = [path, count.to_string()].into_iter().chain(ids.iter().map(|id| id.bits().to_string()));
    // Lives as long as the benchmark.
    all.map(|arg| &*arg.leak()).collect()
}

fn open(args: &[String]) -> (Arc<Node>, usize, Vec<ChannelId>) {
    let node = Node::attach(Path::new(&args[0])).expect("attach");
    let ids = args[2..].iter().map(|id| ChannelId::from_bits(id.parse().expect("an id"))).collect();
    (node, args[1].parse().expect("a count"), ids)
}

fn role_sink(args: &[String]) {
    let (node, count, ids) = open(args);
    let mut rx = node.open_receiver(ids[0]).expect("open");
    say("ready");
    let (mut got, mut sum) = (0, 0_u64);
    while got < count {
        got += rx.recv_many(1_024, None, |m| sum += u64::from(m.payload[0])).expect("a message");
    }
    assert_eq!(sum, count as u64 * 7);
    say("done");
}

// --- one thread ---

/// What the code itself costs: sending and receiving in turns on one thread, nothing moving between cores.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn one_thread() -> Outcome {
    const ROUNDS: usize = 20_000;
    const BATCH: usize = 256;
    println!();
    let scratch = Scratch::new()?;
    let node = node(&scratch)?;
    let (mut tx, mut rx) = node.channel(options()).map_err(|e| e.to_string())?;
    let (mut sending, mut receiving) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        tx.send_many(std::iter::repeat_n([7; 64], BATCH), None).map_err(|e| e.to_string())?;
        let sent = Instant::now();
        let mut sum = 0_u64;
        let got = rx.recv_many(BATCH, None, |m| sum += u64::from(m.payload[0])).map_err(|e| e.to_string())?;
        if got != BATCH || sum != 7 * BATCH as u64 {
            return Err(format!("{got} of {BATCH}"));
        }
        sending += sent - started;
        receiving += sent.elapsed();
    }
    let per_message = |total: Duration| total.as_nanos() as f64 / (ROUNDS * BATCH) as f64;
    let (send, receive) = (per_message(sending), per_message(receiving));
    println!("64 B, {BATCH} a batch: {send:.1} ns to send, {receive:.1} ns to receive");
    Ok(())
}

// --- round trips ---

fn round_trips() -> Outcome {
    const TRIPS: usize = 200_000;
    println!();
    let scratch = Scratch::new()?;
    let node = node(&scratch)?;
    let (mut there, there_rx) = node.channel(options()).map_err(|e| e.to_string())?;
    let (back_tx, mut back) = node.channel(options()).map_err(|e| e.to_string())?;
    let mut echo = Role::spawn("echo", &arguments(&node, &[there.id(), back.id()], 0), &[])?;
    echo.expect("ready")?;
    drop((there_rx, back_tx));
    let mut hot = (0..TRIPS).map(|_| trip(&mut there, &mut back)).collect::<Result<Vec<_>, _>>()?;
    hot.sort();
    let mut cold = Vec::new();
    for _ in 0..300 {
        // Long enough for the peer to fall asleep.
        std::thread::sleep(Duration::from_millis(2));
        cold.push(trip(&mut there, &mut back)?);
    }
    cold.sort();
    for (name, trips) in [("hot", hot), ("peer asleep", cold)] {
        let [median, p99] = [50, 99].map(|p| percentile_us(&trips, p));
        println!("round trip of 64 B, {name}: median {median:.2} µs, p99 {p99:.2} µs");
    }
    drop(there);
    echo.end()?;
    Ok(())
}

fn trip(there: &mut Sender, back: &mut Receiver) -> Result<Duration, String> {
    let started = Instant::now();
    there.send(0, &[1; 64], None).map_err(|e| e.to_string())?;
    back.recv(None).map_err(|e| e.to_string())?;
    Ok(started.elapsed())
}

fn role_echo(args: &[String]) {
    let (node, _, ids) = open(args);
    let mut rx = node.open_receiver(ids[0]).expect("open");
    let mut tx = node.open_sender(ids[1]).expect("open");
    say("ready");
    let mut copy = Vec::new();
    loop {
        copy.clear();
        match rx.recv(None) {
            Ok(message) => copy.extend_from_slice(message.payload),
            Err(_) => return,
        }
        tx.send(0, &copy, None).expect("room");
    }
}

// --- deaths ---

/// From kill -9 until a peer has repaired everything and the victim's slot is free.
fn deaths() -> Outcome {
    println!();
    let scratch = Scratch::new()?;
    let node = node(&scratch)?;
    let (tx, rx) = node.channel(options()).map_err(|e| e.to_string())?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let mut victim = Role::spawn("member", &arguments(&node, &[tx.id()], 0), &[])?;
        victim.expect("ready")?;
        let started = Instant::now();
        victim.signal(rustix::process::Signal::KILL);
        while node.session().members().alive().count() > 1
            || !klaw_shm::audit::audit(node.session()).is_empty()
        {
            std::hint::spin_loop();
        }
        times.push(started.elapsed());
        victim.end()?;
    }
    times.sort();
    let [median, p99] = [50, 99].map(|p| percentile_us(&times, p) / 1_000.0);
    println!(
        "kill -9 of a member with a channel end, seen and repaired: median {median:.2} ms, p99 {p99:.2} ms"
    );
    drop((tx, rx));
    Ok(())
}

fn role_member(args: &[String]) {
    let (node, _, ids) = open(args);
    let _tx = node.open_sender(ids[0]).expect("open");
    say("ready");
    let _killed = wait_for_line();
}

// --- the machine ---

/// The same round trip over pipes, for a ratio.
fn machine() -> Outcome {
    use std::io::{Read, Write};
    println!();
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut child = std::process::Command::new(exe)
        .args(["--klaw-role", "echo_pipe"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let (mut to, mut from) = (child.stdin.take().ok_or("stdin")?, child.stdout.take().ok_or("stdout")?);
    let mut trips = Vec::new();
    let mut bytes = [1; 64];
    for _ in 0..20_000 {
        let started = Instant::now();
        to.write_all(&bytes).map_err(|e| e.to_string())?;
        from.read_exact(&mut bytes).map_err(|e| e.to_string())?;
        trips.push(started.elapsed());
    }
    drop(to);
    child.wait().map_err(|e| e.to_string())?;
    trips.sort();
    let [median, p99] = [50, 99].map(|p| percentile_us(&trips, p));
    println!("round trip of 64 B over two pipes: median {median:.2} µs, p99 {p99:.2} µs");
    Ok(())
}

fn role_echo_pipe(_: &[String]) {
    use std::io::{Read, Write};
    let (mut from, mut to) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut bytes = [0; 64];
    while from.read_exact(&mut bytes).is_ok() {
        if to.write_all(&bytes).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
