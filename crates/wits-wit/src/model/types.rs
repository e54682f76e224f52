//! Types: definitions, which have a name and an owner, and uses, which may be built of other types.
//!
//! What WIT gives a name (records, variants, enums, flags, resources, aliases) is a [`TypeDef`] in the
//! scope that owns it, and is referred to by that scope and name, never copied. What WIT builds in
//! place (lists, options, results, handles, …) has no identity: it is inlined into its use.

use std::fmt;
use std::sync::Arc;

use wits_model::PackageRef;

use super::item::{Direction, Stability};

/// An interface of some package: `wasi:io/poll@0.2.12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceRef {
    /// The package that defines it.
    pub package: PackageRef,
    /// Its name in that package.
    pub interface: String,
}

/// What owns named types.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// An interface with a name of its own.
    Interface(InterfaceRef),
    /// A world.
    World {
        /// The package that defines the world.
        package: PackageRef,
        /// The world's name.
        world: String,
    },
    /// An interface written in place in a world: `import name: interface { … }`.
    Inline {
        /// The package that defines the world.
        package: PackageRef,
        /// The world's name.
        world: String,
        /// Whether the world imports or exports it.
        direction: Direction,
        /// The name it is imported or exported by.
        name: String,
    },
}

impl fmt::Display for InterfaceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        qualified(f, &self.package, &self.interface)
    }
}

impl fmt::Display for Scope {
    /// As the canonical form names a scope.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(interface) => interface.fmt(f),
            Self::World { package, world } => qualified(f, package, world),
            Self::Inline {
                package,
                world,
                direction,
                name,
            } => {
                qualified(f, package, world)?;
                write!(f, "#{direction}:{name}")
            }
        }
    }
}

/// `namespace:name/item@version`, as the component model names an interface or a world.
fn qualified(f: &mut fmt::Formatter<'_>, package: &PackageRef, item: &str) -> fmt::Result {
    write!(f, "{}/{item}", package.name)?;
    match &package.version {
        Some(version) => write!(f, "@{version}"),
        None => Ok(()),
    }
}

/// A named type, by the scope that owns it. References within a scope are qualified as all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeRef {
    /// Where the name is defined. For a name brought in by `use`, the scope that says `use`.
    pub scope: Arc<Scope>,
    /// The name there.
    pub name: String,
}

/// A type where it is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `s8`
    S8,
    /// `s16`
    S16,
    /// `s32`
    S32,
    /// `s64`
    S64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `error-context`
    ErrorContext,
    /// A type that has a name, other than a resource behind a handle.
    Named(TypeRef),
    /// A handle that owns its resource: `own<r>`, which WIT also writes as `r`.
    Own(TypeRef),
    /// `borrow<r>`
    Borrow(TypeRef),
    /// `list<t>`
    List(Box<Type>),
    /// `list<t, n>`
    FixedLengthList(Box<Type>, u32),
    /// `map<k, v>`
    Map(Box<Type>, Box<Type>),
    /// `option<t>`
    Option(Box<Type>),
    /// `result<t, e>`; either may be missing.
    Result(Option<Box<Type>>, Option<Box<Type>>),
    /// `tuple<t, …>`
    Tuple(Vec<Type>),
    /// `future<t>`; the payload may be missing.
    Future(Option<Box<Type>>),
    /// `stream<t>`; the payload may be missing.
    Stream(Option<Box<Type>>),
}

/// A type with a name. The name is the key under which it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDef {
    /// What it is.
    pub kind: TypeKind,
    /// The gate on it.
    pub stability: Stability,
    /// `@external-id`
    pub external_id: Option<String>,
    /// What its source says about it.
    pub docs: Option<String>,
}

/// What a named type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// Fields, in order.
    Record(Vec<Field>),
    /// Cases, in order.
    Variant(Vec<Case>),
    /// Cases, in order.
    Enum(Vec<Label>),
    /// Flags, in order.
    Flags(Vec<Label>),
    /// A resource. Its constructor and methods are functions of the scope that owns it.
    Resource,
    /// Another name for a type: `type a = b`, and `use i.{b as a}`, which refers to another scope.
    Alias(Type),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// What its source says about it.
    pub docs: Option<String>,
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Its payload.
    pub ty: Option<Type>,
    /// What its source says about it.
    pub docs: Option<String>,
}

/// A case of an enum, or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What its source says about it.
    pub docs: Option<String>,
}
