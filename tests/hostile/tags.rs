//! Tags that move or go away, and lists of them that lie or never end.

use snapbox::str;
use wits_testkit::wire::{Body, Fault, Kind, Response, Rule, Server};
use wits_testkit::{Artifact, Tree};

use super::{Scene, TYPES_AT};
use crate::setting::{TYPES, built};

/// What is locked is asked for by digest: a tag is not even looked at.
#[test]
fn a_moved_and_a_deleted_tag() {
    let scene = Scene::new();
    scene.passes();
    let before = Tree::of(scene.app().dir());
    let other = built(&scene.sandbox, "other", &TYPES.replace("tick", "tock"));
    scene
        .registry
        .put(TYPES_AT, "1.0.0", &Artifact::wasm(other));
    scene.anew(true);
    scene.registry.server().forget();
    scene.wits(&["fetch", "--locked"]).succeeds();
    before.assert_same_bytes();
    scene.registry.untag(TYPES_AT, "1.0.0");
    scene.anew(true);
    scene.wits(&["fetch", "--locked"]).succeeds();
    before.assert_same_bytes();
    let blob = format!("GET /v2/acme/types/blobs/{}", scene.digest());
    assert_eq!(scene.registry.lines(), [blob.clone(), blob]);
}

/// The tag moved, and the registry has dropped what it named.
#[test]
fn a_moved_tag_whose_old_bytes_are_gone() {
    let scene = Scene::new();
    scene.passes();
    let other = built(&scene.sandbox, "other", &TYPES.replace("tick", "tock"));
    scene
        .registry
        .put(TYPES_AT, "1.0.0", &Artifact::wasm(other));
    scene.registry.delete_blob(TYPES_AT, &scene.digest());
    scene.registry.lay(
        Rule::on(Kind::Manifest).path("sha256:"),
        Fault::error(404, "MANIFEST_UNKNOWN"),
    );
    scene.anew(true);
    scene.fails(3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got a manifest that names sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed
  = help: the pin in wits.lock was honoured and nothing was changed

"#]]);
}

#[test]
fn a_list_that_breaks_off() {
    let scene = Scene::new();
    scene.registry.lay(Rule::on(Kind::Tags), Fault::cut());
    let before = Tree::of(scene.app().dir());
    scene
        .wits(&["get", "acme:types"])
        .exits(75)
        .stdout("")
        .stderr(str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the list of versions failed: end of file before message length reached
 |
 = help: it may pass: run the command again

"#]]);
    before.assert_untouched();
    // A list that is whole JSON and shorter than its head says.
    scene.registry.lift();
    let short = Fault::body(|_| Body::Declared(400, br#"{"tags":["0.1.0"]}"#.to_vec()));
    scene.registry.lay(Rule::on(Kind::Tags), short);
    scene.wits(&["get", "acme:types"]).exits(75).stdout("");
    before.assert_untouched();
}

#[test]
fn pages_that_lead_back_or_away() {
    let elsewhere = Server::start(|_| Response::new(200, r#"{"tags":["9.9.9"]}"#));
    let scene = Scene::new();
    let before = Tree::of(scene.app().dir());
    let back = Fault::header("link", "</v2/acme/types/tags/list?n=1000>; rel=\"next\"");
    scene.registry.lay(Rule::on(Kind::Tags), back);
    scene
        .wits(&["get", "acme:types"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: the list of versions at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: its pages lead back to one that was read
 |
 = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
    scene.registry.lift();
    let away = format!(
        "<{}>; rel=\"next\"",
        elsewhere.url("/v2/acme/types/tags/list")
    );
    scene
        .registry
        .lay(Rule::on(Kind::Tags), Fault::header("link", &away));
    scene
        .wits(&["get", "acme:types"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: the `Link` to the next page of tags at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `http://127.0.0.1:[PORT]/v2/acme/types/tags/list` leads to another host
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]]);
    before.assert_untouched();
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_hundred_thousand_tags() {
    let scene = Scene::new();
    let many = (0..100_000).map(|number| format!("0.{number}.0"));
    scene.registry.put_tags(TYPES_AT, many);
    scene.registry.server().forget();
    scene
        .wits(&["get", "acme:types", "-o", "-", "--as", "wasm"])
        .succeeds()
        .stderr(str![[r#"
note: newest version: `acme:types@1.0.0`

"#]]);
    assert_eq!(
        scene.registry.lines().len(),
        101 + 2,
        "pages, manifest, blob"
    );
    // More than anybody has.
    scene
        .registry
        .put_tags(TYPES_AT, (0..200_000).map(|number| format!("1.{number}.1")));
    scene
        .wits(&["get", "acme:types", "-o", "-"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: the list of versions at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: it has more than 200000 tags
 |
 = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
}
