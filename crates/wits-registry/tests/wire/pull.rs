//! What is read of versions and their bytes.

use super::*;

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
            Response::new(200, artifact().manifest).with("docker-content-digest", lie.clone())
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
        let server = Server::start(move |_| Response::new(200, document.to_string()));
        let error = release(&server).unwrap_err();
        assert!(
            matches!(error, RegistryError::NotAWasmPackage { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(expected), "{error}");
    }
    for junk in ["<html>login</html>", "{}", "", "[[[["] {
        let server = Server::start(move |_| Response::new(200, junk));
        let error = release(&server).unwrap_err();
        assert!(matches!(error, RegistryError::Malformed { .. }), "{error}");
    }
}

#[test]
fn urls_in_a_descriptor_are_not_asked() {
    let elsewhere = Server::start(|_| Response::new(200, WASM));
    let url = elsewhere.url("/wasm");
    let server = Server::start(move |asked| {
        let mut manifest: Value = serde_json::from_slice(&artifact().manifest).unwrap();
        manifest["layers"][0]["urls"] = json!([url]);
        if asked.path.contains("/manifests/") {
            Response::new(200, manifest.to_string())
        } else {
            Response::error(404, "BLOB_UNKNOWN")
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
    let answer = |told: fn() -> Response| Server::start(move |_| told());
    let package = answer(|| Response::error(404, "NAME_UNKNOWN"));
    assert!(matches!(
        release(&package),
        Err(RegistryError::PackageNotFound { .. })
    ));
    assert!(matches!(
        versions(&package),
        Err(RegistryError::PackageNotFound { .. })
    ));
    let other = answer(|| Response::error(404, "MANIFEST_UNKNOWN"));
    assert!(matches!(
        release(&other),
        Err(RegistryError::VersionNotFound { .. })
    ));
    let silent = answer(|| Response::new(404, "<html>not here"));
    assert!(matches!(
        release(&silent),
        Err(RegistryError::VersionNotFound { .. })
    ));
    let denied = answer(|| Response::error(403, "DENIED\\u001b[31m"));
    let error = release(&denied).unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert!(!error.to_string().contains('\u{1b}'));
    assert_eq!(denied.log().len(), 1);
    let odd = answer(|| Response::error(418, "TEAPOT"));
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
        let told = Response::sent(body.clone());
        let server = Server::start(move |_| told.clone());
        let error = pull(&server, &pin).unwrap_err();
        let (kind, requests) = if integrity {
            (ErrorKind::Integrity, 1)
        } else {
            (ErrorKind::Transient, 3)
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
        let told = Response::sent(body);
        let server = Server::start(move |_| told.clone());
        let error = release(&server).unwrap_err();
        assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
        assert_eq!(server.log().len(), 1);
    }
    // One of an error is cut off.
    let server = Server::start(|_| Response {
        status: 404,
        ..Response::sent(Body::Endless(vec![b'x'; 4096]))
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
        Response::new(200, manifest.to_string())
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
    let without_blob = |asked: &Request| {
        if asked.path.contains("/blobs/") {
            Response::error(404, "BLOB_UNKNOWN")
        } else {
            good(asked)
        }
    };
    let server = Server::start(without_blob);
    let error = pull(&server, &artifact().pin).unwrap_err();
    assert!(matches!(error, RegistryError::BlobLost { .. }), "{error}");
    let blob = format!("GET /v2/demo/greet/blobs/{}", artifact().pin.digest);
    let locked = format!(
        "GET /v2/demo/greet/manifests/{}",
        artifact().manifest.digest()
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

    let empty = Server::start(|_| Response::error(404, "MANIFEST_UNKNOWN"));
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
            Response::error(404, "BLOB_UNKNOWN")
        }
    });
    assert_eq!(pull(&server, &artifact().pin).unwrap(), WASM);
    assert_eq!(server.log().len(), 3);
}
