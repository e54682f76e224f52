//! What to do about an error.

use super::{Place, RegistryError, Shown};

impl RegistryError {
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
            Self::Unsafe { .. } => {
                "wits does not do this, whoever wants it: check the route, or tell whoever runs the registry"
            }
            Self::PackageNotFound { .. }
            | Self::VersionNotFound { .. }
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
