//! What wits talks about: package names, versions, digests, sources, and the three file formats.
//!
//! This crate parses at the edge, once: a [`PackageName`], a [`PackageId`], a [`Digest`] or a
//! [`RegistryUrl`] that exists is valid, and no other crate passes a `String` that means one of
//! them. It does no I/O, reads no environment and knows no WIT text.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`name`] | [`PackageName`], [`PackageId`] (the one key, name and version), [`PackageRef`] |
//! | [`digest`] | [`Digest`], sha256 and nothing else |
//! | [`blob`] | [`Blob`], bytes with their digest, hashed once |
//! | [`source`] | [`RegistryUrl`] (where a registry is), [`PackageSource`] (where one package is) |
//! | [`pin`] | [`Pin`], which bytes a package is |
//! | [`printable`] | text from outside, made fit to be shown |
//! | [`lock`] | [`Lock`], `wits.lock`: the pinned closure |
//! | [`manifest`] | [`Manifest`], `wits.toml`: what a project says beside its WIT |
//! | [`routes`] | [`RouteFile`] and [`Routes`], `registry.toml`: which registry serves which package |
//! | [`document`] | [`DocumentError`], what is wrong with the TOML of any of the three |
//! | [`metadata`] | [`PackageMetadata`], what a package says about itself beside its WIT |
//! | [`span`] | [`SourceSpan`], a place in a text file, for diagnostics |
//! | [`counted`] | counts of work, for tests |
//! | [`error`] | [`ErrorKind`], which decides the exit code |

pub mod blob;
pub mod counted;
pub mod digest;
pub mod document;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod lock;
pub mod manifest;
pub mod metadata;
pub mod name;
pub mod pin;
pub mod printable;
pub mod routes;
pub mod source;
pub mod span;
mod text;

pub use blob::{Blob, BlobBuilder};
pub use digest::Digest;
pub use document::DocumentError;
pub use error::ErrorKind;
pub use lock::{Lock, LockChange, LockError, LockedPackage};
pub use manifest::{Manifest, ManifestError};
pub use metadata::PackageMetadata;
pub use name::{NameError, PackageId, PackageName, PackageRef};
pub use pin::Pin;
pub use routes::{Layer, Origin, Route, RouteError, RouteFile, RouteKey, Routes};
pub use semver::Version;
pub use source::{PackageSource, RegistryUrl, Scheme, SourceError};
pub use span::SourceSpan;
