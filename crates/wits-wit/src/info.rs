//! What a package or component exports and imports, for the OCI config.
//!
//! The CNCF Wasm OCI artifact puts an object `component` with `exports` and `imports` into the config
//! of what targets `wasip2`, and leaves open what that means for a WIT package, which is a component
//! without imports. wkg lists as its exports its interfaces, its worlds, and what its worlds export;
//! registries index by that, so it is done the same way here, but sorted, so that the config has the
//! same bytes every time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wit_parser::{PackageId, Resolve, WorldId};

use crate::decode::Decoded;

/// The `component` object of an `application/vnd.wasm.config.v0+json` document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentInfo {
    /// The names that are exported, sorted.
    pub exports: Vec<String>,
    /// The names that are imported, sorted.
    pub imports: Vec<String>,
}

/// What `decoded` exports and imports.
pub fn component_info(decoded: &Decoded) -> &ComponentInfo {
    match decoded {
        Decoded::Package(package) => package.component_info(),
        Decoded::Component(component) => component.component_info(),
    }
}

/// A WIT package exports its interfaces, its worlds and what they export.
pub(crate) fn of_package(resolve: &Resolve, package: PackageId) -> ComponentInfo {
    let package = &resolve.packages[package];
    let mut exports: BTreeSet<String> = package
        .interfaces
        .keys()
        .map(|name| package.name.interface_id(name))
        .collect();
    for (name, world) in &package.worlds {
        exports.insert(package.name.interface_id(name));
        exports.extend(names(resolve, resolve.worlds[*world].exports.keys()));
    }
    ComponentInfo {
        exports: exports.into_iter().collect(),
        imports: Vec::new(),
    }
}

/// A component exports and imports what its world does.
pub(crate) fn of_world(resolve: &Resolve, world: WorldId) -> ComponentInfo {
    let world = &resolve.worlds[world];
    ComponentInfo {
        exports: names(resolve, world.exports.keys()).into_iter().collect(),
        imports: names(resolve, world.imports.keys()).into_iter().collect(),
    }
}

fn names<'a>(
    resolve: &Resolve,
    keys: impl Iterator<Item = &'a wit_parser::WorldKey>,
) -> BTreeSet<String> {
    keys.map(|key| resolve.name_world_key(key)).collect()
}
