//! A worker from its start to its end.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};

use super::lines::Lines;
use super::process::{Pipes, Process};
use super::{LAST_LINES, Order, Output, WorkerEnd, WorkerEvent, WorkerSpec};

/// How long output may come after the end: only a process that has left the worker's group can hold the pipes that long.
const LATE_OUTPUT: Duration = Duration::from_secs(1);
const READ_BYTES: usize = 16 << 10;

/// Starts a worker and tells `sink` what happens, until it is gone.
pub(super) async fn watch(
    spec: &WorkerSpec,
    mut orders: UnboundedReceiver<Order>,
    sink: &(dyn Fn(WorkerEvent) + Send + Sync),
) {
    let (process, pipes) = match Process::start(spec) {
        Ok(started) => started,
        Err(e) => {
            let end = WorkerEnd::NotStarted(format!("{}: {e}", spec.program.display()));
            return sink(WorkerEvent::Ended { end, last_lines: Vec::new() });
        }
    };
    sink(WorkerEvent::Started { pid: process.pid() });
    let last_lines = Mutex::new(VecDeque::new());
    let end = until_gone(spec, process, pipes, &mut orders, (&last_lines, sink)).await;
    let last_lines = last_lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    sink(WorkerEvent::Ended { end, last_lines: last_lines.into() });
}

type Told<'a> = (&'a Mutex<VecDeque<String>>, &'a (dyn Fn(WorkerEvent) + Send + Sync));

/// Until the process was reaped and its output is read: how it ended.
async fn until_gone(
    spec: &WorkerSpec,
    process: Process,
    pipes: Pipes,
    orders: &mut UnboundedReceiver<Order>,
    told: Told<'_>,
) -> WorkerEnd {
    let Pipes { mut control, stdout, stderr } = pipes;
    let output = async {
        tokio::join!(read_lines(stdout, Output::Stdout, told), read_lines(stderr, Output::Stderr, told))
    };
    tokio::pin!(output);
    let mut output_ended = false;
    let is_late = {
        let life = live(&process, &mut control, orders, spec.start_timeout, told.1);
        tokio::pin!(life);
        loop {
            tokio::select! {
                is_late = &mut life => break is_late,
                _ = &mut output, if !output_ended => output_ended = true,
            }
        }
    };
    let end = process.reap();
    if !output_ended {
        // What it wrote last is in the pipes.
        let _late = timeout(LATE_OUTPUT, output).await;
    }
    if is_late { WorkerEnd::NotReady } else { end }
}

/// Until the process has exited. True if it was killed because it was not ready in time.
async fn live(
    process: &Process,
    control: &mut UnixStream,
    orders: &mut UnboundedReceiver<Order>,
    start_timeout: Duration,
    sink: &(dyn Fn(WorkerEvent) + Send + Sync),
) -> bool {
    let mut is_late = false;
    let mut is_starting = true;
    let mut deadline = Box::pin(sleep(start_timeout));
    let mut grace = None;
    loop {
        tokio::select! {
            _ = process.exited() => {
                // It may have said so with its last breath.
                if is_starting && control.try_read(&mut [0]).is_ok_and(|count| count == 1) {
                    sink(WorkerEvent::Ready);
                }
                return is_late;
            }
            said = control.read_u8(), if is_starting => {
                // It has ended, or closed its input: its exit will tell.
                is_starting = false;
                if said.is_ok() {
                    sink(WorkerEvent::Ready);
                }
            }
            () = &mut deadline, if is_starting => {
                (is_starting, is_late) = (false, true);
                process.kill_group();
            }
            order = orders.recv() => match order {
                Some(Order::Terminate(time)) => {
                    process.terminate();
                    grace = Some(Box::pin(sleep(time)));
                }
                // Nobody is left who could give orders.
                Some(Order::Kill) | None => {
                    process.kill_group();
                    let _dead = process.exited().await;
                    return is_late;
                }
            },
            () = async { grace.as_mut().expect("there is one").await }, if grace.is_some() => {
                grace = None;
                process.kill_group();
            }
        }
    }
}

async fn read_lines(mut from: impl AsyncRead + Unpin, output: Output, (last_lines, sink): Told<'_>) {
    let tell = |text: String| {
        let mut last = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(text.clone());
        drop(last);
        sink(WorkerEvent::Line { output, text });
    };
    let (mut lines, mut buffer) = (Lines::default(), vec![0; READ_BYTES]);
    // An error is an end: there is nothing more to be had.
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        lines.push(&buffer[..count], tell);
    }
    if let Some(rest) = lines.finish() {
        tell(rest);
    }
}
