//! Event loops without any language: two loops of one process, driven by hand, as a face drives them.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaw_core::{Arrived, ChannelOptions, End, Event, EventLoop, Handle, Overflow, Received, Runtime, Sent};
use klaw_testkit::Scratch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const PATIENCE: Duration = Duration::from_secs(10);

/// A session of its own: runtimes of one process share those that they both know.
struct Test {
    runtime: Arc<Runtime>,
    _scratch: Scratch,
}

impl Test {
    fn new() -> Self {
        let scratch = Scratch::new().unwrap();
        let runtime = Runtime::create_in(scratch.path()).unwrap();
        Self { runtime, _scratch: scratch }
    }

    fn event_loop(&self) -> EventLoop {
        self.runtime.event_loop().unwrap()
    }
}

#[derive(Default)]
struct Taken {
    messages: Vec<(u32, Vec<u8>)>,
    ends: Vec<Arrived>,
    room: Option<usize>,
}

impl Received for Taken {
    fn room_bytes(&self) -> usize {
        let used: usize = self.messages.iter().map(|(_, payload)| payload.len()).sum();
        self.room.unwrap_or(usize::MAX).saturating_sub(used)
    }

    fn put(&mut self, tag: u32, payload: &[u8], ends: &[Arrived]) {
        self.messages.push((tag, payload.to_vec()));
        self.ends.extend(ends);
    }
}

fn take(of: &mut EventLoop, receiver: Handle, max: usize) -> Vec<(u32, Vec<u8>)> {
    let mut taken = Taken::default();
    of.take(receiver, max, true, &mut taken).unwrap();
    taken.messages
}

/// One turn, in which the loop may sleep for `timeout`.
fn turn(of: &mut EventLoop, timeout: Duration) -> Vec<Event> {
    let mut events = Vec::new();
    of.begin_turn();
    of.pump(&mut events);
    of.end_turn();
    if !events.is_empty() {
        return events;
    }
    of.arm();
    of.pump(&mut events);
    let mut readable = false;
    if events.is_empty() {
        let timeout = Timespec::try_from(timeout).unwrap();
        readable = poll(&mut [PollFd::new(&of.fd(), PollFlags::IN)], Some(&timeout)).unwrap() > 0;
    }
    of.disarm(readable);
    of.pump(&mut events);
    events
}

/// Turns until something happens.
fn next(of: &mut EventLoop) -> Event {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut events = turn(of, deadline.saturating_duration_since(Instant::now()));
        assert!(events.len() < 2, "one at a time: {events:?}");
        if let Some(event) = events.pop() {
            return event;
        }
        assert!(Instant::now() < deadline, "nothing happens");
    }
}

/// Opens the receiver's channel there, and closes it here.
fn move_receiver(from: &mut EventLoop, receiver: Handle, to: &mut EventLoop) -> Handle {
    let id = from.channel_id(End::Receiver(receiver)).unwrap();
    let there = to.open_receiver(id).unwrap();
    from.close_receiver(receiver);
    there
}

fn small() -> ChannelOptions {
    ChannelOptions { capacity: 4, max_bytes: 1 << 12, ..ChannelOptions::default() }
}

#[test]
fn what_is_sent_is_taken_in_order() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    for n in 0..10 {
        assert_eq!(a.send(tx, n, b"x", &[]).unwrap(), Sent::Now);
    }
    assert_eq!(take(&mut a, rx, 3).iter().map(|m| m.0).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(take(&mut a, rx, 100).len(), 7);
    assert_eq!(take(&mut a, rx, 100), []);
}

#[test]
fn a_sleeping_loop_is_woken_by_one_message() {
    let test = Test::new();
    let (mut a, mut b) = (test.event_loop(), test.event_loop());
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    let rx = move_receiver(&mut a, rx, &mut b);
    let sleeper = std::thread::spawn(move || {
        b.wait(rx).unwrap();
        assert!(b.is_waited_for());
        assert!(matches!(next(&mut b), Event::Ready(ready) if ready == rx));
        assert!(!b.is_waited_for(), "a waiter is told once");
        (take(&mut b, rx, 9), b)
    });
    std::thread::sleep(Duration::from_millis(30));
    // No end of turn: a sender whose thread is busy now must wake it all the same.
    a.send(tx, 7, b"hello", &[]).unwrap();
    let (messages, mut b) = sleeper.join().unwrap();
    assert_eq!(messages, [(7, b"hello".to_vec())]);
    assert!(turn(&mut b, Duration::ZERO).is_empty());
}

