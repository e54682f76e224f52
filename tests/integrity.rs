//! What consumers make of a dependency that is not what its dependents were built with, and of bytes
//! that are not what they should be.

use snapbox::str;
use wits_testkit::{Artifact, DockerRegistry, Sandbox, Tree, wasm};

use crate::setting::{
    self, STORE, TYPES, app, built, layout, locked_field, publish_pair, with_layout,
};

/// What a tool other than wits would have published: the same package without the section.
fn strip_store(sandbox: &Sandbox) {
    let path = layout(sandbox).layer_path("acme/store", "1.0.0");
    let bytes = std::fs::read(path).unwrap();
    let bare = wasm::without_section(&bytes, "wits:dependencies");
    assert_ne!(bare, bytes);
    layout(sandbox).push("acme/store", "1.0.0", &Artifact::wasm(bare));
}

/// Publishes `acme:types@1.0.0` once more, with other WIT.
fn republish_types(sandbox: &Sandbox, from: &str, to: &str) {
    let text = TYPES.replace(from, to);
    assert_ne!(text, TYPES);
    let bytes = built(sandbox, "republished", &text);
    layout(sandbox).push("acme/types", "1.0.0", &Artifact::wasm(bytes));
}

/// The digest of the WIT differs from the one that the dependent's binary names.
#[test]
fn a_dependency_republished_with_other_wit_is_refused() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    republish_types(&sandbox, "spare", "other-spare");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: `acme:store@1.0.0` was built against `acme:types@1.0.0` with the WIT sha256:[DIGEST], and `layout:[ROOT]/registry/acme/types` serves it with the WIT sha256:[DIGEST]
 |
 = help: one of the two was published from other sources; ask their publishers
 = help: to accept it knowingly, in registry.toml:
             [packages]
             "acme:types" = { skew = "allow" }

"#]]);
    before.assert_untouched();
}

#[test]
fn other_wit_can_be_accepted_by_name() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    republish_types(&sandbox, "spare", "other-spare");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let routes = sandbox.top().read("registry.toml");
    sandbox.top().write(
        "registry.toml",
        format!("{routes}\n[packages]\n\"acme:types\" = {{ skew = \"allow\" }}\n"),
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: `acme:store@1.0.0` was built against `acme:types@1.0.0` with the WIT sha256:[DIGEST], and `layout:[ROOT]/registry/acme/types` serves it with the WIT sha256:[DIGEST]; it may pass, since registry.toml allows it
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("other-spare")
    );
}

/// The WIT is what counts: other bytes are a note.
#[test]
fn a_dependency_republished_with_the_same_wit_is_noted() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let bytes = std::fs::read(layout(&sandbox).layer_path("acme/types", "1.0.0")).unwrap();
    let other = wasm::with_section(&bytes, "note", b"built again");
    layout(&sandbox).push("acme/types", "1.0.0", &Artifact::wasm(other));
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
note: `acme:store@1.0.0` was built against other bytes of `acme:types@1.0.0`, with the same WIT
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
}

/// A dependent of another tool names no digest: its embedded copy is compared.
#[test]
fn an_embedded_copy_that_disagrees_is_refused() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    strip_store(&sandbox);
    republish_types(&sandbox, "other(string),", "other(u32),");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: `acme:store@1.0.0` was built against another `acme:types@1.0.0` than the one that `layout:[ROOT]/registry/acme/types` serves: interface `errors` of `acme:types@1.0.0`: the copy has `variant error { …, other(string) }`, the real package has `variant error { …, other(u32) }`
 |
 = help: one of the two was published from other sources; ask their publishers
 = help: to accept it knowingly, in registry.toml:
             [packages]
             "acme:types" = { skew = "allow" }

"#]]);
    before.assert_untouched();
}

/// The copy holds only what its dependent used; more in the real package is no contradiction.
#[test]
fn an_embedded_copy_may_be_a_part() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    strip_store(&sandbox);
    republish_types(
        &sandbox,
        "    /// Says it in words.",
        "    more: func();\n    /// Says it in words.",
    );
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("more: func();")
    );
}

#[test]
fn skew_can_be_accepted_by_name() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    strip_store(&sandbox);
    republish_types(&sandbox, "other(string),", "other(u32),");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let routes = sandbox.top().read("registry.toml");
    sandbox.top().write(
        "registry.toml",
        format!("{routes}\n[packages]\n\"acme:types\" = {{ skew = \"allow\" }}\n"),
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: `acme:store@1.0.0` was built against another `acme:types@1.0.0` than the one that `layout:[ROOT]/registry/acme/types` serves: interface `errors` of `acme:types@1.0.0`: the copy has `variant error { …, other(string) }`, the real package has `variant error { …, other(u32) }`; it may pass, since registry.toml allows it
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
}

