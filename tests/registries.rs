//! Registries as companies have them: a private authority, a mirror, a proxy; all from the user's own
//! files, with nothing said on the command line.

use snapbox::str;
use wits_testkit::{Authority, DockerRegistry, Guard, Outcome, Project, RecordingProxy, Sandbox};

use crate::setting::{self, app, locked_field, publish_pair};

/// The user's own `registry.toml`: everything of `acme` at `url`, and more lines.
fn user(sandbox: &Sandbox, url: &str, lines: &str) {
    sandbox.top().write(
        "home/.config/wits/registry.toml",
        format!("[namespaces]\nacme = \"{url}\"\n\n{lines}"),
    );
}

/// A project that needs `acme:store`, with nothing but its lock, fetches.
fn fetch_anew<'a>(sandbox: &'a Sandbox, environment: &[(&str, &str)]) -> (Project<'a>, Outcome) {
    let app = app(sandbox, "import acme:store/store@1.0.0;");
    sandbox.top().remove("home/.cache");
    if app.has("wit/deps") {
        app.remove("wit/deps");
    }
    let outcome = app.wits_with(environment, ["fetch"]);
    (app, outcome)
}

#[test]
fn a_private_authority_is_named_by_the_user() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let authority = Authority::new();
    let door = docker.door(Guard {
        tls: Some(&authority),
        ..Guard::default()
    });
    let sandbox = setting::sandbox();
    let url = format!("oci://{}/team", door.address());
    // The path is relative to the file it stands in.
    let table = format!("[hosts.\"{}\"]\nca = \"acme-ca.pem\"\n", door.address());
    user(&sandbox, &url, &table);
    let ca = "home/.config/wits/acme-ca.pem";
    sandbox.top().write(ca, authority.pem());
    publish_pair(&sandbox);
    let (app, outcome) = fetch_anew(&sandbox, &[]);
    outcome.succeeds();
    assert!(app.has("wit/deps/acme-types-1.0.0/package.wit"));
    let source = format!("{url}/acme/store");
    assert_eq!(locked_field(&app, "acme:store", "source"), source);
    assert!(door.log().contains("HTTP/2.0"));
    app.remove("wits.lock");

    // Another authority, and none.
    for replaced in [true, false] {
        if replaced {
            sandbox.top().write(ca, Authority::new().pem());
        } else {
            user(&sandbox, &url, "");
        }
        let (_, outcome) = fetch_anew(&sandbox, &[]);
        outcome.exits(1).stdout("").stderr(str![[r#"
error: `oci://127.0.0.1:[PORT]/team/acme/store` cannot be asked: the certificate of `127.0.0.1:[PORT]` is not to be trusted: nobody who is trusted here has signed it
...
  = help: if a private authority signs for it, name the file with the authority's certificate in your own `registry.toml`: `[hosts."127.0.0.1:[PORT]"]` with `ca = "FILE.pem"`

"#]]);
    }
}

#[test]
fn a_mirror_changes_where_bytes_come_from_and_nothing_else() {
    let (Some(origin), Some(mirror)) = (DockerRegistry::start(), DockerRegistry::start()) else {
        return;
    };
    let sandbox = setting::sandbox();
    let (at_origin, at_mirror) = (
        RecordingProxy::before(origin.address()),
        RecordingProxy::before(mirror.address()),
    );
    user(&sandbox, &format!("{}/copy", at_mirror.url()), "");
    publish_pair(&sandbox);
    user(&sandbox, &at_origin.url(), "");
    publish_pair(&sandbox);
    let (app, outcome) = fetch_anew(&sandbox, &[]);
    outcome.succeeds();
    let lock = app.read("wits.lock");
    app.remove("wits.lock");

    let mirrors = format!(
        "[mirrors]\n\"{}\" = \"{}/copy\"\n",
        at_origin.url(),
        at_mirror.url()
    );
    user(&sandbox, &at_origin.url(), &mirrors);
    at_origin.forget();
    at_mirror.forget();
    let (app, outcome) = fetch_anew(&sandbox, &[]);
    outcome.succeeds().stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
    assert_eq!(app.read("wits.lock"), lock);
    assert_eq!(
        at_origin.sorted(),
        [
            "GET /v2/acme/store/manifests/1.0.0",
            "GET /v2/acme/types/manifests/1.0.0",
        ]
    );
    let blobs = |prefix: &str| {
        let path = |name: &str| {
            let digest = origin.layer_digest(&format!("acme/{name}"), "1.0.0");
            format!("GET /v2/{prefix}acme/{name}/blobs/{digest}")
        };
        [path("store"), path("types")]
    };
    assert_eq!(at_mirror.sorted(), blobs("copy/"));

    // What is locked is not asked of the origin at all.
    at_origin.forget();
    fetch_anew(&sandbox, &[]).1.succeeds();
    assert!(at_origin.requests().is_empty());

    // A mirror without the bytes.
    mirror.delete_blob(
        "copy/acme/types",
        &origin.layer_digest("acme/types", "1.0.0"),
    );
    let (app, outcome) = fetch_anew(&sandbox, &[]);
    outcome
        .succeeds()
        .says("warning: the mirror `oci+http://127.0.0.1:[PORT]/copy` was passed over");
    assert_eq!(app.read("wits.lock"), lock);
    assert_eq!(at_origin.sorted(), [blobs("")[1].clone()]);
}

#[test]
fn a_mirror_that_is_down_is_told_of_once() {
    let Some(origin) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    user(&sandbox, &origin.url(), "");
    publish_pair(&sandbox);
    // Nobody listens at the first port.
    let mirrors = format!(
        "[mirrors]\n\"{}\" = \"oci+http://127.0.0.1:1\"\n",
        origin.url()
    );
    user(&sandbox, &origin.url(), &mirrors);
    let (_, outcome) = fetch_anew(&sandbox, &[]);
    outcome.succeeds().stderr(str![[r#"
warning: the mirror `oci+http://127.0.0.1:[PORT]` was passed over, and `oci+http://127.0.0.1:[PORT]/acme/[..]` asked: asking `oci+http://127.0.0.1:[PORT]/acme/[..]` for the Wasm of version `1.0.0` failed: Connection refused (os error 111)
...
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let proxy = RecordingProxy::before(docker.address());
    let url = format!("http://me:proxy-canary@{}", proxy.address());
    let sandbox = setting::sandbox();
    user(&sandbox, &docker.url(), "");
    publish_pair(&sandbox);
    user(&sandbox, "oci+http://registry.example", "");
    let (app, outcome) = fetch_anew(&sandbox, &[("http_proxy", &url)]);
    outcome.succeeds();
    app.remove("wits.lock");
    let expected = ["store", "types"]
        .map(|name| format!("GET http://registry.example/v2/acme/{name}/manifests/1.0.0"));
    let mut asked = proxy.sorted();
    asked.retain(|line| line.contains("/manifests/"));
    assert_eq!(asked, expected);
    // One that is not there, and has a password.
    let (_, outcome) = fetch_anew(
        &sandbox,
        &[("http_proxy", "http://me:proxy-canary@127.0.0.1:1")],
    );
    outcome.exits(75).never_says("canary");
}
