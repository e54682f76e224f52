//! Debian's `docker-registry` (the CNCF Distribution registry, 2.8) on a free port of loopback.
//!
//! It takes the port itself and its log tells which, so that two tests never race for one. Its
//! storage is a temporary directory, its life is [`Tethered`].

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::artifact::{Artifact, Blob, MANIFEST, sha256};
use crate::http::{self, Response};
use crate::{Authority, TokenServer, peer, tether::Tethered};

/// How long the registry may take until it listens.
const START: Duration = Duration::from_secs(20);

/// What is wanted of those who come in.
#[derive(Default, Clone, Copy)]
pub struct Guard<'g> {
    /// TLS, with a certificate of this authority for 127.0.0.1.
    pub tls: Option<&'g Authority>,
    /// A user and a password, as `Basic`.
    pub password: Option<(&'g str, &'g str)>,
    /// A token of this server.
    pub tokens: Option<&'g TokenServer>,
    /// Over TLS, HTTP/1.1 only: without this it offers HTTP/2.
    pub http1: bool,
}

/// Another way into a [`DockerRegistry`]: the same storage, behind a guard.
pub struct Door {
    address: String,
    log: PathBuf,
    // Dropped in this order: the process, then its directory.
    _process: Tethered,
    _dir: tempfile::TempDir,
}

impl Door {
    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the registry logged so far: a line for each request, with its protocol.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A running registry with nothing in it.
#[derive(Debug)]
pub struct DockerRegistry {
    address: String,
    storage: PathBuf,
    // Dropped in this order: the process, then its directory.
    _process: Tethered,
    _dir: tempfile::TempDir,
}

impl DockerRegistry {
    /// Starts a registry; none where `docker-registry` is not installed (see [`peer::find`]).
    #[track_caller]
    pub fn start() -> Option<Self> {
        let program = peer::find("docker-registry")?;
        let dir = tempfile::Builder::new()
            .prefix("wits-registry-")
            .tempdir()
            .expect("a temporary directory");
        let storage = dir.path().join("storage");
        let config = dir.path().join("config.yml");
        let log = dir.path().join("log");
        fs::write(&config, configuration(&storage)).expect("a configuration");
        let process =
            Tethered::start(program, [Path::new("serve"), &config], &log).expect("a registry");
        let address = wait_for_address(&log);
        http::get(&address, "/v2/", &[]).expect(200);
        Some(Self {
            address,
            storage,
            _process: process,
            _dir: dir,
        })
    }

