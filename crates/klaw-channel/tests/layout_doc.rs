//! `docs/layout.md` says byte for byte what the code has.

#![cfg(not(loom))]

use std::path::Path;

use klaw_channel::{RINGS, TABLES};
use klaw_shm::layout::{SegmentHeader, markdown};
use klaw_testkit::page_matches;

/// `KLAW_UPDATE_DOCS=1 cargo test -p klaw-channel --test layout_doc` writes the part anew.
#[test]
fn the_page_matches_the_code() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layout.md");
    // The header is in the control segment's part of the page.
    let own = |s: &&klaw_shm::layout::Structure| s.name != SegmentHeader::LAYOUT.name;
    let structures: Vec<_> = TABLES.structures.iter().filter(own).copied().collect();
    assert!(RINGS.structures.iter().filter(own).all(|ring| structures.iter().any(|s| s.name == ring.name)));
    page_matches(&page, "klaw-channel", &markdown(&structures)).unwrap();
}
