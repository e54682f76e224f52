//! Whether an embedded copy agrees with the real package.

use std::fmt;

use wits_model::PackageRef;

use super::Package;

/// Where a copy says what the real package does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The package that is copied.
    pub package: PackageRef,
    /// The interface or world: `interface poll`, `world imports`.
    pub place: String,
    /// The item in it, if it is there: `f`, `[method]r.f`, `import wasi:io/poll@0.2.12`.
    pub item: Option<String>,
    /// What the copy has, as short WIT-like text.
    pub copy: String,
    /// What the real package has, if it has the item.
    pub real: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl std::error::Error for Mismatch {}

/// Whether every type and function that `copy` has is in `real` with equal structure.
///
/// # Errors
/// The first thing, in the order of the model, that is not.
pub fn subset(_copy: &Package, _real: &Package) -> Result<(), Mismatch> {
    todo!()
}
