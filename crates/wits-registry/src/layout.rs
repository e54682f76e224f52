//! `layout:` — a tree of OCI image layouts on disk, one per package (image-spec, `image-layout.md`):
//!
//! ```text
//! PATH/wasi/http/            the place of one package
//!     oci-layout             {"imageLayoutVersion":"1.0.0"}
//!     index.json             one descriptor a version; the tag is an annotation of it
//!     blobs/sha256/<hex>     manifests, configs, Wasm
//!     .wits.lock             held while wits publishes
//! ```
//!
//! skopeo (`oci:PATH:TAG`), oras and crane read and write such a directory, so what they put there
//! stays there: `index.json` is changed by adding one descriptor, and nothing else in it is touched.
//! Blobs are verified whenever they are read. A version is published by writing its blobs, then its
//! manifest, and `index.json` last, each file whole or not at all, under a lock: a reader sees the
//! version complete or not at all, and two publishers come out one after the other.
//!
//! The files are read where the future is polled. It never waits, so it runs on any executor.

mod files;
mod index;

use wits_fs::FileLock;
use wits_model::{Blob, PackageSource, Pin, Version};

use self::files::Files;
use self::index::Index;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::index::fuzz as fuzz_index;
use crate::artifact::{Artifact, Manifest};
use crate::{
    Answer, Limits, Notes, Outcome, Publication, Published, Registry, RegistryError, RegistryNote,
    Release, lost, tag,
};

/// All layouts on this machine.
pub(crate) struct Layouts {
    limits: Limits,
    notes: Notes,
}

impl Layouts {
    pub(crate) fn new(limits: Limits, notes: Notes) -> Self {
        Self { limits, notes }
    }

    fn files<'a>(&self, at: &'a PackageSource) -> Result<Files<'a>, RegistryError> {
        match at {
            PackageSource::Layout { path } => Ok(Files::new(at, path, self.limits.max_manifest)),
            _ => Err(RegistryError::Unsupported {
                at: at.into(),
                reason: "this is not a `layout:`".to_owned(),
            }),
        }
    }

    fn versions(&self, at: &PackageSource) -> Result<Vec<Version>, RegistryError> {
        let index = Index::read(&self.files(at)?)?.ok_or_else(|| absent(at))?;
        let mut versions: Vec<_> = index.tags().filter_map(tag::version).collect();
        versions.sort();
        versions.dedup();
        Ok(versions)
    }

    /// The manifest that the version's tag names; nothing if there is no such tag.
    fn tagged(
        &self,
        files: &Files<'_>,
        index: &Index,
        version: &Version,
    ) -> Result<Option<Manifest>, RegistryError> {
        let tag = files.tag(version)?;
        let Some(descriptor) = index.find(files, &tag)? else {
            return Ok(None);
        };
        let bytes = files
            .blob(descriptor.digest, descriptor.size)?
            .ok_or_else(|| RegistryError::BlobLost {
                at: files.at.into(),
                version: Box::new(version.clone()),
                digest: descriptor.digest,
            })?;
        Manifest::read(
            &bytes,
            descriptor.digest,
            Some(&descriptor.media_type),
            self.limits.max_blob,
        )
        .map(Some)
        .map_err(|defect| defect.at(files.at, &tag))
    }

    fn release(&self, at: &PackageSource, version: &Version) -> Result<Release, RegistryError> {
        let files = self.files(at)?;
        let index = Index::read(&files)?.ok_or_else(|| absent(at))?;
        let manifest = self.tagged(&files, &index, version)?.ok_or_else(|| {
            RegistryError::VersionNotFound {
                at: at.into(),
                version: Box::new(version.clone()),
            }
        })?;
        Ok(manifest.into())
    }

    fn pull(
        &self,
        at: &PackageSource,
        version: &Version,
        pin: &Pin,
    ) -> Result<Blob, RegistryError> {
        let files = self.files(at)?;
        match files.blob(pin.digest, pin.size)? {
            Some(bytes) => Ok(bytes),
            None => Err(self.diagnose(&files, version, pin)?),
        }
    }

    /// Why the pinned bytes are not there.
    fn diagnose(
        &self,
        files: &Files<'_>,
        version: &Version,
        pin: &Pin,
    ) -> Result<RegistryError, RegistryError> {
        let at = files.at;
        let index = Index::read(files)?.ok_or_else(|| absent(at))?;
        let locked = match pin.manifest {
            Some(digest) => files.manifest(digest)?.map(|bytes| {
                Manifest::read(&bytes, digest, None, self.limits.max_blob)
                    .map_err(|defect| defect.at(at, &digest.to_string()))
            }),
            None => None,
        };
        let manifest = match locked {
            Some(manifest) => Some(manifest?),
            None => self.tagged(files, &index, version)?,
        };
        let named = manifest.map(|manifest| manifest.pin.digest);
        Ok(lost::verdict(at, version, pin, named))
    }

    fn publish(
        &self,
        at: &PackageSource,
        publication: &Publication,
    ) -> Result<Published, RegistryError> {
        let files = self.files(at)?;
        let tag = files.tag(&publication.version)?;
        // Before anything is written: what is there already is so in a layout that may only be read, too.
        if let Some(index) = Index::read(&files)?
            && let Some(there) = self.tagged(&files, &index, &publication.version)?
        {
            return publication.already(at, there.pin);
        }
        let artifact = Artifact::new(publication);
        files.create()?;
        let _lock = FileLock::acquire(
            files.root.join(".wits.lock"),
            "wits publish",
            self.limits.lock_timeout,
            &mut |holder| {
                self.notes.tell(RegistryNote::Waiting {
                    at: Box::new(at.clone()),
                    holder: holder.to_string(),
                });
            },
        )?;
        let mut index = Index::read(&files)?.unwrap_or_default();
        if let Some(there) = self.tagged(&files, &index, &publication.version)? {
            return publication.already(at, there.pin);
        }
        files.put(&publication.wasm)?;
        files.put(&artifact.config)?;
        files.put(&artifact.manifest)?;
        index.add(&tag, artifact.manifest.digest(), artifact.manifest.size());
        index.write(&files)?;
        Ok(Published {
            pin: artifact.pin,
            outcome: Outcome::New,
        })
    }
}

fn absent(at: &PackageSource) -> RegistryError {
    RegistryError::PackageNotFound { at: at.into() }
}

impl Registry for Layouts {
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        Box::pin(async move { self.versions(at) })
    }

    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release> {
        Box::pin(async move { self.release(at, version) })
    }

    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(async move { self.pull(at, version, pin) })
    }

    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published> {
        Box::pin(async move { self.publish(at, publication) })
    }
}
