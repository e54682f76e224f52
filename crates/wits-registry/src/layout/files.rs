//! The files of one layout.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Deserialize;
use wits_fs::FsError;
use wits_model::{Blob, Digest, PackageSource, Version};

use crate::told::printable;
use crate::{RegistryError, lost, tag};

/// The layout of one package.
pub(super) struct Files<'a> {
    /// What the user knows it as.
    pub(super) at: &'a PackageSource,
    /// Where it is.
    pub(super) root: &'a Path,
    /// The longest document that is read.
    max_document: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

impl<'a> Files<'a> {
    pub(super) fn new(at: &'a PackageSource, root: &'a Path, max_document: u64) -> Self {
        Self {
            at,
            root,
            max_document,
        }
    }

    /// The longest document that is read, in bytes.
    pub(super) fn max_document(&self) -> u64 {
        self.max_document
    }

    /// The tag of `version`.
    pub(super) fn tag(&self, version: &Version) -> Result<String, RegistryError> {
        tag::of(version).ok_or_else(|| RegistryError::Unsupported {
            at: self.at.into(),
            reason: format!("version `{version}` is too long for a tag"),
        })
    }

    /// A document of the layout itself, if it is there.
    pub(super) fn document(&self, name: &str) -> Result<Option<Vec<u8>>, RegistryError> {
        let Some((file, size)) = open(&self.root.join(name))? else {
            return Ok(None);
        };
        if size > self.max_document {
            return Err(self.too_large(&format!("`{name}`")));
        }
        let bytes = read(file, self.max_document, &self.root.join(name))?;
        if bytes.len() as u64 > self.max_document {
            return Err(self.too_large(&format!("`{name}`")));
        }
        Ok(Some(bytes))
    }

    /// The error for a document, already quoted or described, that is too long.
    pub(super) fn too_large(&self, what: &str) -> RegistryError {
        RegistryError::TooLarge {
            at: self.at.into(),
            what: what.to_owned(),
            limit: self.max_document,
        }
    }

    /// Whether this is a layout, of a version wits knows.
    pub(super) fn is_layout(&self) -> Result<bool, RegistryError> {
        let malformed = |reason| RegistryError::Malformed {
            at: self.at.into(),
            what: "`oci-layout`".to_owned(),
            reason,
        };
        let Some(marker) = self.document("oci-layout")? else {
            return match open(&self.root.join("index.json"))? {
                None => Ok(false),
                Some(_) => Err(malformed(
                    "it is missing beside `index.json`, so this is no OCI image layout".to_owned(),
                )),
            };
        };
        let marker: Marker = serde_json::from_slice(&marker)
            .map_err(|error| malformed(printable(&error.to_string())))?;
        if !marker.image_layout_version.starts_with("1.") {
            return Err(malformed(format!(
                "wits knows version 1 of image layouts, and this is `{}`",
                printable(&marker.image_layout_version)
            )));
        }
        Ok(true)
    }

    /// The verified bytes of a blob; nothing if there is none.
    pub(super) fn blob(&self, digest: Digest, size: u64) -> Result<Option<Blob>, RegistryError> {
        let path = self.root.join("blobs/sha256").join(digest.hex());
        let Some((file, actual)) = open(&path)? else {
            return Ok(None);
        };
        let what = || "the blob of the Wasm".to_owned();
        if actual != size {
            return Err(lost::other_size(self.at, what(), size, actual));
        }
        let bytes = read(file, size, &path)?;
        if bytes.len() as u64 != size {
            return Err(lost::other_size(self.at, what(), size, bytes.len()));
        }
        let blob = Blob::of(bytes);
        if blob.digest() != digest {
            return Err(lost::other_bytes(self.at, what(), digest, blob.digest()));
        }
        Ok(Some(blob))
    }

    /// The verified bytes of a manifest of which only the digest is known; nothing if there is none.
    pub(super) fn manifest(&self, digest: Digest) -> Result<Option<Vec<u8>>, RegistryError> {
        let name = format!("blobs/sha256/{}", digest.hex());
        let Some(bytes) = self.document(&name)? else {
            return Ok(None);
        };
        match Digest::of(&bytes) {
            actual if actual == digest => Ok(Some(bytes)),
            actual => Err(lost::other_bytes(
                self.at,
                format!("`{name}`"),
                digest,
                actual,
            )),
        }
    }

    /// Makes this an empty layout, if it is none yet.
    pub(super) fn create(&self) -> Result<(), RegistryError> {
        if !self.is_layout()? {
            wits_fs::create_dir_all(self.root)?;
            wits_fs::write_atomic(self.root.join("oci-layout"), MARKER)?;
        }
        wits_fs::create_dir_all(self.root.join("blobs/sha256"))?;
        Ok(())
    }

    /// Writes a blob, unless it is there and sound.
    pub(super) fn put(&self, blob: &Blob) -> Result<(), RegistryError> {
        let digest = blob.digest();
        // A damaged blob is written anew: the bytes at hand are those it should hold.
        if !matches!(self.blob(digest, blob.size()), Ok(Some(_))) {
            wits_fs::write_atomic(self.root.join("blobs/sha256").join(digest.hex()), blob)?;
        }
        Ok(())
    }
}

/// A regular file and its length; nothing if there is none.
fn open(path: &Path) -> Result<Option<(File, u64)>, FsError> {
    // Asked first: opening a pipe would wait for whoever writes to it.
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(FsError::io("read", path)(error)),
    };
    if !metadata.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is not a file");
        return Err(FsError::io("read", path)(error));
    }
    match File::open(path) {
        Ok(file) => Ok(Some((file, metadata.len()))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(FsError::io("read", path)(error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The bytes of `file`, and one more than `size` if there are more.
fn read(file: File, size: u64, path: &Path) -> Result<Vec<u8>, FsError> {
    let mut bytes = Vec::new();
    file.take(size.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(FsError::io("read", path))?;
    Ok(bytes)
}
