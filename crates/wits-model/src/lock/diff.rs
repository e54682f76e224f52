//! What changed from one lock to the next, as `--locked` and `wits lock --check` print it.

use std::collections::BTreeSet;
use std::fmt;

use super::{Lock, LockedPackage};
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
        /// What changed, for people: `3 -> 4`. Digests stand in full, to be compared with what a
        /// registry says.
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

pub(super) fn diff(old: &Lock, new: &Lock) -> Vec<LockChange> {
    let ids: BTreeSet<_> = old.packages.keys().chain(new.packages.keys()).collect();
    let mut changes = Vec::new();
    for id in ids {
        match (old.packages.get(id), new.packages.get(id)) {
            (Some(old), Some(new)) => {
                changes.extend(changed_keys(old, new).into_iter().map(|(key, what)| {
                    LockChange::Changed {
                        package: id.clone(),
                        key,
                        what,
                    }
                }));
            }
            (None, _) => changes.push(LockChange::Added(id.clone())),
            (_, None) => changes.push(LockChange::Removed(id.clone())),
        }
    }
    changes
}

fn changed_keys(old: &LockedPackage, new: &LockedPackage) -> Vec<(&'static str, String)> {
    let mut changes = Vec::new();
    let mut compare = |key, old: Option<String>, new: Option<String>| {
        if old != new {
            let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
            changes.push((key, format!("{} -> {}", text(old), text(new))));
        }
    };
    let manifest = |package: &LockedPackage| Some(package.pin.as_ref()?.manifest?.to_string());
    let digest = |package: &LockedPackage| Some(package.pin.as_ref()?.digest.to_string());
    let size = |package: &LockedPackage| Some(package.pin.as_ref()?.size.to_string());
    let wit = |package: &LockedPackage| Some(package.wit?.to_string());
    let embedded_in = |package: &LockedPackage| Some(package.embedded_in.as_ref()?.to_string());
    compare(
        "source",
        Some(old.source.to_string()),
        Some(new.source.to_string()),
    );
    compare("embedded-in", embedded_in(old), embedded_in(new));
    compare("manifest", manifest(old), manifest(new));
    compare("digest", digest(old), digest(new));
    compare("size", size(old), size(new));
    compare("wit", wit(old), wit(new));
    if old.dependencies != new.dependencies {
        let gone = old.dependencies.difference(&new.dependencies);
        let come = new.dependencies.difference(&old.dependencies);
        let what: Vec<_> = gone
            .map(|id| format!("-{id}"))
            .chain(come.map(|id| format!("+{id}")))
            .collect();
        changes.push(("dependencies", what.join(" ")));
    }
    changes
}
