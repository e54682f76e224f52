//! How many requests are made, in how many steps, over how many connections. docs/reference/requests.md has
//! these figures.

use super::*;
use crate::guarded::{anywhere, granted, repository, scopes};
use crate::keys::{Keys, as_user, basic};
use crate::tls::{AUTHORITY, certified};
use wits_testkit::wire::Settings;

/// A server over TLS, with HTTP/2 or without.
fn secured(http2: bool, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    let certified = certified();
    let settings = Settings {
        tls: Some(&certified),
        http2,
        ..Settings::default()
    };
    Server::start_with(settings, answer)
}

/// Registries that trust `servers`, asked by somebody with `keys`.
fn registries(servers: &[&Server], keys: Keys) -> Registries {
    remembering(servers, keys, Arc::new(Forgetful))
}

/// The same, asked by somebody who knows hosts from before.
fn remembering(servers: &[&Server], keys: Keys, memory: Arc<dyn Memory>) -> Registries {
    let (mut options, ..) = as_user(Options::default(), keys);
    for server in servers {
        let host = server.address().to_string();
        let pem = AUTHORITY.pem().into_bytes();
        options.authorities.insert(host, pem);
    }
    options.memory = memory;
    Registries::new(options)
}

/// Remembers every host as one that answers with a challenge, and what it is told.
#[derive(Default)]
struct Warned(Mutex<Vec<(String, bool)>>);

impl Memory for Warned {
    fn challenges(&self, _: &str) -> bool {
        true
    }

    fn note(&self, host: &str, challenges: bool) {
        let mut noted = self.0.lock().unwrap();
        noted.push((host.to_owned(), challenges));
        noted.dedup();
    }
}

/// The repositories `demo/p0`, `demo/p1`, …
fn sources(server: &Server, numbers: std::ops::Range<usize>) -> Vec<PackageSource> {
    let scheme = match server.url("") {
        url if url.starts_with("https") => "oci",
        _ => "oci+http",
    };
    let address = server.address();
    numbers
        .map(|number| format!("{scheme}://{address}/demo/p{number}"))
        .map(|url| url.parse().unwrap())
        .collect()
}

/// Pulls the same locked bytes from all of `sources` at once.
async fn pull_all(all: &Registries, sources: &[PackageSource]) {
    let (wanted, pin) = (version("1.0.0"), artifact().pin);
    let pulls = sources
        .iter()
        .map(|at| backend(all, at).pull(at, &wanted, &pin));
    for bytes in futures_util::future::join_all(pulls).await {
        assert_eq!(bytes.unwrap(), WASM);
    }
}

/// How many lines of each step hold `part`.
fn counts(server: &Server, part: &str) -> Vec<usize> {
    let steps = server.steps();
    let with = |step: &Vec<String>| step.iter().filter(|line| line.contains(part)).count();
    steps.iter().map(with).collect()
}

#[test]
fn locked_in_cleartext_all_go_at_once() {
    let server = Server::start(anywhere);
    server.expect_steps(&[30]);
    let all = registries(&[], Keys::default());
    run(pull_all(&all, &sources(&server, 0..30)));
    assert_eq!(counts(&server, "/blobs/"), [30]);
    assert_eq!(server.connections(), 30);
}

#[test]
fn locked_over_tls_all_wait_for_one_handshake() {
    for (http2, connections) in [(true, 1), (false, 30)] {
        let server = secured(http2, anywhere);
        server.expect_steps(&[30]);
        let all = registries(&[&server], Keys::default());
        run(pull_all(&all, &sources(&server, 0..30)));
        assert_eq!(counts(&server, "/blobs/"), [30]);
        assert_eq!(server.connections(), connections);
    }
}

