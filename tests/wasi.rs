//! Real WIT: every WASI release, published package by package and fetched again.

use std::collections::BTreeSet;

use wits_testkit::published::{self, PublishedPackage};
use wits_testkit::{DockerRegistry, Project, Sandbox, peer};

use crate::setting::{self, app, locked_ids, with_layout};

const RELEASES: &[&str] = &["0.2.0", "0.2.3", "0.2.9", "0.2.12", "0.3.2"];

/// `wasi:http` and `wasi:cli` at 0.2.12 and, beside them, `wasi:http` at 0.3.2.
const IMPORTS: &str = "include wasi:http/proxy@0.2.12;\n    include wasi:cli/imports@0.2.12;\n    import wasi:http/types@0.3.2;";

#[track_caller]
fn publish(sandbox: &Sandbox, packages: &[PublishedPackage]) {
    for package in packages {
        let project = sandbox.project(format!("packages/{}", package.dir()));
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
}

fn publish_all_releases(sandbox: &Sandbox) {
    for release in RELEASES {
        publish(sandbox, &published::wasi(release));
    }
}

/// Fetches the app of the two releases and claims what is laid out.
#[track_caller]
fn fetch_two_releases(sandbox: &Sandbox) -> Project<'_> {
    let app = app(sandbox, IMPORTS);
    app.wits(["fetch"]).succeeds();
    app.wits(["verify"]).succeeds();
    let ids = locked_ids(&app);
    for package in published::wasi("0.2.12") {
        assert!(ids.contains(&package.id), "{} in {ids:?}", package.id);
    }
    for name in ["http", "clocks"] {
        assert!(
            ids.contains(&format!("wasi:{name}@0.3.2")),
            "{name} in {ids:?}"
        );
    }
    for id in &ids {
        let dir = id.replace([':', '@'], "-");
        assert!(app.has(format!("wit/deps/{dir}/package.wit")), "{dir}");
    }
    app.wits(["fetch", "--locked"]).succeeds();
    app.wits(["build"]).succeeds();
    app
}

#[test]
fn every_release_goes_through_a_layout() {
    let sandbox = with_layout();
    publish_all_releases(&sandbox);
    let app = fetch_two_releases(&sandbox);
    if let Some(wasm_tools) = peer::find("wasm-tools") {
        app.run(wasm_tools, ["component", "wit", "wit"]).succeeds();
    }
}

#[test]
fn every_release_goes_through_a_real_registry() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    publish_all_releases(&sandbox);
    let mut releases = RELEASES.to_vec();
    releases.sort_unstable();
    assert_eq!(registry.tags("wasi/http"), releases);
    fetch_two_releases(&sandbox);
}

/// One lock from either registry, but for the source.
#[test]
fn the_pins_are_the_same_from_every_registry() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let mut locks = Vec::new();
    for url in ["layout:registry".to_owned(), registry.url()] {
        let sandbox = setting::sandbox();
        setting::route(&sandbox, &url);
        publish(&sandbox, &published::wasi("0.2.12"));
        let app = app(&sandbox, "include wasi:cli/command@0.2.12;");
        app.wits(["fetch"]).succeeds();
        let lock = app.read("wits.lock");
        let lines: Vec<String> = lock
            .lines()
            .filter(|line| !line.starts_with("source"))
            .map(str::to_owned)
            .collect();
        locks.push(lines);
    }
    assert_eq!(locks[0], locks[1]);
}

