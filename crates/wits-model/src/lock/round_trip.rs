//! Parse, print, parse: over any lock there can be.

use std::path::{Path, PathBuf};

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{PackageName, Scheme};

const FILE: &str = "/home/ann/w/x/y/p/wits.lock";
const HOME: &str = "/home/ann";

fn read(text: &str) -> Result<Lock, LockError> {
    Lock::parse(text, Path::new(FILE), Some(Path::new(HOME)))
}

fn written(lock: &Lock) -> String {
    lock.print(Path::new(FILE), Some(Path::new(HOME)))
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<u64>().prop_map(|seed| Digest::of(seed.to_le_bytes()))
}

/// Absolute and normalised, as a lock has them; with what a path may hold and TOML has to escape.
fn any_path() -> impl Strategy<Value = PathBuf> {
    let inner = "[a-z \"'\\\\\u{e9}\t\n\u{7f}#.-]{0,6}[a-z]";
    (0..4_usize, vec(inner, 1..4)).prop_map(|(start, parts)| {
        let start = ["/", HOME, "/home/ann/w/x/y/p", "/srv"][start];
        parts
            .iter()
            .fold(Path::new(start).to_owned(), |path, part| path.join(part))
    })
}

fn any_source(name: &PackageName) -> impl Strategy<Value = PackageSource> + use<> {
    let repository = format!("prefix/{}/{}", name.namespace(), name.name());
    let scheme = prop_oneof![Just(Scheme::Https), Just(Scheme::Http)];
    (0..4_u8, scheme, any_path()).prop_map(move |(backend, scheme, path)| match backend {
        0 => PackageSource::Oci {
            scheme,
            host: "h.example:5000".to_owned(),
            repository: repository.clone(),
        },
        1 => PackageSource::Bindle {
            scheme,
            host: "h".to_owned(),
            bindle: repository.clone(),
        },
        2 => PackageSource::Layout { path },
        _ => PackageSource::Path { path },
    })
}

fn any_package(id: &PackageId) -> impl Strategy<Value = LockedPackage> + use<> {
    (
        any_source(&id.name),
        option::of(any_digest()),
        any_digest(),
        0..=i64::MAX.unsigned_abs(),
        any_digest(),
        option::weighted(0.2, Just(id.clone())),
    )
        .prop_map(|(source, manifest, digest, size, wit, embedded_in)| {
            let bindle = matches!(source, PackageSource::Bindle { .. });
            let manifest = manifest.filter(|_| !bindle);
            let pin = Pin {
                manifest,
                digest,
                size,
            };
            LockedPackage {
                pin: (!source.is_path() && embedded_in.is_none()).then_some(pin),
                wit: (!source.is_path()).then_some(wit),
                source,
                dependencies: BTreeSet::new(),
                embedded_in,
            }
        })
}

fn any_lock() -> impl Strategy<Value = Lock> {
    let package = "[a-c]{1,2}(-[a-c0-9])?:[a-c]{1,2}@[0-9]\\.[0-9]\\.1?0(-rc\\.[1-9])?(\\+[a-c]1)?"
        .prop_map(|text| text.parse().unwrap())
        .prop_flat_map(|id: PackageId| (Just(id.clone()), any_package(&id)));
    vec(package, 0..8)
        .prop_flat_map(|packages| {
            let packages: BTreeMap<_, _> = packages.into_iter().collect();
            let count = packages.len();
            let edges = btree_set((0..count.max(1), 0..count.max(1)), 0..16);
            (Just(packages), edges)
        })
        .prop_map(|(mut packages, edges)| {
            let ids: Vec<_> = packages.keys().cloned().collect();
            for (from, to) in edges {
                if let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) {
                    let package = packages.get_mut(from).unwrap();
                    package.dependencies.insert(to.clone());
                }
            }
            Lock { packages }
        })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(lock in any_lock()) {
        let text = written(&lock);
        let again = read(&text).map_err(|e| TestCaseError::fail(format!("{e} in {text}")))?;
        prop_assert_eq!(&again, &lock);
        prop_assert_eq!(written(&again), text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(version|package|name|\\[|\\]|=|\"|\n|1|<|a:b| |\u{e9}){0,40}") {
        let _ = read(&text);
    }
}
