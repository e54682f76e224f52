//! A closure, encoded as a WIT package.

use wits_model::PackageMetadata;

use crate::closure::Dependency;
use crate::decode::DecodedPackage;
use crate::error::WitError;
use crate::section::DeclaredDependency;
use crate::source::SourcePackage;

/// What goes into the binary beside the WIT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Description, licence and the like.
    pub metadata: PackageMetadata,
    /// What the closure resolved to. Of these, the packages that the binary names are declared in its
    /// section `wits:dependencies`.
    pub declared: Vec<DeclaredDependency>,
}

/// A package in its binary form.
#[derive(Debug, Clone)]
pub struct Built {
    /// The bytes.
    pub wasm: Vec<u8>,
    /// What they decode to.
    pub package: DecodedPackage,
}

/// Encodes `root`. A package without a version is built; it cannot be published.
pub fn build(
    root: &SourcePackage,
    deps: Vec<Dependency>,
    options: &BuildOptions,
) -> Result<Built, WitError> {
    let _ = (root, deps, options);
    Err(WitError::NoFiles)
}
