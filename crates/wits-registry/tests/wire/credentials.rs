//! Who is shown what.

use super::*;
use crate::guarded::{
    anywhere, basic_header, granted, guarded, repository, scopes, session, source, stale, tokens,
};
use crate::keys::{Keys, as_user, basic};
use wits_registry::credentials::CredentialError;
use wits_registry::{Credential, Proxy, Shown};

#[test]
fn a_password_goes_to_the_realm_and_a_token_to_the_registry() {
    let expected = basic_header("me", "pass:word");
    let server = guarded(
        move |asked| match asked.header("authorization") {
            Some(header) if header == expected => granted("me", &scopes(asked)),
            _ => Response::error(401, "UNAUTHORIZED"),
        },
        |who, _| who == "me",
    );
    let host = server.address().to_string();
    let (all, keys, heard) = session(
        &server,
        Keys::default().with(&host, "", basic("me", "pass:word")),
    );
    let at = at(&server);
    let pin = run(backend(&all, &at).release(&at, &version("1.0.0")))
        .unwrap()
        .pin;
    assert_eq!(
        run(backend(&all, &at).pull(&at, &version("1.0.0"), &pin)).unwrap(),
        WASM
    );
    let log = server.log();
    assert_eq!(log[0].header("authorization"), None);
    assert!(log[1].path.starts_with("/token?service=s&scope="));
    assert!(log[2..].iter().all(|asked| {
        asked
            .header("authorization")
            .unwrap()
            .starts_with("Bearer me|")
    }));
    assert_eq!(log.len(), 4);
    assert_eq!(keys.asked(), [format!("{host} demo/greet")]);
    assert!(heard.all().is_empty());
}

#[test]
fn an_identity_token_is_posted() {
    let server = guarded(
        |asked| {
            let form: std::collections::BTreeMap<String, String> =
                url::form_urlencoded::parse(&asked.body)
                    .into_owned()
                    .collect();
            let good = asked.method == "POST"
                && asked.header("authorization").is_none()
                && asked.header("content-type") == Some("application/x-www-form-urlencoded")
                && form["grant_type"] == "refresh_token"
                && form["refresh_token"] == "re+fresh"
                && form["service"] == "s"
                && form["client_id"] == "wits";
            if !good {
                return Response::new(400, r#"{"error":"invalid_grant"}"#);
            }
            let token = format!("me|{}", form["scope"].replace(':', "/"));
            Response::new(
                200,
                json!({ "access_token": token, "refresh_token": "other" }).to_string(),
            )
        },
        |who, _| who == "me",
    );
    let host = server.address().to_string();
    let key = Credential::Identity("re+fresh".into());
    let (all, _, heard) = session(&server, Keys::default().with(&host, "", key));
    let at = at(&server);
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
    assert_eq!(tokens(&server)[0].line(), "POST /token");
    assert!(heard.all().is_empty());

    // One that is no longer good, for what nobody else may see either.
    let key = Credential::Identity("stale".into());
    let (all, ..) = session(&server, Keys::default().with(&host, "", key));
    let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Credential,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_registry_may_want_the_password_itself() {
    let expected = basic_header("AWS", "pw");
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some(header) if header == expected => good(asked),
        _ => Response::error(401, "UNAUTHORIZED").with("www-authenticate", r#"Basic realm="x""#),
    });
    let host = server.address().to_string();
    let (all, keys, _) = session(&server, Keys::default().with(&host, "", basic("AWS", "pw")));
    let at = at(&server);
    let registry = backend(&all, &at);
    let pin = run(registry.release(&at, &version("1.0.0"))).unwrap().pin;
    run(registry.pull(&at, &version("1.0.0"), &pin)).unwrap();
    let shown: Vec<_> = server
        .log()
        .iter()
        .map(|asked| asked.header("authorization").is_some())
        .collect();
    assert_eq!(shown, [false, true, true]);
    assert_eq!(keys.asked().len(), 1);
}

#[test]
fn a_registry_token_is_sent_as_it_is() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some("Bearer mine") => good(asked),
        _ => Response::error(401, "UNAUTHORIZED").with(
            "www-authenticate",
            r#"Bearer realm="https://realm.invalid/""#,
        ),
    });
    let host = server.address().to_string();
    let key = Credential::Bearer("mine".into());
    let (all, ..) = session(&server, Keys::default().with(&host, "", key));
    let at = at(&server);
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
    assert_eq!(server.log().len(), 2);
}

