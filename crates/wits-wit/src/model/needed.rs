//! Which imports and exports of a world stand there because another item uses their types.
//!
//! A world that imports `wasi:http/types` imports `wasi:io/streams` too, whether or not its source says
//! so; binary and printed text both spell that out, and afterwards nothing tells what was implied. The
//! gate on such an item (and its `@external-id`) is an accident. wit-parser gives it that of the item
//! it meets first, even over the gate that the source writes out, so it changes with the order of the
//! source; and a tool that prints a dependent has to make one up where the interface is `@unstable`.

use std::collections::HashSet;

use wit_parser::{
    InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, World, WorldItem, WorldKey,
};

/// The interfaces, known by their own names in a world, that other items of it use types of.
pub(super) struct Needed {
    pub(super) imports: HashSet<InterfaceId>,
    pub(super) exports: HashSet<InterfaceId>,
}

impl Needed {
    /// Those of `world`.
    ///
    /// As WIT tools complete a world: an interface that an import or a type of the world uses is
    /// imported; one that an export uses is exported if the world exports it at all, and else imported.
    pub(super) fn of(resolve: &Resolve, world: &World) -> Self {
        let mut needed = Self {
            imports: HashSet::new(),
            exports: HashSet::new(),
        };
        for item in world.imports.values() {
            needed.imports.extend(uses(resolve, item));
        }
        for id in world.exports.values().flat_map(|item| uses(resolve, item)) {
            if world.exports.contains_key(&WorldKey::Interface(id)) {
                needed.exports.insert(id);
            } else {
                needed.imports.insert(id);
            }
        }
        needed
    }
}

/// The interfaces that an item of a world uses types of.
fn uses(resolve: &Resolve, item: &WorldItem) -> Vec<InterfaceId> {
    let used = |id: &TypeId| {
        let ty = &resolve.types[*id];
        let TypeDefKind::Type(Type::Id(target)) = ty.kind else {
            return None;
        };
        match resolve.types[target].owner {
            TypeOwner::Interface(owner) if ty.owner != TypeOwner::Interface(owner) => Some(owner),
            _ => None,
        }
    };
    match item {
        WorldItem::Interface { id, .. } => {
            let types = resolve.interfaces[*id].types.values();
            types.filter_map(used).collect()
        }
        WorldItem::Type { id, .. } => used(id).into_iter().collect(),
        WorldItem::Function(_) => Vec::new(),
    }
}
