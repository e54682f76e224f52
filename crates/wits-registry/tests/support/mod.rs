//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses its part

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use wits_model::{Blob, PackageMetadata, PackageSource, Version};
use wits_registry::{Limits, Options, Publication, Registries, Registry};

/// A version, or a panic.
pub(crate) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// The publication of `wasm`, which need not be Wasm: this crate never looks into it.
pub(crate) fn publication(at: &str, wasm: &[u8]) -> Publication {
    Publication {
        version: version(at),
        wasm: Blob::of(wasm),
        created: 0,
        metadata: PackageMetadata {
            description: Some("greets".to_owned()),
            license: Some("Apache-2.0".to_owned()),
            ..PackageMetadata::default()
        },
        exports: vec![format!("demo:greet/hello@{at}")],
        imports: vec![],
        annotations: BTreeMap::from([("dev.wits.test".to_owned(), "yes".to_owned())]),
        title: "greet.wasm".to_owned(),
        files: Vec::new(),
    }
}

/// The layout at `path`.
pub(crate) fn layout(path: &Path) -> PackageSource {
    PackageSource::Layout {
        path: path.to_owned(),
    }
}

/// The backend of `source`.
pub(crate) fn backend<'r>(registries: &'r Registries, source: &PackageSource) -> &'r dyn Registry {
    registries.of(source).unwrap()
}

/// Runs a future that may need the network.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Options with little patience.
pub(crate) fn impatient() -> Options {
    Options {
        limits: Limits {
            max_blob: 1 << 20,
            max_manifest: 64 << 10,
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_millis(500),
            total_timeout: Duration::from_secs(5),
            retries: 2,
            retry_delay: Duration::from_millis(10),
            max_retry_delay: Duration::from_secs(1),
            ..Limits::default()
        },
        ..Options::default()
    }
}
