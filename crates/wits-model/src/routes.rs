//! `registry.toml`: which registry serves which package, and how its host is reached.
//!
//! A package is looked up in exactly one registry, never searched for in several. Which one is decided
//! in two steps. First the [`RouteFile`]s of all layers are merged key by key, an earlier [`Layer`]
//! winning a key. Then the most specific key wins: package, namespace, default. So a `default` never
//! captures a namespace that is mapped anywhere, in whatever layer.
//!
//! A checkout is not trusted with the user's routes: see [`Routes::merge`].

mod entries;
mod error;
mod file;
mod mappings;
mod merge;
mod origin;
mod parse;
pub(crate) mod secret;
mod verification;
// The tests write absolute paths as Unix does.
#[cfg(all(test, unix))]
mod tests;

use std::fmt;

use crate::{PackageName, RegistryUrl};

pub use entries::Entry;
pub use error::{Reroute, RouteError};
pub use file::RouteFile;
pub use mappings::Certificates;
pub use merge::{HostChange, HostSetting, Mirror, Routes};
pub use origin::{Layer, Origin};
pub use verification::{Role, Verification, VerificationError};

/// The registry that serves a package, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The registry.
    pub url: RegistryUrl,
    /// For a `well-known:` domain that wkg's file names: the registry that it is itself if it answers
    /// that it has no such document. For all others such an answer is an error.
    pub or: Option<RegistryUrl>,
    /// Who says so.
    pub origin: Origin,
    /// The key that says so.
    pub key: RouteKey,
}

/// The key of a route, from the least to the most specific.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteKey {
    /// `default`.
    Default,
    /// An entry of `[namespaces]`.
    Namespace(String),
    /// An entry of `[packages]`.
    Package(PackageName),
}

/// The key as the file writes it: `default`, `namespaces.wasi`, `packages."wasi:http"`.
impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Namespace(namespace) => write!(f, "namespaces.{namespace}"),
            Self::Package(name) => write!(f, "packages.\"{name}\""),
        }
    }
}
