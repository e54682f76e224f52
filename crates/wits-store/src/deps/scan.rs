//! What stands in `wit/deps`, and whose it is as far as names tell.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wits_fs::FsError;

use super::{PACKAGE_WIT, STAMP, Stamp};
use crate::StoreError;

/// One entry of `wit/deps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name. Bytes that are no text are replaced: show it, and open `path`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it is; of a symlink, what it leads to.
    pub kind: EntryKind,
    /// Whether it is a symlink.
    pub symlink: bool,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory, and the names in it, sorted. Those that are not plain files (directories,
    /// symlinks, pipes) end with `/`.
    Directory(Vec<String>),
    /// A file `*.wit`.
    WitFile,
    /// A file `*.wasm`.
    WasmFile,
    /// Anything else, symlinks that lead nowhere included. WIT tools ignore it.
    Other,
}

/// Every entry but the stamp, sorted by name; none if the directory is missing.
pub fn scan(dir: &Path) -> Result<Vec<Entry>, StoreError> {
    scan_where(dir, |_| true)
}

/// The entries of the names that are `wanted`, the stamp aside. Nothing else is looked at: it takes no more than one
/// list of names where none is.
pub fn scan_where(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, StoreError> {
    let found = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(FsError::io("read", dir))?,
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry.map_err(FsError::io("read", dir))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == STAMP || !wanted(&name) {
            continue;
        }
        let kind = entry.file_type().map_err(FsError::io("read", &path))?;
        entries.push(Entry {
            kind: kind_of(&path, &name)?,
            symlink: kind.is_symlink(),
            name,
            path,
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn kind_of(path: &Path, name: &str) -> Result<EntryKind, FsError> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(EntryKind::Other);
    };
    let extension = Path::new(name).extension().unwrap_or_default();
    Ok(if found.is_dir() {
        EntryKind::Directory(list(path).map_err(FsError::io("read", path))?)
    } else if found.is_file() && extension == "wit" {
        EntryKind::WitFile
    } else if found.is_file() && extension == "wasm" {
        EntryKind::WasmFile
    } else {
        EntryKind::Other
    })
}

fn list(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let mut name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// Whose an entry is, as far as names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Wits': the stamp lists it.
    Listed,
    /// Wits' or the user's: no link, a directory with `package.wit` and nothing else. It is a tree
    /// that wkg wrote if that text is of the very package that the name says, and `wits.lock` or
    /// `wkg.lock` stands in the project. The caller looks, and adopts it or not
    /// (`Wanted::adopted`).
    Layout,
    /// The user's.
    User,
}

/// Whose `entry` is.
pub fn owner(entry: &Entry, stamp: Option<&Stamp>) -> Owner {
    if stamp.is_some_and(|stamp| stamp.entries.contains_key(&entry.name)) {
        return Owner::Listed;
    }
    match &entry.kind {
        EntryKind::Directory(files) if !entry.symlink && *files == [PACKAGE_WIT] => Owner::Layout,
        _ => Owner::User,
    }
}
