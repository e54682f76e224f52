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
//!         hosts/ef56…               an empty file: a host that is known to answer a stranger with a challenge,
//!                                   by the sha256 of its name
//! ```
//!
//! A blob is written whole (see [`wits_fs::write_whole`]) and never changed. Many processes may write
//! the same one at once: they write the same bytes, and the last rename wins. What is read is hashed,
//! every time: a disk, a full disk, or another program may have changed it. An entry that is not what
//! its name says is as good as none. It is moved to `damaged/`, so that it is fetched again once and
//! not every time, and the caller tells the user.
//!
//! Nothing in the cache is read or written through a symlink, except `DIR` itself, which a user may
//! well have put elsewhere.
//!
//! The time of change of a blob says when it was last used, to the day: [`Cache::prune`] goes by it. In a cache
//! that may only be read it says when the blob was written.
//!
//! | module | what it does |
//! | --- | --- |
//! | `walk` | what stands there, and what belongs there |
//! | [`audit`] | every blob hashed: [`Cache::audit`] |
//! | [`prune`] | what is of no use, or unused for long, removed: [`Cache::prune`] |
//! | [`clean`] | everything removed that wits made: [`Cache::clean`] |
//! | `aside` | `damaged/`, and how much is kept in it |

mod aside;
pub mod audit;
pub mod clean;
pub mod prune;
mod walk;

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use wits_fs::{FsError, FsErrorKind};
use wits_model::{Blob, Digest};

use self::walk::Kind;
use crate::StoreError;

const VERSION: &str = "v1";
const BLOBS: [&str; 3] = [VERSION, "blobs", "sha256"];
const DAMAGED: [&str; 2] = [VERSION, "damaged"];
const LOCKS: [&str; 2] = [VERSION, "locks"];
const HOSTS: [&str; 2] = [VERSION, "hosts"];
const TAG_FILE: &str = "CACHEDIR.TAG";
/// How exact the time of the last use of a blob is.
const USE: Duration = Duration::from_secs(24 * 60 * 60);
/// How often a write is begun anew because another process empties the cache.
const TRIES: u32 = 100;

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
    Hit(Blob),
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

/// How many there are of something, and how many bytes they have together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many.
    pub count: u64,
    /// The bytes of the files; a disk may need more for them.
    pub bytes: u64,
}

impl Stock {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// How much there is in a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Blobs.
    pub blobs: Stock,
    /// What was set aside because it was damaged.
    pub damaged: Stock,
    /// Everything else: what is being written, what killed processes left, layouts of older versions.
    pub other: Stock,
}

/// Where a blob is looked for.
enum Place {
    Missing,
    File(PathBuf, Metadata),
    /// Something else stands there, or where one of the directories on the way should.
    InTheWay(PathBuf),
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

    /// Whether there is an entry for this digest, good or not: nothing is read.
    pub fn has(&self, digest: &Digest) -> bool {
        let hex = digest.hex();
        let directories = BLOBS.into_iter().chain([&hex[..2], &hex]);
        let mut path = self.dir.clone();
        path.extend(directories);
        path.symlink_metadata().is_ok()
    }

    fn look(&self, digest: &Digest) -> Result<Lookup, FsError> {
        let (path, found) = match self.place(digest)? {
            Place::Missing => return Ok(Lookup::Miss),
            Place::InTheWay(path) => return Ok(self.damaged(path)),
            Place::File(path, found) => (path, found),
        };
        Ok(match wits_fs::read_if_exists(&path)? {
            Some(bytes) => match Blob::of(bytes) {
                blob if blob.digest() == *digest => {
                    note_use(&path, &found);
                    Lookup::Hit(blob)
                }
                _ => self.damaged(path),
            },
            None => Lookup::Miss,
        })
    }

