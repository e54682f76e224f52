//! Tokens and redirects: what goes to whom.

use super::*;

/// A registry that wants a token of its realm for everything.
fn guarded(realm: impl Fn() -> String + Send + Sync + 'static) -> impl Fn(&Request) -> Response {
    move |asked| match asked.header("authorization") {
        _ if asked.path.starts_with("/token") => {
            Response::new(200, r#"{"token":"t0ken","expires_in":300}"#)
        }
        Some("Bearer t0ken") => good(asked),
        _ => {
            let scope = "repository:demo/greet:pull";
            let challenge = format!(
                r#"Bearer realm="{}",service="s v",scope="{scope}""#,
                realm()
            );
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
        }
    }
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
    let other: PackageSource = format!("oci+http://{}/demo/other", server.address())
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
    let store = Server::start(|_| Response::new(200, WASM));
    let away = store.url("/stored?signature=x");
    let server = with_own_address(|own| {
        let inner = guarded(move || format!("{}/token", own.lock().unwrap()));
        move |asked: &Request| match inner(asked) {
            told if told.status == 200 && asked.path.contains("/blobs/") => {
                Response::new(307, "").with("location", away.clone())
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
        move |asked: &Request| {
            if asked.path.starts_with("/token") {
                return Response::new(200, r#"{"access_token":"useless"}"#);
            }
            let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
        }
    });
    let error = release(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert_eq!(server.log().len(), 3);
    assert!(!error.to_string().contains("useless"), "{error}");
}

#[test]
fn challenges_that_are_not_answered() {
    let elsewhere = Server::start(|_| Response::new(200, r#"{"token":"x"}"#));
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
            move |asked: &Request| match asked.path.split('?').next().unwrap() {
                "/moved" => Response::new(302, "").with("location", redirect.clone()),
                "/junk" => Response::new(200, "secret"),
                "/split" => Response::new(200, r#"{"token":"a\r\nb"}"#),
                "/no" => Response::error(403, "DENIED"),
                _ => {
                    let challenge = challenge.replace("OWN", &own.lock().unwrap());
                    Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
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
    let server = Server::start(|asked| Response::new(302, "").with("location", asked.path.clone()));
    let error = release(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert_eq!(server.log().len(), 6);
}

#[test]
fn https_is_not_given_up_for_http() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut hello = [0; 5];
            let _ = std::io::Read::read_exact(&mut stream, &mut hello);
            // A TLS record of a handshake, and nothing readable.
            assert_eq!(hello[..2], [0x16, 0x03]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    });
    let at: PackageSource = format!("oci://{host}/demo/greet").parse().unwrap();
    let all = Registries::new(impatient());
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert!(error.to_string().contains("TLS"), "{error}");
}
