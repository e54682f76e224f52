//! `wits get`: one package, out of any project.

use snapbox::str;
use wits_testkit::{Artifact, Tree, wasm};

use crate::setting::{self, TYPES, layout, publish, publish_pair, with_layout};

#[test]
fn the_newest_release_is_had_where_no_version_is_named() {
    let sandbox = with_layout();
    for version in ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1"] {
        publish(
            &sandbox,
            version,
            &TYPES.replace("@1.0.0", &format!("@{version}")),
        );
    }
    let dir = setting::anywhere(&sandbox);
    dir.wits(["get", "acme:types"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
note: newest version: `acme:types@1.10.0`
       Saved acme:types@1.10.0 as acme-types-1.10.0.wit

"#]]);
    assert_eq!(dir.list(""), ["acme-types-1.10.0.wit"]);
}

#[test]
fn a_version_is_had_as_wasm_or_as_wit() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let dir = setting::anywhere(&sandbox);
    dir.wits(["get", "acme:store@1.0.0", "--as", "wasm"])
        .succeeds();
    let published = std::fs::read(layout(&sandbox).layer_path("acme/store", "1.0.0")).unwrap();
    assert!(dir.read_bytes("acme-store-1.0.0.wasm") == published);
    dir.wits(["get", "acme:store@1.0.0", "--as", "wit"])
        .succeeds();
    snapbox::assert_data_eq!(
        dir.read("acme-store-1.0.0.wit"),
        str![[r#"
package acme:store@1.0.0;

/// Values under keys.
interface store {
  use acme:types/errors@1.0.0.{error};

  /// The value under a key.
  get: func(key: string) -> result<string, error>;
}


"#]]
    );
}

#[test]
fn the_output_may_be_named() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let dir = setting::anywhere(&sandbox);
    dir.wits(["get", "acme:store@1.0.0", "-o", "store.wasm"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
       Saved acme:store@1.0.0 as store.wasm

"#]]);
    dir.wits(["get", "acme:store@1.0.0", "-o", "store.wit"])
        .succeeds();
    assert!(
        dir.read("store.wit")
            .starts_with("package acme:store@1.0.0;")
    );
    assert_eq!(dir.list(""), ["store.wasm", "store.wit"]);
    let raw = dir.wits(["get", "acme:store@1.0.0", "--as", "wasm", "-o", "-"]);
    assert!(raw.succeeds().bytes() == dir.read_bytes("store.wasm"));
}

#[test]
fn a_file_that_is_there_is_kept_unless_told_otherwise() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let dir = setting::anywhere(&sandbox);
    dir.write("it.wasm", "mine");
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `it.wasm` exists already and is not the same
 |
 = help: `--overwrite` replaces it

"#]]);
    assert_eq!(dir.read("it.wasm"), "mine");
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm", "--overwrite"])
        .succeeds();
    assert_ne!(dir.read_bytes("it.wasm"), b"mine");
}

#[test]
fn a_check_compares_and_writes_nothing() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let dir = setting::anywhere(&sandbox);
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm"])
        .succeeds();
    let before = Tree::of(dir.dir());
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm", "--check"])
        .succeeds();
    before.assert_untouched();
    dir.write("it.wasm", "mine");
    let before = Tree::of(dir.dir());
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm", "--check"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `it.wasm` is not `acme:store@1.0.0` as its registry has it
 |
 = help: `wits get acme:store@1.0.0 --overwrite` replaces it

"#]]);
    before.assert_untouched();
    dir.remove("it.wasm");
    dir.wits(["get", "acme:store@1.0.0", "-o", "it.wasm", "--check"])
        .exits(1);
    assert!(!dir.has("it.wasm"));
}

/// It may be just what the user wants, but it is not WIT.
#[test]
fn a_component_is_named_as_such_and_can_be_had_as_wasm() {
    let sandbox = with_layout();
    layout(&sandbox).push("acme/tool", "1.0.0", &Artifact::wasm(wasm::COMPONENT));
    let dir = setting::anywhere(&sandbox);
    dir.wits(["get", "acme:tool@1.0.0", "--as", "wit"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:tool@1.0.0` from `layout:[ROOT]/registry/acme/tool` is a component, not a WIT package
 |
 = help: `wits get acme:tool@1.0.0 --as wasm` saves the bytes as they are

"#]]);
    assert!(dir.list("").is_empty());
    dir.wits(["get", "acme:tool@1.0.0", "--as", "wasm"])
        .succeeds();
    assert_eq!(dir.read_bytes("acme-tool-1.0.0.wasm"), wasm::COMPONENT);
}

#[test]
fn a_version_that_is_not_there_is_answered_with_those_that_are() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let top = setting::anywhere(&sandbox);
    top.wits(["get", "acme:store@1.0.1"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:store` has no version 1.0.1
 |
 = help: the only version is 1.0.0

"#]]);
    top.wits(["get", "acme:stor@1.0.0"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:stor` is not in its registry `layout:[ROOT]/registry/acme/stor`
 |
 = help: `acme:store` has a similar name

"#]]);
    top.wits(["get", "nowhere:store@1.0.0"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: no registry is known for `nowhere:store`
 |
 = help: name its registry in registry.toml:
             [namespaces]
             nowhere = "oci://HOST/PREFIX"

"#]]);
}

#[test]
fn a_package_of_another_registry_is_had_by_naming_it() {
    let sandbox = setting::sandbox();
    let elsewhere = format!("layout:{}", sandbox.root().join("elsewhere").display());
    let project = sandbox.project("types");
    project.write("wit/types.wit", TYPES);
    project
        .wits(["publish", "--registry", &elsewhere])
        .succeeds();
    let dir = sandbox.project("here");
    dir.wits(["get", "acme:types@1.0.0", "--registry", &elsewhere])
        .succeeds();
    dir.wits_with(
        &[("WITS_REGISTRY", &elsewhere)],
        ["get", "acme:types@1.0.0", "-o", "two.wit"],
    )
    .succeeds();
    assert!(dir.has("acme-types-1.0.0.wit") && dir.has("two.wit"));
}

/// Whoever stands beside a `registry.toml` means it, with a project or without.
#[test]
fn outside_a_project_the_nearest_routes_count() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox
        .project("some/where")
        .wits(["get", "acme:store@1.0.0"])
        .succeeds();
}
