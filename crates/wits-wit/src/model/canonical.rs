//! The canonical form and its digest.

use wits_model::Digest;

use super::Package;

impl Package {
    /// The canonical WIT digest: what `wit = "sha256:…"` in `wits.lock` says.
    pub fn digest(&self) -> Digest {
        todo!()
    }
}
