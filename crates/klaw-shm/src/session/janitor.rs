//! Clearing away what dead sessions left: names first, the directory last.

use std::collections::BTreeSet;
use std::path::Path;

use super::directory::{check_private, list, lock_dead, session_id};
use crate::crash::{CrashPoint, Mutant, crash_point, mutant};
use crate::error::ShmError;
use crate::segment::{is_abandoned, segment_prefix, unlink_segment, user_prefix};

/// Where the names of POSIX shared memory stand on Linux.
const SHM_DIRECTORY: &str = "/dev/shm";

/// What a janitor's round removed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// Ids of the dead sessions whose directories are gone.
    pub sessions: Vec<u64>,
    /// Segments that had no directory any more, and nobody who mapped them.
    pub stray_segments: usize,
}

/// Removes every dead session of this user below `base`, and segments that lost their directory. Sessions in which
/// anybody lives are left alone. Does no harm when two run at once, or when it is killed.
pub fn clean(base: &Path) -> Result<Cleaned, ShmError> {
    let mut cleaned = Cleaned::default();
    for path in list(base)? {
        // A directory that is not ours stays: somebody put it there, and removing it would follow his names.
        if check_private(&path).is_ok() && remove_if_dead(&path) {
            cleaned.sessions.extend(session_id(&path));
        }
    }
    for name in stray_segments(base) {
        if is_abandoned(&name) {
            unlink_segment(&name);
            cleaned.stray_segments += 1;
        }
    }
    Ok(cleaned)
}

/// Removes the session in `path` if no member lives. True if it is gone.
pub(super) fn remove_if_dead(path: &Path) -> bool {
    let (Some(id), Some(_lock)) = (session_id(path), lock_dead(path)) else { return false };
    for name in segments(&segment_prefix(id)) {
        unlink_segment(&name);
    }
    crash_point(CrashPoint::JanitorSegmentsGone);
    if mutant(Mutant::KeepDirectory) {
        return false;
    }
    // Everything below is ours (0700), and removal follows no symbolic link.
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    for entry in entries.filter_map(Result::ok) {
        let entry = entry.path();
        let _gone = if entry.is_dir() && !entry.is_symlink() {
            std::fs::remove_dir_all(&entry)
        } else {
            std::fs::remove_file(&entry)
        };
    }
    crash_point(CrashPoint::JanitorDirectoryEmpty);
    std::fs::remove_dir(path).is_ok()
}

/// Segments of this user whose session has no directory below `base`.
fn stray_segments(base: &Path) -> BTreeSet<String> {
    segments(&format!("/{}", user_prefix()))
        .into_iter()
        .filter(|name| {
            let id = name.trim_start_matches('/').split('-').nth(2);
            id.is_some_and(|id| !base.join(id).exists())
        })
        .collect()
}

/// Names of segments, with their leading slash, that start with `prefix`.
fn segments(prefix: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(SHM_DIRECTORY) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some(format!("/{}", entry.file_name().to_str()?)))
        .filter(|name| name.starts_with(prefix))
        .collect()
}
