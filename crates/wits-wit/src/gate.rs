//! Gates that a package needs in its text and does not have in its binary form.
//!
//! The trouble is worlds. When wit-parser resolves a world, it adds the imports that its imports and
//! exports need (it "elaborates" the world), and an import that is added so has the gate of what
//! needs it, not the gate of the interface itself. Take
//!
//! ```wit
//! @unstable(feature = x)
//! interface a { @unstable(feature = x) type t = u8; }
//! interface b { @unstable(feature = x) use a.{t}; }
//! world w { import b; }
//! ```
//!
//! Without features `b` does not need `a`, and all is well. With all features, which is how packages
//! are encoded, the world becomes `import a; import b;`, and that text does not parse without
//! features, because there is no `a` then. The same happens across packages, where the stub of `a` in
//! the binary does not even have the gate; and to exports, where an interface takes the gate of the
//! export that needs it, if that comes first.
//!
//! So the gate is put back where an interface with a gate is named by something that lacks it, and
//! only `@unstable`: `@since` never keeps an item out, and names a version of the other package,
//! which this one may not have reached. Elaboration is then made to come out as it did before:
//!
//! - an import that other imports need goes behind them, so that with the feature it is added by them;
//! - an import that only exports need is left out, because they add it behind all imports;
//! - an export that other exports need goes behind them.
//!
//! What remains has another gate than before: an item that was written without the gate that its
//! interface has, which did not parse without features in the first place, and an export that came
//! from a gated `include`, which the binary form expands and forgets.
//!
//! A world behind a gate goes as a whole, and needs gates only for interfaces of other packages, which
//! are looked up all the same. A gated `use` in a world cannot be helped: wit-parser (0.263) refuses it
//! in any text when its feature is off.

use std::collections::BTreeSet;

use wit_parser::{
    InterfaceId, PackageId, Resolve, Stability, Type, TypeDefKind, TypeId, TypeOwner, WorldId,
    WorldItem, WorldKey,
};

use crate::model;
use crate::name;
use crate::print::Gates;

/// Puts back the gates of `package` in `resolve`.
pub(crate) fn restore(resolve: &mut Resolve, package: PackageId, gates: &dyn Gates) {
    let known = Known { package, gates };
    for id in types_of(resolve, package) {
        if let Some(gate) = known.missing_on_use(resolve, id) {
            resolve.types[id].stability = gate;
        }
    }
    let worlds: Vec<_> = resolve.packages[package].worlds.values().copied().collect();
    for id in worlds {
        known.restore_exports(resolve, id);
        known.restore_imports(resolve, id);
    }
}

type Items = Vec<(WorldKey, WorldItem)>;

struct Known<'a> {
    package: PackageId,
    gates: &'a dyn Gates,
}

