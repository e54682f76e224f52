//! Looking through the cache: is every blob what its name says, and does everything there belong there?
//!
//! Blobs are hashed piece by piece, so that a big one needs no more memory than a small one, and a few at a time.
//! Nothing is written unless it is to be repaired; then what is not what its name says is set aside, as the next
//! read of it would have done.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use wits_fs::{FsError, at_once};
use wits_model::digest::DigestBuilder;
use wits_model::{Blob, Digest};

use super::walk::{self, Kind, Thing};
use super::{Cache, Stock};
use crate::StoreError;

/// How much of a blob is in memory at a time.
const PIECE: usize = 64 * 1024;

/// What [`Cache::audit`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// The blobs that were hashed.
    pub blobs: Stock,
    /// What is not what its name says, sorted by path.
    pub damaged: Vec<BadEntry>,
    /// What wits did not make, sorted. It is left alone.
    pub foreign: Vec<PathBuf>,
    /// What was set aside before.
    pub set_aside: Stock,
    /// Files that killed processes left, or that are being written at this moment.
    pub temporary: Stock,
    /// Layouts of older versions of wits.
    pub layouts: Stock,
}

/// Something in the cache that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    /// Where it stands.
    pub path: PathBuf,
    /// The digest that its name says; none for what should be a directory.
    pub expected: Option<Digest>,
    /// What it is.
    pub found: BadContent,
    /// Where it is now, if it was to be repaired and could be moved.
    pub set_aside: Option<PathBuf>,
}

/// What stands in the place of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadContent {
    /// Other bytes.
    Bytes {
        /// Their digest.
        digest: Digest,
        /// How many there are.
        size: u64,
    },
    /// Something that is no file, as a noun: `a symbolic link`.
    Other(&'static str),
    /// Something that cannot be read; why. It may be whole.
    Unreadable(String),
}

impl Cache {
    /// Hashes every blob, and names what does not belong in the cache. With `repair`, what is not what its name
    /// says is set aside.
    ///
    /// # Errors
    /// [`StoreError::CacheUnreadable`] if a directory cannot be listed; [`StoreError::NotACache`] if there can be
    /// no cache there.
    pub fn audit(&self, repair: bool) -> Result<Audit, StoreError> {
        self.check_is_directory()?;
        let mut audit = Audit::default();
        let homes = walk::all_but_blobs(self.dir(), &mut |thing| audit.take(thing));
        let homes = homes.map_err(StoreError::CacheUnreadable)?;
        let parts = in_parallel(&homes).map_err(StoreError::CacheUnreadable)?;
        for part in parts {
            audit.merge(part);
        }
        audit.damaged.sort_by(|a, b| a.path.cmp(&b.path));
        audit.foreign.sort();
        if repair {
            for bad in &mut audit.damaged {
                // What could not be read may be whole, and another process may have healed the rest.
                if !matches!(bad.found, BadContent::Unreadable(_)) && still_bad(bad) {
                    bad.set_aside = self.set_aside(&bad.path).ok();
                }
            }
        }
        Ok(audit)
    }

    /// What stands for a digest, hashed and not moved: nothing if it is as good as it should be, or missing.
    ///
    /// # Errors
    /// [`StoreError::CacheUnreadable`].
    pub fn examine(&self, digest: &Digest) -> Result<Examined, StoreError> {
        let place = match self.place(digest).map_err(StoreError::CacheUnreadable)? {
            super::Place::Missing => return Ok(Examined::Missing),
            super::Place::InTheWay(path) => {
                let found = path.symlink_metadata();
                let what = found.map_or("something else", |found| walk::what(&found));
                let is_blob = path.file_name().is_some_and(|name| *name == *digest.hex());
                return Ok(Examined::Bad(BadEntry {
                    path,
                    expected: is_blob.then_some(*digest),
                    found: BadContent::Other(what),
                    set_aside: None,
                }));
            }
            super::Place::File(path, _) => path,
        };
        let bytes = wits_fs::read_if_exists(&place).map_err(StoreError::CacheUnreadable)?;
        Ok(match bytes {
            None => Examined::Missing,
            Some(bytes) => match Blob::of(bytes) {
                blob if blob.digest() == *digest => Examined::Good(blob),
                blob => Examined::Bad(BadEntry {
                    path: place,
                    expected: Some(*digest),
                    found: BadContent::Bytes {
                        digest: blob.digest(),
                        size: blob.size(),
                    },
                    set_aside: None,
                }),
            },
        })
    }
}

/// The answer of [`Cache::examine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// The bytes, just hashed.
    Good(Blob),
    /// Nothing is there.
    Missing,
    /// Something else is there.
    Bad(BadEntry),
}

impl Audit {
    #[allow(clippy::unnecessary_wraps)] // the form of every visit
    fn take(&mut self, thing: Thing) -> Result<(), FsError> {
        match thing.kind {
            Kind::Blob(expected) => self.blob(thing, expected),
            Kind::InTheWay(what) => {
                let name = thing.path.file_name().unwrap_or_default().to_string_lossy();
                self.damaged.push(BadEntry {
                    expected: format!("sha256:{name}").parse().ok(),
                    path: thing.path,
                    found: BadContent::Other(what),
                    set_aside: None,
                });
            }
            Kind::Foreign => self.foreign.push(thing.path),
            Kind::Damaged => self.set_aside.add(thing.bytes),
            Kind::Temporary => self.temporary.add(thing.bytes),
            Kind::OldLayout => self.layouts.add(thing.bytes),
            Kind::Tag | Kind::Lock | Kind::Host => {}
        }
        Ok(())
    }

    fn blob(&mut self, thing: Thing, expected: Digest) {
        let found = match hash(&thing.path) {
            Ok((digest, size)) => {
                self.blobs.add(size);
                if digest == expected {
                    return;
                }
                BadContent::Bytes { digest, size }
            }
            // It was pruned a moment ago.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => BadContent::Unreadable(error.to_string()),
        };
        self.damaged.push(BadEntry {
            path: thing.path,
            expected: Some(expected),
            found,
            set_aside: None,
        });
    }

    fn merge(&mut self, other: Self) {
        self.blobs.count += other.blobs.count;
        self.blobs.bytes += other.blobs.bytes;
        self.temporary.count += other.temporary.count;
        self.temporary.bytes += other.temporary.bytes;
        self.damaged.extend(other.damaged);
        self.foreign.extend(other.foreign);
    }
}

/// Hashes a file without having it in memory.
fn hash(path: &Path) -> io::Result<(Digest, u64)> {
    let mut file = File::open(path)?;
    let mut hash = DigestBuilder::new();
    let mut piece = vec![0; PIECE];
    let mut size = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((hash.finish(), size));
        }
        hash.update(&piece[..read]);
        size += read as u64;
    }
}

fn still_bad(bad: &BadEntry) -> bool {
    match (&bad.found, &bad.expected) {
        (BadContent::Bytes { .. }, Some(expected)) => {
            hash(&bad.path).is_ok_and(|(digest, _)| digest != *expected)
        }
        _ => true,
    }
}

/// Hashing takes a processor, reading waits for a disk: a few directories at a time.
fn in_parallel(homes: &[PathBuf]) -> Result<Vec<Audit>, FsError> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    at_once(homes, threads, |home| {
        let mut audit = Audit::default();
        walk::blobs(home, &mut |thing| audit.take(thing))?;
        Ok(audit)
    })
}
