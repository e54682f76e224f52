//! The registry, how far away it is, and what it was asked.

mod docker;
mod wire;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use wits_testkit::{Artifact, LatencyProxy};

/// A registry behind a network.
pub(crate) struct Stage {
    registry: Box<dyn Registry>,
    networks: Vec<LatencyProxy>,
}

/// What stands behind the network.
trait Registry {
    /// Each host that clients come to, the registry first: `host:port`.
    fn addresses(&self) -> Vec<String>;

    /// Tells where the network has those hosts.
    fn placed(&mut self, _networks: &[LatencyProxy]) {}

    /// Everything is published: from now on it treats all as it treats strangers.
    fn opened(&mut self) {}

    /// Whom clients have to trust, as a file in PEM, where they speak TLS.
    fn authority(&self) -> Option<PathBuf> {
        None
    }

    /// Where its owner publishes, without the network: `oci://…`, or `oci+http://…`.
    fn owner_url(&self) -> String;

    /// Puts an artifact under a tag.
    fn put(&self, repository: &str, tag: &str, artifact: &Artifact);

    /// Counts anew.
    fn forget(&mut self);

    /// Requests since then.
    fn requests(&self) -> usize;
}

/// How a [`Stage`] is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Debian's registry, in the clear.
    Clear,
    /// The same, over TLS with HTTP/1.1.
    Http1,
    /// The same, over TLS with HTTP/2.
    Http2,
    /// Over TLS with HTTP/2, for whoever has a token, with a redirect to another host for each blob.
    Redirecting,
    /// Over TLS with HTTP/2, with no blob for whoever has not asked for its manifest.
    ManifestFirst,
}

impl Stage {
    /// Starts everything, no distance away.
    pub(crate) fn set(kind: Kind) -> Result<Self> {
        let mut registry: Box<dyn Registry> = match kind {
            Kind::Clear => Box::new(docker::Clear::start()?),
            Kind::Http1 => Box::new(docker::Tls::start(true)?),
            Kind::Http2 => Box::new(docker::Tls::start(false)?),
            Kind::Redirecting => Box::new(wire::Redirecting::start()?),
            Kind::ManifestFirst => Box::new(wire::ManifestFirst::start()?),
        };
        let addresses = registry.addresses();
        let network = |address: &String| LatencyProxy::before(address, Duration::ZERO);
        let networks: Vec<_> = addresses.iter().map(network).collect();
        registry.placed(&networks);
        Ok(Self { registry, networks })
    }

    /// Puts an artifact under a tag.
    pub(crate) fn put(&self, repository: &str, tag: &str, artifact: &Artifact) {
        self.registry.put(repository, tag, artifact);
    }

    /// Everything is published.
    pub(crate) fn open(&mut self) {
        self.registry.opened();
    }

    /// How long a byte takes there and back.
    pub(crate) fn set_round_trip(&self, round_trip: Duration) {
        for network in &self.networks {
            network.set_round_trip(round_trip);
        }
    }

    /// Counts anew.
    pub(crate) fn forget(&mut self) {
        for network in &self.networks {
            network.forget();
        }
        self.registry.forget();
    }

    /// Requests since then.
    pub(crate) fn requests(&self) -> usize {
        self.registry.requests()
    }

    /// Connections since then, to all hosts.
    pub(crate) fn connections(&self) -> usize {
        let networks = self.networks.iter();
        let all: u64 = networks.map(|network| network.traffic().connections).sum();
        usize::try_from(all).unwrap_or(usize::MAX)
    }

    /// What a user of wits writes into `registry.toml`.
    pub(crate) fn wits_config(&self) -> String {
        let scheme = if self.registry.authority().is_some() {
            "oci"
        } else {
            "oci+http"
        };
        let networks = self.networks.iter();
        let hosts: Vec<&str> = networks.map(LatencyProxy::address).collect();
        self.config(&format!("{scheme}://{}", hosts[0]), &hosts)
    }

    /// The same for the owner of the registry.
    pub(crate) fn owner_config(&self) -> String {
        let url = self.registry.owner_url();
        let host = url.strip_prefix("oci://");
        self.config(&url, host.as_slice())
    }

    fn config(&self, url: &str, hosts: &[&str]) -> String {
        let lines = NAMESPACES.map(|namespace| format!("{namespace} = \"{url}\"\n"));
        let mut text = format!("[namespaces]\n{}", lines.concat());
        if let Some(file) = self.registry.authority() {
            for host in hosts {
                let file = file.display();
                let _ = write!(text, "\n[hosts.\"{host}\"]\nca = \"{file}\"\n");
            }
        }
        text
    }

    /// What a user of wkg writes into `config.toml`.
    pub(crate) fn wkg_config(&self) -> String {
        let address = self.networks[0].address();
        let protocol = if self.registry.authority().is_some() {
            "https"
        } else {
            "http"
        };
        let namespaces = NAMESPACES.map(|namespace| {
            format!(
                "{namespace} = {{ registry = \"{address}\", metadata = {{ preferredProtocol = \"oci\", \
                 oci = {{ registry = \"{address}\", namespacePrefix = \"\" }} }} }}\n"
            )
        });
        format!(
            "[registry.\"{address}\"]\ntype = \"oci\"\n\n[registry.\"{address}\".oci]\n\
             protocol = \"{protocol}\"\n\n[namespace_registries]\n{}",
            namespaces.concat()
        )
    }

    /// What is set for both: it has wkg trust the authority.
    pub(crate) fn environment(&self) -> Option<(&'static str, PathBuf)> {
        Some(("SSL_CERT_FILE", self.registry.authority()?))
    }
}

/// The namespaces of the packages.
const NAMESPACES: [&str; 2] = ["bench", "wasi"];
