//! What a user reads when something is wrong: the file, the line, the next step; and the exit code.

use snapbox::str;
use wits_testkit::Tree;

use crate::setting::{self, TYPES, app, publish, publish_pair, with_layout};

#[test]
fn a_package_that_does_not_exist() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:sore/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_version_that_does_not_exist() {
    let sandbox = with_layout();
    for version in ["0.9.0", "1.0.0", "1.2.0", "3.0.0"] {
        publish(
            &sandbox,
            version,
            &TYPES.replace("@1.0.0", &format!("@{version}")),
        );
    }
    let app = app(&sandbox, "import acme:types/errors@1.1.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn an_import_without_a_version() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_syntax_error() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn an_interface_that_a_dependency_does_not_have() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/stores@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_namespace_without_a_registry() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import nowhere:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

/// The chain is told, down to the line of the project.
#[test]
fn a_dependency_of_a_dependency_that_is_gone() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "top",
        "package acme:top@1.0.0;\ninterface top { use acme:store/store@1.0.0.{error}; f: func() -> error; }\n",
    );
    sandbox.top().remove("registry/acme/types");
    let app = app(&sandbox, "import acme:top/top@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_place_without_a_project() {
    let sandbox = setting::sandbox();
    sandbox
        .top()
        .wits(["fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
    sandbox
        .top()
        .wits(["-C", "nowhere", "fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
}

#[test]
fn a_key_of_wits_toml_that_does_not_exist() {
    let sandbox = with_layout();
    let app = app(&sandbox, "export run: func();");
    app.write("wits.toml", "[package]\ndescripton = \"a typo\"\n");
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
}

#[test]
fn a_registry_url_that_is_none() {
    let sandbox = setting::sandbox();
    setting::route(&sandbox, "ftp://example.test");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
}

#[test]
fn wrong_usage() {
    let sandbox = setting::sandbox();
    let top = sandbox.top();
    top.wits(["fetsh"]).exits(2).stdout("").stderr(str![]);
    top.wits(["fetch", "--lokced"])
        .exits(2)
        .stdout("")
        .stderr(str![]);
    top.wits(["get"]).exits(2).stdout("").stderr(str![]);
}

#[test]
fn help_and_version_are_data() {
    let sandbox = setting::sandbox();
    let top = sandbox.top();
    top.wits(["--help"]).succeeds().stdout(str![]).stderr("");
    top.wits(["--version"]).succeeds().stdout(str![]).stderr("");
    for command in ["init", "fetch", "lock", "build", "publish", "get"] {
        top.wits([command, "--help"]).succeeds().stderr("");
    }
}

/// No colour and no progress where no terminal is; colour where it is asked for.
#[test]
fn colour_is_only_where_it_is_wanted() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store/store;");
    let escape = "\u{1b}[";
    assert!(!app.wits(["fetch"]).talk().contains(escape));
    assert!(
        app.wits(["fetch", "--color", "always"])
            .talk()
            .contains(escape)
    );
    let forced = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert!(
        !app.wits_with(&forced[1..], ["fetch"])
            .talk()
            .contains(escape)
    );
}

#[test]
fn quiet_leaves_the_errors() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["-q", "fetch"]).succeeds().stdout("").stderr("");
    app.replace("wit/world.wit", "store@1.0.0", "store@9.0.0");
    app.wits(["-q", "fetch"]).exits(1).says("error: ");
}