    fn place(&self, digest: &Digest) -> Result<Place, FsError> {
        let hex = digest.hex();
        let mut path = self.dir.clone();
        for directory in BLOBS.into_iter().chain([&hex[..2]]) {
            path.push(directory);
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Ok(Place::InTheWay(path)),
                Err(error) if is_missing(&error) => return Ok(Place::Missing),
                Err(error) => return Err(FsError::io("read", path)(error)),
            }
        }
        path.push(&hex);
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => Ok(Place::File(path, found)),
            Ok(_) => Ok(Place::InTheWay(path)),
            Err(error) if is_missing(&error) => Ok(Place::Missing),
            Err(error) => Err(FsError::io("read", path)(error)),
        }
    }

    /// How much there is. Files are not read.
    ///
    /// # Errors
    /// [`StoreError::CacheUnreadable`]; [`StoreError::NotACache`] if there can be no cache there.
    pub fn size(&self) -> Result<Size, StoreError> {
        self.check_is_directory()?;
        let mut size = Size::default();
        let mut visit = |thing: walk::Thing| {
            match thing.kind {
                Kind::Blob(_) => size.blobs.add(thing.bytes),
                Kind::Damaged => size.damaged.add(thing.bytes),
                Kind::Temporary | Kind::OldLayout => size.other.add(thing.bytes),
                Kind::Tag | Kind::Lock | Kind::Host | Kind::InTheWay(_) | Kind::Foreign => {}
            }
            Ok(())
        };
        let homes = walk::all_but_blobs(&self.dir, &mut visit);
        for home in homes.map_err(StoreError::CacheUnreadable)? {
            walk::blobs(&home, &mut visit).map_err(StoreError::CacheUnreadable)?;
        }
        Ok(size)
    }

    /// Whether there is a directory; it is an error if something else is there.
    fn check_is_directory(&self) -> Result<bool, StoreError> {
        match fs::metadata(&self.dir) {
            Ok(found) if found.is_dir() => Ok(true),
            Ok(_) => Err(StoreError::NotACache {
                path: self.dir.clone(),
                why: "it is not a directory",
            }),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => {
                let error = FsError::io("read", &self.dir)(error);
                Err(StoreError::CacheUnreadable(error))
            }
        }
    }

    /// Keeps a blob under its digest.
    ///
    /// # Errors
    /// [`StoreError::CacheUnwritable`] if it cannot be kept, with which a caller can go on: the bytes are good.
    pub fn put(&self, blob: &Blob) -> Result<(), StoreError> {
        // A directory that was there a moment ago is gone when another process empties the cache.
        again(|| self.keep(blob)).map_err(StoreError::CacheUnwritable)
    }

    fn keep(&self, blob: &Blob) -> Result<(), FsError> {
        let hex = blob.digest().hex();
        let directory = self.make(&[BLOBS[0], BLOBS[1], BLOBS[2], &hex[..2]])?;
        let path = directory.join(&hex);
        match path.symlink_metadata() {
            Ok(found)
                if found.is_file()
                    && found.len() == blob.size()
                    && wits_fs::read(&path).is_ok_and(|found| found == **blob) =>
            {
                note_use(&path, &found);
                return Ok(());
            }
            // `write_whole` replaces a file, but a link is one to be written through.
            Ok(found) if !found.is_file() => {
                self.set_aside(&path)?;
            }
            _ => {}
        }
        // Not waited for: what a power cut takes from a blob is seen when it is hashed.
        wits_fs::write_whole(&path, blob)
    }

    /// Whether `host` was noted as one that answers a stranger with a challenge. It says only in which order things
    /// are best asked, so whatever stands there may be believed.
    pub fn challenges(&self, host: &str) -> bool {
        let mut path = self.dir.clone();
        path.extend(HOSTS);
        path.push(Digest::of(host).hex());
        path.symlink_metadata().is_ok_and(|found| found.is_file())
    }

    /// Notes that `host` does, or does not.
    ///
    /// # Errors
    /// [`StoreError::CacheUnwritable`], with which nothing is lost but a few requests of a later run.
    pub fn note_challenges(&self, host: &str, challenges: bool) -> Result<(), StoreError> {
        let name = Digest::of(host).hex();
        let note = again(|| {
            let path = self.try_to_make(&HOSTS)?.join(&name);
            match (path.symlink_metadata().is_ok(), challenges) {
                (false, true) => wits_fs::write_whole(&path, b""),
                (true, false) => wits_fs::remove_file(&path),
                _ => Ok(()),
            }
        });
        note.map_err(StoreError::CacheUnwritable)
    }

    /// The lock file for `name`.
    pub(crate) fn lock_file(&self, name: &Digest) -> Result<PathBuf, FsError> {
        let directory = self.make(&LOCKS)?;
        Ok(directory.join(format!("{}.lock", name.hex())))
    }

    /// Makes a directory in the cache, and the cache, as far as they are missing.
    fn make(&self, names: &[&str]) -> Result<PathBuf, FsError> {
        again(|| self.try_to_make(names))
    }

    fn try_to_make(&self, names: &[&str]) -> Result<PathBuf, FsError> {
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
            if *name == VERSION {
                match wits_fs::write_new(self.dir.join(TAG_FILE), TAG) {
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
        aside::set_aside(&self.make(&DAMAGED)?, path)
    }
}

/// Does it again as long as something is missing that was there a moment ago, or was there when it was to be made.
fn again<T>(mut act: impl FnMut() -> Result<T, FsError>) -> Result<T, FsError> {
    let mut tries = 1;
    loop {
        match act() {
            Err(error)
                if matches!(error.kind(), FsErrorKind::NotFound | FsErrorKind::Exists)
                    && tries < TRIES =>
            {
                tries += 1;
            }
            done => return done,
        }
    }
}

/// Sets down that a blob was used, once a day: see the module docs. Where that may not be written, nothing is lost
/// but that.
fn note_use(path: &Path, found: &Metadata) {
    let last = found.modified().and_then(|last| {
        let age = last.elapsed();
        age.map_err(io::Error::other)
    });
    if last.is_ok_and(|age| age > USE)
        && let Ok(file) = File::open(path)
    {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Also where what should be a directory is a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
