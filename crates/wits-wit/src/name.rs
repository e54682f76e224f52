//! Names between wit-parser's types and ours.

use wits_model::{NameError, PackageRef};

/// The package that wit-parser names, if it has a name that wits accepts.
pub(crate) fn reference(name: &wit_parser::PackageName) -> Result<PackageRef, NameError> {
    Ok(PackageRef {
        name: wits_model::PackageName::new(&name.namespace, &name.name)?,
        version: name.version.clone(),
    })
}
