//! OCI registries that misbehave, and what is asked of those that do not.
#![cfg(feature = "network")]

#[path = "support/server.rs"]
mod server;
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::{Asked, Body, Server, Told};
use support::{backend, impatient, publication, run, version};
use wits_model::{Digest, ErrorKind, PackageSource, Pin, Version};
use wits_registry::artifact::{Artifact, INDEX, MANIFEST};
use wits_registry::{Limits, Options, Outcome, Published, Registries, RegistryError, Release};

const WASM: &[u8] = b"\0asm and so on";

fn at(server: &Server) -> PackageSource {
    format!("oci+http://{}/demo/greet", server.address)
        .parse()
        .unwrap()
}

fn artifact() -> Artifact {
    Artifact::new(&publication("1.0.0", WASM))
}

/// What a good registry with version 1.0.0 answers.
fn good(asked: &Asked) -> Told {
    let artifact = artifact();
    let digest = artifact.manifest_digest.to_string();
    let (tag, locked) = (
        "GET /v2/demo/greet/manifests/1.0.0".to_owned(),
        format!("GET /v2/demo/greet/manifests/{digest}"),
    );
    match asked.line() {
        line if line == tag || line == locked => Told::new(200, artifact.manifest)
            .with("content-type", MANIFEST)
            .with("docker-content-digest", digest),
        line if line == format!("GET /v2/demo/greet/blobs/{}", artifact.pin.digest) => {
            Told::new(200, WASM)
        }
        line if line.starts_with("GET /v2/demo/greet/manifests/") => {
            Told::error(404, "MANIFEST_UNKNOWN")
        }
        line if line.contains("/blobs/") => Told::error(404, "BLOB_UNKNOWN"),
        _ => Told::error(404, "NAME_UNKNOWN"),
    }
}

fn release(server: &Server) -> Result<Release, RegistryError> {
    release_of(server, "1.0.0")
}

fn release_of(server: &Server, text: &str) -> Result<Release, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).release(&at, &version(text)))
}

fn pull(server: &Server, pin: &Pin) -> Result<Vec<u8>, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).pull(&at, &version("1.0.0"), pin))
}

fn versions(server: &Server) -> Result<Vec<Version>, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).versions(&at))
}

fn publish(server: &Server) -> Result<Published, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).publish(&at, &publication("1.0.0", WASM)))
}

#[test]
fn a_version_is_two_requests() {
    let server = Server::start(good);
    let (all, at) = (Registries::new(impatient()), at(&server));
    let registry = backend(&all, &at);
    let wanted = version("1.0.0");
    let release = run(registry.release(&at, &wanted)).unwrap();
    assert_eq!(release.pin, artifact().pin);
    assert_eq!(release.annotations["dev.wits.test"], "yes");
    assert_eq!(
        run(registry.pull(&at, &wanted, &release.pin)).unwrap(),
        WASM
    );
    assert_eq!(
        server.lines(),
        [
            "GET /v2/demo/greet/manifests/1.0.0".to_owned(),
            format!("GET /v2/demo/greet/blobs/{}", release.pin.digest),
        ]
    );
    assert!(
        server.log()[0]
            .header("user-agent")
            .unwrap()
            .starts_with("wits/")
    );
}

#[test]
fn build_metadata_is_part_of_the_tag() {
    let server = Server::start(good);
    assert!(release_of(&server, "1.0.0+git.1").is_err());
    assert_eq!(server.lines(), ["GET /v2/demo/greet/manifests/1.0.0_git.1"]);
}

#[test]
fn a_lying_digest_header_is_an_integrity_error() {
    for header in [Digest::of("x").to_string(), "sha512:00".to_owned()] {
        let lie = header.clone();
        let server = Server::start(move |_| {
            Told::new(200, artifact().manifest).with("docker-content-digest", lie.clone())
        });
        let error = release(&server).unwrap_err();
        let expected = if header.starts_with("sha256") {
            ErrorKind::Integrity
        } else {
            ErrorKind::Project
        };
        assert_eq!(error.kind(), expected, "{error}");
        assert_eq!(server.log().len(), 1);
    }
}