#[test]
fn each_repository_has_its_own_credential() {
    let (a, b) = (basic_header("a", "pass-a"), basic_header("b", "pass-b"));
    let server = guarded(
        move |asked| match asked.header("authorization") {
            Some(header) if header == a => granted("a", &scopes(asked)),
            Some(header) if header == b => granted("b", &scopes(asked)),
            None => granted("nobody", &scopes(asked)),
            _ => Response::error(401, "UNAUTHORIZED"),
        },
        |who, repository| match repository.split('/').next() {
            Some("team-a") => who == "a",
            Some("team-b") => who == "b",
            _ => true,
        },
    );
    let host = server.address().to_string();
    let (all, _, heard) = session(
        &server,
        Keys::default()
            .with(&host, "team-a", basic("a", "pass-a"))
            .with(&host, "team-b", basic("b", "pass-b")),
    );
    run(async {
        for name in ["team-a/x", "team-b/x", "team-a/y", "public/x"] {
            let at = source(&server, name);
            let release = backend(&all, &at).release(&at, &version("1.0.0")).await;
            release.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    });
    let who: Vec<_> = server
        .log()
        .iter()
        .filter_map(|asked| {
            let (who, _) = asked
                .header("authorization")?
                .strip_prefix("Bearer ")?
                .split_once('|')?;
            Some(format!("{who} {}", repository(&asked.path)))
        })
        .collect();
    assert_eq!(
        who,
        ["a team-a/x", "b team-b/x", "a team-a/y", "nobody public/x"]
    );
    assert!(heard.all().is_empty());
}

#[test]
fn a_stale_credential_does_not_hide_a_public_package() {
    let server = guarded(
        |asked| match asked.header("authorization") {
            Some(_) => Response::error(401, "UNAUTHORIZED"),
            None => granted("nobody", &scopes(asked)),
        },
        |_, repository| repository.starts_with("public"),
    );
    let host = server.address().to_string();
    let key = || Keys::default().with(&host, "", basic("me", "long gone"));
    let (all, _, heard) = session(&server, key());
    run(async {
        for name in ["public/x", "public/y", "public/z"] {
            let at = source(&server, name);
            let release = backend(&all, &at).release(&at, &version("1.0.0")).await;
            release.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    });
    assert_eq!(heard.all(), [stale(&server)]);
    assert!(heard.all()[0].help().contains("wits login"));
    // Who was not taken once is not asked for again.
    let shown = tokens(&server)
        .iter()
        .filter(|asked| asked.header("authorization").is_some())
        .count();
    assert_eq!(shown, 1);

    // What is private stays so, and nobody publishes as nobody.
    let at = source(&server, "private/x");
    let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Credential,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error
            .help()
            .unwrap()
            .contains(&format!("wits login {host}"))
    );
    assert_eq!(heard.all().len(), 1);
    let at = source(&server, "public/x");
    let (all, _, heard) = session(&server, key());
    let error = run(backend(&all, &at).publish(&at, &publication("2.0.0", WASM))).unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert!(heard.all().is_empty());
}

#[test]
fn a_credential_without_the_right_does_not_hide_a_public_package() {
    // As GHCR does with a token that may not read packages.
    let server = guarded(
        |asked| match asked.header("authorization") {
            Some(_) => granted("powerless", &scopes(asked)),
            None => granted("nobody", &scopes(asked)),
        },
        |who, _| who == "nobody",
    );
    let host = server.address().to_string();
    let (all, _, heard) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let at = at(&server);
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
    assert_eq!(heard.all(), [stale(&server)]);

    // And with a password that a registry itself does not take.
    let server = Server::start(|asked| match asked.header("authorization") {
        Some(_) => Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x"),
        None if asked.path.contains("/private/") => {
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x")
        }
        None => anywhere(asked),
    });
    let host = server.address().to_string();
    let (all, _, heard) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let private = source(&server, "private/x");
    let error = run(backend(&all, &private).release(&private, &version("1.0.0"))).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Credential,
                ..
            }
        ),
        "{error:?}"
    );
    let public = source(&server, "public/x");
    run(backend(&all, &public).release(&public, &version("1.0.0"))).unwrap();
    assert_eq!(heard.all(), [stale(&server)]);
}

#[test]
fn what_is_denied_says_what_was_shown() {
    let server = Server::start(|_| {
        Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x")
    });
    let host = server.address().to_string();
    let error = release(&server).unwrap_err();
    let RegistryError::Denied { shown, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*shown, Shown::Nothing);
    let help = error.help().unwrap();
    assert!(
        help.contains(&format!("needs credentials (`wits login {host}`)")),
        "{help}"
    );

    // An identity token is for realms.
    let key = Credential::Identity("x".into());
    let (all, ..) = session(&server, Keys::default().with(&host, "", key));
    let at = at(&server);
    let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
    assert!(error.to_string().contains("it wants `Basic`"), "{error}");
}

