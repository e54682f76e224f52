//! Publishing, request by request.

use super::*;

/// A registry one can push to: the state is what was put under each path.
pub(crate) fn writable(location: impl Fn(&str) -> String) -> impl Fn(&Request) -> Response {
    let state = Mutex::new(std::collections::BTreeMap::<String, Vec<u8>>::new());
    move |asked| {
        let mut state = state.lock().unwrap();
        let path = asked.path.split('?').next().unwrap().to_owned();
        match asked.method.as_str() {
            "GET" | "HEAD" => match state.get(&path) {
                Some(bytes) => Response::new(200, bytes.clone()),
                None => Response::error(404, "MANIFEST_UNKNOWN"),
            },
            "POST" => Response::new(202, "").with("location", location("/upload?state=s")),
            "PUT" if path == "/upload" => {
                let (_, digest) = asked.path.split_once("digest=").unwrap();
                let digest = digest.replace("%3A", ":");
                assert_eq!(Digest::of(&asked.body).to_string(), digest);
                state.insert(format!("/v2/demo/greet/blobs/{digest}"), asked.body.clone());
                Response::new(201, "")
            }
            _ => {
                state.insert(path, asked.body.clone());
                Response::new(201, "")
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
    let manifest = artifact().manifest.digest();
    let lines = server.lines();
    // What stands before the last two goes side by side.
    let mut before = lines[lines.len() - 4..lines.len() - 2].to_vec();
    before.sort();
    assert_eq!(
        before,
        [
            "GET /v2/demo/greet/manifests/1.0.0".to_owned(),
            format!("PUT /v2/demo/greet/manifests/{manifest}"),
        ]
    );
    assert_eq!(
        lines[lines.len() - 2..],
        [
            "PUT /v2/demo/greet/manifests/1.0.0",
            "GET /v2/demo/greet/manifests/1.0.0",
        ]
    );
    // So do the first three.
    assert!(lines[..3].contains(&"GET /v2/demo/greet/manifests/1.0.0".to_owned()));
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
    assert_eq!(server.log().len(), lines.len() + 3);

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
            Response::sent(Body::Reset)
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
    let store = Server::start(|_| Response::new(201, ""));
    let away = store.url("/upload");
    let server = with_own_address(|own| {
        let inner = writable(move |_| away.clone());
        move |asked: &Request| {
            if asked.path.starts_with("/token") {
                return Response::new(200, r#"{"token":"t0ken"}"#);
            }
            if asked.header("authorization").is_none() {
                let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
                return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
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
            return Response::new(200, manifest.clone());
        }
        inner(asked)
    });
    let error = publish(&server).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, RegistryError::RaceLost { .. }), "{text}");
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(
        text.contains(&theirs.manifest.digest().to_string()),
        "{text}"
    );
    assert!(
        text.contains(&artifact().manifest.digest().to_string()),
        "{text}"
    );
}

#[test]
fn a_blob_that_is_there_is_not_sent() {
    // Longer than a document may be: a HEAD tells a length and sends nothing.
    let wasm = vec![0; 100 << 10];
    for answer in [
        Response::sent(Body::Declared(wasm.len(), vec![])),
        Response::new(307, "").with("location", "https://storage.invalid/only-for-get"),
    ] {
        let inner = writable(str::to_owned);
        let server = Server::start(move |asked| {
            if asked.method == "HEAD" {
                answer.clone()
            } else {
                inner(asked)
            }
        });
        let (all, at) = (Registries::new(impatient()), at(&server));
        let published = run(backend(&all, &at).publish(&at, &publication("1.0.0", &wasm)));
        assert_eq!(published.unwrap().outcome, Outcome::New);
        assert!(server.lines().iter().all(|line| !line.starts_with("POST")));
    }
}

#[test]
fn uploads_go_nowhere_that_is_not_safe() {
    let elsewhere = Server::start(|_| Response::new(201, ""));
    for (location, expected) in [
        ("ftp://x/upload", "leads to `ftp:`"),
        ("http://me:pw@127.0.0.1/upload", "a user name or a password"),
        ("http://[", "is not a URL"),
        ("", "there is none"),
    ] {
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" if location.is_empty() => Response::new(202, ""),
            "POST" => Response::new(202, "").with("location", location),
            _ => Response::error(404, "BLOB_UNKNOWN"),
        });
        let error = publish(&server).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("pw"), "{error}");
    }
    // Nor does what is being sent follow a redirect to another host, or become a GET.
    for (status, to, expected) in [
        (307, elsewhere.url("/x"), "leads to another host"),
        (302, "/other".to_owned(), "change a write into a read"),
    ] {
        let server = Server::start(move |asked| match asked.method.as_str() {
            "POST" => Response::new(202, "").with("location", "/upload"),
            "PUT" => Response::new(status, "").with("location", to.clone()),
            _ => Response::error(404, "BLOB_UNKNOWN"),
        });
        let error = publish(&server).unwrap_err();
        assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(elsewhere.log().is_empty());
}
