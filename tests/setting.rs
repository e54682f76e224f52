//! What most tests begin with: a sandbox, a registry with something in it, a project that needs it.

use std::path::PathBuf;

use wits_testkit::{Layout, Project, Sandbox, fixtures};

/// A sandbox in which the command under test runs.
pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_wits"))
}

/// A sandbox whose top has a `registry.toml` that routes everything to the layout `registry` in it.
pub(crate) fn with_layout() -> Sandbox {
    let sandbox = sandbox();
    route(&sandbox, "layout:registry");
    sandbox
}

/// Routes the namespaces of the tests to one registry, in a `registry.toml` at the top.
pub(crate) fn route(sandbox: &Sandbox, url: &str) {
    let namespaces = ["demo", "lab", "wasi", "acme"];
    let lines = namespaces
        .map(|namespace| format!("{namespace} = \"{url}\"\n"))
        .concat();
    sandbox
        .top()
        .write("registry.toml", format!("[namespaces]\n{lines}"));
}

/// A directory outside any project, for which the user's own `registry.toml` routes as the top's does.
#[track_caller]
pub(crate) fn anywhere(sandbox: &Sandbox) -> Project<'_> {
    let layout = format!("layout:{}", sandbox.root().join("registry").display());
    let routes = sandbox.top().read("registry.toml");
    sandbox.top().write(
        "home/.config/wits/registry.toml",
        routes.replace("layout:registry", &layout),
    );
    sandbox.project("here")
}

/// The layout registry of [`with_layout`].
pub(crate) fn layout(sandbox: &Sandbox) -> Layout {
    Layout::at(sandbox.root().join("registry"))
}

/// Writes a package of one WIT file into `packages/<dir>` and publishes it.
#[track_caller]
pub(crate) fn publish<'a>(sandbox: &'a Sandbox, dir: &str, wit: &str) -> Project<'a> {
    let project = sandbox.project(format!("packages/{dir}"));
    project.write("wit/package.wit", wit);
    project.wits(["publish"]).succeeds();
    project
}

/// Writes a package of one WIT file into `packages/<dir>` and returns what `build` makes of it.
#[track_caller]
pub(crate) fn built(sandbox: &Sandbox, dir: &str, wit: &str) -> Vec<u8> {
    let project = sandbox.project(format!("packages/{dir}"));
    project.write("wit/package.wit", wit);
    project.wits(["build", "-o", "built.wasm"]).succeeds();
    project.read_bytes("built.wasm")
}

/// Publishes every package of `fixtures/` from a copy in `packages/`.
#[track_caller]
pub(crate) fn publish_fixtures(sandbox: &Sandbox) {
    for name in fixtures::PACKAGES {
        let project = sandbox.project(format!("packages/{name}"));
        fixtures::copy(name, &project);
        project.wits(["publish"]).succeeds();
    }
}

/// The example project of `fixtures/`, in `app`, with what it needs published.
#[track_caller]
pub(crate) fn example(sandbox: &Sandbox) -> Project<'_> {
    publish_fixtures(sandbox);
    let app = sandbox.project("app");
    fixtures::copy("app", &app);
    app
}

/// A project in `app` whose world has these lines.
#[track_caller]
pub(crate) fn app<'a>(sandbox: &'a Sandbox, lines: &str) -> Project<'a> {
    let app = sandbox.project("app");
    app.write("wit/world.wit", world(lines));
    app
}

/// The text of a package `demo:app@0.1.0` whose only world has these lines.
pub(crate) fn world(lines: &str) -> String {
    format!("package demo:app@0.1.0;\n\nworld app {{\n    {lines}\n}}\n")
}

/// Publishes `acme:types@1.0.0`, which needs nothing, and `acme:store@1.0.0`, which uses a type of it.
#[track_caller]
pub(crate) fn publish_pair(sandbox: &Sandbox) {
    publish(sandbox, "types", TYPES);
    publish(sandbox, "store", STORE);
}

/// `acme:types@1.0.0`: two interfaces, of which `acme:store` uses one type.
pub(crate) const TYPES: &str = "\
package acme:types@1.0.0;

/// How things fail.
interface errors {
    /// Why something failed.
    variant error {
        /// It is not there.
        absent,
        /// In words.
        other(string),
    }

    /// Says it in words.
    explain: func(error: error) -> string;
}

/// Not used by anybody.
interface spare {
    tick: func();
}
";

/// `acme:store@1.0.0`, which uses a type of `acme:types@1.0.0`.
pub(crate) const STORE: &str = "\
package acme:store@1.0.0;

/// Values under keys.
interface store {
    use acme:types/errors@1.0.0.{error};

    /// The value under a key.
    get: func(key: string) -> result<string, error>;
}
";

/// The pinned digests of the Wasm of a lock, by table.
pub(crate) fn locked(app: &Project<'_>) -> toml::Table {
    app.read("wits.lock").parse().expect("a lock in TOML")
}

/// The `ns:name@version` of every table of the lock, in order.
pub(crate) fn locked_ids(app: &Project<'_>) -> Vec<String> {
    let lock = locked(app);
    let tables = lock["package"].as_array().expect("packages").iter();
    tables
        .map(|table| format!("{}@{}", text(table, "name"), text(table, "version")))
        .collect()
}

/// A field of the lock's table of `ns:name` (the first, where there are several versions).
#[track_caller]
pub(crate) fn locked_field(app: &Project<'_>, name: &str, field: &str) -> String {
    let lock = locked(app);
    let tables = lock["package"].as_array().expect("packages");
    let table = tables
        .iter()
        .find(|table| text(table, "name") == name)
        .expect("a table");
    text(table, field)
}

fn text(table: &toml::Value, field: &str) -> String {
    table[field].as_str().expect("a string").to_owned()
}

/// Another digest of the same form.
pub(crate) fn other_digest(digest: &str) -> String {
    let (head, last) = digest.split_at(digest.len() - 1);
    format!("{head}{}", if last == "0" { "1" } else { "0" })
}

/// The cache of everything that runs in a sandbox.
pub(crate) fn cache(sandbox: &Sandbox) -> PathBuf {
    sandbox.cache_home().join("wits")
}

/// A project that has fetched the two packages of [`publish_pair`], with nothing else in the cache.
#[track_caller]
pub(crate) fn fetched_pair(sandbox: &Sandbox) -> Project<'_> {
    publish_pair(sandbox);
    let app = app(sandbox, "import acme:store/store@1.0.0;");
    sandbox.top().remove("home/.cache");
    app.wits(["fetch"]).succeeds();
    app
}

/// The cached bytes of a locked package.
#[track_caller]
pub(crate) fn blob(sandbox: &Sandbox, app: &Project<'_>, name: &str) -> PathBuf {
    let digest = locked_field(app, name, "digest");
    let hex = &digest["sha256:".len()..];
    let blobs = cache(sandbox).join("v1/blobs/sha256");
    blobs.join(&hex[..2]).join(hex)
}

/// A helper `docker-credential-NAME` in a directory of its own; `PATH` with it in front.
pub(crate) fn helper(sandbox: &Sandbox, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let top = sandbox.top();
    let file = format!("bin/docker-credential-{name}");
    top.write(&file, format!("#!/bin/sh\n{script}\n"));
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(top.path(&file), permissions).expect("a program");
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", top.path("bin").display())
}
