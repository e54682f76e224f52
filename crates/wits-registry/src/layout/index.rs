//! `index.json`: what a layout holds.
//!
//! It is kept as the JSON it is, so that what others wrote there and wits does not know stays.

use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use wits_model::Digest;

use super::files::Files;
use crate::RegistryError;
use crate::artifact::{INDEX, MANIFEST, annotation};
use crate::told::printable;

/// An `index.json` whose `manifests` is a list.
pub(super) struct Index {
    fields: Map<String, Value>,
    manifests: Vec<Value>,
}

/// A manifest that `index.json` names.
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    media_type: String,
    digest: String,
    size: u64,
}

impl Default for Index {
    fn default() -> Self {
        let fields = [("schemaVersion", json!(2)), ("mediaType", json!(INDEX))];
        Self {
            fields: fields
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect(),
            manifests: Vec::new(),
        }
    }
}

impl Index {
    /// The index of a layout; nothing if there is no layout or nothing in it.
    pub(super) fn read(files: &Files<'_>) -> Result<Option<Self>, RegistryError> {
        if !files.is_layout()? {
            return Ok(None);
        }
        let Some(bytes) = files.document("index.json")? else {
            return Ok(None);
        };
        let malformed = |reason: String| malformed(files, reason);
        let mut fields: Map<String, Value> = serde_json::from_slice(&bytes)
            .map_err(|error| malformed(printable(&error.to_string())))?;
        if fields.get("schemaVersion") != Some(&json!(2)) {
            return Err(malformed("its `schemaVersion` is not 2".to_owned()));
        }
        match fields.remove("manifests") {
            Some(Value::Array(manifests)) => Ok(Some(Self { fields, manifests })),
            _ => Err(malformed("its `manifests` is not a list".to_owned())),
        }
    }

    /// All tags, whatever they name.
    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        self.manifests.iter().filter_map(tag)
    }

    /// The one descriptor with that tag.
    pub(super) fn find(
        &self,
        files: &Files<'_>,
        wanted: &str,
    ) -> Result<Option<Descriptor>, RegistryError> {
        let mut found = self
            .manifests
            .iter()
            .filter(|entry| tag(entry) == Some(wanted));
        let Some(entry) = found.next() else {
            return Ok(None);
        };
        let bad =
            |reason: String| malformed(files, format!("in the entry of tag `{wanted}`: {reason}"));
        if found.next().is_some() {
            return Err(malformed(
                files,
                format!("it names tag `{wanted}` more than once"),
            ));
        }
        let raw = RawDescriptor::deserialize(entry)
            .map_err(|error| bad(printable(&error.to_string())))?;
        let digest = printable(&raw.digest)
            .parse()
            .map_err(|error: wits_model::digest::DigestError| bad(error.to_string()))?;
        if raw.size > files.max_document() {
            return Err(files.too_large(&format!("the manifest of `{wanted}`")));
        }
        Ok(Some(Descriptor {
            media_type: raw.media_type,
            digest,
            size: raw.size,
        }))
    }

    /// Adds a tagged manifest.
    pub(super) fn add(&mut self, tag: &str, digest: Digest, size: u64) {
        self.manifests.push(json!({
            "mediaType": MANIFEST,
            "digest": digest,
            "size": size,
            "annotations": { annotation::REF_NAME: tag },
        }));
    }

    /// Writes the index as it is now.
    pub(super) fn write(&self, files: &Files<'_>) -> Result<(), RegistryError> {
        let mut fields = self.fields.clone();
        fields.insert("manifests".to_owned(), Value::Array(self.manifests.clone()));
        let text = Value::Object(fields).to_string();
        Ok(wits_fs::write_atomic(files.root.join("index.json"), text)?)
    }
}

fn tag(entry: &Value) -> Option<&str> {
    entry
        .get("annotations")?
        .get(annotation::REF_NAME)?
        .as_str()
}

fn malformed(files: &Files<'_>, reason: String) -> RegistryError {
    RegistryError::Malformed {
        at: files.at.into(),
        what: "`index.json`".to_owned(),
        reason,
    }
}
