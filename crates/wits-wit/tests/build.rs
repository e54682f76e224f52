//! Building: what goes into the binary, what is refused, and that the bytes are always the same.

mod packages;

use packages::{build, files, package, shown, texts};
use wits_model::{Digest, PackageMetadata};
use wits_wit::{BuildOptions, DeclaredDependency, Dependency, SourcePackage, WitError};

#[track_caller]
fn refused(text: &str, deps: &[&str]) -> WitError {
    let deps: Vec<SourcePackage> = deps.iter().map(|text| package(text)).collect();
    wits_wit::build(package(text), texts(&deps), &BuildOptions::default()).unwrap_err()
}

#[test]
fn what_would_be_lost_is_refused() {
    let error = refused(
        "package t:a@1.0.0;\ninterface i {}\npackage t:b@1.0.0 { interface i {} }",
        &[],
    );
    assert_eq!(
        shown(&error),
        "package.wit:3:9: package `t:b@1.0.0` is nested in another package's file and would be lost: a WIT package holds one package [t:b@1.0.0]"
    );
    assert!(error.help().is_some());
    let dep = "package t:d@1.0.0; interface i { type t = u8; }";
    for text in [
        "package t:a@1.0.0;",
        "package t:a@1.0.0; use t:d/i@1.0.0 as j;",
    ] {
        assert_eq!(
            shown(&refused(text, &[dep])),
            "package.wit:1:9: package `t:a@1.0.0` has neither a world nor an interface [t:a@1.0.0]"
        );
    }
}

#[test]
fn what_is_wrong_in_the_closure_is_wrong_here() {
    let error = refused("package t:a@1.0.0; world w { import t:b/i@1.0.0; }", &[]);
    assert!(
        matches!(error, WitError::PackageNotFound { .. }),
        "{error:?}"
    );
}

#[test]
fn a_package_without_a_version_is_built() {
    let built = build(&package("package t:a; world w {}"), &[]);
    assert_eq!(built.package.id().to_string(), "t:a");
}

fn metadata() -> PackageMetadata {
    let text = |text: &str| Some(text.to_owned());
    PackageMetadata {
        description: text("What it is."),
        authors: text("Ann <ann@example.org>"),
        license: text("Apache-2.0 OR MIT"),
        homepage: text("https://example.org/home"),
        repository: text("https://example.org/source"),
        documentation: None,
    }
}

#[test]
fn metadata_goes_in_and_comes_out() {
    let options = BuildOptions {
        metadata: metadata(),
        ..BuildOptions::default()
    };
    let built =
        wits_wit::build(package("package t:a@1.2.3; world w {}"), vec![], &options).unwrap();
    assert_eq!(built.package.metadata(), &metadata());
    let payload = wasm_metadata::Payload::from_binary(&built.wasm).unwrap();
    let written = payload.metadata();
    assert_eq!(written.version.as_ref().unwrap().to_string(), "1.2.3");
    let producers = written.producers.as_ref().unwrap();
    let tools = producers.get("processed-by").unwrap();
    assert_eq!(tools.get("wits").unwrap(), env!("CARGO_PKG_VERSION"));
    assert!(tools.get("wit-component").is_some());
}

#[test]
fn metadata_that_is_wrong_names_its_key() {
    let with = |change: &dyn Fn(&mut PackageMetadata)| {
        let mut metadata = metadata();
        change(&mut metadata);
        let options = BuildOptions {
            metadata,
            ..BuildOptions::default()
        };
        wits_wit::build(package("package t:a@1.2.3; world w {}"), vec![], &options).unwrap_err()
    };
    let error = with(&|metadata| metadata.license = Some("Apache 2".to_owned()));
    assert_eq!(
        error.to_string(),
        "`license` is not an SPDX licence expression: `Apache 2`: unknown term"
    );
    assert!(error.help().unwrap().contains("spdx.org"));
    let error = with(&|metadata| metadata.repository = Some("somewhere".to_owned()));
    assert_eq!(
        error.to_string(),
        "`repository` is not a URL: `somewhere`: relative URL without a base"
    );
    let error = with(&|metadata| metadata.homepage = Some(String::new()));
    assert_eq!(
        error.to_string(),
        "`homepage` is not a URL: ``: relative URL without a base"
    );
}

