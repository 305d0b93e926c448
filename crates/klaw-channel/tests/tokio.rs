//! Channels in a tokio program.

#![cfg(not(loom))]

use std::sync::Arc;
use std::time::Duration;

use klaw_channel::{ChannelError, ChannelOptions, Node};
use klaw_testkit::Scratch;

/// Against hangs.
const PATIENCE: Duration = Duration::from_secs(30);

fn node() -> (Scratch, Arc<Node>) {
    let scratch = Scratch::new().expect("a scratch directory");
    let node = Node::create(scratch.path()).expect("a session");
    (scratch, node)
}

fn options(capacity: u32) -> ChannelOptions {
    ChannelOptions { capacity, ..ChannelOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_send_and_receive() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(4)).unwrap();
    let sender = tokio::spawn(async move {
        for n in 0..20_000 {
            tx.send_async(n, b"0123456789").await.unwrap();
        }
    });
    let receive = async {
        for n in 0..20_000 {
            assert_eq!(rx.recv_async().await.unwrap().tag, n);
        }
        assert!(matches!(rx.recv_async().await, Err(ChannelError::Closed { gone: "sender" })));
    };
    tokio::time::timeout(PATIENCE, receive).await.unwrap();
    sender.await.unwrap();
}

#[tokio::test]
async fn a_task_and_a_thread_talk() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(1)).unwrap();
    let thread = std::thread::spawn(move || {
        for n in 0..1_000 {
            tx.send(n, &[1; 100], None).unwrap();
        }
    });
    for n in 0..1_000 {
        assert_eq!(tokio::time::timeout(PATIENCE, rx.recv_async()).await.unwrap().unwrap().tag, n);
    }
    thread.join().unwrap();
}

#[tokio::test]
async fn cancelling_loses_nothing() {
    let (_scratch, node) = node();
    let (mut tx, mut rx) = node.channel(options(1)).unwrap();
    let soon = Duration::from_millis(5);
    assert!(tokio::time::timeout(soon, rx.recv_async()).await.is_err());
    tx.send_async(1, b"").await.unwrap();
    assert!(tokio::time::timeout(soon, tx.send_async(2, b"")).await.is_err());
    assert_eq!(rx.recv_async().await.unwrap().tag, 1);
    assert!(
        tokio::time::timeout(soon, rx.recv_async()).await.is_err(),
        "the cancelled send has sent nothing"
    );
    tx.send_async(3, b"").await.unwrap();
    assert_eq!(rx.recv_async().await.unwrap().tag, 3);
}
