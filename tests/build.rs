//! `wits build`: a wit-only Wasm package, the same bytes every time.

use snapbox::str;
use wits_testkit::{Tree, fixtures, wasm};

use crate::setting::{self, app, example, publish_pair, with_layout};

#[test]
fn a_package_is_built() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["build"]).succeeds().stdout(str![]).stderr(str![]);
    assert!(app.has("demo-app-0.1.0.wasm"));
}

#[test]
fn the_output_may_have_another_name() {
    let sandbox = setting::sandbox();
    let app = app(&sandbox, "export run: func();");
    app.wits(["build", "-o", "out/it.wasm"])
        .succeeds()
        .stdout(str![])
        .stderr(str![]);
    assert!(app.has("out/it.wasm"));
    assert!(!app.has("demo-app-0.1.0.wasm"));
}

#[test]
fn the_same_source_has_the_same_bytes() {
    let sandbox = with_layout();
    setting::publish_fixtures(&sandbox);
    let mut builds = Vec::new();
    for (dir, epoch) in [("one", "1"), ("two/deeper", "2000000000")] {
        let app = sandbox.project(dir);
        fixtures::copy("app", &app);
        app.wits_with(&[("SOURCE_DATE_EPOCH", epoch)], ["build"])
            .succeeds();
        builds.push(app.read_bytes("demo-app-0.1.0.wasm"));
    }
    assert!(builds[0] == builds[1]);
}

/// Description and the rest stand in the binary, as wasm-tools writes and reads them.
#[test]
fn metadata_is_written() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["build"]).succeeds();
    let built = app.read_bytes("demo-app-0.1.0.wasm");
    let text = |name| String::from_utf8(wasm::section(&built, name).expect(name)).unwrap();
    assert_eq!(
        text("description"),
        "A guest book: the example project of wits"
    );
    assert_eq!(text("licenses"), "Apache-2.0");
    assert_eq!(text("authors"), "The wits developers");
    assert_eq!(text("homepage"), "https://github.com/wits-dev/wits");
    assert_eq!(text("source"), "https://github.com/wits-dev/wits");
    assert_eq!(text("version"), "0.1.0");
}

#[test]
fn metadata_of_a_wkg_file_is_written_and_the_rest_of_it_named() {
    let sandbox = setting::sandbox();
    let app = app(&sandbox, "export run: func();");
    app.write(
        "wkg.toml",
        "[metadata]\ndescription = \"From wkg\"\nlicenses = \"MIT\"\nsource = \"https://example.test\"\n",
    );
    app.wits(["build"]).succeeds().stderr(str![]);
    let built = app.read_bytes("demo-app-0.1.0.wasm");
    assert_eq!(wasm::section(&built, "description").unwrap(), b"From wkg");
}

/// What the package names in its binary is pinned there, and what vanished from it is not.
#[test]
fn the_dependencies_are_pinned_in_the_binary() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["build"]).succeeds();
    let built = app.read_bytes("demo-app-0.1.0.wasm");
    let section = wasm::section(&built, "wits:dependencies").expect("the section");
    let text = String::from_utf8_lossy(&section);
    for id in [
        "demo:cache",
        "demo:ops",
        "demo:store",
        "demo:types",
        "lab:clock",
    ] {
        assert!(text.contains(id), "{id} in {text}");
    }
    assert!(!text.contains("demo:base"), "{text}");
}

/// A build needs the closure, so it resolves and locks as `fetch` does, or refuses to.
#[test]
fn a_build_obeys_the_lock() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["build", "--locked"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
    before.assert_untouched();
    app.wits(["build"]).succeeds();
    app.wits(["build", "--frozen"]).succeeds();
}

/// Documentation and gates come back out of the binary.
#[test]
fn docs_and_gates_survive() {
    let sandbox = with_layout();
    setting::publish_fixtures(&sandbox);
    let top = sandbox.top();
    let text = top.wits(["get", "demo:store@0.3.0", "--as", "wit", "-o", "-"]);
    text.succeeds().stdout(str![]);
}
