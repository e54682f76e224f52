//! `wits.toml`: what a project says beside its WIT.
//!
//! The file is optional and holds no list of dependencies: the WIT is that list. It says what goes into
//! the metadata of the built package, where the WIT lies if not in `wit/`, which packages are taken from
//! a directory instead of a registry, and which projects share one lock.

mod error;
mod member;
mod parse;
// The tests write absolute paths as Unix does.
#[cfg(all(test, unix))]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use error::ManifestError;
pub use member::Member;

use crate::{PackageMetadata, PackageName, SourceSpan};

/// A `wits.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `[package]`.
    pub package: PackageMetadata,
    /// `wit`: the directory of the package's WIT, absolute; nothing means `wit` beside the file.
    pub wit: Option<PathBuf>,
    /// `[overrides]`: packages that are taken from a directory.
    pub overrides: BTreeMap<PackageName, Override>,
    /// `[workspace]`: this directory is the root of a workspace.
    pub workspace: Option<Workspace>,
    metadata_spans: BTreeMap<&'static str, SourceSpan>,
}

/// A package that is taken from a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The directory of its WIT, absolute.
    pub path: PathBuf,
    /// Where the override is written.
    pub span: SourceSpan,
}

/// The projects that share one lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Their directories.
    pub members: Vec<Member>,
    /// The table.
    pub span: SourceSpan,
}

impl Manifest {
    /// Reads a manifest. `file` is its absolute path: it names the file in errors, and relative paths
    /// are taken from its directory.
    ///
    /// # Errors
    /// The first fault found, with its place.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ManifestError> {
        parse::parse(text, file)
    }

    /// Where a key of `[package]` has its value, such as `license`.
    pub fn metadata_span(&self, key: &str) -> Option<&SourceSpan> {
        self.metadata_spans.get(key)
    }
}
