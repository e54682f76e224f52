//! One wits at a time in one project.
//!
//! Two `wits fetch` in one project would each resolve, write `wits.lock` and then `wit/deps`, and the
//! lock of one could end up beside the tree of the other. So a command that is going to write a
//! project holds its lock from before it reads `wits.lock` to after the last write.
//!
//! The lock file lies in the cache, under the digest of the project's path, and not in the project: a
//! lock file is never deleted (`wits_fs::lock` says why), and in the project it would be noise in
//! `git status` and in whatever watches the directory. The price: processes with different caches do
//! not see each other's lock, and without a writable cache there is none. Then two runs may each do
//! the whole work, but `wit/deps` stays sound: a replacement of its entries has a lock of its own,
//! beside them, for the moment it takes.
//!
//! Commands that only look (a fetch with nothing to do, `--locked`, `lock --check`) take no lock, and
//! therefore work in a project, and with a cache, that cannot be written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wits_fs::{FileLock, FsError, Holder};
use wits_model::Digest;

use crate::{Cache, StoreError};

/// Held while a command reads, resolves and writes one project; released when dropped.
#[derive(Debug)]
pub struct ProjectLock {
    _lock: FileLock,
}

impl ProjectLock {
    /// Takes the lock of the project or workspace whose `wits.lock` lies (or would lie) in `root`.
    /// `what` is shown to those who wait; `on_wait` is called once, when this process has to.
    ///
    /// # Errors
    /// Of kind `Transient` if another process held it for all of `timeout`;
    /// [`StoreError::CacheUnwritable`] if there can be no lock, with which a caller can go on.
    pub fn acquire(
        cache: &Cache,
        root: &Path,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, StoreError> {
        let root = fs::canonicalize(root).map_err(FsError::io("find", root))?;
        let name = Digest::of(root.as_os_str().as_encoded_bytes());
        let path = cache
            .lock_file(&name)
            .map_err(StoreError::CacheUnwritable)?;
        match FileLock::acquire(path, what, timeout, on_wait) {
            Ok(lock) => Ok(Self { _lock: lock }),
            // The project, and not a file in the cache that nobody knows, is what the user is told of.
            Err(FsError::Held { holder, waited, .. }) => Err(StoreError::Fs(FsError::Held {
                path: root,
                holder,
                waited,
            })),
            Err(error) => Err(StoreError::CacheUnwritable(error)),
        }
    }
}
