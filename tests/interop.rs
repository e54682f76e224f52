//! Other people's tools read what wits publishes, and wits reads what they publish.

use std::path::PathBuf;

use wits_testkit::{DockerRegistry, Outcome, Project, Sandbox, peer};

use crate::setting::{
    self, STORE, TYPES, app, layout, locked_ids, publish, publish_fixtures, publish_pair, sandbox,
    with_layout,
};

/// wkg with a configuration that sends the namespaces of the tests to a registry on loopback.
pub(crate) struct Wkg {
    program: PathBuf,
    config: PathBuf,
}

impl Wkg {
    pub(crate) fn with(sandbox: &Sandbox, registry: &DockerRegistry) -> Option<Self> {
        let program = peer::find("wkg")?;
        let address = registry.address();
        let top = sandbox.top();
        let namespaces = ["acme", "demo", "lab", "wasi"].map(|namespace| {
            format!(
                "{namespace} = {{ registry = \"{address}\", metadata = {{ preferredProtocol = \"oci\", \
                 oci = {{ registry = \"{address}\", namespacePrefix = \"\" }} }} }}\n"
            )
        });
        let config = format!(
            "[registry.\"{address}\"]\ntype = \"oci\"\n\n[registry.\"{address}\".oci]\n\
             protocol = \"http\"\n\n[namespace_registries]\n{}",
            namespaces.concat()
        );
        top.write("wkg/config.toml", config);
        Some(Self {
            program,
            config: top.path("wkg/config.toml"),
        })
    }

    #[track_caller]
    pub(crate) fn run(&self, project: &Project<'_>, arguments: &[&str]) -> Outcome {
        let config = self.config.to_str().expect("a path in UTF-8");
        let (command, rest) = arguments.split_first().expect("a command");
        let words: Vec<&str> = [*command, "--config", config]
            .into_iter()
            .chain(rest.iter().copied())
            .collect();
        project.run(&self.program, words)
    }
}

#[test]
fn wkg_gets_what_wits_publishes() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let Some(wkg) = Wkg::with(&sandbox, &registry) else {
        return;
    };
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let dir = sandbox.project("here");
    wkg.run(
        &dir,
        &[
            "get",
            "acme:store@1.0.0",
            "--format",
            "wit",
            "-o",
            "./store.wit",
        ],
    )
    .succeeds();
    let text = dir.read("store.wit");
    assert!(text.contains("package acme:store@1.0.0;"), "{text}");
    assert!(text.contains("/// The value under a key."), "{text}");
}

#[test]
fn wkg_fetches_what_wits_publishes() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let Some(wkg) = Wkg::with(&sandbox, &registry) else {
        return;
    };
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    wkg.run(&app, &["fetch"]).succeeds();
    assert!(app.has("wit/deps/acme-store-1.0.0/package.wit"));
    // What wkg wrote (a tree with stubs, and its lock) is taken over.
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["acme:store@1.0.0", "acme:types@1.0.0"]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("interface spare")
    );
}

#[test]
fn wits_reads_what_wkg_publishes() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    let Some(wkg) = Wkg::with(&sandbox, &registry) else {
        return;
    };
    setting::route(&sandbox, &registry.url());
    for (dir, text) in [("types", TYPES), ("store", STORE)] {
        let project = sandbox.project(dir);
        project.write("wit/package.wit", text);
        wkg.run(&project, &["fetch"]).succeeds();
        wkg.run(&project, &["build", "-o", "built.wasm"]).succeeds();
        wkg.run(&project, &["publish", "built.wasm"]).succeeds();
    }
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["acme:store@1.0.0", "acme:types@1.0.0"]);
    assert!(
        app.read("wit/deps/acme-types-1.0.0/package.wit")
            .contains("/// Why something failed.")
    );
    app.wits(["build"]).succeeds();
}

#[test]
fn wasm_tools_reads_what_wits_builds() {
    let Some(wasm_tools) = peer::find("wasm-tools") else {
        return;
    };
    let sandbox = with_layout();
    let app = setting::example(&sandbox);
    app.wits(["build", "-o", "app.wasm"]).succeeds();
    let text = app.run(&wasm_tools, ["component", "wit", "app.wasm"]);
    assert!(
        text.succeeds().text().contains("package demo:app@0.1.0;"),
        "{text}"
    );
    assert!(
        text.text().contains("/// Greets everybody who signed."),
        "{text}"
    );
    app.run(&wasm_tools, ["validate", "--features", "all", "app.wasm"])
        .succeeds();
}

