//! What passes is waited for, and not for ever.

use snapbox::str;
use wits_testkit::wire::{Fault, Kind, Response, Rule};

use super::Scene;

fn busy(status: u16, seconds: &str) -> Fault {
    Fault::answer(Response::error(status, "TOOMANYREQUESTS").with("retry-after", seconds))
}

/// As many retries as there are by default.
fn fetch(scene: &Scene) -> wits_testkit::Outcome {
    scene.app().wits(["fetch"])
}

#[test]
fn what_passes_is_asked_again() {
    for fault in [
        busy(429, "0"),
        busy(503, "0"),
        Fault::error(500, "UNKNOWN"),
        Fault::error(502, "UNKNOWN"),
        Fault::reset(),
        Fault::cut(),
    ] {
        let scene = Scene::new();
        scene
            .registry
            .lay(Rule::on(Kind::Blob).first(2), fault.clone());
        scene.registry.lay(Rule::on(Kind::Manifest).first(1), fault);
        fetch(&scene).succeeds();
        assert_eq!(scene.registry.log().len(), 2 + 3);
    }
}

#[test]
fn more_patience_than_there_is() {
    let scene = Scene::new();
    scene
        .registry
        .lay(Rule::on(Kind::Manifest), busy(429, "3600"));
    fetch(&scene).exits(75).stdout("").stderr(str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: 429 told TOOMANYREQUESTS
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    assert_eq!(scene.registry.log().len(), 1);
}

#[test]
fn what_does_not_pass_is_given_up() {
    let scene = Scene::new();
    scene
        .registry
        .lay(Rule::on(Kind::Manifest), Fault::error(503, "UNAVAILABLE"));
    scene.fails(75, str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: 503 told UNAVAILABLE
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    assert_eq!(scene.registry.log().len(), 1, "no retries were wanted");
    let outcome = scene
        .app()
        .wits_with(&[("WITS_HTTP_RETRIES", "1")], ["fetch"]);
    outcome.exits(75);
    assert_eq!(scene.registry.log().len(), 1 + 2);
}

/// A flag, its twin in the environment, and what is none.
#[test]
fn the_patience_can_be_set() {
    let scene = Scene::new();
    scene.registry.lay(Rule::on(Kind::Manifest), Fault::stuck());
    let arguments = ["fetch", "--http-timeout", "1", "--http-retries", "0"];
    scene.app().wits(arguments).exits(75).stderr(str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/types` for the manifest of `1.0.0` failed: the answer stopped for 1 s
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    scene
        .app()
        .wits_with(&[("WITS_HTTP_TIMEOUT", "soon")], ["fetch"])
        .exits(2);
    scene.app().wits(["fetch", "--http-timeout", "0"]).exits(2);
}
