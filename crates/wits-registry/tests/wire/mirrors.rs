//! Bytes from elsewhere.

use super::*;
use crate::keys::{Heard, Keys, as_user, basic};
use wits_model::RegistryUrl;
use wits_registry::{Mirror, RegistryNote};

fn mirrored(server: &Server, mirror: &str, trusted_tags: bool) -> (Registries, Heard) {
    let origin = format!("oci+http://{}", server.address());
    let host = server.address().to_string();
    let keys = Keys::default().with(&host, "", basic("me", "pw"));
    let (mut options, _, heard) = as_user(impatient(), keys);
    options.mirrors.push(Mirror {
        origin: origin.parse().unwrap(),
        mirror: mirror.parse().unwrap(),
        trusted_tags,
    });
    (Registries::new(options), heard)
}

/// What `good` has, below `m/`.
fn moved(asked: &Request) -> Response {
    let path = asked.path.replace("/v2/m/demo/greet/", "/v2/demo/greet/");
    assert_ne!(path, asked.path);
    good(&Request {
        path,
        ..asked.clone()
    })
}

fn get(all: &Registries, at: &PackageSource) -> Result<(Pin, Blob), RegistryError> {
    let wanted = version("1.0.0");
    run(async {
        let pin = backend(all, at).release(at, &wanted).await?.pin;
        let bytes = backend(all, at).pull(at, &wanted, &pin).await?;
        Ok((pin, bytes))
    })
}

fn reason(heard: &Heard) -> String {
    let all = heard.all();
    let [RegistryNote::MirrorPassedOver { reason, .. }] = all.as_slice() else {
        panic!("{all:?}")
    };
    reason.clone()
}

#[test]
fn bytes_come_from_the_mirror_and_tags_from_the_origin() {
    let expected = "Basic bWU6cHc=";
    let origin = Server::start(move |asked| match asked.header("authorization") {
        Some(header) if header == expected => good(asked),
        _ => Response::error(401, "UNAUTHORIZED").with("www-authenticate", "Basic realm=x"),
    });
    let mirror = Server::start(moved);
    let url = format!("oci+http://{}/m", mirror.address());
    let (all, heard) = mirrored(&origin, &url, false);
    let at = at(&origin);
    let (pin, bytes) = get(&all, &at).unwrap();
    assert_eq!((pin.clone(), bytes), (artifact().pin, Blob::of(WASM)));
    assert_eq!(
        mirror.lines(),
        [format!("GET /v2/m/demo/greet/blobs/{}", pin.digest)]
    );
    assert!(
        origin
            .lines()
            .iter()
            .all(|line| line.contains("/manifests/1.0.0"))
    );
    // The origin's credential is none of the mirror's business.
    assert!(
        mirror
            .log()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    assert!(heard.all().is_empty());
    // Publishing goes to the origin.
    let _ = run(backend(&all, &at).publish(&at, &publication("2.0.0", WASM)));
    assert_eq!(mirror.log().len(), 1);
}

#[test]
fn a_mirror_that_is_no_good_is_passed_over() {
    type Answer = fn(&Request) -> Response;
    let cases: &[(&str, Answer, &str)] = &[
        (
            "other bytes",
            |_| Response::new(200, vec![b'x'; WASM.len()]),
            "expected sha256:",
        ),
        (
            "more bytes",
            |_| Response::sent(Body::Endless(b"x".to_vec())),
            "expected 14 bytes",
        ),
        (
            "nothing",
            |_| Response::error(404, "BLOB_UNKNOWN"),
            "no version `1.0.0`",
        ),
        ("no", |_| Response::error(403, "DENIED"), "403 told DENIED"),
        ("later", |_| Response::new(503, ""), "503"),
        (
            "away",
            |_| Response::new(302, "").with("location", "ftp://x/"),
            "a redirect",
        ),
        ("reset", |_| Response::sent(Body::Reset), "failed"),
    ];
    for (name, answer, expected) in cases {
        let origin = Server::start(good);
        let mirror = Server::start(answer);
        let url = format!("oci+http://{}/m", mirror.address());
        let (all, heard) = mirrored(&origin, &url, false);
        let (_, bytes) = get(&all, &at(&origin)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bytes, WASM, "{name}");
        assert!(
            reason(&heard).contains(expected),
            "{name}: {}",
            reason(&heard)
        );
        assert!(!mirror.log().is_empty());
        // By digest only, even to find out why.
        assert!(
            mirror.lines().iter().all(|line| line.contains("sha256:")),
            "{name}"
        );
    }
}

#[test]
fn a_mirror_that_is_down_is_asked_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("oci+http://{}/m", listener.local_addr().unwrap());
    drop(listener);
    let origin = Server::start(good);
    let (all, heard) = mirrored(&origin, &url, false);
    let at = at(&origin);
    for _ in 0..3 {
        assert_eq!(get(&all, &at).unwrap().1, WASM);
    }
    assert!(reason(&heard).contains("refused"), "{}", reason(&heard));
}

#[test]
fn a_mirror_that_stores_what_it_is_asked_for_sees_the_manifest_first() {
    let seen = AtomicUsize::new(0);
    let mirror = Server::start(move |asked| {
        if asked.path.contains("/manifests/") {
            seen.store(1, Ordering::SeqCst);
        } else if seen.load(Ordering::SeqCst) == 0 {
            return Response::error(404, "BLOB_UNKNOWN");
        }
        moved(asked)
    });
    let origin = Server::start(good);
    let url = format!("oci+http://{}/m", mirror.address());
    let (all, heard) = mirrored(&origin, &url, false);
    assert_eq!(get(&all, &at(&origin)).unwrap().1, WASM);
    assert_eq!(mirror.log().len(), 3);
    assert!(heard.all().is_empty());
}

#[test]
fn a_trusted_mirror_answers_for_tags_too() {
    let origin = Server::start(good);
    let mirror = Server::start(moved);
    let url = format!("oci+http://{}/m", mirror.address());
    let (all, heard) = mirrored(&origin, &url, true);
    let at = at(&origin);
    assert_eq!(get(&all, &at).unwrap().1, WASM);
    assert!(origin.log().is_empty());
    assert!(heard.all().is_empty());
    // What it does not have, the origin may.
    let error = run(backend(&all, &at).release(&at, &version("3.0.0"))).unwrap_err();
    assert!(
        matches!(error, RegistryError::VersionNotFound { .. }),
        "{error}"
    );
    assert_eq!(origin.lines()[0], "GET /v2/demo/greet/manifests/3.0.0");
}

#[test]
fn a_layout_is_a_mirror_too() {
    let origin = Server::start(good);
    let dir = tempfile::tempdir().unwrap();
    let there = support::layout(&dir.path().join("demo/greet"));
    let plain = Registries::new(impatient());
    run(backend(&plain, &there).publish(&there, &publication("1.0.0", WASM))).unwrap();
    let url = RegistryUrl::Layout {
        path: dir.path().to_owned(),
    };
    let (all, heard) = mirrored(&origin, &url.to_string(), false);
    assert_eq!(get(&all, &at(&origin)).unwrap().1, WASM);
    assert_eq!(origin.lines(), ["GET /v2/demo/greet/manifests/1.0.0"]);
    assert!(heard.all().is_empty());
}

#[test]
fn another_registry_is_not_mirrored() {
    let origin = Server::start(good);
    let other = Server::start(good);
    let mirror = Server::start(moved);
    let url = format!("oci+http://{}/m", mirror.address());
    let (all, _) = mirrored(&origin, &url, true);
    assert_eq!(get(&all, &at(&other)).unwrap().1, WASM);
    assert!(mirror.log().is_empty());
}
