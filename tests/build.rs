//! `wits build`: a wit-only Wasm package, the same bytes every time.

use snapbox::str;
use wits_testkit::{Tree, fixtures, wasm};

use crate::setting::{self, app, example, publish_pair, with_layout};

#[test]
fn a_package_is_built() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["build"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
      Locked wits.lock: 7 added
       Built demo:app@0.1.0 as demo-app-0.1.0.wasm (3188 bytes)
      Digest sha256:[DIGEST]

"#]]);
    assert!(app.has("demo-app-0.1.0.wasm"));
}

#[test]
fn the_output_may_have_another_name() {
    let sandbox = setting::sandbox();
    let app = app(&sandbox, "export run: func();");
    app.wits(["build", "-o", "it.wasm"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
       Built demo:app@0.1.0 as it.wasm (207 bytes)
      Digest sha256:[DIGEST]

"#]]);
    assert!(app.has("it.wasm"));
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

/// What stands in `wit/deps` and is what the lock says is enough: nothing is looked up, and a text that was
/// edited is not enough.
#[test]
fn a_fetched_project_is_built_from_what_stands() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["build", "-o", "first.wasm"]).succeeds();
    sandbox.top().remove("registry");
    std::fs::remove_dir_all(sandbox.cache_home()).unwrap();
    app.wits(["build", "-o", "second.wasm", "--frozen"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
       Built demo:app@0.1.0 as second.wasm (3188 bytes)
      Digest sha256:[DIGEST]

"#]]);
    assert!(app.read_bytes("first.wasm") == app.read_bytes("second.wasm"));

    let text = "wit/deps/demo-store-0.3.0/package.wit";
    app.write(text, app.read(text) + "// edited\n");
    app.wits(["build", "-o", "third.wasm", "--frozen"])
        .exits(1)
        .stdout(str![])
        .stderr(str![[r#"
error: no package at `layout:[ROOT]/registry/demo/base`
  --> wit/world.wit:17:13
   |
17 |     include demo:base/service@0.1.0;
   |             ^^^^^^^^^^^^^^^^^^^^^^^

error: no package at `layout:[ROOT]/registry/demo/cache`
  --> wit/world.wit:18:13
   |
18 |     include demo:cache/imports@0.1.2;
   |             ^^^^^^^^^^^^^^^^^^^^^^^^

error: no package at `layout:[ROOT]/registry/demo/types`
 --> wit/world.wit:6:9
  |
6 |     use demo:types/errors@2.0.0.{error};
  |         ^^^^^^^^^^^^^^^^^^^^^^^

"#]]);
    assert!(!app.has("third.wasm"));
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
        "[metadata]\ndescription = \"From wkg\"\nlicenses = \"MIT\"\nsource = \"https://example.test\"\n\
         keywords = [\"a\"]\n",
    );
    app.wits(["build"]).succeeds().stderr(str![[r#"
warning: `metadata.keywords` in `wkg.toml` is not used by wits: it is left out of the package
       Built demo:app@0.1.0 as demo-app-0.1.0.wasm (273 bytes)
      Digest sha256:[DIGEST]

"#]]);
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
        .stderr(str![[r#"
error: wits.lock is not up to date, and may not be changed
 |
 = help: run `wits lock` and commit wits.lock; it would change so:
           + acme:store@1.0.0
           + acme:types@1.0.0

"#]]);
    before.assert_untouched();
    app.wits(["build"]).succeeds();
    app.wits(["build", "--frozen"]).succeeds();
}

/// Documentation and gates come back out of the binary.
#[test]
fn docs_and_gates_survive() {
    let sandbox = with_layout();
    setting::publish_fixtures(&sandbox);
    let here = setting::anywhere(&sandbox);
    let text = here.wits(["get", "demo:store@0.3.0", "--as", "wit", "-o", "-"]);
    text.succeeds().stdout(str![[r#"
/// A store of values under keys.
package demo:store@0.3.0;

/// Buckets, and what is in them.
@since(version = 0.1.0)
interface buckets {
  @since(version = 0.1.0)
  use demo:types/errors@1.0.0.{error};
  @since(version = 0.1.0)
  use demo:types/identifiers@1.0.0.{key};

  /// A set of values under keys. Two buckets opened under one name see the same values.
  @since(version = 0.1.0)
  resource bucket {
    /// Opens the bucket, which is created if need be.
    @since(version = 0.1.0)
    open: static func(name: string) -> result<bucket, error>;
    /// The value under a key.
    @since(version = 0.1.0)
    get: func(key: key) -> result<list<u8>, error>;
    /// Puts a value under a key, whatever was there before.
    @since(version = 0.1.0)
    set: func(key: key, value: list<u8>) -> result<_, error>;
    /// Forgets the key.
    @since(version = 0.2.0)
    delete: func(key: key) -> result<_, error>;
    /// All keys that begin so. Costly: the order and the paging are still being argued about.
    @unstable(feature = listing)
    keys: func(prefix: string) -> result<list<key>, error>;
  }
}

/// Everything a client of the store needs.
@since(version = 0.1.0)
world imports {
  @since(version = 0.1.0)
  import demo:types/errors@1.0.0;
  @since(version = 0.1.0)
  import demo:types/identifiers@1.0.0;
  @since(version = 0.1.0)
  import buckets;
}

"#]]);
}
