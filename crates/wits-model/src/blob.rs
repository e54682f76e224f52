//! Bytes and their digest, together from the moment they were hashed.
//!
//! What comes from a registry is hashed as it comes in, and what is read from the cache when it is read. From there
//! on the digest goes with the bytes: nobody has to hash them again to know what they are, and nobody can say that
//! they are something else.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::Digest;
use crate::counted::{Work, count};
use crate::digest::DigestBuilder;

/// Bytes with their digest. They do not change any more; a clone shares them.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    // First, so that blobs that differ are told apart by it.
    digest: Digest,
    bytes: Arc<Vec<u8>>,
}

impl Blob {
    /// Hashes `bytes`.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::of(&bytes),
            bytes: Arc::new(bytes),
        }
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The bytes themselves, copied only if others have them too.
    pub fn into_bytes(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.bytes)
    }
}

impl From<Blob> for Vec<u8> {
    fn from(blob: Blob) -> Self {
        blob.into_bytes()
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B: AsRef<[u8]> + ?Sized> PartialEq<&B> for Blob {
    fn eq(&self, other: &&B) -> bool {
        **self == *other.as_ref()
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({}, {} bytes)", self.digest, self.bytes.len())
    }
}

/// A [`Blob`] whose bytes come piece by piece.
#[derive(Clone, Default)]
pub struct BlobBuilder {
    digest: DigestBuilder,
    bytes: Vec<u8>,
}

impl BlobBuilder {
    /// A builder that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes came so far.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// All that came.
    pub fn finish(self) -> Blob {
        count(Work::Hash, || &self.bytes);
        Blob {
            digest: self.digest.finish(),
            bytes: Arc::new(self.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_bytes_however_they_come() {
        let mut pieces = BlobBuilder::new();
        for piece in ["by", "", "tes"] {
            pieces.update(piece.as_bytes());
        }
        assert_eq!(pieces.size(), 5);
        let blob = pieces.finish();
        assert_eq!(blob.digest(), Digest::of("bytes"));
        assert_eq!(blob, Blob::of("bytes"));
        assert_eq!((&*blob, blob.size()), (&b"bytes"[..], 5));
        assert_ne!(blob, Blob::of("other"));
        assert_eq!(blob.clone().into_bytes(), blob.into_bytes());
    }
}
