//! What the tests of this crate share: packages made of text in the test.
#![allow(dead_code)] // each test uses some of it

use std::collections::BTreeMap;

use wits_model::{PackageId, PackageRef};
use wits_wit::model::{self, Stability};
use wits_wit::{
    BuildOptions, Built, Decoded, DecodedPackage, Dependency, Gates, SourceFile, SourcePackage,
    WitError,
};

/// The files of a package, by path and text.
pub(crate) fn files(files: &[(&str, &str)]) -> Vec<SourceFile> {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
    };
    files.iter().map(file).collect()
}

/// A package of one file.
#[track_caller]
pub(crate) fn package(text: &str) -> SourcePackage {
    try_package(text).unwrap_or_else(|error| panic!("{error}: {:?}", error.span()))
}

/// A package of one file, which may be wrong.
pub(crate) fn try_package(text: &str) -> Result<SourcePackage, WitError> {
    SourcePackage::parse(files(&[("package.wit", text)]))
}

/// Packages as a directory `wit/deps` holds them.
pub(crate) fn texts(packages: &[SourcePackage]) -> Vec<Dependency> {
    packages.iter().cloned().map(Dependency::Text).collect()
}

/// Builds without metadata.
#[track_caller]
pub(crate) fn build(root: &SourcePackage, deps: &[SourcePackage]) -> Built {
    wits_wit::build(root.clone(), texts(deps), &BuildOptions::default())
        .unwrap_or_else(|error| panic!("{error}: {:?}", error.span()))
}

/// Decodes what has to be a package.
#[track_caller]
pub(crate) fn decode(wasm: &[u8]) -> DecodedPackage {
    match wits_wit::decode(wasm) {
        Ok(Decoded::Package(package)) => package,
        other => panic!("{other:?}"),
    }
}

/// What an error says, where it points, and what it covers.
#[track_caller]
pub(crate) fn shown(error: &WitError) -> String {
    match error.span() {
        Some(span) => format!("{span}: {error} [{}]", &span.text[span.range.clone()]),
        None => error.to_string(),
    }
}

/// Knows the gates of packages whose models are at hand, as a resolver does.
#[derive(Default)]
pub(crate) struct Known(BTreeMap<PackageRef, model::Package>);

impl Known {
    pub(crate) fn of(packages: &[&DecodedPackage]) -> Self {
        let known = |package: &&DecodedPackage| (package.id(), (**package.model()).clone());
        Self(packages.iter().map(known).collect())
    }

    pub(crate) fn add(&mut self, package: &DecodedPackage) {
        self.0.insert(package.id(), (**package.model()).clone());
    }
}

impl Gates for Known {
    fn gate(&self, package: &PackageId, interface: &str) -> Option<Stability> {
        let package = self.0.get(&PackageRef::from(package.clone()))?;
        Some(package.interfaces.get(interface)?.stability.clone())
    }
}
