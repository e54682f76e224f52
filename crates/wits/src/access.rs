//! How registries are reached: what they are told of the user's set-up, and which of them has a package.
//!
//! Credentials, certificates, mirrors and the proxy become the [`Options`] of [`wits_registry`]. Two
//! things are decided here because only the routes know them: a directory of wkg's own kind is read by
//! [`WkgLocal`], and a registry that wkg's configuration only names is the host itself where that host
//! says, with a 404 and nothing less, that it has no `registry.json`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use futures_util::lock::Mutex;
use wits_model::routes::{Certificates, Route, Routes};
use wits_model::{PackageName, PackageSource, RegistryUrl, Scheme};
use wits_registry::{
    BindleOptions, Limits, Memory, Mirror, Notes, Options, Proxy, Registries, Registry,
    RegistryError,
};
use wits_store::Cache;

use crate::aside::Aside;
use crate::config::{self, Config};
use crate::credentials::Keyring;
use crate::foreign::WkgLocal;
use crate::report::{Note, Reporter as _};
use crate::{Context, Error};

/// The registries of one run.
pub(crate) struct Access {
    registries: Registries,
    local: WkgLocal,
    keyring: Keyring,
    /// What the domains that wkg's configuration names turned out to be.
    domains: Mutex<BTreeMap<String, RegistryUrl>>,
    reporter: Arc<Aside>,
}

impl Access {
    /// Refuses a project that lays hands on the user's hosts; opens nothing.
    pub(crate) fn new(context: &Context, config: Config) -> Result<(Self, Routes), Error> {
        let reporter = Arc::new(Aside::new(Arc::clone(&context.reporter)));
        let keyring = keyring(context, &config, &reporter)?;
        let options = options(context, &config.routes, &keyring, &reporter)?;
        let access = Self {
            registries: Registries::new(options),
            local: WkgLocal {
                roots: config.local,
            },
            keyring,
            domains: Mutex::default(),
            reporter,
        };
        Ok((access, config.routes))
    }

    /// What `question`, to registries, comes to, and what the user would have heard of it.
    pub(crate) async fn quietly<F: Future>(&self, question: F) -> (F::Output, Vec<Note>) {
        self.reporter.quietly(question).await
    }

    /// Whoever serves `source`.
    pub(crate) fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        if self.local.keeps(source) {
            return Ok(&self.local);
        }
        self.registries.of(source)
    }

    /// Where `name` is by `route`. Asks the domain of a `well-known:` route.
    pub(crate) async fn locate(
        &self,
        route: &Route,
        name: &PackageName,
    ) -> Result<PackageSource, RegistryError> {
        match (&route.url, &route.or) {
            (RegistryUrl::WellKnown { domain }, Some(itself)) => {
                let registry = self.named_by_wkg(domain, itself).await?;
                self.registries.locate(&registry, name).await
            }
            _ => self.registries.locate(&route.url, name).await,
        }
    }

    /// The registry that `route` comes to, in words that need no configuration of wkg's.
    pub(crate) async fn settled(&self, route: &Route) -> Result<RegistryUrl, RegistryError> {
        let (RegistryUrl::WellKnown { domain }, Some(itself)) = (&route.url, &route.or) else {
            return Ok(route.url.clone());
        };
        let named = self.named_by_wkg(domain, itself).await?;
        // What a domain names may change; that it names nothing is settled here.
        let by_domain = named != *itself && !itself.is_plain();
        Ok(if by_domain { route.url.clone() } else { named })
    }

    /// The registry that wkg means by `domain`. Each is asked once in a run, also if it has nothing to
    /// say.
    async fn named_by_wkg(
        &self,
        domain: &str,
        itself: &RegistryUrl,
    ) -> Result<RegistryUrl, RegistryError> {
        let mut domains = self.domains.lock().await;
        if let Some(known) = domains.get(domain) {
            return Ok(known.clone());
        }
        let registry = match self.registries.well_known(domain).await {
            Ok(named) => self.settled_by_wkg(domain, named, itself),
            // "There is no such document", from the host itself. Anything else means nothing.
            Err(RegistryError::Rejected { status: 404, .. }) => itself.clone(),
            Err(error) => return Err(error),
        };
        domains.insert(domain.to_owned(), registry.clone());
        Ok(registry)
    }

    /// What wkg's configuration says of `domain` holds for the registry that the domain names.
    fn settled_by_wkg(
        &self,
        domain: &str,
        named: RegistryUrl,
        itself: &RegistryUrl,
    ) -> RegistryUrl {
        match named {
            RegistryUrl::Oci { host, prefix, .. } => {
                self.keyring.leads_to(domain, &host, &prefix);
                let scheme = if itself.is_plain() {
                    Scheme::Http
                } else {
                    Scheme::Https
                };
                RegistryUrl::Oci {
                    scheme,
                    host,
                    prefix,
                }
            }
            other => other,
        }
    }
}