/// The tree is where every WIT tool looks for it.
#[test]
fn wasm_tools_builds_from_the_tree_that_wits_lays_out() {
    let Some(wasm_tools) = peer::find("wasm-tools") else {
        return;
    };
    let sandbox = with_layout();
    let app = setting::example(&sandbox);
    app.wits(["fetch"]).succeeds();
    app.run(
        &wasm_tools,
        ["component", "wit", "--wasm", "wit", "-o", "app.wasm"],
    )
    .succeeds();
    let all = app.run(&wasm_tools, ["component", "wit", "--all-features", "wit"]);
    assert!(
        all.succeeds().text().contains("package demo:app@0.1.0;"),
        "{all}"
    );
}

#[test]
fn skopeo_reads_a_real_registry_that_wits_filled() {
    let (Some(registry), Some(skopeo)) = (DockerRegistry::start(), peer::find("skopeo")) else {
        return;
    };
    let sandbox = sandbox();
    setting::route(&sandbox, &registry.url());
    publish(&sandbox, "types", TYPES);
    let top = sandbox.top();
    let image = format!("docker://{}/acme/types:1.0.0", registry.address());
    let raw = top.run(&skopeo, ["inspect", "--raw", "--tls-verify=false", &image]);
    let manifest: serde_json::Value = serde_json::from_str(raw.succeeds().text()).unwrap();
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
}

/// The embedded registry is a tree of image layouts, so the air gap is crossed with any OCI tool.
#[test]
fn skopeo_carries_packages_from_a_layout_into_a_registry() {
    let (Some(registry), Some(skopeo)) = (DockerRegistry::start(), peer::find("skopeo")) else {
        return;
    };
    let sandbox = with_layout();
    publish_fixtures(&sandbox);
    let top = sandbox.top();
    let policy = top.path("policy.json");
    top.write(
        "policy.json",
        r#"{"default":[{"type":"insecureAcceptAnything"}]}"#,
    );
    for (repository, tag) in [("demo/store", "0.3.0"), ("demo/types", "1.0.0")] {
        let from = format!("oci:{}:{tag}", layout(&sandbox).dir(repository).display());
        let to = format!("docker://{}/{repository}:{tag}", registry.address());
        let policy = policy.to_str().expect("a path in UTF-8");
        top.run(
            &skopeo,
            [
                "--policy",
                policy,
                "copy",
                "--dest-tls-verify=false",
                &from,
                &to,
            ],
        )
        .succeeds();
        let here = layout(&sandbox).manifest_digest(repository, tag).unwrap();
        assert_eq!(registry.manifest_digest(repository, tag), here);
    }
    setting::route(&sandbox, &registry.url());
    let app = app(&sandbox, "import demo:store/buckets@0.3.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["demo:store@0.3.0", "demo:types@1.0.0"]);
}

/// The other way: a layout that another tool wrote is a registry.
#[test]
fn a_layout_that_skopeo_wrote_is_a_registry() {
    let (Some(registry), Some(skopeo)) = (DockerRegistry::start(), peer::find("skopeo")) else {
        return;
    };
    let sandbox = sandbox();
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let top = sandbox.top();
    top.write(
        "policy.json",
        r#"{"default":[{"type":"insecureAcceptAnything"}]}"#,
    );
    let policy = top.path("policy.json").display().to_string();
    for repository in ["acme/store", "acme/types"] {
        let dir = sandbox.project(format!("carried/{repository}"));
        let from = format!("docker://{}/{repository}:1.0.0", registry.address());
        let to = format!("oci:{}:1.0.0", dir.dir().display());
        top.run(
            &skopeo,
            [
                "--policy",
                &policy,
                "copy",
                "--src-tls-verify=false",
                &from,
                &to,
            ],
        )
        .succeeds();
    }
    setting::route(&sandbox, "layout:carried");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["acme:store@1.0.0", "acme:types@1.0.0"]);
}
