//! What the tests of wits need around them: projects, servers, real WIT and other people's tools.
//!
//! Nothing here is part of the product, and nothing here knows how wits works inside: the kit sees
//! the command as a user does (arguments, files, output, exit code) and a registry as another client
//! does (HTTP, an image layout on disk). That is what lets the same test judge any implementation.
//!
//! - [`Sandbox`] and [`Project`]: a directory of one's own with its own home, cache and configuration,
//!   and the command run in it; [`Outcome`] is what came of it; [`Tree`] tells whether files changed;
//!   [`Snapshot`] is a state to come back to.
//! - [`Artifact`]: an OCI artifact made by hand, as good or as bad as a test wants it; a
//!   [`Layout`] on disk and a [`DockerRegistry`] take it.
//! - [`DockerRegistry`]: a real registry on loopback. [`RecordingProxy`] stands before it (or before
//!   anything that speaks HTTP) and tells which requests were made and how many sockets opened.
//!   A [`LatencyProxy`] puts it far away.
//! - [`Door`]: another way into a [`DockerRegistry`], with TLS under an [`Authority`], with passwords,
//!   or with the tokens of a [`TokenServer`].
//! - [`BindleServer`]: the real Bindle server on loopback.
//! - [`wire`]: servers that misbehave on request, in the test's own process.
//! - [`wasm`]: custom sections, added and taken out.
//! - [`published`]: the WASI packages as published crates carry them. [`fixtures`]: WIT of our own.
//! - [`corpus`]: the inputs of the fuzz targets.
//! - [`peer`]: `wkg`, `wasm-tools`, `skopeo` and `docker-registry`, where they are installed.
//!
//! A part that cannot do its work panics: in a test that is the report.

// The kit stands where the command stands: it reads the environment, and its files are throw-away.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]
// Every function of the kit may panic, and each is marked so that the test's line is named.
#![allow(clippy::missing_panics_doc)]

pub mod corpus;
pub mod fixtures;
pub mod http;
pub mod peer;
pub mod published;
pub mod wasm;
pub mod wire;

mod artifact;
mod authority;
mod bindle;
mod docker;
mod form;
mod latency;
mod layout;
mod outcome;
mod proxy;
mod redact;
mod sandbox;
mod snapshot;
mod tether;
mod token_server;
mod tree;

pub use artifact::{Artifact, Blob, sha256};
pub use authority::{Authority, Certified};
pub use bindle::{BindleDoor, BindleServer, BindleStorage};
pub use docker::{DockerRegistry, Door, Guard};
pub use latency::{LatencyProxy, Traffic};
pub use layout::Layout;
pub use outcome::Outcome;
pub use proxy::{RecordingProxy, Request};
pub use sandbox::{Project, Sandbox};
pub use snapshot::{Content, Snapshot};
pub use tether::Tethered;
pub use token_server::{TokenRequest, TokenServer};
pub use tree::Tree;
