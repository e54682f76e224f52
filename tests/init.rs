//! `wits init`: a project from nothing.

use snapbox::str;
use wits_testkit::Tree;

use crate::setting::sandbox;

#[test]
fn a_project_is_begun() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.wits(["init", "demo:app"])
        .succeeds()
        .stdout("")
        .stderr(str![]);
    assert_eq!(Tree::of(app.dir()).paths(), ["wit/", "wit/world.wit"]);
    snapbox::assert_data_eq!(app.read("wit/world.wit"), str![]);
}

/// What `init` writes needs no registry and no edit before the other commands work.
#[test]
fn what_is_begun_can_be_fetched_and_built() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.wits(["init", "demo:app"]).succeeds();
    app.wits(["fetch"]).succeeds();
    app.wits(["build"]).succeeds();
    assert!(app.has("demo-app-0.1.0.wasm"));
}

#[test]
fn the_version_may_be_said() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.wits(["init", "demo:app@2.0.0-rc.1"]).succeeds();
    assert!(
        app.read("wit/world.wit")
            .contains("package demo:app@2.0.0-rc.1;")
    );
}

#[test]
fn wit_that_is_there_is_not_overwritten() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.write("wit/mine.wit", "package demo:mine;\n");
    let before = Tree::of(app.dir());
    app.wits(["init", "demo:app"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_name_that_is_none_is_wrong_usage() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.wits(["init", "Demo:App"])
        .exits(2)
        .stdout("")
        .stderr(str![]);
    app.wits(["init", "app"]).exits(2).stdout("").stderr(str![]);
    assert!(Tree::of(app.dir()).paths().is_empty());
}
