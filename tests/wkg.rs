//! A user of wkg comes along: what is set up on the machine and in the project is taken as it is, and both
//! tools fetch the same packages.

use std::path::PathBuf;

use snapbox::str;
use wits_testkit::{DockerRegistry, Guard, Outcome, Project, Sandbox, peer};

use crate::setting::{STORE, TYPES, locked, locked_field, locked_ids, sandbox};

/// wkg 0.16.1 in the sandbox: it finds its configuration where it always does.
struct Wkg(PathBuf);

impl Wkg {
    fn find() -> Option<Self> {
        peer::find("wkg").map(Self)
    }

    #[track_caller]
    fn run(&self, project: &Project<'_>, arguments: &[&str]) -> Outcome {
        project.run(&self.0, arguments)
    }

    /// Publishes a package of one WIT file as wkg does.
    #[track_caller]
    fn publish(&self, sandbox: &Sandbox, dir: &str, wit: &str) {
        let project = sandbox.project(format!("packages/{dir}"));
        project.write("wit/package.wit", wit);
        self.run(&project, &["build", "-o", "built.wasm"])
            .succeeds();
        self.run(&project, &["publish", "built.wasm"]).succeeds();
    }
}

const CONFIG: &str = "home/.config/wasm-pkg/config.toml";

/// A world that needs both packages of the tests by name.
const APP: &str = "package demo:app@0.1.0;\n\nworld app {\n    import acme:store/store@1.0.0;\n    \
                   import acme:types/spare@1.0.0;\n}\n";

/// The configuration of a user who has one registry, on loopback, for `namespaces`.
fn configure(sandbox: &Sandbox, address: &str, auth: &str) {
    sandbox.top().write(
        CONFIG,
        format!(
            "default_registry = \"{address}\"\n\n[namespace_registries]\n\
             acme = {{ registry = \"acme.example\", metadata = {{ preferredProtocol = \"oci\", \
             oci = {{ registry = \"{address}\", namespacePrefix = \"team/\" }} }} }}\n\n\
             [registry.\"{address}\".oci]\nprotocol = \"http\"\n{auth}\n\
             [registry.\"acme.example\"]\ntype = \"oci\"\n\
             [registry.\"acme.example\".oci]\nprotocol = \"http\"\n{auth}"
        ),
    );
}

/// What wkg pinned, as `ns:name@version sha256:…` lines.
fn pinned(project: &Project<'_>) -> Vec<String> {
    let lock: toml::Table = project.read("wkg.lock").parse().expect("a wkg.lock");
    let mut lines = Vec::new();
    for package in lock["packages"].as_array().expect("packages") {
        for version in package["versions"].as_array().expect("versions") {
            let text = |value: &toml::Value| value.as_str().expect("a string").to_owned();
            lines.push(format!(
                "{}@{} {}",
                text(&package["name"]),
                text(&version["version"]),
                text(&version["digest"])
            ));
        }
    }
    lines
}

/// The interfaces, functions and types of a text, which wkg and wits lay out in other words.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(": func(") || line.starts_with("interface "))
        .map(str::to_owned)
        .collect();
    items.sort();
    items
}

#[test]
fn both_fetch_the_same_packages_from_one_set_up() {
    let (Some(registry), Some(wkg)) = (DockerRegistry::start(), Wkg::find()) else {
        return;
    };
    let sandbox = sandbox();
    configure(&sandbox, registry.address(), "");
    wkg.publish(&sandbox, "types", TYPES);
    wkg.publish(&sandbox, "store", STORE);
    assert_eq!(registry.tags("team/acme/types"), ["1.0.0"]);

    let by_wkg = sandbox.project("by-wkg");
    by_wkg.write("wit/world.wit", APP);
    wkg.run(&by_wkg, &["fetch"]).succeeds();
    let by_wits = sandbox.project("by-wits");
    by_wits.write("wit/world.wit", APP);
    by_wits.wits(["fetch"]).succeeds().stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);

    let digests: Vec<String> = locked(&by_wits)["package"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().expect("a string");
            format!("{}@{} {}", text("name"), text("version"), text("digest"))
        })
        .collect();
    assert_eq!(digests, pinned(&by_wkg));
    for package in ["acme-store-1.0.0", "acme-types-1.0.0"] {
        let file = format!("wit/deps/{package}/package.wit");
        assert_eq!(
            items(&by_wits.read(&file)),
            items(&by_wkg.read(&file)),
            "{package}"
        );
    }
    // Each builds what the other laid out.
    by_wkg.wits(["build", "-o", "a.wasm"]).succeeds();
    wkg.run(&by_wits, &["build", "-o", "a.wasm"]).succeeds();
}

