//! The session's private directory and the lock in it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::crash::{CrashPoint, crash_point};
use crate::error::ShmError;

const LOCK: &str = "lock";
const BELLS: &str = "bells";

/// Where this user's sessions live: `KLAW_DIR`, else `XDG_RUNTIME_DIR/klaw`, else `TMPDIR/klaw-<uid>`.
#[must_use]
pub fn base_directory() -> PathBuf {
    if let Some(dir) = std::env::var_os("KLAW_DIR") {
        return dir.into();
    }
    if let Some(dir) = std::env::var_os("XDG_RUNTIME_DIR") {
        return Path::new(&dir).join("klaw");
    }
    std::env::temp_dir().join(format!("klaw-{}", rustix::process::geteuid().as_raw()))
}

/// A session directory with its lock held, shared with the other members.
#[derive(Debug)]
pub(crate) struct SessionDirectory {
    path: PathBuf,
    bells: PathBuf,
    id: u64,
    lock: File,
}

impl SessionDirectory {
    /// [`ShmError::SessionGone`] if a janitor was faster than the lock: try again under another id.
    pub(crate) fn create(base: &Path) -> Result<Self, ShmError> {
        private_directory(base)?;
        let id = random_id()?;
        let path = base.join(format!("{id:016x}"));
        DirBuilder::new().mode(0o700).create(&path).map_err(|e| ShmError::os("mkdir", path.display(), e))?;
        crash_point(CrashPoint::DirectoryMade);
        Self::locked(path, id, true)?.with_bells()
    }

    pub(crate) fn attach(path: &Path) -> Result<Self, ShmError> {
        let gone = || ShmError::SessionGone { path: path.to_owned() };
        let id = session_id(path).ok_or_else(gone)?;
        if !path.is_dir() {
            return Err(gone());
        }
        check_private(path)?;
        Self::locked(path.to_owned(), id, false)
    }

    fn locked(path: PathBuf, id: u64, create: bool) -> Result<Self, ShmError> {
        let lock_path = path.join(LOCK);
        let gone = || ShmError::SessionGone { path: path.clone() };
        let lock = open_lock(&lock_path, create).map_err(|e| match e.kind() {
            ErrorKind::NotFound => gone(),
            _ => ShmError::os("open", lock_path.display(), e),
        })?;
        if lock.try_lock_shared().is_err() || !is_at(&lock, &lock_path) {
            return Err(gone());
        }
        crash_point(CrashPoint::LockHeld);
        Ok(Self { bells: path.join(BELLS), path, id, lock })
    }

    fn with_bells(self) -> Result<Self, ShmError> {
        DirBuilder::new()
            .mode(0o700)
            .create(&self.bells)
            .map_err(|e| ShmError::os("mkdir", self.bells.display(), e))?;
        Ok(self)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bells(&self) -> &Path {
        &self.bells
    }
}

impl Drop for SessionDirectory {
    /// Lets go of the lock, and clears the session away if nobody else holds it.
    fn drop(&mut self) {
        // Not atomic: a joiner may slip in between, and then the exclusive attempt fails, rightly.
        let _unlocked = self.lock.unlock();
        super::janitor::remove_if_dead(&self.path);
    }
}

/// The lock of a session that nobody lives in; `None` if somebody does, or if it is no session directory.
pub(super) fn lock_dead(path: &Path) -> Option<File> {
    let lock_path = path.join(LOCK);
    // Also for a directory without a lock: its creator died before it made one, or loses now and starts again.
    let lock = open_lock(&lock_path, true).ok()?;
    (lock.try_lock().is_ok() && is_at(&lock, &lock_path)).then_some(lock)
}

fn open_lock(path: &Path, create: bool) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

/// True if `path` still leads to this very file: a lock on an unlinked file keeps nobody out.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(theirs)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
}

/// The id in a session directory's name.
pub(super) fn session_id(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    (name.len() == 16).then(|| u64::from_str_radix(name, 16).ok())?
}

pub(super) fn list(base: &Path) -> Result<Vec<PathBuf>, ShmError> {
    let entries = match std::fs::read_dir(base) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(ShmError::os("readdir", base.display(), e)),
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| session_id(&entry.path()).is_some())
        // One that a janitor removed in the meantime has no metadata any more.
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Makes sure that `base` exists, is ours, and nobody else's business.
fn private_directory(base: &Path) -> Result<(), ShmError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(base)
        .map_err(|e| ShmError::os("mkdir", base.display(), e))?;
    check_private(base)
}

pub(super) fn check_private(path: &Path) -> Result<(), ShmError> {
    let meta = std::fs::symlink_metadata(path).map_err(|e| ShmError::os("stat", path.display(), e))?;
    let expected_uid = rustix::process::geteuid().as_raw();
    let mode = meta.mode() & 0o777;
    if !meta.is_dir() {
        return Err(ShmError::Invalid {
            what: path.display().to_string(),
            found: "a file or a symbolic link".to_owned(),
            expected: "a directory".to_owned(),
        });
    }
    if meta.uid() != expected_uid || mode & 0o077 != 0 {
        return Err(ShmError::ForeignOwner {
            path: path.to_owned(),
            found_uid: meta.uid(),
            expected_uid,
            mode,
        });
    }
    Ok(())
}

fn random_id() -> Result<u64, ShmError> {
    let mut bytes = [0_u8; 8];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .map_err(|e| ShmError::os("getrandom", "session id", e))?;
    }
    Ok(u64::from_le_bytes(bytes))
}
