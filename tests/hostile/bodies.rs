//! Bodies that are not what they should be, or never end.

use std::time::Duration;

use snapbox::str;
use wits_testkit::wire::{Fault, Kind, Rule};

use super::Scene;

#[test]
fn wrong_short_and_long_bytes() {
    let scene = Scene::new();
    scene.refuses(Rule::on(Kind::Blob), Fault::wrong(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Blob), Fault::short(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got 569 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Blob), Fault::long(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got more than 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.registry.lift();
    scene.passes();
}

#[test]
fn endless_bytes() {
    let scene = Scene::new();
    scene.refuses(Rule::on(Kind::Blob), Fault::endless(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got more than 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), Fault::endless(), 1, str![[r#"
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
fn a_connection_that_breaks_off() {
    let scene = Scene::new();
    scene.refuses(Rule::on(Kind::Blob), Fault::cut(), 75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the Wasm of version `1.0.0` failed: end of file before message length reached
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene.refuses(Rule::on(Kind::Blob), Fault::reset(), 75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the Wasm of version `1.0.0` failed: connection closed before message completed
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), Fault::cut(), 75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: end of file before message length reached
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
}

#[test]
fn silence_midway() {
    let scene = Scene::new();
    scene.refuses(Rule::on(Kind::Blob), Fault::stuck(), 75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the Wasm of version `1.0.0` failed: the answer stopped for 1 s
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
}

/// Never silent, and never done.
#[test]
fn a_byte_now_and_then() {
    let scene = Scene::new();
    let slow = Fault::trickle(Duration::from_millis(300));
    let fault = slow.clone();
    scene.registry.lay(Rule::on(Kind::Blob), fault);
    scene.fails(75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the Wasm of version `1.0.0` failed: the answer is too slow: [..] bytes came in 1 s
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), slow, 75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: the answer is too slow: [..] bytes came in 1 s
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
}

#[test]
fn chunks_without_a_length_are_as_good() {
    let scene = Scene::new();
    scene.registry.lay(Rule::any(), Fault::chunked());
    scene.passes();
}

/// What is cached is not asked for again; what has to be, is held to the lock.
#[test]
fn other_bytes_on_the_second_read() {
    let scene = Scene::new();
    scene.passes();
    let lock = scene.app().read("wits.lock");
    scene.registry.lay(Rule::on(Kind::Blob), Fault::wrong());
    scene.app().remove("wit/deps");
    scene.registry.server().forget();
    scene.passes();
    assert!(scene.registry.log().is_empty());
    scene.anew(true);
    scene.fails(3, str![[r#"
error: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed
  = help: the pin in wits.lock was honoured and nothing was changed

"#]]);
    assert_eq!(scene.app().read("wits.lock"), lock);
}

/// A stream that is reset is what a connection that breaks off is without HTTP/2.
#[test]
fn the_same_over_http2() {
    let scene = Scene::with_http2();
    scene.refuses(Rule::on(Kind::Blob), Fault::wrong(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Blob), Fault::long(), 3, str![[r#"
error: the Wasm of version `1.0.0` at `oci://127.0.0.1:[PORT]/acme/types` is not what it should be: expected 570 bytes, got more than 570 bytes
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed

"#]]);
    scene.refuses(Rule::on(Kind::Blob), Fault::cut(), 75, str![[r#"
error: asking `oci://127.0.0.1:[PORT]/acme/types` for the Wasm of version `1.0.0` failed: stream error received: unexpected internal error encountered
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene.refuses(Rule::on(Kind::Manifest), Fault::reset(), 75, str![[r#"
error: asking `oci://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: stream error received: unexpected internal error encountered
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene.registry.lift();
    scene
        .registry
        .lay(Rule::on(Kind::Blob).nth(1), Fault::reset());
    scene.app().wits(["fetch"]).succeeds();
    assert!(scene.registry.server().connections() < scene.registry.log().len());
}
