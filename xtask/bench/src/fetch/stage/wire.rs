//! Registries that do as the big ones do, by the server of the testkit, over TLS with HTTP/2.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Result;
use wits_testkit::wire::{
    Fault, Guard, Kind, OciRegistry, Request, Response, Rule, Server, Settings,
};
use wits_testkit::{Artifact, Authority, Certified, LatencyProxy};

use super::Registry;

/// A registry over TLS, under an authority of its own.
struct Base {
    registry: OciRegistry,
    authority: Authority,
    /// The authority's certificate, in PEM.
    file: PathBuf,
    // Held for its Drop.
    _dir: tempfile::TempDir,
}

impl Base {
    fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let authority = Authority::new();
        let file = dir.path().join("authority.pem");
        std::fs::write(&file, authority.pem())?;
        let registry = OciRegistry::start_with(http2(&authority.certify(&["127.0.0.1"])));
        Ok(Self {
            registry,
            authority,
            file,
            _dir: dir,
        })
    }
}

/// As GHCR: everybody needs a token, for public packages too, and a blob is at another host.
pub(super) struct Redirecting {
    base: Base,
    blobs: Server,
    /// Where clients find that host: `host:port`.
    place: Arc<Mutex<String>>,
}

impl Redirecting {
    pub(super) fn start() -> Result<Self> {
        let base = Base::start()?;
        let kept = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let place = Arc::new(Mutex::new(String::new()));
        let given = Arc::clone(&kept);
        let certified = base.authority.certify(&["127.0.0.1"]);
        let blobs = Server::start_with(http2(&certified), move |request| {
            match lock(&given).get(&request.path) {
                Some(bytes) => Response::new(200, bytes.clone()),
                None => Response::new(404, ""),
            }
        });
        let elsewhere = Arc::clone(&place);
        let redirect = Fault::new(move |request: &Request, honest: Response| {
            if honest.status != 200 {
                return honest;
            }
            let path = request.path.clone();
            let location = format!("https://{}{path}", lock(&elsewhere));
            lock(&kept).insert(path, honest.bytes().to_vec());
            Response::new(307, "").with("location", location)
        });
        base.registry
            .lay(Rule::on(Kind::Blob).method("GET"), redirect);
        Ok(Self { base, blobs, place })
    }
}

impl Registry for Redirecting {
    fn addresses(&self) -> Vec<String> {
        vec![
            self.base.registry.address().to_string(),
            self.blobs.address().to_string(),
        ]
    }

    fn placed(&mut self, networks: &[LatencyProxy]) {
        networks[1].address().clone_into(&mut lock(&self.place));
    }

    fn opened(&mut self) {
        self.base.registry.guard(Guard::default());
    }

    fn authority(&self) -> Option<PathBuf> {
        Some(self.base.file.clone())
    }

    fn owner_url(&self) -> String {
        self.base.registry.registry()
    }

    fn put(&self, repository: &str, tag: &str, artifact: &Artifact) {
        self.base.registry.put(repository, tag, artifact);
    }

    fn forget(&mut self) {
        self.base.registry.server().forget();
        self.blobs.forget();
    }

    fn requests(&self) -> usize {
        self.base.registry.log().len() + self.blobs.log().len()
    }
}

/// As ECR: a blob is not found before its manifest was asked for.
pub(super) struct ManifestFirst {
    base: Base,
    /// Repositories of which a manifest was asked for.
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl ManifestFirst {
    pub(super) fn start() -> Result<Self> {
        let base = Base::start()?;
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&asked);
        let note = Fault::new(move |request: &Request, honest: Response| {
            lock(&seen).extend(repository(request, "/manifests/"));
            honest
        });
        base.registry
            .lay(Rule::on(Kind::Manifest).method("GET"), note);
        let known = Arc::clone(&asked);
        let refuse = Fault::new(move |request: &Request, honest: Response| {
            match repository(request, "/blobs/") {
                Some(name) if lock(&known).contains(&name) => honest,
                _ => Response::error(404, "BLOB_UNKNOWN"),
            }
        });
        base.registry
            .lay(Rule::on(Kind::Blob).method("GET"), refuse);
        Ok(Self { base, asked })
    }
}

impl Registry for ManifestFirst {
    fn addresses(&self) -> Vec<String> {
        vec![self.base.registry.address().to_string()]
    }

    fn authority(&self) -> Option<PathBuf> {
        Some(self.base.file.clone())
    }

    fn owner_url(&self) -> String {
        self.base.registry.registry()
    }

    fn put(&self, repository: &str, tag: &str, artifact: &Artifact) {
        self.base.registry.put(repository, tag, artifact);
    }

    fn forget(&mut self) {
        lock(&self.asked).clear();
        self.base.registry.server().forget();
    }

    fn requests(&self) -> usize {
        self.base.registry.log().len()
    }
}

/// `NAME` of `/v2/NAME/…`, of what is about this part of a repository.
fn repository(request: &Request, part: &str) -> Option<String> {
    let (name, _) = request.route().strip_prefix("/v2/")?.rsplit_once(part)?;
    Some(name.to_owned())
}

fn http2(certified: &Certified) -> Settings<'_> {
    Settings {
        tls: Some(certified),
        http2: true,
        ..Settings::default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
