//! Whether `wit/deps` is as wits left it: the question of every run, so it must be quick.
//!
//! Each file is read once and hashed: a time of change or a size can be right when the content is
//! not. Nothing is written, no lock is taken. A run that replaces entries at the same time makes the
//! answer "no" at worst, and the caller then waits for the project's lock and asks again.

use std::fs;
use std::io;
use std::path::Path;

use wits_fs::{FsError, Replacement, at_once};
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
    let differing = at_once(&entries, threads(entries.len()), |(name, entry)| {
        let differs = text(dir, name)? != Some(entry.text);
        Ok::<_, FsError>(differs.then(|| (*name).clone()))
    })?;
    let differing: Vec<_> = differing.into_iter().flatten().collect();
    Ok(if differing.is_empty() {
        Currency::Current
    } else {
        Currency::Differs(differing)
    })
}

/// What `take` makes of the name and the content of each entry of the stamp, in its order, if all stand there exactly
/// as they were written: [`check`] for who goes on with the content. These are the very bytes that were hashed. Several
/// are taken at a time.
///
/// # Errors
/// Of `take`, or if an entry cannot be read.
pub fn read<T: Send, E: Send + From<StoreError>>(
    dir: &Path,
    stamp: &Stamp,
    take: impl Fn(&str, Vec<u8>) -> Result<T, E> + Sync,
) -> Result<Option<Vec<T>>, E> {
    if Replacement::was_interrupted(aside(dir)) {
        return Ok(None);
    }
    let entries: Vec<_> = stamp.entries.iter().collect();
    let threads = match entries.len() {
        few @ 0..8 => few.min(2),
        _ => available(),
    };
    let taken = at_once(&entries, threads, |(name, entry)| {
        match content(dir, name).map_err(|error| Taken::Failed(StoreError::from(error).into()))? {
            Some(bytes) if Digest::of(&bytes) == entry.text => {
                take(name, bytes).map_err(Taken::Failed)
            }
            _ => Err(Taken::Differs),
        }
    });
    match taken {
        Ok(taken) => Ok(Some(taken)),
        Err(Taken::Differs) => Ok(None),
        Err(Taken::Failed(error)) => Err(error),
    }
}

/// Why an entry was not taken.
enum Taken<E> {
    Differs,
    Failed(E),
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

/// On how many threads so many entries are read and hashed: starting one takes as long as reading a few.
fn threads(entries: usize) -> usize {
    if entries < 32 { 1 } else { available() }
}

/// Reading is mostly waiting for the system, hashing is not: a few threads are enough. To find out how many there may
/// be takes some twenty calls of the system.
fn available() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4))
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
