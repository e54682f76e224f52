//! Who is asked for a token, how often, and what is said of those who are not let in.

use snapbox::str;
use wits_testkit::Tree;
use wits_testkit::wire::{Fault, Guard, Kind, Response, Rule, Server};

use super::elsewhere::guard;
use super::{Scene, TYPES_AT};
use crate::setting::{self, app};

#[test]
fn an_honest_realm_here_and_elsewhere() {
    let scene = Scene::new();
    guard(&scene, true);
    scene.passes();
    let realm = wits_testkit::wire::OciRegistry::start();
    let scene = Scene::new();
    scene.registry.guard(Guard {
        realm: Some(realm.url("/token")),
        ..Guard::default()
    });
    scene.passes();
    assert_eq!(realm.log().len(), 1);
}

#[test]
fn a_realm_that_leads_away_or_is_none() {
    let elsewhere = Server::start(|_| Response::new(200, r#"{"token":"x"}"#));
    let scene = Scene::new();
    let challenge = |realm: &str| Fault::challenge(&format!("Bearer realm=\"{realm}\""));
    for (realm, message) in [
        (
            "ftp://127.0.0.1/token",
            str![[r#"
error: the realm for tokens at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `ftp://127.0.0.1/token` is not https
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "http://me:secret@127.0.0.1/token",
            str![[r#"
error: the realm for tokens at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: it has a user name or a password in it
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
        (
            "file:///etc/passwd",
            str![[r#"
error: the realm for tokens at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `file:///etc/passwd` is not https
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]],
        ),
    ] {
        scene.refuses(Rule::any(), challenge(realm), 1, message);
    }
    scene.registry.lift();
    let own = scene.registry.url("/token");
    scene
        .registry
        .lay(Rule::on(Kind::Manifest), challenge(&own));
    let away = Fault::redirect(307, &elsewhere.url("/token"));
    scene.registry.lay(Rule::on(Kind::Token), away);
    scene.fails(1, str![[r#"
error: a redirect at `oci+http://127.0.0.1:[PORT]/acme/types` is refused: `http://127.0.0.1:[PORT]/token` leads to another host
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: wits does not do this, whoever wants it: check the route, or tell whoever runs the registry

"#]]);
    assert_eq!(elsewhere.connections(), 0);
}

/// A registry that takes no token that its realm gives is asked twice, not for ever.
#[test]
fn a_401_that_never_ends() {
    let scene = Scene::new();
    guard(&scene, true);
    let again = Fault::new(|request, _| {
        let challenge = format!("Bearer realm=\"{}\"", request.url("/token"));
        Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
    });
    scene.refuses(Rule::on(Kind::Manifest), again, 1, str![[r#"
error: `oci+http://127.0.0.1:[PORT]/acme/types` refused the manifest of `1.0.0`: 401 told UNAUTHORIZED
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: your credentials for `127.0.0.1:[PORT]` do not open it: they may be old (`wits login 127.0.0.1:[PORT]`) or lack the right, or there is no such package; some registries do not tell which

"#]]);
    assert!(
        scene.registry.log().len() <= 8,
        "{:?}",
        scene.registry.lines()
    );
}

#[test]
fn a_token_that_ends_midway() {
    let scene = Scene::new();
    scene.registry.guard(Guard {
        uses: 1,
        ..Guard::default()
    });
    scene.passes();
    let tokens = scene.registry.lines();
    let tokens = tokens.iter().filter(|line| line.contains("/token"));
    assert_eq!(tokens.count(), 2);
}

/// 403 may mean anything, 404 means that it is not there: neither is told as the other.
#[test]
fn forbidden_is_not_absent() {
    let scene = Scene::new();
    let rule = || Rule::on(Kind::Manifest);
    scene.refuses(rule(), Fault::error(403, "DENIED"), 1, str![[r#"
error: `oci+http://127.0.0.1:[PORT]/acme/types` refused the manifest of `1.0.0`: 403 told DENIED
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: either the package is private and needs credentials (`wits login 127.0.0.1:[PORT]`), or there is no such package: some registries do not tell which

"#]]);
    scene.refuses(
        rule(),
        Fault::error(404, "NAME_UNKNOWN"),
        1,
        str![[r#"
error: no package at `oci+http://127.0.0.1:[PORT]/acme/types`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^

"#]],
    );
    scene.registry.lift();
    scene.registry.untag(TYPES_AT, "1.0.0");
    scene.registry.put_tags(TYPES_AT, ["0.9.0".to_owned()]);
    scene.fails(
        1,
        str![[r#"
error: `acme:types` has no version 1.0.0
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: the only version is 0.9.0

"#]],
    );
}

/// A registry elsewhere has no business with services of this machine or of its cloud. It is reached through a
/// proxy, which sees every request.
#[test]
fn nothing_leads_to_services_of_this_machine() {
    for inside in [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:2375/containers",
        "http://[::1]/x",
        "http://localhost/x",
    ] {
        let answers = [
            Response::new(307, "").with("location", inside),
            Response::new(401, "").with("www-authenticate", format!("Bearer realm=\"{inside}\"")),
        ];
        for answer in answers {
            let proxy = Server::start(move |_| answer.clone());
            let sandbox = setting::sandbox();
            setting::route(&sandbox, "oci+http://registry.example");
            let app = app(&sandbox, "import acme:types/errors@1.0.0;");
            let before = Tree::of(app.dir());
            let outcome = app.wits_with(&[("http_proxy", &proxy.url(""))], ["fetch"]);
            outcome
                .exits(1)
                .stdout("")
                .says("is on this machine or its own network");
            before.assert_untouched();
            let only = "GET http://registry.example/v2/acme/types/manifests/1.0.0";
            assert_eq!(proxy.lines(), [only]);
        }
    }
}
