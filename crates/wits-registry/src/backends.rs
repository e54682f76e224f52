//! Finding the backend of a source.

use wits_model::{PackageName, PackageSource, RegistryUrl};

use crate::layout::Layouts;
use crate::{Answer, Options, Registry, RegistryError};

/// All backends this build has, and what they share: connections, tokens, answers of `well-known:`
/// domains. One value serves a whole run.
pub struct Registries {
    layouts: Layouts,
}

impl Registries {
    /// The backends, asked as `options` say. Opens nothing.
    pub fn new(options: Options) -> Self {
        Self {
            layouts: Layouts::new(options.limits.clone()),
        }
    }

    /// The backend that serves `source`.
    ///
    /// # Errors
    /// If this build has none for it, or the network cannot be set up.
    pub fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        match source {
            PackageSource::Layout { .. } => Ok(&self.layouts),
            _ => Err(RegistryError::Unsupported {
                at: source.into(),
                reason: "this wits was built without it".to_owned(),
            }),
        }
    }

    /// Where `name` is in `registry`; asks the domain of a `well-known:` registry.
    pub fn locate<'a>(
        &'a self,
        registry: &'a RegistryUrl,
        name: &'a PackageName,
    ) -> Answer<'a, PackageSource> {
        let _ = (registry, name);
        todo!()
    }

    /// The registry that `https://DOMAIN/.well-known/wasm-pkg/registry.json` names. Each domain is
    /// asked once.
    pub fn well_known<'a>(&'a self, domain: &'a str) -> Answer<'a, RegistryUrl> {
        let _ = domain;
        todo!()
    }
}
