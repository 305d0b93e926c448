//! Bytes that no build of this version writes.

use std::os::unix::fs::FileExt;

use klaw_channel::audit::Auditor;
use klaw_channel::{ChannelOptions, Node, RINGS, TABLES};
use klaw_testkit::{Outcome, Scratch};

use crate::damage::segment_file;
use crate::{ROOT_AT, check};

/// The third of four messages is overwritten in its ring.
pub(crate) fn corrupt_record(scratch: &Scratch) -> Outcome {
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

pub(crate) fn other_layout(scratch: &Scratch) -> Outcome {
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
