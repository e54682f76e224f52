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
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
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
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
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
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
}

/// The dependency's own registry does not have it: the embedded copy may stand in, if one says so.
#[test]
fn a_stub_stands_in_only_where_it_is_allowed() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.top().remove("registry/acme/types");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
    let routes = sandbox.top().read("registry.toml");
    sandbox.top().write(
        "registry.toml",
        format!("{routes}\n[packages]\n\"acme:types\" = {{ embedded = \"allow\" }}\n"),
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![]);
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
    app.wits(["fetch", "--locked"]).succeeds();
    before.assert_untouched();
    registry.delete_tag("acme/store", "1.0.0");
    sandbox.top().remove("home/.cache");
    app.wits(["fetch", "--locked"]).succeeds();
    before.assert_untouched();
}
