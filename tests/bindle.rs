//! Bindle servers as users meet them: keys, publishing, fetching, yanking, against the real server.

use snapbox::str;
use wits_testkit::published::{self, PublishedPackage};
use wits_testkit::{BindleServer, BindleStorage, DockerRegistry, Project, Sandbox, Tree};

use crate::setting::{self, STORE, TYPES, app, locked_field, locked_ids, publish, publish_pair};

const KEYRING: &str = "home/.config/bindle/keyring.toml";
const SECRETS: &str = "home/.config/bindle/secret_keys.toml";

/// A sandbox whose user has a key, and a server that knows it and serves the namespaces of the tests.
#[track_caller]
fn with_server(storage: BindleStorage) -> Option<(Sandbox, BindleServer)> {
    let sandbox = setting::sandbox();
    let server = server(&sandbox, storage)?;
    setting::route(&sandbox, &server.url());
    Some((sandbox, server))
}

#[track_caller]
fn server(sandbox: &Sandbox, storage: BindleStorage) -> Option<BindleServer> {
    let top = sandbox.top();
    if !top.has(KEYRING) {
        top.wits(["bindle", "keygen", "me <me@example.com>"])
            .succeeds();
    }
    BindleServer::start(storage, &top.path(KEYRING))
}

fn publish_all(sandbox: &Sandbox, packages: &[PublishedPackage]) {
    for package in packages {
        let project = sandbox.project(format!("packages/{}", package.dir()));
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
}

/// The lock without what tells a backend from another.
fn pins(app: &Project<'_>) -> Vec<String> {
    let lock = app.read("wits.lock");
    let lines = lock.lines().filter(|line| {
        !["source =", "manifest ="]
            .iter()
            .any(|start| line.starts_with(start))
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn a_key_is_made_where_bindle_looks_for_it() {
    let sandbox = setting::sandbox();
    let top = sandbox.top();
    let made = top.wits(["bindle", "keygen", "me <me@example.com>"]);
    made.succeeds()
        .stdout(str![[r#"
version = "1.0"

[[key]]
label = "me <me@example.com>"
roles = ["creator"]
key = "[..]"
labelSignature = "[..]"

"#]])
        .stderr(str![[r#"
        Made the key `[..]`
      Secret in [ROOT]/home/.config/bindle/secret_keys.toml; give it to nobody
      Public in [ROOT]/home/.config/bindle/keyring.toml; whoever shall know you adds this to theirs:

"#]]);
    assert_eq!(top.read(KEYRING), made.text());
    let secret = top.read(SECRETS);
    let (_, pair) = secret.split_once("keypair = \"").expect("a key pair");
    let (pair, _) = pair.split_once('"').expect("a key pair");
    made.never_says(pair);

    // A second one is added, and the ring of the environment is the one that counts.
    let ring = top.path("ring.toml").display().to_string();
    let environment = [("BINDLE_KEYRING", ring.as_str())];
    let made = top.wits_with(
        &environment,
        ["--format", "json", "bindle", "keygen", "you"],
    );
    let json: serde_json::Value = serde_json::from_str(made.succeeds().text()).unwrap();
    assert_eq!(json["keyring"], ring.as_str());
    assert!(
        top.read("ring.toml")
            .contains(json["key"].as_str().unwrap())
    );
    assert!(top.read(SECRETS).starts_with(&secret));
    assert_eq!(top.read(SECRETS).matches("[[key]]").count(), 2);
}

#[test]
fn a_package_is_published_signed_with_its_sources_beside_it() {
    let Some((sandbox, server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    let project = sandbox.project("packages/types");
    project
        .write("wit/package.wit", TYPES)
        .write("README.md", "# types\n")
        .write("LICENSE", "do as you like\n")
        .write("wits.toml", "[package]\ndescription = \"types\"\n");
    let published = project.wits(["publish"]);
    published.succeeds().stderr(str![[r#"
   Published acme:types@1.0.0 at bindle+http://127.0.0.1:[PORT]/v1/acme/types
      Digest sha256:[DIGEST]

"#]]);
    let invoice: toml::Table = server.invoice("acme/types/1.0.0").parse().unwrap();
    let parcels = invoice["parcel"].as_array().unwrap();
    let names: Vec<_> = parcels
        .iter()
        .map(|parcel| parcel["label"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["types.wasm", "LICENSE", "README.md", "wit/package.wit"]
    );
    let wit = &parcels[0]["label"]["feature"]["wit"];
    assert_eq!(wit["package"].as_str(), Some("acme:types@1.0.0"));
    let signed = invoice["signature"].as_array().unwrap();
    assert_eq!(signed[0]["by"].as_str(), Some("me <me@example.com>"));
    assert_eq!(signed[0]["role"].as_str(), Some("creator"));
    assert_eq!(signed[1]["role"].as_str(), Some("host"));

    project.wits(["publish"]).succeeds().stderr(str![[r#"
       Fresh acme:types@1.0.0 is already published at bindle+http://127.0.0.1:[PORT]/v1/acme/types, with this content
      Digest sha256:[DIGEST]

"#]]);
    project.write("README.md", "# other\n");
    project.wits(["publish"]).exits(1).says("README.md");
    project.write("wit/package.wit", TYPES.replace("tick:", "tock:"));
    project
        .wits(["publish"])
        .exits(1)
        .says("is already published");
    project.wits(["publish", "--dry-run"]).exits(1);
}

#[test]
fn publishing_takes_a_key() {
    let Some((sandbox, _server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    sandbox.top().remove(SECRETS);
    let project = sandbox.project("packages/types");
    project.write("wit/package.wit", TYPES);
    project.wits(["publish"]).exits(1).stderr(str![[r#"
error: publishing and yanking at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` take a signature, and there is no key to sign with as creator
 |
 = help: `wits bindle keygen` makes one in `[ROOT]/home/.config/bindle/secret_keys.toml`; the server takes what is signed with it once its public half is in the server's keyring

"#]]);
}

/// Everything of WASI 0.2.12, with either storage.
#[test]
fn a_release_goes_through_a_bindle_server() {
    for storage in [BindleStorage::Embedded, BindleStorage::Files] {
        let Some((sandbox, server)) = with_server(storage) else {
            return;
        };
        let release = published::wasi("0.2.12");
        publish_all(&sandbox, &release);
        let app = app(
            &sandbox,
            "include wasi:http/proxy@0.2.12;\n    include wasi:cli/imports@0.2.12;",
        );
        app.wits(["fetch"]).succeeds();
        let ids = locked_ids(&app);
        for package in &release {
            assert!(ids.contains(&package.id), "{} in {ids:?}", package.id);
        }
        assert_eq!(
            locked_field(&app, "wasi:http", "source"),
            format!("{}/wasi/http", server.url())
        );
        app.wits(["fetch", "--locked"]).succeeds();
        app.wits(["fetch", "--frozen"]).succeeds();
        app.wits(["build"]).succeeds();
        let listed = sandbox.project("elsewhere");
        listed.wits(["get", "wasi:io"]).succeeds();
        assert_eq!(listed.list(""), ["wasi-io-0.2.12.wit"]);
    }
}

#[test]
fn the_tree_and_the_pins_are_the_same_from_every_backend() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let mut seen = Vec::new();
    for backend in ["layout", "oci", "bindle"] {
        let sandbox = setting::sandbox();
        let Some(server) = server(&sandbox, BindleStorage::Embedded) else {
            return;
        };
        let url = match backend {
            "layout" => "layout:registry".to_owned(),
            "oci" => registry.url(),
            _ => server.url(),
        };
        setting::route(&sandbox, &url);
        publish_all(&sandbox, &published::wasi("0.2.12"));
        let app = app(
            &sandbox,
            "include wasi:http/proxy@0.2.12;\n    include wasi:cli/command@0.2.12;",
        );
        app.wits(["fetch"]).succeeds();
        let paths: Vec<String> = Tree::of(app.path("wit/deps")).paths();
        let texts: Vec<_> = paths
            .iter()
            .filter(|path| path.ends_with("package.wit"))
            .map(|path| app.read_bytes(format!("wit/deps/{path}")))
            .collect();
        seen.push((paths, pins(&app), texts));
    }
    assert_eq!(seen[0], seen[1], "layout and OCI");
    assert_eq!(seen[0], seen[2], "layout and Bindle");
}

/// One closure from an OCI registry, a layout and a Bindle server; then all of it from Bindle alone,
/// which changes no pin.
#[test]
fn backends_mix_in_one_closure() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let Some((sandbox, server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    let layout = "layout:registry";
    let routes = format!(
        "[namespaces]\nwasi = \"{}\"\n\n[packages]\n\"wasi:io\" = \"{oci}\"\n\"wasi:cli\" = \"{oci}\"\n\
         \"wasi:random\" = \"{layout}\"\n\"wasi:filesystem\" = \"{layout}\"\n",
        server.url(),
        oci = registry.url(),
    );
    sandbox.top().write("registry.toml", routes);
    let release = published::wasi("0.2.12");
    publish_all(&sandbox, &release);
    let app = app(
        &sandbox,
        "include wasi:http/proxy@0.2.12;\n    include wasi:cli/imports@0.2.12;",
    );
    app.wits(["fetch"]).succeeds();
    for (name, scheme) in [
        ("wasi:http", "bindle+http:"),
        ("wasi:io", "oci+http:"),
        ("wasi:random", "layout:"),
    ] {
        let source = locked_field(&app, name, "source");
        assert!(source.starts_with(scheme), "{name} from {source}");
    }
    let mixed = pins(&app);
    let tree = Tree::except(".wits.json", app.path("wit/deps"));

    setting::route(&sandbox, &server.url());
    publish_all(&sandbox, &release);
    app.remove("wits.lock");
    app.wits(["fetch"]).succeeds();
    assert_eq!(pins(&app), mixed);
    tree.assert_same_bytes();
}

#[test]
fn a_yanked_version_is_for_those_who_have_locked_it() {
    for storage in [BindleStorage::Embedded, BindleStorage::Files] {
        let Some((sandbox, _server)) = with_server(storage) else {
            return;
        };
        publish_pair(&sandbox);
        let lines = "import acme:store/store@1.0.0;";
        let locked = app(&sandbox, lines);
        locked.wits(["fetch"]).succeeds();
        let tree = Tree::of(locked.path("wit/deps"));

        let elsewhere = sandbox.project("elsewhere");
        let yank = ["yank", "acme:types@1.0.0"];
        elsewhere.wits(yank).succeeds().stderr(str![[r#"
      Yanked acme:types@1.0.0 at bindle+http://127.0.0.1:[PORT]/v1/acme/types

"#]]);
        elsewhere.wits(yank).succeeds().says("was yanked before");

        sandbox.top().remove("home/.cache/wits");
        locked.remove("wit/deps");
        let fetched = locked.wits(["fetch", "--locked"]);
        fetched.succeeds().says(
            "warning: version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` was yanked",
        );
        assert_eq!(fetched.talk().matches("was yanked").count(), 1);
        tree.assert_same_bytes();

        sandbox.top().remove("home/.cache/wits");
        let new = sandbox.project("new");
        new.write("wit/world.wit", setting::world(lines));
        new.wits(["fetch"])
            .exits(1)
            .says("version `1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/types` was yanked")
            .says("use another version");
        assert!(!new.has("wits.lock") && !new.has("wit/deps"));
        elsewhere.wits(["yank", "acme:types@3.0.0"]).exits(1);
    }
}

#[test]
fn other_registries_cannot_yank() {
    let sandbox = setting::with_layout();
    publish(&sandbox, "types", TYPES);
    let top = sandbox.top();
    top.wits(["yank", "acme:types@1.0.0"])
        .exits(1)
        .stderr(str![[r#"
error: `layout:[ROOT]/registry/acme/types`: version `1.0.0` cannot be yanked here: only a Bindle server can do that

"#]]);
    top.wits(["yank", "acme:types"]).exits(2);
}

#[test]
fn a_key_that_nobody_knows_is_told_with_role_and_invoice() {
    let Some((sandbox, server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    publish_pair(&sandbox);
    let known = sandbox.top().read(KEYRING);
    sandbox.top().remove(KEYRING);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stderr(str![[r#"
error: the invoice `acme/store/1.0.0` at `bindle+http://127.0.0.1:[PORT]/v1/acme/store` cannot be trusted: the key `[..]` of `me <me@example.com>`, which signed it as creator, is not in your keyring for that role
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: if it is the key of somebody whom you trust with this package (ask them), add it to `[ROOT]/home/.config/bindle/keyring.toml`:
              [[key]]
              label = "me <me@example.com>"
              roles = ["creator"]
              key = "[..]"

"#]]);
    before.assert_untouched();

    sandbox.top().write("ring.toml", known);
    let ring = sandbox.top().path("ring.toml").display().to_string();
    app.wits_with(&[("BINDLE_KEYRING", &ring)], ["fetch"])
        .succeeds();
    // What is locked is named by its digest, whoever signed it.
    sandbox.top().remove("home/.cache/wits");
    app.remove("wit/deps");
    app.wits(["fetch", "--locked"]).succeeds();
    drop(server);
}

#[test]
fn a_project_does_not_loosen_what_the_user_demands() {
    let Some((sandbox, server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    publish(&sandbox, "types", TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let top = sandbox.top();
    let says = |strategy: &str| {
        format!(
            "[hosts.\"{}\"]\nbindle-verification = \"{strategy}\"\n",
            server.address()
        )
    };
    let user = "home/.config/wits/registry.toml";
    let routes = top.read("registry.toml");
    top.write(user, says("greedy"));
    top.write("registry.toml", format!("{routes}\n{}", says("creative")));
    // Greedy: the host has signed too, and is not known.
    app.wits(["fetch"])
        .exits(3)
        .says("of `host`, which signed it as host");
    let keys = server.host_keys();
    let (_, host) = keys.split_once("[[key]]").expect("a key");
    let ring = top.read(KEYRING);
    top.write(KEYRING, format!("{ring}\n[[key]]{host}"));
    app.wits(["fetch"]).succeeds();

    top.remove(user);
    top.write("registry.toml", format!("{routes}\n{}", says("exhaustive")));
    app.wits(["fetch"])
        .exits(1)
        .says("only your own `registry.toml` may do without a creator's signature");
}

#[test]
fn a_prefix_is_part_of_the_name() {
    let Some((sandbox, server)) = with_server(BindleStorage::Embedded) else {
        return;
    };
    setting::route(&sandbox, &format!("{}/lib/wit", server.url()));
    publish(&sandbox, "types", TYPES);
    publish(&sandbox, "store", STORE);
    server.invoice("lib/wit/acme/types/1.0.0");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    app.replace("wit/world.wit", "store@1.0.0", "store@1.0.1");
    app.wits(["fetch"])
        .exits(1)
        .says("`acme:store` has no version 1.0.1")
        .says("the only version is 1.0.0");
}
