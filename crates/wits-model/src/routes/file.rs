//! One `registry.toml`, or whatever else maps names to registries.

use std::path::Path;

use super::{Layer, Origin, RouteError};
use crate::{PackageName, RegistryUrl};

/// The mappings of one layer.
#[derive(Debug, Clone)]
pub struct RouteFile {
    layer: Layer,
}

impl RouteFile {
    /// No mapping yet: for the command line, the environment and other tools' files.
    pub fn new(layer: Layer) -> Self {
        Self { layer }
    }

    /// `wasi` and `ba`, at their well-known domains.
    pub fn built_in() -> Self {
        todo!()
    }

    /// Reads a `registry.toml`. `file` is its absolute path: it names the file in errors, and relative
    /// paths are taken from its directory.
    ///
    /// # Errors
    /// The first fault found, with its place.
    pub fn parse(_text: &str, _file: &Path, _layer: Layer) -> Result<Self, RouteError> {
        todo!()
    }

    /// The layer.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Adds `default = "URL"`.
    pub fn set_default(&mut self, _url: RegistryUrl, _origin: Origin) {
        todo!()
    }

    /// Adds an entry of `[namespaces]`.
    pub fn set_namespace(&mut self, _namespace: &str, _url: RegistryUrl, _origin: Origin) {
        todo!()
    }

    /// Adds an entry of `[packages]`.
    pub fn set_package(&mut self, _name: PackageName, _url: RegistryUrl, _origin: Origin) {
        todo!()
    }
}
