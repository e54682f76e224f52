//! `wits fetch`: the closure, resolved, locked and laid out.

use snapbox::str;
use wits_testkit::{DockerRegistry, RecordingProxy, Tree};

use crate::setting::{
    self, app, example, layout, locked_ids, publish, publish_pair, with_layout, world,
};

#[test]
fn the_whole_closure_is_laid_out() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 7 added
     Fetched wit/deps: 7 packages written

"#]]);
    let expected = [
        ".wits.json",
        "demo-base-0.1.0",
        "demo-cache-0.1.2",
        "demo-ops-0.1.0",
        "demo-store-0.3.0",
        "demo-types-1.0.0",
        "demo-types-2.0.0",
        "lab-clock-0.2.0-rc.1",
    ];
    assert_eq!(app.list("wit/deps"), expected);
    for dir in &expected[1..] {
        assert_eq!(app.list(format!("wit/deps/{dir}")), ["package.wit"]);
    }
}

/// A stub embedded in a dependent has neither docs nor gates nor unused functions: what is laid out is
/// the package itself, whether the project names it or not.
#[test]
fn docs_and_gates_of_what_comes_along_are_there() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds();
    let clock = app.read("wit/deps/lab-clock-0.2.0-rc.1/package.wit");
    assert!(
        clock.contains("/// Waiting for a time. Not agreed on yet."),
        "{clock}"
    );
    assert!(
        clock.contains("@unstable(feature = timers)\ninterface timer"),
        "{clock}"
    );
    assert!(clock.contains("now: func() -> instant;"), "{clock}");
    let store = app.read("wit/deps/demo-store-0.3.0/package.wit");
    assert!(store.contains("@unstable(feature = listing)"), "{store}");
    assert!(store.contains("@since(version = 0.2.0)"), "{store}");
    let types = app.read("wit/deps/demo-types-1.0.0/package.wit");
    assert!(types.contains("/// The caller may not do this."), "{types}");
    assert!(types.contains("record scoped-key"), "{types}");
}

/// The package is needed as source, and its dependents' binaries do not name it.
#[test]
fn a_package_needed_for_an_include_only_is_fetched() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "base",
        "package acme:base@1.0.0;\nworld base { import acme:store/store@1.0.0; }\n",
    );
    let app = app(&sandbox, "include acme:base/base@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(
        locked_ids(&app),
        ["acme:base@1.0.0", "acme:store@1.0.0", "acme:types@1.0.0"]
    );
}

#[test]
fn nothing_is_written_twice() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds();
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
       Fresh wit/deps is up to date

"#]]);
    before.assert_untouched();
}

