//! Manifests of something else, and with things in them that cannot be.

use serde_json::{Value, json};
use snapbox::str;
use wits_testkit::wire::{Fault, Kind, Response, Rule, Server};
use wits_testkit::{Artifact, Tree};

use super::{Scene, TYPES_AT};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The manifest changed.
fn changed(change: impl Fn(&mut Value) + Send + Sync + 'static) -> (Rule, Fault) {
    (Rule::on(Kind::Manifest), Fault::json(change))
}

#[test]
fn an_index_where_a_manifest_is_due() {
    let scene = Scene::new();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    let bytes = index.to_string().into_bytes();
    scene.registry.put_document(TYPES_AT, "1.0.0", INDEX, bytes);
    scene.fails(1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: it is an image index, a list of manifests, where one manifest is due
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
}

#[test]
fn several_layers() {
    let scene = Scene::new();
    let two = Artifact::wasm(scene.wasm.clone()).layer("application/wasm", *b"more");
    scene.registry.put(TYPES_AT, "1.0.0", &two);
    scene.fails(1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: it has 2 layers, not one
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
}

#[test]
fn an_image_of_something_else() {
    let scene = Scene::new();
    let (rule, image) = changed(|manifest| {
        manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    });
    scene.refuses(rule, image, 1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: its config is `application/vnd.oci.image.config.v1+json`, not `application/vnd.wasm.config.v0+json`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
    let (rule, layer) = changed(|manifest| {
        manifest["layers"][0]["mediaType"] = json!("application/vnd.oci.image.layer.v1.tar+gzip");
    });
    scene.refuses(rule, layer, 1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: its layer is `application/vnd.oci.image.layer.v1.tar+gzip`, not `application/wasm`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
}

#[test]
fn odd_digests_and_paths_in_digests() {
    let scene = Scene::new();
    let (rule, odd) = changed(|manifest| {
        manifest["layers"][0]["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
    });
    scene.refuses(rule, odd, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: `sha512:00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000` is not a sha256 digest; wits accepts no other algorithm
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
    let (rule, path) = changed(|manifest| {
        manifest["layers"][0]["digest"] = json!("sha256:../../../../home/.ssh/id_ed25519");
    });
    scene.refuses(rule, path, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: `sha256:../../../../home/.ssh/id_ed25519` is not `sha256:` and 64 lower-case hex digits
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
    let (rule, md5) = changed(|manifest| {
        manifest["config"]["digest"] = json!("md5:d41d8cd98f00b204e9800998ecf8427e");
    });
    scene.refuses(rule, md5, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: `md5:d41d8cd98f00b204e9800998ecf8427e` is not a sha256 digest; wits accepts no other algorithm
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
}

#[test]
fn sizes_that_are_not_the_size() {
    let scene = Scene::new();
    let size = scene.wasm.len();
    let (rule, less) = changed(move |manifest| manifest["layers"][0]["size"] = json!(size - 1));
    scene.refuses(rule, less, 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 569 bytes, got more than 569 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    let (rule, more) = changed(move |manifest| manifest["layers"][0]["size"] = json!(size + 1));
    scene.refuses(rule, more, 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 571 bytes, got 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    let (rule, huge) = changed(|manifest| manifest["layers"][0]["size"] = json!(5u64 << 30));
    scene.refuses(rule, huge, 1, str![[r#"
error: the Wasm of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is larger than 268435456 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: WIT packages are small: ask who published this

"#]]);
    let asked = scene.registry.lines();
    assert_eq!(asked, ["GET /v2/acme/types/manifests/1.0.0"], "no blob");
    let (rule, negative) = changed(|manifest| manifest["layers"][0]["size"] = json!(-1));
    scene.refuses(rule, negative, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: invalid value: integer `-1`, expected u64 at line 1 column 290
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
}

/// Where a descriptor says that its bytes are is nobody's business.
#[test]
fn urls_of_a_descriptor_are_not_asked() {
    let scene = Scene::new();
    let wasm = scene.wasm.clone();
    let elsewhere = Server::start(move |_| Response::new(200, wasm.clone()));
    let url = elsewhere.url("/types.wasm");
    let (rule, urls) = changed(move |manifest| manifest["layers"][0]["urls"] = json!([url]));
    scene.registry.lay(rule, urls);
    scene.passes();
    scene.anew(false);
    scene.registry.delete_blob(TYPES_AT, &scene.digest());
    let before = Tree::of(scene.app().dir());
    scene
        .wits(&["fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `oci+http://127.0.0.1:[PORT]/acme/types` has lost the bytes of version `1.0.0`: it still names sha256:[DIGEST], and answers that it has no such blob
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: whoever runs the registry, or published the package, has to put the bytes back; they can be checked against the digest

"#]]);
    before.assert_untouched();
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn what_is_no_manifest_at_all() {
    let scene = Scene::new();
    for (document, message) in [
        (
            "<html>please log in</html>".to_owned(),
            str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: expected value at line 1 column 1
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]],
        ),
        (
            "{}".to_owned(),
            str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: missing field `schemaVersion` at line 1 column 2
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]],
        ),
        (
            "[".repeat(100_000),
            str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: invalid type: sequence, expected u64 at line 1 column 1
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]],
        ),
    ] {
        let answer = Response::new(200, document);
        scene.refuses(Rule::on(Kind::Manifest), Fault::answer(answer), 1, message);
    }
}
