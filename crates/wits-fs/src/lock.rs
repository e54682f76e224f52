//! Process locks.
use crate::FsError;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who holds a lock, as far as the lock file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: Option<u32>,
    /// What it does.
    pub what: Option<String>,
}
impl fmt::Display for Holder {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
/// A lock, released when dropped.
#[derive(Debug)]
pub struct FileLock {
    #[allow(dead_code)]
    file: File,
    #[allow(dead_code)]
    path: PathBuf,
}
impl FileLock {
    /// Takes the lock for this process alone. `on_wait` is called once, when there is somebody to wait for.
    pub fn acquire(
        path: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        let _ = (path, what, timeout, on_wait);
        todo!()
    }
    /// Takes the lock together with other sharers.
    pub fn acquire_shared(
        path: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        let _ = (path, what, timeout, on_wait);
        todo!()
    }
}
