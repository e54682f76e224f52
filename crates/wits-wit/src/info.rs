//! What a package or component imports and exports, for the OCI config.

use serde::{Deserialize, Serialize};

use crate::decode::Decoded;

/// The `component` object of an `application/vnd.wasm.config.v0+json` document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentInfo {
    /// The names that are exported, sorted.
    pub exports: Vec<String>,
    /// The names that are imported, sorted.
    pub imports: Vec<String>,
}

/// What `decoded` imports and exports.
pub fn component_info(decoded: &Decoded) -> ComponentInfo {
    let _ = decoded;
    ComponentInfo::default()
}
