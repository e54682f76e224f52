//! What the caller decides. Nothing here is read from the environment: that is for front ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wits_model::RegistryUrl;
use wits_model::routes::Verification;

use crate::credentials::{Anonymous, Credentials, Redacted};
use crate::memory::{Forgetful, Memory};
use crate::note::Notes;

/// How registries are asked.
#[derive(Clone)]
pub struct Options {
    /// Refuse, before any socket is opened, whatever needs the network. `layout:` works.
    pub offline: bool,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// Sizes, deadlines and retries.
    pub limits: Limits,
    /// Whether requests go through a proxy.
    pub proxy: Proxy,
    /// Who the user is to which host.
    pub credentials: Arc<dyn Credentials>,
    /// What is remembered of hosts.
    pub memory: Arc<dyn Memory>,
    /// Certificate authorities, as PEM, by `HOST[:PORT]`: they are trusted for that host, beside those
    /// of the system, and for no other.
    pub authorities: BTreeMap<String, Vec<u8>>,
    /// Hosts, as `HOST[:PORT]`, that see credentials although they are spoken to without TLS. This
    /// machine always may; for any other the user has to have said so, and no checkout can.
    pub cleartext: BTreeSet<String>,
    /// Where bytes may come from instead.
    pub mirrors: Vec<Mirror>,
    /// Whom to tell what went otherwise than set up.
    pub notes: Notes,
    /// What is needed for Bindle servers.
    pub bindle: BindleOptions,
}

/// Keys, and what is demanded of others' signatures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BindleOptions {
    /// The file of public keys that the user knows; nobody is known without one.
    pub keyring: Option<PathBuf>,
    /// The file of keys to sign with.
    pub secret_keys: Option<PathBuf>,
    /// Which signatures the invoices of a host must have, by `HOST[:PORT]`; those of a creator where
    /// nothing is said.
    pub verification: BTreeMap<String, Verification>,
}

/// A registry that has what another has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// What is mirrored: a host, or what lies below a prefix at a host.
    pub origin: RegistryUrl,
    /// Where: the path below the origin's prefix is the path below this one's.
    pub mirror: RegistryUrl,
    /// Whether its tags are taken for the origin's. Otherwise it only serves bytes by digest.
    pub trusted_tags: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("offline", &self.offline)
            .field("user_agent", &self.user_agent)
            .field("limits", &self.limits)
            .field("proxy", &self.proxy)
            .field("authorities", &self.authorities.keys())
            .field("cleartext", &self.cleartext)
            .field("mirrors", &self.mirrors)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            offline: false,
            user_agent: concat!("wits/", env!("CARGO_PKG_VERSION")).to_owned(),
            limits: Limits::default(),
            proxy: Proxy::None,
            credentials: Arc::new(Anonymous),
            memory: Arc::new(Forgetful),
            authorities: BTreeMap::new(),
            cleartext: BTreeSet::new(),
            mirrors: Vec::new(),
            notes: Notes::default(),
            bindle: BindleOptions::default(),
        }
    }
}

/// Which proxy is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// None, whatever the environment says.
    #[default]
    None,
    /// What the system is set to: `HTTPS_PROXY` and its kin, or the system's settings.
    System,
    /// This one, for everything: a URL, which may hold a user and a password.
    Url(Redacted),
}

/// The most that is taken from a peer, and the longest it is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one Wasm package.
    pub max_blob: u64,
    /// Bytes of a manifest, a page of tags, a token, a `registry.json` or an `index.json`.
    pub max_manifest: u64,
    /// Pages of tags.
    pub max_pages: usize,
    /// Tags of one package, over all pages.
    pub max_tags: usize,
    /// Redirects of one request.
    pub max_redirects: usize,
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// Bytes a second that an answer has to bring, on the average of each `read_timeout`.
    pub min_speed: u64,
    /// For one operation, its retries included.
    pub total_timeout: Duration,
    /// How often a request that failed for a passing reason is sent again.
    pub retries: usize,
    /// The first pause before a retry; later ones are longer, and all are jittered.
    pub retry_delay: Duration,
    /// The longest pause, and the longest `Retry-After` that is waited for.
    pub max_retry_delay: Duration,
    /// How long another process that publishes to the same layout is waited for.
    pub lock_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_blob: 256 << 20,
            max_manifest: 4 << 20, // distribution-spec, "Pushing Manifests": registries take at least 4 MiB
            max_pages: 1_000,
            max_tags: 200_000,
            max_redirects: 5,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            min_speed: 10, // cargo's `http.low-speed-limit`
            total_timeout: Duration::from_secs(300),
            retries: 3,
            retry_delay: Duration::from_millis(200),
            max_retry_delay: Duration::from_secs(20),
            lock_timeout: Duration::from_secs(60),
        }
    }
}
