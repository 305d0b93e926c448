//! `docs/layout.md` says byte for byte what the code has.

#![cfg(not(loom))]

use std::path::Path;

use klaw_shm::layout::markdown;
use klaw_shm::session::CONTROL;
use klaw_testkit::page_matches;

/// `KLAW_UPDATE_DOCS=1 cargo test -p klaw-shm --test layout_doc` writes the part anew.
#[test]
fn the_page_matches_the_code() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layout.md");
    page_matches(&page, "klaw-shm", &markdown(CONTROL.structures)).unwrap();
}
