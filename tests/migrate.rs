//! `wits migrate`: the project's own files from those of wkg and wit-deps.

use snapbox::str;
use wits_testkit::{DockerRegistry, Project, Sandbox, Tree};

use crate::setting::{STORE, TYPES, layout, locked_ids, publish_pair, route, sandbox, with_layout};

const WKG_CONFIG: &str = "home/.config/wasm-pkg/config.toml";
const WKG_MANIFEST: &str = "[metadata]\nauthor = \"Ann\"\nlicenses = \"Apache-2.0\"\nrevision = \"abc\"\n\n\
                            [overrides]\n\"acme:log\" = { path = \"../log/wit\", version = \"1\" }\n";
const WORLD: &str = "package demo:app@0.1.0;\n\nworld app {\n    import acme:store/store@1.0.0;\n    \
                     import acme:log/log@1.0.0;\n}\n";
const LOG: &str = "package acme:log@1.0.0;\n\ninterface log {\n    say: func(line: string);\n}\n";

/// A project that wkg worked on, with everything that can be taken over.
fn of_wkg<'a>(sandbox: &'a Sandbox, registry: &DockerRegistry) -> Project<'a> {
    route(sandbox, &registry.url());
    publish_pair(sandbox);
    sandbox.top().remove("registry.toml").remove("home/.cache");
    let address = registry.address();
    sandbox.top().write(
        WKG_CONFIG,
        format!(
            "default_registry = \"unused.example\"\n[namespace_registries]\nacme = \"{address}\"\n\
             demo = {{ registry = \"demo\", metadata = {{ oci = {{ registry = \"demo.example\", namespacePrefix = \"d/\" }} }} }}\n\
             other = \"other.example\"\n\
             [registry.\"{address}\".oci]\nprotocol = \"http\"\nauth = \"bWU6Y2FuYXJ5\"\n"
        ),
    );
    sandbox.top().write("log/wit/log.wit", LOG);
    let app = sandbox.project("app");
    app.write("wkg.toml", WKG_MANIFEST);
    app.write("wit/world.wit", WORLD);
    let digest = registry.layer_digest("acme/store", "1.0.0");
    app.write(
        "wkg.lock",
        format!(
            "version = 1\n\n[[packages]]\nname = \"acme:store\"\nregistry = \"{address}\"\n\n\
             [[packages.versions]]\nrequirement = \"=1.0.0\"\nversion = \"1.0.0\"\ndigest = \"{digest}\"\n"
        ),
    );
    app
}

