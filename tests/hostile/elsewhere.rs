//! Ways that lead away: redirects of every kind.

use std::sync::Arc;

use snapbox::str;
use wits_testkit::wire::{Fault, Guard, Kind, Response, Rule, Server};

use super::Scene;

/// Lets `me` in with a password, which the user has at hand.
pub(super) fn guard(scene: &Scene, tokens: bool) {
    let users = vec![("me".to_owned(), "canary-password".to_owned())];
    scene.registry.guard(Guard {
        users,
        public: false,
        tokens,
        ..Guard::default()
    });
    let address = scene.registry.address();
    // me:canary-password
    let auth = "bWU6Y2FuYXJ5LXBhc3N3b3Jk";
    scene.sandbox.top().write(
        "home/.docker/config.json",
        format!("{{\"auths\":{{\"{address}\":{{\"auth\":\"{auth}\"}}}}}}"),
    );
}

/// Storage elsewhere may serve a blob: its digest says whether it is the right one. Nobody is named to it.
#[test]
fn a_blob_elsewhere_takes_no_credentials_along() {
    for tokens in [true, false] {
        let scene = Scene::new();
        guard(&scene, tokens);
        let wasm = scene.wasm.clone();
        let store = Server::start(move |_| Response::new(200, wasm.clone()));
        let away = store.url("/stored?signature=x");
        // Only those who have shown who they are hear where it is.
        scene.registry.lay(
            Rule::on(Kind::Blob),
            Fault::new(move |_, response| match response.status {
                200 => Response::new(307, "").with("location", away.clone()),
                _ => response,
            }),
        );
        scene.passes();
        let [asked] = store.log().try_into().unwrap();
        assert_eq!(asked.line(), "GET /stored?signature=x");
        assert_eq!(asked.header("authorization"), None);
        assert_eq!(asked.header("cookie"), None);
    }
}

#[test]
fn wrong_bytes_elsewhere() {
    let scene = Scene::new();
    let store = Server::start(|_| Response::new(200, "something else"));
    let away = Fault::redirect(307, &store.url("/stored"));
    scene.refuses(Rule::on(Kind::Blob), away, 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got 14 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
}

#[test]
fn redirects_in_a_circle() {
    let scene = Scene::new();
    let circle = Fault::new(|request, _| Response::new(302, "").with("location", &*request.path));
    scene.refuses(
        Rule::on(Kind::Manifest),
        circle,
        1,
        str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: it comes after 5 others
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
    );
    assert_eq!(scene.registry.log().len(), 6);
}

#[test]
fn redirects_to_what_is_no_place() {
    let scene = Scene::new();
    for (location, message) in [
        (
            "file:///etc/passwd",
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `file:///etc/passwd` leads to `file:`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "ftp://127.0.0.1/x",
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `ftp://127.0.0.1/x` leads to `ftp:`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "http://me:secret@127.0.0.1/x",
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: it has a user name or a password in it
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "http://[",
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `http://[` is not a URL: invalid IPv6 address
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
    ] {
        let away = Fault::redirect(302, location);
        scene.refuses(Rule::on(Kind::Blob), away, 1, message);
    }
}

/// From https nothing leads to http: not a blob, not a page of tags, not an upload.
#[test]
fn https_never_becomes_http() {
    let plain = Arc::new(Server::start(|_| Response::new(200, "")));
    let scene = Scene::with_tls();
    scene.passes();
    scene.anew(false);
    let away = plain.url("/x");
    scene.refuses(
        Rule::on(Kind::Blob),
        Fault::redirect(307, &away),
        1,
        str![[r#"
error: a redirect at `oci://127.0.0.1:[PORT]/acme/types` is refused: `http://127.0.0.1:[PORT]/x` leads from https to http
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
    );
    scene.refuses(
        Rule::on(Kind::Manifest),
        Fault::redirect(301, &away),
        1,
        str![[r#"
error: a redirect at `oci://127.0.0.1:[PORT]/acme/types` is refused: `http://127.0.0.1:[PORT]/x` leads from https to http
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
    );
    let realm = format!("Bearer realm=\"{away}\",service=\"s\"");
    scene.refuses(Rule::any(), Fault::challenge(&realm), 1, str![[r#"
error: the realm for tokens at `oci://127.0.0.1:[PORT]/acme/types` is refused: `http://127.0.0.1:[PORT]/x` is http, and the registry is https
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]]);
    scene.registry.lift();
    let session = Response::new(202, "").with("location", away);
    scene
        .registry
        .lay(Rule::on(Kind::Upload), Fault::answer(session));
    scene
        .wits(&["publish"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: the `Location` of an upload at `oci://127.0.0.1:[PORT]/demo/app` is refused: `http://127.0.0.1:[PORT]/x` leads from https to http
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]]);
    assert_eq!(plain.connections(), 0);
}
