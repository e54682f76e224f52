//! The real `docker-registry` behind passwords, TLS and tokens. Where it is not installed the tests say so
//! and pass, but not in CI.
#![cfg(feature = "network")]

#[path = "support/keys.rs"]
mod keys;
mod support;

use std::sync::Arc;

use keys::{Heard, Keys, as_user, basic};
use support::{backend, impatient, publication, run, version};
use wits_model::{ErrorKind, PackageSource};
use wits_registry::{Credential, Options, Outcome, Registries, RegistryError, RegistryNote, Shown};
use wits_testkit::{Authority, DockerRegistry, Door, Guard, TokenServer};

const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

fn source(scheme: &str, door: &Door, repository: &str) -> PackageSource {
    format!("{scheme}://{}/{repository}", door.address())
        .parse()
        .unwrap()
}

fn with(keys: Keys) -> (Registries, Arc<Keys>, Heard) {
    let (options, keys, heard) = as_user(impatient(), keys);
    (Registries::new(options), keys, heard)
}

/// Publishes a version and has it again.
fn there_and_back(all: &Registries, at: &PackageSource) {
    let publication = publication("1.0.0", WASM);
    let wanted = version("1.0.0");
    run(async {
        let registry = backend(all, at);
        let published = registry.publish(at, &publication).await.unwrap();
        assert_eq!(published.outcome, Outcome::New);
        let release = registry.release(at, &wanted).await.unwrap();
        assert_eq!(release.pin, published.pin);
        let bytes = registry.pull(at, &wanted, &release.pin).await.unwrap();
        assert_eq!(bytes, WASM);
        let versions = registry.versions(at).await.unwrap();
        assert_eq!(versions, std::slice::from_ref(&wanted));
    });
}

fn denied(all: &Registries, at: &PackageSource) -> Shown {
    let wanted = version("1.0.0");
    match run(backend(all, at).release(at, &wanted)) {
        Err(RegistryError::Denied { shown, .. }) => shown,
        other => panic!("{other:?}"),
    }
}

#[test]
fn passwords() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let door = docker.door(Guard {
        password: Some(("me", "a pass:word")),
        ..Guard::default()
    });
    let at = source("oci+http", &door, "team/demo/greet");
    let (all, asked, heard) =
        with(Keys::default().with(door.address(), "", basic("me", "a pass:word")));
    there_and_back(&all, &at);
    assert_eq!(asked.asked().len(), 1);
    assert!(heard.all().is_empty());

    let (all, ..) = with(Keys::default());
    assert_eq!(denied(&all, &at), Shown::Nothing);
    let (all, ..) = with(Keys::default().with(door.address(), "", basic("me", "another")));
    assert_eq!(denied(&all, &at), Shown::Credential);
}