/// The dependency's own registry does not have it: the embedded copy may stand in, if one says so.
#[test]
fn a_stub_stands_in_only_where_it_is_allowed() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.top().remove("registry/acme/types");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types` is not in its registry `layout:[ROOT]/registry/acme/types`
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:store@1.0.0`
  = help: tell its publisher; the copy that a dependent embeds can stand in for it, as a stub, with
              [packages]
              "acme:types" = { embedded = "allow" }
          in registry.toml

"#]]);
    before.assert_untouched();
    let routes = sandbox.top().read("registry.toml");
    sandbox.top().write(
        "registry.toml",
        format!("{routes}\n[packages]\n\"acme:types\" = {{ embedded = \"allow\" }}\n"),
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: `acme:types@1.0.0` is a stub from `acme:store@1.0.0`, without docs and perhaps without functions; `embedded = "allow"` in registry.toml lets it pass
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert_eq!(
        locked_field(&app, "acme:types", "embedded-in"),
        "acme:store@1.0.0"
    );
    app.wits(["fetch", "--locked"]).succeeds();
}

/// Bytes are hashed before anything reads them.
#[test]
fn a_tampered_blob_is_refused() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let path = layout(&sandbox).layer_path("acme/types", "1.0.0");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    sandbox.top().remove("home/.cache");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: the blob of the Wasm at `layout:[ROOT]/registry/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:store@1.0.0`
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    before.assert_untouched();
}

#[test]
fn a_damaged_cache_entry_is_fetched_again() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let digest = locked_field(&app, "acme:types", "digest");
    let hex = &digest["sha256:".len()..];
    let entry = find(&sandbox.cache_home(), hex).expect("a cache entry named by its digest");
    std::fs::write(&entry, b"torn").unwrap();
    app.remove("wit/deps");
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: the cached bytes of `acme:types@1.0.0` are damaged; they were moved to `[ROOT]/home/.cache/wits/v1/damaged/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e.1` and are fetched again
     Fetched wit/deps: 2 packages written

"#]]);
    let published = std::fs::read(layout(&sandbox).layer_path("acme/types", "1.0.0")).unwrap();
    assert!(std::fs::read(&entry).unwrap() == published);
}

fn find(dir: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(dir).ok()?.find_map(|entry| {
        let path = entry.ok()?.path();
        if path.is_dir() {
            find(&path, name)
        } else {
            let rest = path.file_name()?.to_str()?;
            let whole = format!("{}{rest}", path.parent()?.file_name()?.to_str()?);
            (rest == name || whole == name).then_some(path)
        }
    })
}

/// The registry's manifest names the pinned layer: it lost the bytes, nobody tampered.
#[test]
fn a_lost_blob_is_told_from_a_replaced_one() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    sandbox.top().remove("home/.cache");
    registry.delete_blob("acme/types", &registry.layer_digest("acme/types", "1.0.0"));
    app.remove("wit/deps");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `oci+http://127.0.0.1:[PORT]/acme/types` has lost the bytes of version `1.0.0`: it still names sha256:[DIGEST], and answers that it has no such blob
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:store@1.0.0`
  = help: whoever runs the registry, or published the package, has to put the bytes back; they can be checked against the digest

"#]]);
    before.assert_untouched();
}

/// The pinned layer is gone and the tag names another one.
#[test]
fn a_replaced_blob_is_an_integrity_error() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    sandbox.top().remove("home/.cache");
    let (manifest, layer) = (
        registry.manifest_digest("acme/types", "1.0.0"),
        registry.layer_digest("acme/types", "1.0.0"),
    );
    let other = std::fs::read(sandbox.root().join("packages/types/wit/package.wit")).unwrap();
    registry.push("acme/types", "1.0.0", &Artifact::wasm(other));
    registry.delete_manifest("acme/types", &manifest);
    registry.delete_blob("acme/types", &layer);
    app.remove("wit/deps");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got a manifest that names sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:store@1.0.0`
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed
  = help: the pin in wits.lock was honoured and nothing was changed

"#]]);
    before.assert_untouched();
}

/// A moved or a deleted tag of a real registry, with an empty cache.
#[test]
fn a_pin_outlives_its_tag() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let before = Tree::of(app.dir());
    let other = built(&sandbox, "other", &STORE.replace("get: func", "take: func"));
    registry.push("acme/store", "1.0.0", &Artifact::wasm(other));
    sandbox.top().remove("home/.cache");
    app.remove("wit/deps"); // so that the bytes are needed again
    app.wits(["fetch", "--locked"]).succeeds();
    before.assert_same_bytes();
    registry.delete_tag("acme/store", "1.0.0");
    sandbox.top().remove("home/.cache");
    app.remove("wit/deps"); // so that the bytes are needed again
    app.wits(["fetch", "--locked"]).succeeds();
    before.assert_same_bytes();
}
