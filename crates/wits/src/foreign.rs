//! Files of other tools, read for the same facts. This is the one module that knows them.
//!
//! | file | tool | what is taken | module |
//! | --- | --- | --- | --- |
//! | `wkg.toml` | wkg 0.16 | metadata, path overrides, workspace members, where there is no `wits.toml` | `wkg_manifest` |
//! | `wasm-pkg/config.toml` | wkg 0.16 | routes, certificates, credentials, as the layer after the user's `registry.toml` | `wkg_config` |
//! | `wkg.lock` | wkg 0.16 | the digests of direct dependencies, where there is no `wits.lock` | `wkg_lock` |
//! | `deps.toml`, `deps.lock` | wit-deps | the packages that they come to, for `wits migrate` only | `wit_deps` |
//! | `ROOT/ns/name/VERSION.wasm` | wkg 0.16 | packages of a `local` registry | `wkg_local` |
//!
//! The files of Docker and podman are in [`crate::credentials`].

pub(crate) mod wit_deps;
mod wkg_config;
mod wkg_local;
mod wkg_lock;
mod wkg_manifest;

/// What fuzzing runs.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz {
    pub(crate) use super::wit_deps::fuzz as wit_deps;
    pub(crate) use super::wkg_config::fuzz as wkg_config;
    pub(crate) use super::wkg_lock::fuzz as wkg_lock;
    pub(crate) use super::wkg_manifest::fuzz as wkg_manifest;
}

pub(crate) use wit_deps::{DEPS_LOCK, DEPS_MANIFEST};
pub(crate) use wkg_config::{WkgConfig, WkgCredential};
pub(crate) use wkg_local::WkgLocal;
pub(crate) use wkg_lock::WkgPins;
pub(crate) use wkg_manifest::{translate, wkg_manifest};

/// The name of wkg's manifest.
pub(crate) const WKG_MANIFEST: &str = "wkg.toml";
/// The name of wkg's lock. Where it stands, wkg may have written `wit/deps`.
pub(crate) const WKG_LOCK: &str = "wkg.lock";
