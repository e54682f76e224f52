//! Whether an embedded copy agrees with the real package.
//!
//! A WIT binary carries copies of the packages it refers to, as far as it needs them: interfaces that
//! are only `use`d come without functions, worlds not at all, docs and gates never. What is left of a
//! copy has to be in the real package as it is; else the binary was made against another package of the
//! same name and version, and its users would be given functions that are not those it calls.

use std::collections::BTreeMap;
use std::fmt;

use wits_model::PackageRef;

use super::Package;
use super::canonical;
use super::item::{Direction, Function, Interface, World, WorldItem, WorldKey};
use super::show;
use super::types::{InterfaceRef, Scope, TypeDef};

/// Where a copy says what the real package does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The package that is copied.
    pub package: Box<PackageRef>,
    /// The interface or world: `` interface `poll` ``, `` world `imports` ``; nothing if the copy is of
    /// another package altogether.
    pub place: Option<String>,
    /// What the copy has, as short WIT-like text.
    pub copy: String,
    /// What the real package has in its place, if anything.
    pub real: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            place,
            copy,
            real,
        } = self;
        match place {
            Some(place) => write!(f, "{place} of `{package}`: ")?,
            None => write!(f, "`{package}`: ")?,
        }
        write!(f, "the copy has `{copy}`, the real package ")?;
        match real {
            Some(real) => write!(f, "has `{real}`"),
            None => f.write_str("does not have it"),
        }
    }
}

impl std::error::Error for Mismatch {}

/// Whether every type and function that `copy` has is in `real` with equal structure.
///
/// Docs, gates and order are not looked at, and `real` may hold more; but a record, variant, enum or
/// flags type is equal only with all its parts, and a resource may lack methods.
///
/// # Errors
/// The first thing in `copy`, in the order of the model, that `real` does not have.
pub fn subset(copy: &Package, real: &Package) -> Result<(), Mismatch> {
    let mismatch = |place: Option<String>, copied: String, real: Option<String>| Mismatch {
        package: Box::new(copy.reference.clone()),
        place,
        copy: copied,
        real,
    };
    if copy.reference != real.reference {
        let real = format!("package {}", real.reference);
        let copied = format!("package {}", copy.reference);
        return Err(mismatch(None, copied, Some(real)));
    }
    for (name, interface) in &copy.interfaces {
        let place = || Some(format!("interface `{name}`"));
        let Some(real) = real.interfaces.get(name) else {
            return Err(mismatch(None, format!("interface {name}"), None));
        };
        let scope = Scope::Interface(InterfaceRef {
            package: copy.reference.clone(),
            interface: name.clone(),
        });
        interfaces(interface, real, &scope)
            .map_err(|Difference { copy, real }| mismatch(place(), copy, real))?;
    }
    for (name, world) in &copy.worlds {
        let place = || Some(format!("world `{name}`"));
        let Some(real) = real.worlds.get(name) else {
            return Err(mismatch(None, format!("world {name}"), None));
        };
        let scope = Scope::World {
            package: copy.reference.clone(),
            world: name.clone(),
        };
        worlds(world, real, &scope)
            .map_err(|Difference { copy, real }| mismatch(place(), copy, real))?;
    }
    Ok(())
}

struct Difference {
    copy: String,
    real: Option<String>,
}

fn interfaces(copy: &Interface, real: &Interface, here: &Scope) -> Result<(), Difference> {
    for (name, ty) in &copy.types {
        types(name, ty, real.types.get(name), here)?;
    }
    for (name, function) in &copy.functions {
        functions(function, real.functions.get(name), here)?;
    }
    Ok(())
}

fn types(
    name: &str,
    copy: &TypeDef,
    real: Option<&TypeDef>,
    here: &Scope,
) -> Result<(), Difference> {
    match real {
        Some(real) if canonical::type_def(copy, false) == canonical::type_def(real, false) => {
            Ok(())
        }
        Some(real) => {
            let (copy, real) = show::type_defs(name, copy, real, here);
            Err(Difference {
                copy,
                real: Some(real),
            })
        }
        None => Err(Difference {
            copy: show::type_def(name, copy, here),
            real: None,
        }),
    }
}

fn functions(copy: &Function, real: Option<&Function>, here: &Scope) -> Result<(), Difference> {
    match real {
        Some(real) if canonical::function(copy, false) == canonical::function(real, false) => {
            Ok(())
        }
        real => Err(Difference {
            copy: show::function(copy, here),
            real: real.map(|real| show::function(real, here)),
        }),
    }
}

fn worlds(copy: &World, real: &World, here: &Scope) -> Result<(), Difference> {
    items(Direction::Import, &copy.imports, &real.imports, here)?;
    items(Direction::Export, &copy.exports, &real.exports, here)
}

fn items(
    direction: Direction,
    copy: &BTreeMap<WorldKey, WorldItem>,
    real: &BTreeMap<WorldKey, WorldItem>,
    here: &Scope,
) -> Result<(), Difference> {
    for (key, item) in copy {
        let real = real.get(key);
        match (item, real) {
            (WorldItem::Type(copy), Some(WorldItem::Type(real))) => {
                types(&show::world_key(key), copy, Some(real), here)?;
            }
            (
                WorldItem::Inline {
                    interface: copy, ..
                },
                Some(WorldItem::Inline {
                    interface: real, ..
                }),
            ) => {
                interfaces(copy, real, here)?;
            }
            // One may be there for another item of its world, with whatever `@external-id` that has.
            (
                WorldItem::Interface {
                    interface: copy, ..
                },
                Some(WorldItem::Interface {
                    interface: real, ..
                }),
            ) if copy == real => {}
            (item, Some(real))
                if canonical::world_item(direction, key, item, false)
                    == canonical::world_item(direction, key, real, false) => {}
            (item, real) => {
                return Err(Difference {
                    copy: show::world_item(direction, key, item, here),
                    real: real.map(|real| show::world_item(direction, key, real, here)),
                });
            }
        }
    }
    Ok(())
}
