//! The state of a directory at one moment, to claim afterwards that nothing in it changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Every file and directory below a directory, with contents and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: PathBuf,
    ignored: &'static str,
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Directory,
    File {
        bytes: Vec<u8>,
        modified: SystemTime,
    },
    Link(PathBuf),
}

impl Tree {
    /// Reads a directory; one that does not exist is an empty tree.
    #[track_caller]
    pub fn of(root: impl AsRef<Path>) -> Self {
        Self::except("", root)
    }

    /// Reads a directory but for the entries of this name, such as a lock that readers may touch.
    #[track_caller]
    pub fn except(ignored: &'static str, root: impl AsRef<Path>) -> Self {
        let mut tree = Self {
            root: root.as_ref().to_owned(),
            ignored,
            entries: BTreeMap::new(),
        };
        tree.collect(root.as_ref());
        tree
    }

    /// Claims that the directory is still what it was: the same entries, the same bytes, and no file
    /// written again (a file's time is what makes a build tool run again).
    #[track_caller]
    pub fn assert_untouched(&self) {
        self.compare(&Tree::except(self.ignored, &self.root), true);
    }

    /// Claims the same entries and the same bytes.
    #[track_caller]
    pub fn assert_same_bytes(&self) {
        self.compare(&Tree::except(self.ignored, &self.root), false);
    }

    /// The paths below the root, with `/` after directories, sorted.
    pub fn paths(&self) -> Vec<String> {
        self.entries
            .iter()
            .map(|(path, entry)| match entry {
                Entry::Directory => format!("{}/", path.display()),
                _ => path.display().to_string(),
            })
            .collect()
    }

    #[track_caller]
    fn compare(&self, now: &Tree, times: bool) {
        let mut differences = Vec::new();
        for (path, before) in &self.entries {
            let change = match (before, now.entries.get(path)) {
                (_, None) => "is gone",
                (
                    Entry::File {
                        bytes: old,
                        modified: then,
                    },
                    Some(Entry::File {
                        bytes: new,
                        modified: now,
                    }),
                ) => {
                    if old != new {
                        "has other contents"
                    } else if times && then != now {
                        "was written again"
                    } else {
                        continue;
                    }
                }
                (before, Some(after)) if before != after => "is something else",
                _ => continue,
            };
            differences.push(format!("{} {change}", path.display()));
        }
        for path in now
            .entries
            .keys()
            .filter(|path| !self.entries.contains_key(*path))
        {
            differences.push(format!("{} is new", path.display()));
        }
        assert!(
            differences.is_empty(),
            "{} changed:\n  {}",
            self.root.display(),
            differences.join("\n  ")
        );
    }

    fn collect(&mut self, dir: &Path) {
        let Ok(list) = fs::read_dir(dir) else { return };
        for item in list {
            let path = item.expect("a directory entry").path();
            if path.file_name().is_some_and(|name| name == self.ignored) {
                continue;
            }
            let meta = path.symlink_metadata().expect("an entry that stays");
            let entry = if meta.is_symlink() {
                Entry::Link(fs::read_link(&path).expect("a link"))
            } else if meta.is_dir() {
                self.collect(&path);
                Entry::Directory
            } else {
                Entry::File {
                    bytes: fs::read(&path).unwrap_or_default(),
                    modified: meta.modified().expect("a file's time"),
                }
            };
            let name = path
                .strip_prefix(&self.root)
                .expect("a path below the root");
            self.entries.insert(name.to_owned(), entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a.txt has other contents")]
    fn a_change_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.txt"), "one").unwrap();
        let tree = Tree::of(dir.path());
        tree.assert_untouched();
        fs::write(dir.path().join("a.txt"), "two").unwrap();
        tree.assert_untouched();
    }

    #[test]
    #[should_panic(expected = "new/b.txt is new")]
    fn an_addition_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::of(dir.path());
        fs::create_dir(dir.path().join("new")).unwrap();
        fs::write(dir.path().join("new/b.txt"), "one").unwrap();
        tree.assert_same_bytes();
    }
}