/// The user's credentials, unless the project lays hands on a host that there are some for.
pub(crate) fn keyring(
    context: &Context,
    config: &Config,
    aside: &Arc<Aside>,
) -> Result<Keyring, Error> {
    let hosts = config.routes.hosts().into_iter().map(str::to_owned);
    let keyring = Keyring::new(
        context.credentials.clone(),
        config.credentials.clone(),
        hosts.collect(),
        context.reporter.clone(),
        Arc::clone(aside),
    );
    config::refuse_project(&config.routes, &keyring)?;
    Ok(keyring)
}

fn options(
    context: &Context,
    routes: &Routes,
    keyring: &Keyring,
    reporter: &Arc<Aside>,
) -> Result<Options, Error> {
    let mut authorities = BTreeMap::new();
    if !context.offline {
        for (host, certificates, _) in routes.certificates() {
            let pem = match certificates {
                Certificates::File(path) => wits_fs::read(path)?,
                Certificates::Text(pem) => pem.clone().into_bytes(),
            };
            authorities.insert(host.to_owned(), pem);
        }
    }
    let mirrors = routes.mirrors().map(|mirror| Mirror {
        origin: mirror.of.clone(),
        mirror: mirror.by.clone(),
        trusted_tags: mirror.tags,
    });
    let mut limits = Limits {
        lock_timeout: context.patience,
        ..Limits::default()
    };
    if let Some(timeout) = context.http_timeout {
        limits.read_timeout = timeout;
        limits.connect_timeout = limits.connect_timeout.min(timeout);
    }
    if let Some(retries) = context.http_retries {
        limits.retries = retries;
    }
    let named = context.config.registry.as_ref();
    let reporter = Arc::clone(reporter);
    Ok(Options {
        offline: context.offline,
        limits,
        proxy: if context.system_proxy {
            Proxy::System
        } else {
            Proxy::None
        },
        credentials: Arc::new(keyring.clone()),
        authorities,
        cleartext: routes
            .hosts_without_tls()
            .into_iter()
            .chain(
                named
                    .filter(|url| url.is_plain())
                    .and_then(RegistryUrl::host),
            )
            .map(str::to_owned)
            .collect(),
        mirrors: mirrors.collect(),
        bindle: BindleOptions {
            keyring: context.bindle.keyring.clone(),
            secret_keys: context.bindle.secret_keys.clone(),
            verification: routes
                .verifications()
                .map(|(host, strategy)| (host.to_owned(), strategy.clone()))
                .collect(),
        },
        memory: Arc::new(Remembered::new(context)),
        notes: Notes::new(move |note| reporter.note(&Note::Registry(note))),
        ..Options::default()
    })
}

/// What the cache keeps of hosts. Each is looked up once a run, and written down only where it is news.
struct Remembered {
    cache: Cache,
    hosts: std::sync::Mutex<BTreeMap<String, bool>>,
}

impl Remembered {
    fn new(context: &Context) -> Self {
        Self {
            cache: Cache::open(&context.cache),
            hosts: std::sync::Mutex::default(),
        }
    }
}

impl Memory for Remembered {
    fn challenges(&self, host: &str) -> bool {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let look = || self.cache.challenges(host);
        *hosts.entry(host.to_owned()).or_insert_with(look)
    }

    fn note(&self, host: &str, challenges: bool) {
        if self.challenges(host) != challenges {
            // Who cannot write the cache hears of it when it is to keep a package.
            let _ = self.cache.note_challenges(host, challenges);
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            hosts.insert(host.to_owned(), challenges);
        }
    }
}
