//! One wits at a time in one project.
use crate::{Cache, StoreError};
use std::path::Path;
use std::time::Duration;
use wits_fs::{FileLock, Holder};

/// Held while a command reads, resolves and writes one project.
#[derive(Debug)]
pub struct ProjectLock {
    #[allow(dead_code)]
    lock: FileLock,
}
impl ProjectLock {
    /// Takes the lock of the project whose `wits.lock` lies (or would lie) in `root`; it lies in the cache,
    /// never in the project. `CacheUnwritable`: go on without (writes to `wit/deps` still exclude each other).
    pub fn acquire(
        cache: &Cache,
        root: &Path,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, StoreError> {
        let _ = (cache, root, what, timeout, on_wait);
        todo!()
    }
}
