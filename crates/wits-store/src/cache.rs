//! The cache.
use crate::StoreError;
use std::path::{Path, PathBuf};
use wits_model::Digest;

/// The cache in one directory.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
}
/// What the cache has for a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The bytes, just hashed.
    Hit(Vec<u8>),
    /// Nothing.
    Miss,
    /// Something that is not those bytes: as good as nothing, but the user should hear of it.
    Damaged {
        /// Where the bad entry stood.
        path: PathBuf,
        /// Where it was moved, if that worked.
        set_aside: Option<PathBuf>,
    },
}
impl Cache {
    /// The cache in `dir`. No I/O.
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }
    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    /// The bytes of a digest. An unreadable cache is `CacheUnreadable`.
    pub fn get(&self, digest: &Digest) -> Result<Lookup, StoreError> {
        let _ = digest;
        todo!()
    }
    /// Keeps bytes. `WrongDigest` if they do not have that digest, `CacheUnwritable` if they cannot be kept.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let _ = (digest, bytes);
        todo!()
    }
}
