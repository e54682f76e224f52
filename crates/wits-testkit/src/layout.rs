//! A `layout:` registry seen from outside: one OCI image layout per package, at `ROOT/ns/name`.
//!
//! The format is the one of the OCI image specification ("Image Layout"): `oci-layout`,
//! `index.json`, whose descriptors carry the tag as `org.opencontainers.image.ref.name`, and
//! `blobs/sha256/…`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::artifact::{Artifact, Blob};

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A tree of image layouts on disk.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The tree at `root`, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of one package, `ns/name`.
    pub fn dir(&self, repository: &str) -> PathBuf {
        self.root.join(repository)
    }

    /// Writes an artifact and points the tag at it, whatever it pointed at before.
    #[track_caller]
    pub fn push(&self, repository: &str, tag: &str, artifact: &Artifact) -> &Self {
        let dir = self.dir(repository);
        fs::create_dir_all(dir.join("blobs/sha256")).expect("a layout");
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a layout");
        let manifest = artifact.manifest();
        for blob in artifact.blobs().chain([&manifest]) {
            fs::write(blob_path(&dir, &blob.digest()), &blob.bytes).expect("a blob");
        }
        let entry = descriptor(&manifest, tag);
        self.edit(repository, |entries| {
            entries.retain(|entry| tag_of(entry) != Some(tag));
            entries.push(entry);
        })
    }

    /// The tags of a package, sorted; none if there is no such package.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let mut tags: Vec<_> = self
            .index(repository)
            .iter()
            .filter_map(|entry| tag_of(entry).map(str::to_owned))
            .collect();
        tags.sort();
        tags
    }

    /// The digest of the manifest that a tag points at.
    pub fn manifest_digest(&self, repository: &str, tag: &str) -> Option<String> {
        let index = self.index(repository);
        let entry = index.iter().find(|entry| tag_of(entry) == Some(tag))?;
        Some(entry["digest"].as_str()?.to_owned())
    }

    /// The manifest that a tag points at.
    #[track_caller]
    pub fn manifest(&self, repository: &str, tag: &str) -> Value {
        let digest = self.manifest_digest(repository, tag).expect("a tag");
        let bytes = fs::read(blob_path(&self.dir(repository), &digest)).expect("a manifest");
        serde_json::from_slice(&bytes).expect("a manifest in JSON")
    }

    /// The path of the only layer of what a tag points at.
    #[track_caller]
    pub fn layer_path(&self, repository: &str, tag: &str) -> PathBuf {
        let manifest = self.manifest(repository, tag);
        let digest = manifest["layers"][0]["digest"].as_str().expect("a layer");
        blob_path(&self.dir(repository), digest)
    }

    /// Points `tag` at what `target` points at.
    #[track_caller]
    pub fn move_tag(&self, repository: &str, tag: &str, target: &str) -> &Self {
        self.edit(repository, |entries| {
            let mut entry = entries
                .iter()
                .find(|entry| tag_of(entry) == Some(target))
                .expect("the tag to point at")
                .clone();
            entry["annotations"][REF_NAME] = tag.into();
            entries.retain(|entry| tag_of(entry) != Some(tag));
            entries.push(entry);
        })
    }

    /// Takes the tag away and leaves what it pointed at.
    #[track_caller]
    pub fn delete_tag(&self, repository: &str, tag: &str) -> &Self {
        self.edit(repository, |entries| {
            entries.retain(|entry| tag_of(entry) != Some(tag));
        })
    }

    fn index(&self, repository: &str) -> Vec<Value> {
        let Ok(bytes) = fs::read(self.dir(repository).join("index.json")) else {
            return Vec::new();
        };
        let index: Value = serde_json::from_slice(&bytes).expect("an index in JSON");
        index["manifests"].as_array().cloned().unwrap_or_default()
    }

    fn edit(&self, repository: &str, change: impl FnOnce(&mut Vec<Value>)) -> &Self {
        let mut entries = self.index(repository);
        change(&mut entries);
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": entries,
        });
        fs::write(self.dir(repository).join("index.json"), index.to_string()).expect("an index");
        self
    }
}

fn tag_of(entry: &Value) -> Option<&str> {
    entry["annotations"][REF_NAME].as_str()
}

fn descriptor(manifest: &Blob, tag: &str) -> Value {
    json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest(),
        "size": manifest.bytes.len(),
        "annotations": { REF_NAME: tag },
    })
}

fn blob_path(dir: &Path, digest: &str) -> PathBuf {
    let hex = digest.strip_prefix("sha256:").expect("a sha256 digest");
    dir.join("blobs/sha256").join(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_move_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::at(dir.path());
        assert!(layout.tags("a/b").is_empty());
        layout.push("a/b", "1.0.0", &Artifact::wasm(*b"one"));
        layout.push("a/b", "2.0.0", &Artifact::wasm(*b"two"));
        assert_eq!(layout.tags("a/b"), ["1.0.0", "2.0.0"]);
        let second = layout.manifest_digest("a/b", "2.0.0");
        layout.move_tag("a/b", "1.0.0", "2.0.0");
        assert_eq!(layout.manifest_digest("a/b", "1.0.0"), second);
        assert_eq!(fs::read(layout.layer_path("a/b", "1.0.0")).unwrap(), b"two");
        layout.delete_tag("a/b", "2.0.0");
        assert_eq!(layout.tags("a/b"), ["1.0.0"]);
    }
}
