//! `damaged/`: what was not what its name said, kept for whoever wants to know what happened to it.
//!
//! A disk that fails, or a program that writes into the cache, can damage entries without end. So the directory
//! keeps the last of them only: at most [`MOST`] with at most [`MOST_BYTES`] together, but always the last one,
//! since the user has just been told where it is. `wits cache prune` removes them all.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wits_fs::FsError;

const MOST: usize = 32;
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Moves `path` into `directory`, which is on the same file system; where it is now.
pub(super) fn set_aside(directory: &Path, path: &Path) -> Result<PathBuf, FsError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 1_u32;
    let target = loop {
        let target = directory.join(format!("{name}.{number}"));
        if target.symlink_metadata().is_err() {
            break target;
        }
        number += 1;
    };
    wits_fs::rename(path, &target)?;
    drop_oldest(directory, &target);
    Ok(target)
}

/// Removes what is too much. What cannot be removed stays, and the next time tries again.
fn drop_oldest(directory: &Path, last: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut kept: Vec<(SystemTime, PathBuf, u64)> = entries
        .filter(|entry| entry.path() != last)
        .filter_map(|entry| {
            let found = entry.path().symlink_metadata().ok()?;
            let bytes = if found.is_dir() { 0 } else { found.len() };
            Some((moved_at(&found), entry.path(), bytes))
        })
        .collect();
    kept.sort();
    let newest = last.symlink_metadata().map_or(0, |found| found.len());
    let mut bytes = newest + kept.iter().map(|(_, _, bytes)| bytes).sum::<u64>();
    let mut count = kept.len() + 1;
    for (_, path, size) in kept {
        if count <= MOST && bytes <= MOST_BYTES {
            return;
        }
        let removed = if path.is_dir() && !path.is_symlink() {
            wits_fs::remove_dir_all(&path)
        } else {
            wits_fs::remove_file(&path)
        };
        if removed.is_ok() {
            count -= 1;
            bytes -= size;
        }
    }
}

/// When an entry was moved here: a rename changes the time of the entry itself, where the system keeps one.
#[cfg(unix)]
fn moved_at(found: &fs::Metadata) -> SystemTime {
    use std::os::unix::fs::MetadataExt as _;
    use std::time::Duration;

    let seconds = u64::try_from(found.ctime()).unwrap_or_default();
    let nanoseconds = u32::try_from(found.ctime_nsec()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}

#[cfg(not(unix))]
fn moved_at(found: &fs::Metadata) -> SystemTime {
    found.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}
