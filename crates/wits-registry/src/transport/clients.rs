//! The HTTP clients: one that speaks TLS, one that does not.
//!
//! Both are made when they are first needed. A run that talks to `oci+http:` only never looks for
//! certificates, so it works where there are none.

use std::sync::{Arc, OnceLock};

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use url::Url;

use crate::{Options, Proxy};

/// What is connected to hosts.
pub(super) struct Clients {
    user_agent: String,
    connect_timeout: std::time::Duration,
    proxy: Proxy,
    tls: OnceLock<Result<Client, String>>,
    plain: OnceLock<Result<Client, String>>,
}

impl Clients {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            user_agent: options.user_agent.clone(),
            connect_timeout: options.limits.connect_timeout,
            proxy: options.proxy,
            tls: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// The client for `url`; or why there is none.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, String> {
        let client = if url.scheme() == "https" {
            self.tls.get_or_init(|| self.build(platform_trust()?))
        } else {
            self.plain.get_or_init(|| self.build(no_trust()?))
        };
        client.as_ref().map_err(Clone::clone)
    }

    fn build(&self, tls: ClientConfig) -> Result<Client, String> {
        let builder = Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect_timeout)
            .redirect(Policy::none())
            .referer(false)
            .tls_backend_preconfigured(tls);
        let builder = match self.proxy {
            Proxy::None => builder.no_proxy(),
            Proxy::System => builder,
        };
        builder.build().map_err(|error| error.to_string())
    }
}

/// TLS that trusts whom the system trusts.
fn platform_trust() -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider)).map_err(|error| error.to_string())?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        // rustls calls every verifier but its own dangerous; this one is the system's.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS that trusts nobody, for the client that never speaks it to a registry: reqwest wants some.
fn no_trust() -> Result<ClientConfig, String> {
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    )
}
