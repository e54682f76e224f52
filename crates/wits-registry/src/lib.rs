//! Registries: where packages come from and where they are published.
//!
//! One trait, [`Registry`], with one implementation per kind of backend; [`Registries`] picks the
//! backend that a [`PackageSource`](wits_model::PackageSource) belongs to. A source says everything
//! that is needed to ask for a package again, so what `wits.lock` pinned can be asked for whatever
//! today's routes say. This crate decides nothing about versions, writes no cache, reads no environment
//! and never prints.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`registry`] | the trait and the values that pass through it |
//! | [`error`] | [`RegistryError`]: what can go wrong, its kind and its help |
//! | [`options`] | [`Options`] and [`Limits`]: what the caller decides |
//! | [`credentials`] | who the user is to a registry, and whom to ask for it |
//! | [`memory`] | what is remembered of hosts, so that less is asked |
//! | [`note`] | what a user should hear of although nothing failed |
//! | [`artifact`] | the OCI artifact of a Wasm package: manifest and config, the same bytes in every backend |
//! | [`backends`] | [`Registries`], which finds the backend of a source |
//! | [`bindle`] | Bindle servers, and the files of keys that go with them (feature `network`) |
//! | `front`, `mirrors` | what stands before all backends |
//! | `layout` | OCI image layouts on disk |
//! | `oci` | OCI registries (feature `network`) |
//! | `transport` | HTTP: redirects, tokens, retries, limits (feature `network`) |
//! | `well_known` | `registry.json` of a domain (feature `network`) |
//!
//! Bytes from a peer are hashed before anything parses them, and every body has a size cap and a
//! deadline.

pub mod artifact;
pub mod backends;
#[cfg(feature = "network")]
pub mod bindle;
pub mod credentials;
pub mod error;
#[cfg(all(feature = "network", any(test, feature = "fuzzing")))]
#[doc(hidden)]
pub mod fuzzing;
pub mod memory;
pub mod note;
pub mod options;
pub mod registry;

mod front;
mod layout;
mod lost;
mod mirrors;
#[cfg(feature = "network")]
mod oci;
mod tag;
mod told;
#[cfg(feature = "network")]
mod transport;
#[cfg(feature = "network")]
mod well_known;

pub use backends::Registries;
pub use credentials::{Credential, CredentialError, Credentials, Redacted};
pub use error::{Place, RegistryError, Shown};
pub use memory::{Forgetful, Memory};
pub use note::{Notes, RegistryNote};
pub use options::{BindleOptions, Limits, Mirror, Options, Proxy};
pub use registry::{
    Answer, Outcome, Publication, Published, Registry, Release, SideFile, SideFileRole, Yanked,
};
