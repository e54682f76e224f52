//! `wits publish`: into a registry, once, and never over what is there.

use snapbox::str;
use wits_testkit::{Artifact, DockerRegistry, Layout, RecordingProxy, Sandbox, Tree, fixtures};

use crate::setting::{
    self, STORE, TYPES, built, layout, publish, publish_pair, sandbox, with_layout,
};

/// The registry, but for the lock that publishers take turns with.
fn served(sandbox: &Sandbox) -> Tree {
    Tree::except(".wits.lock", sandbox.root().join("registry"))
}

#[test]
fn a_project_is_built_and_published() {
    let sandbox = with_layout();
    let types = sandbox.project("types");
    fixtures::copy("types-1", &types);
    types
        .wits(["publish"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
   Published demo:types@1.0.0 at layout:[ROOT]/registry/demo/types
      Digest sha256:[DIGEST]
    Manifest sha256:[DIGEST]

"#]]);
    assert_eq!(layout(&sandbox).tags("demo/types"), ["1.0.0"]);
    assert!(
        !types.has("demo-types-1.0.0.wasm"),
        "publishing leaves no file behind"
    );
}

#[test]
fn a_wasm_file_is_published_as_it_is() {
    let sandbox = with_layout();
    let bytes = built(&sandbox, "types", TYPES);
    let here = setting::anywhere(&sandbox);
    here.write("some.wasm", &bytes);
    here.wits(["publish", "some.wasm"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
   Published acme:types@1.0.0 at layout:[ROOT]/registry/acme/types
      Digest sha256:[DIGEST]
    Manifest sha256:[DIGEST]

"#]]);
    let stored = std::fs::read(layout(&sandbox).layer_path("acme/types", "1.0.0")).unwrap();
    assert!(stored == bytes);
}

/// The form that the CNCF's Wasm OCI artifact has, and that wkg reads.
#[test]
fn the_manifest_is_that_of_a_wasm_artifact() {
    let sandbox = with_layout();
    setting::publish_fixtures(&sandbox);
    let manifest = layout(&sandbox).manifest("demo/store", "0.3.0");
    assert_eq!(
        manifest["mediaType"],
        "application/vnd.oci.image.manifest.v1+json"
    );
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert!(manifest["artifactType"].is_null());
    let annotations = &manifest["annotations"];
    assert_eq!(annotations["org.opencontainers.image.version"], "0.3.0");
    assert_eq!(
        annotations["org.opencontainers.image.description"],
        "A store of values under keys"
    );
    assert_eq!(
        annotations["org.opencontainers.image.licenses"],
        "Apache-2.0"
    );
    assert_eq!(
        annotations["org.opencontainers.image.authors"],
        "The wits developers"
    );
}

#[test]
fn the_same_again_is_a_success_that_says_so() {
    let sandbox = with_layout();
    let project = publish(&sandbox, "types", TYPES);
    let before = served(&sandbox);
    project
        .wits(["publish"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
       Fresh acme:types@1.0.0 is already published at layout:[ROOT]/registry/acme/types, with this content
      Digest sha256:[DIGEST]
    Manifest sha256:[DIGEST]

"#]]);
    before.assert_untouched();
}

#[test]
fn a_version_is_never_overwritten() {
    let sandbox = with_layout();
    let project = publish(&sandbox, "types", TYPES);
    let before = served(&sandbox);
    project.replace("wit/package.wit", "explain: func", "describe: func");
    project.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: version `1.0.0` is already published at `layout:[ROOT]/registry/acme/types` with other content: there it is sha256:[DIGEST], here sha256:[DIGEST]
 |
 = help: a published version never changes: publish under a new version

"#]]);
    before.assert_untouched();
}

#[test]
fn a_pre_release_is_never_overwritten() {
    let sandbox = with_layout();
    let project = publish(&sandbox, "types", &TYPES.replace("@1.0.0", "@1.0.0-rc.1"));
    let before = served(&sandbox);
    project.replace("wit/package.wit", "explain: func", "describe: func");
    project.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: version `1.0.0-rc.1` is already published at `layout:[ROOT]/registry/acme/types` with other content: there it is sha256:[DIGEST], here sha256:[DIGEST]
 |
 = help: a published version never changes: publish under a new version

"#]]);
    before.assert_untouched();
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = with_layout();
    let project = sandbox.project("types");
    project.write("wit/types.wit", TYPES);
    let before = Tree::of(project.dir());
    project
        .wits(["publish", "--dry-run"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
     Dry run acme:types@1.0.0 would be published at layout:[ROOT]/registry/acme/types
      Digest sha256:[DIGEST]

"#]]);
    assert!(!sandbox.top().has("registry"));
    before.assert_untouched();
}

/// A dry run finds what a run would find.
#[test]
fn a_dry_run_fails_where_a_run_would() {
    let sandbox = with_layout();
    let project = publish(&sandbox, "types", TYPES);
    project.replace("wit/package.wit", "explain: func", "describe: func");
    project.wits(["publish", "--dry-run"]).exits(1).stdout("");
}

#[test]
fn another_registry_may_be_named() {
    let sandbox = with_layout();
    let project = sandbox.project("types");
    project.write("wit/types.wit", TYPES);
    project
        .wits(["publish", "--registry", "layout:../elsewhere"])
        .succeeds();
    assert_eq!(
        Layout::at(sandbox.root().join("elsewhere")).tags("acme/types"),
        ["1.0.0"]
    );
    assert!(!sandbox.top().has("registry"));
}

/// Two publishes of one source, into different registries from different directories.
#[test]
fn the_manifest_is_the_same_bytes_every_time() {
    let mut digests = Vec::new();
    for dir in ["a", "b/c"] {
        let sandbox = with_layout();
        for name in fixtures::PACKAGES {
            let project = sandbox.project(format!("{dir}/{name}"));
            fixtures::copy(name, &project);
            project.wits(["publish"]).succeeds();
        }
        digests.push(
            layout(&sandbox)
                .manifest_digest("demo/cache", "0.1.2")
                .unwrap(),
        );
    }
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn the_digests_are_the_same_on_every_backend() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let store = sandbox.project("packages/store");
    sandbox
        .project("packages/types")
        .wits(["publish", "--registry", &registry.url()])
        .succeeds();
    store
        .wits(["publish", "--registry", &registry.url()])
        .succeeds();
    let here = layout(&sandbox)
        .manifest_digest("acme/store", "1.0.0")
        .unwrap();
    assert_eq!(registry.manifest_digest("acme/store", "1.0.0"), here);
}

/// Whoever sees the tag sees all of it.
#[test]
fn the_tag_comes_last() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let proxy = RecordingProxy::before(registry.address());
    let sandbox = sandbox();
    setting::route(&sandbox, &proxy.url());
    publish(&sandbox, "types", TYPES);
    let requests = proxy.requests();
    let writes: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "PUT")
        .collect();
    let (last, before) = writes.split_last().expect("writes");
    assert_eq!(last.path, "/v2/acme/types/manifests/1.0.0");
    assert!(
        before.iter().all(|request| request.path != last.path),
        "{before:?}"
    );
    assert!(
        before
            .iter()
            .any(|request| request.path.starts_with("/v2/acme/types/manifests/sha256:")),
        "{before:?}"
    );
}

#[test]
fn a_version_in_a_real_registry_is_never_overwritten() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    setting::route(&sandbox, &registry.url());
    let project = publish(&sandbox, "types", TYPES);
    let before = registry.manifest_digest("acme/types", "1.0.0");
    project
        .wits(["publish"])
        .succeeds()
        .stdout(str![])
        .stderr(str![[r#"
       Fresh acme:types@1.0.0 is already published at oci+http://127.0.0.1:[PORT]/acme/types, with this content
      Digest sha256:[DIGEST]
    Manifest sha256:[DIGEST]

"#]]);
    project.replace("wit/package.wit", "explain: func", "describe: func");
    project.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: version `1.0.0` is already published at `oci+http://127.0.0.1:[PORT]/acme/types` with other content: there it is sha256:[DIGEST], here sha256:[DIGEST]
 |
 = help: a published version never changes: publish under a new version

"#]]);
    assert_eq!(registry.manifest_digest("acme/types", "1.0.0"), before);
}

/// Others will get the published package, so what was built against must be that.
#[test]
fn an_override_gives_way_to_what_is_published() {
    let sandbox = with_layout();
    publish(&sandbox, "types", TYPES);
    sandbox
        .project("near")
        .write("wit/types.wit", TYPES.replace("absent,", "absent, gone,"));
    let store = sandbox.project("store");
    store.write("wit/store.wit", STORE);
    store.write(
        "wits.toml",
        "[overrides]\n\"acme:types\" = { path = \"../near/wit\" }\n",
    );
    store.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types@1.0.0` has other WIT here than in its registry `layout:[ROOT]/registry/acme/types`
 |
 = help: publish `acme:types@1.0.0` first, under a new version if it has changed: others get the published one

"#]]);
    assert!(layout(&sandbox).tags("acme/store").is_empty());
}

#[test]
fn an_override_that_is_not_published_is_refused() {
    let sandbox = with_layout();
    sandbox.project("near").write("wit/types.wit", TYPES);
    let store = sandbox.project("store");
    store.write("wit/store.wit", STORE);
    store.write(
        "wits.toml",
        "[overrides]\n\"acme:types\" = { path = \"../near/wit\" }\n",
    );
    store.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types@1.0.0` is used from `../near/wit`, and others cannot have it: `acme:types` is not in its registry `layout:[ROOT]/registry/acme/types`
 --> wit/store.wit:5:9
  |
5 |     use acme:types/errors@1.0.0.{error};
  |         ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: publish `acme:types@1.0.0` first: overrides, workspace members and own entries do not count for those who use what you publish

"#]]);
    assert!(!sandbox.top().has("registry"));
}

#[test]
fn an_own_entry_that_differs_from_what_is_published_is_refused() {
    let sandbox = with_layout();
    publish(&sandbox, "types", TYPES);
    let store = sandbox.project("store");
    store.write("wit/store.wit", STORE);
    store.write(
        "wit/deps/mine/types.wit",
        TYPES.replace("absent,", "absent, gone,"),
    );
    store.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
note: `wit/deps/mine` is yours and answers for `acme:types@1.0.0`; no registry is asked
error: `acme:types@1.0.0` has other WIT here than in its registry `layout:[ROOT]/registry/acme/types`
 |
 = help: publish `acme:types@1.0.0` first, under a new version if it has changed: others get the published one

"#]]);
    assert!(layout(&sandbox).tags("acme/store").is_empty());
}

#[test]
fn a_package_without_a_version_is_refused() {
    let sandbox = with_layout();
    let project = sandbox.project("types");
    project.write("wit/types.wit", TYPES.replace("@1.0.0", ""));
    project
        .wits(["publish"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:types` has no version, and only a version can be published
 --> wit/types.wit:1:9
  |
1 | package acme:types;
  |         ^^^^^^^^^^
  |
  = help: write `package acme:types@0.1.0;`

"#]]);
    assert!(!sandbox.top().has("registry"));
}

/// What is published under a name and a version holds that name and version.
#[test]
fn the_tag_of_another_package_is_seen_as_taken() {
    let sandbox = with_layout();
    let other = built(
        &sandbox,
        "other",
        "package acme:other@1.0.0;\ninterface i { f: func(); }\n",
    );
    layout(&sandbox).push("acme/types", "1.0.0", &Artifact::wasm(other));
    let project = sandbox.project("types");
    project.write("wit/types.wit", TYPES);
    project.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: version `1.0.0` is already published at `layout:[ROOT]/registry/acme/types` with other content: there it is sha256:[DIGEST], here sha256:[DIGEST]
 |
 = help: a published version never changes: publish under a new version

"#]]);
}
