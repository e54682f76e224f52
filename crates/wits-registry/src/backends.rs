//! Finding the backend of a source.

use wits_model::{PackageName, PackageSource, RegistryUrl};

use crate::layout::Layouts;
use crate::{Answer, Options, Registry, RegistryError};

/// All backends this build has, and what they share: connections, tokens, answers of `well-known:`
/// domains. One value serves a whole run.
pub struct Registries {
    layouts: Layouts,
    #[cfg(feature = "network")]
    network: network::Network,
}

impl Registries {
    /// The backends, asked as `options` say. Opens nothing.
    #[cfg_attr(
        not(feature = "network"),
        expect(
            clippy::needless_pass_by_value,
            reason = "with the network they are kept"
        )
    )]
    pub fn new(options: Options) -> Self {
        Self {
            layouts: Layouts::new(options.limits.clone()),
            #[cfg(feature = "network")]
            network: network::Network::new(options),
        }
    }

    /// The backend that serves `source`.
    ///
    /// # Errors
    /// If this build has none for it.
    pub fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        let unsupported = |reason: &str| RegistryError::Unsupported {
            at: source.into(),
            reason: reason.to_owned(),
        };
        match source {
            PackageSource::Layout { .. } => Ok(&self.layouts),
            #[cfg(feature = "network")]
            PackageSource::Oci { .. } => Ok(&self.network.oci),
            #[cfg(not(feature = "network"))]
            PackageSource::Oci { .. } => {
                Err(unsupported("this wits was built without the network"))
            }
            PackageSource::Bindle { .. } => Err(unsupported("this wits was built without Bindle")),
            PackageSource::Path { .. } => Err(unsupported("a directory of WIT is no registry")),
        }
    }

    /// Where `name` is in `registry`; asks the domain of a `well-known:` registry.
    pub fn locate<'a>(
        &'a self,
        registry: &'a RegistryUrl,
        name: &'a PackageName,
    ) -> Answer<'a, PackageSource> {
        Box::pin(async move {
            if let Some(source) = registry.source_of(name) {
                return Ok(source);
            }
            let RegistryUrl::WellKnown { domain } = registry else {
                return Err(nowhere(registry));
            };
            let named = self.well_known(domain).await?;
            named.source_of(name).ok_or_else(|| nowhere(&named))
        })
    }

    /// The registry that `https://DOMAIN/.well-known/wasm-pkg/registry.json` names. Each domain is
    /// asked once in a run.
    pub fn well_known<'a>(&'a self, domain: &'a str) -> Answer<'a, RegistryUrl> {
        #[cfg(feature = "network")]
        return Box::pin(self.network.well_known(domain));
        #[cfg(not(feature = "network"))]
        Box::pin(async move {
            let domain = domain.to_owned();
            Err(RegistryError::Unsupported {
                at: (&RegistryUrl::WellKnown { domain }).into(),
                reason: "this wits was built without the network".to_owned(),
            })
        })
    }
}

fn nowhere(registry: &RegistryUrl) -> RegistryError {
    RegistryError::Unsupported {
        at: registry.into(),
        reason: "it names no place for a package".to_owned(),
    }
}

#[cfg(feature = "network")]
mod network {
    //! What needs a socket.

    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::sync::OnceCell;
    use wits_model::RegistryUrl;

    use crate::oci::OciRegistries;
    use crate::transport::Transport;
    use crate::{Options, RegistryError, well_known};

    pub(super) struct Network {
        transport: Arc<Transport>,
        pub(super) oci: OciRegistries,
        /// What each domain said. One who asks while another is asking waits for that answer.
        domains: Mutex<HashMap<String, Arc<OnceCell<RegistryUrl>>>>,
    }

    impl Network {
        pub(super) fn new(options: Options) -> Self {
            let transport = Arc::new(Transport::new(options));
            Self {
                oci: OciRegistries::new(Arc::clone(&transport)),
                transport,
                domains: Mutex::default(),
            }
        }

        pub(super) async fn well_known(&self, domain: &str) -> Result<RegistryUrl, RegistryError> {
            let cell = {
                let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(domains.entry(domain.to_owned()).or_default())
            };
            cell.get_or_try_init(|| well_known::ask(&self.transport, domain))
                .await
                .cloned()
        }
    }
}