#[test]
fn what_is_no_wasm_package_is_named() {
    let manifest: Value = serde_json::from_slice(&artifact().manifest).unwrap();
    let mut two = manifest.clone();
    let layer = two["layers"][0].clone();
    two["layers"].as_array_mut().unwrap().push(layer);
    let mut image = manifest.clone();
    image["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    for (document, expected) in [
        (two, "2 layers"),
        (image, "vnd.oci.image.config.v1+json"),
        (index, "image index"),
    ] {
        let server = Server::start(move |_| Told::new(200, document.to_string()));
        let error = release(&server).unwrap_err();
        assert!(
            matches!(error, RegistryError::NotAWasmPackage { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(expected), "{error}");
    }
    for junk in ["<html>login</html>", "{}", "", "[[[["] {
        let server = Server::start(move |_| Told::new(200, junk));
        let error = release(&server).unwrap_err();
        assert!(matches!(error, RegistryError::Malformed { .. }), "{error}");
    }
}

#[test]
fn urls_in_a_descriptor_are_not_asked() {
    let elsewhere = Server::start(|_| Told::new(200, WASM));
    let url = elsewhere.url("/wasm");
    let server = Server::start(move |asked| {
        let mut manifest: Value = serde_json::from_slice(&artifact().manifest).unwrap();
        manifest["layers"][0]["urls"] = json!([url]);
        match asked.path.contains("/manifests/") {
            true => Told::new(200, manifest.to_string()),
            false => Told::error(404, "BLOB_UNKNOWN"),
        }
    });
    let pin = release(&server).unwrap().pin;
    assert!(matches!(
        pull(&server, &pin),
        Err(RegistryError::BlobLost { .. })
    ));
    assert!(elsewhere.log().is_empty());
}

#[test]
fn absent_packages_and_absent_versions_are_told_apart() {
    let answer = |told: fn() -> Told| Server::start(move |_| told());
    let package = answer(|| Told::error(404, "NAME_UNKNOWN"));
    assert!(matches!(
        release(&package),
        Err(RegistryError::PackageNotFound { .. })
    ));
    assert!(matches!(
        versions(&package),
        Err(RegistryError::PackageNotFound { .. })
    ));
    let other = answer(|| Told::error(404, "MANIFEST_UNKNOWN"));
    assert!(matches!(
        release(&other),
        Err(RegistryError::VersionNotFound { .. })
    ));
    let silent = answer(|| Told::new(404, "<html>not here"));
    assert!(matches!(
        release(&silent),
        Err(RegistryError::VersionNotFound { .. })
    ));
    let denied = answer(|| Told::error(403, "DENIED\\u001b[31m"));
    let error = release(&denied).unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert!(!error.to_string().contains('\u{1b}'));
    assert_eq!(denied.log().len(), 1);
    let odd = answer(|| Told::error(418, "TEAPOT"));
    let error = release(&odd).unwrap_err();
    assert!(error.to_string().contains("answered 418"), "{error}");
    assert!(error.to_string().contains("demo/greet"), "{error}");
}

#[test]
fn wrong_bytes_are_never_handed_out() {
    let pin = artifact().pin;
    let size = WASM.len();
    let flipped = WASM.iter().rev().copied().collect::<Vec<_>>();
    for (body, integrity) in [
        (Body::Whole(flipped), true),
        (Body::Whole(WASM[..size - 1].to_vec()), true),
        (Body::Whole([WASM, b"!"].concat()), true),
        (Body::Whole(vec![]), true),
        (Body::Endless(WASM.to_vec()), true),
        // A transfer that breaks off says nothing about the bytes.
        (Body::Declared(size, WASM[..4].to_vec()), false),
        (Body::Stuck(WASM[..4].to_vec()), false),
        (Body::Reset, false),
    ] {
        let told = Told::sent(body.clone());
        let server = Server::start(move |_| told.clone());
        let error = pull(&server, &pin).unwrap_err();
        let (kind, requests) = match integrity {
            true => (ErrorKind::Integrity, 1),
            false => (ErrorKind::Transient, 3),
        };
        assert_eq!(error.kind(), kind, "{body:?}: {error}");
        assert_eq!(server.log().len(), requests, "{body:?}");
    }
}

#[test]
fn documents_have_a_limit() {
    for body in [
        Body::Endless(vec![b' '; 4096]),
        Body::Declared(1 << 30, vec![]),
    ] {
        let told = Told::sent(body);
        let server = Server::start(move |_| told.clone());
        let error = release(&server).unwrap_err();
        assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
        assert_eq!(server.log().len(), 1);
    }
    // One of an error is cut off.
    let server = Server::start(|_| Told {
        status: 404,
        ..Told::sent(Body::Endless(vec![b'x'; 4096]))
    });
    assert!(matches!(
        release(&server),
        Err(RegistryError::VersionNotFound { .. })
    ));
}

#[test]
fn a_layer_larger_than_the_limit_is_not_fetched() {
    let server = Server::start(|_| {
        let mut manifest: Value = serde_json::from_slice(&artifact().manifest).unwrap();
        manifest["layers"][0]["size"] = json!(2 << 20);
        Told::new(200, manifest.to_string())
    });
    assert!(matches!(
        release(&server),
        Err(RegistryError::TooLarge { .. })
    ));
    let pin = Pin {
        size: 2 << 20,
        ..artifact().pin
    };
    assert!(matches!(
        pull(&server, &pin),
        Err(RegistryError::TooLarge { .. })
    ));
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_pinned_blob_that_is_gone_is_diagnosed() {
    let without_blob = |asked: &Asked| match asked.path.contains("/blobs/") {
        true => Told::error(404, "BLOB_UNKNOWN"),
        false => good(asked),
    };
    let server = Server::start(without_blob);
    let error = pull(&server, &artifact().pin).unwrap_err();
    assert!(matches!(error, RegistryError::BlobLost { .. }), "{error}");
    let blob = format!("GET /v2/demo/greet/blobs/{}", artifact().pin.digest);
    let locked = format!(
        "GET /v2/demo/greet/manifests/{}",
        artifact().manifest_digest
    );
    assert_eq!(server.lines(), [blob.clone(), locked, blob]);

    // The locked manifest is gone as well, and the tag has moved to other bytes.
    let moved = Pin {
        manifest: Some(Digest::of("old manifest")),
        digest: Digest::of("old"),
        size: 3,
    };
    let error = pull(&server, &moved).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(
        error.to_string().contains(&moved.digest.to_string()),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&artifact().pin.digest.to_string()),
        "{error}"
    );

    let empty = Server::start(|_| Told::error(404, "MANIFEST_UNKNOWN"));
    let error = pull(&empty, &moved).unwrap_err();
    assert!(
        matches!(error, RegistryError::VersionNotFound { .. }),
        "{error}"
    );
}

#[test]
fn a_registry_that_wants_the_manifest_asked_first_is_asked_again() {
    let known = Mutex::new(false);
    let server = Server::start(move |asked| {
        let mut known = known.lock().unwrap();
        *known |= asked.path.contains("/manifests/");
        if *known {
            good(asked)
        } else {
            Told::error(404, "BLOB_UNKNOWN")
        }
    });
    assert_eq!(pull(&server, &artifact().pin).unwrap(), WASM);
    assert_eq!(server.log().len(), 3);
}

#[test]
fn passing_failures_are_tried_again_and_others_are_not() {
    let times = |failures: usize, told: fn() -> Told| {
        let count = AtomicUsize::new(0);
        Server::start(
            move |asked| match count.fetch_add(1, Ordering::SeqCst) < failures {
                true => told(),
                false => good(asked),
            },
        )
    };
    for told in [
        || Told::new(503, "busy"),
        || Told::error(429, "TOOMANYREQUESTS").with("retry-after", "0"),
        || Told::sent(Body::Reset),
        || Told::sent(Body::Declared(900, b"{".to_vec())),
    ] {
        let server = times(2, told);
        assert!(release(&server).is_ok());
        assert_eq!(server.log().len(), 3);
        let server = times(9, told);
        assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Transient);
        assert_eq!(server.log().len(), 3);
    }
    for told in [|| Told::new(501, ""), || Told::error(400, "NAME_INVALID")] {
        let server = times(1, told);
        assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Project);
        assert_eq!(server.log().len(), 1);
    }
    // A registry may say when, and more patience than we have ends the matter.
    let server = times(1, || {
        Told::error(429, "TOOMANYREQUESTS").with("retry-after", "1")
    });
    let start = Instant::now();
    assert!(release(&server).is_ok());
    assert!(start.elapsed() >= Duration::from_millis(900));
    let server = times(1, || Told::new(503, "").with("retry-after", "3600"));
    assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_registry_that_trickles_is_given_up() {
    let server = Server::start(|_| Told::sent(Body::Stuck(b"{".to_vec())));
    let mut options = impatient();
    options.limits = Limits {
        total_timeout: Duration::from_millis(300),
        ..options.limits
    };
    let (all, at) = (Registries::new(options), at(&server));
    let start = Instant::now();
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn nobody_there_is_transient() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let at: PackageSource = format!("oci+http://{address}/demo/greet").parse().unwrap();
    let all = Registries::new(impatient());
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn offline_opens_no_socket() {
    let server = Server::start(good);
    let options = Options {
        offline: true,
        ..impatient()
    };
    let (all, at) = (Registries::new(options), at(&server));
    let registry = backend(&all, &at);
    let wanted = version("1.0.0");
    let artifact = artifact();
    for error in [
        run(registry.versions(&at)).unwrap_err(),
        run(registry.release(&at, &wanted)).unwrap_err(),
        run(registry.pull(&at, &wanted, &artifact.pin)).unwrap_err(),
        run(registry.publish(&at, &publication("1.0.0", WASM))).unwrap_err(),
        run(all.well_known("wasi.dev")).unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::Offline { .. }), "{error}");
    }
    assert!(server.log().is_empty());
}

