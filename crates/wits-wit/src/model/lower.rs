//! How a model comes from what wit-parser parsed or decoded.

use wit_parser::{PackageId, Resolve};
use wits_model::NameError;

use super::Package;

/// Why there is no model of what wit-parser holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// A package has a name that wits does not accept.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Package {
    /// The model of `package`, as far as `resolve` knows it.
    ///
    /// # Errors
    /// If a package name in it, its own or a foreign one, is not one that wits accepts.
    pub(crate) fn lower(_resolve: &Resolve, _package: PackageId) -> Result<Self, LowerError> {
        todo!()
    }
}
