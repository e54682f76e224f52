//! The order in which the interfaces of a package are printed.
//!
//! It means nothing, but for one thing: wit-parser (0.263) makes one type of all mentions of a foreign
//! type in a package and gives it the gate of the first. Where that one is behind a feature and a later
//! one is not, the text does not parse without the feature. A source that parses has them in the right
//! order; the binary form sorts the interfaces by what they need of each other, and may lose it.

use std::collections::BTreeSet;

use wit_parser::{
    InterfaceId, PackageId, Resolve, Stability, Type, TypeDefKind, TypeId, TypeOwner,
};

/// Puts interfaces that use a foreign type without a gate before those that use it with one.
pub(crate) fn restore(resolve: &mut Resolve, package: PackageId) {
    let mut waiting: Vec<_> = resolve.packages[package]
        .interfaces
        .iter()
        .map(|(name, id)| (name.clone(), *id, Uses::of(resolve, package, *id)))
        .collect();
    let plain: BTreeSet<_> = waiting
        .iter()
        .flat_map(|(_, _, uses)| uses.plain.iter().copied())
        .collect();
    let mut met = BTreeSet::new();
    let mut sorted = Vec::new();
    while !waiting.is_empty() {
        // A type that is only ever used with a gate waits for nothing.
        let ready = |uses: &Uses| {
            uses.gated
                .iter()
                .all(|ty| met.contains(ty) || !plain.contains(ty))
        };
        let next = waiting.iter().position(|(_, _, uses)| ready(uses));
        // Where they wait for each other no order helps.
        let (name, id, uses) = waiting.remove(next.unwrap_or(0));
        met.extend(uses.plain);
        sorted.push((name, id));
    }
    resolve.packages[package].interfaces = sorted.into_iter().collect();
}

/// The foreign types that an interface uses.
struct Uses {
    gated: BTreeSet<TypeId>,
    plain: BTreeSet<TypeId>,
}

impl Uses {
    fn of(resolve: &Resolve, package: PackageId, interface: InterfaceId) -> Self {
        let mut uses = Self {
            gated: BTreeSet::new(),
            plain: BTreeSet::new(),
        };
        for id in resolve.interfaces[interface].types.values() {
            let ty = &resolve.types[*id];
            if let TypeDefKind::Type(Type::Id(used)) = ty.kind
                && let TypeOwner::Interface(owner) = resolve.types[used].owner
                && resolve.interfaces[owner].package != Some(package)
            {
                match ty.stability {
                    Stability::Unstable { .. } => uses.gated.insert(used),
                    Stability::Stable { .. } | Stability::Unknown => uses.plain.insert(used),
                };
            }
        }
        uses
    }
}