#[test]
fn a_full_channel_queues_in_order_and_tells_when_it_has_sent() {
    let test = Test::new();
    let (mut a, mut b) = (test.event_loop(), test.event_loop());
    let (tx, rx) = a.channel(small()).unwrap();
    let rx = move_receiver(&mut a, rx, &mut b);
    let sent: Vec<_> = (0..7).map(|n| a.send(tx, n, b"", &[]).unwrap()).collect();
    assert_eq!(sent[..4], [Sent::Now; 4]);
    assert_eq!(sent[4..], [Sent::Queued(0), Sent::Queued(1), Sent::Queued(2)]);
    assert_eq!(a.try_send(tx, 9, b"", &[]).unwrap_err().code(), "ERR_KLAW_CHANNEL_FULL");
    assert_eq!(a.cancel_send(tx, 1, 1), 1);
    assert_eq!(a.cancel_send(tx, 1, 1), 0);
    assert!(turn(&mut a, Duration::ZERO).is_empty());
    let sleeper = std::thread::spawn(move || {
        assert!(matches!(next(&mut a), Event::Sent { sender, count: 2 } if sender == tx));
        assert!(!a.is_waited_for());
        a
    });
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(take(&mut b, rx, 4).len(), 4);
    let mut a = sleeper.join().unwrap();
    assert_eq!(take(&mut b, rx, 100).iter().map(|m| m.0).collect::<Vec<_>>(), [4, 6]);
    assert_eq!(a.send(tx, 8, b"", &[]).unwrap(), Sent::Now);
}

#[test]
fn a_sender_that_is_closed_sends_its_queue_first() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(small()).unwrap();
    for n in 0..6 {
        a.send(tx, n, b"", &[]).unwrap();
    }
    assert!(a.close_sender(tx));
    assert!(!a.close_sender(tx), "closed before");
    assert_eq!(a.send(tx, 9, b"", &[]).unwrap_err().code(), "ERR_KLAW_END_CLOSED");
    assert!(a.is_waited_for());
    let mut got = take(&mut a, rx, 100);
    assert!(matches!(next(&mut a), Event::Sent { count: 2, .. }));
    got.extend(take(&mut a, rx, 100));
    assert_eq!(got.iter().map(|m| m.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    let end = a.take(rx, 1, true, &mut Taken::default()).unwrap_err();
    assert_eq!(end.code(), "ERR_KLAW_CHANNEL_CLOSED");
    assert_eq!(a.channel_id(End::Sender(tx)).unwrap_err().code(), "ERR_KLAW_END_CLOSED");
}

#[test]
fn what_can_never_be_sent_fails_where_it_stood() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(small()).unwrap();
    assert_eq!(a.send(tx, 0, &[0; 5_000], &[]).unwrap_err().code(), "ERR_KLAW_VALUE_TOO_LARGE");
    for n in 0..6 {
        a.send(tx, n, b"", &[]).unwrap();
    }
    assert!(a.close_receiver(rx));
    let events = turn(&mut a, Duration::ZERO);
    let closed =
        |e: &Event| matches!(e, Event::Failed { error, .. } if error.code() == "ERR_KLAW_CHANNEL_CLOSED");
    assert!(events.len() == 2 && events.iter().all(closed), "{events:?}");
    assert_eq!(a.send(tx, 0, b"", &[]).unwrap_err().code(), "ERR_KLAW_CHANNEL_CLOSED");
}

