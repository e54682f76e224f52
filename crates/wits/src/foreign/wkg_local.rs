//! The `local` registries of wkg: `ROOT/ns/name/VERSION.wasm`, plain files.
//!
//! wkg's configuration names the root, and a route `layout:ROOT` is made of it. Whether a directory
//! below it is such a one or an OCI image layout is seen from what is in it, so `wits.lock` needs no
//! further form of a source.

use std::path::{Path, PathBuf};

use wits_fs::write_new;
use wits_model::{Blob, PackageSource, Pin, Version};
use wits_registry::{Answer, Outcome, Publication, Published, Registry, RegistryError, Release};

/// Packages in the directories of wkg's `local` registries.
#[derive(Debug, Clone, Default)]
pub(crate) struct WkgLocal {
    /// The roots that wkg's configuration names.
    pub(crate) roots: Vec<PathBuf>,
}

impl WkgLocal {
    /// Whether the package at `source` is kept as wkg keeps it, or would be.
    pub(crate) fn keeps(&self, source: &PackageSource) -> bool {
        let PackageSource::Layout { path } = source else {
            return false;
        };
        if path.join("oci-layout").exists() || path.join("index.json").exists() {
            return false;
        }
        self.roots.iter().any(|root| path.starts_with(root)) || !files(path).is_empty()
    }
}

/// The versions in a directory and their files, sorted.
fn files(dir: &Path) -> Vec<(Version, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let version = path.file_name()?.to_str()?.strip_suffix(".wasm")?;
            Some((version.parse().ok()?, path))
        })
        .collect();
    files.sort();
    files
}

fn dir(at: &PackageSource) -> Result<&Path, RegistryError> {
    match at {
        PackageSource::Layout { path } => Ok(path),
        _ => Err(RegistryError::Unsupported {
            at: at.into(),
            reason: "this is no directory".to_owned(),
        }),
    }
}

fn read(at: &PackageSource, version: &Version) -> Result<Blob, RegistryError> {
    let dir = dir(at)?;
    let file = dir.join(format!("{version}.wasm"));
    match wits_fs::read_if_exists(&file)? {
        Some(bytes) => Ok(Blob::of(bytes)),
        None if dir.is_dir() => Err(RegistryError::VersionNotFound {
            at: at.into(),
            version: Box::new(version.clone()),
        }),
        None => Err(RegistryError::PackageNotFound { at: at.into() }),
    }
}

fn pin(wasm: &Blob) -> Pin {
    Pin {
        manifest: None,
        digest: wasm.digest(),
        size: wasm.size(),
    }
}

fn pull(at: &PackageSource, version: &Version, wanted: &Pin) -> Result<Blob, RegistryError> {
    let bytes = read(at, version)?;
    let found = bytes.digest();
    if found != wanted.digest {
        return Err(RegistryError::Integrity {
            at: at.into(),
            what: format!("`{version}.wasm`"),
            expected: wanted.digest.to_string(),
            actual: found.to_string(),
        });
    }
    Ok(bytes)
}

fn publish(at: &PackageSource, publication: &Publication) -> Result<Published, RegistryError> {
    let dir = dir(at)?;
    let ours = pin(&publication.wasm);
    wits_fs::create_dir_all(dir)?;
    let file = dir.join(format!("{}.wasm", publication.version));
    let outcome = match write_new(&file, &publication.wasm) {
        Ok(()) => Outcome::New,
        Err(error) if error.kind() == wits_fs::FsErrorKind::Exists => {
            let there = pin(&Blob::of(wits_fs::read(&file)?));
            if there.digest != ours.digest {
                return Err(RegistryError::VersionExists {
                    at: at.into(),
                    version: Box::new(publication.version.clone()),
                    existing: there.digest,
                    ours: ours.digest,
                });
            }
            Outcome::AlreadyPublished
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Published { pin: ours, outcome })
}

impl Registry for WkgLocal {
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        Box::pin(async move {
            let dir = dir(at)?;
            if !dir.is_dir() {
                return Err(RegistryError::PackageNotFound { at: at.into() });
            }
            Ok(files(dir).into_iter().map(|(version, _)| version).collect())
        })
    }

    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release> {
        Box::pin(async move {
            Ok(Release {
                pin: pin(&read(at, version)?),
                annotations: std::collections::BTreeMap::new(),
            })
        })
    }

    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(async move { pull(at, version, pin) })
    }

    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published> {
        Box::pin(async move { publish(at, publication) })
    }
}
