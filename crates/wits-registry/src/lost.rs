//! Why pinned bytes are not there: the registry names other bytes for the version by now, or it names
//! these and has lost them.

use wits_model::{Digest, PackageSource, Pin, Version};

use crate::RegistryError;

/// The error for a blob that is not there, where the locked manifest, or else the tag's, names the
/// layer `named`; nothing if there is neither manifest.
pub(crate) fn verdict(
    at: &PackageSource,
    version: &Version,
    pin: &Pin,
    named: Option<Digest>,
) -> RegistryError {
    match named {
        None => RegistryError::VersionNotFound {
            at: at.into(),
            version: Box::new(version.clone()),
        },
        Some(digest) if digest == pin.digest => RegistryError::BlobLost {
            at: at.into(),
            version: Box::new(version.clone()),
            digest,
        },
        Some(digest) => RegistryError::Integrity {
            at: at.into(),
            what: format!("the Wasm of version `{version}`"),
            expected: pin.digest.to_string(),
            actual: format!("a manifest that names {digest}"),
        },
    }
}

/// The error for bytes that are not the `expected` ones.
pub(crate) fn other_bytes(
    at: &PackageSource,
    what: impl Into<String>,
    expected: Digest,
    actual: Digest,
) -> RegistryError {
    RegistryError::Integrity {
        at: at.into(),
        what: what.into(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    }
}

/// The error for `actual` bytes where `expected` are due.
pub(crate) fn other_size(
    at: &PackageSource,
    what: impl Into<String>,
    expected: u64,
    actual: impl std::fmt::Display,
) -> RegistryError {
    RegistryError::Integrity {
        at: at.into(),
        what: what.into(),
        expected: format!("{expected} bytes"),
        actual: format!("{actual} bytes"),
    }
}
