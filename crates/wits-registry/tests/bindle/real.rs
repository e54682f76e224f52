//! The real server.

use wits_model::{Blob, Digest, ErrorKind};
use wits_registry::{Outcome, Publication, Redacted, SideFile, SideFileRole, Yanked};
use wits_testkit::{BindleDoor, BindleServer, BindleStorage};

use super::*;

fn at(server: &BindleServer) -> PackageSource {
    format!("{}/lib/demo/greet", server.url()).parse().unwrap()
}

fn start(user: &User) -> Option<BindleServer> {
    BindleServer::start(BindleStorage::Embedded, &user.keyring())
}

#[test]
fn what_is_published_is_listed_and_had() {
    let user = User::new();
    for storage in [BindleStorage::Embedded, BindleStorage::Files] {
        let Some(server) = BindleServer::start(storage, &user.keyring()) else {
            return;
        };
        let at = at(&server);
        let pin = user.publish(&at, "1.0.0");
        assert_eq!(pin.manifest, None);
        assert_eq!(
            (pin.digest, pin.size),
            (Digest::of(WASM), WASM.len() as u64)
        );
        assert_eq!(user.release(&at, "1.0.0").unwrap(), pin);
        assert_eq!(user.pull(&at, "1.0.0", &pin).unwrap(), WASM);
        user.publish(&at, "1.1.0-rc.1");
        user.publish(&at, "1.0.0+build.7");
        assert_eq!(user.pull(&at, "1.0.0+build.7", &pin).unwrap(), WASM);
        // Names that this one is a part of are others.
        for other in ["lib/demo/greet-more", "x/lib/demo/greet"] {
            let other = format!("{}/{other}", server.url()).parse().unwrap();
            user.publish(&other, "9.0.0");
        }
        let registries = user.registries();
        let versions = run(backend(&registries, &at).versions(&at)).unwrap();
        let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
        assert_eq!(versions, ["1.0.0", "1.0.0+build.7", "1.1.0-rc.1"]);
        assert!(user.notes().is_empty());
    }
}

#[test]
fn a_list_of_many_pages_is_read_to_its_end() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    let registries = user.registries();
    let numbers = 0..120;
    run(async {
        for number in numbers.clone() {
            let publication = publication(&format!("1.0.{number}"), WASM);
            let registry = backend(&registries, &at);
            registry.publish(&at, &publication).await.unwrap();
        }
    });
    let versions = run(backend(&registries, &at).versions(&at)).unwrap();
    let expected: Vec<_> = numbers
        .map(|number| version(&format!("1.0.{number}")))
        .collect();
    assert_eq!(versions, expected);
}

#[test]
fn absent_things_are_told_apart() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    let registries = user.registries();
    let registry = backend(&registries, &at);
    assert!(matches!(
        run(registry.versions(&at)),
        Err(RegistryError::PackageNotFound { .. })
    ));
    user.publish(&at, "1.0.0");
    assert!(matches!(
        user.release(&at, "2.0.0"),
        Err(RegistryError::VersionNotFound { .. })
    ));
    let pin = Pin {
        manifest: None,
        digest: Digest::of("other"),
        size: 5,
    };
    let error = user.pull(&at, "1.0.0", &pin).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(matches!(
        user.pull(&at, "2.0.0", &pin),
        Err(RegistryError::VersionNotFound { .. })
    ));
}

#[test]
fn a_version_is_published_once() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    let file = |name: &str, text: &str| SideFile {
        name: name.to_owned(),
        role: SideFileRole::Source,
        bytes: text.as_bytes().to_vec(),
    };
    let mut publication = publication("1.0.0", WASM);
    publication.files = vec![file("wit/a.wit", "interface a {}")];
    let publish = |publication: &Publication| {
        let registries = user.registries();
        run(backend(&registries, &at).publish(&at, publication))
    };
    assert_eq!(publish(&publication).unwrap().outcome, Outcome::New);
    let again = publish(&publication).unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyPublished);
    let invoice = server.invoice("lib/demo/greet/1.0.0");
    let sha = Digest::of("interface a {}").hex();
    assert!(
        invoice.contains(&sha) && invoice.contains("sources"),
        "{invoice}"
    );
    let source = server
        .get(&format!("_i/lib/demo/greet/1.0.0@{sha}"))
        .expect(200);
    assert_eq!(source.body, b"interface a {}");

    publication.files.push(file("wit/b.wit", "interface b {}"));
    let error = publish(&publication).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("other files beside it: wit/b.wit"),
        "{error}"
    );
    publication.wasm = Blob::of("other");
    let error = publish(&publication).unwrap_err();
    assert!(
        matches!(error, RegistryError::VersionExists { .. }),
        "{error}"
    );
    assert_eq!(server.invoice("lib/demo/greet/1.0.0"), invoice);
}