#[test]
fn a_wait_ends_when_the_channel_does() {
    let test = Test::new();
    let (mut a, mut b) = (test.event_loop(), test.event_loop());
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    let id = a.channel_id(End::Sender(tx)).unwrap();
    let there = b.open_sender(id).unwrap();
    a.close_sender(tx);
    a.wait(rx).unwrap();
    assert!(turn(&mut a, Duration::ZERO).is_empty());
    drop(b);
    let _ = there;
    assert!(matches!(next(&mut a), Event::Ready(_)));
    let end = a.take(rx, 1, true, &mut Taken::default()).unwrap_err();
    assert_eq!(end.code(), "ERR_KLAW_CHANNEL_CLOSED");
}

#[test]
fn a_turn_has_a_budget() {
    let test = Test::new();
    let mut a = test.event_loop();
    let options = ChannelOptions { capacity: 1 << 16, max_bytes: 64 << 20, ..ChannelOptions::default() };
    let (tx, rx) = a.channel(options).unwrap();
    a.begin_turn();
    let sent = (0..1 << 14).position(|n| a.send(tx, n, b"", &[]).unwrap() == Sent::Enough);
    assert!(sent.is_some(), "one turn sends for ever");
    assert!(a.is_spent());
    // Past its budget a turn goes on sending for whoever insists, and finds nothing for whoever can wait.
    assert_eq!(a.send(tx, 0, b"", &[]).unwrap(), Sent::Enough);
    assert_eq!(take(&mut a, rx, 1), []);
    let mut now = Taken::default();
    assert_eq!(a.take(rx, 1, false, &mut now).unwrap(), 1);
    a.want_turn();
    let mut events = Vec::new();
    a.pump(&mut events);
    assert!(events.is_empty());
    a.begin_turn();
    a.pump(&mut events);
    assert!(matches!(events[..], [Event::Turn]));
    assert_eq!(take(&mut a, rx, 1).len(), 1);
}

#[test]
fn what_is_fetched_is_handed_out_and_the_rest_is_left_to_others() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    let id = a.channel_id(End::Receiver(rx)).unwrap();
    let other = a.open_receiver(id).unwrap();
    for n in 0..10 {
        a.send(tx, n, &[0; 12_000], &[]).unwrap();
    }
    let mut taken = Taken { room: Some(50_000), ..Taken::default() };
    let count = a.take(rx, 10, true, &mut taken).unwrap();
    assert!((1..10).contains(&count), "{count} of 120 KB in 50 KB");
    // Nothing is stuck in an end that is closed.
    assert!(a.close_receiver(rx));
    assert_eq!(take(&mut a, other, 100).len(), 10 - count);
}

#[test]
fn looking_takes_nothing() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    let id = a.channel_id(End::Receiver(rx)).unwrap();
    let other = a.open_receiver(id).unwrap();
    a.wait(rx).unwrap();
    a.send(tx, 1, b"", &[]).unwrap();
    assert!(matches!(next(&mut a), Event::Ready(ready) if ready == rx));
    a.stop_waiting(rx);
    assert_eq!(take(&mut a, other, 1).len(), 1);
    assert_eq!(take(&mut a, rx, 1), []);
}

