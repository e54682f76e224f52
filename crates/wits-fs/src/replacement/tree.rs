//! The content of an entry as one digest, by which a replacement tells old from new.
//!
//! Covered are names, file contents and the targets of symlinks, which are not followed; modes and
//! times are not. The digest lives in a journal for one run: its form may change with the journal's
//! version.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::file::sync_dir;
use crate::kill_points::{Ability, lacks};
use crate::{FsError, at_once};

/// Hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct TreeDigest(String);

type Hash = [u8; 32];

impl TreeDigest {
    fn from_hash(hash: Hash) -> Self {
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Self(
            digits
                .filter_map(|digit| char::from_digit(digit.into(), 16))
                .collect(),
        )
    }

    /// The digest of a file with this content.
    pub(super) fn of_file(bytes: &[u8]) -> Self {
        Self::from_hash(hash_file(bytes))
    }

    /// The digest of a directory with these files.
    pub(super) fn of_dir(files: &[(&str, &[u8])]) -> Self {
        let children = files
            .iter()
            .map(|(name, bytes)| (name.as_bytes().to_vec(), hash_file(bytes)));
        Self::from_hash(hash_dir(children.collect()))
    }

    /// The digest of what stands at `path`, if anything does.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, FsError> {
        let hash = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
            Ok(metadata) => hash(path, &metadata),
        };
        let hash = hash.map_err(FsError::io("read", path))?;
        Ok(Some(Self::from_hash(hash)))
    }
}

fn hash_file(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new_with_prefix(b"file\0");
    hasher.update(bytes);
    hasher.finalize().into()
}

fn hash_dir(mut children: Vec<(Vec<u8>, Hash)>) -> Hash {
    children.sort();
    let mut hasher = Sha256::new_with_prefix(b"directory\0");
    for (name, hash) in children {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(hash);
    }
    hasher.finalize().into()
}

fn hash(path: &Path, metadata: &Metadata) -> io::Result<Hash> {
    if metadata.is_dir() {
        let mut children = Vec::new();
        for child in fs::read_dir(path)? {
            let child = child?;
            let hash = hash(&child.path(), &child.metadata()?)?;
            children.push((child.file_name().into_encoded_bytes(), hash));
        }
        return Ok(hash_dir(children));
    }
    if metadata.is_file() {
        let mut hasher = Sha256::new_with_prefix(b"file\0");
        let mut file = File::open(path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finalize().into()),
                read => hasher.update(&buffer[..read]),
            }
        }
    }
    if metadata.is_symlink() {
        let mut hasher = Sha256::new_with_prefix(b"link\0");
        hasher.update(fs::read_link(path)?.as_os_str().as_encoded_bytes());
        return Ok(hasher.finalize().into());
    }
    // A pipe or a device: opening it could block for ever.
    Ok(Sha256::digest(b"special\0").into())
}

/// Whether all that is in `part` is in `whole` too, so that deleting `part` loses nothing.
pub(super) fn is_part_of(part: &Path, whole: &Path) -> Result<bool, FsError> {
    let (Ok(a), Ok(b)) = (part.symlink_metadata(), whole.symlink_metadata()) else {
        return Ok(false);
    };
    if !a.is_dir() || !b.is_dir() {
        return Ok(TreeDigest::of(part)? == TreeDigest::of(whole)?);
    }
    for child in fs::read_dir(part).map_err(FsError::io("read", part))? {
        let child = child.map_err(FsError::io("read", part))?;
        if !is_part_of(&child.path(), &whole.join(child.file_name()))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Copies a tree; symlinks as they are.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = from.symlink_metadata()?;
    if metadata.is_dir() {
        fs::create_dir(to)?;
        for child in fs::read_dir(from)? {
            let child = child?;
            copy(&child.path(), &to.join(child.file_name()))?;
        }
        return Ok(());
    }
    if metadata.is_symlink() {
        return copy_link(from, to);
    }
    fs::copy(from, to).map(|_| ())
}

#[cfg(unix)]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn copy_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Syncs a tree to the disk: the files, then the directories from the bottom up.
///
/// Several at a time, because a journalling file system then writes them down together: with a
/// thousand files this is the difference between a second and many.
pub(super) fn sync(root: &Path) -> Result<(), FsError> {
    if lacks(Ability::Sync) {
        return Ok(());
    }
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    list(root, &mut files, &mut dirs).map_err(FsError::io("read", root))?;
    #[cfg(not(windows))]
    let sync_file = |path: &Path| File::open(path)?.sync_all();
    // Opening for reading is not enough for Windows to flush.
    #[cfg(windows)]
    let sync_file = |path: &Path| File::options().write(true).open(path)?.sync_all();
    all(&files, &sync_file)?;
    dirs.reverse();
    all(&dirs, &sync_dir)
}

fn list(dir: &Path, files: &mut Vec<PathBuf>, dirs: &mut Vec<PathBuf>) -> io::Result<()> {
    dirs.push(dir.to_owned());
    for child in fs::read_dir(dir)? {
        let child = child?;
        let kind = child.file_type()?;
        if kind.is_dir() {
            list(&child.path(), files, dirs)?;
        } else if kind.is_file() {
            files.push(child.path());
        }
    }
    Ok(())
}

/// How many syncs are under way at one time.
const AT_ONCE: usize = 16;

fn all(paths: &[PathBuf], sync: &(impl Fn(&Path) -> io::Result<()> + Sync)) -> Result<(), FsError> {
    let threads = if paths.len() < 4 { 1 } else { AT_ONCE };
    at_once(paths, threads, |path| {
        sync(path).map_err(FsError::io("sync", path))
    })
    .map(|_: Vec<()>| ())
}
