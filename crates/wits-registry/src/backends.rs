//! Finding the backend of a source.

use wits_model::{Blob, PackageName, PackageSource, Pin, RegistryUrl, Version};

use crate::front::Front;
use crate::layout::Layouts;
use crate::mirrors::Mirrors;
use crate::{Answer, Options, Registry, RegistryError};

/// All registries, and what they share: connections, tokens, answers of `well-known:` domains, mirrors.
/// One value serves a whole run.
pub struct Registries {
    front: Front,
}

impl Registries {
    /// The registries, asked as `options` say. Opens nothing.
    pub fn new(options: Options) -> Self {
        Self {
            front: Front {
                mirrors: (!options.mirrors.is_empty()).then(|| Mirrors::new(&options)),
                backends: Backends::new(options),
            },
        }
    }

    /// The backend that serves `source`.
    ///
    /// # Errors
    /// If this build has none for it.
    pub fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        self.front.of(source)
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
        self.front.backends.well_known(domain)
    }
}

/// All backends this build has.
pub(crate) struct Backends {
    layouts: Layouts,
    #[cfg(feature = "network")]
    network: network::Network,
}

impl Backends {
    #[cfg_attr(
        not(feature = "network"),
        expect(
            clippy::needless_pass_by_value,
            reason = "with the network they are kept"
        )
    )]
    pub(crate) fn new(options: Options) -> Self {
        Self {
            layouts: Layouts::new(options.limits.clone(), options.notes.clone()),
            #[cfg(feature = "network")]
            network: network::Network::new(options),
        }
    }

    /// The backend that serves `source`.
    pub(crate) fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        let unsupported = |reason: &str| RegistryError::Unsupported {
            at: source.into(),
            reason: reason.to_owned(),
        };
        match source {
            PackageSource::Layout { .. } => Ok(&self.layouts),
            #[cfg(feature = "network")]
            PackageSource::Oci { .. } => Ok(&self.network.oci),
            #[cfg(feature = "network")]
            PackageSource::Bindle { .. } => Ok(&self.network.bindle),
            #[cfg(not(feature = "network"))]
            PackageSource::Oci { .. } | PackageSource::Bindle { .. } => {
                Err(unsupported("this wits was built without the network"))
            }
            PackageSource::Path { .. } => Err(unsupported("a directory of WIT is no registry")),
        }
    }

    /// The bytes that `pin` names, and no word on why they are not there if they are not.
    pub(crate) fn stored<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        #[cfg(feature = "network")]
        if let PackageSource::Oci { .. } = at {
            return self.network.oci.stored(at, version, pin);
        }
        match self.of(at) {
            Ok(backend) => backend.pull(at, version, pin),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// `error` without any secret of this run: a peer may have repeated what it was sent.
    #[cfg_attr(
        not(feature = "network"),
        expect(
            clippy::unused_self,
            reason = "without the network there are no secrets"
        )
    )]
    pub(crate) fn hide(&self, error: RegistryError) -> RegistryError {
        #[cfg(feature = "network")]
        let error = self.network.hide(error);
        error
    }

    /// See [`Registries::well_known`].
    pub(crate) fn well_known<'a>(&'a self, domain: &'a str) -> Answer<'a, RegistryUrl> {
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

    use std::borrow::Cow;
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::sync::OnceCell;
    use wits_model::RegistryUrl;

    use crate::bindle::BindleServers;
    use crate::oci::OciRegistries;
    use crate::transport::Transport;
    use crate::{Options, RegistryError, well_known};

    pub(super) struct Network {
        transport: Arc<Transport>,
        pub(super) oci: OciRegistries,
        pub(super) bindle: BindleServers,
        /// What each domain said. One who asks while another is asking waits for that answer.
        domains: Mutex<HashMap<String, Arc<OnceCell<RegistryUrl>>>>,
    }

    impl Network {
        pub(super) fn new(options: Options) -> Self {
            let transport = Arc::new(Transport::new(options));
            Self {
                oci: OciRegistries::new(Arc::clone(&transport)),
                bindle: BindleServers::new(Arc::clone(&transport)),
                transport,
                domains: Mutex::default(),
            }
        }

        pub(super) fn hide(&self, mut error: RegistryError) -> RegistryError {
            let secrets = self.transport.secrets();
            error.for_each_text(|text| {
                if let Cow::Owned(hidden) = secrets.hide(text) {
                    *text = hidden;
                }
            });
            error
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
