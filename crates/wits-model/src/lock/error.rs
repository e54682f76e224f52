//! What can be wrong with a lock.

use crate::document::DocumentError;
use crate::{ErrorKind, PackageId, SourceSpan};

/// A lock that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Not the TOML that is expected: syntax, an unknown or missing key, a wrong type or value.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A merge left its conflict markers.
    #[error("a merge conflict is not resolved")]
    MergeConflict {
        /// The marker.
        span: SourceSpan,
    },
    /// A lock version this wits does not know.
    #[error(
        "written by a newer wits: the lock has version {found}, this wits reads version {supported}"
    )]
    NewerVersion {
        /// The version of the lock.
        found: i64,
        /// The version that can be read.
        supported: i64,
        /// The version.
        span: SourceSpan,
    },
    /// One package stands in two tables.
    #[error("`{package}` is in the lock twice")]
    Duplicate {
        /// The package.
        package: Box<PackageId>,
        /// The second one.
        span: SourceSpan,
    },
    /// A package from a registry lacks a key that pins it.
    #[error("`{package}` comes from a registry and has no `{key}`")]
    NotPinned {
        /// The package.
        package: Box<PackageId>,
        /// The key that is missing.
        key: &'static str,
        /// The table.
        span: SourceSpan,
    },
    /// A package that has no bytes of its own has a key that pins them.
    #[error("`{package}` {why}, so it cannot have `{key}`")]
    Pinned {
        /// The package.
        package: Box<PackageId>,
        /// The key that is too much.
        key: &'static str,
        /// Why it has no such key.
        why: &'static str,
        /// The key.
        span: SourceSpan,
    },
    /// A package needs one that is not in the lock.
    #[error("`{package}` needs `{needed}`, which is not in the lock")]
    NotClosed {
        /// The package.
        package: Box<PackageId>,
        /// What it needs.
        needed: Box<PackageId>,
        /// Where it says so.
        span: SourceSpan,
    },
}

impl LockError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Project
    }

    /// Where it is.
    pub fn span(&self) -> &SourceSpan {
        match self {
            Self::Document(error) => error.span(),
            Self::MergeConflict { span }
            | Self::NewerVersion { span, .. }
            | Self::Duplicate { span, .. }
            | Self::NotPinned { span, .. }
            | Self::Pinned { span, .. }
            | Self::NotClosed { span, .. } => span,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.help(),
            Self::MergeConflict { .. } | Self::Duplicate { .. } => Some(
                "keep the tables of both sides, one for each package, or take one side whole; then run `wits fetch`, which completes the lock"
                    .to_owned(),
            ),
            Self::NewerVersion { .. } => {
                Some("install the version of wits that the project uses".to_owned())
            }
            Self::NotPinned { .. } | Self::Pinned { .. } | Self::NotClosed { .. } => Some(
                "take the file from version control, or remove the table and run `wits fetch`"
                    .to_owned(),
            ),
        }
    }
}
