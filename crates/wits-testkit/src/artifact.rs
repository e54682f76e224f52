//! An OCI artifact made by hand.
//!
//! A test that needs what wits refuses to publish (two layers, a component, a package under another
//! name) makes it here and puts it into a [`Layout`](crate::Layout) or a
//! [`DockerRegistry`](crate::DockerRegistry).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The media type of an image manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const WASM: &str = "application/wasm";

/// Bytes with the media type under which a manifest names them.
#[derive(Debug, Clone)]
pub struct Blob {
    /// The media type.
    pub media_type: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// `sha256:…` of the contents.
    pub fn digest(&self) -> String {
        sha256(&self.bytes)
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest(), "size": self.bytes.len() })
    }
}

/// A manifest, its config and its layers.
#[derive(Debug, Clone)]
pub struct Artifact {
    config: Blob,
    layers: Vec<Blob>,
    annotations: Vec<(String, String)>,
}

impl Artifact {
    /// What a client writes for one Wasm package: the config of a Wasm artifact and one layer.
    pub fn wasm(bytes: impl Into<Vec<u8>>) -> Self {
        let layer = Blob {
            media_type: WASM.to_owned(),
            bytes: bytes.into(),
        };
        let config = json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.digest()],
            "component": { "exports": [], "imports": [] },
        });
        Self {
            config: Blob {
                media_type: CONFIG.to_owned(),
                bytes: config.to_string().into_bytes(),
            },
            layers: vec![layer],
            annotations: Vec::new(),
        }
    }

    /// Adds a layer.
    pub fn layer(mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.layers.push(Blob {
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
        });
        self
    }

    /// Adds an annotation to the manifest.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The config and the layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    /// The manifest.
    pub fn manifest(&self) -> Blob {
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.config.descriptor(),
            "layers": self.layers.iter().map(Blob::descriptor).collect::<Vec<_>>(),
        });
        if !self.annotations.is_empty() {
            manifest["annotations"] = self
                .annotations
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        Blob {
            media_type: MANIFEST.to_owned(),
            bytes: manifest.to_string().into_bytes(),
        }
    }
}

/// `sha256:…` of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    let hex = |byte: u8| format!("{byte:02x}");
    let digits: String = Sha256::digest(bytes).iter().copied().map(hex).collect();
    format!("sha256:{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_config_and_layers_by_their_bytes() {
        let artifact = Artifact::wasm(*b"abc").layer("text/plain", *b"");
        let manifest: Value = serde_json::from_slice(&artifact.manifest().bytes).unwrap();
        assert_eq!(
            manifest["layers"][0]["digest"],
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(manifest["layers"][0]["size"], 3);
        assert_eq!(manifest["layers"][1]["mediaType"], "text/plain");
        assert_eq!(artifact.blobs().count(), 3);
    }
}