#[test]
fn a_broken_keeper_is_named() {
    let server = guarded(|asked| granted("nobody", &scopes(asked)), |_, _| true);
    let host = server.address().to_string();
    let error = CredentialError::Helper {
        helper: "docker-credential-stuck".to_owned(),
        reason: "did not answer within 10 s".to_owned(),
    };
    let (all, keys, _) = session(&server, Keys::default().broken(&host, error));
    let at = at(&server);
    for _ in 0..2 {
        let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
        assert!(
            matches!(error, RegistryError::Credentials { .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("docker-credential-stuck"),
            "{error}"
        );
        assert!(error.help().is_some());
    }
    // It is asked once, and nothing is asked without it.
    assert_eq!(keys.asked().len(), 1);
    assert!(tokens(&server).is_empty());
}

#[test]
fn credentials_do_not_go_in_cleartext() {
    // A proxy that is the registry as well, so that its host is not this machine.
    let server = Server::start(|asked| {
        let path = asked
            .path
            .strip_prefix("http://r.example")
            .expect(&asked.path);
        match asked.header("authorization") {
            Some(_) => good(&Request {
                path: path.to_owned(),
                ..asked.clone()
            }),
            None => Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x"),
        }
    });
    let at: PackageSource = "oci+http://r.example/demo/greet".parse().unwrap();
    let keys = || Keys::default().with("r.example", "", basic("me", "pw"));
    let (mut options, ..) = as_user(impatient(), keys());
    options.proxy = Proxy::Url(server.url("").into());
    let all = Registries::new(options.clone());
    let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Withheld,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.help().unwrap().contains("not sent without TLS"));
    assert!(
        server
            .log()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );

    // Unless the user has said so.
    options.cleartext.insert("r.example".to_owned());
    let all = Registries::new(options);
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
}

#[test]
fn what_is_hidden_from_strangers_is_found_by_those_who_have_a_key() {
    // 404 for everything, and a challenge only at the root.
    let expected = basic_header("me", "pw");
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some(header) if header == expected => good(asked),
        _ if asked.path == "/v2/" => {
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x")
        }
        _ => Response::error(404, "NAME_UNKNOWN"),
    });
    let host = server.address().to_string();
    let (all, ..) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let at = at(&server);
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v2/demo/greet/manifests/1.0.0",
            "GET /v2/",
            "GET /v2/demo/greet/manifests/1.0.0",
        ]
    );
    // Who has none does not ask.
    let server = Server::start(|_| Response::error(404, "NAME_UNKNOWN"));
    assert!(release(&server).is_err());
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_password_stays_at_home_and_out_of_redirects() {
    let store = Server::start(|_| Response::new(200, WASM));
    let away = store.url("/stored");
    let server = Server::start(move |asked| match asked.header("authorization") {
        None => Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x"),
        Some(_) if asked.path.contains("/blobs/") => {
            Response::new(307, "").with("location", away.clone())
        }
        Some(_) => good(asked),
    });
    let host = server.address().to_string();
    let (all, ..) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let at = at(&server);
    run(async {
        let registry = backend(&all, &at);
        let pin = registry.release(&at, &version("1.0.0")).await.unwrap().pin;
        assert_eq!(
            registry.pull(&at, &version("1.0.0"), &pin).await.unwrap(),
            WASM
        );
    });
    let [stored] = store.log().try_into().unwrap();
    assert_eq!(stored.header("authorization"), None);
}

#[test]
fn a_realm_that_sends_elsewhere_gets_no_credential_there() {
    let elsewhere = Server::start(|_| Response::new(200, r#"{"token":"x"}"#));
    for status in [301, 302, 307, 308] {
        for key in [basic("me", "pw"), Credential::Identity("refresh".into())] {
            let away = elsewhere.url("/token");
            let server = guarded(
                move |_| Response::new(status, "").with("location", away.clone()),
                |_, _| true,
            );
            let host = server.address().to_string();
            let (all, ..) = session(&server, Keys::default().with(&host, "", key));
            let at = at(&server);
            let error = run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap_err();
            assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
        }
    }
    assert!(elsewhere.log().is_empty());
}

#[test]
fn what_came_back_from_elsewhere_is_not_home() {
    let back = Arc::new(Mutex::new(String::new()));
    let there = Arc::clone(&back);
    let elsewhere = Server::start(move |_| {
        Response::new(302, "").with("location", format!("{}/landed", there.lock().unwrap()))
    });
    let away = elsewhere.url("/away");
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/landed" => Response::new(200, WASM),
        path if path.contains("/blobs/") => Response::new(302, "").with("location", away.clone()),
        _ if asked.header("authorization").is_none() => {
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x")
        }
        _ => good(asked),
    });
    *back.lock().unwrap() = server.url("");
    let host = server.address().to_string();
    let (all, ..) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let at = at(&server);
    run(async {
        let registry = backend(&all, &at);
        let pin = registry.release(&at, &version("1.0.0")).await.unwrap().pin;
        registry.pull(&at, &version("1.0.0"), &pin).await.unwrap();
    });
    let shown = |path: &str| {
        let log = server.log();
        let asked = log.iter().find(|asked| asked.path.contains(path)).unwrap();
        asked.header("authorization").is_some()
    };
    assert!(shown("/blobs/"));
    assert!(!shown("/landed"));
}
