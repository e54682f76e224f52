//! What a package holds: interfaces and worlds, and what those hold.

use std::collections::BTreeMap;
use std::fmt;

use wits_model::Version;

use super::types::{InterfaceRef, Type, TypeDef};

/// The gate on an item: `@since`, `@unstable`, `@deprecated`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stability {
    /// No gate.
    #[default]
    Unknown,
    /// `@since(version = …)`
    Stable {
        /// Since which version of its package.
        since: Version,
        /// `@deprecated(version = …)`
        deprecated: Option<Version>,
    },
    /// `@unstable(feature = …)`
    Unstable {
        /// The feature that enables it.
        feature: String,
        /// `@deprecated(version = …)`
        deprecated: Option<Version>,
    },
}

/// An interface. The name is the key under which it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its named types by name, those brought in by `use` among them.
    pub types: BTreeMap<String, TypeDef>,
    /// Its functions by their component-model name: `f`, `[method]r.f`, `[constructor]r`, …
    pub functions: BTreeMap<String, Function>,
    /// The gate on it.
    pub stability: Stability,
    /// What its source says about it.
    pub docs: Option<String>,
}

/// A function, a method, an accessor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// What it belongs to, and how it is called.
    pub kind: FunctionKind,
    /// Its own name; empty for a constructor, which has none.
    pub name: String,
    /// Whether it is declared `async`.
    pub is_async: bool,
    /// Its parameters in order, without the `self` that a method implies.
    pub params: Vec<Param>,
    /// Its result. A constructor's is spelled out: `own<r>`, or a `result` with it.
    pub result: Option<Type>,
    /// The gate on it.
    pub stability: Stability,
    /// `@external-id`
    pub external_id: Option<String>,
    /// What its source says about it.
    pub docs: Option<String>,
}

impl FunctionKind {
    /// The resource it belongs to.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Freestanding | Self::Getter | Self::Setter => None,
            Self::Constructor(resource)
            | Self::Method(resource)
            | Self::MethodGetter(resource)
            | Self::MethodSetter(resource)
            | Self::Static(resource)
            | Self::StaticGetter(resource)
            | Self::StaticSetter(resource) => Some(resource),
        }
    }
}

/// What a function belongs to, and how it is called. A resource is named as its scope names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionKind {
    /// `f: func()`
    Freestanding,
    /// `p: get() -> t`
    Getter,
    /// `p: set(value: t)`
    Setter,
    /// `constructor()` of a resource
    Constructor(String),
    /// `f: func()` of a resource
    Method(String),
    /// `p: get() -> t` of a resource
    MethodGetter(String),
    /// `p: set(value: t)` of a resource
    MethodSetter(String),
    /// `f: static func()` of a resource
    Static(String),
    /// `p: static get() -> t` of a resource
    StaticGetter(String),
    /// `p: static set(value: t)` of a resource
    StaticSetter(String),
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A world. The name is the key under which it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// What it imports, what its imports and exports imply included, and the types it defines.
    pub imports: BTreeMap<WorldKey, WorldItem>,
    /// What it exports.
    pub exports: BTreeMap<WorldKey, WorldItem>,
    /// The gate on it.
    pub stability: Stability,
    /// What its source says about it.
    pub docs: Option<String>,
}

/// Which side of a world an item is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// `import`
    Import,
    /// `export`
    Export,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Import => "import",
            Self::Export => "export",
        })
    }
}

/// What an item of a world is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorldKey {
    /// The name of an interface: `import wasi:io/poll@0.2.12`.
    Interface(InterfaceRef),
    /// A plain name, in its component-model form for functions: `f`, `[method]r.f`.
    Name(String),
}

/// An import or export of a world, or a type that it defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorldItem {
    /// An interface with a name of its own, under that name or, with `implements`, under a plain one.
    Interface {
        /// The interface.
        interface: InterfaceRef,
        /// Whether another item of the world uses its types, so that it stands here whether or not the
        /// source says so. The gate and the `@external-id` of such an item are an accident: encoders
        /// make them up from whichever other item they meet first.
        needed: bool,
        /// The gate on the import or export.
        stability: Stability,
        /// `@external-id`
        external_id: Option<String>,
        /// What its source says about the import or export.
        docs: Option<String>,
    },
    /// An interface written in place.
    Inline {
        /// The interface. The gate on the item is the one on it.
        interface: Interface,
        /// `@external-id`
        external_id: Option<String>,
        /// What its source says about the import or export.
        docs: Option<String>,
    },
    /// A function.
    Function(Function),
    /// A type; always among the imports.
    Type(TypeDef),
}
