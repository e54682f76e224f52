//! What a build script does, in the environment that cargo gives it: what it may do, what it tells cargo, and
//! what it leaves alone. `tests/consumers.rs` of the repository has cargo itself do the same.
#![cfg(feature = "network")]
// Throw-away files, and a failed claim is a panic.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wits::ops::publish::Subject;
use wits::{Context, Workspace, blocking};
use wits_testkit::{DockerRegistry, Project, Sandbox};

const LOG: &str = "package acme:log@1.0.0;\n\ninterface log { line: func(text: string); }\n";
const APP: &str = "package demo:app@0.1.0;\n\nworld app { import acme:log/log@1.0.0; }\n";

/// A project `app` that needs `acme:log`, which is in a registry.
fn setting(registry: &str) -> Sandbox {
    // No command is run here.
    let sandbox = Sandbox::new("/nonexistent");
    let top = sandbox.top();
    top.write(
        "registry.toml",
        format!("[namespaces]\nacme = \"{registry}\"\n"),
    );
    top.write("log/wit/log.wit", LOG)
        .write("app/wit/app.wit", APP);
    let log = workspace(&sandbox, "log");
    blocking::publish(&context(&sandbox), Subject::Project(&log), false).unwrap();
    sandbox
}

fn context(sandbox: &Sandbox) -> Context {
    Context::new(sandbox.cache_home().join("wits"))
}

fn workspace(sandbox: &Sandbox, name: &str) -> Workspace {
    Workspace::find(&context(sandbox), &sandbox.root().join(name), None).unwrap()
}

fn lock(sandbox: &Sandbox) {
    blocking::lock(&context(sandbox), &workspace(sandbox, "app")).unwrap();
}

/// Runs an example as cargo runs a build script.
fn script(sandbox: &Sandbox, example: &str, variables: &[(&str, &str)]) -> Output {
    let test = std::env::current_exe().unwrap();
    let program = test
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(example);
    assert!(
        program.is_file(),
        "`cargo build --examples` makes {}",
        program.display()
    );
    let out: PathBuf = sandbox.root().join("target/build/app-0123/out");
    std::fs::create_dir_all(&out).unwrap();
    let mut command: Command = sandbox.command(program, "app");
    command
        .env("CARGO_MANIFEST_DIR", sandbox.root().join("app"))
        .env("OUT_DIR", out)
        .envs(variables.iter().copied());
    command.output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn fails(output: &Output, with: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for text in with {
        assert!(told.contains(text), "no `{text}` in:\n{told}");
    }
    assert!(output.stdout.is_empty(), "cargo would show it");
}

fn log_text(app: &Project<'_>) -> bool {
    app.has("wit/deps/acme-log-1.0.0/package.wit")
}

#[test]
fn the_network_is_used_only_where_somebody_allows_it() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting(&registry.url());
    lock(&sandbox);
    let app = sandbox.project("app");
    let forget = || {
        sandbox.top().remove("home/.cache/wits");
        if app.has("wit/deps") {
            app.remove("wit/deps");
        }
    };
    forget();
    let lock = app.read("wits.lock");
    let allow = ("WITS_BUILD_NETWORK", "1");
    let run = |variables: &[(&str, &str)]| script(&sandbox, "build-script", variables);
    let message = "`acme:log@1.0.0` is not in the cache, and wits is offline";
    fails(
        &run(&[]),
        &[
            message,
            "app.wit:3:20",
            "unless `WITS_BUILD_NETWORK=1` is set",
        ],
    );
    for forbidden in ["CARGO_NET_OFFLINE", "WITS_OFFLINE", "WITS_FROZEN"] {
        fails(
            &run(&[allow, (forbidden, "true")]),
            &[message, "forbids the network"],
        );
    }
    assert!(!log_text(&app));
    succeeds(&run(&[allow, ("CARGO_NET_OFFLINE", "false")]));
    assert!(log_text(&app));

    // The other script allows it itself, and the user has the last word.
    forget();
    let run = |variables: &[(&str, &str)]| script(&sandbox, "build-script-out-dir", variables);
    fails(&run(&[("WITS_BUILD_NETWORK", "0")]), &[message]);
    let told = succeeds(&run(&[]));
    let out = sandbox.root().join("target/build/app-0123/out/wit");
    assert!(
        told.contains(&format!("cargo::metadata=wit={}\n", out.display())),
        "{told}"
    );
    assert!(out.join("deps/acme-log-1.0.0/package.wit").is_file());
    assert!(!app.has("wit/deps"), "the sources are not written");
    assert_eq!(app.read("wits.lock"), lock);
}

