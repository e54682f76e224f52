//! A `layout:` registry seen from outside: one OCI image layout per package, at `ROOT/ns/name`.
//!
//! The format is the one of the OCI image specification ("Image Layout"): `oci-layout`,
//! `index.json`, whose descriptors carry the tag as `org.opencontainers.image.ref.name`, and
//! `blobs/sha256/…`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::artifact::{Artifact, Blob, sha256};

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
        self.push_all(repository, [(tag, artifact)])
    }

    /// The same with many, in one go.
    #[track_caller]
    pub fn push_all<'a>(
        &self,
        repository: &str,
        artifacts: impl IntoIterator<Item = (&'a str, &'a Artifact)>,
    ) -> &Self {
        let dir = self.dir(repository);
        fs::create_dir_all(dir.join("blobs/sha256")).expect("a layout");
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a layout");
        let mut pushed = BTreeMap::new();
        for (tag, artifact) in artifacts {
            let manifest = artifact.manifest();
            for blob in artifact.blobs().chain([&manifest]) {
                fs::write(blob_path(&dir, &blob.digest()), &blob.bytes).expect("a blob");
            }
            pushed.insert(tag, descriptor(&manifest, tag));
        }
        self.edit(repository, |entries| {
            entries.retain(|entry| tag_of(entry).is_none_or(|tag| !pushed.contains_key(tag)));
            entries.extend(pushed.into_values());
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

    /// The packages, `ns/name`, sorted.
    pub fn repositories(&self) -> Vec<String> {
        let names = |dir: &Path| -> Vec<String> {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let dirs = entries.filter(|entry| entry.path().is_dir());
            dirs.filter_map(|entry| entry.file_name().into_string().ok())
                .collect()
        };
        let mut repositories = Vec::new();
        for namespace in names(&self.root) {
            for name in names(&self.root.join(&namespace)) {
                repositories.push(format!("{namespace}/{name}"));
            }
        }
        repositories.sort();
        repositories
    }

    /// Claims that every tag of a package names a manifest that is there with all that it names, each blob
    /// with the digest and the size that it is named with.
    #[track_caller]
    pub fn assert_whole(&self, repository: &str) -> &Self {
        let dir = self.dir(repository);
        for entry in self.index(repository) {
            let at = format!("{repository}: {entry}");
            assert!(tag_of(&entry).is_some(), "{at}: no tag");
            let manifest: Value =
                serde_json::from_slice(&blob(&dir, &entry)).expect("a manifest in JSON");
            blob(&dir, &manifest["config"]);
            for layer in manifest["layers"].as_array().expect("layers") {
                blob(&dir, layer);
            }
            let marker = fs::read_to_string(dir.join("oci-layout"));
            assert_eq!(
                marker.expect("`oci-layout`"),
                r#"{"imageLayoutVersion":"1.0.0"}"#
            );
        }
        self
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

/// The bytes that a descriptor names, which must be those.
#[track_caller]
fn blob(dir: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().expect("a digest");
    let path = blob_path(dir, digest);
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(sha256(&bytes), digest, "{}", path.display());
    assert_eq!(descriptor["size"], bytes.len(), "{}", path.display());
    bytes
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