#[test]
fn a_project_of_wkg_is_taken_over_as_it_stands() {
    let (Some(registry), Some(wkg)) = (DockerRegistry::start(), Wkg::find()) else {
        return;
    };
    let sandbox = sandbox();
    configure(&sandbox, registry.address(), "");
    wkg.publish(&sandbox, "types", TYPES);
    wkg.publish(&sandbox, "store", STORE);
    let app = sandbox.project("app");
    app.write("wit/world.wit", APP);
    app.write(
        "wkg.toml",
        "[metadata]\nauthor = \"Ann\"\ndescription = \"An app.\"\nlicenses = \"Apache-2.0\"\n",
    );
    wkg.run(&app, &["fetch"]).succeeds();
    let pins = pinned(&app);
    app.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&app), ["acme:store@1.0.0", "acme:types@1.0.0"]);
    let digest = locked_field(&app, "acme:store", "digest");
    assert_eq!(pins[0], format!("acme:store@1.0.0 {digest}"));
    // The tree that wkg wrote is wits' own now.
    app.wits(["fetch", "--frozen"]).succeeds();
    app.wits(["build", "-o", "app.wasm"]).succeeds();
    let wasm = String::from_utf8_lossy(&app.read_bytes("app.wasm")).into_owned();
    assert!(wasm.contains("Apache-2.0") && wasm.contains("An app."));
    // And what wits publishes, wkg gets, by the same configuration.
    app.wits(["publish"]).succeeds();
    wkg.run(&app, &["get", "demo:app@0.1.0", "-o", "./got.wasm"])
        .succeeds();
    assert_eq!(app.read_bytes("got.wasm"), app.read_bytes("app.wasm"));
}

/// wkg never held anybody to its lock; wits does, and says how to drop a pin.
#[test]
fn a_pin_of_wkg_is_held_to() {
    let (Some(registry), Some(wkg)) = (DockerRegistry::start(), Wkg::find()) else {
        return;
    };
    let sandbox = sandbox();
    configure(&sandbox, registry.address(), "");
    wkg.publish(&sandbox, "types", TYPES);
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        APP.replace("import acme:store/store@1.0.0;", ""),
    );
    wkg.run(&app, &["fetch"]).succeeds();
    wkg.publish(&sandbox, "types-two", &TYPES.replace("@1.0.0;", "@2.0.0;"));
    registry.move_tag("team/acme/types", "1.0.0", "2.0.0");
    let outcome = app.wits(["fetch"]);
    outcome.exits(3).stdout("").stderr(str![[r#"
error: wkg.lock pins `acme:types@1.0.0` to sha256:[DIGEST], and `oci+http://127.0.0.1:[PORT]/team/acme/types` serves sha256:[DIGEST]
  --> wkg.lock:12:10
   |
12 | digest = "sha256:[DIGEST]"
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: wkg never held anybody to its pins, so this one may be old: to drop it, remove the entry of `acme:types` from wkg.lock
   = help: if it is right, do not use what the registry serves, and ask who published it

"#]]);
    assert!(!app.has("wits.lock"));
    // Without the pin it is found out too, since what came is another package.
    app.write("wkg.lock", "version = 1\npackages = []\n");
    app.wits(["fetch"]).exits(3).says("is `acme:types@2.0.0`");
}

/// The credentials of wkg's configuration, in both forms, and of its variable.
#[test]
fn the_credentials_of_wkg_are_taken() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let door = registry.door(Guard {
        password: Some(("me", "canary")),
        ..Guard::default()
    });
    let sandbox = sandbox();
    for auth in [
        "auth = { username = \"me\", password = \"canary\" }\n",
        "auth = \"bWU6Y2FuYXJ5\"\n",
    ] {
        configure(&sandbox, door.address(), auth);
        let types = sandbox.project("types");
        types.write("wit/package.wit", TYPES);
        types
            .wits(["publish", "-v"])
            .succeeds()
            .never_says("canary");
        let app = sandbox.project("app");
        app.write(
            "wit/world.wit",
            APP.replace("import acme:store/store@1.0.0;", ""),
        );
        app.wits(["fetch", "-v"]).succeeds().never_says("canary");
        app.remove("wits.lock").remove("wit/deps");
        sandbox.top().remove("home/.cache");
    }
    let app = sandbox.project("app");
    let moved = sandbox.top().path("elsewhere.toml").display().to_string();
    sandbox
        .top()
        .write("elsewhere.toml", sandbox.top().read(CONFIG));
    configure(&sandbox, door.address(), "");
    app.wits(["fetch"]).exits(1);
    app.wits_with(&[("WKG_CONFIG_FILE", &moved)], ["fetch"])
        .succeeds();
}

/// A workspace of wkg names directories of WIT, in which wits finds its projects.
#[test]
fn a_workspace_of_wkg_is_one() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = sandbox();
    configure(&sandbox, registry.address(), "");
    let top = sandbox.project("all");
    top.write(
        "wkg.toml",
        "[workspace]\nmembers = [\"types/wit\", \"pkg/*\"]\n",
    );
    top.write("types/wit/package.wit", TYPES);
    top.write("pkg/store/package.wit", STORE);
    top.wits(["fetch"]).succeeds();
    assert_eq!(locked_ids(&top), ["acme:types@1.0.0"]);
    assert!(top.has("pkg/store/deps/acme-types-1.0.0/package.wit"));
    for (dir, package) in [("types", "acme/types"), ("pkg/store", "acme/store")] {
        sandbox
            .project(format!("all/{dir}"))
            .wits(["publish"])
            .succeeds();
        assert_eq!(registry.tags(&format!("team/{package}")), ["1.0.0"]);
    }
}
