//! The crate arrows: which crate may use which (ARCHITECTURE.md draws them).
//!
//! `{model, fs} ← {wit, store, registry} ← wits ← cli`, and none inside the middle row. An arrow that
//! is missing here is a decision to make, not a line to add.

use std::process::Command;

use serde_json::Value;

/// Each crate of ours with those of ours that it may use in its code.
const ARROWS: &[(&str, &[&str])] = &[
    ("wits-model", &[]),
    ("wits-fs", &[]),
    ("wits-wit", &["wits-model", "wits-fs"]),
    ("wits-store", &["wits-model", "wits-fs"]),
    ("wits-registry", &["wits-model", "wits-fs"]),
    (
        "wits",
        &[
            "wits-model",
            "wits-fs",
            "wits-wit",
            "wits-store",
            "wits-registry",
        ],
    ),
    ("wits-cli", &["wits"]),
    ("wits-testkit", &[]),
    ("xtask", &[]),
    (
        "wits-bench",
        &["wits", "wits-model", "wits-wit", "wits-testkit"],
    ),
];

/// What only one crate may use, because its types or its powers must not spread.
const OWNERS: &[(&str, &str)] = &[
    ("wit-parser", "wits-wit"),
    ("wit-component", "wits-wit"),
    ("wasm-metadata", "wits-wit"),
    ("wasm-encoder", "wits-wit"),
    ("wasmparser", "wits-wit"),
    ("oci-client", "wits-registry"),
    ("reqwest", "wits-registry"),
    ("clap", "wits-cli"),
    ("indicatif", "wits-cli"),
];

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let packages = packages();
    assert_eq!(
        packages.len(),
        ARROWS.len(),
        "a crate is missing in the table"
    );
    for (name, allowed) in ARROWS {
        for used in dependencies(&packages, name) {
            let ours = ARROWS.iter().any(|(other, _)| *other == used);
            assert!(
                !ours || allowed.contains(&used.as_str()),
                "`{name}` may not use `{used}`"
            );
        }
    }
}

#[test]
fn what_belongs_to_one_crate_stays_there() {
    let packages = packages();
    // The benchmarks measure the WIT crates bare.
    let ours = ARROWS.iter().filter(|(name, _)| *name != "wits-bench");
    for (name, _) in ours {
        for used in dependencies(&packages, name) {
            if let Some((_, owner)) = OWNERS.iter().find(|(package, _)| *package == used) {
                assert_eq!(owner, name, "`{used}` may be used in `{owner}` only");
            }
        }
    }
}

/// A build script pays for what it brings: without the feature `network` there is no runtime, no HTTP and
/// no TLS. Looked at as a build sees it, the crates that our crates bring included.
#[test]
fn the_library_without_the_network_brings_no_network() {
    let without = tree(&["--no-default-features"]);
    for absent in [
        "tokio",
        "reqwest",
        "hyper",
        "rustls",
        "ring",
        "oci-client",
        "mio",
        "clap",
    ] {
        let brought = without
            .iter()
            .any(|line| line.starts_with(&format!("{absent} ")));
        assert!(!brought, "`{absent}` is in the tree without `network`");
    }
    let with = tree(&[]);
    assert!(
        with.iter().any(|line| line.starts_with("reqwest ")),
        "{with:#?}"
    );
    // Not a law, but more than this is to be noticed by whoever adds it.
    assert!(
        without.len() <= 110,
        "{} crates: {without:#?}",
        without.len()
    );
}

/// The command can be killed at every write in a build for tests, and in no other.
#[test]
fn only_a_build_for_tests_can_be_told_to_die() {
    let features = |edges: &str| {
        let crates = cargo_tree(&[
            "--package",
            "wits-cli",
            "--edges",
            edges,
            "--format",
            "{p} {f}",
        ]);
        let of_fs = crates
            .into_iter()
            .filter(|line| line.starts_with("wits-fs "));
        of_fs.collect::<Vec<_>>()
    };
    let (built, tested) = (features("normal,build"), features("normal,build,dev"));
    assert!(
        built.len() == 1 && !built[0].contains("kill-points"),
        "{built:?}"
    );
    assert!(
        tested.iter().any(|line| line.contains("kill-points")),
        "{tested:?}"
    );
}

/// What a build of the library compiles for those who use it, each crate once.
fn tree(features: &[&str]) -> std::collections::BTreeSet<String> {
    let wits = [
        "--package",
        "wits",
        "--edges",
        "normal,build",
        "--format",
        "{p}",
    ];
    cargo_tree(&[wits.as_slice(), features].concat())
}

/// The lines of `cargo tree`, each once.
fn cargo_tree(arguments: &[&str]) -> std::collections::BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--prefix", "none", "--no-dedupe"])
        .args(arguments)
        .current_dir(wits_testkit::fixtures::repository())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| line.trim_end_matches(" (proc-macro)").to_owned())
        .collect()
}

/// The packages of the workspace as cargo knows them.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(wits_testkit::fixtures::repository())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// What a package uses in its code; tests may use anything.
fn dependencies(packages: &[Value], name: &str) -> Vec<String> {
    let package = packages.iter().find(|package| package["name"] == name);
    let package = package.unwrap_or_else(|| panic!("no package `{name}`"));
    let dependencies = package["dependencies"].as_array().unwrap();
    dependencies
        .iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect()
}
