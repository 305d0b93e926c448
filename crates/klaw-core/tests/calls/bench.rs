//! How many calls a second one actor in another process answers; `cargo test --release -p klaw-core --test calls -- bench`.
//!
//! Each figure stands beside that of bare messages between the same two processes, there and back over two channels: what calls cost
//! beyond their lanes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_core::{
    Arrived, CALL_HEADER_BYTES, Callee, ChannelOptions, End, Error, Handle, ObjectNo, REPLY_HEADER_BYTES,
    Received, Start, Takes, WorkerLine,
};
use klaw_sched::execute::Run;
use klaw_sched::ids::{ActorId, CallId};
use klaw_sched::message::ActorState;
use klaw_sched::submit::{Policy, Target};
use klaw_testkit::{Case, Outcome, say};

use crate::stage::{Actor, Setting, Stage, options, retried, text};
use crate::turn::{Fills, Port};

const SPIN: Duration = Duration::from_micros(20);
const ROUND: Duration = Duration::from_millis(500);

/// Run only when they are asked for.
pub(crate) fn cases() -> Vec<Case> {
    if !std::env::args().any(|argument| argument == "bench") {
        return Vec::new();
    }
    vec![Case::new("bench", || {
        let worker_args = vec!["bench".to_owned()];
        Setting { worker_args, ..Setting::cpus(1) }.play(bench)
    })]
}

fn bench(stage: &mut Stage) -> Outcome {
    let (there, theirs) = stage.port.event_loop.channel(options_of_both()).map_err(text)?;
    let (ours, back) = stage.port.event_loop.channel(options_of_both()).map_err(text)?;
    let ends = [End::Receiver(theirs), End::Sender(ours)];
    let actor = stage.create_with(options("Bench", Some(0)), "plain", &ends)?;
    stage.port.event_loop.close_receiver(theirs);
    stage.port.event_loop.close_sender(ours);
    let call = stage.call(actor, "echo", b"warm")?;
    stage.expect_value(call, "warm")?;
    stage.port.spin(SPIN);
    for in_flight in [1, 64, 1_000] {
        for bytes in [16, 1_024] {
            let messages = messages(stage, (there, back), in_flight, bytes)?;
            let once = calls(stage, actor, retried(0), in_flight, bytes)?;
            let kept = calls(stage, actor, retried(3), in_flight, bytes)?;
            say(&format!(
                "{in_flight:>5} in flight of {bytes:>4} bytes: {messages:>9.0} messages/s, {once:>9.0} calls/s ({:.2}), {kept:>9.0} with retries ({:.2})",
                once / messages,
                kept / messages,
            ));
        }
    }
    Ok(())
}

fn options_of_both() -> ChannelOptions {
    ChannelOptions { capacity: 1 << 14, max_bytes: 256 << 20, ..ChannelOptions::default() }
}

/// Round trips a second.
fn calls(
    stage: &mut Stage,
    actor: Actor,
    policy: Policy,
    in_flight: usize,
    bytes: usize,
) -> Result<f64, String> {
    let target = Target::Actor { actor: actor.id, ordered: true };
    let callee = Callee { target, policy, group: 0, definition: None };
    let mut record = vec![0; CALL_HEADER_BYTES + bytes];
    let mut tray = Lean::default();
    let (mut done, mut out, started) = (0, 0, Instant::now());
    loop {
        let is_over = started.elapsed() > ROUND;
        while !is_over && out < in_flight {
            let Port { calls, event_loop, .. } = &mut stage.port;
            calls.call(event_loop, &callee, 0, &mut record, &[]).map_err(text)?;
            out += 1;
        }
        if out == 0 {
            break;
        }
        stage.port.turn_into(None, &mut stage.events, &mut tray).map_err(text)?;
        out -= tray.settled;
        done += std::mem::take(&mut tray.settled);
    }
    Ok(f64::from(u32::try_from(done).map_err(text)?) / started.elapsed().as_secs_f64())
}

