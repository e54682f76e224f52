//! Journalled replacement.
use crate::{FsError, Holder};
use std::path::Path;
use std::time::Duration;

/// A replacement under way.
pub struct Replacement(());
/// What [`Replacement::recover`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing had been interrupted.
    Nothing,
    /// An interrupted replacement was completed.
    Completed {
        /// Entries left alone because somebody changed them since.
        kept: Vec<String>,
    },
    /// What was prepared but not begun was discarded.
    Discarded,
}
impl Replacement {
    /// Locks `aside`, recovers what was interrupted, and begins.
    pub fn begin(
        dir: impl AsRef<Path>,
        aside: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        let _ = (dir, aside, what, timeout, on_wait);
        todo!()
    }
    /// Completes or discards an interrupted replacement.
    pub fn recover(
        dir: impl AsRef<Path>,
        aside: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Recovered, FsError> {
        let _ = (dir, aside, what, timeout, on_wait);
        todo!()
    }
    /// A file of this name.
    pub fn put_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), FsError> {
        let _ = (name, bytes);
        todo!()
    }
    /// A directory of this name with these files.
    pub fn put_dir(&mut self, name: &str, files: &[(&str, &[u8])]) -> Result<(), FsError> {
        let _ = (name, files);
        todo!()
    }
    /// No entry of this name.
    pub fn remove(&mut self, name: &str) {
        let _ = name;
        todo!()
    }
    /// Does it.
    pub fn commit(self) -> Result<(), FsError> {
        todo!()
    }
}
