//! A directory with all that is in it, held in memory, to come back to any number of times.
//!
//! [`Tree`](crate::Tree) tells whether files were touched; this one is for tests that begin again and again
//! from one state, and compare what they find with several.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands under one path. Modes and times are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A directory.
    Directory,
    /// A file with these bytes.
    File(Vec<u8>),
    /// A symbolic link to this target.
    Link(PathBuf),
}

/// The state of a directory at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    root: PathBuf,
    entries: BTreeMap<PathBuf, Content>,
}

impl Snapshot {
    /// Reads a directory; one that does not exist is empty.
    #[track_caller]
    pub fn of(root: impl AsRef<Path>) -> Self {
        let mut snapshot = Self {
            root: root.as_ref().to_owned(),
            entries: BTreeMap::new(),
        };
        snapshot.collect(root.as_ref());
        snapshot
    }

    /// Makes the directory what it was.
    #[track_caller]
    pub fn restore(&self) {
        let now = Self::of(&self.root);
        // Backwards, so that what is in a directory goes before it.
        for (path, content) in now.entries.iter().rev() {
            if self.entries.get(path) == Some(content) {
                continue;
            }
            let path = self.root.join(path);
            let removed = match content {
                // It stays if something that is wanted is in it.
                Content::Directory => fs::remove_dir(&path).or(Ok(())),
                Content::File(_) | Content::Link(_) => fs::remove_file(&path),
            };
            removed.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        for (path, content) in &self.entries {
            if now.entries.get(path) == Some(content) {
                continue;
            }
            let path = self.root.join(path);
            let made = match content {
                Content::Directory => fs::create_dir_all(&path),
                Content::File(bytes) => fs::write(&path, bytes),
                Content::Link(target) => link(target, &path),
            };
            made.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
    }

    /// What stands under a path, relative to the directory.
    pub fn get(&self, path: impl AsRef<Path>) -> Option<&Content> {
        self.entries.get(path.as_ref())
    }

    /// Every path with what stands there, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Content)> {
        self.entries
            .iter()
            .map(|(path, content)| (path.as_path(), content))
    }

    /// What stands at `path` and below it, by the path from there.
    pub fn below(&self, path: impl AsRef<Path>) -> BTreeMap<&Path, &Content> {
        let path = path.as_ref();
        self.iter()
            .filter_map(|(found, content)| Some((found.strip_prefix(path).ok()?, content)))
            .collect()
    }

    /// The same without some paths, to be compared.
    #[must_use]
    pub fn without(mut self, is_left_out: impl Fn(&Path) -> bool) -> Self {
        self.entries.retain(|path, _| !is_left_out(path));
        self
    }

    /// The paths under which another state has something else, each with a word.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (path, content) in &self.entries {
            match now.entries.get(path) {
                None => differences.push(format!("{} is gone", path.display())),
                Some(other) if other != content => {
                    differences.push(format!("{} is something else", path.display()));
                }
                Some(_) => {}
            }
        }
        let new = now.entries.keys();
        let new = new.filter(|path| !self.entries.contains_key(*path));
        differences.extend(new.map(|path| format!("{} is new", path.display())));
        differences
    }

    fn collect(&mut self, dir: &Path) {
        let Ok(list) = fs::read_dir(dir) else { return };
        for item in list {
            let path = item.expect("a directory entry").path();
            // Of a process that is still writing, a file may go at any moment.
            let Ok(meta) = path.symlink_metadata() else {
                continue;
            };
            let content = if meta.is_symlink() {
                Content::Link(fs::read_link(&path).expect("a link"))
            } else if meta.is_dir() {
                self.collect(&path);
                Content::Directory
            } else {
                Content::File(fs::read(&path).unwrap_or_default())
            };
            let name = path
                .strip_prefix(&self.root)
                .expect("a path below the root");
            self.entries.insert(name.to_owned(), content);
        }
    }
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_is_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("a/b")).unwrap();
        fs::write(path("a/b/c"), "one").unwrap();
        fs::create_dir(path("empty")).unwrap();
        let before = Snapshot::of(dir.path());
        fs::write(path("a/b/c"), "two").unwrap();
        fs::write(path("a/new"), "new").unwrap();
        fs::remove_dir(path("empty")).unwrap();
        fs::write(path("empty"), "a file now").unwrap();
        assert_eq!(
            before.differences(&Snapshot::of(dir.path())),
            [
                "a/b/c is something else",
                "empty is something else",
                "a/new is new"
            ]
        );
        before.restore();
        assert_eq!(Snapshot::of(dir.path()), before);
    }
}
