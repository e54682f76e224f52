//! No secret in any output: registries that repeat what they were sent wherever they can put words.

use std::fmt::Write as _;

use super::*;
use crate::keys::{Keys, as_user, basic};
use wits_registry::{Credential, Credentials as _, Mirror};

/// All that must not be seen, in every form in which it is sent.
const CANARIES: [&str; 5] = [
    "canary-password",
    "bWU6Y2FuYXJ5LXBhc3N3b3Jk", // me:canary-password
    "canary-refresh",
    "canary-bearer",
    "canary-token",
];

/// What a request tells of the one who asks.
fn heard(asked: &Request) -> String {
    let body = String::from_utf8_lossy(&asked.body);
    let header = asked.header("authorization").unwrap_or("nothing");
    let decoded = match header {
        "Basic bWU6Y2FuYXJ5LXBhc3N3b3Jk" => "me:canary-password",
        _ => "",
    };
    format!("{header} {decoded} {body}").replace(['"', '\0', '\n', '\\'], "")
}

type Answer = fn(&Request, &str) -> Response;

/// How a registry answers someone who has shown something, with `told` in it.
const ANSWERS: [(&str, Answer); 15] = [
    ("401", |_, told| {
        Response::new(401, errors(told)).with("www-authenticate", "Basic realm=x")
    }),
    ("403", |_, told| Response::new(403, errors(told))),
    ("400", |_, told| Response::new(400, errors(told))),
    ("409", |_, told| Response::new(409, errors(told))),
    ("503", |_, told| Response::new(503, errors(told))),
    ("scheme", |_, told| {
        Response::new(401, "").with("www-authenticate", told.replace([' ', ':', '=', '&'], "-"))
    }),
    ("realm", |_, told| {
        Response::new(401, "").with(
            "www-authenticate",
            format!("Bearer realm=\"ftp://x/{told}\""),
        )
    }),
    ("location", |_, told| {
        Response::new(307, "").with("location", format!("ftp://x/{told}"))
    }),
    ("no url", |_, told| {
        Response::new(302, "").with("location", format!("http://[{told}"))
    }),
    ("junk", |_, told| Response::new(200, told)),
    ("media type", |_, told| {
        let mut manifest: Value = serde_json::from_slice(&artifact().manifest).unwrap();
        manifest["config"]["mediaType"] = json!(told);
        Response::new(200, manifest.to_string())
    }),
    ("schema", |_, told| {
        let manifest = json!({ "schemaVersion": told, "tags": told });
        Response::new(200, manifest.to_string())
    }),
    ("digest", |_, told| {
        Response::new(200, artifact().manifest).with("docker-content-digest", told)
    }),
    ("link", |_, told| {
        Response::new(200, "{}").with("link", format!("<http://x/{told}>; rel=next"))
    }),
    ("session", |asked, told| match asked.method.as_str() {
        "POST" => Response::new(202, "").with("location", format!("ftp://x/{told}")),
        _ => Response::new(404, errors(told)),
    }),
];

fn errors(told: &str) -> String {
    json!({ "errors": [{ "code": "X", "message": told }, { "code": told }] }).to_string()
}

fn keys(host: &str) -> [Keys; 3] {
    [
        Keys::default().with(host, "", basic("me", "canary-password")),
        Keys::default().with(host, "", Credential::Identity("canary-refresh".into())),
        Keys::default().with(host, "", Credential::Bearer("canary-bearer".into())),
    ]
}

/// What a user sees of every operation on `at`.
fn seen(server: &Server, keys: Keys, at: &PackageSource) -> String {
    let host = server.address().to_string();
    assert!(keys.held(&host));
    let (mut options, _, notes) = as_user(impatient(), keys);
    options.limits.retries = 0;
    let all = Registries::new(options.clone());
    let backend = backend(&all, at);
    let mut seen = format!("{options:?}\n");
    let mut fails = |error: Option<RegistryError>| {
        if let Some(error) = error {
            let help = error.help();
            let _ = writeln!(seen, "{error} {error:?} {error:#?} {help:?}");
        }
    };
    let wanted = version("1.0.0");
    fails(run(backend.versions(at)).err());
    fails(run(backend.release(at, &wanted)).err());
    fails(run(backend.pull(at, &wanted, &artifact().pin)).err());
    fails(run(backend.publish(at, &publication("1.0.0", WASM))).err());

    // As a mirror, its errors are notes.
    options.mirrors.push(Mirror {
        origin: "oci+http://127.0.0.1:1".parse().unwrap(),
        mirror: format!("oci+http://{host}").parse().unwrap(),
        trusted_tags: true,
    });
    let all = Registries::new(options);
    let origin: PackageSource = "oci+http://127.0.0.1:1/demo/greet".parse().unwrap();
    let backend = support::backend(&all, &origin);
    fails(run(backend.release(&origin, &wanted)).err());
    fails(run(backend.pull(&origin, &wanted, &artifact().pin)).err());
    for note in notes.all() {
        let _ = writeln!(seen, "{note} {note:?} {}", note.help());
    }
    seen
}

fn clean(name: &str, seen: &str) {
    for canary in CANARIES {
        assert!(!seen.contains(canary), "{name}: {canary} in {seen}");
    }
}

#[test]
fn registries_that_repeat_what_they_were_sent() {
    let mut hidden = 0;
    for (name, answer) in ANSWERS {
        // Behind a password, behind a token, and for whoever has one.
        for realm in ["Basic realm=x", "Bearer realm=\"OWN/token\",service=s"] {
            let server = with_own_address(|own| {
                move |asked: &Request| {
                    if asked.path.starts_with("/token") {
                        return Response::new(200, r#"{"token":"canary-token"}"#);
                    }
                    let told = heard(asked);
                    if asked.header("authorization").is_none() {
                        let realm = realm.replace("OWN", &own.lock().unwrap());
                        return Response::error(401, "UNAUTHORIZED")
                            .with("www-authenticate", realm);
                    }
                    answer(asked, &told)
                }
            });
            for keys in keys(&server.address().to_string()) {
                let seen = seen(&server, keys, &at(&server));
                clean(name, &seen);
                hidden += seen.matches("***").count();
            }
        }
    }
    // The canaries were there to be seen.
    assert!(hidden > 100, "{hidden}");
}

#[test]
fn realms_that_repeat_what_they_were_sent() {
    let mut hidden = 0;
    for (name, answer) in ANSWERS {
        let server = with_own_address(|own| {
            move |asked: &Request| {
                if asked.path.starts_with("/token") {
                    return answer(asked, &heard(asked));
                }
                let realm = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
                Response::error(401, "UNAUTHORIZED").with("www-authenticate", realm)
            }
        });
        for keys in keys(&server.address().to_string()) {
            let seen = seen(&server, keys, &at(&server));
            clean(name, &seen);
            hidden += seen.matches("***").count();
        }
    }
    assert!(hidden > 20, "{hidden}");
}
