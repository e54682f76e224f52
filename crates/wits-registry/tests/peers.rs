//! The real peers: Debian's `docker-registry`, and `skopeo`, which copies between a registry and a
//! layout. Where they are not installed the tests say so and pass, but not in CI.
#![cfg(feature = "network")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{backend, impatient, layout, publication, run, version};
use wits_model::{ErrorKind, PackageSource};
use wits_registry::artifact::Artifact;
use wits_registry::{Outcome, Registries, RegistryError};

const WASM: &[u8] = b"\0asm\x0d\0\x01\0";

/// A registry of its own for one test, gone when dropped.
struct DockerRegistry {
    process: Child,
    host: String,
    dir: tempfile::TempDir,
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether `program` is installed; a test that needs it and cannot run says so.
fn installed(program: &str) -> bool {
    let there = ["/usr/bin", "/usr/local/bin"]
        .iter()
        .any(|dir| Path::new(dir).join(program).exists());
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that is skipped in CI would be no test"
    )]
    let in_ci = std::env::var_os("CI").is_some();
    assert!(there || !in_ci, "`{program}` is not installed");
    if !there {
        let _ = writeln!(std::io::stderr(), "skipped: `{program}` is not installed");
    }
    there
}

impl DockerRegistry {
    fn start() -> Option<Self> {
        if !installed("docker-registry") {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        // Another process may take the port between its choice and its use: then there is another.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let host = format!("127.0.0.1:{port}");
            let config = format!(
                "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{host}'}}\n\
                 storage: {{filesystem: {{rootdirectory: '{}'}}, delete: {{enabled: true}}}}\n",
                dir.path().join("data").display()
            );
            let file = dir.path().join("config.yml");
            wits_fs::write_atomic(&file, config).unwrap();
            let mut process = Command::new("docker-registry")
                .arg("serve")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(20) {
                if process.try_wait().unwrap().is_some() {
                    break;
                }
                if answers(&host) {
                    return Some(Self { process, host, dir });
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("`docker-registry` does not start");
    }

    fn source(&self) -> PackageSource {
        format!("oci+http://{}/team/demo/greet", self.host)
            .parse()
            .unwrap()
    }

    fn remove_blob(&self, digest: wits_model::Digest) {
        let hex = digest.hex();
        let blob = self.dir.path().join("data/docker/registry/v2/blobs/sha256");
        let path = blob.join(&hex[..2]).join(&hex).join("data");
        std::fs::remove_file(path).unwrap();
    }
}

fn answers(host: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(host) else {
        return false;
    };
    let asked = stream.write_all(b"GET /v2/ HTTP/1.0\r\n\r\n");
    let mut answer = [0; 12];
    asked.is_ok() && stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"200")
}

#[test]
fn docker_registry_keeps_what_is_published() {
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let at = docker.source();
    let all = Registries::new(impatient());
    let registry = backend(&all, &at);
    run(async {
        let error = registry.versions(&at).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::PackageNotFound { .. }),
            "{error}"
        );
        for text in ["1.10.0", "1.9.0", "1.9.0-rc.1+b.2"] {
            let publication = publication(text, text.as_bytes());
            let published = registry.publish(&at, &publication).await.unwrap();
            assert_eq!(published.outcome, Outcome::New);
            assert_eq!(published.pin, Artifact::new(&publication).pin);
            let again = registry.publish(&at, &publication).await.unwrap();
            assert_eq!(again.outcome, Outcome::AlreadyPublished);
            let wanted = version(text);
            let release = registry.release(&at, &wanted).await.unwrap();
            assert_eq!(release.pin, published.pin);
            assert_eq!(release.annotations["dev.wits.test"], "yes");
            let bytes = registry.pull(&at, &wanted, &release.pin).await.unwrap();
            assert_eq!(bytes, text.as_bytes());
        }
        assert_eq!(
            registry.versions(&at).await.unwrap(),
            ["1.9.0-rc.1+b.2", "1.9.0", "1.10.0"].map(version)
        );
        let error = registry
            .publish(&at, &publication("1.9.0", b"x"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, RegistryError::VersionExists { .. }),
            "{error}"
        );
        let error = registry.release(&at, &version("2.0.0")).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::VersionNotFound { .. }),
            "{error}"
        );

        // Another publisher at the same time: one of each content at the most is new.
        let (a, b) = (publication("3.0.0", b"a"), publication("3.0.0", b"b"));
        let both = futures_util::future::join(registry.publish(&at, &a), registry.publish(&at, &b));
        let (a, b) = both.await;
        assert!(a.is_ok() || b.is_ok(), "{a:?} {b:?}");

        let pin = registry.release(&at, &version("1.9.0")).await.unwrap().pin;
        docker.remove_blob(pin.digest);
        let error = registry
            .pull(&at, &version("1.9.0"), &pin)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Project, "{error}");
        assert!(matches!(error, RegistryError::BlobLost { .. }), "{error}");
    });
}

fn skopeo(from: &str, to: &str) {
    let output = Command::new("skopeo")
        .args([
            "--insecure-policy",
            "copy",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
        ])
        .args([from, to])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn skopeo_carries_packages_between_registry_and_layout() {
    if !installed("skopeo") {
        return;
    }
    let Some(docker) = DockerRegistry::start() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    let at = docker.source();
    let repository = format!("docker://{}/team/demo/greet", docker.host);
    let all = Registries::new(impatient());
    run(async {
        let wanted = version("1.0.0+b");
        let publication = publication("1.0.0+b", WASM);
        let here = layout(&ours);
        let published = backend(&all, &here)
            .publish(&here, &publication)
            .await
            .unwrap();

        // From our layout to a registry, to a layout that skopeo makes, and on in that layout.
        skopeo(
            &format!("oci:{}:1.0.0_b", ours.display()),
            &format!("{repository}:1.0.0_b"),
        );
        let release = backend(&all, &at).release(&at, &wanted).await.unwrap();
        assert_eq!(release.pin, published.pin);
        skopeo(
            &format!("{repository}:1.0.0_b"),
            &format!("oci:{}:1.0.0_b", theirs.display()),
        );
        let there = layout(&theirs);
        let registry = backend(&all, &there);
        assert_eq!(registry.release(&there, &wanted).await.unwrap(), release);
        assert_eq!(
            registry.pull(&there, &wanted, &release.pin).await.unwrap(),
            WASM
        );
        let again = registry.publish(&there, &publication).await.unwrap();
        assert_eq!(again.outcome, Outcome::AlreadyPublished);
        let next = support::publication("1.1.0", b"next");
        registry.publish(&there, &next).await.unwrap();

        // skopeo reads what was added, and adds to what we wrote.
        skopeo(
            &format!("oci:{}:1.1.0", theirs.display()),
            &format!("oci:{}:1.1.0", ours.display()),
        );
        let both = [version("1.0.0+b"), version("1.1.0")];
        assert_eq!(backend(&all, &here).versions(&here).await.unwrap(), both);
        let release = backend(&all, &here).release(&here, &both[1]).await.unwrap();
        assert_eq!(release.pin, Artifact::new(&next).pin);
    });
}