#[test]
fn a_call_stops_at_its_first_failure() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(small()).unwrap();
    let sizes = [8, 8, 8, 8, 8, 5_000, 8, 8];
    let payloads = sizes.iter().zip(0..).map(|(bytes, n)| (n, vec![0_u8; *bytes]));
    assert_eq!(a.send_many(tx, None, payloads).unwrap(), (Sent::Queued(3), 4));
    assert_eq!(a.send(tx, 99, b"", &[]).unwrap(), Sent::Queued(4));
    let mut got = take(&mut a, rx, 100);
    let events = turn(&mut a, Duration::ZERO);
    let [Event::Sent { count: 1, .. }, Event::Failed { count: 3, error, .. }, Event::Sent { count: 1, .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(error.code(), "ERR_KLAW_VALUE_TOO_LARGE");
    got.extend(take(&mut a, rx, 100));
    assert_eq!(got.iter().map(|m| m.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 99]);
}

#[test]
fn a_batch_that_does_not_fit_waits_for_room_in_its_order() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(small()).unwrap();
    let batch = |from: u32| (from..from + 6).map(|n| (n, [0_u8; 8]));
    assert_eq!(a.send_many(tx, None, batch(0)).unwrap(), (Sent::Queued(1), 2));
    assert_eq!(a.send_many(tx, None, batch(6)).unwrap(), (Sent::Queued(7), 6));
    assert_eq!(a.cancel_send(tx, 7, 6), 6);
    let mut got = take(&mut a, rx, 100);
    assert!(matches!(next(&mut a), Event::Sent { count: 2, .. }));
    got.extend(take(&mut a, rx, 100));
    assert_eq!(got.iter().map(|m| m.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_channel_that_does_not_wait_says_that_it_is_full() {
    let test = Test::new();
    let mut a = test.event_loop();
    let (tx, rx) = a.channel(ChannelOptions { overflow: Overflow::Error, ..small() }).unwrap();
    let full = a.send_many(tx, None, (0..6).map(|n| (n, [0_u8; 8]))).unwrap_err();
    assert_eq!(full.code(), "ERR_KLAW_CHANNEL_FULL");
    assert_eq!(a.send(tx, 9, b"", &[]).unwrap_err().code(), "ERR_KLAW_CHANNEL_FULL");
    assert!(!a.is_waited_for());
    assert_eq!(take(&mut a, rx, 100).len(), 4);
}

#[test]
fn ends_travel_also_in_queued_messages() {
    let test = Test::new();
    let (mut a, mut b) = (test.event_loop(), test.event_loop());
    let (tx, rx) = a.channel(small()).unwrap();
    let id = a.channel_id(End::Receiver(rx)).unwrap();
    let there = b.open_receiver(id).unwrap();
    let (reply_tx, reply_rx) = a.channel(small()).unwrap();
    for n in 0..4 {
        a.send(tx, n, b"", &[]).unwrap();
    }
    let queued = a.send(tx, 4, b"reply here", &[End::Sender(reply_tx)]).unwrap();
    assert!(matches!(queued, Sent::Queued(_)));
    // What is queued keeps its end open by itself.
    a.close_sender(reply_tx);
    assert_eq!(take(&mut b, there, 100).len(), 4);
    assert!(matches!(next(&mut a), Event::Sent { count: 1, .. }));
    let mut taken = Taken::default();
    b.take(there, 1, true, &mut taken).unwrap();
    let [Arrived::Open(End::Sender(reply))] = taken.ends[..] else { panic!("{:?}", taken.ends) };
    b.send(reply, 42, b"", &[]).unwrap();
    assert_eq!(take(&mut a, reply_rx, 1), [(42, Vec::new())]);
    b.close_sender(reply);
    let end = a.take(reply_rx, 1, true, &mut Taken::default()).unwrap_err();
    assert_eq!(end.code(), "ERR_KLAW_CHANNEL_CLOSED");
}

#[test]
fn a_receiver_that_stops_waiting_hands_its_ring_on() {
    let test = Test::new();
    let (mut a, mut b, mut c) = (test.event_loop(), test.event_loop(), test.event_loop());
    let (tx, rx) = a.channel(ChannelOptions::default()).unwrap();
    let id = a.channel_id(End::Sender(tx)).unwrap();
    let (there_b, there_c) = (b.open_receiver(id).unwrap(), c.open_receiver(id).unwrap());
    a.close_receiver(rx);
    b.wait(there_b).unwrap();
    let sleeper = std::thread::spawn(move || {
        c.wait(there_c).unwrap();
        assert!(matches!(next(&mut c), Event::Ready(_)));
        take(&mut c, there_c, 1)
    });
    std::thread::sleep(Duration::from_millis(30));
    // Rung for the message, or not: in any case it leaves it to the other one.
    b.arm();
    a.send(tx, 1, b"", &[]).unwrap();
    b.stop_waiting(there_b);
    b.disarm(true);
    assert_eq!(sleeper.join().unwrap().len(), 1);
}

#[test]
fn one_process_joins_a_session_once() {
    let test = Test::new();
    let again = Runtime::attach(test.runtime.address()).unwrap();
    assert!(Arc::ptr_eq(&test.runtime, &again));
    let gone = Runtime::attach(Path::new("/nowhere/0123456789abcdef")).unwrap_err();
    assert_eq!(gone.code(), "ERR_KLAW_SESSION_GONE");
}
