//! Whole files: read, and written so that a reader finds the old content or the new, never a part.
//!
//! A write goes to a temporary file in the same directory (never another file system), is synced,
//! takes the target's place in one rename, and then the directory is synced. A kill leaves at most a
//! `.wits-*.tmp` beside the target, which the next write into that directory removes (module `temporary`).

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::kill_points::{Ability, kill_only, kill_point, kill_point_with, lacks};
use crate::{FsError, temporary};

/// Whether a file has the name of one that a write of this module had not completed: while it is written, or after
/// a kill.
pub fn is_temporary(path: impl AsRef<Path>) -> bool {
    let name = path.as_ref().file_name().unwrap_or_default();
    temporary::is_temporary(name.as_encoded_bytes())
}

/// Writes a file, replacing what is there. An existing file keeps its mode; a new one gets what the
/// process's umask gives. Where `path` is a symlink, the file it leads to is written.
pub fn write_atomic(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let path = path.as_ref();
    write_through(path, bytes.as_ref(), replace).map_err(FsError::io("write", path))
}

/// As [`write_atomic`], without waiting for the disk: every process finds the old content or the new, but a power
/// cut may leave a part, or nothing. For what is checked whenever it is read, and can be had again.
pub fn write_whole(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let path = path.as_ref();
    write_through(path, bytes.as_ref(), put).map_err(FsError::io("write", path))
}

/// As [`write_atomic`], for what is its owner's only: whatever mode the file had, nobody else may read it
/// (0600), not even while it is written.
pub fn write_private(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let path = path.as_ref();
    let write = || {
        let target = follow(path)?;
        // Such is the mode of a temporary file unless another is asked for.
        let builder = &mut tempfile::Builder::new();
        let temporary = temporary::filled(parent(&target), bytes.as_ref(), builder)?;
        replace(temporary, &target)
    };
    write().map_err(FsError::io("write", path))
}

fn write_through(
    path: &Path,
    bytes: &[u8],
    replace: impl FnOnce(NamedTempFile, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let target = follow(path)?;
    let mut temporary = fill_temporary(&target, bytes)?;
    kill_point_with(&mut temporary, "write: temporary file filled")?;
    if let Ok(existing) = fs::metadata(&target) {
        temporary
            .as_file()
            .set_permissions(existing.permissions())?;
    }
    replace(temporary, &target)
}

/// Puts a complete temporary file in its place, lastingly.
fn replace(temporary: NamedTempFile, target: &Path) -> io::Result<()> {
    sync_file(temporary.as_file())?;
    put(temporary, target)?;
    sync_dir(parent(target))
}

/// Puts a complete temporary file in its place.
fn put(mut temporary: NamedTempFile, target: &Path) -> io::Result<()> {
    kill_point_with(&mut temporary, "write: temporary file complete")?;
    temporary.persist(target).map_err(|error| error.error)?;
    kill_point("write: renamed")
}

/// Writes a file unless it has exactly this content already; whether it wrote. An unchanged file is
/// not touched, so nothing that watches its time of change rebuilds.
pub fn write_if_changed(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<bool, FsError> {
    let (path, bytes) = (path.as_ref(), bytes.as_ref());
    if read_if_exists(path)?.is_some_and(|existing| existing == bytes) {
        return Ok(false);
    }
    write_atomic(path, bytes)?;
    Ok(true)
}

/// Writes a file where there is none. Never replaces: if anything is there, even a dangling symlink,
/// the error is of kind [`Exists`](crate::FsErrorKind::Exists).
pub fn write_new(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), FsError> {
    let path = path.as_ref();
    let write = || {
        let mut temporary = fill_temporary(path, bytes.as_ref())?;
        sync_file(temporary.as_file())?;
        kill_point_with(&mut temporary, "write: temporary file complete")?;
        temporary
            .persist_noclobber(path)
            .map_err(|error| error.error)?;
        kill_point("write: renamed")?;
        sync_dir(parent(path))
    };
    write().map_err(FsError::io("write", path))
}

/// The longest file that is read, in bytes: the longest package, and the most WIT that can be parsed.
pub const LONGEST_FILE: u64 = 256 << 20;

/// Reads a file of at most [`LONGEST_FILE`] bytes.
///
/// Whatever is named like a file of a project may have come with a checkout, as a link to a device that has no
/// end, or to a pipe that nobody writes to: only files are read.
///
/// # Errors
/// If it is not there, is no regular file, or is longer.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, FsError> {
    let path = path.as_ref();
    whole(path).map_err(FsError::io("read", path))
}

fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    // Asked first: opening a pipe would wait for whoever writes to it.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return refuse("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    if let Ok(length) = usize::try_from(metadata.len().min(LONGEST_FILE)) {
        bytes.reserve_exact(length);
    }
    let read = File::open(path)?
        .take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > LONGEST_FILE {
        return refuse(format!("it is longer than {} MiB", LONGEST_FILE >> 20));
    }
    Ok(bytes)
}