/// A registry that wants a token of its realm for everything.
fn guarded(realm: impl Fn() -> String + Send + Sync + 'static) -> impl Fn(&Asked) -> Told {
    move |asked| match asked.header("authorization") {
        _ if asked.path.starts_with("/token") => {
            Told::new(200, r#"{"token":"t0ken","expires_in":300}"#)
        }
        Some("Bearer t0ken") => good(asked),
        _ => {
            let scope = "repository:demo/greet:pull";
            let challenge = format!(
                r#"Bearer realm="{}",service="s v",scope="{scope}""#,
                realm()
            );
            Told::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
        }
    }
}

/// A server that knows its own address.
fn with_own_address<F>(make: impl FnOnce(Arc<Mutex<String>>) -> F) -> Server
where
    F: Fn(&Asked) -> Told + Send + Sync + 'static,
{
    let own = Arc::new(Mutex::new(String::new()));
    let server = Server::start(make(Arc::clone(&own)));
    *own.lock().unwrap() = server.url("");
    server
}

#[test]
fn a_token_is_asked_for_once() {
    let server = with_own_address(|own| guarded(move || format!("{}/token", own.lock().unwrap())));
    let (all, at) = (Registries::new(impatient()), at(&server));
    let registry = backend(&all, &at);
    let pin = artifact().pin;
    let wanted = version("1.0.0");
    run(async {
        let pulls = (0..5).map(|_| registry.pull(&at, &wanted, &pin));
        let pulls: Vec<_> = futures_util::future::join_all(pulls).await;
        for pulled in pulls {
            assert_eq!(pulled.unwrap(), WASM);
        }
    });
    run(registry.release(&at, &wanted)).unwrap();
    let lines = server.lines();
    let tokens: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("/token"))
        .collect();
    assert_eq!(
        tokens,
        ["GET /token?service=s+v&scope=repository%3Ademo%2Fgreet%3Apull"]
    );
    // Another repository of the host begins with its token, not with a 401.
    let other: PackageSource = format!("oci+http://{}/demo/other", server.address)
        .parse()
        .unwrap();
    let before = server.log().len();
    assert!(run(registry.release(&other, &wanted)).is_err());
    assert_eq!(
        server.lines()[before..],
        [
            "GET /token?service=s+v&scope=repository%3Ademo%2Fother%3Apull",
            "GET /v2/demo/other/manifests/1.0.0",
        ]
    );
}

