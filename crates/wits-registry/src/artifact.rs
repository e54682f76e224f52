//! The OCI artifact of a Wasm package, as the CNCF's Wasm OCI artifact guidance says: an image manifest,
//! a config `application/vnd.wasm.config.v0+json`, and exactly one layer `application/wasm`.
//!
//! Made here once for every backend that speaks OCI, so the manifest of a package has the same digest in
//! a layout and in a registry. The bytes are the same every time: fields in a fixed order, lists and
//! maps sorted, no clock.
//!
//! The types are our own and small rather than those of a crate: they are needed without the network
//! too, they take a size or a digest only if it is one, and fields wits has no use for (`urls` of a
//! descriptor above all) do not exist in them.

mod build;
mod read;

pub use build::Artifact;
#[cfg(feature = "network")]
pub(crate) use build::annotations_of;
pub(crate) use read::Manifest;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use read::fuzz as fuzz_manifest;

/// The media type of an image manifest (image-spec, `manifest.md`).
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an image index (image-spec, `image-index.md`).
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of the config of a Wasm package.
pub const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The media type of the one layer.
pub const LAYER: &str = "application/wasm";

/// The annotation keys that are written (image-spec, `annotations.md`).
pub mod annotation {
    /// The version, `+` and all.
    pub const VERSION: &str = "org.opencontainers.image.version";
    /// One or two sentences.
    pub const DESCRIPTION: &str = "org.opencontainers.image.description";
    /// An SPDX expression.
    pub const LICENSES: &str = "org.opencontainers.image.licenses";
    /// Where the source is.
    pub const SOURCE: &str = "org.opencontainers.image.source";
    /// Where to read more.
    pub const URL: &str = "org.opencontainers.image.url";
    /// People or organisations.
    pub const AUTHORS: &str = "org.opencontainers.image.authors";
    /// Where the documentation is.
    pub const DOCUMENTATION: &str = "org.opencontainers.image.documentation";
    /// Of the layer: what the file is called.
    pub const TITLE: &str = "org.opencontainers.image.title";
    /// Of a descriptor in the `index.json` of a layout: the tag.
    pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
}
