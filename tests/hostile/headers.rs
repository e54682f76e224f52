//! Headers that lie.

use snapbox::str;
use wits_testkit::wire::{Body, Fault, Kind, Rule};

use super::Scene;

#[test]
fn a_digest_header_that_names_other_bytes() {
    let scene = Scene::new();
    let other = format!("sha256:{}", "0".repeat(64));
    let lie = Fault::header("docker-content-digest", &other);
    scene.refuses(Rule::on(Kind::Manifest), lie, 3, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    let odd = Fault::header("docker-content-digest", "sha256:../../../etc/passwd");
    scene.refuses(Rule::on(Kind::Manifest), odd, 1, str![[r#"
error: the `Docker-Content-Digest` of the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: `sha256:../../../etc/passwd` is not `sha256:` and 64 lower-case hex digits
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
}

#[test]
fn a_length_that_is_not_the_length() {
    let scene = Scene::new();
    // Shorter: what is left over belongs to no answer.
    let shorter = Fault::header("content-length", "10");
    scene.refuses(Rule::on(Kind::Blob), shorter, 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got 10 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    // Longer, by more than anybody takes: refused before the body.
    let longer = Fault::body(|bytes| Body::Declared(1 << 40, bytes));
    scene.refuses(Rule::on(Kind::Blob), longer.clone(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got more than 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), longer, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is larger than 4194304 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: WIT packages are small: ask who published this

"#]]);
}

#[test]
fn a_type_that_is_another() {
    let scene = Scene::new();
    let index = Fault::header("content-type", "application/vnd.oci.image.index.v1+json");
    scene.refuses(Rule::on(Kind::Manifest), index, 1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: it is an image index, a list of manifests, where one manifest is due
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
    // One that says nothing: the document says what it is.
    scene.registry.lift();
    let plain = Fault::header("content-type", "text/plain");
    scene.registry.lay(Rule::on(Kind::Manifest), plain);
    scene.passes();
}

/// Nothing is decompressed: a bomb is the bytes that come over the wire.
#[test]
fn a_compression_bomb() {
    let scene = Scene::new();
    let bomb = Fault::new(|_, mut response| {
        response.set("content-encoding", "gzip");
        // Ten bytes of a gzip header, and no end.
        response.body = Body::Whole(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
        response
    });
    scene.refuses(Rule::on(Kind::Blob), bomb.clone(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got 10 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), bomb, 3, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
}
