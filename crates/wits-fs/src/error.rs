//! The one error of this crate: what was being done, to which path, and why it failed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::lock::Holder;

/// A file system operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum FsError {
    /// The system refused or failed an operation.
    #[error("cannot {action} `{}`: {}", path.display(), reason(source))]
    Io {
        /// What was being done, as a verb: `write`, `create the directory`.
        action: &'static str,
        /// What it was being done to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds a lock and did not let go of it in time.
    #[error("`{}` is locked by {holder}, and was not released within {} s", path.display(), waited.as_secs())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as far as the lock file says.
        holder: Holder,
        /// How long this process waited.
        waited: Duration,
    },
    /// The journal of an interrupted replacement cannot be understood.
    #[error("the journal `{}` of an interrupted replacement cannot be read: {reason}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An entry to be replaced changed while the replacement was prepared.
    #[error("`{}` was changed by another program meanwhile", path.display())]
    Changed {
        /// The entry.
        path: PathBuf,
    },
    /// What was read back is not what was written.
    #[error("`{}` does not hold what was just written to it", path.display())]
    NotAsWritten {
        /// The staged entry.
        path: PathBuf,
    },
    /// A replacement failed, and so did putting back what it had moved.
    #[error("{failure}; putting back the previous state failed too: {undo}")]
    NotUndone {
        /// What failed first.
        failure: Box<FsError>,
        /// What failed then.
        undo: Box<FsError>,
    },
}

/// What sort of failure an [`FsError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FsErrorKind {
    /// There is no such file or directory.
    NotFound,
    /// There is one already.
    Exists,
    /// The user may not do this.
    Denied,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The disk or the user's quota is full.
    NoSpace,
    /// A lock is held by another process: trying again later is safe.
    Held,
    /// The two ends of a rename are on different file systems.
    CrossDevice,
    /// The file system cannot do this.
    Unsupported,
    /// Anything else.
    Other,
}

/// What to say for the failures that users meet; the system's own words for the rest.
fn reason(source: &io::Error) -> String {
    match kind_of(source) {
        FsErrorKind::NotFound => "there is no such file or directory".to_owned(),
        FsErrorKind::Exists => "it exists already".to_owned(),
        FsErrorKind::Denied => "permission denied".to_owned(),
        FsErrorKind::ReadOnly => "the file system is read-only".to_owned(),
        FsErrorKind::NoSpace => "no space left on the disk, or the quota is used up".to_owned(),
        FsErrorKind::CrossDevice => "it is on another file system".to_owned(),
        FsErrorKind::Unsupported => "the file system cannot do this".to_owned(),
        FsErrorKind::Held | FsErrorKind::Other => source.to_string(),
    }
}

fn kind_of(source: &io::Error) -> FsErrorKind {
    match source.kind() {
        io::ErrorKind::NotFound => FsErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => FsErrorKind::Exists,
        io::ErrorKind::PermissionDenied => FsErrorKind::Denied,
        io::ErrorKind::ReadOnlyFilesystem => FsErrorKind::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FsErrorKind::NoSpace,
        io::ErrorKind::CrossesDevices => FsErrorKind::CrossDevice,
        io::ErrorKind::Unsupported => FsErrorKind::Unsupported,
        _ => FsErrorKind::Other,
    }
}

impl FsError {
    /// An operation that failed, for use in `map_err`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> FsErrorKind {
        match self {
            Self::Io { source, .. } => kind_of(source),
            Self::Held { .. } => FsErrorKind::Held,
            Self::NotUndone { failure, .. } => failure.kind(),
            Self::Journal { .. } | Self::Changed { .. } | Self::NotAsWritten { .. } => {
                FsErrorKind::Other
            }
        }
    }

    /// The path it happened at.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Held { path, .. }
            | Self::Journal { path, .. }
            | Self::Changed { path }
            | Self::NotAsWritten { path } => path,
            Self::NotUndone { failure, .. } => failure.path(),
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Journal { path, .. } => Some(format!(
                "if no newer wits is in use here, delete `{}` and fetch again",
                path.parent().unwrap_or(path).display()
            )),
            Self::Changed { .. } => Some("run the command again".to_owned()),
            Self::NotAsWritten { .. } => Some("the disk may be failing: check it".to_owned()),
            Self::NotUndone { undo, .. } => Some(format!(
                "{}; the next run completes what was begun",
                undo.help()
                    .unwrap_or_else(|| "see to the cause, then run the command again".to_owned())
            )),
            Self::Held { .. } | Self::Io { .. } => match self.kind() {
                FsErrorKind::Denied => {
                    let owner = "check who owns it and its permissions";
                    Some(owner.to_owned())
                }
                FsErrorKind::ReadOnly => {
                    Some("mount it for writing, or choose another directory".to_owned())
                }
                FsErrorKind::NoSpace => {
                    Some("free some space and run the command again".to_owned())
                }
                FsErrorKind::Held => Some(
                    "wait for the other process to end, or end it if it hangs, then run the command again"
                        .to_owned(),
                ),
                FsErrorKind::CrossDevice => Some(
                    "mount the directory above it as a whole: entries are renamed into place"
                        .to_owned(),
                ),
                FsErrorKind::NotFound
                | FsErrorKind::Exists
                | FsErrorKind::Unsupported
                | FsErrorKind::Other => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_meet_is_told_apart_and_comes_with_help() {
        let mut helps = Vec::new();
        for (system, kind, message) in [
            (
                io::ErrorKind::PermissionDenied,
                FsErrorKind::Denied,
                "cannot write `wits.lock`: permission denied",
            ),
            (
                io::ErrorKind::ReadOnlyFilesystem,
                FsErrorKind::ReadOnly,
                "cannot write `wits.lock`: the file system is read-only",
            ),
            (
                io::ErrorKind::StorageFull,
                FsErrorKind::NoSpace,
                "cannot write `wits.lock`: no space left on the disk, or the quota is used up",
            ),
            (
                io::ErrorKind::CrossesDevices,
                FsErrorKind::CrossDevice,
                "cannot write `wits.lock`: it is on another file system",
            ),
        ] {
            let error = FsError::io("write", "wits.lock")(system.into());
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), message);
            assert_eq!(error.path(), Path::new("wits.lock"));
            helps.push(error.help().unwrap());
        }
        helps.sort();
        helps.dedup();
        assert_eq!(helps.len(), 4);
        let other = FsError::io("write", "wits.lock")(io::Error::other("the disk melted"));
        assert_eq!(
            other.to_string(),
            "cannot write `wits.lock`: the disk melted"
        );
        assert_eq!(other.help(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_s_own_numbers_are_known() {
        for (number, kind) in [
            (13, FsErrorKind::Denied),      // EACCES
            (1, FsErrorKind::Denied),       // EPERM
            (30, FsErrorKind::ReadOnly),    // EROFS
            (28, FsErrorKind::NoSpace),     // ENOSPC
            (122, FsErrorKind::NoSpace),    // EDQUOT
            (18, FsErrorKind::CrossDevice), // EXDEV
        ] {
            let error = FsError::io("write", "x")(io::Error::from_raw_os_error(number));
            assert_eq!(error.kind(), kind, "{number}");
        }
    }
}