/// Reads a file that may be missing, as [`read`] does.
pub fn read_if_exists(path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, FsError> {
    let path = path.as_ref();
    match whole(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FsError::io("read", path)(error)),
    }
}

/// Creates a directory and its parents, lastingly; one that exists is fine.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<(), FsError> {
    let path = path.as_ref();
    make_all(path).map_err(FsError::io("create the directory", path))
}

fn make_all(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    if !above.is_dir() {
        make_all(above)?;
    }
    match fs::create_dir(path) {
        // Another process was quicker.
        Err(_) if path.is_dir() => return Ok(()),
        made => made?,
    }
    kill_point("directory made")?;
    // A file in it that was synced is lost all the same if the directory is.
    sync_dir(above)
}

/// Creates one directory, which need not outlast a power cut; one that exists is fine. A symlink in its
/// place is followed.
pub fn create_dir(path: impl AsRef<Path>) -> Result<(), FsError> {
    let path = path.as_ref();
    let make = || match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| kill_point("directory made")),
    };
    make().map_err(FsError::io("create the directory", path))
}

/// Removes a directory with all in it; a missing one is fine. Of a symlink, the link is removed and
/// what it leads to is not looked at.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub fn remove_dir_all(path: impl AsRef<Path>) -> Result<(), FsError> {
    let path = path.as_ref();
    let removed = fs::remove_dir_all(path).map(|()| kill_only("directory removed"));
    removed
        .or_else(missing)
        .map_err(FsError::io("remove the directory", path))
}

/// Removes a file; a missing one is fine.
pub fn remove_file(path: impl AsRef<Path>) -> Result<(), FsError> {
    let path = path.as_ref();
    let removed = fs::remove_file(path).map(|()| kill_only("file removed"));
    removed
        .or_else(missing)
        .map_err(FsError::io("remove", path))
}

/// Removes a directory if nothing is in it; whether it did.
pub fn remove_dir_if_empty(path: impl AsRef<Path>) -> bool {
    let removed = fs::remove_dir(path).is_ok();
    if removed {
        kill_only("empty directory removed");
    }
    removed
}

/// Renames, and syncs the directories on both sides. As the system does it: a file in the place of
/// `to` is replaced.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), FsError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let rename = || {
        fs::rename(from, to)?;
        kill_point("rename: renamed")?;
        sync_dir(parent(to))?;
        sync_dir(parent(from))
    };
    rename().map_err(FsError::io("rename", from))
}

/// For `or_else`: nothing there is as good as nothing to do.
pub(crate) fn missing(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// The directory of a file, for a relative name too.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Where a chain of symlinks ends, whether or not there is a file. As many steps as Linux allows.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..40 {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                target = parent(&target).join(fs::read_link(&target)?);
            }
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn fill_temporary(target: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    temporary::filled(parent(target), bytes, &mut builder)
}

/// Makes the content of a file last through a power cut.
pub(crate) fn sync_file(file: &File) -> io::Result<()> {
    if lacks(Ability::Sync) {
        return Ok(());
    }
    file.sync_all()
}

/// Makes renames in a directory last through a power cut. Only unix has this; some file systems
/// cannot, and a directory that may not be read cannot be opened for it: neither is worth failing a
/// write that has happened.
#[cfg(unix)]
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if lacks(Ability::Sync) {
        return Ok(());
    }
    match File::open(dir).and_then(|dir| dir.sync_all()) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(not(unix))]
pub(crate) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}