/// Leaves a server as a publish does that is killed after its first request.
fn post_invoice(user: &User, server: &BindleServer) {
    let model = start(user).expect("a server like the other");
    user.publish(&at(&model), "1.0.0");
    let invoice = model.invoice("lib/demo/greet/1.0.0");
    // Without the signature of the one server, which the other would make again.
    let (invoice, _) = invoice.rsplit_once("[[signature]]").unwrap();
    server
        .request("POST", "_i", "application/toml", invoice.as_bytes())
        .expect(202);
}

/// The invoice is there, and the parcels are not: as a publish leaves it that was killed between them.
#[test]
fn what_was_interrupted_is_completed() {
    let user = User::new();
    for storage in [BindleStorage::Embedded, BindleStorage::Files] {
        let Some(server) = BindleServer::start(storage, &user.keyring()) else {
            return;
        };
        post_invoice(&user, &server);

        let at = at(&server);
        let pin = user.release(&at, "1.0.0").unwrap();
        let error = user.pull(&at, "1.0.0", &pin).unwrap_err();
        assert!(matches!(error, RegistryError::BlobLost { .. }), "{error}");
        assert_eq!(user.publish(&at, "1.0.0"), pin);
        assert_eq!(user.pull(&at, "1.0.0", &pin).unwrap(), WASM);
    }
}

/// With files for storage a broken upload leaves a directory without a file: the server says that the
/// parcel is missing, and that it is there.
#[test]
fn half_a_parcel_is_not_taken_for_a_whole_one() {
    let user = User::new();
    let Some(server) = BindleServer::start(BindleStorage::Files, &user.keyring()) else {
        return;
    };
    let at = at(&server);
    let sha = Digest::of(WASM).hex();
    let publish = || {
        let registries = user.with(|options| options.limits.retries = 0);
        let publication = publication("1.0.0", WASM);
        run(backend(&registries, &at).publish(&at, &publication))
    };
    // An upload that the server does not take to its end.
    post_invoice(&user, &server);
    let upload = format!("_i/lib/demo/greet/1.0.0@{sha}");
    server
        .request("POST", &upload, "application/octet-stream", &WASM[..4])
        .expect(400);
    let error = publish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.to_string().contains(&sha), "{error}");
    assert!(error.help().unwrap().contains("`parcels`"));
    let pin = user.release(&at, "1.0.0").unwrap();
    assert!(user.pull(&at, "1.0.0", &pin).is_err());
    // The server's keeper has removed it.
    wits_fs::remove_dir_all(server.storage().join("parcels").join(&sha)).unwrap();
    assert_eq!(publish().unwrap().outcome, Outcome::New);
    assert_eq!(user.pull(&at, "1.0.0", &pin).unwrap(), WASM);
}

#[test]
fn what_is_yanked_is_had_by_those_who_locked_it() {
    let user = User::new();
    for storage in [BindleStorage::Embedded, BindleStorage::Files] {
        let Some(server) = BindleServer::start(storage, &user.keyring()) else {
            return;
        };
        let at = at(&server);
        let pin = user.publish(&at, "1.0.0");
        user.publish(&at, "1.1.0");
        let yank = || {
            let registries = user.registries();
            run(backend(&registries, &at).yank(&at, &version("1.0.0")))
        };
        assert_eq!(yank().unwrap(), Yanked::New);
        assert_eq!(yank().unwrap(), Yanked::Already);
        let error = user.release(&at, "1.0.0").unwrap_err();
        assert!(matches!(error, RegistryError::Yanked { .. }), "{error}");
        let registries = user.registries();
        let versions = run(backend(&registries, &at).versions(&at)).unwrap();
        assert_eq!(versions, [version("1.1.0")]);
        assert!(user.notes().is_empty());
        assert_eq!(user.pull(&at, "1.0.0", &pin).unwrap(), WASM);
        assert_eq!(
            user.notes(),
            [format!(
                "version `1.0.0` at `{at}` was yanked; it is locked, and was fetched all the same"
            )]
        );
        let publication = publication("1.0.0", WASM);
        let error = run(backend(&registries, &at).publish(&at, &publication)).unwrap_err();
        assert!(matches!(error, RegistryError::Yanked { .. }), "{error}");
    }
}

