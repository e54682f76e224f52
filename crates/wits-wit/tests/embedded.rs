//! Copies of the WASI packages as WASI packages embed them, against the packages themselves.

mod reference;

use std::collections::BTreeMap;
use std::path::Path;

use reference::{assert_round_trip, decoded, encode_package, everything};
use wits_model::PackageRef;
use wits_testkit::published::{self, PublishedPackage};
use wits_wit::DecodedPackage;
use wits_wit::model::{Package, subset};

/// The packages of one WASI release, each encoded alone by the reference implementation.
fn release(version: &str) -> BTreeMap<PackageRef, DecodedPackage> {
    let mut resolve = everything();
    let mut packages = BTreeMap::new();
    for package in published::wasi(version) {
        let id = push(&mut resolve, &package);
        let wasm = encode_package(&resolve, id);
        assert_round_trip(&wasm);
        let decoded = decoded(&wasm);
        assert_eq!(decoded.id().to_string(), package.id);
        packages.insert(decoded.id(), decoded);
    }
    packages
}

fn push(resolve: &mut wit_parser::Resolve, package: &PublishedPackage) -> wit_parser::PackageId {
    let mut files = wit_parser::SourceMap::default();
    for file in &package.files {
        let text = std::fs::read_to_string(file).unwrap();
        files.push(Path::new(file), text);
    }
    let group = files.parse().map_err(|(_, error)| error).unwrap();
    resolve.push_group(group).unwrap()
}

#[test]
fn every_copy_is_a_subset_of_the_package_it_is_of() {
    for (version, least) in [("0.2.0", 8), ("0.2.9", 8), ("0.2.12", 8), ("0.3.2", 6)] {
        let packages = release(version);
        let mut compared = 0;
        for package in packages.values() {
            for copy in package.embedded().unwrap() {
                let real = packages[&copy.reference].model();
                assert_eq!(subset(copy, real), Ok(()), "in {}", package.id());
                compared += 1;
            }
        }
        assert!(compared >= least, "{version}: {compared} copies");
    }
}

#[test]
fn a_copy_of_another_release_under_the_same_version_is_told() {
    // `wasi:clocks@0.2.12` under the name of 0.3.2, where `wall-clock` has become `system-clock`.
    let old = release("0.2.12");
    let new = release("0.3.2");
    let clocks =
        |version: &str| -> PackageRef { format!("wasi:clocks@{version}").parse().unwrap() };
    let mut copy = Package::clone(old[&clocks("0.2.12")].model());
    copy.reference = clocks("0.3.2");
    let real = new[&clocks("0.3.2")].model();
    assert!(subset(&copy, real).is_err());
    assert_ne!(copy.digest(), real.digest());
}
