//! Domains whose `registry.json` is not one: nobody else is asked in its place.

use snapbox::str;
use wits_testkit::wire::{Body, OciRegistry, Response, Server};
use wits_testkit::{Artifact, Authority, Tree};

use super::TYPES_AT;
use crate::setting::{self, TYPES, app, built};

/// A domain that answers so, a public registry that would have the package, and a project that needs it.
#[track_caller]
fn refused(answer: Response, code: i32, message: impl snapbox::IntoData) {
    let authority = Authority::new();
    let certified = authority.certify(&["127.0.0.1"]);
    let domain = Server::start_tls(&certified, move |_| answer.clone());
    let public = OciRegistry::start();
    let sandbox = setting::sandbox();
    let wasm = built(&sandbox, "types", TYPES);
    public.put(TYPES_AT, "1.0.0", &Artifact::wasm(wasm));
    let (top, address) = (sandbox.top(), domain.address());
    top.write("home/.config/wits/acme.pem", authority.pem());
    top.write(
        "home/.config/wits/registry.toml",
        format!(
            "default = \"{}\"\n\n[namespaces]\nacme = \"well-known:{address}\"\n\n\
             [hosts.\"{address}\"]\nca = \"acme.pem\"\n",
            public.registry()
        ),
    );
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let before = Tree::of(app.dir());
    let environment = [("WITS_HTTP_TIMEOUT", "1"), ("WITS_HTTP_RETRIES", "0")];
    let outcome = app.wits_with(&environment, ["fetch"]);
    outcome.exits(code).stdout("").stderr(message);
    before.assert_untouched();
    assert_eq!(domain.lines(), ["GET /.well-known/wasm-pkg/registry.json"]);
    assert_eq!(public.server().connections(), 0);
}

#[test]
fn html() {
    refused(
        Response::new(200, "<html>parked</html>"),
        1,
        str![[r#"
error: the `registry.json` at `well-known:127.0.0.1:[PORT]` is malformed: expected value at line 1 column 1
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]],
    );
}

#[test]
fn huge() {
    let body = Body::Endless(b"          ".repeat(1000));
    refused(
        Response::sent(body),
        1,
        str![[r#"
error: the `registry.json` at `well-known:127.0.0.1:[PORT]` is larger than 4194304 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: WIT packages are small: ask who published this

"#]],
    );
}

#[test]
fn failing() {
    refused(
        Response::new(500, "oops"),
        75,
        str![[r#"
error: asking `well-known:127.0.0.1:[PORT]` for the `registry.json` failed: 500 internal server error
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]],
    );
}

#[test]
fn absent() {
    refused(
        Response::new(404, "{}"),
        1,
        str![[r#"
error: `well-known:127.0.0.1:[PORT]` answered 404 when asked for the `registry.json`: not found
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^

"#]],
    );
}

#[test]
fn late() {
    refused(
        Response::sent(Body::Stuck(b"{".to_vec())),
        75,
        str![[r#"
error: asking `well-known:127.0.0.1:[PORT]` for the `registry.json` failed: the answer stopped for 1 s
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]],
    );
}

#[test]
fn elsewhere() {
    let away = Response::new(302, "").with("location", "https://other.invalid/registry.json");
    refused(
        away,
        1,
        str![[r#"
error: a redirect at `well-known:127.0.0.1:[PORT]` is refused: `https://other.invalid/registry.json` leads to another host
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
    );
}

#[test]
fn a_registry_that_is_no_host() {
    let document = r#"{"oci":{"registry":"me:secret@127.0.0.1/../x"}}"#;
    refused(
        Response::new(200, document),
        1,
        str![[r#"
error: the `registry.json` at `well-known:127.0.0.1:[PORT]` is malformed: a registry URL may not hold a user name or a password; use `wits login`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]],
    );
}