/// Somebody else's client yanks, and keeps nothing for anybody.
#[test]
fn bytes_that_were_yanked_away_are_told_so() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    let pin = user.publish(&at, "1.0.0");
    server
        .request("DELETE", "_i/lib/demo/greet/1.0.0", "text/plain", b"")
        .expect(200);
    let error = user.pull(&at, "1.0.0", &pin).unwrap_err();
    assert!(matches!(error, RegistryError::YankedAway { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Project);
}

#[test]
fn a_stranger_is_not_taken_for_the_creator() {
    let (user, stranger) = (User::new(), User::new());
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    // The server knows the user's key only.
    let registries = stranger.registries();
    let error = run(backend(&registries, &at).publish(&at, &publication("1.0.0", WASM)));
    let error = error.unwrap_err();
    assert!(error.to_string().contains(&stranger.key.public), "{error}");
    assert!(error.help().unwrap().contains("as creator"), "{error}");

    user.publish(&at, "1.0.0");
    let error = stranger.release(&at, "1.0.0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    for said in [&user.key.public, "as creator", "`lib/demo/greet/1.0.0`"] {
        assert!(error.to_string().contains(said), "{said} in {error}");
    }
    let help = error.help().unwrap();
    assert!(help.contains("keyring.toml"), "{help}");
    // What the help says is what helps.
    let (_, entry) = help.split_once("[[key]]").unwrap();
    edit(&stranger.keyring(), |text| {
        format!("{text}\n[[key]]{entry}\n")
    });
    assert!(stranger.release(&at, "1.0.0").is_ok());
}

#[test]
fn the_strategy_of_a_host_decides() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    user.publish(&at, "1.0.0");
    let passes = |strategy: &str| {
        let registries = user.with(|options| {
            let strategy = strategy.parse().unwrap();
            let host = server.address().to_owned();
            options.bindle.verification.insert(host, strategy);
        });
        run(backend(&registries, &at).release(&at, &version("1.0.0"))).is_ok()
    };
    // The server has signed as host, and nobody knows it yet.
    for (strategy, expected) in [
        ("creative", true),
        ("authoritative", true),
        ("greedy", false),
        ("exhaustive", false),
        ("multiple-attestation[creator, host]", false),
        ("multiple-attestation[approver]", false),
    ] {
        assert_eq!(passes(strategy), expected, "{strategy}");
    }
    let keys = server.host_keys();
    let (_, host) = keys.split_once("[[key]]").unwrap();
    edit(&user.keyring(), |text| format!("{text}\n[[key]]{host}"));
    for strategy in [
        "greedy",
        "exhaustive",
        "multiple-attestation[creator, host]",
    ] {
        assert!(passes(strategy), "{strategy}");
    }
}

#[test]
fn publishing_and_yanking_take_a_key() {
    let user = User::new();
    let Some(server) = start(&user) else { return };
    let at = at(&server);
    let registries = user.with(|options| options.bindle.secret_keys = Some("/nowhere/x".into()));
    let publication = publication("1.0.0", WASM);
    let registry = backend(&registries, &at);
    let error = run(registry.publish(&at, &publication)).unwrap_err();
    assert!(
        error.help().unwrap().contains("wits bindle keygen"),
        "{error}"
    );
    user.publish(&at, "1.0.0");
    // Who published it already needs none.
    let again = run(registry.publish(&at, &publication)).unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyPublished);
    let error = run(registry.yank(&at, &version("1.0.0"))).unwrap_err();
    assert!(
        matches!(error, RegistryError::NoSigningKey { .. }),
        "{error}"
    );
    assert!(user.release(&at, "1.0.0").is_ok());
}

#[test]
fn a_door_is_opened_with_a_password_or_a_token() {
    let user = User::new();
    let basic = |password: &str| Credential::Basic {
        user: "me".to_owned(),
        password: Redacted::new(password),
    };
    let bearer = |token: &str| Credential::Bearer(Redacted::new(token));
    // `htpasswd -nbB me hunter2`
    let htpasswd = "me:$2y$05$/bBjJ5B6BmBnwl.L04JIUehqZpTEXH/P/Cgu4lTaBzC.Wb9Z5hWty\n";
    for (door, good, bad) in [
        (
            BindleDoor::Basic(htpasswd.to_owned()),
            basic("hunter2"),
            basic("hunter3"),
        ),
        (
            BindleDoor::Bearer("canary".to_owned()),
            bearer("canary"),
            bearer("finch"),
        ),
    ] {
        let Some(server) = BindleServer::guarded(BindleStorage::Embedded, &user.keyring(), door)
        else {
            return;
        };
        let at = at(&server);
        let publish = |registries: &Registries| {
            run(backend(registries, &at).publish(&at, &publication("1.0.0", WASM)))
        };
        let known = user.with(|options| options.credentials = Arc::new(Always(good)));
        let other = user.with(|options| options.credentials = Arc::new(Always(bad)));
        for registries in [&user.registries(), &other] {
            let error = publish(registries).unwrap_err();
            assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
            for secret in ["hunter", "canary", "finch"] {
                assert!(!format!("{error} {error:?}").contains(secret), "{error}");
            }
        }
        let pin = publish(&known).unwrap().pin;
        let pulled = run(backend(&known, &at).pull(&at, &version("1.0.0"), &pin));
        assert_eq!(pulled.unwrap(), WASM);
        assert!(matches!(
            user.pull(&at, "1.0.0", &pin),
            Err(RegistryError::Denied { .. })
        ));
    }
}
