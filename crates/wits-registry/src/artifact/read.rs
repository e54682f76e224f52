//! Reading manifests that others made.

use std::collections::BTreeMap;

use serde::Deserialize;
use wits_model::{Digest, PackageSource, Pin};

use super::{CONFIG, INDEX, LAYER, MANIFEST};
use crate::RegistryError;
use crate::told::printable;

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Defect {
    /// Not a manifest at all, or one with a field that cannot be.
    Malformed(String),
    /// A manifest, of something else.
    NotWasm(String),
    /// The layer is longer than the limit, which is here.
    LayerTooLarge(u64),
}

impl Defect {
    /// The error for this defect of the manifest that `reference` names.
    pub(crate) fn at(self, at: &PackageSource, reference: &str) -> RegistryError {
        match self {
            Self::Malformed(reason) => RegistryError::Malformed {
                at: at.into(),
                what: format!("the manifest of `{reference}`"),
                reason,
            },
            Self::NotWasm(reason) => RegistryError::NotAWasmPackage {
                at: at.into(),
                reference: reference.to_owned(),
                reason,
            },
            Self::LayerTooLarge(limit) => RegistryError::TooLarge {
                at: at.into(),
                what: format!("the Wasm of `{reference}`"),
                limit,
            },
        }
    }
}

/// What a manifest of a Wasm package says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The manifest itself and its layer.
    pub(crate) pin: Pin,
    /// The annotations as they stand.
    pub(crate) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u64,
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<serde::de::IgnoredAny>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

impl Manifest {
    /// Reads `bytes`, whose digest is `digest`, and which came as `content_type` if the peer gave one.
    pub(crate) fn read(
        bytes: &[u8],
        digest: Digest,
        content_type: Option<&str>,
        max_layer: u64,
    ) -> Result<Self, Defect> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| Defect::Malformed(printable(&error.to_string())))?;
        document.check_type(content_type)?;
        if document.schema_version != 2 {
            return Err(Defect::Malformed(format!(
                "its `schemaVersion` is {}, not 2",
                document.schema_version
            )));
        }
        let (Some(config), Some(layers)) = (&document.config, &document.layers) else {
            return Err(Defect::Malformed(
                "it has no `config` or no `layers`".to_owned(),
            ));
        };
        if config.media_type != CONFIG {
            return Err(Defect::NotWasm(format!(
                "its config is `{}`, not `{CONFIG}`",
                printable(&config.media_type)
            )));
        }
        let [layer] = layers.as_slice() else {
            return Err(Defect::NotWasm(format!(
                "it has {} layers, not one",
                layers.len()
            )));
        };
        if layer.media_type != LAYER {
            return Err(Defect::NotWasm(format!(
                "its layer is `{}`, not `{LAYER}`",
                printable(&layer.media_type)
            )));
        }
        if layer.size > max_layer {
            return Err(Defect::LayerTooLarge(max_layer));
        }
        for descriptor in [config, layer] {
            checked(&descriptor.digest)?;
        }
        Ok(Self {
            pin: Pin {
                manifest: Some(digest),
                digest: checked(&layer.digest)?,
                size: layer.size,
            },
            annotations: document.annotations.unwrap_or_default(),
        })
    }
}

fn checked(digest: &str) -> Result<Digest, Defect> {
    printable(digest)
        .parse()
        .map_err(|error: wits_model::digest::DigestError| Defect::Malformed(error.to_string()))
}

impl Document {
    /// An index and a manifest are told apart by the fields they have and by what they say they are;
    /// the three have to agree (image-spec, `manifest.md`, on documents that are both).
    fn check_type(&self, content_type: Option<&str>) -> Result<(), Defect> {
        let is_index = self.manifests.is_some();
        if is_index && (self.layers.is_some() || self.config.is_some()) {
            return Err(Defect::Malformed(
                "it is a manifest and an index at once".to_owned(),
            ));
        }
        // `text/plain` and `application/octet-stream` say nothing: plain file servers send them.
        let said = content_type
            .and_then(|text| text.split(';').next())
            .map(str::trim)
            .filter(|text| text.starts_with("application/vnd."));
        for named in [self.media_type.as_deref(), said].into_iter().flatten() {
            if named == INDEX || named.ends_with(".manifest.list.v2+json") {
                return Err(index());
            }
            if named != MANIFEST {
                return Err(Defect::NotWasm(format!(
                    "it is `{}`, not `{MANIFEST}`",
                    printable(named)
                )));
            }
        }
        if is_index { Err(index()) } else { Ok(()) }
    }
}