/// Every release by itself: what is laid out has every doc comment and every gate of the source.
#[test]
fn nothing_of_a_release_is_lost() {
    let sandbox = with_layout();
    for release in RELEASES {
        let packages = published::wasi(release);
        publish(&sandbox, &packages);
        let project = sandbox.project(format!("apps/{release}"));
        let text = format!(
            "package demo:app@0.1.0;\n\nworld app {{\n    include wasi:cli/imports@{release};\n    \
             import wasi:http/types@{release};\n}}\n"
        );
        project.write("wit/world.wit", text);
        project.wits(["fetch"]).succeeds();
        for package in &packages {
            let laid_out = project.read(format!("wit/deps/{}/package.wit", package.dir()));
            let source = package.text();
            let now = documentation(&laid_out);
            let lost: Vec<_> = documentation(&source).difference(&now).copied().collect();
            assert!(lost.is_empty(), "{} has lost {lost:#?}", package.id);
            // The printer writes one `use` for each type, and imports that the source only implies.
            for gate in ["@since(", "@unstable("] {
                let (now, then) = (count(&laid_out, gate), count(&source, gate));
                assert!(now >= then, "{now} of {then} {gate}…) of {}", package.id);
            }
        }
    }
}

/// The lines of documentation, but for those that no binary form has room for: on parameters, and on
/// an `include`, which is expanded.
fn documentation(text: &str) -> BTreeSet<&str> {
    let (mut depth, mut above, mut lines) = (0, Vec::new(), BTreeSet::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("///") {
            above.extend((depth == 0).then_some(line));
        } else {
            let code = line.split("//").next().unwrap_or_default();
            depth += code.matches('(').count();
            depth -= code.matches(')').count();
            if !code.starts_with("include ") {
                lines.extend(&above);
            }
            above.clear();
        }
    }
    lines
}

/// How many lines begin so.
fn count(text: &str, start: &str) -> usize {
    text.lines()
        .filter(|line| line.trim_start().starts_with(start))
        .count()
}

/// A cloud world: parts of several proposals, each its own package, as wasi-cloud-core is put together.
#[test]
fn a_cloud_world_is_put_together() {
    let registry = DockerRegistry::start();
    let real = registry.as_ref().map(DockerRegistry::url);
    for url in real.iter().map(String::as_str).chain(["layout:registry"]) {
        let sandbox = setting::sandbox();
        setting::route(&sandbox, url);
        publish(&sandbox, &published::wasi("0.2.12"));
        publish(&sandbox, &published::wasi("0.3.2"));
        for name in ["wasi-keyvalue", "wasi-config", "wasi-nn", "wasi-tls"] {
            publish(&sandbox, &published::of_crate(name));
        }
        let app = app(
            &sandbox,
            "include wasi:http/proxy@0.2.12;\n    include wasi:keyvalue/imports@0.2.0-draft;\n    \
             include wasi:config/imports@0.2.0-rc.1;\n    include wasi:nn/ml@0.2.0-rc-2024-10-28;\n    \
             include wasi:tls/imports@0.3.0-draft;",
        );
        app.wits(["fetch"]).succeeds();
        let ids = locked_ids(&app);
        for id in [
            "wasi:config@0.2.0-rc.1",
            "wasi:keyvalue@0.2.0-draft",
            "wasi:nn@0.2.0-rc-2024-10-28",
            "wasi:tls@0.3.0-draft",
            "wasi:http@0.2.12",
        ] {
            assert!(ids.iter().any(|known| known == id), "{id} in {ids:?}");
        }
        app.wits(["build"]).succeeds();
        app.wits(["fetch", "--frozen"]).succeeds();
    }
}

/// Everything in the draft is behind a feature: it is had with its gates.
#[test]
fn a_draft_behind_a_feature_keeps_its_gates() {
    let sandbox = with_layout();
    publish(&sandbox, &published::wasi("0.2.12"));
    publish(&sandbox, &published::of_crate("wasi-tls")[..1]);
    let app = app(
        &sandbox,
        "@unstable(feature = tls)\n    include wasi:tls/imports@0.2.0-draft;",
    );
    app.wits(["fetch"]).succeeds();
    let text = app.read("wit/deps/wasi-tls-0.2.0-draft/package.wit");
    assert!(
        text.contains("@unstable(feature = tls)\nworld imports"),
        "{text}"
    );
}
