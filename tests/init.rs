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
        .stderr(str![[r#"
     Created package `demo:app@0.1.0` in wit/world.wit
        Next name in it what world `app` imports, then run `wits fetch`

"#]]);
    assert_eq!(Tree::of(app.dir()).paths(), ["wit/", "wit/world.wit"]);
    snapbox::assert_data_eq!(
        app.read("wit/world.wit"),
        str![[r#"
package demo:app@0.1.0;

world app {
}

"#]]
    );
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
    app.wits(["init", "demo:app", "--package-version", "2.0.0-rc.1"])
        .succeeds();
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
        .stderr(str![[r#"
error: `wit` has WIT in it already
 |
 = help: `wits init` begins a new project only

"#]]);
    before.assert_untouched();
}

#[test]
fn a_name_that_is_none_is_wrong_usage() {
    let sandbox = sandbox();
    let app = sandbox.project("app");
    app.wits(["init", "Demo:App"])
        .exits(2)
        .stdout("")
        .stderr(str![[r#"
error: invalid value 'Demo:App' for '<NS:NAME>': `Demo` in `Demo:App` is not a lower-case kebab-case word, such as `http-types`

For more information, try '--help'.

"#]]);
    app.wits(["init", "app"]).exits(2).stdout("").stderr(str![[r#"
error: invalid value 'app' for '<NS:NAME>': `app` is not a package name: it has no namespace; write `namespace:name`

For more information, try '--help'.

"#]]);
    assert!(Tree::of(app.dir()).paths().is_empty());
}
