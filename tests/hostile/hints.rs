//! Hints: what a package says of others, in places that no digest of theirs vouches for.

use snapbox::str;
use wits_testkit::wire::{Fault, Kind, OciRegistry, Response, Rule, Server};
use wits_testkit::{Artifact, wasm};

use super::elsewhere::guard;
use super::{Scene, TYPES_AT};

/// A package that would make the client probe other hosts: its annotation and its section name packages of a
/// host that the verified graph has not reached, and other annotations hold addresses. Nobody there hears of it.
#[test]
fn nobody_is_asked_because_a_package_says_so() {
    let scene = Scene::new();
    let inside = OciRegistry::start();
    let web = Server::start(|_| Response::new(200, ""));
    let top = scene.sandbox.top();
    let routes = top.read("registry.toml");
    let host = format!("inside = \"{}\"\n", inside.registry());
    top.write("registry.toml", routes + &host);

    let digest = scene.digest();
    let section = format!(
        r#"{{"version":1,"dependencies":[{{"package":"inside:secret@1.0.0","wit":"{digest}","digest":"{digest}"}}]}}"#
    );
    let bare = wasm::without_section(&scene.wasm, "wits:dependencies");
    let hinting = wasm::with_section(&bare, "wits:dependencies", section.as_bytes());
    let artifact = Artifact::wasm(hinting)
        .annotation("dev.wits.closure", &format!("inside:secret@1.0.0={digest}"))
        .annotation("org.opencontainers.image.url", &web.url("/url"))
        .annotation("org.opencontainers.image.source", &web.url("/source"))
        .annotation("org.opencontainers.image.documentation", &web.url("/docs"));
    scene.registry.put(TYPES_AT, "1.0.0", &artifact);
    scene.passes();
    scene.wits(&["get", "acme:types@1.0.0"]).succeeds();
    scene.anew(true);
    scene.passes();
    assert_eq!(inside.server().connections(), 0);
    assert_eq!(web.connections(), 0);
    assert!(!scene.app().read("wits.lock").contains("inside"));
}

/// The annotation is not the truth: what it leaves out is needed all the same.
#[test]
fn what_a_hint_leaves_out_is_fetched() {
    let scene = Scene::new();
    scene
        .sandbox
        .project("packages/store")
        .write("wit/package.wit", crate::setting::STORE);
    scene
        .sandbox
        .project("packages/store")
        .wits(["publish"])
        .succeeds();
    let built = crate::setting::built(&scene.sandbox, "store", crate::setting::STORE);
    let silent = Artifact::wasm(built).annotation("dev.wits.closure", "");
    scene.registry.put("acme/store", "1.0.0", &silent);
    crate::setting::app(&scene.sandbox, "import acme:store/store@1.0.0;");
    scene.passes();
    let lock = scene.app().read("wits.lock");
    assert!(
        lock.contains("acme:store") && lock.contains("acme:types"),
        "{lock}"
    );
}

/// Packages of the same host that the user may not see, hidden among which is the one that is needed: that they are
/// refused is not held against the user's credential, and nobody hears of it.
#[test]
fn what_a_hint_names_in_vain_costs_nothing() {
    let scene = Scene::new();
    guard(&scene, true);
    let digest = scene.digest();
    let names = (0..40).map(|number| format!("acme:secret{number}@1.0.0={digest}"));
    let list: Vec<_> = names.collect();
    let hinting =
        Artifact::wasm(scene.wasm.clone()).annotation("dev.wits.closure", &list.join(" "));
    scene.registry.put(TYPES_AT, "1.0.0", &hinting);
    // A realm that gives no token at all if one of its scopes may not be had.
    scene.registry.lay(
        Rule::on(Kind::Token).path("secret"),
        Fault::error(401, "UNAUTHORIZED"),
    );
    for number in 0..40 {
        let secret = format!("acme/secret{number}");
        scene
            .registry
            .lay(Rule::any().of(&secret), Fault::error(403, "DENIED"));
    }
    let outcome = scene.wits(&["fetch"]);
    outcome.succeeds().stderr(str![[r#"
      Locked wits.lock: 1 added
     Fetched wit/deps: 1 package written

"#]]);
    assert!(!scene.app().read("wits.lock").contains("secret"));
    assert_eq!(
        scene.app().list("wit/deps"),
        [".wits.json", "acme-types-1.0.0"]
    );
}

/// A package of many hints, each answered slowly or never: nobody waits for them.
#[test]
fn nobody_waits_for_what_a_hint_names() {
    let scene = Scene::new();
    let digest = scene.digest();
    let names = (0..100).map(|number| format!("acme:slow{number}@1.0.0={digest}"));
    let list: Vec<_> = names.collect();
    let hinting =
        Artifact::wasm(scene.wasm.clone()).annotation("dev.wits.closure", &list.join(" "));
    scene.registry.put(TYPES_AT, "1.0.0", &hinting);
    scene
        .registry
        .lay(Rule::any().path("/slow"), Fault::stuck());
    // Were they waited for, this would outlast the deadline of the test.
    let outcome = scene.app().wits(["fetch", "--http-timeout", "3600"]);
    outcome.succeeds();
}