/// A dependency added or dropped touches what it brings and nothing else.
#[test]
fn what_is_unchanged_keeps_its_time() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds();
    let kept = Tree::of(app.path("wit/deps/demo-store-0.3.0"));
    app.replace(
        "wit/world.wit",
        "    include demo:base/service@0.1.0;\n",
        "",
    );
    app.wits(["fetch"]).succeeds().stderr(str![[r#"
      Locked wits.lock: 2 removed
     Fetched wit/deps: 0 packages written, 2 removed, 5 unchanged

"#]]);
    kept.assert_untouched();
    assert!(!app.has("wit/deps/demo-base-0.1.0"));
    assert!(!app.has("wit/deps/demo-ops-0.1.0"));
    assert!(!app.read("wits.lock").contains("demo:base"));
}

#[test]
fn two_versions_of_one_series_are_noted() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "types-1.1",
        &setting::TYPES.replace("1.0.0", "1.1.0"),
    );
    let app = app(
        &sandbox,
        "import acme:store/store@1.0.0;\n    import acme:types/errors@1.1.0;",
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
note: types of these packages are distinct, although their versions are compatible:
        `acme:types@1.0.0`, asked for by `acme:store@1.0.0`
        `acme:types@1.1.0`, asked for by this project
      Locked wits.lock: 3 added
     Fetched wit/deps: 3 packages written

"#]]);
    assert_eq!(
        locked_ids(&app),
        ["acme:store@1.0.0", "acme:types@1.0.0", "acme:types@1.1.0"]
    );
}

#[test]
fn build_metadata_and_pre_releases_are_exact_versions() {
    let sandbox = with_layout();
    for version in ["1.0.0+build.5", "1.0.0-rc.1", "1.0.0"] {
        publish(
            &sandbox,
            version,
            &format!("package acme:plus@{version};\ninterface i {{ f: func(); }}\n"),
        );
    }
    assert_eq!(
        layout(&sandbox).tags("acme/plus"),
        ["1.0.0", "1.0.0-rc.1", "1.0.0_build.5"]
    );
    let app = app(
        &sandbox,
        "import acme:plus/i@1.0.0+build.5;\n    import acme:plus/i@1.0.0-rc.1;",
    );
    app.wits(["fetch"]).succeeds();
    assert_eq!(
        locked_ids(&app),
        ["acme:plus@1.0.0-rc.1", "acme:plus@1.0.0+build.5"]
    );
    assert!(app.has("wit/deps/acme-plus-1.0.0+build.5/package.wit"));
}

#[test]
fn packages_that_would_share_a_directory_are_told_apart() {
    let sandbox = setting::sandbox();
    sandbox
        .top()
        .write("registry.toml", "default = \"layout:registry\"\n");
    publish(
        &sandbox,
        "one",
        "package a-b:c@1.0.0;\ninterface i { f: func(); }\n",
    );
    publish(
        &sandbox,
        "two",
        "package a:b-c@1.0.0;\ninterface i { f: func(); }\n",
    );
    let app = app(&sandbox, "import a-b:c/i@1.0.0;\n    import a:b-c/i@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(
        app.list("wit/deps"),
        [".wits.json", "a--b-c-1.0.0", "a-b--c-1.0.0"]
    );
}

/// In the binary of `acme:near` the import of `far`, which only `use` implies, has lost its gate.
#[test]
fn an_implied_import_keeps_its_gate() {
    let sandbox = with_layout();
    publish(
        &sandbox,
        "far",
        "package acme:far@1.0.0;\n@unstable(feature = far)\ninterface far { @unstable(feature = far) type t = u32; }\n",
    );
    publish(
        &sandbox,
        "near",
        "package acme:near@1.0.0;\n\
         interface near {\n    @unstable(feature = far)\n    use acme:far/far@1.0.0.{t};\n    f: func() -> u32;\n}\n\
         world w { import near; }\n",
    );
    let app = app(&sandbox, "import acme:near/near@1.0.0;");
    app.wits(["fetch"]).succeeds();
    snapbox::assert_data_eq!(
        app.read("wit/deps/acme-near-1.0.0/package.wit"),
        str![[r#"
package acme:near@1.0.0;

interface near {
  @unstable(feature = far)
  use acme:far/far@1.0.0.{t};

  f: func() -> u32;
}

world w {
  import near;
  @unstable(feature = far)
  import acme:far/far@1.0.0;
}

"#]]
    );
}

#[test]
fn inline_packages_are_asked_of_nobody() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        "package demo:app@0.1.0;\n\n\
         package demo:inline@1.0.0 {\n    interface i { f: func(); }\n}\n\n\
         world app { import demo:inline/i@1.0.0; }\n",
    );
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
       Fresh nothing to fetch: no foreign package is named

"#]]);
    assert!(!sandbox.top().has("registry"));
}

#[test]
fn the_project_is_found_from_below_and_by_name() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let project = app(&sandbox, "import acme:store/store@1.0.0;");
    sandbox.project("app/src/deep").wits(["fetch"]).succeeds();
    assert!(project.has("wits.lock"));
    project.remove("wits.lock").remove("wit/deps");
    sandbox.top().wits(["-C", "app", "fetch"]).succeeds();
    assert!(project.has("wit/deps/acme-store-1.0.0"));
}

#[test]
fn the_wit_directory_may_have_another_name() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = sandbox.project("app");
    app.write("api/world.wit", world("import acme:store/store@1.0.0;"));
    app.wits(["fetch", "--wit-dir", "api"]).succeeds();
    assert!(app.has("api/deps/acme-store-1.0.0"));
    app.write("wits.toml", "wit = \"api\"\n");
    app.wits(["fetch", "--locked"]).succeeds();
    assert_eq!(app.list(""), ["api", "wits.lock", "wits.toml"]);
}

#[test]
fn the_closure_can_be_had_as_wasm() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch", "--as", "wasm"]).succeeds();
    let published = std::fs::read(layout(&sandbox).layer_path("acme/store", "1.0.0")).unwrap();
    assert_eq!(app.read_bytes("wit/deps/acme-store-1.0.0.wasm"), published);
    assert!(app.has("wit/deps/acme-types-1.0.0.wasm"));
}

/// The tag is asked for once, when the package is new; then the pin is fetched by its digest.
#[test]
fn a_full_cache_opens_no_socket() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let proxy = RecordingProxy::before(registry.address());
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &proxy.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    proxy.forget();
    app.wits(["fetch"]).succeeds();
    app.wits(["fetch", "--locked"]).succeeds();
    app.remove("wit/deps")
        .wits(["fetch", "--frozen"])
        .succeeds();
    app.wits(["build"]).succeeds();
    assert_eq!(proxy.connections(), 0, "{:?}", proxy.requests());
}

/// Nothing but what is needed: one manifest by tag and one layer for each package, no tag list.
#[test]
fn a_cold_fetch_asks_for_a_manifest_and_a_layer_each() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let proxy = RecordingProxy::before(registry.address());
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &proxy.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.sandbox().top().remove("home/.cache");
    proxy.forget();
    app.wits(["fetch"]).succeeds();
    let store = registry.layer_digest("acme/store", "1.0.0");
    let types = registry.layer_digest("acme/types", "1.0.0");
    let mut expected = [
        "GET /v2/acme/store/manifests/1.0.0".to_owned(),
        format!("GET /v2/acme/store/blobs/{store}"),
        "GET /v2/acme/types/manifests/1.0.0".to_owned(),
        format!("GET /v2/acme/types/blobs/{types}"),
    ];
    expected.sort();
    assert_eq!(proxy.sorted(), expected);
}
