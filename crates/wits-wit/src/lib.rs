//! All that wits does with WIT: text and Wasm bytes in, values out.
//!
//! This crate is the only one that knows wit-parser, wit-component, wasm-metadata, wasm-encoder and
//! wasmparser. They change every month, so none of their types is in this crate's public API. It reads
//! no file and writes none: the caller brings the bytes, already hashed where they came from outside.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`source`] | WIT text: parse the files of one package, name the packages it mentions, with spans |
//! | [`decode`](mod@decode) | Wasm bytes: a WIT package or a component, its model and what it embeds |
//! | [`model`] | wits' own structural model of a package, its canonical digest and comparison |
//! | [`print`](mod@print) | a decoded package as the text of a `package.wit` |
//! | [`check`](mod@check) | a closure, parsed once as any other WIT tool would |
//! | [`build`](mod@build) | a closure, encoded as a WIT package |
//! | [`section`] | the custom section `wits:dependencies` |
//! | [`metadata`] | description, licence and the like, as custom sections |
//! | [`info`] | what a package or component imports and exports, for the OCI config |
//! | [`error`] | what can go wrong, with spans |
//!
//! Behind [`check`](mod@check) and [`build`](mod@build) are `closure` (what `wit/deps` holds, put
//! together), `order` (dependencies first), `resolve_error` (what wit-parser says, in our words) and
//! `stack` (room for its recursion); behind [`print`](mod@print), `gate` and `use_order` (what the binary form
//! loses); behind [`source`], `text` and `mention` (from wit-parser's spans to ours).
//!
//! What edits WIT text (`add`, `update`) belongs here too; it has a start in [`SourcePackage`]'s
//! spans, which cover what a user wrote.

pub mod build;
pub mod check;
mod closure;
mod custom;
pub mod decode;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod guard;
pub mod info;
mod mention;
pub mod metadata;
pub mod model;
mod name;
mod order;
pub mod print;
mod resolve_error;
pub mod section;
pub mod source;
mod stack;
mod text;
mod use_order;

pub use build::{BuildOptions, Built, build};
pub use check::check;
pub use closure::Dependency;
pub use decode::{Decoded, DecodedComponent, DecodedPackage, decode};
pub use error::WitError;
pub use info::{ComponentInfo, component_info};
pub use print::{Gates, NoGates};
pub use section::{Declaration, DeclaredDependency};
pub use source::{Mention, NestedPackage, SourceFile, SourcePackage};
