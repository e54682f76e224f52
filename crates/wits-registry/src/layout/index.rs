//! `index.json`: what a layout holds.
//!
//! It is kept as the JSON it is, so that what others wrote there and wits does not know stays.

use std::collections::BTreeMap;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use wits_model::Digest;

use super::files::Files;
use crate::RegistryError;
use crate::artifact::{INDEX, MANIFEST, annotation};
use crate::told::printable;

/// An `index.json` whose `manifests` is a list.
pub(super) struct Index {
    /// Everything but `manifests`: the text of each value, since a number that is read and written may be
    /// another one.
    fields: BTreeMap<String, Box<RawValue>>,
    manifests: Vec<Entry>,
}

/// An element of `manifests`.
struct Entry {
    text: Box<RawValue>,
    tag: Option<String>,
}

impl From<Box<RawValue>> for Entry {
    fn from(text: Box<RawValue>) -> Self {
        let value: serde_json::Value = serde_json::from_str(text.get()).unwrap_or_default();
        let tag = value
            .get("annotations")
            .and_then(|it| it.get(annotation::REF_NAME));
        let tag = tag.and_then(|tag| tag.as_str()).map(str::to_owned);
        Self { text, tag }
    }
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
        let empty = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
        // The text is a constant, and an index.
        Self::parse(empty.to_string().as_bytes()).unwrap_or(Self {
            fields: BTreeMap::new(),
            manifests: Vec::new(),
        })
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
        let index = Self::parse(&bytes);
        index.map(Some).map_err(|reason| malformed(files, reason))
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut fields: BTreeMap<String, Box<RawValue>> =
            serde_json::from_slice(bytes).map_err(|error| printable(&error.to_string()))?;
        if fields.get("schemaVersion").map(|text| text.get()) != Some("2") {
            return Err("its `schemaVersion` is not 2".to_owned());
        }
        let manifests = fields.remove("manifests");
        let manifests: Option<Vec<Box<RawValue>>> =
            manifests.and_then(|text| serde_json::from_str(text.get()).ok());
        let manifests = manifests.ok_or_else(|| "its `manifests` is not a list".to_owned())?;
        Ok(Self {
            fields,
            manifests: manifests.into_iter().map(Entry::from).collect(),
        })
    }

    /// All tags, whatever they name.
    pub(super) fn tags(&self) -> impl Iterator<Item = &str> {
        self.manifests
            .iter()
            .filter_map(|entry| entry.tag.as_deref())
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
            .filter(|entry| entry.tag.as_deref() == Some(wanted));
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
        let raw: RawDescriptor = serde_json::from_str(entry.text.get())
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
        let descriptor = json!({
            "mediaType": MANIFEST,
            "digest": digest,
            "size": size,
            "annotations": { annotation::REF_NAME: tag },
        });
        // A value of JSON always has a text.
        self.manifests
            .extend(to_raw_value(&descriptor).map(Entry::from));
    }

    /// Writes the index as it is now.
    pub(super) fn write(&self, files: &Files<'_>) -> Result<(), RegistryError> {
        Ok(wits_fs::write_atomic(
            files.root.join("index.json"),
            self.text(),
        )?)
    }

    fn text(&self) -> String {
        let manifests: Vec<&str> = self.manifests.iter().map(|it| it.text.get()).collect();
        let manifests = format!("\"manifests\":[{}]", manifests.join(","));
        let fields = self.fields.iter();
        let fields = fields.map(|(key, value)| format!("{}:{value}", json!(key)));
        let fields: Vec<String> = fields.chain([manifests]).collect();
        format!("{{{}}}", fields.join(","))
    }
}

fn malformed(files: &Files<'_>, reason: String) -> RegistryError {
    RegistryError::Malformed {
        at: files.at.into(),
        what: "`index.json`".to_owned(),
        reason,
    }
}

/// `index.json`, as another tool may have left it. What is written is read as the same, and one tag more
/// is found again.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    use std::path::Path;
    use wits_model::PackageSource;

    let at: PackageSource = "layout:/p".parse().expect("a source");
    let files = Files::new(&at, Path::new("/p"), 1 << 20);
    let say = |error: RegistryError| crate::told::is_printable(&error.to_string());
    let mut index = match Index::parse(data) {
        Ok(index) => index,
        Err(reason) => return crate::told::is_printable(&reason),
    };
    for tag in index.tags() {
        // What is looked for is the tag of a version.
        if crate::tag::version(tag).is_none() {
            continue;
        }
        match index.find(&files, tag) {
            Ok(found) => assert!(found.is_some_and(|it| it.size <= files.max_document())),
            Err(error) => say(error),
        }
    }
    let new = "0.0.1-new";
    let is_new = index.tags().all(|tag| tag != new);
    let before = index.manifests.len();
    index.add(new, Digest::of(data), 1);
    let again = Index::parse(index.text().as_bytes()).expect("what was written is an index");
    assert_eq!(again.text(), index.text());
    assert_eq!(again.manifests.len(), before + 1);
    if is_new {
        let found = again
            .find(&files, new)
            .map(|found| found.map(|it| it.digest));
        assert_eq!(found.expect("a tag"), Some(Digest::of(data)));
    }
}