/// Not one path more, and not one less.
#[test]
fn cargo_is_told_what_decides_the_result() {
    let sandbox = setting("layout:registry");
    let app = sandbox.project("app");
    app.write(
        "wits.toml",
        "[overrides]\n\"acme:time\" = { path = \"../time\" }\n",
    );
    sandbox.top().write(
        "time/time.wit",
        "package acme:time@1.0.0;\n\ninterface time {}\n",
    );
    app.write(
        "wit/app.wit",
        APP.replace("{ import", "{ import acme:time/time@1.0.0; import"),
    );
    lock(&sandbox);
    let told = succeeds(&script(&sandbox, "build-script", &[]));
    let watched: Vec<String> = told
        .lines()
        .map(|line| line.replace(&sandbox.root().display().to_string(), ""))
        .collect();
    assert_eq!(
        watched,
        [
            "cargo::rerun-if-changed=/app/wit",
            "cargo::rerun-if-changed=/app/wits.lock",
            "cargo::rerun-if-changed=/app/wits.toml",
            "cargo::rerun-if-changed=/registry.toml",
            "cargo::rerun-if-changed=/time",
            "cargo::rerun-if-env-changed=WITS_CONFIG",
        ]
    );
    // The same again says the same and writes nothing.
    let laid_out = wits_testkit::Tree::of(app.path("wit"));
    assert_eq!(succeeds(&script(&sandbox, "build-script", &[])), told);
    laid_out.assert_untouched();
}

/// Below it is all else of the crate, the build included.
#[test]
fn wit_at_the_top_of_the_crate_is_watched_file_by_file() {
    let sandbox = setting("layout:registry");
    let app = sandbox.project("app");
    app.remove("wit");
    app.write("wits.toml", "wit = \".\"\n")
        .write("app.wit", APP)
        .write("src/lib.rs", "");
    lock(&sandbox);
    let told = succeeds(&script(&sandbox, "build-script", &[]));
    let watched: Vec<String> = told
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="))
        .map(|path| {
            path.replace(&sandbox.root().display().to_string(), "")
                .replace("/./", "/")
        })
        .collect();
    assert_eq!(
        watched,
        [
            "/app/app.wit",
            "/app/deps",
            "/app/wits.lock",
            "/app/wits.toml",
            "/registry.toml"
        ]
    );
}

/// A warning is for whoever builds; cargo takes it as one line.
#[test]
fn a_warning_is_one_of_cargo() {
    let sandbox = setting("layout:registry");
    lock(&sandbox);
    let app = sandbox.project("app");
    succeeds(&script(&sandbox, "build-script", &[]));
    let text = app.read("wit/deps/acme-log-1.0.0/package.wit");
    app.write(
        "wit/deps/acme-log-1.0.0/package.wit",
        format!("{text}\n// edited\n"),
    );
    let told = succeeds(&script(&sandbox, "build-script", &[]));
    let warning = told
        .lines()
        .find(|line| line.starts_with("cargo::warning="));
    assert!(
        warning.is_some_and(|line| line.contains("acme-log-1.0.0")),
        "{told}"
    );
    assert_eq!(app.read("wit/deps/acme-log-1.0.0/package.wit"), text);
}

#[test]
fn what_was_laid_out_in_place_is_as_old_as_the_run() {
    let sandbox = setting("layout:registry");
    lock(&sandbox);
    let app = sandbox.project("app");
    // Cargo writes this right before it starts the script.
    let moment = "target/build/app-0123/invoked.timestamp";
    sandbox.top().write(moment, "");
    std::thread::sleep(std::time::Duration::from_millis(20));
    succeeds(&script(&sandbox, "build-script", &[]));
    let date = |path: &Path| path.metadata().unwrap().modified().unwrap();
    let moment = date(&sandbox.root().join(moment));
    for laid_out in [
        "wit",
        "wit/deps",
        "wit/deps/.wits.json",
        "wit/deps/acme-log-1.0.0/package.wit",
    ] {
        assert!(date(&app.path(laid_out)) <= moment, "{laid_out}");
    }
}