#[test]
fn a_token_stays_at_home() {
    let store = Server::start(|_| Told::new(200, WASM));
    let away = store.url("/stored?signature=x");
    let server = with_own_address(|own| {
        let inner = guarded(move || format!("{}/token", own.lock().unwrap()));
        move |asked: &Asked| match inner(asked) {
            told if told.status == 200 && asked.path.contains("/blobs/") => {
                Told::new(307, "").with("location", away.clone())
            }
            told => told,
        }
    });
    assert_eq!(pull(&server, &artifact().pin).unwrap(), WASM);
    let [stored] = store.log().try_into().unwrap();
    assert_eq!(stored.header("authorization"), None);
    assert_eq!(stored.line(), "GET /stored?signature=x");
}

#[test]
fn tokens_that_do_not_help_are_the_end() {
    let server = with_own_address(|own| {
        move |asked: &Asked| match asked.path.starts_with("/token") {
            true => Told::new(200, r#"{"access_token":"useless"}"#),
            false => {
                let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
                Told::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
            }
        }
    });
    let error = release(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert_eq!(server.log().len(), 3);
    assert!(!error.to_string().contains("useless"), "{error}");
}

#[test]
fn challenges_that_are_not_answered() {
    let elsewhere = Server::start(|_| Told::new(200, r#"{"token":"x"}"#));
    let redirect = elsewhere.url("/token");
    let cases: &[(&str, &str)] = &[
        ("Basic realm=\"x\"", "wants to know who asks (Basic)"),
        ("Bearer realm=\"ftp://x/\"", "is not https"),
        ("Bearer realm=\"http://me:pw@127.0.0.1/\"", "user name"),
        ("Bearer service=x", "does not say where"),
        ("Bearer realm=\"OWN/moved\"", "another host"),
        ("Bearer realm=\"OWN/junk\"", "not a token"),
        ("Bearer realm=\"OWN/split\"", "not a token"),
        ("Bearer realm=\"OWN/no\"", "403"),
        ("", "does not say where"),
    ];
    for &(challenge, expected) in cases {
        let redirect = redirect.clone();
        let server = with_own_address(|own| {
            move |asked: &Asked| match asked.path.split('?').next().unwrap() {
                "/moved" => Told::new(302, "").with("location", redirect.clone()),
                "/junk" => Told::new(200, "secret"),
                "/split" => Told::new(200, r#"{"token":"a\r\nb"}"#),
                "/no" => Told::error(403, "DENIED"),
                _ => {
                    let challenge = challenge.replace("OWN", &own.lock().unwrap());
                    Told::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
                }
            }
        });
        let error = release(&server).unwrap_err();
        assert!(error.to_string().contains(expected), "{challenge}: {error}");
        assert_eq!(error.kind(), ErrorKind::Project);
        assert!(!error.to_string().contains("secret"));
    }
    assert!(elsewhere.log().is_empty());
}

#[test]
fn redirects_end() {
    let server = Server::start(|asked| Told::new(302, "").with("location", asked.path.clone()));
    let error = release(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert_eq!(server.log().len(), 6);
}

#[test]
fn all_pages_are_read() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/demo/greet/tags/list?n=1000" => {
            Told::new(200, r#"{"name":"x","tags":["2.0.0","latest","1.0.0_b"]}"#).with(
                "link",
                "</v2/demo/greet/tags/list?n=1000&last=x>; rel=\"next\"",
            )
        }
        "/v2/demo/greet/tags/list?n=1000&last=x" => Told::new(
            200,
            r#"{"tags":["sha256-00","1.0.0","1.0.0-rc.1","2.0.0"]}"#,
        )
        .with("link", "<?last=y>; rel=next"),
        "/v2/demo/greet/tags/list?last=y" => Told::new(200, r#"{"tags":null}"#),
        other => panic!("{other}"),
    });
    assert_eq!(
        versions(&server).unwrap(),
        ["1.0.0-rc.1", "1.0.0", "1.0.0+b", "2.0.0"].map(version)
    );
}

#[test]
fn lists_that_never_end_do() {
    let elsewhere = Server::start(|_| Told::new(200, r#"{"tags":["9.9.9"]}"#));
    let page = r#"{"tags":["1.0.0"]}"#;
    let away = format!("<{}>; rel=\"next\"", elsewhere.url("/tags/list"));
    let server = Server::start(move |_| Told::new(200, page).with("link", away.clone()));
    let error = versions(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert!(elsewhere.log().is_empty());

    let server = Server::start(move |asked| {
        Told::new(200, page).with("link", format!("<{}>; rel=\"next\"", asked.path))
    });
    let error = versions(&server).unwrap_err();
    assert!(error.to_string().contains("lead back"), "{error}");
    assert_eq!(server.log().len(), 1);

    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let next = format!(
            "<?last={}>; rel=\"next\"",
            count.fetch_add(1, Ordering::SeqCst)
        );
        Told::new(200, page).with("link", next)
    });
    let mut options = impatient();
    options.limits.max_pages = 7;
    let (all, at) = (Registries::new(options), at(&server));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(error.to_string().contains("more than 7 pages"), "{error}");
    assert_eq!(server.log().len(), 7);
}

/// A registry one can push to: the state is what was put under each path.
fn writable(location: impl Fn(&str) -> String) -> impl Fn(&Asked) -> Told {
    let state = Mutex::new(std::collections::BTreeMap::<String, Vec<u8>>::new());
    move |asked| {
        let mut state = state.lock().unwrap();
        let path = asked.path.split('?').next().unwrap().to_owned();
        match asked.method.as_str() {
            "GET" | "HEAD" => match state.get(&path) {
                Some(bytes) => Told::new(200, bytes.clone()),
                None => Told::error(404, "MANIFEST_UNKNOWN"),
            },
            "POST" => Told::new(202, "").with("location", location("/upload?state=s")),
            "PUT" if path == "/upload" => {
                let (_, digest) = asked.path.split_once("digest=").unwrap();
                let digest = digest.replace("%3A", ":");
                assert_eq!(Digest::of(&asked.body).to_string(), digest);
                state.insert(format!("/v2/demo/greet/blobs/{digest}"), asked.body.clone());
                Told::new(201, "")
            }
            _ => {
                state.insert(path, asked.body.clone());
                Told::new(201, "")
            }
        }
    }
}

#[test]
fn publishing_sends_what_is_missing_and_the_tag_last() {
    let server = Server::start(writable(str::to_owned));
    let published = publish(&server).unwrap();
    assert_eq!(
        (published.outcome, &published.pin),
        (Outcome::New, &artifact().pin)
    );
    let manifest = artifact().manifest_digest;
    let lines = server.lines();
    let tail: Vec<_> = lines[lines.len() - 4..]
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(
        tail,
        [
            format!("PUT /v2/demo/greet/manifests/{manifest}").as_str(),
            "GET /v2/demo/greet/manifests/1.0.0",
            "PUT /v2/demo/greet/manifests/1.0.0",
            "GET /v2/demo/greet/manifests/1.0.0",
        ]
    );
    assert_eq!(lines[0], "GET /v2/demo/greet/manifests/1.0.0");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with("PUT /upload?state=s&digest="))
            .count(),
        2
    );

    let again = publish(&server).unwrap();
    assert_eq!(
        (again.outcome, &again.pin),
        (Outcome::AlreadyPublished, &artifact().pin)
    );
    assert_eq!(server.log().len(), lines.len() + 1);

    // The same Wasm as another version: the blob is there.
    let (all, at) = (Registries::new(impatient()), at(&server));
    run(backend(&all, &at).publish(&at, &publication("1.1.0", WASM))).unwrap();
    let uploads = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("PUT /upload"))
        .count();
    assert_eq!(uploads, 3);

    let error = run(backend(&all, &at).publish(&at, &publication("1.1.0", b"other"))).unwrap_err();
    assert!(
        matches!(error, RegistryError::VersionExists { .. }),
        "{error}"
    );
}

#[test]
fn an_upload_that_breaks_off_begins_again() {
    let inner = writable(str::to_owned);
    let broken = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let first = asked.path.starts_with("/upload") && broken.fetch_add(1, Ordering::SeqCst) == 0;
        if first {
            Told::sent(Body::Reset)
        } else {
            inner(asked)
        }
    });
    assert_eq!(publish(&server).unwrap().outcome, Outcome::New);
    let posts = server
        .lines()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(posts, 3);
}