    /// Opens a guarded door.
    #[track_caller]
    pub fn door(&self, guard: Guard<'_>) -> Door {
        let dir = tempfile::Builder::new()
            .prefix("wits-door-")
            .tempdir()
            .expect("a temporary directory");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("a file of the registry");
            path
        };
        let mut text = configuration(&self.storage);
        if let Some(authority) = guard.tls {
            let certified = authority.certify(&["127.0.0.1"]);
            let certificate = file("server.pem", &certified.certificate);
            let key = file("server.key", &certified.key);
            let (certificate, key) = (certificate.display(), key.display());
            // The last section of the configuration is that of HTTP.
            let _ = writeln!(text, "  tls: {{ certificate: {certificate}, key: {key} }}");
            let _ = writeln!(text, "  http2: {{ disabled: {} }}", guard.http1);
        }
        if let Some((user, password)) = guard.password {
            let path = file("htpasswd", &htpasswd(user, password));
            let path = path.display();
            let _ = writeln!(text, "auth:\n  htpasswd: {{ realm: tests, path: {path} }}");
        }
        if let Some(tokens) = guard.tokens {
            let certificate = file("tokens.pem", tokens.certificate());
            text += &tokens.configuration(&certificate.display().to_string());
        }
        let config = file("config.yml", &text);
        let log = dir.path().join("log");
        let program = peer::find("docker-registry").expect("the registry behind the door");
        let process =
            Tethered::start(program, [Path::new("serve"), &config], &log).expect("a registry");
        Door {
            address: wait_for_address(&log),
            log,
            _process: process,
            _dir: dir,
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL that routes to it, `oci+http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("oci+http://{}", self.address)
    }

    /// The tags of a repository, sorted; none if there is no such repository.
    #[track_caller]
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let response = self.get(&format!("/v2/{repository}/tags/list"));
        if response.status == 404 {
            return Vec::new();
        }
        let json = response.expect(200).json();
        let mut tags: Vec<_> = json["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect();
        tags.sort();
        tags
    }

    /// The manifest under a tag or a digest.
    #[track_caller]
    pub fn manifest(&self, repository: &str, reference: &str) -> Value {
        self.get_manifest(repository, reference).json()
    }

    /// The digest of the manifest under a tag.
    #[track_caller]
    pub fn manifest_digest(&self, repository: &str, tag: &str) -> String {
        let response = self.get_manifest(repository, tag);
        response
            .header("docker-content-digest")
            .expect("a digest")
            .to_owned()
    }

    /// The digest of the only layer of what a tag points at.
    #[track_caller]
    pub fn layer_digest(&self, repository: &str, tag: &str) -> String {
        let manifest = self.manifest(repository, tag);
        manifest["layers"][0]["digest"]
            .as_str()
            .expect("a layer")
            .to_owned()
    }

    /// Claims that a tag, if it is there, names a manifest that is there with all that it names, each blob
    /// with the digest and the size that it is named with. (The list of tags would not do: the registry lists a
    /// tag a moment before it can be had, and goes on with a request whose client was killed.)
    #[track_caller]
    pub fn assert_whole(&self, repository: &str, tag: &str) {
        let found = self.get(&format!("/v2/{repository}/manifests/{tag}"));
        if found.status == 404 {
            return;
        }
        let manifest = found.expect(200).json();
        let layers = manifest["layers"].as_array().expect("layers").iter();
        for descriptor in layers.chain([&manifest["config"]]) {
            let digest = descriptor["digest"].as_str().expect("a digest");
            let blob = self.get(&format!("/v2/{repository}/blobs/{digest}"));
            let bytes = blob.expect(200).body;
            assert_eq!(sha256(&bytes), digest, "{repository}:{tag}");
            assert_eq!(descriptor["size"], bytes.len(), "{repository}:{tag}");
        }
    }

    /// Uploads an artifact and points the tag at it, whatever it pointed at before.
    #[track_caller]
    pub fn push(&self, repository: &str, tag: &str, artifact: &Artifact) {
        for blob in artifact.blobs() {
            self.push_blob(repository, blob);
        }
        self.put_manifest(repository, tag, &artifact.manifest().bytes);
    }

    /// Points `tag` at what `target` points at.
    #[track_caller]
    pub fn move_tag(&self, repository: &str, tag: &str, target: &str) {
        let manifest = self.get_manifest(repository, target).body;
        self.put_manifest(repository, tag, &manifest);
    }

    /// Takes the tag away and leaves what it pointed at.
    ///
    /// The registry's interface can only delete a manifest with all its tags, so this takes the tag
    /// out of its storage, which it reads anew for every request.
    #[track_caller]
    pub fn delete_tag(&self, repository: &str, tag: &str) {
        let dir = self
            .repository(repository)
            .join("_manifests/tags")
            .join(tag);
        fs::remove_dir_all(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    }

    /// Deletes a manifest, and with it every tag that points at it.
    #[track_caller]
    pub fn delete_manifest(&self, repository: &str, digest: &str) {
        self.delete(&format!("/v2/{repository}/manifests/{digest}"));
    }

    /// Deletes a blob; manifests go on naming it.
    #[track_caller]
    pub fn delete_blob(&self, repository: &str, digest: &str) {
        self.delete(&format!("/v2/{repository}/blobs/{digest}"));
    }

    fn repository(&self, repository: &str) -> PathBuf {
        self.storage
            .join("docker/registry/v2/repositories")
            .join(repository)
    }

    fn get(&self, target: &str) -> Response {
        http::get(&self.address, target, &[("Accept", MANIFEST)])
    }

    #[track_caller]
    fn get_manifest(&self, repository: &str, reference: &str) -> Response {
        self.get(&format!("/v2/{repository}/manifests/{reference}"))
            .expect(200)
    }

    #[track_caller]
    fn put_manifest(&self, repository: &str, tag: &str, manifest: &[u8]) {
        let target = format!("/v2/{repository}/manifests/{tag}");
        http::request(
            &self.address,
            "PUT",
            &target,
            &[("Content-Type", MANIFEST)],
            manifest,
        )
        .expect(201);
    }

    #[track_caller]
    fn push_blob(&self, repository: &str, blob: &Blob) {
        let target = format!("/v2/{repository}/blobs/uploads/");
        let upload = http::request(&self.address, "POST", &target, &[], b"").expect(202);
        let location = upload.header("location").expect("an upload location");
        let target = format!("{location}&digest={}", blob.digest());
        let headers = [("Content-Type", "application/octet-stream")];
        http::request(&self.address, "PUT", &target, &headers, &blob.bytes).expect(201);
    }

    #[track_caller]
    fn delete(&self, target: &str) {
        http::request(&self.address, "DELETE", target, &[], b"").expect(202);
    }
}

fn configuration(storage: &Path) -> String {
    format!(
        "version: 0.1\n\
         log: {{ level: info }}\n\
         storage:\n  \
           filesystem: {{ rootdirectory: {storage} }}\n  \
           delete: {{ enabled: true }}\n  \
           maintenance: {{ uploadpurging: {{ enabled: false }} }}\n\
         http:\n  \
           addr: 127.0.0.1:0\n  \
           relativeurls: true\n  \
           secret: tests-only\n",
        storage = storage.display(),
    )
}

/// A line of an htpasswd file with bcrypt, which is all that the registry reads.
#[track_caller]
fn htpasswd(user: &str, password: &str) -> String {
    let output = Command::new("htpasswd")
        .args(["-nbBC", "4", user, password])
        .output()
        .expect("`htpasswd`, of apache2-utils");
    assert!(output.status.success(), "htpasswd: {output:?}");
    String::from_utf8(output.stdout).expect("a line")
}

/// Waits for the line of the log that tells the port.
#[track_caller]
fn wait_for_address(log: &Path) -> String {
    const MARKER: &str = "listening on ";
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        if let Some((_, rest)) = text.split_once(MARKER)
            // With TLS it says so after a comma.
            && let Some((address, _)) = rest.split_once(['"', ','])
        {
            return address.to_owned();
        }
        assert!(
            begun.elapsed() < START,
            "the registry does not listen:\n{text}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_goes_in_and_its_tag_moves() {
        let Some(registry) = DockerRegistry::start() else {
            return;
        };
        registry.push("a/b", "1.0.0", &Artifact::wasm(*b"one"));
        registry.push("a/b", "2.0.0", &Artifact::wasm(*b"two"));
        assert_eq!(registry.tags("a/b"), ["1.0.0", "2.0.0"]);
        assert!(registry.tags("a/c").is_empty());
        registry.move_tag("a/b", "1.0.0", "2.0.0");
        let second = registry.manifest_digest("a/b", "2.0.0");
        assert_eq!(registry.manifest_digest("a/b", "1.0.0"), second);
        registry.delete_tag("a/b", "1.0.0");
        assert_eq!(registry.tags("a/b"), ["2.0.0"]);
        registry.delete_manifest("a/b", &second);
        assert!(registry.tags("a/b").is_empty());
    }
}
