//! How a model comes from what wit-parser parsed or decoded.
//!
//! Everything that refers to an index of wit-parser's arenas becomes a name here. Types without a name
//! are inlined, which turns a graph into a tree: 100 levels of `tuple<t, t>` are a few hundred bytes of
//! Wasm. Depth is limited by wit-parser (text) and wasmparser (binary), both to 100 levels, so recursion
//! is safe; the size of the tree is limited here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wit_parser::{
    Handle, InterfaceId, PackageId, Resolve, TypeDefKind, TypeId, TypeOwner, WorldId,
};
use wits_model::{NameError, PackageName, PackageRef};

use super::Package;
use super::item::{
    Direction, Function, FunctionKind, Interface, Param, Stability, World, WorldItem, WorldKey,
};
use super::needed::Needed;
use super::types::{Case, Field, InterfaceRef, Label, Scope, Type, TypeDef, TypeKind, TypeRef};

/// How many uses of types one package may hold. The largest real ones hold some thousands.
const MOST_TYPES: usize = 250_000;

/// Why there is no model of what wit-parser holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// A package has a name that wits does not accept.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Types nested in each other without names multiply beyond all use.
    #[error("its types, written out, are more than {MOST_TYPES}")]
    TooLarge,
    /// Something that a binary can say and WIT cannot.
    #[error("it has no form in WIT: {0}")]
    NotWit(&'static str),
}

/// Makes models of packages of one `Resolve`. What it knows of all of them it finds out once.
pub(crate) struct Lowering<'a> {
    resolve: &'a Resolve,
    packages: HashMap<PackageId, PackageRef>,
    scopes: HashMap<TypeOwner, Arc<Scope>>,
    types_left: usize,
}

impl<'a> Lowering<'a> {
    /// # Errors
    /// If a package in `resolve` has a name that wits does not accept.
    pub(crate) fn new(resolve: &'a Resolve) -> Result<Self, LowerError> {
        let mut packages = HashMap::new();
        for (id, package) in &resolve.packages {
            let reference = PackageRef {
                name: PackageName::new(&package.name.namespace, &package.name.name)?,
                version: package.name.version.clone(),
            };
            packages.insert(id, reference);
        }
        let mut scopes = HashMap::new();
        for (id, world) in &resolve.worlds {
            let Some(package) = world.package.map(|package| &packages[&package]) else {
                continue;
            };
            let scope = Scope::World {
                package: package.clone(),
                world: world.name.clone(),
            };
            scopes.insert(TypeOwner::World(id), Arc::new(scope));
            let imports = world.imports.iter().map(|item| (Direction::Import, item));
            let exports = world.exports.iter().map(|item| (Direction::Export, item));
            for (direction, (key, item)) in imports.chain(exports) {
                if let wit_parser::WorldKey::Name(name) = key
                    && let wit_parser::WorldItem::Interface { id, .. } = item
                    && resolve.interfaces[*id].name.is_none()
                {
                    let scope = Scope::Inline {
                        package: package.clone(),
                        world: world.name.clone(),
                        direction,
                        name: name.clone(),
                    };
                    scopes.insert(TypeOwner::Interface(*id), Arc::new(scope));
                }
            }
        }
        for (id, interface) in &resolve.interfaces {
            if let (Some(package), Some(name)) = (interface.package, &interface.name) {
                let scope = Scope::Interface(InterfaceRef {
                    package: packages[&package].clone(),
                    interface: name.clone(),
                });
                scopes.insert(TypeOwner::Interface(id), Arc::new(scope));
            }
        }
        Ok(Self {
            resolve,
            packages,
            scopes,
            types_left: MOST_TYPES,
        })
    }

    /// The name of `package`, and its version if it has one.
    pub(crate) fn reference(&self, package: PackageId) -> PackageRef {
        self.packages[&package].clone()
    }

    /// The model of `package`, as far as `resolve` knows it.
    ///
    /// # Errors
    /// If it holds what no WIT package holds.
    pub(crate) fn package(&mut self, package: PackageId) -> Result<Package, LowerError> {
        self.types_left = MOST_TYPES;
        let source = &self.resolve.packages[package];
        Ok(Package {
            reference: self.reference(package),
            docs: source.docs.contents.clone(),
            interfaces: source
                .interfaces
                .iter()
                .map(|(name, id)| Ok((name.clone(), self.interface(*id)?)))
                .collect::<Result<_, LowerError>>()?,
            worlds: source
                .worlds
                .iter()
                .map(|(name, id)| Ok((name.clone(), self.world(*id)?)))
                .collect::<Result<_, LowerError>>()?,
        })
    }

