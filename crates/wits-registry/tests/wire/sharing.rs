//! What a token is for, how long, and for how many repositories.

use super::*;
use crate::guarded::{anywhere, granted, guarded, scopes, session, source, tokens};
use crate::keys::{Keys, basic};

#[test]
fn pushing_takes_a_token_for_pushing_and_reading_does_not() {
    let server = guarded(|asked| granted("me", &scopes(asked)), |_, _| true);
    let host = server.address().to_string();
    let (all, ..) = session(&server, Keys::default().with(&host, "", basic("me", "pw")));
    let at = at(&server);
    run(async {
        let registry = backend(&all, &at);
        registry.release(&at, &version("1.0.0")).await.unwrap();
        // It fails in the end: this registry takes nothing.
        let _ = registry.publish(&at, &publication("2.0.0", WASM)).await;
    });
    let asked: Vec<_> = tokens(&server).iter().flat_map(scopes).collect();
    assert_eq!(
        asked,
        [
            "repository:demo/greet:pull",
            "repository:demo/greet:pull,push"
        ]
    );
}

#[test]
fn a_token_that_ends_midway_is_renewed_once() {
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    let server = with_own_address(|own| {
        move |asked: &Request| {
            if asked.path.starts_with("/token") {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                return Response::new(200, json!({ "token": format!("t{number}") }).to_string());
            }
            // The first token is good for the manifest only, the second for the blob; none for tags.
            let wanted = match asked.path.as_str() {
                path if path.contains("/manifests/") => "Bearer t0",
                path if path.contains("/blobs/") => "Bearer t1",
                _ => "Bearer never",
            };
            if asked.header("authorization") == Some(wanted) {
                return good(asked);
            }
            let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
            Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
        }
    });
    let (all, at) = (Registries::new(impatient()), at(&server));
    let registry = backend(&all, &at);
    run(async {
        let pin = registry.release(&at, &version("1.0.0")).await.unwrap().pin;
        registry.pull(&at, &version("1.0.0"), &pin).await.unwrap();
        assert_eq!(served.load(Ordering::SeqCst), 2);
        let error = registry.versions(&at).await.unwrap_err();
        assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    });
    assert_eq!(served.load(Ordering::SeqCst), 3);
}

/// Asks for a version of `count` repositories at the same time. There is a credential for another repository of
/// the host, so that one goes ahead.
fn many(server: &Server, count: usize) {
    let host = server.address().to_string();
    let keys = Keys::default().with(&host, "elsewhere/", basic("me", "pw"));
    let (all, ..) = session(server, keys);
    let sources: Vec<_> = (0..count)
        .map(|number| source(server, &format!("demo/p{number}")))
        .collect();
    let wanted = version("1.0.0");
    run(async {
        let releases = sources
            .iter()
            .map(|at| backend(&all, at).release(at, &wanted));
        for (number, release) in futures_util::future::join_all(releases)
            .await
            .into_iter()
            .enumerate()
        {
            release.unwrap_or_else(|error| panic!("{number}: {error}"));
        }
    });
}

#[test]
fn one_token_serves_many_repositories() {
    let server = guarded(|asked| granted("nobody", &scopes(asked)), |_, _| true);
    many(&server, 40);
    let tokens: Vec<_> = tokens(&server)
        .iter()
        .map(|asked| scopes(asked).len())
        .collect();
    assert_eq!(tokens.iter().sum::<usize>(), 40);
    assert!(tokens.len() <= 4, "{tokens:?}");
    assert!(tokens.iter().all(|count| *count <= 16), "{tokens:?}");
    // One went ahead and learnt what is wanted.
    let bare = server
        .log()
        .iter()
        .filter(|asked| asked.path.starts_with("/v2/") && asked.header("authorization").is_none())
        .count();
    assert_eq!(bare, 1);
}

#[test]
fn registries_that_want_a_token_a_repository_get_it() {
    // One that does not hear of several scopes, one that grants the first only, one whose registry takes
    // no token that long.
    let refusing = guarded(
        |asked| match scopes(asked) {
            scopes if scopes.len() > 1 => Response::error(400, "UNSUPPORTED"),
            scopes => granted("nobody", &scopes),
        },
        |_, _| true,
    );
    let stingy = guarded(|asked| granted("nobody", &scopes(asked)[..1]), |_, _| true);
    let narrow = with_own_address(|own| {
        move |asked: &Request| {
            if asked.path.starts_with("/token") {
                return granted("nobody", &scopes(asked));
            }
            match asked.header("authorization") {
                Some(header) if header.len() > 60 => Response::new(431, ""),
                Some(_) => anywhere(asked),
                None => {
                    let challenge = format!("Bearer realm=\"{}/token\"", own.lock().unwrap());
                    Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
                }
            }
        }
    });
    for (name, server) in [
        ("refusing", refusing),
        ("stingy", stingy),
        ("narrow", narrow),
    ] {
        many(&server, 20);
        let counts: Vec<_> = tokens(&server)
            .iter()
            .map(|asked| scopes(asked).len())
            .collect();
        let single = counts.iter().filter(|count| **count == 1).count();
        let several = counts.len() - single;
        assert!((1..=2).contains(&several), "{name}: {counts:?}");
        assert!(single >= 16, "{name}: {counts:?}");
        assert!(server.log().len() <= 100, "{name}: {}", server.log().len());
    }
}
