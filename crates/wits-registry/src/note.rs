//! What a user should hear of although nothing failed.

use std::fmt;
use std::sync::Arc;

use wits_model::{PackageSource, RegistryUrl, Version};

/// Something that went otherwise than the user's set-up says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryNote {
    /// A registry did not take the user's credential, and answered without one.
    StaleCredential {
        /// The host whose credential it is.
        host: String,
    },
    /// A mirror did not have what was asked for, or something else under its name: the origin was
    /// asked.
    MirrorPassedOver {
        /// The package, at its origin.
        origin: Box<PackageSource>,
        /// The mirror.
        mirror: Box<RegistryUrl>,
        /// Why.
        reason: String,
    },
    /// A version that is locked was yanked since: it was had all the same.
    Yanked {
        /// The package.
        at: Box<PackageSource>,
        /// The version.
        version: Box<Version>,
    },
    /// Another process publishes into the same place; this one waits.
    Waiting {
        /// The package.
        at: Box<PackageSource>,
        /// Who it is, as far as is known.
        holder: String,
    },
}

impl fmt::Display for RegistryNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaleCredential { host } => write!(
                f,
                "`{host}` does not take your credentials for it; it was asked without them"
            ),
            Self::MirrorPassedOver {
                origin,
                mirror,
                reason,
            } => write!(
                f,
                "the mirror `{mirror}` was passed over, and `{origin}` asked: {reason}"
            ),
            Self::Yanked { at, version } => write!(
                f,
                "version `{version}` at `{at}` was yanked; it is locked, and was fetched all the same"
            ),
            Self::Waiting { at, holder } => {
                write!(f, "waiting for {holder}, which publishes to `{at}`")
            }
        }
    }
}

impl RegistryNote {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::StaleCredential { host } => {
                format!("run `wits login {host}`, or `wits logout {host}` to drop them")
            }
            Self::MirrorPassedOver { mirror, .. } => {
                format!("if it happens again, tell whoever runs `{mirror}`")
            }
            Self::Yanked { .. } => {
                "its publisher advises against it: move to another version".to_owned()
            }
            Self::Waiting { .. } => "versions are published one after the other".to_owned(),
        }
    }
}

/// Whom notes are told to.
#[derive(Clone)]
pub struct Notes(Arc<dyn Fn(RegistryNote) + Send + Sync>);

impl Notes {
    /// Calls `tell` with every note, from whichever thread it comes up in.
    pub fn new(tell: impl Fn(RegistryNote) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells it.
    pub fn tell(&self, note: RegistryNote) {
        (self.0)(note);
    }
}

/// Nobody.
impl Default for Notes {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes")
    }
}
