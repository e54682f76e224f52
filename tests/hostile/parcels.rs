//! A Bindle server that misbehaves.

use snapbox::str;
use wits_testkit::Tree;
use wits_testkit::wire::{Bindle, Fault, Kind, Rule};

use crate::setting::{self, TYPES, app, publish};

/// Publishes a package signed, and fetches it with a fault on the way.
#[track_caller]
fn refused(rule: Rule, fault: Fault, code: i32, message: impl snapbox::IntoData) {
    let sandbox = setting::sandbox();
    let server = Bindle::start();
    setting::route(&sandbox, &server.registry());
    let keygen = ["bindle", "keygen", "me <me@example.com>"];
    sandbox.top().wits(keygen).succeeds();
    publish(&sandbox, "types", TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let fetch = || {
        let environment = [("WITS_HTTP_TIMEOUT", "1"), ("WITS_HTTP_RETRIES", "0")];
        app.wits_with(&environment, ["fetch"])
    };
    if sandbox.top().has("home/.cache") {
        sandbox.top().remove("home/.cache");
    }
    server.lay(rule, fault);
    let before = Tree::of(app.dir());
    fetch().exits(code).stdout("").stderr(message);
    before.assert_untouched();
    server.lift();
    fetch().succeeds();
}

fn invoice() -> Rule {
    Rule::on(Kind::Manifest).method("GET")
}

fn parcel() -> Rule {
    Rule::on(Kind::Blob).method("GET")
}

fn edited(from: &'static str, to: &'static str) -> Fault {
    Fault::bytes(move |text| {
        let text = String::from_utf8(text).expect("an invoice");
        assert!(text.contains(from), "{text}");
        text.replace(from, to).into_bytes()
    })
}

#[test]
fn wrong_bytes() {
    refused(
        parcel(),
        Fault::wrong(),
        3,
        str![[r#"
error: the Wasm of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]],
    );
}

#[test]
fn short_bytes() {
    refused(
        parcel(),
        Fault::short(),
        3,
        str![[r#"
error: the Wasm of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is not what it should be: expected 570 bytes, got 569 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]],
    );
}

#[test]
fn endless_bytes() {
    refused(
        parcel(),
        Fault::endless(),
        3,
        str![[r#"
error: the Wasm of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is not what it should be: expected 570 bytes, got more than 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]],
    );
}

#[test]
fn silence_midway() {
    refused(
        parcel(),
        Fault::stuck(),
        75,
        str![[r#"
error: asking `bindle+http://127.0.0.1:[PORT]/v1/acme/types` for the Wasm of version `1.0.0` failed: the answer stopped for 1 s
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
fn a_connection_that_breaks_off() {
    refused(
        parcel(),
        Fault::cut(),
        75,
        str![[r#"
error: asking `bindle+http://127.0.0.1:[PORT]/v1/acme/types` for the Wasm of version `1.0.0` failed: end of file before message length reached
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
fn an_invoice_of_another_package() {
    let other = edited("name = \"acme/types\"", "name = \"acme/tapes\"");
    refused(
        invoice(),
        other,
        3,
        str![[r#"
error: the invoice of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is not what it should be: expected the bindle `acme/types/1.0.0`, got `acme/tapes/1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]],
    );
}

#[test]
fn an_invoice_whose_signature_is_not_its_own() {
    let forged = edited("signature = \"", "signature = \"AAAA");
    refused(
        invoice(),
        forged,
        3,
        str![[r#"
error: the invoice `acme/types/1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` cannot be trusted: the signature of the key `[..]` of `me <me@example.com>`, which signed it as creator is not valid
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use it; ask whoever runs the server or published the package

"#]],
    );
}

#[test]
fn what_is_no_invoice() {
    refused(
        invoice(),
        Fault::bytes(|_| b"<html>".to_vec()),
        1,
        str![[r#"
error: the invoice of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is malformed: key with no value, expected `=`
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
fn an_endless_invoice() {
    refused(
        invoice(),
        Fault::endless(),
        1,
        str![[r#"
error: the invoice of version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is larger than 4194304 bytes
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
fn an_invoice_elsewhere() {
    let away = Fault::redirect(302, "http://127.0.0.1:1/v1/_i/acme/types/1.0.0");
    refused(
        invoice(),
        away,
        1,
        str![[r#"
error: a redirect at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` is refused: `http://127.0.0.1:[PORT]/v1/_i/acme/types/1.0.0` leads to another host
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
    );
}
