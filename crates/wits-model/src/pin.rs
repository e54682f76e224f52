//! A pin: which bytes a package is.

use crate::Digest;

/// The bytes that are one version of a package, as a registry named them once and `wits.lock` holds
/// them from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The OCI manifest; nothing where the backend has none (Bindle).
    pub manifest: Option<Digest>,
    /// The Wasm bytes: the same in every backend and mirror.
    pub digest: Digest,
    /// The number of Wasm bytes.
    pub size: u64,
}
