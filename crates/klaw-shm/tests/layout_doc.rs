//! `docs/layout.md` says byte for byte what the code has.

#![cfg(not(loom))]

use std::path::Path;

use klaw_shm::layout::{Structure, markdown};
use klaw_shm::session::CONTROL;

const BEGIN: &str = "<!-- klaw-shm: begin -->\n";
const END: &str = "<!-- klaw-shm: end -->";

fn structures() -> Vec<Structure> {
    CONTROL.structures.to_vec()
}

/// `KLAW_UPDATE_DOCS=1 cargo test -p klaw-shm --test layout_doc` writes the page anew.
#[test]
fn the_page_matches_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layout.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the begin mark");
    let (_, after) = rest.split_once(END).expect("the page has the end mark");
    let expected = format!("{before}{BEGIN}\n{}{END}{after}", markdown(&structures()));
    if std::env::var_os("KLAW_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == expected, "docs/layout.md is stale: run this test with KLAW_UPDATE_DOCS=1 and commit");
}
