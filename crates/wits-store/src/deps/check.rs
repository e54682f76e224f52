//! Whether `wit/deps` is as wits left it: the question of every run, so it must be quick.
//!
//! Each file is read once and hashed: a time of change or a size can be right when the content is
//! not. Nothing is written, no lock is taken. A run that replaces entries at the same time makes the
//! answer "no" at worst, and the caller then waits for the project's lock and asks again.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use wits_fs::{FsError, Replacement};
use wits_model::Digest;

use super::{PACKAGE_WIT, Stamp, aside};
use crate::StoreError;

/// The answer of [`check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Currency {
    /// Every entry of the stamp stands there exactly as it was written.
    Current,
    /// A replacement was interrupted, or is under way at this moment.
    Interrupted,
    /// These entries of the stamp are missing, edited, links, or have company in their directory.
    Differs(Vec<String>),
}

impl Currency {
    /// Whether there is nothing to do.
    pub fn is_current(&self) -> bool {
        *self == Self::Current
    }
}

/// Compares what stands in `dir` with what the stamp says. The entries that the stamp does not list
/// are the user's and make no difference here.
pub fn check(dir: &Path, stamp: &Stamp) -> Result<Currency, StoreError> {
    if Replacement::was_interrupted(aside(dir)) {
        return Ok(Currency::Interrupted);
    }
    let entries: Vec<_> = stamp.entries.iter().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut differing = Vec::new();
        while let Some((name, entry)) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
            if text(dir, name)? != Some(entry.text) {
                differing.push((*name).clone());
            }
        }
        Ok::<_, FsError>(differing)
    };
    let mut differing = if entries.len() < 32 {
        work()?
    } else {
        in_parallel(work)?
    };
    differing.sort();
    Ok(if differing.is_empty() {
        Currency::Current
    } else {
        Currency::Differs(differing)
    })
}

/// What is in the entries of the stamp, in its order, if all stand there exactly as they were written:
/// [`check`] for who goes on with the content. These are the very bytes that were hashed.
pub fn read(dir: &Path, stamp: &Stamp) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
    if Replacement::was_interrupted(aside(dir)) {
        return Ok(None);
    }
    let mut contents = Vec::with_capacity(stamp.entries.len());
    for (name, entry) in &stamp.entries {
        match content(dir, name)? {
            Some(bytes) if Digest::of(&bytes) == entry.text => contents.push(bytes),
            _ => return Ok(None),
        }
    }
    Ok(Some(contents))
}

/// What stands in the place of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Empty,
    /// An entry of the form in which wits writes it.
    Entry {
        /// The digest of its text, or of its bytes.
        text: Digest,
        /// How many bytes that is.
        size: u64,
    },
    /// Something else; what, as a noun.
    Other(String),
}

/// What stands in `dir` under the name of an entry. No symlink is followed.
pub fn place(dir: &Path, name: &str) -> Result<Place, StoreError> {
    Ok(match content(dir, name)? {
        Some(bytes) => Place::Entry {
            text: Digest::of(&bytes),
            size: bytes.len() as u64,
        },
        None => other(&dir.join(name)),
    })
}

/// What is not of the form in which wits writes an entry.
fn other(path: &Path) -> Place {
    let Ok(found) = path.symlink_metadata() else {
        return Place::Empty;
    };
    let noun = if found.is_symlink() {
        "a symbolic link".to_owned()
    } else if found.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        match names.iter().find(|name| *name != PACKAGE_WIT) {
            Some(name) => format!("a directory that has `{name}` in it"),
            None if names.is_empty() => "an empty directory".to_owned(),
            None => format!("a directory whose {PACKAGE_WIT} is no plain file"),
        }
    } else {
        "something else than a directory".to_owned()
    };
    Place::Other(noun)
}

/// Reading is mostly waiting for the system, hashing is not: a few threads are enough.
fn in_parallel(
    work: impl Fn() -> Result<Vec<String>, FsError> + Sync,
) -> Result<Vec<String>, FsError> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(4));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            );
        }
        Ok(all)
    })
}

/// The digest of an entry's text, if the entry has exactly the form in which wits writes it.
pub(super) fn text(dir: &Path, name: &str) -> Result<Option<Digest>, FsError> {
    Ok(content(dir, name)?.map(Digest::of))
}

/// What is in an entry, if the entry has exactly the form in which wits writes it.
fn content(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, FsError> {
    let path = dir.join(name);
    let read = || {
        if !path.symlink_metadata()?.is_dir() {
            let is_wasm = Path::new(name).extension().is_some_and(|e| e == "wasm");
            return is_wasm.then(|| read_plain(&path)).transpose();
        }
        for file in fs::read_dir(&path)? {
            if file?.file_name() != PACKAGE_WIT {
                return Ok(None);
            }
        }
        read_plain(&path.join(PACKAGE_WIT)).map(Some)
    };
    match read() {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_another_form(&error) => Ok(None),
        Err(error) => Err(FsError::io("read", path)(error)),
    }
}

/// Reads a file that is no link and no pipe.
fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    if !path.symlink_metadata()?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    fs::read(path)
}

fn is_another_form(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}