    fn interface_ref(&self, id: InterfaceId) -> Result<InterfaceRef, LowerError> {
        match self.scopes.get(&TypeOwner::Interface(id)).map(|s| &**s) {
            Some(Scope::Interface(interface)) => Ok(interface.clone()),
            _ => Err(LowerError::NotWit("an interface without a name is named")),
        }
    }

    fn interface(&mut self, id: InterfaceId) -> Result<Interface, LowerError> {
        let resolve = self.resolve;
        let source = &resolve.interfaces[id];
        Ok(Interface {
            types: source
                .types
                .iter()
                .map(|(name, id)| Ok((name.clone(), self.type_def(*id)?)))
                .collect::<Result<_, LowerError>>()?,
            functions: source
                .functions
                .iter()
                .map(|(name, function)| Ok((name.clone(), self.function(function)?)))
                .collect::<Result<_, LowerError>>()?,
            stability: stability(&source.stability),
            docs: source.docs.contents.clone(),
        })
    }

    fn world(&mut self, id: WorldId) -> Result<World, LowerError> {
        let resolve = self.resolve;
        let source = &resolve.worlds[id];
        let needed = Needed::of(resolve, source);
        Ok(World {
            imports: source
                .imports
                .iter()
                .map(|(key, item)| self.world_item(key, item, &needed.imports))
                .collect::<Result<_, LowerError>>()?,
            exports: source
                .exports
                .iter()
                .map(|(key, item)| self.world_item(key, item, &needed.exports))
                .collect::<Result<_, LowerError>>()?,
            stability: stability(&source.stability),
            docs: source.docs.contents.clone(),
        })
    }

    fn world_item(
        &mut self,
        key: &wit_parser::WorldKey,
        item: &wit_parser::WorldItem,
        needed: &HashSet<InterfaceId>,
    ) -> Result<(WorldKey, WorldItem), LowerError> {
        let lowered_key = match key {
            wit_parser::WorldKey::Interface(id) => WorldKey::Interface(self.interface_ref(*id)?),
            wit_parser::WorldKey::Name(name) => WorldKey::Name(name.clone()),
        };
        let item = match item {
            wit_parser::WorldItem::Interface {
                id,
                stability: gate,
                external_id,
                docs,
                ..
            } => {
                let external_id = external_id.clone();
                let docs = docs.contents.clone();
                if self.resolve.interfaces[*id].name.is_some() {
                    WorldItem::Interface {
                        interface: self.interface_ref(*id)?,
                        needed: matches!(key, wit_parser::WorldKey::Interface(id) if needed.contains(id)),
                        stability: stability(gate),
                        external_id,
                        docs,
                    }
                } else {
                    WorldItem::Inline {
                        interface: self.interface(*id)?,
                        external_id,
                        docs,
                    }
                }
            }
            wit_parser::WorldItem::Function(function) => {
                WorldItem::Function(self.function(function)?)
            }
            wit_parser::WorldItem::Type { id, .. } => WorldItem::Type(self.type_def(*id)?),
        };
        Ok((lowered_key, item))
    }

