//! `wit/deps`: whose each entry is, and what happens to it.

use snapbox::str;
use wits_testkit::Tree;

use crate::setting::{
    TYPES, app, example, layout, locked_field, locked_ids, publish, publish_pair, with_layout,
};

/// The user's own copy answers for its package before any registry is asked.
#[test]
fn an_own_entry_answers_and_is_left_alone() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wit/deps/my-types/types.wit", TYPES);
    let mine = Tree::of(app.path("wit/deps/my-types"));
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
note: `wit/deps/my-types` is yours and answers for `acme:types@1.0.0`; no registry is asked
      Locked wits.lock: 1 added
     Fetched wit/deps: 1 package written

"#]]);
    mine.assert_untouched();
    assert_eq!(locked_ids(&app), ["acme:store@1.0.0"]);
    assert_eq!(
        app.list("wit/deps"),
        [".wits.json", "acme-store-1.0.0", "my-types"]
    );
}

/// A package that exists nowhere else: no registry is asked for it.
#[test]
fn an_own_entry_needs_no_registry() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write("wit/deps/types.wit", TYPES);
    app.wits(["fetch"]).succeeds();
    assert!(!sandbox.top().has("registry"));
}

/// A directory that only looks like one of wits' own, in a project without a lock, is the user's.
#[test]
fn an_entry_that_looks_like_ours_is_the_users_where_no_lock_stands() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let edited = TYPES.replace("/// Says it in words.", "/// Mine.");
    app.write("wit/deps/acme-types-1.0.0/package.wit", &edited);
    let mine = Tree::of(app.path("wit/deps/acme-types-1.0.0"));
    app.wits(["fetch"]).succeeds();
    mine.assert_untouched();
}

/// What wkg wrote carries stubs: it is replaced by the packages themselves, and the user hears of it.
#[test]
fn a_tree_that_wkg_wrote_is_taken_over() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let stub = "package acme:types@1.0.0;\n\ninterface errors {\n  variant error {\n    absent,\n    other(string),\n  }\n}\n";
    app.write("wit/deps/acme-types-1.0.0/package.wit", stub);
    app.write("wkg.lock", "version = 1\npackages = []\n");
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: what stood there was another text, and was replaced or removed: `wit/deps/acme-types-1.0.0`
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("/// Why something failed.")
    );
}

/// An edit inside an entry of wits' own is undone, and said.
#[test]
fn an_edited_entry_is_written_anew() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let before = app.read("wit/deps/acme-types-1.0.0/package.wit");
    app.write(
        "wit/deps/acme-types-1.0.0/package.wit",
        format!("{before}// edited\n"),
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
warning: what stood there was another text, and was replaced or removed: `wit/deps/acme-types-1.0.0`
     Fetched wit/deps: 1 package written

"#]]);
    assert_eq!(app.read("wit/deps/acme-types-1.0.0/package.wit"), before);
}

/// A tree with entries missing is completed from lock and cache.
#[test]
fn a_missing_entry_comes_back() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let before = Tree::of(app.path("wit/deps"));
    app.remove("wit/deps/acme-types-1.0.0");
    app.wits(["fetch", "--frozen"]).succeeds();
    before.assert_same_bytes();
}

/// An error in the middle leaves the tree and the lock as they were.
#[test]
fn a_failed_fetch_changes_nothing() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    app.replace(
        "wit/world.wit",
        "import acme:store",
        "import acme:absent/i@1.0.0;\n    import acme:store",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("");
    before.assert_untouched();
}

#[test]
fn a_path_override_answers() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.project("near").write(
        "wit/types.wit",
        TYPES.replace("Says it in words", "From the path"),
    );
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write(
        "wits.toml",
        "[overrides]\n\"acme:types\" = { path = \"../near/wit\" }\n",
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("From the path")
    );
    assert_eq!(
        locked_field(&app, "acme:types", "source"),
        "path:../near/wit"
    );
    assert!(
        !app.read("wits.lock").contains(
            &layout(&sandbox)
                .manifest_digest("acme/types", "1.0.0")
                .unwrap()
        )
    );
    app.wits(["fetch", "--locked"]).succeeds();
}

/// An edit of the overriding package arrives with the next fetch, and the lock does not change.
#[test]
fn an_override_is_read_anew() {
    let sandbox = with_layout();
    let near = sandbox.project("near");
    near.write("wit/types.wit", TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write(
        "wits.toml",
        "[overrides]\n\"acme:types\" = { path = \"../near/wit\" }\n",
    );
    app.wits(["fetch"]).succeeds();
    near.replace("wit/types.wit", "Says it in words", "Says it");
    app.wits(["fetch", "--locked"]).succeeds();
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("/// Says it.")
    );
}

#[test]
fn an_override_of_another_version_is_an_error() {
    let sandbox = with_layout();
    sandbox
        .project("near")
        .write("wit/types.wit", TYPES.replace("@1.0.0", "@2.0.0"));
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write(
        "wits.toml",
        "[overrides]\n\"acme:types\" = { path = \"../near/wit\" }\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types@1.0.0` is asked for, and `[ROOT]/near/wit` has version 2.0.0
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: ask for `acme:types@2.0.0`, or change the version of the local package to 1.0.0

"#]]);
    before.assert_untouched();
}

/// Members of a workspace answer for one another, and share one lock.
#[test]
fn members_of_a_workspace_answer_for_one_another() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let top = sandbox.project("ws");
    top.write("wits.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n");
    top.write("a/wit/a.wit", "package demo:a@0.1.0;\ninterface i { use acme:types/errors@1.0.0.{error}; f: func() -> error; }\n");
    top.write(
        "b/wit/b.wit",
        "package demo:b@0.1.0;\nworld w { import demo:a/i@0.1.0; }\n",
    );
    top.wits(["-C", "b", "fetch"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched ../a/wit/deps: 1 package written
     Fetched wit/deps: 2 packages written

"#]]);
    assert!(top.has("wits.lock"));
    assert!(!top.has("b/wits.lock"));
    assert!(top.has("b/wit/deps/demo-a-0.1.0/package.wit"));
    assert!(top.has("b/wit/deps/acme-types-1.0.0/package.wit"));
}

/// A package that only disabled features need is there too, so that any tool can enable them.
#[test]
fn what_a_disabled_feature_needs_is_fetched() {
    let sandbox = with_layout();
    publish(&sandbox, "types", TYPES);
    let app = app(
        &sandbox,
        "@unstable(feature = soon)\n    import acme:types/errors@1.0.0;",
    );
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["acme:types@1.0.0"]);
}

/// Killed at any moment: what is there is old or new, and the next run completes it.
#[test]
fn a_killed_fetch_is_completed_by_the_next() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds();
    let whole = Tree::of(app.path("wit"));
    let lock = app.read("wits.lock");
    for delay in (0..60).step_by(3) {
        app.remove("wit/deps");
        if delay % 2 == 0 {
            app.remove("wits.lock");
        }
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_wits"), "app");
        let mut fetch = command
            .arg("fetch")
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        fetch.kill().unwrap();
        fetch.wait().unwrap();
        app.wits(["fetch"]).succeeds();
        whole.assert_same_bytes();
        assert_eq!(app.read("wits.lock"), lock);
    }
}
