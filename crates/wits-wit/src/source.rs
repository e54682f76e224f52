//! WIT text: the files of one package, parsed but not resolved.

use std::path::PathBuf;

use wits_model::{PackageName, PackageRef, SourceSpan, Version};

use crate::error::WitError;

/// One `.wit` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path, as the user would name it.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The files of one package, parsed: its name, the packages nested in it, and what it mentions.
#[derive(Debug, Clone)]
pub struct SourcePackage {
    name: PackageName,
    version: Option<Version>,
    header: Option<SourceSpan>,
    mentions: Vec<Mention>,
    nested: Vec<NestedPackage>,
}

/// A place where a foreign package's interface or world is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The foreign package, as written.
    pub package: PackageRef,
    /// The interface or world.
    pub item: String,
    /// The first place that names it: `ns:name/item@version`, as written.
    pub span: SourceSpan,
}

/// A package written inside another's file: `package ns:name { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestedPackage {
    /// Which package it is.
    pub package: PackageRef,
    /// Its header.
    pub span: Option<SourceSpan>,
}

impl SourcePackage {
    /// Parses the `.wit` files of one package, in whatever order they come.
    pub fn parse(files: Vec<SourceFile>) -> Result<Self, WitError> {
        let _ = files;
        Err(WitError::NoFiles)
    }

    /// The package's name.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The package's version, if its header has one.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Name and version.
    pub fn reference(&self) -> PackageRef {
        PackageRef {
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }

    /// The header `package ns:name@version;`.
    pub fn header_span(&self) -> Option<SourceSpan> {
        self.header.clone()
    }

    /// Every interface and world of a foreign package that the files name, those of nested packages
    /// included; packages that the files themselves define are not foreign. Sorted by package, then
    /// item.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// The packages nested in the files.
    pub fn nested(&self) -> &[NestedPackage] {
        &self.nested
    }
}
