//! Names that somebody else could answer for.

use snapbox::str;
use wits_testkit::wire::{Fault, OciRegistry, Rule};
use wits_testkit::{Artifact, Tree};

use super::{Scene, TYPES_AT};

/// A private namespace that also exists publicly: whatever the private registry says or fails to say, the public
/// one is not asked.
#[test]
fn a_private_namespace_is_never_asked_publicly() {
    let scene = Scene::new();
    let public = OciRegistry::start();
    public.put(TYPES_AT, "1.0.0", &Artifact::wasm(scene.wasm.clone()));
    let top = scene.sandbox.top();
    let routes = top.read("registry.toml");
    let default = format!("default = \"{}\"\n\n", public.registry());
    top.write("registry.toml", default + &routes);
    for (fault, code) in [
        (Fault::error(404, "NAME_UNKNOWN"), 1),
        (Fault::error(403, "DENIED"), 1),
        (Fault::error(503, "UNAVAILABLE"), 75),
        (Fault::reset(), 75),
        (Fault::wrong(), 3),
    ] {
        scene.refuses(Rule::any(), fault, code, str!["..."]);
    }
    scene.registry.lift();
    scene.wits(&["get", "acme:typos"]).exits(1);
    scene.wits(&["get", "acme:types@9.9.9"]).exits(1);
    assert_eq!(public.server().connections(), 0);
}

/// A name that is nearly one of the project's is told, and neither fetched nor taken for it.
#[test]
fn a_near_miss_is_suggested_and_not_fetched() {
    let scene = Scene::new();
    scene.app().write(
        "wit/world.wit",
        crate::setting::world(
            "import acme:types/errors@1.0.0;\n    import acme:tpyes/errors@1.0.0;",
        ),
    );
    let before = Tree::of(scene.app().dir());
    scene.wits(&["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:tpyes` is not in its registry `oci+http://127.0.0.1:[PORT]/acme/tpyes`
 --> wit/world.wit:5:12
  |
5 |     import acme:tpyes/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `acme:types` has a similar name

"#]]);
    before.assert_untouched();
    let log = scene.registry.log();
    let near: Vec<_> = log.iter().filter(|it| it.path.contains("tpyes")).collect();
    assert!(
        near.iter()
            .all(|it| it.path.contains("/manifests/") || it.path.contains("/tags/"))
    );
}

/// With a lock and nothing in the cache, without a lock, and for every command that would ask.
#[test]
fn offline_opens_no_socket() {
    let scene = Scene::new();
    scene.passes();
    scene.anew(true);
    scene.registry.server().forget();
    let commands: [&[&str]; 6] = [
        &["fetch", "--offline"],
        &["fetch", "--frozen"],
        &["lock", "--offline"],
        &["build", "--offline"],
        &["get", "acme:types", "--offline"],
        &["publish", "--offline"],
    ];
    for lock in ["kept", "gone"] {
        for command in commands {
            scene.wits(command).exits(1);
            let twin: Vec<_> = command
                .iter()
                .filter(|word| !word.starts_with("--"))
                .collect();
            let twin = scene.app().wits_with(&[("WITS_OFFLINE", "1")], twin);
            twin.exits(1);
        }
        if lock == "kept" {
            scene.app().remove("wits.lock");
        }
    }
    assert_eq!(scene.registry.server().connections(), 0);
}