#[test]
fn an_upload_elsewhere_takes_no_token_along() {
    let store = Server::start(|_| Told::new(201, ""));
    let away = store.url("/upload");
    let server = with_own_address(|own| {
        let inner = writable(move |_| away.clone());
        move |asked: &Asked| {
            if asked.path.starts_with("/token") {
                return Told::new(200, r#"{"token":"t0ken"}"#);
            }
            if asked.header("authorization").is_none() {
                let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
                return Told::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
            }
            inner(asked)
        }
    });
    assert_eq!(publish(&server).unwrap().outcome, Outcome::New);
    assert!(
        server
            .lines()
            .iter()
            .any(|line| line.contains("pull%2Cpush"))
    );
    assert_eq!(store.log().len(), 2);
    assert!(
        store
            .log()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn a_lost_race_names_both_manifests() {
    let theirs = Artifact::new(&publication("1.0.0", b"theirs"));
    let inner = writable(str::to_owned);
    let manifest = theirs.manifest.clone();
    let tagged = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let tag = asked.path.ends_with("/manifests/1.0.0");
        if tag && asked.method == "PUT" {
            tagged.store(1, Ordering::SeqCst);
        }
        // They come right after us.
        if tag && asked.method == "GET" && tagged.load(Ordering::SeqCst) == 1 {
            return Told::new(200, manifest.clone());
        }
        inner(asked)
    });
    let error = publish(&server).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, RegistryError::RaceLost { .. }), "{text}");
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(text.contains(&theirs.manifest_digest.to_string()), "{text}");
    assert!(
        text.contains(&artifact().manifest_digest.to_string()),
        "{text}"
    );
}
