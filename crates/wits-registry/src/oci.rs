//! `oci:` and `oci+http:` — OCI registries (distribution-spec 1.1).
//!
//! A version is the tag of the same name (see `tag`). Its manifest is read by tag once, when it is
//! resolved; from then on the Wasm is asked for by digest, so a moved or deleted tag changes nothing.
//! Digests are taken of the bytes that came: a `Docker-Content-Digest` only has to agree with them.

mod habit;
mod pull;
mod push;
mod repository;
mod tags;

use std::sync::Arc;

use wits_model::{Blob, PackageSource, Pin, Version};

use self::habit::Habits;
use self::repository::{Found, Repository};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::tags::{fuzz_link, fuzz_page as fuzz_tags};
use crate::transport::{Scope, Transport};
use crate::{Answer, Publication, Published, Registry, Release};

/// All OCI registries.
pub(crate) struct OciRegistries {
    transport: Arc<Transport>,
    habits: Habits,
}

impl OciRegistries {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self {
            transport,
            habits: Habits::default(),
        }
    }

    /// The bytes that `pin` names, without a question that is not about a digest.
    pub(crate) fn stored<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(async move {
            let repository = Repository::new(&self.transport, at, Scope::pull)?;
            pull::stored(&repository, &self.habits, version, pin).await
        })
    }
}

impl Registry for OciRegistries {
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        Box::pin(async move {
            let repository = Repository::new(&self.transport, at, Scope::pull)?;
            tags::versions(&repository).await
        })
    }

    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release> {
        Box::pin(async move {
            let repository = Repository::new(&self.transport, at, Scope::pull)?;
            let tag = repository.tag(version)?;
            match repository.tagged(&tag).await? {
                Found::Manifest(manifest) => Ok(manifest.into()),
                Found::NoManifest => Err(repository.no_version(version)),
                Found::NoRepository => Err(repository.no_package()),
            }
        })
    }

    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(async move {
            let repository = Repository::new(&self.transport, at, Scope::pull)?;
            pull::pinned(&repository, &self.habits, version, pin).await
        })
    }

    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published> {
        Box::pin(async move {
            let repository = Repository::new(&self.transport, at, Scope::push)?;
            push::publish(&repository, publication).await
        })
    }
}
