//! `wits.lock`: the pinned closure of a project or a workspace.
//!
//! The lock holds **every** package that ends up in `wit/deps`, direct or not, one `[[package]]` table
//! each, and it is closed: a package that depends on one that is not in the lock is an error. What is
//! known of a package depends on where it comes from:
//!
//! | the package comes from | `pin` and `wit` |
//! | --- | --- |
//! | a registry | both: the bytes, and the canonical WIT digest of what they mean |
//! | a path override or a workspace member (`source = "path:…"`) | neither: they change with every edit |
//! | a copy that another package embeds (`embedded-in`) | no pin, since no bytes are its own; `wit` says what the copy was |
//!
//! What the user keeps in `wit/deps` is not in the lock, nor in the `dependencies` of what is.
//!
//! The text is a function of the lock alone, so it is committed, compared and merged without noise:
//! tables are sorted by name, then version; keys stand in one order; `dependencies` stands on one line
//! where that line has at most 100 characters and else has a line for each package, so that two
//! branches that add a package each rarely touch the same line. A table never depends on its place.
//! In memory paths are absolute; in the text they are relative to the lock's directory and name no
//! one's home ([`PackageSource::relative_to`]).

mod diff;
mod error;
mod parse;
mod print;
// The tests write absolute paths as Unix does.
#[cfg(all(test, unix))]
mod round_trip;
#[cfg(all(test, unix))]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use diff::LockChange;
pub use error::LockError;

use crate::{Digest, PackageId, PackageSource, Pin};

/// The lock version this crate reads and writes.
pub const LOCK_VERSION: i64 = 1;

/// The pinned closure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Every package, by name and version.
    pub packages: BTreeMap<PackageId, LockedPackage>,
}

/// One package of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// Its canonical origin, whatever mirror the bytes came from. Paths are absolute and normalised.
    pub source: PackageSource,
    /// The bytes; nothing for `path:` sources and for stubs.
    pub pin: Option<Pin>,
    /// The canonical WIT digest; nothing for `path:` sources.
    pub wit: Option<Digest>,
    /// The packages its WIT names that are in the lock.
    pub dependencies: BTreeSet<PackageId>,
    /// For a stub, the package whose embedded copy it is.
    pub embedded_in: Option<PackageId>,
}

impl Lock {
    /// Reads a lock. `file` is its absolute path: it names the lock in errors, and relative paths are
    /// taken from its directory; `home` is what `~` stands for.
    ///
    /// # Errors
    /// The first fault found, with its place. A lock is all good or not used.
    pub fn parse(text: &str, file: &Path, home: Option<&Path>) -> Result<Self, LockError> {
        parse::parse(text, file, home)
    }

    /// The text of the lock at `file`; the same bytes for the same lock.
    pub fn print(&self, file: &Path, home: Option<&Path>) -> String {
        print::print(self, file, home)
    }

    /// What is different in `new`, sorted by package.
    pub fn diff(&self, new: &Self) -> Vec<LockChange> {
        diff::diff(self, new)
    }

    /// The digest of the canonical text: the same wherever the project lies, whatever line ends the
    /// file on disk has.
    pub fn digest(&self, file: &Path, home: Option<&Path>) -> Digest {
        Digest::of(self.print(file, home))
    }

    /// The part of the lock that `roots` need: they, what they depend on, and what embeds the stubs
    /// among those. Roots that are not in the lock are passed over.
    pub fn closure<'a>(&self, roots: impl IntoIterator<Item = &'a PackageId>) -> Self {
        let mut packages = BTreeMap::new();
        let mut next: Vec<&PackageId> = roots.into_iter().collect();
        while let Some(id) = next.pop() {
            if packages.contains_key(id) {
                continue;
            }
            if let Some((id, package)) = self.packages.get_key_value(id) {
                next.extend(package.dependencies.iter().chain(&package.embedded_in));
                packages.insert(id.clone(), package.clone());
            }
        }
        Self { packages }
    }
}
