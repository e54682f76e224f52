//! `layout:`, without a runtime and without the network.

mod support;

use std::path::Path;
use std::process::Command;

use pollster::block_on;
use serde_json::{Value, json};
use support::{backend, layout, publication, version};
use wits_model::{Digest, ErrorKind, Pin};
use wits_registry::artifact::{INDEX, annotation};
use wits_registry::{Options, Outcome, Registries, RegistryError};

fn registries() -> Registries {
    Registries::new(Options {
        offline: true,
        ..Options::default()
    })
}

fn index(root: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(root.join("index.json")).unwrap()).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test spoils files on purpose"
)]
fn spoil(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).unwrap();
}

fn blob(root: &Path, digest: Digest) -> std::path::PathBuf {
    root.join("blobs/sha256").join(digest.hex())
}

#[test]
fn what_is_published_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(&dir.path().join("demo/greet"));
    let all = registries();
    let registry = backend(&all, &at);

    assert!(matches!(
        block_on(registry.versions(&at)),
        Err(RegistryError::PackageNotFound { .. })
    ));
    for text in ["1.10.0", "1.9.0", "2.0.0-rc.1+b.2"] {
        let published =
            block_on(registry.publish(&at, &publication(text, text.as_bytes()))).unwrap();
        assert_eq!(published.outcome, Outcome::New);
        let wanted = version(text);
        let release = block_on(registry.release(&at, &wanted)).unwrap();
        assert_eq!(release.pin, published.pin);
        assert_eq!(release.annotations["dev.wits.test"], "yes");
        assert_eq!(release.annotations[annotation::VERSION], text);
        let bytes = block_on(registry.pull(&at, &wanted, &release.pin)).unwrap();
        assert_eq!(bytes, text.as_bytes());
    }
    assert_eq!(
        block_on(registry.versions(&at)).unwrap(),
        ["1.9.0", "1.10.0", "2.0.0-rc.1+b.2"].map(version)
    );
    assert!(matches!(
        block_on(registry.release(&at, &version("3.0.0"))),
        Err(RegistryError::VersionNotFound { .. })
    ));
}

#[test]
fn a_version_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let all = registries();
    let registry = backend(&all, &at);
    let first = block_on(registry.publish(&at, &publication("1.0.0-rc.1", b"one"))).unwrap();
    let before = std::fs::read(dir.path().join("index.json")).unwrap();

    // The same Wasm with other metadata is the same version: it stays as it was.
    let mut again = publication("1.0.0-rc.1", b"one");
    again.created = 1;
    let second = block_on(registry.publish(&at, &again)).unwrap();
    assert_eq!(second.outcome, Outcome::AlreadyPublished);
    assert_eq!(second.pin, first.pin);

    let error = block_on(registry.publish(&at, &publication("1.0.0-rc.1", b"two"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project);
    let RegistryError::VersionExists { existing, ours, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((existing, ours), (Digest::of("one"), Digest::of("two")));
    assert_eq!(
        std::fs::read(dir.path().join("index.json")).unwrap(),
        before
    );
    assert!(!blob(dir.path(), Digest::of("two")).exists());
}

#[test]
fn many_publishers_of_one_version_come_to_one_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let at = &at;
                scope.spawn(move || {
                    let all = registries();
                    let wasm = format!("{}", number % 2);
                    let publication = publication("1.0.0", wasm.as_bytes());
                    block_on(backend(&all, at).publish(at, &publication))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let new = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(published) if published.outcome == Outcome::New));
    assert_eq!(new.count(), 1, "{outcomes:?}");
    let lost = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(RegistryError::VersionExists { .. })));
    assert_eq!(lost.count(), 4, "{outcomes:?}");
    assert_eq!(index(dir.path())["manifests"].as_array().unwrap().len(), 1);
}

#[test]
fn what_others_put_there_stays() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let all = registries();
    let registry = backend(&all, &at);
    block_on(registry.publish(&at, &publication("1.0.0", b"one"))).unwrap();
    let mut document = index(dir.path());
    document["annotations"] = json!({ "theirs": "kept" });
    document["subject"] = json!({ "unknown": [1, 2] });
    let foreign = json!({
        "mediaType": INDEX,
        "digest": "sha512:whatever",
        "size": 5,
        "platform": { "os": "linux" },
        "annotations": { annotation::REF_NAME: "latest", "x": "y" },
    });
    document["manifests"]
        .as_array_mut()
        .unwrap()
        .insert(0, foreign.clone());
    spoil(&dir.path().join("index.json"), document.to_string());

    block_on(registry.publish(&at, &publication("1.1.0", b"two"))).unwrap();
    let after = index(dir.path());
    assert_eq!(after["annotations"], document["annotations"]);
    assert_eq!(after["subject"], document["subject"]);
    assert_eq!(after["manifests"][0], foreign);
    assert_eq!(
        block_on(registry.versions(&at)).unwrap(),
        ["1.0.0", "1.1.0"].map(version)
    );
}

