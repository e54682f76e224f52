//! What can go wrong between wits and a registry. What to do about it is in `help`.

mod help;

use std::fmt;
use std::path::PathBuf;

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

impl Place {
    /// The host, with its port if one is named; a layout has none.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Package(source) => match &**source {
                PackageSource::Oci { host, .. } | PackageSource::Bindle { host, .. } => Some(host),
                PackageSource::Layout { .. } | PackageSource::Path { .. } => None,
            },
            Self::Registry(url) => match &**url {
                RegistryUrl::Oci { host, .. } | RegistryUrl::Bindle { host, .. } => Some(host),
                RegistryUrl::WellKnown { domain } => Some(domain),
                RegistryUrl::Layout { .. } => None,
            },
        }
    }
}

/// What a registry that refuses was shown of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: there is no credential for it.
    Nothing,
    /// The credential that there is.
    Credential,
    /// Nothing, although there is a credential: the connection is not encrypted.
    Withheld,
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
        /// What it was shown of the user.
        shown: Shown,
    },
    /// The certificate of a host is signed by nobody who is trusted, or not for that host.
    #[error("`{at}` cannot be asked: the certificate of `{host}` is not to be trusted: {reason}")]
    Untrusted {
        /// Where.
        at: Place,
        /// The host of the certificate, with its port if it is not the usual one: a registry may send
        /// us to another.
        host: String,
        /// What is wrong.
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
    /// The version exists with this Wasm and with other files beside it.
    #[error(
        "version `{version}` is already published at `{at}`, with this Wasm and with other files beside it: {}", files.join(", ")
    )]
    OtherFiles {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
        /// The files that are not the same here and there.
        files: Vec<String>,
    },
    /// A server does not have all files of a version, and does not take them.
    #[error(
        "`{at}` has the invoice of version `{version}` and not all its parcels, and takes no more of them: {}", parcels.join(", ")
    )]
    HalfUploaded {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
        /// The sha256 of what is missing.
        parcels: Vec<String>,
    },
    /// The version was yanked: nobody is to begin using it.
    #[error("version `{version}` at `{at}` was yanked")]
    Yanked {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
    },
    /// The version was yanked, and its bytes with it.
    #[error(
        "version `{version}` at `{at}` was yanked, and its server no longer hands out the bytes"
    )]
    YankedAway {
        /// Where.
        at: Place,
        /// The version.
        version: Box<Version>,
    },
    /// The signatures of an invoice are not what the user demands.
    #[error("the invoice `{invoice}` at `{at}` cannot be trusted: {fault}")]
    Signature {
        /// Where.
        at: Place,
        /// The bindle: `NAME/VERSION`.
        invoice: String,
        /// What is wrong: which key, in which role.
        fault: String,
        /// The keyring entry that would make the key known, and the keyring.
        keyring: Option<(String, PathBuf)>,
    },
    /// There is no key to sign with.
    #[error(
        "publishing and yanking at `{at}` take a signature, and there is no key to sign with as creator"
    )]
    NoSigningKey {
        /// Where.
        at: Place,
        /// The file it was looked for in.
        file: Option<PathBuf>,
    },
    /// A server does not take what the user signs.
    #[error("`{at}` does not take what is signed with your key `{key}`: {reason}")]
    SignerRefused {
        /// Where.
        at: Place,
        /// The public key in base64.
        key: String,
        /// What the server says.
        reason: String,
    },
    /// A file of keys cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
            Self::Integrity { .. } | Self::Signature { .. } => ErrorKind::Integrity,
            Self::Unreachable { .. } | Self::HalfUploaded { .. } => ErrorKind::Transient,
            Self::Fs(error) if error.kind() == wits_fs::FsErrorKind::Held => ErrorKind::Transient,
            Self::PackageNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::BlobLost { .. }
            | Self::Denied { .. }
            | Self::Credentials { .. }
            | Self::Untrusted { .. }
            | Self::NotAWasmPackage { .. }
            | Self::TooLarge { .. }
            | Self::VersionExists { .. }
            | Self::OtherFiles { .. }
            | Self::Yanked { .. }
            | Self::YankedAway { .. }
            | Self::NoSigningKey { .. }
            | Self::SignerRefused { .. }
            | Self::Keys { .. }
            | Self::RaceLost { .. }
            | Self::Offline { .. }
            | Self::Malformed { .. }
            | Self::Unsafe { .. }
            | Self::Unsupported { .. }
            | Self::Rejected { .. }
            | Self::Fs(_) => ErrorKind::Project,
        }
    }

    /// Calls `change` with every text that may have come from elsewhere.
    #[cfg(feature = "network")]
    pub(crate) fn for_each_text(&mut self, change: impl FnMut(&mut String)) {
        let texts: Vec<&mut String> = match self {
            Self::Denied { wanted, reason, .. }
            | Self::Unreachable { wanted, reason, .. }
            | Self::Rejected { wanted, reason, .. } => vec![wanted, reason],
            Self::Malformed { what, reason, .. } | Self::Unsafe { what, reason, .. } => {
                vec![what, reason]
            }
            Self::NotAWasmPackage {
                reference, reason, ..
            } => vec![reference, reason],
            Self::Signature { invoice, fault, .. } => vec![invoice, fault],
            Self::Untrusted { host, reason, .. } => vec![host, reason],
            Self::Integrity {
                what,
                expected,
                actual,
                ..
            } => vec![what, expected, actual],
            Self::Unsupported { reason, .. } | Self::SignerRefused { reason, .. } => vec![reason],
            Self::OtherFiles { files, .. } => files.iter_mut().collect(),
            // Names, versions, digests, files: nothing that a peer can put words into.
            Self::PackageNotFound { .. }
            | Self::VersionNotFound { .. }
            | Self::BlobLost { .. }
            | Self::Credentials { .. }
            | Self::TooLarge { .. }
            | Self::VersionExists { .. }
            | Self::HalfUploaded { .. }
            | Self::Yanked { .. }
            | Self::YankedAway { .. }
            | Self::NoSigningKey { .. }
            | Self::Keys { .. }
            | Self::RaceLost { .. }
            | Self::Offline { .. }
            | Self::Fs(_) => Vec::new(),
        };
        texts.into_iter().for_each(change);
    }
}
