//! The HTTP clients: one for all that is spoken to without TLS, and one for each host that is spoken to with it, so
//! that it is seen when a host's first handshake is done ([`super::first`]). These share what they trust, but for
//! hosts with an authority of their own.
//!
//! Each is made when it is first needed. A run that talks to `oci+http:` only never looks for
//! certificates, so it works where there are none.
//!
//! What reqwest and hyper do by themselves is what is wanted, and so is not set: small writes are sent at once
//! (`TCP_NODELAY`), idle connections are kept, nobody asks "may I" first (`Expect`), and the windows of HTTP/2 are
//! 2 MiB a stream and 5 MiB a connection, so that no package of WIT waits for a window to open.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use url::{Origin, Url};

use super::first::Handshake;
use super::names::Names;
use super::spoken_to;
use crate::{Options, Proxy};

/// What is connected to hosts.
pub(super) struct Clients {
    user_agent: String,
    connect_timeout: std::time::Duration,
    proxy: Proxy,
    names: Names,
    plain: OnceLock<Result<Reach, NoClient>>,
    secured: Mutex<HashMap<Origin, Result<Reach, NoClient>>>,
    /// What most hosts are trusted by.
    trust: Trust,
    /// By `HOST[:PORT]`, without the port where it is that of https.
    private: BTreeMap<String, (Vec<u8>, Trust)>,
}

type Trust = OnceLock<Result<ClientConfig, NoClient>>;

/// How a host is reached.
#[derive(Clone)]
pub(super) struct Reach {
    pub(super) client: Client,
    /// Where there is one, nobody connects before the first of them is done.
    pub(super) handshake: Option<Handshake>,
}

/// Why there is no client.
#[derive(Debug, Clone)]
pub(super) enum NoClient {
    /// TLS cannot be set up.
    Tls(String),
    /// The proxy is none. It is not shown: it may hold a password.
    Proxy,
    /// What is set as the authority of a host is none.
    Authority { host: String, reason: String },
}

impl Clients {
    pub(super) fn new(options: &Options) -> Self {
        let private = options.authorities.iter().map(|(host, pem)| {
            let host = host.strip_suffix(":443").unwrap_or(host);
            (spoken_to(host), (pem.clone(), Trust::new()))
        });
        Self {
            user_agent: options.user_agent.clone(),
            connect_timeout: options.limits.connect_timeout,
            proxy: options.proxy.clone(),
            names: Names::default(),
            plain: OnceLock::new(),
            secured: Mutex::default(),
            trust: Trust::new(),
            private: private.collect(),
        }
    }

    /// The client for `url`; or why there is none.
    pub(super) fn of(&self, url: &Url) -> Result<Reach, NoClient> {
        if url.scheme() != "https" {
            let plain = || self.build(no_trust()?, None);
            return self.plain.get_or_init(plain).clone();
        }
        let mut secured = self.secured.lock().unwrap_or_else(PoisonError::into_inner);
        let reach = secured.entry(url.origin());
        let build = || self.build(self.trust(url)?, Some(Handshake::default()));
        reach.or_insert_with(build).clone()
    }

    /// Whom the host of `url` is trusted by.
    fn trust(&self, url: &Url) -> Result<ClientConfig, NoClient> {
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let trust = match self.private.get(&host) {
            Some((pem, trust)) => trust.get_or_init(|| {
                let authorities =
                    authorities(pem).map_err(|reason| NoClient::Authority { host, reason })?;
                trust_in(authorities)
            }),
            None => self.trust.get_or_init(|| trust_in(Vec::new())),
        };
        trust.clone()
    }

    fn build(&self, tls: ClientConfig, handshake: Option<Handshake>) -> Result<Reach, NoClient> {
        let builder = Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect_timeout)
            .redirect(Policy::none())
            .referer(false)
            .dns_resolver(self.names.clone())
            .tls_backend_preconfigured(tls);
        let builder = match &handshake {
            Some(handshake) => builder.connector_layer(handshake.clone()),
            None => builder,
        };
        let builder = match &self.proxy {
            Proxy::None => builder.no_proxy(),
            Proxy::System => builder,
            Proxy::Url(url) => {
                let proxy = reqwest::Proxy::all(url.reveal()).map_err(|_| NoClient::Proxy)?;
                builder.no_proxy().proxy(proxy)
            }
        };
        let client = builder
            .build()
            .map_err(|error| NoClient::Tls(error.to_string()))?;
        Ok(Reach { client, handshake })
    }
}

/// The certificates in `pem`.
fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| format!("it is not PEM: {error}"))?;
    if found.is_empty() {
        return Err("there is no certificate in it; it has to be PEM".to_owned());
    }
    let mut usable = RootCertStore::empty();
    for certificate in &found {
        usable
            .add(certificate.clone())
            .map_err(|error| format!("one of its certificates cannot be read: {error}"))?;
    }
    Ok(found)
}

/// TLS that trusts whom the system trusts, and `more`.
fn trust_in(more: Vec<CertificateDer<'static>>) -> Result<ClientConfig, NoClient> {
    let told = |error: rustls::Error| NoClient::Tls(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(more, Arc::clone(&provider)).map_err(told)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(told)?
        // rustls calls every verifier but its own dangerous; this one is the system's.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS that trusts nobody, for the client that never speaks it to a registry: reqwest wants some. A proxy
/// that is spoken to over TLS is of no use here.
fn no_trust() -> Result<ClientConfig, NoClient> {
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| NoClient::Tls(error.to_string()))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    )
}