#[test]
fn a_spoiled_index_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let all = registries();
    let registry = backend(&all, &at);
    block_on(registry.publish(&at, &publication("1.0.0", b"one"))).unwrap();
    let good = index(dir.path());
    let entry = &good["manifests"][0];
    let with = |entries: Value| {
        let mut document = good.clone();
        document["manifests"] = entries;
        document
    };
    let changed = |key: &str, value: Value| {
        let mut entry = entry.clone();
        entry[key] = value;
        with(json!([entry]))
    };
    for (document, expected) in [
        (
            with(json!([entry, entry])),
            "names tag `1.0.0` more than once",
        ),
        (with(json!({})), "`manifests` is not a list"),
        (
            changed("digest", json!("sha512:00")),
            "accepts no other algorithm",
        ),
        (
            changed("digest", json!("sha256:../../../x")),
            "64 lower-case hex digits",
        ),
        (changed("size", json!(-1)), "invalid value"),
        (changed("size", json!(1_u64 << 40)), "larger than"),
        (changed("mediaType", json!(INDEX)), "image index"),
    ] {
        spoil(&dir.path().join("index.json"), document.to_string());
        let error = block_on(registry.release(&at, &version("1.0.0"))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind(), ErrorKind::Project);
        // Nor is anything published over it.
        assert!(block_on(registry.publish(&at, &publication("1.0.0", b"one"))).is_err());
    }
    spoil(&dir.path().join("index.json"), good.to_string());
    for marker in [&b"{\"imageLayoutVersion\":\"2.0.0\"}"[..], b"\xff", b"{}"] {
        spoil(&dir.path().join("oci-layout"), marker);
        let error = block_on(registry.release(&at, &version("1.0.0"))).unwrap_err();
        assert!(error.to_string().contains("`oci-layout`"), "{error}");
    }
    std::fs::remove_file(dir.path().join("oci-layout")).unwrap();
    let error = block_on(registry.publish(&at, &publication("2.0.0", b"x"))).unwrap_err();
    assert!(error.to_string().contains("no OCI image layout"), "{error}");
}

#[test]
fn other_bytes_are_an_integrity_error() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let all = registries();
    let registry = backend(&all, &at);
    let wanted = version("1.0.0");
    let pin = block_on(registry.publish(&at, &publication("1.0.0", b"one")))
        .unwrap()
        .pin;
    for bytes in [&b"two"[..], b"on", b"ones", b""] {
        spoil(&blob(dir.path(), pin.digest), bytes);
        let error = block_on(registry.pull(&at, &wanted, &pin)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    // Publishing the same again does not hand the damage on: the version is there, so nothing is
    // written. A blob that a version yet to come shares is mended.
    block_on(registry.publish(&at, &publication("1.0.1", b"one"))).unwrap();
    assert_eq!(block_on(registry.pull(&at, &wanted, &pin)).unwrap(), b"one");

    let manifest = blob(dir.path(), pin.manifest.unwrap());
    let text = std::fs::read_to_string(&manifest).unwrap();
    spoil(&manifest, text.replace("greets", "curses"));
    let error = block_on(registry.release(&at, &wanted)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
}

#[test]
fn a_pinned_blob_that_is_gone_is_diagnosed() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let all = registries();
    let registry = backend(&all, &at);
    let wanted = version("1.0.0");
    let pin = block_on(registry.publish(&at, &publication("1.0.0", b"one")))
        .unwrap()
        .pin;
    std::fs::remove_file(blob(dir.path(), pin.digest)).unwrap();
    let error = block_on(registry.pull(&at, &wanted, &pin)).unwrap_err();
    assert!(matches!(error, RegistryError::BlobLost { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Project);

    // The locked manifest is not there, and the tag names other bytes.
    let moved = Pin {
        manifest: Some(Digest::of("old manifest")),
        digest: Digest::of("old"),
        size: 3,
    };
    for pin in [
        Pin {
            manifest: None,
            ..moved.clone()
        },
        moved,
    ] {
        let error = block_on(registry.pull(&at, &wanted, &pin)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error = block_on(registry.pull(&at, &version("9.0.0"), &pin)).unwrap_err();
        assert!(
            matches!(error, RegistryError::VersionNotFound { .. }),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let at = layout(dir.path());
    let fifo = dir.path().join("oci-layout");
    if !Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .is_ok_and(|status| status.success())
    {
        return;
    }
    let all = registries();
    let error = block_on(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(matches!(error, RegistryError::Fs(_)), "{error}");
}

#[test]
fn other_kinds_of_sources_are_refused() {
    let all = registries();
    let at = "path:/somewhere".parse().unwrap();
    let error = all.of(&at).err().unwrap();
    assert!(
        matches!(error, RegistryError::Unsupported { .. }),
        "{error}"
    );
}

#[test]
fn one_value_serves_all_threads() {
    fn shared(_: &(impl Send + Sync)) {}
    shared(&registries());
}