    fn function(&mut self, source: &wit_parser::Function) -> Result<Function, LowerError> {
        use wit_parser::FunctionKind as Kind;
        let resource = |id: TypeId| -> Result<String, LowerError> {
            let name = self.resolve.types[id].name.clone();
            name.ok_or(LowerError::NotWit("a resource has no name"))
        };
        let kind = match source.kind {
            Kind::Freestanding | Kind::AsyncFreestanding => FunctionKind::Freestanding,
            Kind::Getter => FunctionKind::Getter,
            Kind::Setter => FunctionKind::Setter,
            Kind::Constructor(id) => FunctionKind::Constructor(resource(id)?),
            Kind::Method(id) | Kind::AsyncMethod(id) => FunctionKind::Method(resource(id)?),
            Kind::MethodGetter(id) => FunctionKind::MethodGetter(resource(id)?),
            Kind::MethodSetter(id) => FunctionKind::MethodSetter(resource(id)?),
            Kind::Static(id) | Kind::AsyncStatic(id) => FunctionKind::Static(resource(id)?),
            Kind::StaticGetter(id) => FunctionKind::StaticGetter(resource(id)?),
            Kind::StaticSetter(id) => FunctionKind::StaticSetter(resource(id)?),
        };
        // The component model demands `self: borrow<r>` first in a method, so it says nothing.
        let implied = match kind {
            FunctionKind::Method(_)
            | FunctionKind::MethodGetter(_)
            | FunctionKind::MethodSetter(_) => 1,
            _ => 0,
        };
        let name = match kind {
            FunctionKind::Constructor(_) => "",
            _ => source.item_name(),
        };
        Ok(Function {
            name: name.to_owned(),
            is_async: source.kind.is_async(),
            params: source
                .params
                .iter()
                .skip(implied)
                .map(|param| {
                    Ok(Param {
                        name: param.name.clone(),
                        ty: self.ty(param.ty)?,
                    })
                })
                .collect::<Result<_, LowerError>>()?,
            result: source.result.map(|ty| self.ty(ty)).transpose()?,
            kind,
            stability: stability(&source.stability),
            external_id: source.external_id.clone(),
            docs: source.docs.contents.clone(),
        })
    }

    fn type_def(&mut self, id: TypeId) -> Result<TypeDef, LowerError> {
        let source = &self.resolve.types[id];
        let kind = match &source.kind {
            TypeDefKind::Resource => TypeKind::Resource,
            TypeDefKind::Record(record) => TypeKind::Record(
                record
                    .fields
                    .iter()
                    .map(|field| {
                        Ok(Field {
                            name: field.name.clone(),
                            ty: self.ty(field.ty)?,
                            docs: field.docs.contents.clone(),
                        })
                    })
                    .collect::<Result<_, LowerError>>()?,
            ),
            TypeDefKind::Variant(variant) => TypeKind::Variant(
                variant
                    .cases
                    .iter()
                    .map(|case| {
                        Ok(Case {
                            name: case.name.clone(),
                            ty: case.ty.map(|ty| self.ty(ty)).transpose()?,
                            docs: case.docs.contents.clone(),
                        })
                    })
                    .collect::<Result<_, LowerError>>()?,
            ),
            TypeDefKind::Enum(cases) => TypeKind::Enum(
                cases
                    .cases
                    .iter()
                    .map(|case| label(&case.name, &case.docs))
                    .collect(),
            ),
            TypeDefKind::Flags(flags) => TypeKind::Flags(
                flags
                    .flags
                    .iter()
                    .map(|flag| label(&flag.name, &flag.docs))
                    .collect(),
            ),
            other => TypeKind::Alias(self.built(other)?),
        };
        Ok(TypeDef {
            kind,
            stability: stability(&source.stability),
            external_id: source.external_id.clone(),
            docs: source.docs.contents.clone(),
        })
    }

    fn ty(&mut self, ty: wit_parser::Type) -> Result<Type, LowerError> {
        self.types_left = self.types_left.checked_sub(1).ok_or(LowerError::TooLarge)?;
        Ok(match ty {
            wit_parser::Type::Bool => Type::Bool,
            wit_parser::Type::U8 => Type::U8,
            wit_parser::Type::U16 => Type::U16,
            wit_parser::Type::U32 => Type::U32,
            wit_parser::Type::U64 => Type::U64,
            wit_parser::Type::S8 => Type::S8,
            wit_parser::Type::S16 => Type::S16,
            wit_parser::Type::S32 => Type::S32,
            wit_parser::Type::S64 => Type::S64,
            wit_parser::Type::F32 => Type::F32,
            wit_parser::Type::F64 => Type::F64,
            wit_parser::Type::Char => Type::Char,
            wit_parser::Type::String => Type::String,
            wit_parser::Type::ErrorContext => Type::ErrorContext,
            wit_parser::Type::Id(id) => {
                let resolve = self.resolve;
                match resolve.types[id].name {
                    Some(_) => Type::Named(self.type_ref(id)?),
                    None => self.built(&resolve.types[id].kind)?,
                }
            }
        })
    }

