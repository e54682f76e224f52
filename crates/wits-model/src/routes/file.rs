//! One `registry.toml`, or whatever else maps names to registries.

use std::path::Path;

use super::mappings::{Certificates, Mappings, Setting};
use super::{Layer, Origin, RouteError, parse};
use crate::{NameError, PackageName, RegistryUrl};

/// The mappings of one layer.
#[derive(Debug, Clone)]
pub struct RouteFile {
    pub(super) layer: Layer,
    pub(super) mappings: Mappings,
}

/// The namespaces wits knows without any file, and the domains that say where they are.
const BUILT_IN: [(&str, &str); 2] = [("ba", "bytecodealliance.org"), ("wasi", "wasi.dev")];

impl RouteFile {
    /// No mapping yet: for the command line, the environment and other tools' files.
    pub fn new(layer: Layer) -> Self {
        Self {
            layer,
            mappings: Mappings::default(),
        }
    }

    /// `wasi` and `ba`, at their well-known domains.
    pub fn built_in() -> Self {
        let mut file = Self::new(Layer::BuiltIn);
        for (namespace, domain) in BUILT_IN {
            let setting = Setting {
                value: RegistryUrl::WellKnown {
                    domain: domain.to_owned(),
                },
                origin: Layer::BuiltIn.into(),
            };
            file.mappings
                .namespaces
                .insert(namespace.to_owned(), setting);
        }
        file
    }

    /// Reads a `registry.toml`. `file` is its absolute path: it names the file in errors, and relative
    /// paths are taken from its directory.
    ///
    /// # Errors
    /// The first fault found, with its place.
    pub fn parse(text: &str, file: &Path, layer: Layer) -> Result<Self, RouteError> {
        Ok(Self {
            layer,
            mappings: parse::parse(text, file, layer)?,
        })
    }

    /// The layer.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// Sets `default`.
    pub fn set_default(&mut self, url: RegistryUrl, origin: Origin) {
        self.mappings.default = Some(Setting { value: url, origin });
    }

    /// Sets an entry of `[namespaces]`.
    ///
    /// # Errors
    /// If `namespace` cannot be the first half of a package name.
    pub fn set_namespace(
        &mut self,
        namespace: &str,
        url: RegistryUrl,
        origin: Origin,
    ) -> Result<(), NameError> {
        check_namespace(namespace)?;
        let setting = Setting { value: url, origin };
        self.mappings
            .namespaces
            .insert(namespace.to_owned(), setting);
        Ok(())
    }

    /// Sets the registry of an entry of `[packages]`.
    pub fn set_package(&mut self, name: PackageName, url: RegistryUrl, origin: Origin) {
        self.mappings.packages.entry(name).or_default().registry =
            Some(Setting { value: url, origin });
    }

    /// Sets the certificates of `host` (`HOST[:PORT]`).
    pub fn set_certificates(&mut self, host: &str, certificates: Certificates, origin: Origin) {
        let rule = self.mappings.hosts.entry(host.to_ascii_lowercase());
        rule.or_default().ca = Some(Setting {
            value: certificates,
            origin,
        });
    }

    /// Sets what `domain`, asked which registry it names, is itself if it has no such document.
    pub fn set_fallback(&mut self, domain: impl Into<String>, registry: RegistryUrl) {
        self.mappings.fallbacks.insert(domain.into(), registry);
    }
}

/// A namespace is what can stand before the `:` of a name.
pub(super) fn check_namespace(namespace: &str) -> Result<(), NameError> {
    PackageName::new(namespace, "x").map(|_| ())
}