impl Known<'_> {
    /// The `@unstable` gate of an interface in the package it belongs to.
    fn gate_of(&self, resolve: &Resolve, id: InterfaceId) -> Option<Stability> {
        let interface = &resolve.interfaces[id];
        let package = interface.package?;
        if package == self.package {
            feature(&interface.stability)?;
            return Some(interface.stability.clone());
        }
        let reference = name::reference(&resolve.packages[package].name).ok()?;
        match self
            .gates
            .gate(&reference.id()?, interface.name.as_deref()?)?
        {
            model::Stability::Unstable {
                feature,
                deprecated,
            } => Some(Stability::Unstable {
                feature,
                deprecated,
            }),
            model::Stability::Stable { .. } | model::Stability::Unknown => None,
        }
    }

    /// The gate that is missing on a name that comes from a gated interface.
    fn missing_on_use(&self, resolve: &Resolve, id: TypeId) -> Option<Stability> {
        let ty = &resolve.types[id];
        let TypeDefKind::Type(Type::Id(used)) = ty.kind else {
            return None;
        };
        match resolve.types[used].owner {
            TypeOwner::Interface(from) if resolve.types[used].owner != ty.owner => {
                let gate = self.gate_of(resolve, from)?;
                feature(&ty.stability).is_none().then_some(gate)
            }
            _ => None,
        }
    }

    /// The gate that is missing on an item of a world.
    fn missing_on_item(
        &self,
        resolve: &Resolve,
        world: WorldId,
        item: &WorldItem,
    ) -> Option<Stability> {
        let WorldItem::Interface { id, stability, .. } = item else {
            return None;
        };
        let own = resolve.interfaces[*id].package == Some(self.package);
        if own && feature(&resolve.worlds[world].stability).is_some() {
            return None;
        }
        let gate = self.gate_of(resolve, *id)?;
        (feature(stability) != feature(&gate)).then_some(gate)
    }

    fn restore_imports(&self, resolve: &mut Resolve, world: WorldId) {
        let (mut items, lacking) = self.split(resolve, world, &resolve.worlds[world].imports);
        let exports: Items = resolve.worlds[world].exports.clone().into_iter().collect();
        let mut behind = Items::new();
        for (key, item, gate) in lacking {
            if !comes_by_itself(resolve, &item, &items, &exports) {
                behind.push((key, with_gate(item, gate)));
            }
        }
        items.extend(behind);
        resolve.worlds[world].imports = items.into_iter().collect();
    }

    fn restore_exports(&self, resolve: &mut Resolve, world: WorldId) {
        let (mut items, lacking) = self.split(resolve, world, &resolve.worlds[world].exports);
        items.extend(
            lacking
                .into_iter()
                .map(|(key, item, gate)| (key, with_gate(item, gate))),
        );
        resolve.worlds[world].exports = items.into_iter().collect();
    }

    /// The items that are well, and those that lack a gate, with the gate.
    fn split<'i>(
        &self,
        resolve: &Resolve,
        world: WorldId,
        items: impl IntoIterator<Item = (&'i WorldKey, &'i WorldItem)>,
    ) -> (Items, Vec<(WorldKey, WorldItem, Stability)>) {
        let mut well = Items::new();
        let mut lacking = Vec::new();
        for (key, item) in items {
            let (key, item) = (key.clone(), item.clone());
            match self.missing_on_item(resolve, world, &item) {
                Some(gate) => lacking.push((key, item, gate)),
                None => well.push((key, item)),
            }
        }
        (well, lacking)
    }
}

/// Whether elaboration adds `item` with the gate it has now, when nothing imports it: an export needs
/// it and no import does.
fn comes_by_itself(resolve: &Resolve, item: &WorldItem, imports: &Items, exports: &Items) -> bool {
    let WorldItem::Interface { id, stability, .. } = item else {
        return false;
    };
    let needing = |items: &Items| {
        let needing = items.iter().find(|(_, other)| needs(resolve, other, *id));
        needing.map(|(_, other)| other.stability(resolve).clone())
    };
    needing(imports).is_none() && needing(exports).as_ref() == Some(stability)
}

/// Whether an item of a world makes elaboration add `wanted`.
fn needs(resolve: &Resolve, item: &WorldItem, wanted: InterfaceId) -> bool {
    let mut next: Vec<_> = match item {
        WorldItem::Interface { id, .. } => resolve.interface_direct_deps(*id).collect(),
        // What a type of a world is taken from is an import of the world itself.
        WorldItem::Type { .. } | WorldItem::Function(_) => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    while let Some(id) = next.pop() {
        if id == wanted {
            return true;
        }
        if seen.insert(id) {
            next.extend(resolve.interface_direct_deps(id));
        }
    }
    false
}

fn with_gate(mut item: WorldItem, gate: Stability) -> WorldItem {
    if let WorldItem::Interface { stability, .. } = &mut item {
        *stability = gate;
    }
    item
}

/// The feature that has to be enabled.
fn feature(stability: &Stability) -> Option<&str> {
    match stability {
        Stability::Unstable { feature, .. } => Some(feature),
        Stability::Stable { .. } | Stability::Unknown => None,
    }
}

/// The types that `package` defines or brings in, in interfaces and in worlds.
fn types_of(resolve: &Resolve, package: PackageId) -> Vec<TypeId> {
    let of_package = |owner: TypeOwner| match owner {
        TypeOwner::Interface(id) => resolve.interfaces[id].package == Some(package),
        TypeOwner::World(id) => resolve.worlds[id].package == Some(package),
        TypeOwner::None => false,
    };
    resolve
        .types
        .iter()
        .filter(|(_, ty)| of_package(ty.owner))
        .map(|(id, _)| id)
        .collect()
}
