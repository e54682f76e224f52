//! What can go wrong between wits and a registry.

use std::fmt;

use wits_model::{Digest, ErrorKind, PackageSource, RegistryUrl, Version};

use crate::CredentialError;

/// Where something went wrong: one package's place, or a registry as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The place of a package.
    Package(Box<PackageSource>),
    /// A registry.
    Registry(Box<RegistryUrl>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(source) => source.fmt(f),
            Self::Registry(url) => url.fmt(f),
        }
    }
}

impl From<&PackageSource> for Place {
    fn from(source: &PackageSource) -> Self {
        Self::Package(Box::new(source.clone()))
    }
}

impl From<&RegistryUrl> for Place {
    fn from(url: &RegistryUrl) -> Self {
        Self::Registry(Box::new(url.clone()))
    }
}

/// Why a registry did not do what it was asked. What a peer said is escaped and cut short before it
/// gets in here, so every message can be printed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry knows no such package.
    #[error("no package at `{at}`")]
    PackageNotFound {
        /// Where it was looked for.
        at: Place,
    },
    /// The package has no such version, as far as the registry tells it from an absent package.
    #[error("no version `{version}` at `{at}`")]
    VersionNotFound {
        /// Where it was looked for.
        at: Place,
        /// The version.
        version: Box<Version>,
    },
    /// The registry names these bytes as the version and does not have them.
    #[error(
        "`{at}` has lost the bytes of version `{version}`: it still names {digest}, and answers that it has no such blob"
    )]
    BlobLost {
        /// The package.
        at: Place,
        /// The version.
        version: Box<Version>,
        /// The digest of the Wasm.
        digest: Digest,
    },
    /// The registry refuses.
    #[error("`{at}` refused {wanted}: {reason}")]
    Denied {
        /// Where.
        at: Place,
        /// What was asked for.
        wanted: String,
        /// What the registry says.
        reason: String,
    },
    /// Whoever keeps the user's credentials does not say whether there is one.
    #[error("`{at}` wants to know who asks for {wanted}, and {source}")]
    Credentials {
        /// Where.
        at: Place,
        /// What was asked for.
        wanted: String,
        /// Why not.
        source: CredentialError,
    },
    /// The registry cannot be reached, or answers that it cannot answer now.
    #[error("asking `{at}` for {wanted} failed: {reason}")]
    Unreachable {
        /// Where.
        at: Place,
        /// What was asked for.
        wanted: String,
        /// What happened.
        reason: String,
    },
    /// Bytes are not what their digest or size says.
    #[error("{what} at `{at}` is not what it should be: expected {expected}, got {actual}")]
    Integrity {
        /// Where.
        at: Place,
        /// Which bytes.
        what: String,
        /// What was promised.
        expected: String,
        /// What came.
        actual: String,
    },
    /// The manifest is not that of a Wasm package.
    #[error("`{reference}` at `{at}` is not a Wasm package: {reason}")]
    NotAWasmPackage {
        /// Where.
        at: Place,
        /// The tag or digest.
        reference: String,
        /// What it is instead.
        reason: String,
    },
    /// A body is longer than wits takes.
    #[error("{what} at `{at}` is larger than {limit} bytes")]
    TooLarge {
        /// Where.
        at: Place,
        /// Which body.
        what: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The version exists with other content; a published version never changes.
    #[error(
        "version `{version}` is already published at `{at}` with other content: there it is {existing}, here {ours}"
    )]
    VersionExists {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
        /// The Wasm that is there.
        existing: Digest,
        /// The Wasm that was to be published.
        ours: Digest,
    },
    /// Someone else published the same version at the same time.
    #[error(
        "someone else published version `{version}` at `{at}` at the same time: the manifest there is {theirs}, ours is {ours}"
    )]
    RaceLost {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
        /// The manifest that the tag names now.
        theirs: Digest,
        /// The manifest that was published.
        ours: Digest,
    },
    /// The network is needed and not allowed.
    #[error("`{at}` cannot be asked for {wanted}: wits is offline")]
    Offline {
        /// Where.
        at: Place,
        /// What was wanted.
        wanted: String,
    },
    /// An answer, or a file of a layout, is not what its specification says.
    #[error("{what} at `{at}` is malformed: {reason}")]
    Malformed {
        /// Where.
        at: Place,
        /// Which answer or file.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The peer wants something that wits does not do because it is not safe.
    #[error("{what} at `{at}` is refused: {reason}")]
    Unsafe {
        /// Where.
        at: Place,
        /// What the peer wants.
        what: String,
        /// Why wits does not do it.
        reason: String,
    },
    /// This build, or this backend, cannot do it.
    #[error("`{at}`: {reason}")]
    Unsupported {
        /// Where.
        at: Place,
        /// What it cannot do.
        reason: String,
    },
    /// A registry answers with a status that wits has no better word for.
    #[error("`{at}` answered {status} when asked for {wanted}: {reason}")]
    Rejected {
        /// Where.
        at: Place,
        /// What was asked for.
        wanted: String,
        /// The HTTP status.
        status: u16,
        /// What the registry says.
        reason: String,
    },
    /// A file of a layout cannot be read or written.
    #[error(transparent)]
    Fs(#[from] wits_fs::FsError),
}

impl RegistryError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Integrity { .. } => ErrorKind::Integrity,
            Self::Unreachable { .. } => ErrorKind::Transient,
            Self::Fs(error) if error.kind() == wits_fs::FsErrorKind::Held => ErrorKind::Transient,
            Self::PackageNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::BlobLost { .. }
            | Self::Denied { .. }
            | Self::Credentials { .. }
            | Self::NotAWasmPackage { .. }
            | Self::TooLarge { .. }
            | Self::VersionExists { .. }
            | Self::RaceLost { .. }
            | Self::Offline { .. }
            | Self::Malformed { .. }
            | Self::Unsafe { .. }
            | Self::Unsupported { .. }
            | Self::Rejected { .. }
            | Self::Fs(_) => ErrorKind::Project,
        }
    }

    /// What to do next, where this crate knows it.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::BlobLost { .. } => {
                "whoever runs the registry, or published the package, has to put the bytes back; \
                 they can be checked against the digest"
            }
            Self::Denied { .. } => {
                "either the package is private and needs credentials (`wits login`), or there is no \
                 such package: some registries do not tell which"
            }
            Self::Unreachable { .. } => "it may pass: run the command again",
            Self::Integrity { .. } => {
                "do not use these bytes; ask whoever runs the registry or published the package \
                 what changed"
            }
            Self::VersionExists { .. } => {
                "a published version never changes: publish under a new version"
            }
            Self::RaceLost { .. } => {
                "agree on who publishes: the tag now names their manifest, and ours lies beside it \
                 untagged"
            }
            Self::Offline { .. } => {
                "run without `--offline` once, or fetch while there is a network"
            }
            Self::Fs(error) => return error.help(),
            Self::Credentials { source, .. } => return Some(source.help()),
            Self::Malformed { .. } => {
                "check that the route leads to a registry of this kind, and not to a web page; if it \
                 does, tell whoever runs it"
            }
            Self::NotAWasmPackage { .. } => {
                "a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask \
                 who published it"
            }
            Self::TooLarge { .. } => "WIT packages are small: ask who published this",
            Self::PackageNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::Unsafe { .. }
            | Self::Unsupported { .. }
            | Self::Rejected { .. } => return None,
        };
        Some(help.to_owned())
    }
}
