//! Pages of documentation that the code writes a part of.

use std::path::Path;

use crate::Outcome;

/// Compares the part of a page between `<!-- mark: begin -->` and `<!-- mark: end -->` with `generated`, or writes it anew
/// if `KLAW_UPDATE_DOCS` is set.
pub fn page_matches(page: &Path, mark: &str, generated: &str) -> Outcome {
    let (begin, end) = (format!("<!-- {mark}: begin -->\n"), format!("<!-- {mark}: end -->"));
    let text = std::fs::read_to_string(page).map_err(|e| format!("{}: {e}", page.display()))?;
    let missing = || format!("{} has no part {mark}", page.display());
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    let expected = format!("{before}{begin}\n{generated}{end}{after}");
    if std::env::var_os("KLAW_UPDATE_DOCS").is_some() {
        return std::fs::write(page, expected).map_err(|e| e.to_string());
    }
    if text == expected {
        return Ok(());
    }
    Err(format!("{} is stale: run this test with KLAW_UPDATE_DOCS=1 and commit", page.display()))
}
