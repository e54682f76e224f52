//! The cache: bytes by digest, shared by all projects and processes of a user.
//!
//! ```text
//! DIR/                              `$XDG_CACHE_HOME/wits`, say; the caller decides
//!     CACHEDIR.TAG                  tells backup programs to leave it out
//!     v1/                           the version of this layout: another one gets another directory
//!         blobs/sha256/ab/ab12…     a blob, named by the 64 hex digits of its digest, in one of 256
//!                                   directories named by the first two
//!         damaged/ab12….1           a blob that was not what its name said, kept for a look
//!         locks/cd34….lock          the lock of one project (see `ProjectLock`)
//! ```
//!
//! A blob is written whole (see [`wits_fs::write_atomic`]) and never changed. Many processes may write
//! the same one at once: they write the same bytes, and the last rename wins. What is read is hashed,
//! every time: a disk, a full disk, or another program may have changed it. An entry that is not what
//! its name says is as good as none. It is moved to `damaged/`, so that it is fetched again once and
//! not every time, and the caller tells the user.
//!
//! Nothing in the cache is read or written through a symlink, except `DIR` itself, which a user may
//! well have put elsewhere.

use std::io;
use std::path::{Path, PathBuf};

use wits_fs::{FsError, FsErrorKind};
use wits_model::Digest;

use crate::StoreError;

const VERSION: &str = "v1";
const BLOBS: [&str; 3] = [VERSION, "blobs", "sha256"];
const DAMAGED: [&str; 2] = [VERSION, "damaged"];
const LOCKS: [&str; 2] = [VERSION, "locks"];

/// The text that <https://bford.info/cachedir/> asks for.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This directory is a cache of wits; it can be deleted at any time.\n\
    # https://bford.info/cachedir/\n";

/// The cache in one directory.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
}

/// What the cache has for a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The bytes, just hashed.
    Hit(Vec<u8>),
    /// Nothing.
    Miss,
    /// Something else than these bytes: as good as nothing, but the user should hear of it.
    Damaged {
        /// Where it stood.
        path: PathBuf,
        /// Where it is now, if it could be moved.
        set_aside: Option<PathBuf>,
    },
}

impl Cache {
    /// The cache in `dir`, which need not exist. Does no I/O.
    pub fn open(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The bytes that have this digest, if the cache has them.
    ///
    /// # Errors
    /// [`StoreError::CacheUnreadable`], with which a caller can go on as with a miss.
    pub fn get(&self, digest: &Digest) -> Result<Lookup, StoreError> {
        self.look(digest).map_err(StoreError::CacheUnreadable)
    }

    fn look(&self, digest: &Digest) -> Result<Lookup, FsError> {
        let hex = digest.hex();
        let mut path = self.dir.clone();
        for directory in BLOBS.into_iter().chain([&hex[..2]]) {
            path.push(directory);
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Ok(self.damaged(path)),
                Err(error) if is_missing(&error) => return Ok(Lookup::Miss),
                Err(error) => return Err(FsError::io("read", path)(error)),
            }
        }
        path.push(&hex);
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Ok(self.damaged(path)),
            Err(error) if is_missing(&error) => return Ok(Lookup::Miss),
            Err(error) => return Err(FsError::io("read", path)(error)),
        }
        Ok(match wits_fs::read_if_exists(&path)? {
            Some(bytes) if Digest::of(&bytes) == *digest => Lookup::Hit(bytes),
            Some(_) => self.damaged(path),
            None => Lookup::Miss,
        })
    }

    /// Keeps `bytes` under their digest.
    ///
    /// # Errors
    /// [`StoreError::WrongDigest`] if they have another one; [`StoreError::CacheUnwritable`] if they
    /// cannot be kept, with which a caller can go on: the bytes are good.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let actual = Digest::of(bytes);
        if actual != *digest {
            return Err(StoreError::WrongDigest {
                expected: *digest,
                actual,
            });
        }
        self.keep(digest, bytes)
            .map_err(StoreError::CacheUnwritable)
    }

    fn keep(&self, digest: &Digest, bytes: &[u8]) -> Result<(), FsError> {
        let hex = digest.hex();
        let directory = self.make(BLOBS.into_iter().chain([&hex[..2]]))?;
        let path = directory.join(&hex);
        match path.symlink_metadata() {
            Ok(found)
                if found.is_file()
                    && found.len() == bytes.len() as u64
                    && wits_fs::read(&path).is_ok_and(|found| found == bytes) =>
            {
                return Ok(());
            }
            // `write_atomic` replaces a file, but a link is one to be written through.
            Ok(found) if !found.is_file() => {
                self.set_aside(&path)?;
            }
            _ => {}
        }
        wits_fs::write_atomic(&path, bytes)
    }

    /// The lock file for `name`.
    pub(crate) fn lock_file(&self, name: &Digest) -> Result<PathBuf, FsError> {
        let directory = self.make(LOCKS)?;
        Ok(directory.join(format!("{}.lock", name.hex())))
    }

    /// Makes a directory in the cache, and the cache, as far as they are missing.
    fn make<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<PathBuf, FsError> {
        let mut path = self.dir.clone();
        if !path.is_dir() {
            wits_fs::create_dir_all(&path)?;
        }
        for name in names {
            path.push(name);
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() => continue,
                Ok(_) => {
                    let refused = io::Error::other("something else stands there, or a link");
                    return Err(FsError::io("create the directory", path)(refused));
                }
                Err(_) => {}
            }
            if name == VERSION {
                match wits_fs::write_new(self.dir.join("CACHEDIR.TAG"), TAG) {
                    Err(error) if error.kind() != FsErrorKind::Exists => return Err(error),
                    _ => {}
                }
            }
            // Not for ever: what a power cut takes from a cache is fetched again.
            wits_fs::create_dir(&path)?;
        }
        Ok(path)
    }

    fn damaged(&self, path: PathBuf) -> Lookup {
        let set_aside = self.set_aside(&path).ok();
        Lookup::Damaged { path, set_aside }
    }

    /// Moves a bad entry out of the way. Another process may have replaced it by a good one a moment
    /// ago: then that one is moved, which costs one more fetch and is nothing to lock for.
    fn set_aside(&self, path: &Path) -> Result<PathBuf, FsError> {
        let directory = self.make(DAMAGED)?;
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
        Ok(target)
    }
}

/// Also where what should be a directory is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
