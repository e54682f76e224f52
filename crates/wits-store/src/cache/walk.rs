//! What stands in the directory of a cache, thing by thing.
//!
//! Everything that looks at the whole cache looks through this: so there is one list of what belongs there,
//! and what is not on it is nobody's to delete. No symlink is followed but `DIR` itself.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wits_fs::FsError;
use wits_model::Digest;

use super::{BLOBS, DAMAGED, HOSTS, LOCKS, TAG_FILE, VERSION};

/// One thing in the directory of a cache.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Of a file its length, of a directory that is one thing that of all files in it.
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `CACHEDIR.TAG`, as wits writes it.
    Tag,
    /// A file with the name of a blob, in the directory where it is looked for.
    Blob(Digest),
    /// What was set aside.
    Damaged,
    /// The lock of a project.
    Lock,
    /// What is known of a host.
    Host,
    /// A file that is being written, or was when its process was killed.
    Temporary,
    /// A whole layout of an older wits.
    OldLayout,
    /// Something else where a directory or a blob of wits would stand. What it is, as a noun.
    InTheWay(&'static str),
    /// Something that wits did not make: nothing of wits has this name.
    Foreign,
}

/// What is done with each thing.
type Visit<'a> = dyn FnMut(Thing) -> Result<(), FsError> + 'a;

/// Visits everything but the blobs, in no order, and returns the directories that blobs are in.
pub(super) fn all_but_blobs(dir: &Path, visit: &mut Visit<'_>) -> Result<Vec<PathBuf>, FsError> {
    let mut homes = Vec::new();
    for entry in list(dir)? {
        let name = name_of(&entry);
        if name == TAG_FILE && entry.1.is_file() && has_own_tag(dir)? {
            visit(thing(entry, Kind::Tag)?)?;
        } else if name == VERSION {
            if let Some(layout) = directory(entry, visit)? {
                homes = in_layout(&layout, visit)?;
            }
        } else if is_older(&name) && entry.1.is_dir() {
            visit(thing(entry, Kind::OldLayout)?)?;
        } else {
            visit(other(entry)?)?;
        }
    }
    Ok(homes)
}

fn in_layout(layout: &Path, visit: &mut Visit<'_>) -> Result<Vec<PathBuf>, FsError> {
    let mut homes = Vec::new();
    for entry in list(layout)? {
        let name = name_of(&entry);
        if name == BLOBS[1] {
            if let Some(blobs) = directory(entry, visit)? {
                homes = in_blobs(&blobs, visit)?;
            }
        } else if name == DAMAGED[1] {
            if let Some(damaged) = directory(entry, visit)? {
                for entry in list(&damaged)? {
                    visit(thing(entry, Kind::Damaged)?)?;
                }
            }
        } else if name == LOCKS[1] {
            if let Some(locks) = directory(entry, visit)? {
                let is_lock = |name: &str| name.strip_suffix(".lock").is_some_and(is_hex);
                files(&locks, is_lock, Kind::Lock, visit)?;
            }
        } else if name == HOSTS[1] {
            if let Some(hosts) = directory(entry, visit)? {
                files(&hosts, is_hex, Kind::Host, visit)?;
            }
        } else {
            visit(other(entry)?)?;
        }
    }
    Ok(homes)
}

/// Visits a directory of files of one kind, told by their names.
fn files(
    dir: &Path,
    is_one: impl Fn(&str) -> bool,
    kind: Kind,
    visit: &mut Visit<'_>,
) -> Result<(), FsError> {
    for entry in list(dir)? {
        if entry.1.is_file() && is_one(&name_of(&entry)) {
            visit(thing(entry, kind)?)?;
        } else {
            visit(other(entry)?)?;
        }
    }
    Ok(())
}

fn in_blobs(blobs: &Path, visit: &mut Visit<'_>) -> Result<Vec<PathBuf>, FsError> {
    let mut homes = Vec::new();
    for entry in list(blobs)? {
        if name_of(&entry) != BLOBS[2] {
            visit(other(entry)?)?;
            continue;
        }
        let Some(algorithm) = directory(entry, visit)? else {
            continue;
        };
        for entry in list(&algorithm)? {
            let name = name_of(&entry);
            if name.len() == 2 && name.bytes().all(is_lower_hex) {
                homes.extend(directory(entry, visit)?);
            } else {
                visit(other(entry)?)?;
            }
        }
    }
    homes.sort();
    Ok(homes)
}

