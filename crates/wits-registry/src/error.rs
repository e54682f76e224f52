//! What can go wrong between wits and a registry.

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

    /// What to do next, where this crate knows it.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::BlobLost { .. } => {
                "whoever runs the registry, or published the package, has to put the bytes back; \
                 they can be checked against the digest"
            }
            Self::Denied { at, shown, .. } => return Some(denied_help(at, *shown)),
            Self::Untrusted { host, .. } => {
                return Some(format!(
                    "if a private authority signs for it, name the file with the authority's certificate in \
                     your own `registry.toml`: `[hosts.\"{host}\"]` with `ca = \"FILE.pem\"`"
                ));
            }
            Self::Unreachable { .. } => "it may pass: run the command again",
            Self::Integrity { .. } => {
                "do not use these bytes; ask whoever runs the registry or published the package \
                 what changed"
            }
            Self::OtherFiles { .. } => {
                "a published version never changes: publish under a new version, or with the files as \
                 they were"
            }
            Self::HalfUploaded { .. } => {
                "if nobody else is publishing this version now, an upload has broken off and the server \
                 keeps half of it: whoever runs it has to remove the directories of these names from \
                 `parcels` in its storage; then run the command again"
            }
            Self::Yanked { .. } => {
                "use another version; who has this one in wits.lock can go on using it"
            }
            Self::YankedAway { .. } => {
                "bytes with the digest in wits.lock are as good from elsewhere: from another's cache, or from \
                 whoever published them"
            }
            Self::Signature { keyring, .. } => {
                return Some(match keyring {
                    Some((entry, file)) => format!(
                        "if it is the key of somebody whom you trust with this package (ask them), add it to `{}`:\n    {entry}",
                        file.display()
                    ),
                    None => "do not use it; ask whoever runs the server or published the package"
                        .to_owned(),
                });
            }
            Self::NoSigningKey { file, .. } => {
                return Some(match file {
                    Some(file) => format!(
                        "`wits bindle keygen` makes one in `{}`; the server takes what is signed with it once its \
                         public half is in the server's keyring",
                        file.display()
                    ),
                    None => "`wits bindle keygen` makes one".to_owned(),
                });
            }
            Self::SignerRefused { .. } => {
                "give whoever runs the server your entry of the keyring, for the server's own: a Bindle server \
                 takes only what somebody in it has signed as creator"
            }
            Self::Keys { .. } => "repair the file, or move it away",
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

fn denied_help(at: &Place, shown: Shown) -> String {
    let host = at.host().unwrap_or("HOST");
    match shown {
        Shown::Nothing => format!(
            "either the package is private and needs credentials (`wits login {host}`), or there is no such \
             package: some registries do not tell which"
        ),
        Shown::Credential => format!(
            "your credentials for `{host}` do not open it: they may be old (`wits login {host}`) or lack the \
             right, or there is no such package; some registries do not tell which"
        ),
        Shown::Withheld => format!(
            "there are credentials for `{host}`, and they are not sent without TLS: use `oci://{host}`, or \
             name `oci+http://{host}` in your own configuration"
        ),
    }
}
