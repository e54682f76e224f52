//! What can go wrong in the cache and in `wit/deps`.

use std::path::PathBuf;

use wits_fs::{FsError, FsErrorKind};
use wits_model::ErrorKind;

/// A failure of the cache or of `wit/deps`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file operation in the project failed.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The cache cannot be written. Bytes that were to go into it are still good: the caller can go
    /// on without it, and should say so.
    #[error("the cache cannot be written: {0}")]
    CacheUnwritable(#[source] FsError),
    /// The cache cannot be read. The caller can go on as if it were empty, and should say so.
    #[error("the cache cannot be read: {0}")]
    CacheUnreadable(#[source] FsError),
    /// A directory is not what a cache of wits looks like, and the operation is for nothing else.
    #[error("`{}` is not a cache of wits: {why}", path.display())]
    NotACache {
        /// The directory.
        path: PathBuf,
        /// What it lacks, or is instead.
        why: &'static str,
    },
    /// There are things in the cache that wits did not make, and it was to be emptied.
    #[error(
        "`{}` has {} in it that wits did not make: {}",
        dir.display(),
        if foreign.len() == 1 { "a thing" } else { "things" },
        listed(foreign)
    )]
    ForeignInCache {
        /// The cache.
        dir: PathBuf,
        /// The things, sorted.
        foreign: Vec<PathBuf>,
    },
    /// An entry of the user stands where wits would write.
    #[error("`{}` is not an entry that wits wrote, and wits would have to write there", path.display())]
    Occupied {
        /// The entry.
        path: PathBuf,
    },
    /// Two entries to be written have one name, on this or on another system.
    #[error("two packages would both be written to `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// `wit/deps` is not a directory of this project.
    #[error("`{}` is {what}, so wits does not write there", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
}

/// The most paths that a message names.
const MOST_NAMED: usize = 8;

fn listed(paths: &[PathBuf]) -> String {
    let named = paths.iter().take(MOST_NAMED);
    let mut named: Vec<String> = named.map(|path| format!("`{}`", path.display())).collect();
    if paths.len() > MOST_NAMED {
        named.push(format!("and {} more", paths.len() - MOST_NAMED));
    }
    named.join(", ")
}

/// The kind of a file system failure, where a caller reports it by itself.
pub fn kind_of(error: &FsError) -> ErrorKind {
    match error.kind() {
        FsErrorKind::Held => ErrorKind::Transient,
        _ => ErrorKind::Project,
    }
}

impl StoreError {
    /// What sort of failure this is, which decides the exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Fs(error) | Self::CacheUnwritable(error) | Self::CacheUnreadable(error) => {
                kind_of(error)
            }
            Self::Occupied { .. }
            | Self::NotADirectory { .. }
            | Self::NotACache { .. }
            | Self::ForeignInCache { .. } => ErrorKind::Project,
            Self::SameName { .. } => ErrorKind::Bug,
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Fs(error) | Self::CacheUnwritable(error) | Self::CacheUnreadable(error) => {
                error.help()
            }
            Self::Occupied { .. } => {
                Some("move it elsewhere, or delete it and let wits write it".to_owned())
            }
            Self::NotADirectory { .. } => Some("make it a directory".to_owned()),
            Self::NotACache { .. } => {
                Some("name another directory; if this is a cache, delete it by hand".to_owned())
            }
            Self::ForeignInCache { .. } => {
                Some("nothing was removed; move them elsewhere, or delete them".to_owned())
            }
            Self::SameName { .. } => None,
        }
    }
}
