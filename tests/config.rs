//! Routes: which layer wins, what `wits config show` tells of it, and what a checkout may not do.

use snapbox::str;
use wits_testkit::{Authority, DockerRegistry, Guard, Layout, RecordingProxy, Sandbox};

use crate::setting::{TYPES, app, locked_field, publish, sandbox, with_layout};

const USER: &str = "home/.config/wits/registry.toml";
const WKG: &str = "home/.config/wasm-pkg/config.toml";
const DOCKER: &str = "home/.docker/config.json";

#[test]
fn every_mapping_is_shown_with_its_place() {
    let sandbox = sandbox();
    let top = sandbox.top();
    top.write(
        "line.toml",
        "[namespaces]\nline = \"oci://line.example\"\nboth = \"oci://first.example\"\n",
    );
    top.write(
        "env.toml",
        "[namespaces]\nenv = \"oci://env.example\"\nboth = \"oci://second.example\"\n",
    );
    top.write(
        "registry.toml",
        "default = \"oci://project.example/acme\"\n[packages]\n\"a:b\" = { skew = \"allow\", embedded = \"deny\" }\n",
    );
    top.write(
        USER,
        "default = \"oci://user.example\"\n[namespaces]\ndemo = \"layout:registry\"\n\
         [hosts.\"user.example\"]\nca = \"ca.pem\"\n\
         [mirrors]\n\"oci://ghcr.io\" = { registry = \"oci://mirror.example/ghcr\", tags = \"allow\" }\n",
    );
    top.write(
        WKG,
        "[namespace_registries]\nold = \"wkg.example\"\n[registry.\"wkg.example\".oci]\nauth = \"bWU6Y2FuYXJ5\"\n",
    );
    top.write(
        DOCKER,
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"bWU6Y2FuYXJ5\"}}}",
    );
    let environment = [
        ("WITS_CONFIG", "env.toml"),
        ("WITS_TOKEN_USER_EXAMPLE", "canary"),
    ];
    let show = |arguments: &[&str]| {
        let words = ["config", "show", "--config", "line.toml"]
            .iter()
            .chain(arguments);
        top.wits_with(&environment, words)
    };
    show(&[])
        .succeeds()
        .never_says("canary")
        .never_says("bWU6")
        .stdout(str![[r#"
default = "oci://project.example/acme"  # registry.toml:1
namespaces.ba = "well-known:bytecodealliance.org"  # built in
namespaces.both = "oci://first.example"  # line.toml:3
namespaces.demo = "layout:[ROOT]/home/.config/wits/registry"  # home/.config/wits/registry.toml:3
namespaces.env = "oci://env.example"  # env.toml:2
namespaces.line = "oci://line.example"  # line.toml:2
namespaces.old = "well-known:wkg.example, or else oci://wkg.example"  # home/.config/wasm-pkg/config.toml:2
namespaces.wasi = "well-known:wasi.dev"  # built in
packages."a:b".skew = "allow"  # registry.toml:3
packages."a:b".embedded = "deny"  # registry.toml:3
hosts."user.example".ca = "[ROOT]/home/.config/wits/ca.pem"  # home/.config/wits/registry.toml:5
mirrors."oci://ghcr.io".registry = "oci://mirror.example/ghcr"  # home/.config/wits/registry.toml:7
mirrors."oci://ghcr.io".tags = "allow"  # home/.config/wits/registry.toml:7
# a credential for ghcr.io is kept in [ROOT]/home/.docker/config.json
# a credential for user.example is kept in WITS_TOKEN_USER_EXAMPLE
# a credential for wkg.example is kept in wasm-pkg/config.toml

"#]])
        .stderr("");
    let json: serde_json::Value =
        serde_json::from_str(show(&["--format", "json"]).succeeds().text()).unwrap();
    assert_eq!(json["version"], 1);
    let entry = |key: &str| {
        let entries = json["entries"].as_array().unwrap().iter();
        entries
            .clone()
            .find(|entry| entry["key"] == key)
            .unwrap_or_else(|| panic!("no {key}"))
    };
    assert_eq!(
        *entry("namespaces.both"),
        serde_json::json!({
            "key": "namespaces.both", "value": "oci://first.example", "layer": "command line",
            "file": "line.toml", "line": 3,
        })
    );
    assert_eq!(entry("namespaces.env")["layer"], "environment");
    assert_eq!(entry("namespaces.wasi")["layer"], "built in");
    assert_eq!(entry("namespaces.wasi")["file"], serde_json::Value::Null);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let sandbox = sandbox();
    let top = sandbox.top();
    top.write(
        USER,
        "[namespaces]\na = \"oci://a.example\"\n\n[nammespaces]\n",
    );
    top.wits(["config", "show"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: unknown key `nammespaces` in the file
 --> home/.config/wits/registry.toml:4:2
  |
4 | [nammespaces]
  |  ^^^^^^^^^^^
  |
  = help: did you mean `namespaces`?

"#]]);
    top.write(USER, "");
    top.write(
        WKG,
        "default_registry = \"a.example\"\nnamespace_registry = \"x\"\n",
    );
    top.wits(["config", "show"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: unknown key `namespace_registry` in the file
 --> home/.config/wasm-pkg/config.toml:2:1
  |
2 | namespace_registry = "x"
  | ^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `namespace_registries`?

"#]]);
    // What wkg itself overlooks is no error.
    top.write(
        WKG,
        "[registry.\"a.example\".oci]\nprotocl = \"http\"\naccept_invalid_certificates = true\n",
    );
    top.wits(["config", "show"]).succeeds().stderr(str![[r#"
warning: `registry."a.example".oci.protocl` in `home/.config/wasm-pkg/config.toml:2` is not used by wits: wkg knows no such key either
warning: `registry."a.example".oci.accept_invalid_certificates` in `home/.config/wasm-pkg/config.toml:3` is not used by wits: name the certificate in `extra_root_certificates`; TLS is always checked

"#]]);
}

/// A machine whose every request to the network would be seen, and a project that asks for a package.
fn watched(
    sandbox: &Sandbox,
    project: &str,
    user: &str,
) -> (RecordingProxy, wits_testkit::Outcome) {
    let proxy = RecordingProxy::before("127.0.0.1:9");
    let top = sandbox.top();
    let docker = "{\"auths\":{\"registry.acme.example\":{\"auth\":\"bWU6Y2FuYXJ5\"}},\
                  \"credHelpers\":{\"helped.example\":\"none\"}}";
    top.write(DOCKER, docker);
    top.write(USER, user);
    let app = app(sandbox, "import acme:types/errors@1.0.0;");
    app.write("registry.toml", project);
    let url = format!("http://{}", proxy.address());
    let environment = [("HTTPS_PROXY", url.as_str()), ("HTTP_PROXY", url.as_str())];
    let outcome = app.wits_with(&environment, ["fetch"]);
    (proxy, outcome)
}

#[test]
fn a_checkout_may_not_lay_hands_on_hosts_of_the_user() {
    let acme = "[namespaces]\nacme = \"oci://registry.acme.example\"\n";
    for (project, user, message) in [
        (
            "[namespaces]\nacme = \"oci://evil.example\"\n",
            acme,
            "the project sends `namespaces.acme` to `oci://evil.example`",
        ),
        (
            "[packages]\n\"acme:types\" = \"oci://evil.example\"\n",
            acme,
            "the project sends `packages.\"acme:types\"` to `oci://evil.example`",
        ),
        (
            "[hosts.\"registry.acme.example\"]\nca = \"evil.pem\"\n",
            acme,
            "says whose certificates are trusted for `registry.acme.example`",
        ),
        (
            "[hosts.\"helped.example\"]\nca = \"evil.pem\"\n",
            acme,
            "says whose certificates are trusted for `helped.example`",
        ),
        (
            "[mirrors]\n\"oci://registry.acme.example\" = \"oci://evil.example\"\n",
            acme,
            "has another registry answer for `registry.acme.example`",
        ),
        (
            "[namespaces]\nacme = \"oci+http://registry.acme.example\"\n",
            "",
            "speaks without TLS to `registry.acme.example`",
        ),
        (
            "default = \"oci+http://registry.acme.example\"\n",
            "",
            "speaks without TLS to `registry.acme.example`",
        ),
    ] {
        let sandbox = sandbox();
        let (proxy, outcome) = watched(&sandbox, project, user);
        outcome.exits(1).says(message).says("registry.toml:");
        assert_eq!(proxy.connections(), 0, "{project}");
        assert!(!sandbox.project("app").has("wits.lock"));
    }
}

#[test]
fn what_the_user_says_too_is_allowed() {
    for both in [
        "[namespaces]\nacme = \"oci://evil.example\"\n",
        "[namespaces]\nacme = \"oci+http://registry.acme.example\"\n",
        "[namespaces]\nacme = \"oci://registry.acme.example\"\n[mirrors]\n\"oci://registry.acme.example\" = \"oci://m.example\"\n",
    ] {
        let sandbox = sandbox();
        let (proxy, outcome) = watched(&sandbox, both, both);
        // Nobody answers behind the proxy, but now somebody is asked.
        outcome.exits(75);
        assert!(proxy.connections() > 0, "{both}");
    }
}

#[test]
fn the_refusal_names_the_line_and_the_way_out() {
    let sandbox = sandbox();
    let project = "[hosts.\"registry.acme.example\"]\nca = \"evil.pem\"\n";
    let (_, outcome) = watched(&sandbox, project, "");
    outcome.stdout("").stderr(str![[r#"
error: the project's `hosts."registry.acme.example".ca` says whose certificates are trusted for `registry.acme.example`, for which you have credentials (`[ROOT]/home/.docker/config.json`)
 --> registry.toml:2:6
  |
2 | ca = "evil.pem"
  |      ^^^^^^^^^^
  |
  = help: nothing was asked; to allow it, set `hosts."registry.acme.example".ca` to the same value in your own registry.toml, else take it out of the project's

"#]]);
}

/// wkg's registries that are only named: asked for a document over TLS, and the registry itself where
/// there is none.
#[test]
fn a_registry_that_wkg_only_names_is_the_host_itself_where_it_says_so() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let authority = Authority::new();
    let door = docker.door(Guard {
        tls: Some(&authority),
        ..Guard::default()
    });
    let sandbox = sandbox();
    let host = door.address();
    sandbox.top().write(
        WKG,
        format!(
            "[namespace_registries]\nacme = \"{host}\"\n[registry.\"{host}\".oci]\n\
             extra_root_certificates = [{{ encoding = \"pem\", data = \"\"\"\n{}\"\"\" }}]\n",
            authority.pem()
        ),
    );
    publish(&sandbox, "types", TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert_eq!(
        locked_field(&app, "acme:types", "source"),
        format!("oci://{host}/acme/types")
    );
    let asked = door.log();
    assert!(
        asked.contains("/.well-known/wasm-pkg/registry.json"),
        "{asked}"
    );
    // Whoever cannot say that it has none is not believed to have none.
    let gone = RecordingProxy::before("127.0.0.1:9");
    let text = sandbox.top().read(WKG).replace(host, gone.address());
    sandbox.top().write(WKG, text);
    app.remove("wits.lock").remove("wit/deps");
    app.wits(["fetch"])
        .exits(75)
        .says(&format!("well-known:{}", "127.0.0.1:"))
        .never_says("acme/types`");
}

/// wkg's `local` backend keeps plain files.
#[test]
fn a_local_registry_of_wkg_is_read_and_written() {
    let sandbox = sandbox();
    let top = sandbox.top();
    let root = top.path("packages");
    top.write(
        WKG,
        format!(
            "[namespace_registries]\nacme = \"here\"\n[registry.here]\ntype = \"local\"\nlocal = {{ root = \"{}\" }}\n",
            root.display()
        ),
    );
    publish(&sandbox, "types-source", TYPES);
    assert_eq!(top.list("packages/acme/types"), ["1.0.0.wasm"]);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    assert!(app.has("wit/deps/acme-types-1.0.0/package.wit"));
    app.replace("wit/world.wit", "@1.0.0;\n}", "@1.1.0;\n}");
    app.wits(["fetch"])
        .exits(1)
        .says("`acme:types` has no version 1.1.0");
}

/// The project's file comes before the user's, and a namespace before a default in whatever layer.
#[test]
fn the_most_specific_key_wins_across_layers() {
    let sandbox = with_layout();
    publish(&sandbox, "types", TYPES);
    sandbox.top().remove("registry.toml");
    let dir = sandbox.root().join("registry");
    sandbox.top().write(
        USER,
        format!("[namespaces]\nacme = \"layout:{}\"\n", dir.display()),
    );
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write("registry.toml", "default = \"oci://nowhere.invalid\"\n");
    app.wits(["fetch"]).succeeds();
    assert!(Layout::at(dir).layer_path("acme/types", "1.0.0").is_file());
}