    /// A type that is built in place of others.
    fn built(&mut self, kind: &TypeDefKind) -> Result<Type, LowerError> {
        Ok(match kind {
            TypeDefKind::Type(ty) => self.ty(*ty)?,
            TypeDefKind::Handle(Handle::Own(id)) => Type::Own(self.type_ref(*id)?),
            TypeDefKind::Handle(Handle::Borrow(id)) => Type::Borrow(self.type_ref(*id)?),
            TypeDefKind::List(ty) => Type::List(Box::new(self.ty(*ty)?)),
            TypeDefKind::FixedLengthList(ty, length) => {
                Type::FixedLengthList(Box::new(self.ty(*ty)?), *length)
            }
            TypeDefKind::Map(key, value) => {
                Type::Map(Box::new(self.ty(*key)?), Box::new(self.ty(*value)?))
            }
            TypeDefKind::Option(ty) => Type::Option(Box::new(self.ty(*ty)?)),
            TypeDefKind::Result(result) => {
                Type::Result(self.payload(result.ok)?, self.payload(result.err)?)
            }
            TypeDefKind::Tuple(tuple) => Type::Tuple(
                tuple
                    .types
                    .iter()
                    .map(|ty| self.ty(*ty))
                    .collect::<Result<_, LowerError>>()?,
            ),
            TypeDefKind::Future(ty) => Type::Future(self.payload(*ty)?),
            TypeDefKind::Stream(ty) => Type::Stream(self.payload(*ty)?),
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource => {
                return Err(LowerError::NotWit(
                    "a record, variant or the like has no name",
                ));
            }
            TypeDefKind::Unknown => return Err(LowerError::NotWit("a type is not resolved")),
        })
    }

    fn payload(&mut self, ty: Option<wit_parser::Type>) -> Result<Option<Box<Type>>, LowerError> {
        ty.map(|ty| self.ty(ty).map(Box::new)).transpose()
    }

    fn type_ref(&self, id: TypeId) -> Result<TypeRef, LowerError> {
        let ty = &self.resolve.types[id];
        match (&ty.name, self.scopes.get(&ty.owner)) {
            (Some(name), Some(scope)) => Ok(TypeRef {
                scope: Arc::clone(scope),
                name: name.clone(),
            }),
            _ => Err(LowerError::NotWit("a named type belongs to nothing")),
        }
    }
}

fn label(name: &str, docs: &wit_parser::Docs) -> Label {
    Label {
        name: name.to_owned(),
        docs: docs.contents.clone(),
    }
}

fn stability(gate: &wit_parser::Stability) -> Stability {
    match gate {
        wit_parser::Stability::Unknown => Stability::Unknown,
        wit_parser::Stability::Stable { since, deprecated } => Stability::Stable {
            since: since.clone(),
            deprecated: deprecated.clone(),
        },
        wit_parser::Stability::Unstable {
            feature,
            deprecated,
        } => Stability::Unstable {
            feature: feature.clone(),
            deprecated: deprecated.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use wit_parser::{Span, Tuple};

    use super::*;

    /// `f: func(x: tuple<tuple<…, …>, …>)`, each level the same type twice, as a binary can share it.
    fn doubled(levels: usize) -> Result<Package, LowerError> {
        let mut resolve = Resolve::default();
        let text = "package t:t; interface i { f: func(x: u8); }";
        let package = resolve.push_str("t.wit", text).unwrap();
        let mut ty = wit_parser::Type::U8;
        for _ in 0..levels {
            let id = resolve.types.alloc(wit_parser::TypeDef {
                name: None,
                kind: TypeDefKind::Tuple(Tuple {
                    types: vec![ty, ty],
                }),
                owner: TypeOwner::None,
                docs: wit_parser::Docs::default(),
                stability: wit_parser::Stability::Unknown,
                span: Span::default(),
                external_id: None,
            });
            ty = wit_parser::Type::Id(id);
        }
        let interface = resolve.packages[package].interfaces["i"];
        resolve.interfaces[interface].functions["f"].params[0].ty = ty;
        Lowering::new(&resolve).and_then(|mut lowering| lowering.package(package))
    }

    #[test]
    fn types_that_multiply_are_refused() {
        let package = doubled(3).unwrap();
        let form = package.canonical_form();
        assert_eq!(form.matches("u8").count(), 8);
        assert_eq!(doubled(90), Err(LowerError::TooLarge));
    }
}
