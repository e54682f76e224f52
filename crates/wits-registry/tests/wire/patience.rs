//! Waiting, trying again, and not asking at all.

use super::*;

#[test]
fn passing_failures_are_tried_again_and_others_are_not() {
    let times = |failures: usize, told: fn() -> Response| {
        let count = AtomicUsize::new(0);
        Server::start(move |asked| {
            if count.fetch_add(1, Ordering::SeqCst) < failures {
                told()
            } else {
                good(asked)
            }
        })
    };
    for told in [
        || Response::new(503, "busy"),
        || Response::error(429, "TOOMANYREQUESTS").with("retry-after", "0"),
        || Response::sent(Body::Reset),
        || Response::sent(Body::Declared(900, b"{".to_vec())),
    ] {
        let server = times(2, told);
        assert!(release(&server).is_ok());
        assert_eq!(server.log().len(), 3);
        let server = times(9, told);
        assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Transient);
        assert_eq!(server.log().len(), 3);
    }
    for told in [
        || Response::new(501, ""),
        || Response::error(400, "NAME_INVALID"),
    ] {
        let server = times(1, told);
        assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Project);
        assert_eq!(server.log().len(), 1);
    }
    // A registry may say when, and more patience than we have ends the matter.
    let server = times(1, || {
        Response::error(429, "TOOMANYREQUESTS").with("retry-after", "1")
    });
    let start = Instant::now();
    assert!(release(&server).is_ok());
    assert!(start.elapsed() >= Duration::from_millis(900));
    let server = times(1, || Response::new(503, "").with("retry-after", "3600"));
    assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_registry_may_say_when_by_the_clock() {
    let in_a_moment =
        httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(2));
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            Response::error(429, "TOOMANYREQUESTS").with("retry-after", in_a_moment.clone())
        } else {
            good(asked)
        }
    });
    let mut options = impatient();
    options.limits.max_retry_delay = Duration::from_secs(3);
    let start = Instant::now();
    let (all, at) = (Registries::new(options), at(&server));
    run(backend(&all, &at).release(&at, &version("1.0.0"))).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(800));
    let server = Server::start(|_| {
        Response::error(429, "TOOMANYREQUESTS").with("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")
    });
    assert_eq!(release(&server).unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(server.log().len(), 1);
}

#[test]
fn a_registry_that_says_nothing_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let streams = std::thread::spawn(move || {
        let streams: Vec<_> = listener.incoming().take(2).flatten().collect();
        std::thread::sleep(Duration::from_secs(3));
        streams.len()
    });
    let at: PackageSource = format!("oci+http://{address}/demo/greet").parse().unwrap();
    let mut options = impatient();
    options.limits = Limits {
        connect_timeout: Duration::from_millis(100),
        read_timeout: Duration::from_millis(200),
        retries: 1,
        ..options.limits
    };
    let all = Registries::new(options);
    let start = Instant::now();
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.to_string().contains("silent for 0.3 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(2));
    // It was asked again, once.
    assert_eq!(streams.join().unwrap(), 2);
}

#[test]
fn a_proxy_is_asked_for_everything_and_not_named() {
    let secret = "proxy-canary";
    let proxy = Server::start(|asked| match asked.path.strip_prefix("http://r.example") {
        Some(path) => good(&Request {
            path: path.to_owned(),
            ..asked.clone()
        }),
        None => Response::error(407, "NO"),
    });
    let url = format!("http://me:{secret}@{}", proxy.address());
    let options = Options {
        proxy: wits_registry::Proxy::Url(url.into()),
        ..impatient()
    };
    assert!(!format!("{options:?}").contains(secret));
    let all = Registries::new(options);
    let plain: PackageSource = "oci+http://r.example/demo/greet".parse().unwrap();
    run(backend(&all, &plain).release(&plain, &version("1.0.0"))).unwrap();
    let tls: PackageSource = "oci://r.example/demo/greet".parse().unwrap();
    let error = run(backend(&all, &tls).versions(&tls)).unwrap_err();
    let lines = proxy.lines();
    assert_eq!(
        lines[..2],
        [
            "GET http://r.example/v2/demo/greet/manifests/1.0.0",
            "CONNECT r.example:443",
        ]
    );
    for asked in proxy.log() {
        assert!(asked.header("proxy-authorization").is_some());
        assert!(asked.header("authorization").is_none());
    }
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(
            !text.contains(secret) && !text.contains(&proxy.address().to_string()),
            "{text}"
        );
    }
    assert_eq!(error.kind(), ErrorKind::Transient);

    for wrong in ["nonsense://me:proxy-canary@x", "proxy-canary"] {
        let options = Options {
            proxy: wits_registry::Proxy::Url(wrong.into()),
            ..impatient()
        };
        let all = Registries::new(options);
        let error = run(backend(&all, &plain).versions(&plain)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_registry_that_stops_midway_is_given_up() {
    let server = Server::start(|_| Response::sent(Body::Stuck(b"{".to_vec())));
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

/// It is never silent for long, and never done.
#[test]
fn a_registry_that_trickles_is_given_up() {
    let pause = Duration::from_millis(50);
    let server = Server::start(move |_| Response::sent(Body::Trickle(vec![b' '; 1_000], pause)));
    let mut options = impatient();
    options.limits.min_speed = 1_000;
    options.limits.retries = 0;
    let (all, at) = (Registries::new(options), at(&server));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.to_string().contains("too slow"), "{error}");
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
