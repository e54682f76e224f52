//! What changed from one lock to the next, as `--locked` and `wits lock --check` print it.

use std::fmt;

use super::Lock;
use crate::PackageId;

/// One difference between two locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockChange {
    /// The package is new.
    Added(PackageId),
    /// The package is gone.
    Removed(PackageId),
    /// A key of the package has another value.
    Changed {
        /// The package.
        package: PackageId,
        /// The key, as the lock writes it.
        key: &'static str,
        /// What changed, for people: `sha256:0123456789ab -> sha256:ba9876543210`.
        what: String,
    },
}

impl LockChange {
    /// The package that changed.
    pub fn package(&self) -> &PackageId {
        match self {
            Self::Added(package) | Self::Removed(package) | Self::Changed { package, .. } => {
                package
            }
        }
    }
}

impl fmt::Display for LockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(package) => write!(f, "+ {package}"),
            Self::Removed(package) => write!(f, "- {package}"),
            Self::Changed { package, key, what } => write!(f, "~ {package} {key} {what}"),
        }
    }
}

pub(super) fn diff(_old: &Lock, _new: &Lock) -> Vec<LockChange> {
    todo!()
}
