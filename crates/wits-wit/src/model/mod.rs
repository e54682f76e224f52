//! wits' own structural model of one WIT package.
//!
//! It is neither what a printer says nor another crate's types, because it has to stand for years: the
//! canonical digest in `wits.lock` is defined over it, and so are the comparison of embedded copies and
//! all that shows or compares WIT. A model says what a package *means*: worlds have their `include`s
//! expanded and the imports they imply, every reference to a type is qualified in full, and nothing
//! is left of the order in which a source file or an encoder put things that have no order.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`item`] | [`Interface`], [`World`], [`WorldItem`], [`Function`], and the gates on them ([`Stability`]) |
//! | [`types`] | [`TypeDef`] (what has a name) and [`Type`] (what stands where a type is used) |
//! | `lower` | how a model comes from what wit-parser parsed or decoded |
//! | `needed` | which items of a world stand there for the sake of others |
//! | `canonical` | the canonical form and its digest, specified in `docs/reference/canonical-wit.md` |
//! | [`subset`](mod@subset) | whether an embedded copy agrees with the real package |
//! | `show` | items as short WIT-like text, for messages |

mod canonical;
pub mod item;
mod lower;
mod needed;
mod show;
pub mod subset;
pub mod types;

use std::collections::BTreeMap;

use wits_model::PackageRef;

pub use item::{
    Direction, Function, FunctionKind, Interface, Param, Stability, World, WorldItem, WorldKey,
};
pub use lower::LowerError;
pub(crate) use lower::Lowering;
pub use subset::{Mismatch, subset};
pub use types::{Case, Field, InterfaceRef, Label, Scope, Type, TypeDef, TypeKind, TypeRef};

/// One WIT package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, and its version if it has one.
    pub reference: PackageRef,
    /// What its source says about it.
    pub docs: Option<String>,
    /// Its interfaces by name.
    pub interfaces: BTreeMap<String, Interface>,
    /// Its worlds by name.
    pub worlds: BTreeMap<String, World>,
}