#[test]
fn tokens() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let server = TokenServer::start(&[("me", "pw", "re/fresh=")]);
    let door = docker.door(Guard {
        tokens: Some(&server),
        ..Guard::default()
    });
    let private = source("oci+http", &door, "team/demo/greet");
    let public = source("oci+http", &door, "public/demo/greet");
    let key = |credential| Keys::default().with(door.address(), "", credential);

    let (all, _, heard) = with(key(basic("me", "pw")));
    there_and_back(&all, &public);
    let (all, ..) = with(key(Credential::Identity("re/fresh=".into())));
    there_and_back(&all, &private);
    assert!(heard.all().is_empty());
    let log = server.log();
    assert!(log.iter().all(|asked| asked.user.as_deref() == Some("me")));
    let asked: Vec<_> = log
        .iter()
        .map(|it| (it.method.as_str(), it.scopes.join(" ")))
        .collect();
    assert_eq!(
        asked,
        [
            ("GET", "repository:public/demo/greet:pull,push".to_owned()),
            ("GET", "repository:public/demo/greet:pull".to_owned()),
            ("POST", "repository:team/demo/greet:pull,push".to_owned()),
            ("POST", "repository:team/demo/greet:pull".to_owned()),
        ]
    );

    // A token that was got elsewhere.
    let (all, ..) = with(Keys::default());
    assert_eq!(denied(&all, &private), Shown::Nothing);
    let (all, _, heard) = with(key(basic("me", "old")));
    assert_eq!(denied(&all, &private), Shown::Credential);
    run(backend(&all, &public).release(&public, &version("1.0.0"))).unwrap();
    assert!(matches!(
        heard.all().as_slice(),
        [RegistryNote::StaleCredential { host }] if host == door.address()
    ));

    // What is asked for together shares a token, and this registry takes it.
    let before = server.log().len();
    let (all, ..) = with(key(basic("me", "pw")));
    let many: Vec<_> = (0..20)
        .map(|number| source("oci+http", &door, &format!("team/demo/p{number}")))
        .collect();
    let wanted = version("1.0.0");
    let answers = run(futures_util::future::join_all(
        many.iter().map(|at| backend(&all, at).release(at, &wanted)),
    ));
    for answer in answers {
        let absent = matches!(
            answer,
            Err(RegistryError::VersionNotFound { .. } | RegistryError::PackageNotFound { .. })
        );
        assert!(absent, "{answer:?}");
    }
    let asked: Vec<_> = server.log()[before..]
        .iter()
        .map(|it| it.scopes.len())
        .collect();
    assert_eq!(asked.iter().sum::<usize>(), 20);
    assert!(asked.len() <= 3, "{asked:?}");
}

#[test]
fn a_private_authority() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let (ours, other) = (Authority::new(), Authority::new());
    let door = docker.door(Guard {
        tls: Some(&ours),
        password: Some(("me", "pw")),
        ..Guard::default()
    });
    let at = source("oci", &door, "team/demo/greet");
    let trusting = |host: &str, pem: String| {
        let key = Keys::default().with(door.address(), "", basic("me", "pw"));
        let (mut options, ..) = as_user(impatient(), key);
        options.authorities.insert(host.to_owned(), pem.into());
        options
    };
    there_and_back(&Registries::new(trusting(door.address(), ours.pem())), &at);
    // Several may stand in one file.
    let both = format!("{}\n{}", other.pem(), ours.pem());
    let all = Registries::new(trusting(door.address(), both));
    run(backend(&all, &at).versions(&at)).unwrap();
    assert!(door.log().contains("HTTP/2.0"), "{}", door.log());
    assert!(!door.log().contains("HTTP/1.1"), "{}", door.log());

    let refused = |options: Options| {
        let all = Registries::new(options);
        let error = run(backend(&all, &at).versions(&at)).unwrap_err();
        assert!(
            matches!(&error, RegistryError::Untrusted { host, .. } if host == door.address()),
            "{error:?}"
        );
        assert_eq!(error.kind(), ErrorKind::Project);
        let help = error.help().unwrap();
        let table = format!("[hosts.\"{}\"]", door.address());
        assert!(help.contains(&table) && help.contains("ca = "), "{help}");
        error.to_string()
    };
    for (options, expected) in [
        (impatient(), "nobody who is trusted here"),
        (
            trusting(door.address(), other.pem()),
            "nobody who is trusted here",
        ),
        // An authority is for its host and no other.
        (
            trusting("127.0.0.1", ours.pem()),
            "nobody who is trusted here",
        ),
        (
            trusting(door.address(), "not PEM".to_owned()),
            "there is no certificate in it",
        ),
        (
            trusting(
                door.address(),
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            ),
            "cannot be read",
        ),
    ] {
        let told = refused(options);
        assert!(told.contains(expected), "{told}");
    }

    // One who is trusted, for another name.
    let elsewhere = |text: String| text.replace("127.0.0.1", "localhost");
    let at: PackageSource = elsewhere(at.to_string()).parse().unwrap();
    let all = Registries::new(trusting(&elsewhere(door.address().to_owned()), ours.pem()));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(matches!(error, RegistryError::Untrusted { .. }), "{error}");
    assert!(error.to_string().contains("not valid for name"), "{error}");
}
