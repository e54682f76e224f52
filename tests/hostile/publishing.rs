//! Publishing to a registry that breaks off, leads away, or has another guest.

use snapbox::str;
use wits_testkit::Artifact;
use wits_testkit::wire::{Fault, Kind, Response, Rule, Server};

use super::Scene;
use super::elsewhere::guard;

const APP_AT: &str = "demo/app";

/// Cut off at any of its requests, before or after it has its effect: a tag is there only with all that it
/// needs, and the next run completes the work.
#[test]
fn an_interrupted_publish_leaves_no_tag() {
    for fault in [Fault::reset(), Fault::lost()] {
        let scene = Scene::new();
        scene.passes();
        let mut cut = 1;
        loop {
            scene.registry.lift();
            let name = format!("demo:app{cut}@0.1.0");
            let text = format!("package {name};\n\ninterface a {{}}\n");
            scene.app().write("wit/world.wit", text);
            scene.registry.lay(Rule::any().from(cut), fault.clone());
            let first = scene.wits(&["publish"]);
            scene.registry.lift();
            let tags = scene.registry.tags(&format!("demo/app{cut}"));
            if first.code() == Some(0) {
                break;
            }
            first.exits(75);
            if !tags.is_empty() {
                let get = ["get", &name, "-o", "-", "--as", "wasm"];
                scene.wits(&get).succeeds();
            }
            scene.wits(&["publish"]).succeeds();
            cut += 1;
        }
        assert!(cut > 8, "only {cut} requests");
    }
}

/// A registry in which somebody else's manifest stands under the tag from the `look`th look at it on.
fn raced(look: usize) -> Scene {
    let scene = Scene::new();
    scene.passes();
    let theirs = Artifact::wasm(scene.wasm.clone()).manifest();
    let answer = Response::new(200, theirs.bytes.clone()).with("content-type", theirs.media_type);
    let tag = Rule::on(Kind::Manifest)
        .of(APP_AT)
        .method("GET")
        .path("/manifests/0.1.0");
    scene.registry.lay(tag.from(look), Fault::answer(answer));
    scene
}

/// Somebody else's manifest stands under the tag right after ours was put there.
#[test]
fn two_publishers_race_for_one_version() {
    let scene = raced(3);
    scene
        .wits(&["publish"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: someone else published version `0.1.0` at `oci+http://127.0.0.1:[PORT]/demo/app` at the same time: the manifest there is sha256:[DIGEST], ours is sha256:[DIGEST]
 |
 = help: agree on who publishes: the tag now names their manifest, and ours lies beside it untagged

"#]]);
}

/// Six come with other content each: whoever is told that it is published may be overwritten by one who came
/// between the looks, but the tag names one of them, whole, and nobody else is told that all is well.
#[test]
fn many_publishers_of_one_version_at_once() {
    let scene = Scene::new();
    let text = |number: usize| format!("package demo:raced@1.0.0;\n\ninterface i{number} {{}}\n");
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..6)
            .map(|number| {
                let project = scene.sandbox.project(format!("publisher{number}"));
                project.write("wit/package.wit", text(number));
                scope.spawn(move || project.wits(["publish"]))
            })
            .collect();
        publishers
            .into_iter()
            .map(|one| one.join().expect("an outcome"))
            .collect()
    });
    let won: Vec<_> = (0..6)
        .filter(|at| outcomes[*at].code() == Some(0))
        .collect();
    for (at, outcome) in outcomes.iter().enumerate() {
        if !won.contains(&at) {
            outcome.exits(1).says("help: ");
        }
    }
    let get = ["get", "demo:raced@1.0.0", "-o", "-"];
    let served = scene.wits(&get);
    let is_served = |at: &&usize| {
        served
            .succeeds()
            .text()
            .contains(&format!("interface i{at} "))
    };
    assert!(won.iter().any(|at| is_served(&at)), "{won:?}: {served}");
}

/// Somebody else was faster: what is there is not overwritten.
#[test]
fn a_version_that_appears_meanwhile_is_kept() {
    let scene = raced(2);
    scene
        .wits(&["publish"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: version `0.1.0` is already published at `oci+http://127.0.0.1:[PORT]/demo/app` with other content: there it is sha256:[DIGEST], here sha256:[DIGEST]
 |
 = help: a published version never changes: publish under a new version

"#]]);
    assert!(scene.registry.tags(APP_AT).is_empty());
}

/// An upload may go on elsewhere, and takes no credentials along.
#[test]
fn an_upload_elsewhere_takes_no_credentials_along() {
    let store = Server::start(|_| Response::new(201, ""));
    let scene = Scene::new();
    guard(&scene, true);
    scene.passes();
    let away = store.url("/upload");
    scene.registry.lay(
        Rule::on(Kind::Upload).method("POST"),
        Fault::new(move |_, response| match response.status {
            202 => Response::new(202, "").with("location", away.clone()),
            _ => response,
        }),
    );
    scene.wits(&["publish"]).succeeds();
    let log = store.log();
    assert_eq!(log.len(), 2);
    assert!(
        log.iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn an_upload_to_what_is_no_place() {
    let scene = Scene::new();
    scene.passes();
    for (location, message) in [
        (
            "file:///tmp/x",
            str![[r#"
error: the `Location` of an upload at `oci+http://127.0.0.1:[PORT]/demo/app` is refused: `file:///tmp/x` leads to `file:`
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "http://me:secret@127.0.0.1/x",
            str![[r#"
error: the `Location` of an upload at `oci+http://127.0.0.1:[PORT]/demo/app` is refused: it has a user name or a password in it
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "http://[",
            str![[r#"
error: the `Location` of an upload at `oci+http://127.0.0.1:[PORT]/demo/app` is refused: `http://[` is not a URL: invalid IPv6 address
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
    ] {
        scene.registry.lift();
        let session = Response::new(202, "").with("location", location);
        scene
            .registry
            .lay(Rule::on(Kind::Upload), Fault::answer(session));
        scene.wits(&["publish"]).exits(1).stdout("").stderr(message);
    }
    assert!(scene.registry.tags(APP_AT).is_empty());
}

/// What is being sent is not sent to another host, nor turned into a question.
#[test]
fn a_write_follows_no_redirect_away() {
    let store = Server::start(|_| Response::new(201, ""));
    let scene = Scene::new();
    scene.passes();
    let to = store.url("/manifest");
    for (status, message) in [
        (
            307,
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/demo/app` is refused: `http://127.0.0.1:[PORT]/manifest` leads to another host
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            302,
            str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/demo/app` is refused: it would change a write into a read
 |
 = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
    ] {
        scene.registry.lift();
        let put = Rule::on(Kind::Manifest).method("PUT");
        scene.registry.lay(put, Fault::redirect(status, &to));
        scene.wits(&["publish"]).exits(1).stdout("").stderr(message);
    }
    assert_eq!(store.connections(), 0);
}
