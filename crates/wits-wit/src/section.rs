//! The custom section `wits:dependencies`.

use serde::{Deserialize, Serialize};
use wits_model::{Digest, PackageId};

/// One dependency, as the package that needs it was built against it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeclaredDependency {
    /// The package.
    pub package: PackageId,
    /// Its canonical WIT digest.
    pub wit: Digest,
    /// The digest of its Wasm, where it was published.
    pub digest: Option<Digest>,
}
