//! What a package says about itself beside its WIT.

use serde::{Deserialize, Serialize};

/// The `[package]` table of `wits.toml`. It goes into the Wasm as custom sections (wasm-metadata) and
/// into the OCI manifest as `org.opencontainers.image.*` annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageMetadata {
    /// One or two sentences.
    pub description: Option<String>,
    /// People or organisations, as free text.
    pub authors: Option<String>,
    /// An SPDX licence expression.
    pub license: Option<String>,
    /// Where to read more.
    pub homepage: Option<String>,
    /// Where the source is.
    pub repository: Option<String>,
    /// Where the documentation is.
    pub documentation: Option<String>,
}
