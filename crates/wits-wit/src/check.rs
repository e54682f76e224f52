//! A closure, parsed once as any other WIT tool would: with no feature enabled.

use crate::closure::{self, Dependency};
use crate::error::WitError;
use crate::source::SourcePackage;
use crate::stack::deep;

/// Parses `root` and all of `deps` with no feature enabled, as wit-parser does with a directory.
pub fn check(root: SourcePackage, deps: Vec<Dependency>) -> Result<(), WitError> {
    deep(closure::interfaces(&root, &deps), || {
        closure::resolve(root, deps, false)?;
        Ok(())
    })
}
