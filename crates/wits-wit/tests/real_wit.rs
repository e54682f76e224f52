//! The WASI packages, in the order of their dependencies: what is built decodes to what was meant,
//! and what is printed from that parses as the original did and builds to the same again.

mod packages;

use packages::{Known, build, decode, package, texts};
use wits_model::PackageId;
use wits_testkit::published;
use wits_wit::{
    BuildOptions, DeclaredDependency, DecodedPackage, SourceFile, SourcePackage, check,
};

#[test]
fn every_wasi_package_survives_the_round_trip() {
    for version in ["0.2.0", "0.2.3", "0.2.9", "0.2.12", "0.3.2"] {
        round_trip(&published::wasi(version));
    }
    // Drafts, with gates and with other styles.
    for name in ["wasi-config", "wasi-keyvalue", "wasi-nn"] {
        round_trip(&published::of_crate(name));
    }
}

#[track_caller]
fn round_trip(packages: &[published::PublishedPackage]) {
    assert!(!packages.is_empty());
    let mut originals: Vec<SourcePackage> = Vec::new();
    let mut printed: Vec<SourcePackage> = Vec::new();
    let mut built: Vec<DecodedPackage> = Vec::new();
    let mut known = Known::default();
    for published in packages {
        let files = published.files.iter().map(|path| SourceFile {
            path: path.clone(),
            bytes: std::fs::read(path).unwrap(),
        });
        let original = SourcePackage::parse(files.collect()).unwrap();
        let id = original.reference();
        assert_eq!(id.to_string(), published.id);
        check(original.clone(), texts(&originals)).unwrap();

        let options = BuildOptions {
            declared: built.iter().map(declared).collect(),
            ..BuildOptions::default()
        };
        let made = wits_wit::build(original.clone(), texts(&originals), &options).unwrap();
        let decoded = decode(&made.wasm);
        assert_eq!(decoded.id(), id);
        let mentioned: Vec<_> = decoded
            .dependencies()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            mentioned
                .iter()
                .all(|id| packages.iter().any(|p| p.id == *id)),
            "{id}: {mentioned:?}"
        );
        assert_eq!(decoded.declared().unwrap().len(), mentioned.len());

        let text = decoded.print(&known).unwrap();
        let again = package(&text);
        check(again.clone(), texts(&printed))
            .unwrap_or_else(|error| panic!("{id}: {error}\n{text}"));
        let rebuilt = build(&again, &printed);
        assert_eq!(rebuilt.package.model(), decoded.model(), "{id}");
        assert_eq!(rebuilt.package.model().digest(), decoded.model().digest());

        known.add(&decoded);
        built.push(decoded);
        originals.push(original);
        printed.push(again);
    }
}

fn declared(package: &DecodedPackage) -> DeclaredDependency {
    let id: PackageId = package.id().id().unwrap();
    DeclaredDependency {
        package: id,
        wit: package.model().digest(),
        digest: None,
    }
}
