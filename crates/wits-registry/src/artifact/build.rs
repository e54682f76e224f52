//! Making manifest and config.

use std::collections::BTreeMap;

use serde::Serialize;
use wits_model::{Blob, Digest, Pin};

use super::{CONFIG, LAYER, MANIFEST, annotation};
use crate::Publication;

/// The documents around the Wasm bytes of one publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The config blob.
    pub config: Blob,
    /// The manifest.
    pub manifest: Blob,
    /// Digest and size of the Wasm bytes, and the manifest's digest.
    pub pin: Pin,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigDocument<'a> {
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [Digest; 1],
    component: Component<'a>,
}

#[derive(Serialize)]
struct Component<'a> {
    exports: Vec<&'a str>,
    imports: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestDocument<'a> {
    schema_version: u8,
    media_type: &'static str,
    config: DescriptorDocument<'a>,
    layers: [DescriptorDocument<'a>; 1],
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescriptorDocument<'a> {
    media_type: &'static str,
    digest: Digest,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

impl Artifact {
    /// The artifact of `publication`.
    pub fn new(publication: &Publication) -> Self {
        let layer = DescriptorDocument {
            media_type: LAYER,
            digest: publication.wasm.digest(),
            size: publication.wasm.size(),
            annotations: BTreeMap::from([(annotation::TITLE, publication.title.as_str())]),
        };
        let (digest, size) = (layer.digest, layer.size);
        let config = Blob::of(json(&ConfigDocument {
            created: rfc3339(publication.created),
            author: publication.metadata.authors.as_deref(),
            architecture: "wasm",
            os: "wasip2", // a component or a WIT package; a core module would be `wasip1`
            layer_digests: [digest],
            component: Component {
                exports: sorted(&publication.exports),
                imports: sorted(&publication.imports),
            },
        }));
        let version = publication.version.to_string();
        let manifest = Blob::of(json(&ManifestDocument {
            schema_version: 2,
            media_type: MANIFEST,
            config: DescriptorDocument {
                media_type: CONFIG,
                digest: config.digest(),
                size: config.size(),
                annotations: BTreeMap::new(),
            },
            layers: [layer],
            annotations: annotations(publication, &version),
        }));
        let pin = Pin {
            manifest: Some(manifest.digest()),
            digest,
            size,
        };
        Self {
            config,
            manifest,
            pin,
        }
    }
}

fn annotations<'a>(publication: &'a Publication, version: &'a str) -> BTreeMap<&'a str, &'a str> {
    let metadata = &publication.metadata;
    let told = [
        (annotation::DESCRIPTION, &metadata.description),
        (annotation::LICENSES, &metadata.license),
        (annotation::SOURCE, &metadata.repository),
        (annotation::URL, &metadata.homepage),
        (annotation::AUTHORS, &metadata.authors),
        (annotation::DOCUMENTATION, &metadata.documentation),
    ];
    std::iter::once((annotation::VERSION, version))
        .chain(
            told.into_iter()
                .filter_map(|(key, value)| Some((key, value.as_deref()?))),
        )
        .chain(
            publication
                .annotations
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        )
        .collect()
}

/// The annotations of the manifest of `publication`.
#[cfg(feature = "network")]
pub(crate) fn annotations_of(publication: &Publication) -> BTreeMap<String, String> {
    let version = publication.version.to_string();
    let annotations = annotations(publication, &version);
    annotations
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn sorted(names: &[String]) -> Vec<&str> {
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn json(document: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and maps keyed by strings: nothing that JSON cannot hold.
    serde_json::to_vec(document).expect("a document of strings and numbers is JSON")
}

/// The last second of the year 9999: RFC 3339 has no later one.
const LAST_SECOND: u64 = 253_402_300_799;

/// `seconds` since the epoch as RFC 3339 writes them, in UTC.
fn rfc3339(seconds: u64) -> String {
    let seconds = seconds.min(LAST_SECOND);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March put the leap day last, so that months have fixed starts; an era is the
    // 400 years after which the calendar repeats, and 719,468 days lie between 0000-03-01 and 1970.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match era * 400 + year {
        year if month < 10 => (year, month + 3),
        year => (year + 1, month - 9),
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication() -> Publication {
        Publication {
            version: "1.0.0+a".parse().unwrap(),
            wasm: Blob::of("wasm"),
            created: 0,
            metadata: wits_model::PackageMetadata {
                description: Some("says hello".to_owned()),
                license: Some("MIT".to_owned()),
                ..Default::default()
            },
            exports: vec![
                "demo:hello/b@1.0.0".to_owned(),
                "demo:hello/a@1.0.0".to_owned(),
            ],
            imports: vec![],
            annotations: BTreeMap::new(),
            title: "hello.wasm".to_owned(),
            files: Vec::new(),
        }
    }

    #[test]
    fn the_documents_are_these_bytes() {
        let artifact = Artifact::new(&publication());
        assert_eq!(
            String::from_utf8(artifact.config.to_vec()).unwrap(),
            format!(
                r#"{{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":["{}"],"component":{{"exports":["demo:hello/a@1.0.0","demo:hello/b@1.0.0"],"imports":[]}}}}"#,
                Digest::of("wasm")
            )
        );
        assert_eq!(
            String::from_utf8(artifact.manifest.to_vec()).unwrap(),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"{CONFIG}","digest":"{}","size":242}},"layers":[{{"mediaType":"{LAYER}","digest":"{}","size":4,"annotations":{{"org.opencontainers.image.title":"hello.wasm"}}}}],"annotations":{{"org.opencontainers.image.description":"says hello","org.opencontainers.image.licenses":"MIT","org.opencontainers.image.version":"1.0.0+a"}}}}"#,
                artifact.config.digest(),
                Digest::of("wasm")
            )
        );
    }

    #[test]
    fn the_order_of_exports_changes_nothing_and_an_annotation_does() {
        let first = Artifact::new(&publication());
        let mut other = publication();
        other.exports.reverse();
        assert_eq!(Artifact::new(&other), first);
        other.annotations.insert("x".to_owned(), "y".to_owned());
        let second = Artifact::new(&other);
        assert_ne!(second.manifest.digest(), first.manifest.digest());
        assert_eq!(second.config.digest(), first.config.digest());
    }

    #[cfg(feature = "network")]
    #[test]
    fn another_implementation_reads_them() {
        let artifact = Artifact::new(&publication());
        let read: oci_client::manifest::OciManifest =
            serde_json::from_slice(&artifact.manifest).unwrap();
        let oci_client::manifest::OciManifest::Image(read) = read else {
            panic!("{read}")
        };
        assert_eq!(read.config.digest, artifact.config.digest().to_string());
        assert_eq!(read.layers[0].digest, artifact.pin.digest.to_string());
        let version = oci_client::annotations::ORG_OPENCONTAINERS_IMAGE_VERSION;
        assert_eq!(read.annotations.unwrap()[version], "1.0.0+a");
    }

    #[test]
    fn times_are_written_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
