//! Registries as they are documented to be, in one process: what wits asks of each, from the list of
//! versions to the bytes, and back.

use super::*;
use crate::keys::{Keys, as_user, basic};
use wits_registry::{Proxy, Shown};

/// Finds the versions of a package, one of them, and its bytes.
fn read(all: &Registries, at: &PackageSource) -> Result<Vec<Version>, RegistryError> {
    let wanted = version("1.0.0");
    run(async {
        let registry = backend(all, at);
        let versions = registry.versions(at).await?;
        let pin = registry.release(at, &wanted).await?.pin;
        assert_eq!(registry.pull(at, &wanted, &pin).await?, WASM);
        Ok(versions)
    })
}

/// GHCR: a token for everything, also for what is public; pages of tags, the newest first, with those of
/// attestations among them; blobs behind a redirect; no referrers; 403 for what is private or absent.
#[test]
fn ghcr() {
    let store = Server::start(|asked| match asked.header("authorization") {
        None => Response::new(200, WASM),
        // Storage refuses two kinds of proof at once.
        Some(_) => Response::new(400, "only one auth mechanism allowed"),
    });
    let away = store.url("/blob?se=2026&sig=signature");
    let server = with_own_address(|own| {
        move |asked: &Request| {
            if let Some(query) = asked.path.strip_prefix("/token?") {
                let private = query.contains("private") && asked.header("authorization").is_none();
                return if private {
                    Response::error(403, "DENIED")
                } else {
                    Response::new(200, r#"{"token":"djE6dG9rZW4="}"#)
                };
            }
            if asked.header("authorization") != Some("Bearer djE6dG9rZW4=") {
                let challenge = format!(
                    r#"Bearer realm="{}/token",service="ghcr.io",scope="repository:user/image:pull""#,
                    own.lock().unwrap()
                );
                return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
            }
            match asked.path.as_str() {
                "/v2/demo/greet/tags/list?n=1000" => Response::new(
                    200,
                    r#"{"name":"demo/greet","tags":["2.0.0","sha256-0f0f","sha256-0f0f.sig","latest"]}"#,
                )
                .with(
                    "link",
                    r#"</v2/demo/greet/tags/list?last=latest&n=1000>; rel="next""#,
                ),
                "/v2/demo/greet/tags/list?last=latest&n=1000" => {
                    Response::new(200, r#"{"name":"demo/greet","tags":["1.0.0","1.0.0-rc.1"]}"#)
                }
                path if path.contains("/blobs/") => {
                    Response::new(307, "").with("location", away.clone())
                }
                path if path.contains("/referrers/") => Response::new(404, "404 page not found"),
                _ => good(asked),
            }
        }
    });
    let all = Registries::new(impatient());
    assert_eq!(
        read(&all, &at(&server)).unwrap(),
        ["1.0.0-rc.1", "1.0.0", "2.0.0"].map(version)
    );
    // One 401 and one token for the three of them; no list but the tags, no referrers.
    assert_eq!(server.log().len(), 6);
    assert_eq!(store.lines(), ["GET /blob?se=2026&sig=signature"]);
    let private: PackageSource = format!("oci+http://{}/private/x", server.address())
        .parse()
        .unwrap();
    let error = read(&all, &private).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Nothing,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.help().unwrap().contains("there is no such package"));
}

/// ECR: a password for everything; pages with an opaque `next_token` under a whole address; a blob only
/// after its manifest was asked for.
#[test]
fn ecr() {
    let asked_for_manifest = AtomicUsize::new(0);
    let server = with_own_address(|own| {
        move |asked: &Request| {
            if asked.header("authorization") != Some("Basic QVdTOnBhc3N3b3Jk") {
                return Response::new(401, "Not Authorized\n").with(
                    "www-authenticate",
                    r#"Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#,
                );
            }
            match asked.path.as_str() {
                "/v2/demo/greet/tags/list?n=1000" => {
                    let next = format!(
                        "<{}/v2/demo/greet/tags/list?n=1000&next_token=abc%3D>; rel=\"next\"",
                        own.lock().unwrap()
                    );
                    Response::new(200, r#"{"tags":["1.0.0"]}"#).with("link", next)
                }
                "/v2/demo/greet/tags/list?n=1000&next_token=abc%3D" => {
                    Response::new(200, r#"{"tags":["1.1.0"]}"#)
                }
                path if path.contains("/manifests/sha256:") => {
                    asked_for_manifest.store(1, Ordering::SeqCst);
                    good(asked)
                }
                path if path.contains("/blobs/")
                    && asked_for_manifest.load(Ordering::SeqCst) == 0 =>
                {
                    Response::error(404, "BLOB_UNKNOWN")
                }
                path if path.contains("/other/") => Response::error(404, "NAME_UNKNOWN"),
                _ => good(asked),
            }
        }
    });
    let host = server.address().to_string();
    let (options, keys, _) = as_user(
        impatient(),
        Keys::default().with(&host, "", basic("AWS", "password")),
    );
    let all = Registries::new(options);
    assert_eq!(
        read(&all, &at(&server)).unwrap(),
        ["1.0.0", "1.1.0"].map(version)
    );
    assert_eq!(keys.asked().len(), 1);
    let other: PackageSource = format!("oci+http://{host}/demo/other").parse().unwrap();
    let error = read(&all, &other).unwrap_err();
    assert!(
        matches!(error, RegistryError::PackageNotFound { .. }),
        "{error}"
    );
    // Without a password, or with one that has ended, as they do after twelve hours.
    for keys in [
        Keys::default(),
        Keys::default().with(&host, "", basic("AWS", "yesterday's")),
    ] {
        let (options, ..) = as_user(impatient(), keys);
        let error = read(&Registries::new(options), &at(&server)).unwrap_err();
        assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
        assert!(error.help().unwrap().contains("wits login"));
    }
}

/// Docker Hub: one name for users and another for the registry, a realm elsewhere that takes one scope at
/// a time, a limit that passes, 401 for what is private or absent. Reached through a proxy, so that the
/// names are the real ones.
#[test]
fn docker_hub() {
    let limited = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if let Some(query) = asked.path.strip_prefix("http://auth.docker.io/token?") {
            if query.matches("scope=").count() > 1 {
                return Response::new(500, "");
            }
            return match asked.header("authorization") {
                Some("Basic bWU6cHc=") => Response::new(
                    200,
                    json!({ "token": format!("me {query}"), "access_token": "x", "expires_in": 300 })
                        .to_string(),
                ),
                Some(_) => Response::new(401, r#"{"details":"incorrect username or password"}"#),
                None => Response::new(200, json!({ "token": format!("nobody {query}") }).to_string()),
            };
        }
        let path = asked
            .path
            .strip_prefix("http://index.docker.io")
            .expect(&asked.path);
        let repository = path.strip_prefix("/v2/").unwrap();
        let repository = repository.split("/tags/").next().unwrap();
        let repository = repository.split("/manifests/").next().unwrap();
        let repository = repository.split("/blobs/").next().unwrap();
        let scope = format!("repository:{repository}:pull");
        let token = asked.header("authorization").unwrap_or_default();
        let covers = token.ends_with(&format!(
            "scope=repository%3A{}%3Apull",
            repository.replace('/', "%2F")
        ));
        let private = path.contains("/private/") && !token.starts_with("Bearer me");
        if !covers || private {
            let challenge = format!(
                r#"Bearer realm="http://auth.docker.io/token",service="registry.docker.io",scope="{scope}""#
            );
            return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
        }
        if limited.fetch_add(1, Ordering::SeqCst) == 0 {
            return Response::error(429, "TOOMANYREQUESTS").with("retry-after", "0");
        }
        let inner = path.replace(&format!("/{repository}/"), "/demo/greet/");
        if inner.contains("/tags/") {
            return Response::new(200, r#"{"tags":["1.0.0"]}"#);
        }
        good(&Request {
            path: inner,
            ..asked.clone()
        })
    });
    let hub =
        |name: &str| -> PackageSource { format!("oci+http://docker.io/{name}").parse().unwrap() };
    let with = |keys: Keys| {
        let (mut options, keys, heard) = as_user(impatient(), keys);
        options.proxy = Proxy::Url(server.url("").into());
        options.cleartext = ["docker.io", "auth.docker.io"].map(str::to_owned).into();
        (Registries::new(options), keys, heard)
    };
    let (all, keys, _) = with(Keys::default().with("docker.io", "", basic("me", "pw")));
    assert_eq!(
        read(&all, &hub("private/x")).unwrap(),
        ["1.0.0"].map(version)
    );
    // The credential is kept under the name that users know.
    assert_eq!(keys.asked(), ["docker.io private/x"]);

    let (all, ..) = with(Keys::default());
    assert!(read(&all, &hub("public/x")).is_ok());
    let error = read(&all, &hub("private/x")).unwrap_err();
    assert!(
        matches!(
            error,
            RegistryError::Denied {
                shown: Shown::Nothing,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.help().unwrap().contains("wits login docker.io"));

    // Several at once: the realm fails at that, and each gets a token of its own.
    let (all, ..) = with(Keys::default());
    let many: Vec<_> = (0..5)
        .map(|number| hub(&format!("public/p{number}")))
        .collect();
    let wanted = version("1.0.0");
    let before = server.log().len();
    let answers = run(futures_util::future::join_all(
        many.iter().map(|at| backend(&all, at).release(at, &wanted)),
    ));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let tokens = server.lines()[before..]
        .iter()
        .filter(|line| line.contains("auth.docker.io"))
        .count();
    assert_eq!(tokens, 6);
}

#[test]
fn absent_forbidden_and_unreachable_are_three_things() {
    type Make = fn() -> Response;
    let cases: [(Make, ErrorKind, &str); 6] = [
        (
            || Response::error(404, "NAME_UNKNOWN"),
            ErrorKind::Project,
            "no package at",
        ),
        (
            || Response::error(404, "MANIFEST_UNKNOWN"),
            ErrorKind::Project,
            "no version `1.0.0`",
        ),
        (
            || Response::error(403, "DENIED"),
            ErrorKind::Project,
            "refused the manifest of `1.0.0`",
        ),
        (
            || Response::new(401, ""),
            ErrorKind::Project,
            "refused the manifest of `1.0.0`",
        ),
        (
            || Response::new(502, ""),
            ErrorKind::Transient,
            "for the manifest of `1.0.0` failed",
        ),
        (
            || Response::new(418, ""),
            ErrorKind::Project,
            "answered 418",
        ),
    ];
    for (told, kind, expected) in cases {
        let server = Server::start(move |_| told());
        let error = release(&server).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        // Registry and repository.
        assert!(text.contains(&at(&server).to_string()), "{text}");
    }
}
