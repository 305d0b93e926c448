//! `docs/layout.md` says byte for byte what the code has.

use std::path::Path;

use klaw_core::RUNS;
use klaw_shm::layout::{SegmentHeader, markdown};
use klaw_testkit::page_matches;

/// `KLAW_UPDATE_DOCS=1 cargo test -p klaw-core --test layout_doc` writes the part anew.
#[test]
fn the_page_matches_the_code() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layout.md");
    // The header is in the control segment's part of the page.
    let own = |s: &&klaw_shm::layout::Structure| s.name != SegmentHeader::LAYOUT.name;
    let structures: Vec<_> = RUNS.structures.iter().filter(own).copied().collect();
    let text = std::fs::read_to_string(&page).unwrap();
    let heading = format!("Kind {}, name `{}`", RUNS.number, RUNS.name);
    assert!(text.contains(&heading), "the page has no {heading:?}");
    page_matches(&page, "klaw-core", &markdown(&structures)).unwrap();
}
