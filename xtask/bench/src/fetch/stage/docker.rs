//! Debian's registry.

use std::path::PathBuf;

use anyhow::{Context, Result};
use wits_testkit::{Artifact, Authority, DockerRegistry, Door, Guard, RecordingProxy};

use super::Registry;

/// In the clear; requests are counted before it.
pub(super) struct Clear {
    registry: DockerRegistry,
    recorder: RecordingProxy,
}

impl Clear {
    pub(super) fn start() -> Result<Self> {
        let registry = start()?;
        let recorder = RecordingProxy::before(registry.address());
        Ok(Self { registry, recorder })
    }
}

impl Registry for Clear {
    fn addresses(&self) -> Vec<String> {
        vec![self.recorder.address().to_owned()]
    }

    fn owner_url(&self) -> String {
        self.registry.url()
    }

    fn put(&self, repository: &str, tag: &str, artifact: &Artifact) {
        self.registry.push(repository, tag, artifact);
    }

    fn forget(&mut self) {
        self.recorder.forget();
    }

    fn requests(&self) -> usize {
        self.recorder.requests().len()
    }
}

/// Over TLS; requests are counted by its own log, since nobody else can read them.
pub(super) struct Tls {
    registry: DockerRegistry,
    door: Door,
    /// Requests that are forgotten.
    before: usize,
    authority: PathBuf,
    // Held for its Drop.
    _dir: tempfile::TempDir,
}

impl Tls {
    pub(super) fn start(http1: bool) -> Result<Self> {
        let registry = start()?;
        let dir = tempfile::tempdir()?;
        let authority = Authority::new();
        let file = dir.path().join("authority.pem");
        std::fs::write(&file, authority.pem())?;
        let door = registry.door(Guard {
            tls: Some(&authority),
            http1,
            ..Guard::default()
        });
        Ok(Self {
            registry,
            door,
            before: 0,
            authority: file,
            _dir: dir,
        })
    }

    fn logged(&self) -> usize {
        self.door.log().matches("response completed").count()
    }
}

impl Registry for Tls {
    fn addresses(&self) -> Vec<String> {
        vec![self.door.address().to_owned()]
    }

    fn authority(&self) -> Option<PathBuf> {
        Some(self.authority.clone())
    }

    fn owner_url(&self) -> String {
        self.registry.url()
    }

    fn put(&self, repository: &str, tag: &str, artifact: &Artifact) {
        self.registry.push(repository, tag, artifact);
    }

    fn forget(&mut self) {
        self.before = self.logged();
    }

    fn requests(&self) -> usize {
        self.logged() - self.before
    }
}

fn start() -> Result<DockerRegistry> {
    DockerRegistry::start().context("`docker-registry` is not installed")
}