/// The same of bare messages.
fn messages(
    stage: &mut Stage,
    (there, back): (Handle, Handle),
    in_flight: usize,
    bytes: usize,
) -> Result<f64, String> {
    let payload = vec![0; bytes];
    let (mut done, mut out, started) = (0, 0, Instant::now());
    let mut tray = Lean::default();
    loop {
        let event_loop = &mut stage.port.event_loop;
        let is_over = started.elapsed() > ROUND;
        while !is_over && out < in_flight {
            event_loop.send(there, 1, &payload, &[]).map_err(text)?;
            out += 1;
        }
        if out == 0 {
            break;
        }
        let mut counted = Counted(0);
        event_loop.take(back, in_flight, false, &mut counted).map_err(text)?;
        out -= counted.0;
        done += counted.0;
        if counted.0 == 0 {
            event_loop.wait(back).map_err(text)?;
            stage.events.clear();
            stage.port.turn_into(None, &mut stage.events, &mut tray).map_err(text)?;
        }
    }
    Ok(f64::from(u32::try_from(done).map_err(text)?) / started.elapsed().as_secs_f64())
}

struct Counted(usize);

impl Received for Counted {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: u32, _: &[u8], _: &[Arrived]) {
        self.0 += 1;
    }
}

/// What a turn brings, without a copy of its own for each.
#[derive(Default)]
struct Lean {
    settled: usize,
    starts: Vec<(Run, usize)>,
    arguments: Vec<u8>,
    constructs: Option<Vec<Arrived>>,
}

impl Fills for Lean {
    fn is_empty(&self) -> bool {
        self.settled == 0 && self.starts.is_empty() && self.constructs.is_none()
    }
}

impl Takes for Lean {
    fn room(&self) -> usize {
        2_048_usize.saturating_sub(self.settled + self.starts.len())
    }

    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn settled(&mut self, _: CallId, _: bool, _: &[u8], _: &[Arrived]) {
        self.settled += 1;
    }

    fn start(&mut self, start: Start, arguments: &[u8], _: &[Arrived]) {
        self.starts.push((start.run, arguments.len()));
        self.arguments.extend_from_slice(arguments);
    }

    fn construct(&mut self, _: ActorId, _: u32, _: &[u8], ends: &[Arrived]) {
        self.constructs = Some(ends.to_vec());
    }

    fn object(&mut self, _: ObjectNo, _: bool) {}
    fn failed(&mut self, _: CallId, _: Arc<Error>) {}
    fn actor(&mut self, _: ActorId, _: &ActorState) {}
    fn name_taken(&mut self, _: ActorId, _: ActorId, _: &[u8], _: &[Arrived]) {}
    fn found(&mut self, _: u32, _: Option<ActorId>, _: &[u8], _: &[Arrived]) {}
    fn line(&mut self, _: WorkerLine) {}
    fn definition(&mut self, _: u32, _: &str) {}
    fn cancelled(&mut self, _: Run) {}
    fn finish(&mut self) {}
}

/// In a worker: an actor that answers with what it gets, by calls and by messages.
pub(crate) fn work(mut port: Port) {
    port.spin(SPIN);
    let mut tray = Lean::default();
    let (mut events, mut record) = (Vec::new(), Vec::new());
    let mut ends = None;
    loop {
        port.turn_into(None, &mut events, &mut tray).expect("a turn");
        events.clear();
        let Port { calls, event_loop, .. } = &mut port;
        if let Some(arrived) = tray.constructs.take() {
            let [Arrived::Open(End::Receiver(rx)), Arrived::Open(End::Sender(tx))] = arrived[..] else {
                panic!("two ends")
            };
            ends = Some((rx, tx));
            calls.constructed(event_loop, &[1], None).expect("a word to the agent");
        }
        // Whatever may start next runs in the same turn, as in a face.
        for _ in 0..1_024 {
            let mut at = 0;
            for (run, bytes) in tray.starts.drain(..) {
                record.clear();
                record.resize(REPLY_HEADER_BYTES, 0);
                record.extend_from_slice(&tray.arguments[at..at + bytes]);
                at += bytes;
                calls.reply(event_loop, run, false, &mut record, &[]).expect("a reply");
            }
            tray.arguments.clear();
            if at == 0 {
                break;
            }
            calls.take(event_loop, &mut tray).expect("what is next");
        }
        if let Some((rx, tx)) = ends {
            // One that is gone ends with its driver, as this process does.
            let mut echo = Echo::default();
            let _gone = event_loop.take(rx, 1_024, false, &mut echo);
            for payload in echo.0 {
                let _gone = event_loop.send(tx, 1, &payload, &[]);
            }
            let _gone = event_loop.wait(rx);
        }
    }
}

#[derive(Default)]
struct Echo(Vec<Vec<u8>>);

impl Received for Echo {
    fn room_bytes(&self) -> usize {
        usize::MAX
    }

    fn put(&mut self, _: u32, payload: &[u8], _: &[Arrived]) {
        self.0.push(payload.to_vec());
    }
}
