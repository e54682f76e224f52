//! A package and all it needs, put together as wit-parser's `push_dir` does with a directory.

use wits_model::PackageRef;

use crate::decode::DecodedPackage;
use crate::source::SourcePackage;

/// One entry of `wit/deps`.
// A closure has tens of these; boxing one variant would only make them harder to build.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum Dependency {
    /// WIT text.
    Text(SourcePackage),
    /// A WIT package in its binary form.
    Binary(DecodedPackage),
}

impl Dependency {
    /// Which package it is.
    pub fn reference(&self) -> PackageRef {
        match self {
            Self::Text(package) => package.reference(),
            Self::Binary(package) => package.id(),
        }
    }
}
