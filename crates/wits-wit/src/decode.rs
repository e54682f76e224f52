//! Wasm bytes: a WIT package, a component, or neither.

use wits_model::{PackageMetadata, PackageRef};

use crate::error::WitError;
use crate::model;
use crate::print::Gates;
use crate::section::DeclaredDependency;

/// What a Wasm binary turned out to be.
#[derive(Debug, Clone)]
pub enum Decoded {
    /// A WIT package in its binary form.
    Package(DecodedPackage),
    /// A component, which has a world but is no package.
    Component(DecodedComponent),
}

/// A WIT package that was in binary form.
#[derive(Debug, Clone)]
pub struct DecodedPackage {
    id: PackageRef,
    model: model::Package,
    dependencies: Vec<PackageRef>,
    embedded: Vec<model::Package>,
    declared: Option<Vec<DeclaredDependency>>,
    metadata: PackageMetadata,
}

/// A component.
#[derive(Debug, Clone)]
pub struct DecodedComponent {
    dependencies: Vec<PackageRef>,
    metadata: PackageMetadata,
}

/// Decodes a Wasm binary.
pub fn decode(wasm: &[u8]) -> Result<Decoded, WitError> {
    let _ = wasm;
    Err(WitError::NotWasm)
}

impl DecodedPackage {
    /// Which package it is. A package without version decodes too.
    pub fn id(&self) -> PackageRef {
        self.id.clone()
    }

    /// What is in it.
    pub fn model(&self) -> &model::Package {
        &self.model
    }

    /// Every foreign package named in it, sorted.
    pub fn dependencies(&self) -> &[PackageRef] {
        &self.dependencies
    }

    /// The copies of those that it carries, in the order of [`Self::dependencies`]: stubs without docs
    /// and gates, and without the functions of interfaces of which only types are used.
    pub fn embedded(&self) -> &[model::Package] {
        &self.embedded
    }

    /// What its section `wits:dependencies` says, if it has one that this version understands.
    pub fn declared(&self) -> Option<&[DeclaredDependency]> {
        self.declared.as_deref()
    }

    /// Description, licence and the like. The licence is what the binary says, SPDX or not.
    pub fn metadata(&self) -> &PackageMetadata {
        &self.metadata
    }

    /// The package as the text of a `package.wit`, docs and feature gates kept; `gates` knows the
    /// gates that foreign interfaces have in their own packages.
    pub fn print(&self, gates: &dyn Gates) -> Result<String, WitError> {
        crate::print::print(self, gates)
    }
}

impl DecodedComponent {
    /// Every package whose interfaces it imports or exports, sorted.
    pub fn dependencies(&self) -> &[PackageRef] {
        &self.dependencies
    }

    /// Description, licence and the like. The licence is what the binary says, SPDX or not.
    pub fn metadata(&self) -> &PackageMetadata {
        &self.metadata
    }
}