#[test]
fn what_the_binary_names_is_declared() {
    let deps = [
        package("package t:used@1.0.0; interface i { type t = u8; }"),
        package("package t:overridden@1.0.0; interface i { type t = u8; }"),
        package("package t:only-included@1.0.0; world q { import t:used/i@1.0.0; }"),
    ];
    let root = package(
        "package t:a@1.0.0;
         world w { include t:only-included/q@1.0.0; import t:overridden/i@1.0.0; }",
    );
    let declared = |package: &str, digest| DeclaredDependency {
        package: package.parse().unwrap(),
        wit: Digest::of(package),
        digest,
    };
    let used = declared("t:used@1.0.0", Some(Digest::of("wasm")));
    let options = BuildOptions {
        declared: vec![
            used.clone(),
            declared("t:only-included@1.0.0", None),
            declared("t:else@1.0.0", None),
        ],
        ..BuildOptions::default()
    };
    let built = wits_wit::build(root.clone(), texts(&deps), &options).unwrap();
    let named: Vec<_> = built
        .package
        .dependencies()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(named, ["t:overridden@1.0.0", "t:used@1.0.0"]);
    assert_eq!(built.package.declared(), Some(&[used][..]));
    assert!(built.wasm.ends_with(b"}]}"), "the section is the last");
}

/// A package with something of everything whose order could show.
const FILES: &[(&str, &str)] = &[
    (
        "a.wit",
        "package t:a@1.0.0; /// W.\nworld w { include v; import x; export y; import t:z/i@1.0.0; import f: func() -> list<tuple<u8, string>>; }",
    ),
    (
        "b.wit",
        "@unstable(feature = q) interface x {} interface y { use t:y/i@1.0.0.{r}; f: func(v: borrow<r>, w: r); }",
    ),
    (
        "c.wit",
        "world v { import z: interface { use t:z/i@1.0.0.{r as s}; g: func() -> option<s>; } }",
    ),
];

fn closure() -> Vec<SourcePackage> {
    vec![
        package("package t:x@1.0.0; interface i { resource r { constructor(); } }"),
        package("package t:y@1.0.0; interface i { use t:x/i@1.0.0.{r}; f: func() -> r; }"),
        package(
            "package t:z@1.0.0; interface i { use t:x/i@1.0.0.{r}; use t:y/i@1.0.0.{r as q}; }",
        ),
        package("package t:unused@1.0.0; interface i {}"),
    ]
}

#[test]
fn the_bytes_are_the_same_whatever_the_order_and_the_place() {
    let options = |reverse: bool| {
        let mut declared: Vec<_> = ["t:x@1.0.0", "t:y@1.0.0", "t:z@1.0.0"]
            .map(|package| DeclaredDependency {
                package: package.parse().unwrap(),
                wit: Digest::of(package),
                digest: None,
            })
            .into();
        if reverse {
            declared.reverse();
        }
        BuildOptions {
            metadata: metadata(),
            declared,
        }
    };
    let root = SourcePackage::parse(files(FILES)).unwrap();
    let wasm = wits_wit::build(root.clone(), texts(&closure()), &options(false))
        .unwrap()
        .wasm;
    for turn in 0..8 {
        let moved: Vec<_> = FILES
            .iter()
            .map(|(path, text)| (format!("/some/where/{turn}/{path}"), *text))
            .collect();
        let mut moved: Vec<_> = moved
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        moved.rotate_left(turn % 3);
        let mut deps = closure();
        deps.rotate_left(turn % 4);
        if turn > 4 {
            deps.retain(|dep| dep.name().name() != "unused");
        }
        let root = SourcePackage::parse(files(&moved)).unwrap();
        let again = wits_wit::build(root.clone(), texts(&deps), &options(turn % 2 == 1))
            .unwrap()
            .wasm;
        assert!(again == wasm, "turn {turn}");
    }
}

#[test]
fn a_dependency_in_binary_form_gives_the_same_package() {
    let root = SourcePackage::parse(files(FILES)).unwrap();
    let deps = closure();
    let from_text = build(&root, &deps).package;
    let binaries = (0..deps.len()).map(|n| {
        let others = [&deps[..n], &deps[n + 1..]].concat();
        Dependency::Binary(build(&deps[n], &others).package)
    });
    let from_binary =
        wits_wit::build(root.clone(), binaries.collect(), &BuildOptions::default()).unwrap();
    assert_eq!(from_binary.package.model(), from_text.model());
}