/// Visits what is in one of the directories that blobs are in.
pub(super) fn blobs(home: &Path, visit: &mut Visit<'_>) -> Result<(), FsError> {
    let prefix = home.file_name().unwrap_or_default().to_string_lossy();
    for entry in list(home)? {
        let name = name_of(&entry);
        let digest = if name.starts_with(&*prefix) {
            format!("sha256:{name}").parse().ok()
        } else {
            None
        };
        let kind = match digest {
            Some(digest) if entry.1.is_file() => Kind::Blob(digest),
            Some(_) => Kind::InTheWay(what(&entry.1)),
            None => {
                visit(other(entry)?)?;
                continue;
            }
        };
        visit(thing(entry, kind)?)?;
    }
    Ok(())
}

/// Whether the directory has a tag that wits wrote.
pub(super) fn has_own_tag(dir: &Path) -> Result<bool, FsError> {
    let path = dir.join(TAG_FILE);
    match path.symlink_metadata() {
        // A tag is short. Whatever else it says, its first lines are these.
        Ok(found) if found.is_file() && found.len() < 4096 => {
            let tag = wits_fs::read_if_exists(&path)?.unwrap_or_default();
            let own: String = super::TAG.split_inclusive('\n').take(2).collect();
            Ok(tag.starts_with(own.as_bytes()))
        }
        _ => Ok(false),
    }
}

/// The directory, or else what stands in its way is visited.
fn directory(
    entry: (PathBuf, Metadata),
    visit: &mut Visit<'_>,
) -> Result<Option<PathBuf>, FsError> {
    if entry.1.is_dir() {
        return Ok(Some(entry.0));
    }
    let kind = Kind::InTheWay(what(&entry.1));
    visit(thing(entry, kind)?)?;
    Ok(None)
}

/// A thing that has no place of its own.
fn other(entry: (PathBuf, Metadata)) -> Result<Thing, FsError> {
    let name = name_of(&entry);
    let is_temporary = wits_fs::is_temporary(Path::new(&name)) && entry.1.is_file();
    let kind = if is_temporary {
        Kind::Temporary
    } else {
        Kind::Foreign
    };
    thing(entry, kind)
}

fn thing((path, found): (PathBuf, Metadata), kind: Kind) -> Result<Thing, FsError> {
    // What is foreign is not looked into: it may be anybody's, and any number of files.
    let bytes = if !found.is_dir() {
        found.len()
    } else if kind == Kind::Foreign {
        0
    } else {
        size_of(&path)?
    };
    Ok(Thing {
        path,
        kind,
        bytes,
        modified: found.modified().unwrap_or(SystemTime::UNIX_EPOCH),
    })
}

/// The bytes of all files below a directory.
fn size_of(dir: &Path) -> Result<u64, FsError> {
    let mut bytes = 0;
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for (path, found) in list(&dir)? {
            if found.is_dir() {
                dirs.push(path);
            } else {
                bytes += found.len();
            }
        }
    }
    Ok(bytes)
}

/// What is in a directory; nothing if it is missing. What goes while it is listed is passed over.
fn list(dir: &Path) -> Result<Vec<(PathBuf, Metadata)>, FsError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FsError::io("list", dir))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(FsError::io("list", dir))?.path();
        match path.symlink_metadata() {
            Ok(metadata) => found.push((path, metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FsError::io("read", path)(error)),
        }
    }
    Ok(found)
}

fn name_of((path, _): &(PathBuf, Metadata)) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Whether a name is that of a layout before this one.
fn is_older(name: &str) -> bool {
    let number = |name: &str| name.strip_prefix('v')?.parse::<u32>().ok();
    match (number(name), number(VERSION)) {
        (Some(layout), Some(this)) => layout < this && name == format!("v{layout}"),
        _ => false,
    }
}

fn is_hex(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(is_lower_hex)
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// What something is that is not what it should be.
pub(super) fn what(found: &Metadata) -> &'static str {
    if found.is_symlink() {
        "a symbolic link"
    } else if found.is_dir() {
        "a directory"
    } else if found.is_file() {
        "a file"
    } else {
        "a device, a pipe or a socket"
    }
}
