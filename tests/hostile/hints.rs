//! Hints: what a package says of others, in places that no digest of theirs vouches for.

use wits_testkit::wire::{OciRegistry, Response, Server};
use wits_testkit::{Artifact, wasm};

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