/// What is remembered of a host that challenges spares all but one a refusal; where it no longer does, that is told.
#[test]
fn a_host_that_challenged_is_asked_by_one_first() {
    for challenges in [true, false] {
        let server = secured(true, move |asked| {
            if asked.path.starts_with("/token") {
                return granted("nobody", &scopes(asked));
            }
            if challenges && asked.header("authorization").is_none() {
                let challenge = format!("Bearer realm=\"{}\"", asked.url("/token"));
                return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
            }
            anywhere(asked)
        });
        let memory = Arc::new(Warned::default());
        let all = remembering(&[&server], Keys::default(), memory.clone());
        server.expect_steps(if challenges { &[1, 1, 10] } else { &[1, 9] });
        run(pull_all(&all, &sources(&server, 0..10)));
        let blobs = counts(&server, "/blobs/");
        assert_eq!(
            blobs,
            if challenges {
                vec![1, 0, 10]
            } else {
                vec![1, 9]
            }
        );
        let host = server.address().to_string();
        assert_eq!(*memory.0.lock().unwrap(), [(host, challenges)]);
    }
}

/// GHCR: a token for everything, and blobs that are somewhere else.
#[test]
fn with_tokens_and_a_second_host() {
    let store = secured(true, |_| Response::new(200, WASM));
    let away = store.url("/blob");
    let server = secured(true, move |asked| {
        if asked.path.starts_with("/token") {
            return granted("nobody", &scopes(asked));
        }
        let token = asked.header("authorization").unwrap_or_default();
        if !token.contains(&format!("repository/{}/pull", repository(&asked.path))) {
            let challenge = format!("Bearer realm=\"{}\"", asked.url("/token"));
            return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
        }
        Response::new(307, "").with("location", away.clone())
    });
    server.expect_steps(&[1, 2, 30]);
    store.expect_steps(&[30]);
    let all = remembering(
        &[&server, &store],
        Keys::default(),
        Arc::new(Warned::default()),
    );
    run(pull_all(&all, &sources(&server, 0..30)));
    assert_eq!(counts(&server, "/blobs/"), [1, 0, 30]);
    assert_eq!(counts(&server, "/token?"), [0, 2, 0]);
    assert_eq!(counts(&store, "/blob"), [30]);
    let tokens = server.log();
    let mut repositories: Vec<_> = tokens.iter().map(|asked| scopes(asked).len()).collect();
    repositories.retain(|count| *count > 0);
    repositories.sort_unstable();
    assert_eq!(repositories, [14, 16]);
    assert_eq!((server.connections(), store.connections()), (1, 1));
    // The second host never hears of a token.
    let log = store.log();
    assert!(
        log.iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

/// ECR: a password for everything, and a blob only after its manifest was asked for.
#[test]
fn where_the_manifest_comes_first() {
    let asked_for = Mutex::new(std::collections::BTreeSet::new());
    let server = secured(true, move |asked| {
        if asked.header("authorization").is_none() {
            let challenge = r#"Basic realm="https://ecr.example/""#;
            return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
        }
        let mut asked_for = asked_for.lock().unwrap();
        let repository = repository(&asked.path);
        if asked.path.contains("/manifests/") {
            asked_for.insert(repository);
        } else if !asked_for.contains(&repository) {
            return Response::error(404, "BLOB_UNKNOWN");
        }
        anywhere(asked)
    });
    let host = server.address().to_string();
    let keys = Keys::default().with(&host, "", basic("AWS", "password"));
    let all = registries(&[&server], keys);
    run(async {
        server.expect_steps(&[1, 30, 30, 30]);
        pull_all(&all, &sources(&server, 0..30)).await;
        assert_eq!(counts(&server, "/blobs/"), [1, 30, 0, 30]);
        assert_eq!(counts(&server, "/manifests/sha256:"), [0, 0, 30, 0]);
        assert_eq!(server.connections(), 1);
        // By now its ways are known.
        server.expect_steps(&[10, 10]);
        pull_all(&all, &sources(&server, 30..40)).await;
        assert_eq!(counts(&server, "/manifests/sha256:"), [10, 0]);
        assert_eq!(counts(&server, "/blobs/"), [0, 10]);
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_manifest_that_is_asked_for_first_decides_nothing() {
    // One registry wants to be asked for the manifest of `p0` first, and has lost that of `p1`.
    let known = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let lost = asked.path.contains("/p1/");
        if asked.path.contains("/manifests/") {
            known.store(1, Ordering::SeqCst);
            if lost {
                return Response::error(403, "DENIED");
            }
            return anywhere(asked);
        }
        match known.load(Ordering::SeqCst) {
            0 => Response::error(404, "BLOB_UNKNOWN"),
            _ => anywhere(asked),
        }
    });
    let all = registries(&[], Keys::default());
    run(async {
        for at in sources(&server, 0..2) {
            pull_all(&all, &[at]).await;
        }
    });
    assert_eq!(server.log().len(), 3 + 2);
}

#[test]
fn publishing_takes_six_steps() {
    let server = Server::start(crate::publish::writable(str::to_owned));
    server.expect_steps(&[3, 2, 2, 2, 1, 1]);
    let (all, at) = (registries(&[], Keys::default()), at(&server));
    let registry = backend(&all, &at);
    run(registry.publish(&at, &publication("1.0.0", WASM))).unwrap();
    let steps = server.steps();
    let is = |step: usize, method: &str, part: &str| {
        let is = |line: &&String| line.starts_with(method) && line.contains(part);
        steps[step].iter().filter(is).count()
    };
    assert_eq!(is(0, "GET", "/manifests/1.0.0"), 1);
    assert_eq!(is(0, "HEAD", "/blobs/sha256:"), 2);
    assert_eq!(is(1, "POST", "/blobs/uploads/"), 2);
    assert_eq!(is(2, "PUT", "/upload?"), 2);
    assert_eq!(is(3, "PUT", "/manifests/sha256:"), 1);
    assert_eq!(is(3, "GET", "/manifests/1.0.0"), 1);
    assert_eq!(is(4, "PUT", "/manifests/1.0.0"), 1);
    assert_eq!(is(5, "GET", "/manifests/1.0.0"), 1);

    // The same Wasm in another version: it is there, and only the config is sent.
    server.expect_steps(&[3, 1, 1, 2, 1, 1]);
    run(registry.publish(&at, &publication("1.1.0", WASM))).unwrap();
    assert_eq!(counts(&server, "PUT /upload?"), [0, 0, 1, 0, 0, 0]);
    // The same again.
    server.expect_steps(&[3]);
    run(registry.publish(&at, &publication("1.1.0", WASM))).unwrap();
    assert_eq!(counts(&server, "/1.1.0"), [1]);
}

/// In cleartext nobody waits to learn what is wanted: everybody is told, all at once.
#[test]
fn with_tokens_in_cleartext_all_go_at_once() {
    let server = Server::start(|asked| {
        if asked.path.starts_with("/token") {
            return granted("nobody", &scopes(asked));
        }
        if asked.header("authorization").is_none() {
            let challenge = format!("Bearer realm=\"{}\"", asked.url("/token"));
            return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
        }
        anywhere(asked)
    });
    let all = registries(&[], Keys::default());
    // How many share a token depends on how close together they hear that they need one.
    server.expect_steps(&[30]);
    run(pull_all(&all, &sources(&server, 0..30)));
    let log = server.log();
    let is_bare = |asked: &&Request| asked.header("authorization").is_none();
    assert!(
        log[..30]
            .iter()
            .all(|asked| is_bare(&asked) && asked.path.contains("/blobs/"))
    );
    let shown = log.iter().filter(|asked| !is_bare(asked)).count();
    let tokens: Vec<_> = log.iter().map(|asked| scopes(asked).len()).collect();
    assert_eq!((shown, tokens.iter().sum::<usize>()), (30, 30));
}