#[test]
fn a_project_of_wkg_gets_files_of_its_own() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let app = of_wkg(&sandbox, &registry);
    let before = Tree::of(app.dir());
    app.wits(["migrate", "--dry-run"]).succeeds().stdout(str![[r##"
# wits.toml
[overrides."acme:log"]
path = "../log/wit"

[package]
authors = "Ann"
license = "Apache-2.0"

# registry.toml
[namespaces]
acme = "oci+http://127.0.0.1:[PORT]"
demo = "oci://demo.example/d"


"##]]).stderr(str![[r#"
warning: `metadata.revision` in `wkg.toml` is not used by wits: it is left out of the package
warning: `overrides."acme:log".version` in `wkg.toml` is not used by wits: the version that a project uses stands in its WIT
 Would write wits.toml
 Would write registry.toml
 Would write wits.lock
        Left wkg.lock: `wits.lock` counts from now on; remove it when nobody uses wkg here any more

"#]]);
    before.assert_untouched();
    let outcome = app.wits(["migrate"]);
    outcome.succeeds().stdout("").stderr(str![[r#"
warning: `metadata.revision` in `wkg.toml` is not used by wits: it is left out of the package
warning: `overrides."acme:log".version` in `wkg.toml` is not used by wits: the version that a project uses stands in its WIT
       Wrote wits.toml
       Wrote registry.toml
      Locked wits.lock: 3 added
        Left wkg.lock: `wits.lock` counts from now on; remove it when nobody uses wkg here any more

"#]]).never_says("bWU6");
    assert_eq!(
        app.read("registry.toml"),
        format!(
            "[namespaces]\nacme = \"{}\"\ndemo = \"oci://demo.example/d\"\n",
            registry.url()
        )
    );
    assert_eq!(
        locked_ids(&app),
        ["acme:log@1.0.0", "acme:store@1.0.0", "acme:types@1.0.0"]
    );
    // What is written is enough, and the files of wkg may go.
    sandbox.top().remove(WKG_CONFIG);
    app.remove("wkg.toml").remove("wkg.lock");
    app.wits(["fetch", "--locked"]).succeeds();
    app.wits(["migrate"]).succeeds().stderr(str![[r#"
       Fresh there is nothing to take over

"#]]);
}

#[test]
fn what_is_there_is_not_touched() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let app = of_wkg(&sandbox, &registry);
    let own = "# mine\n[overrides]\n\"acme:log\" = { path = \"../log\" }\n";
    app.write("wits.toml", own);
    app.write("registry.toml", "# mine too\n");
    let outcome = app.wits(["migrate", "--format", "json"]);
    outcome.succeeds().stderr(str![[r#"
      Locked wits.lock: 3 added
        Left wkg.toml: `wits.toml` is there already, and is the one that counts
        Left registry.toml: `namespaces.acme`: the file is there already; add to it: namespaces.acme = "oci+http://127.0.0.1:[PORT]"
        Left registry.toml: `namespaces.demo`: the file is there already; add to it: namespaces.demo = "oci://demo.example/d"
        Left wkg.lock: `wits.lock` counts from now on; remove it when nobody uses wkg here any more

"#]]);
    assert_eq!(app.read("wits.toml"), own);
    assert_eq!(app.read("registry.toml"), "# mine too\n");
    let json: serde_json::Value = serde_json::from_str(outcome.text()).unwrap();
    assert_eq!(json["files"], serde_json::json!([]));
    assert_eq!(json["left"].as_array().unwrap().len(), 4, "{json:#}");
}

/// Nothing is written where a pin fails.
#[test]
fn a_pin_that_fails_stops_it() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let app = of_wkg(&sandbox, &registry);
    let digest = registry.layer_digest("acme/store", "1.0.0");
    app.replace("wkg.lock", &digest, &format!("sha256:{}", "0".repeat(64)));
    let before = Tree::of(app.dir());
    for arguments in [vec!["migrate"], vec!["migrate", "--dry-run"]] {
        app.wits(arguments)
            .exits(3)
            .says("wkg.lock pins `acme:store@1.0.0`");
    }
    before.assert_untouched();
}

/// wit-deps knows tarballs and directories; which package a tarball is shows in what it laid out.
#[test]
fn a_project_of_wit_deps_is_taken_over_as_far_as_it_can_be() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    assert!(layout(&sandbox).layer_path("acme/store", "1.0.0").is_file());
    sandbox.top().write("log/wit/log.wit", LOG);
    let app = sandbox.project("app");
    app.write("wit/world.wit", WORLD);
    app.write(
        "wit/deps.toml",
        "store = \"https://acme.example/store.tar.gz\"\ntypes = { url = \"https://acme.example/types.tar.gz\", sha256 = \"ab\" }\n\
         log = \"../../log/wit\"\nunknown = \"https://acme.example/x.tar.gz\"\nprivate = \"https://acme.example/private.tar.gz\"\n",
    );
    app.write("wit/deps.lock", "[store]\nsha256 = \"ab\"\n");
    app.write("wit/deps/store/store.wit", STORE);
    app.write("wit/deps/types/types.wit", TYPES);
    app.write("wit/deps/log/log.wit", LOG);
    app.write(
        "wit/deps/private/p.wit",
        "package acme:private@0.1.0;\n\ninterface i {\n    f: func();\n}\n",
    );
    app.wits(["migrate"]).succeeds().stdout("").stderr(str![[r#"
note: `wit/deps/log` is yours and answers for `acme:log@1.0.0`; no registry is asked
note: `wit/deps/private` is yours and answers for `acme:private@0.1.0`; no registry is asked
note: `wit/deps/store` is yours and answers for `acme:store@1.0.0`; no registry is asked
note: `wit/deps/types` is yours and answers for `acme:types@1.0.0`; no registry is asked
       Wrote wits.toml
   Took over `store` of deps.toml: it is `acme:store@1.0.0`, which its registry serves
   Took over `types` of deps.toml: it is `acme:types@1.0.0`, which its registry serves
        Left wit/deps.toml: `log`: remove `wit/deps/log` and run `wits fetch`: until then it answers for `acme:log`
        Left wit/deps.toml: `private`, which is `acme:private@0.1.0`: no package at `layout:[ROOT]/registry/acme/private`; its WIT in wit/deps stays yours
        Left wit/deps.toml: `store`: remove `wit/deps/store` and run `wits fetch`: until then it answers for `acme:store@1.0.0`
        Left wit/deps.toml: `types`: remove `wit/deps/types` and run `wits fetch`: until then it answers for `acme:types@1.0.0`
        Left wit/deps.toml: `unknown`: a tarball names no package and version; its WIT in wit/deps stays yours
        Left wit/deps.lock: its hashes: they are of tarballs; what comes from registries is pinned in `wits.lock`

"#]]);
    assert_eq!(
        app.read("wits.toml"),
        "[overrides.\"acme:log\"]\npath = \"../log/wit\"\n"
    );
    // As it says: without what wit-deps laid out, the registry answers.
    for name in ["store", "types", "log"] {
        app.remove(format!("wit/deps/{name}"));
    }
    app.wits(["fetch"]).succeeds();
    assert_eq!(
        locked_ids(&app),
        ["acme:log@1.0.0", "acme:store@1.0.0", "acme:types@1.0.0"]
    );
}

#[test]
fn a_workspace_of_wkg_stays_one() {
    let sandbox = with_layout();
    let top = sandbox.project("all");
    top.write("wkg.toml", "[workspace]\nmembers = [\"types/wit\", \"pkg/*\"]\n\n[workspace.metadata]\nauthors = \"Ann\"\n");
    top.write("types/wit/package.wit", TYPES);
    top.write("pkg/store/package.wit", STORE);
    top.wits(["migrate"]).succeeds().stdout("").stderr(str![[r#"
warning: `workspace.metadata` in `wkg.toml` is not used by wits: write `[package]` in the `wits.toml` of each member
       Wrote wits.toml
       Wrote pkg/store/wits.toml
      Locked wits.lock: 1 added

"#]]);
    assert_eq!(
        top.read("wits.toml"),
        "[workspace]\nmembers = [\n    \"types\",\n    \"pkg/*\",\n]\n"
    );
    assert_eq!(top.read("pkg/store/wits.toml"), "wit = \".\"\n");
    top.remove("wkg.toml");
    top.wits(["fetch", "--locked"]).succeeds();
    assert!(top.has("pkg/store/deps/acme-types-1.0.0/package.wit"));
}
