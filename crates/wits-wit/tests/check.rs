//! Checking a closure, and what is wrong between packages.

mod packages;

use packages::{build, package, shown, texts};
use wits_wit::{Dependency, SourcePackage, check};

#[track_caller]
fn says(root: &str, deps: &[&str], expected: &str) {
    let deps: Vec<SourcePackage> = deps.iter().map(|text| package(text)).collect();
    let error = check(package(root), texts(&deps)).unwrap_err();
    assert_eq!(shown(&error), expected);
}

#[test]
fn a_closure_is_checked_whatever_its_order() {
    let a = package("package t:a@1.0.0; interface i { type t = u8; }");
    let b = package("package t:b@1.0.0; interface i { use t:a/i@1.0.0.{t}; }");
    let root = package("package t:r; world w { import t:b/i@1.0.0; }");
    check(root.clone(), texts(&[a.clone(), b.clone()])).unwrap();
    check(root.clone(), texts(&[b, a])).unwrap();
}

#[test]
fn a_package_that_is_not_there_is_missed_where_it_is_mentioned() {
    let root = "package t:r;\nworld w { import t:a/i@1.0.0; }";
    let other = "package t:a@1.1.0; interface i {}";
    says(
        root,
        &[other],
        "package.wit:2:18: package `t:a@1.0.0` is not there [t:a/i@1.0.0]",
    );
    let error = check(package(root), texts(&[package(other)])).unwrap_err();
    assert_eq!(error.help().unwrap(), "there is `t:a@1.1.0`");
}

#[test]
fn an_item_that_is_not_there_is_missed_where_it_is_mentioned() {
    let a = "package t:a@1.0.0; interface i { type t = u8; } world v {}";
    says(
        "package t:r; world w { import t:a/j@1.0.0; }",
        &[a],
        "package.wit:1:31: interface `j` is not in package `t:a@1.0.0` [t:a/j@1.0.0]",
    );
    says(
        "package t:r; world w { include t:a/i@1.0.0; }",
        &[a],
        "package.wit:1:32: world `i` is not in package `t:a@1.0.0` [t:a/i@1.0.0]",
    );
    says(
        "package t:r; interface k { use t:a/i@1.0.0.{nope}; }",
        &[a],
        "package.wit:1:45: in package `t:r`: type `nope` not defined in interface [nope]",
    );
}

#[test]
fn an_error_in_a_dependency_names_it() {
    let a = SourcePackage::parse(packages::files(&[(
        "wit/deps/t-a-1.0.0/package.wit",
        "package t:a@1.0.0;\n@since(version = 2.0.0)\ninterface i {}",
    )]))
    .unwrap();
    let root = package("package t:r; world w { import t:a/i@1.0.0; }");
    let error = check(root.clone(), texts(&[a])).unwrap_err();
    assert_eq!(
        shown(&error),
        "wit/deps/t-a-1.0.0/package.wit:3:11: in package `t:a@1.0.0`: feature gate cannot reference unreleased version 2.0.0 of package [t:a@1.0.0] (current version 1.0.0) [i]"
    );
}

#[test]
fn a_cycle_is_an_error_with_its_path() {
    says(
        "package t:r@1.0.0; interface i { use t:a/i@1.0.0.{t}; }",
        &[
            "package t:a@1.0.0; interface i { use t:b/i@1.0.0.{t}; }",
            "package t:b@1.0.0; interface i { use t:a/i@1.0.0.{t}; }",
        ],
        "package.wit:1:38: package `t:a@1.0.0` depends on itself: `t:a@1.0.0` -> `t:b@1.0.0` -> `t:a@1.0.0` [t:b/i@1.0.0]",
    );
    says(
        "package t:r@1.0.0; interface i { use t:r/j@1.0.0.{t}; } interface j { type t = u8; }",
        &[],
        "package.wit:1:38: package `t:r@1.0.0` depends on itself: `t:r@1.0.0` -> `t:r@1.0.0` [t:r/j@1.0.0]",
    );
}

#[test]
fn one_package_twice_is_an_error_with_both_places() {
    let [one, two] = ["a.wit", "b.wit"].map(|path| {
        SourcePackage::parse(packages::files(&[(
            path,
            "package t:a@1.0.0; interface i {}",
        )]))
        .unwrap()
    });
    let error = check(package("package t:r; world w {}"), texts(&[one, two])).unwrap_err();
    assert_eq!(
        shown(&error),
        "b.wit:1:9: package `t:a@1.0.0` is defined twice [t:a@1.0.0]"
    );
    assert_eq!(error.secondary_span().unwrap().0.to_string(), "a.wit:1:9");
}

#[test]
fn two_versions_of_one_package_stand_side_by_side() {
    let deps = [
        package("package t:a@1.0.0; interface i { type t = u8; }"),
        package("package t:a@2.0.0; interface i { type t = u16; }"),
    ];
    let root = package("package t:r@1.0.0; world w { import t:a/i@1.0.0; import t:a/i@2.0.0; }");
    check(root.clone(), texts(&deps)).unwrap();
    assert_eq!(build(&root, &deps).package.dependencies().len(), 2);
}

#[test]
fn binary_packages_bring_what_they_embed() {
    let a = package("package t:a@1.0.0; interface i { type t = u8; }");
    let b = package("package t:b@1.0.0; interface i { use t:a/i@1.0.0.{t}; }");
    let binary = build(&b, std::slice::from_ref(&a)).package;
    let root =
        package("package t:r; interface i { use t:b/i@1.0.0.{t}; use t:a/i@1.0.0.{t as u}; }");
    check(root.clone(), vec![Dependency::Binary(binary.clone())]).unwrap();
    // The text of what a binary embeds makes wit-parser panic.
    for text in [a, b] {
        let name = text.reference();
        let deps = vec![Dependency::Text(text), Dependency::Binary(binary.clone())];
        let error = check(root.clone(), deps).unwrap_err();
        assert_eq!(
            shown(&error),
            format!(
                "package.wit:1:9: package `{name}` is there as text and is also part of the binary package `t:b@1.0.0` [{name}]"
            )
        );
    }
}

#[test]
fn nested_packages_provide_and_need() {
    let root = package(
        "package t:r; world w { import in:side/i@1.0.0; }
         package in:side@1.0.0 { interface i { use t:a/i@1.0.0.{t}; } }",
    );
    let a = package("package t:a@1.0.0; interface i { type t = u8; }");
    check(root.clone(), texts(std::slice::from_ref(&a))).unwrap();
    assert!(check(root.clone(), vec![]).is_err());
    let side = package("package in:side@1.0.0; interface i {}");
    let error = check(root.clone(), texts(&[a, side])).unwrap_err();
    assert!(shown(&error).ends_with("package `in:side@1.0.0` is defined twice [in:side@1.0.0]"));
}

#[test]
fn a_long_chain_of_packages_is_no_deep_recursion() {
    // The last one is missing, which is found before the packages are resolved, a slow thing.
    let deps: Vec<SourcePackage> = (0..10_000)
        .map(|n| {
            let next = n + 1;
            package(&format!(
                "package t:p{n}@1.0.0; world w {{ import t:p{next}/i@1.0.0; }} interface i {{}}"
            ))
        })
        .collect();
    let root = package("package t:r; world w { import t:p0/i@1.0.0; }");
    let error = check(root.clone(), texts(&deps)).unwrap_err();
    assert!(shown(&error).contains("package `t:p10000@1.0.0` is not there"));
}