fn index() -> Defect {
    Defect::NotWasm(
        "it is an image index, a list of manifests, where one manifest is due".to_owned(),
    )
}

/// A manifest or an index, as any peer may send it. What is taken names a Wasm of a size that is allowed.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    const MOST: u64 = 1 << 20;
    let at: PackageSource = "oci://h.example/a/b".parse().expect("a source");
    for content_type in [None, Some(MANIFEST), Some(INDEX), Some("application/json")] {
        match Manifest::read(data, Digest::of(data), content_type, MOST) {
            Ok(manifest) => {
                assert!(manifest.pin.size <= MOST && content_type != Some(INDEX));
                assert_eq!(manifest.pin.manifest, Some(Digest::of(data)));
            }
            Err(defect) => crate::told::is_printable(&defect.at(&at, "1.0.0").to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    type Change = fn(&mut serde_json::Value);

    fn good() -> serde_json::Value {
        serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": format!("sha256:{HEX}"), "size": 2 },
            "layers": [{ "mediaType": LAYER, "digest": format!("sha256:{HEX}"), "size": 10,
                         "urls": ["http://evil.example/x"], "unknown": {} }],
            "annotations": { "k": "v" },
        })
    }

    fn read(document: &serde_json::Value, content_type: Option<&str>) -> Result<Manifest, Defect> {
        Manifest::read(
            document.to_string().as_bytes(),
            Digest::of("m"),
            content_type,
            100,
        )
    }

    #[test]
    fn reads_what_wkg_writes() {
        let mut document = good();
        document.as_object_mut().unwrap().remove("mediaType");
        for content_type in [None, Some(MANIFEST), Some("text/plain")] {
            let manifest = read(&document, content_type).unwrap();
            assert_eq!(manifest.pin.manifest, Some(Digest::of("m")));
            assert_eq!(manifest.pin.digest.hex(), HEX);
            assert_eq!(manifest.pin.size, 10);
            assert_eq!(manifest.annotations["k"], "v");
        }
    }

    #[test]
    fn anything_else_is_named() {
        let cases: &[(&str, Change, &str)] = &[
            ("index", |d| d["mediaType"] = INDEX.into(), "image index"),
            (
                "docker",
                |d| d["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json".into(),
                "docker",
            ),
            (
                "config",
                |d| d["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json".into(),
                "its config is",
            ),
            (
                "layer",
                |d| d["layers"][0]["mediaType"] = "application/tar".into(),
                "application/tar",
            ),
            (
                "layers",
                |d| {
                    let l = d["layers"][0].clone();
                    d["layers"].as_array_mut().unwrap().push(l);
                },
                "2 layers",
            ),
            ("none", |d| d["layers"] = serde_json::json!([]), "0 layers"),
        ];
        for (name, change, expected) in cases {
            let mut document = good();
            change(&mut document);
            match read(&document, None) {
                Err(Defect::NotWasm(reason)) => {
                    assert!(reason.contains(expected), "{name}: {reason}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        let by_header = read(&good(), Some(INDEX));
        assert!(
            matches!(by_header, Err(Defect::NotWasm(reason)) if reason.contains("image index"))
        );
    }

    #[test]
    fn what_cannot_be_is_malformed() {
        let cases: &[(&str, Change)] = &[
            ("both", |d| d["manifests"] = serde_json::json!([])),
            ("schema", |d| d["schemaVersion"] = 1.into()),
            ("sha512", |d| {
                d["layers"][0]["digest"] = format!("sha512:{HEX}{HEX}").into();
            }),
            ("path", |d| d["config"]["digest"] = "sha256:../../x".into()),
            ("negative", |d| d["layers"][0]["size"] = (-1).into()),
            ("no config", |d| d["config"] = serde_json::Value::Null),
        ];
        for (name, change) in cases {
            let mut document = good();
            change(&mut document);
            assert!(
                matches!(read(&document, None), Err(Defect::Malformed(_))),
                "{name}"
            );
        }
        let mut document = good();
        document["layers"][0]["size"] = 101.into();
        assert_eq!(read(&document, None), Err(Defect::LayerTooLarge(100)));
    }
}
