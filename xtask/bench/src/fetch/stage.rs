//! The registry, how far away it is, and what it was asked.

use std::time::Duration;

use anyhow::{Context, Result};
use wits_testkit::{DockerRegistry, LatencyProxy, RecordingProxy};

/// A registry behind a network.
pub(crate) struct Stage {
    registry: DockerRegistry,
    recorder: RecordingProxy,
    network: LatencyProxy,
}

impl Stage {
    /// Debian's registry, in the clear.
    pub(crate) fn in_the_clear() -> Result<Self> {
        let registry = DockerRegistry::start().context("no docker-registry is installed")?;
        let recorder = RecordingProxy::before(registry.address());
        let network = LatencyProxy::before(recorder.address(), Duration::ZERO);
        Ok(Self {
            registry,
            recorder,
            network,
        })
    }

    /// The registry itself.
    pub(crate) fn registry(&self) -> &DockerRegistry {
        &self.registry
    }

    /// How long a byte takes there and back.
    pub(crate) fn set_round_trip(&self, round_trip: Duration) {
        self.network.set_round_trip(round_trip);
    }

    /// Counts anew.
    pub(crate) fn forget(&self) {
        self.network.forget();
        self.recorder.forget();
    }

    /// Requests since then.
    pub(crate) fn requests(&self) -> usize {
        self.recorder.requests().len()
    }

    /// Connections since then.
    pub(crate) fn connections(&self) -> usize {
        usize::try_from(self.network.traffic().connections).unwrap_or(usize::MAX)
    }

    /// What a user of wits writes into `registry.toml`.
    pub(crate) fn wits_config(&self) -> String {
        let url = self.network.url();
        format!("[namespaces]\nbench = \"{url}\"\nwasi = \"{url}\"\n")
    }

    /// What a user of wkg writes into `config.toml` for the same.
    pub(crate) fn wkg_config(&self) -> String {
        let address = self.network.address();
        let namespaces = ["bench", "wasi"].map(|namespace| {
            format!(
                "{namespace} = {{ registry = \"{address}\", metadata = {{ preferredProtocol = \"oci\", \
                 oci = {{ registry = \"{address}\", namespacePrefix = \"\" }} }} }}\n"
            )
        });
        format!(
            "[registry.\"{address}\"]\ntype = \"oci\"\n\n[registry.\"{address}\".oci]\nprotocol = \"http\"\n\n\
             [namespace_registries]\n{}",
            namespaces.concat()
        )
    }
}
