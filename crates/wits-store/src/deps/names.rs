//! What the entry of a package is called.
//!
//! `<namespace>-<name>-<version>`, as wkg does it. That is ambiguous: `a-b:c` and `a:b-c` at one
//! version would share it. Those that would share it are written `<namespace>--<name>-<version>`; no
//! name of a package has two `-` in a row, so that says where the namespace ends. Names that differ
//! in case only (versions may have upper case) count as shared too: on Windows and macOS they are.
//! Where that is all that tells two packages apart, eight digits of the package's digest follow.
//!
//! A version may contain `+`, which is legal in file names everywhere.

use std::collections::BTreeMap;

use wits_model::{Digest, PackageId};

/// The entry name of each package; a `.wasm` file has that suffix in addition. It depends on the set
/// of packages, and not on their order.
pub fn entry_names<'a>(
    ids: impl IntoIterator<Item = &'a PackageId>,
) -> BTreeMap<PackageId, String> {
    let mut names: BTreeMap<_, _> = ids
        .into_iter()
        .map(|id| (id.clone(), with_separator(id, "-")))
        .collect();
    rename_shared(&mut names, |id| with_separator(id, "--"));
    rename_shared(&mut names, |id| {
        let digest = Digest::of(id.to_string());
        format!("{}-{}", with_separator(id, "--"), &digest.hex()[..8])
    });
    names
}

fn with_separator(id: &PackageId, separator: &str) -> String {
    let (namespace, name) = (id.name.namespace(), id.name.name());
    format!("{namespace}{separator}{name}-{}", id.version)
}

fn rename_shared(names: &mut BTreeMap<PackageId, String>, rename: impl Fn(&PackageId) -> String) {
    let mut users: BTreeMap<String, u32> = BTreeMap::new();
    for name in names.values() {
        *users.entry(name.to_ascii_lowercase()).or_default() += 1;
    }
    for (id, name) in names {
        if users[&name.to_ascii_lowercase()] > 1 {
            *name = rename(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(ids: &[&str]) -> Vec<String> {
        let ids: Vec<PackageId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let names = entry_names(&ids);
        ids.iter().map(|id| names[id].clone()).collect()
    }

    #[test]
    fn a_name_is_namespace_name_and_version() {
        assert_eq!(
            names(&["wasi:io@0.2.12", "a-b:c-d@1.0.0-rc.1+build.5"]),
            ["wasi-io-0.2.12", "a-b-c-d-1.0.0-rc.1+build.5"]
        );
    }

    #[test]
    fn packages_that_would_share_a_name_do_not() {
        assert_eq!(
            names(&["a-b:c@1.0.0", "a:b-c@1.0.0", "a:b-c@2.0.0", "a:x@1.0.0"]),
            ["a-b--c-1.0.0", "a--b-c-1.0.0", "a-b-c-2.0.0", "a-x-1.0.0"]
        );
        assert_eq!(
            names(&["a:b@1.0.0-RC", "a:b@1.0.0-rc", "a:b@1.0.0"]),
            [
                "a--b-1.0.0-RC-b3b80b74",
                "a--b-1.0.0-rc-64d3e611",
                "a-b-1.0.0"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_two_entries_are_one_on_any_system_whatever_the_order(
            mut ids in proptest::collection::vec(
                "[ab](-[ab1]){0,3}:[ab](-[ab1]){0,3}@1\\.[01]\\.0(-[aA](-[a1]){0,2})?(\\+[aA])?",
                0..40,
            )
        ) {
            let parse = |ids: &[String]| -> Vec<PackageId> {
                ids.iter().map(|id| id.parse().unwrap()).collect()
            };
            let names = entry_names(&parse(&ids));
            let mut folded: Vec<_> = names.values().map(|name| name.to_lowercase()).collect();
            folded.sort();
            folded.dedup();
            prop_assert_eq!(folded.len(), names.len());
            ids.reverse();
            prop_assert_eq!(entry_names(&parse(&ids)), names);
        }
    }
}
