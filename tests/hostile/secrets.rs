//! Registries that repeat what they were sent, and that talk to the terminal.

use serde_json::json;
use snapbox::str;
use wits_testkit::Outcome;
use wits_testkit::wire::{Fault, Kind, Request, Response, Rule};

use super::elsewhere::guard;
use super::{Scene, TYPES_AT};

/// The password, the password as it is sent, and what every token begins with.
const CANARIES: [&str; 3] = ["canary-password", "bWU6Y2FuYXJ5LXBhc3N3b3Jk", "|me|"];

/// What a request says of the one who sends it.
fn heard(request: &Request) -> String {
    let header = request.header("authorization").unwrap_or("nothing");
    let decoded = header.replace("bWU6Y2FuYXJ5LXBhc3N3b3Jk", "me:canary-password");
    format!("{header} {decoded}")
}

fn silent(outcome: &Outcome) {
    let all = format!("{}{}", outcome.text(), outcome.talk());
    for canary in CANARIES {
        assert!(!all.contains(canary), "{canary} in {outcome}");
    }
}

/// At any verbosity, in any format, and however the registry puts it.
#[test]
fn no_secret_in_any_output() {
    type Make = fn(String) -> Response;
    let errors = |told: String| json!({ "errors": [{ "code": "X", "message": told }] }).to_string();
    let answers: [Make; 7] = [
        |told| Response::new(403, told),
        |told| Response::new(503, told),
        |told| Response::new(400, told),
        |told| {
            Response::new(307, "").with("location", format!("ftp://x/{}", told.replace(' ', "-")))
        },
        |told| Response::new(200, "{}").with("docker-content-digest", told),
        |told| Response::new(401, "").with("www-authenticate", format!("Basic realm=\"{told}\"")),
        |told| Response::new(200, json!({ "schemaVersion": told }).to_string()),
    ];
    let mut repeated = 0;
    for tokens in [true, false] {
        let scene = Scene::new();
        guard(&scene, tokens);
        for answer in answers {
            scene.registry.lift();
            scene.registry.lay(
                Rule::on(Kind::Manifest),
                Fault::new(move |request, _| {
                    if request.header("authorization").is_none() {
                        let realm = request.url("/token");
                        let challenge = format!("Bearer realm=\"{realm}\", Basic realm=\"x\"");
                        return Response::new(401, "").with("www-authenticate", challenge);
                    }
                    let mut response = answer(heard(request));
                    if response.status >= 400 {
                        let told = String::from_utf8_lossy(response.bytes()).into_owned();
                        response.body = wits_testkit::wire::Body::Whole(errors(told).into_bytes());
                    }
                    response
                }),
            );
            let commands: [&[&str]; 6] = [
                &["fetch"],
                &["fetch", "-v"],
                &["fetch", "-q"],
                &["fetch", "--format", "json"],
                &["get", "acme:types@1.0.0", "-v"],
                &["publish", "-v"],
            ];
            for command in commands {
                let environment = [
                    ("WITS_HTTP_RETRIES", "0"),
                    ("RUST_LOG", "trace"),
                    ("RUST_BACKTRACE", "1"),
                ];
                let outcome = scene.app().wits_with(&environment, command);
                assert_ne!(outcome.code(), Some(0), "{outcome}");
                silent(&outcome);
                repeated += outcome.talk().matches("***").count();
            }
        }
    }
    // The canaries were there to be seen.
    assert!(repeated > 20, "{repeated}");
}

/// What a registry says is shown, and nothing in it is obeyed.
#[test]
fn a_registry_that_talks_to_the_terminal() {
    let scene = Scene::new();
    let escapes = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gpj.exe\u{9b}31m\r\ngone";
    let error = json!({ "errors": [{ "code": "DENIED", "message": escapes }] }).to_string();
    let answer = Fault::answer(Response::new(403, error));
    scene.refuses(Rule::on(Kind::Manifest), answer, 1, str![[r#"
error: `oci+http://127.0.0.1:[PORT]/acme/types` refused the manifest of `1.0.0`: 403 /u{1b}]0;owned/u{7}/u{1b}[2J/u{202e}gpj.exe/u{9b}31m/u{d}/u{a}gone
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: either the package is private and needs credentials (`wits login 127.0.0.1:[PORT]`), or there is no such package: some registries do not tell which

"#]]);
    let media_type = Fault::json(move |manifest| manifest["config"]["mediaType"] = json!(escapes));
    scene.refuses(Rule::on(Kind::Manifest), media_type, 1, str![[r#"
error: `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not a Wasm package: its config is `/u{1b}]0;owned/u{7}/u{1b}[2J/u{202e}gpj.exe/u{9b}31m/u{d}/u{a}gone`, not `application/vnd.wasm.config.v0+json`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]]);
    let digest = Fault::json(move |manifest| manifest["layers"][0]["digest"] = json!(escapes));
    scene.refuses(Rule::on(Kind::Manifest), digest, 1, str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is malformed: `/u{1b}]0;owned/u{7}/u{1b}[2J/u{202e}gpj.exe/u{9b}31m/u{d}/u{a}gone` is not a sha256 digest; wits accepts no other algorithm
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
    // Tags that are no versions are passed over, whatever is in them.
    scene.registry.lift();
    scene
        .registry
        .put_tags(TYPES_AT, [format!("2.0.0-{escapes}"), "0.9.0".to_owned()]);
    let outcome = scene.wits(&["get", "acme:types@3.0.0"]);
    outcome.exits(1).stderr(str![[r#"
error: `acme:types` has no version 3.0.0
 |
 = help: the newest version is 1.0.0; there are 1.0.0, 0.9.0

"#]]);
}
