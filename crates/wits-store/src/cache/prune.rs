//! Making the cache smaller: what is of no use any more, and what has not been used for long.
//!
//! Other processes may read and write the cache at the same time, and nothing here waits for them:
//!
//! - A blob that goes is a miss for whoever asks next; who has read it has its bytes in memory.
//!   [`Cache::put`] may have found the blob there and said that it is kept, a moment before it goes: no one
//!   relies on it, since every read is ready for a miss.
//! - A temporary file goes only when it is an hour old. Should its process yet live, as after a long sleep of the
//!   machine, its rename fails and it writes once more.
//! - The lock of a project goes only while nobody holds it ([`FileLock::delete_unless_held`]).
//! - No directory goes, so that nobody who has just made one finds it missing.
//!
//! The time of change of a blob is that of its last use, to the day (see [`Cache::get`]). It is looked at once
//! more before the blob goes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use wits_fs::{FileLock, FsError};

use super::walk::{self, Kind, Thing};
use super::{Cache, Stock};
use crate::StoreError;

/// How long a temporary file is left alone: no write takes as long.
const WRITING: Duration = Duration::from_secs(60 * 60);

/// What may go beside what is of no use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PruneOptions {
    /// Blobs that were not used for so long.
    pub unused_for: Option<Duration>,
    /// The blobs that were used least lately, until all have no more bytes than this.
    pub max_bytes: Option<u64>,
    /// Nothing goes; the answer is what would.
    pub dry_run: bool,
}

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// Blobs.
    pub blobs: Stock,
    /// What had been set aside because it was damaged.
    pub damaged: Stock,
    /// Files that killed processes left.
    pub temporary: Stock,
    /// Layouts of older versions of wits; `count` is their number.
    pub layouts: Stock,
    /// Locks of projects that nobody held.
    pub locks: u64,
    /// The blobs that are left.
    pub left: Stock,
}

impl Pruned {
    /// How many bytes were freed.
    pub fn bytes(&self) -> u64 {
        self.blobs.bytes + self.damaged.bytes + self.temporary.bytes + self.layouts.bytes
    }
}

struct Blob {
    modified: SystemTime,
    thing: Thing,
}

impl Cache {
    /// Removes what is of no use: what was set aside, what killed processes left, layouts of older versions,
    /// locks that nobody holds; and of the blobs, which can all be fetched again, as many as `options` say.
    ///
    /// # Errors
    /// [`StoreError::CacheUnreadable`], [`StoreError::CacheUnwritable`], [`StoreError::NotACache`]. Some of it
    /// may have gone then.
    pub fn prune(&self, options: &PruneOptions) -> Result<Pruned, StoreError> {
        self.check_is_directory()?;
        let now = SystemTime::now();
        let mut pruned = Pruned::default();
        let mut useless = Vec::new();
        let mut blobs = Vec::new();
        let mut visit = |thing: Thing| {
            match thing.kind {
                Kind::Blob(_) => blobs.push(Blob {
                    modified: thing.modified,
                    thing,
                }),
                Kind::Temporary if age(now, thing.modified) < WRITING => {}
                Kind::Damaged | Kind::Temporary | Kind::OldLayout | Kind::Lock => {
                    useless.push(thing);
                }
                Kind::Tag | Kind::Host | Kind::InTheWay(_) | Kind::Foreign => {}
            }
            Ok(())
        };
        let homes = walk::all_but_blobs(self.dir(), &mut visit);
        for home in homes.map_err(StoreError::CacheUnreadable)? {
            walk::blobs(&home, &mut visit).map_err(StoreError::CacheUnreadable)?;
        }
        for thing in useless {
            let gone = options.dry_run || remove(&thing).map_err(StoreError::CacheUnwritable)?;
            if gone {
                match thing.kind {
                    Kind::Damaged => pruned.damaged.add(thing.bytes),
                    Kind::OldLayout => pruned.layouts.add(thing.bytes),
                    Kind::Lock => pruned.locks += 1,
                    _ => pruned.temporary.add(thing.bytes),
                }
            }
        }
        for (Blob { modified, thing }, goes) in chosen(blobs, options, now) {
            let goes = goes && (options.dry_run || is_as_old(&thing.path, modified));
            if !goes {
                pruned.left.add(thing.bytes);
            } else if options.dry_run || remove(&thing).map_err(StoreError::CacheUnwritable)? {
                pruned.blobs.add(thing.bytes);
            }
        }
        Ok(pruned)
    }
}

/// Each blob, and whether it goes.
fn chosen(
    mut blobs: Vec<Blob>,
    options: &PruneOptions,
    now: SystemTime,
) -> impl Iterator<Item = (Blob, bool)> {
    // The last used first; of several, in the order of their names, so that two runs choose the same.
    blobs.sort_by(|a, b| {
        let by_time = b.modified.cmp(&a.modified);
        by_time.then_with(|| a.thing.path.cmp(&b.thing.path))
    });
    let options = *options;
    let mut kept: u64 = 0;
    blobs.into_iter().map(move |blob| {
        let unused = options
            .unused_for
            .is_some_and(|long| age(now, blob.modified) >= long);
        let too_much = options
            .max_bytes
            .is_some_and(|most| kept.saturating_add(blob.thing.bytes) > most);
        let goes = unused || too_much;
        if !goes {
            kept += blob.thing.bytes;
        }
        (blob, goes)
    })
}

/// How long ago something was; what lies in the future, by a clock that was wrong, is new.
fn age(now: SystemTime, then: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

/// Whether a blob was not used or written anew since it was looked at.
fn is_as_old(path: &Path, modified: SystemTime) -> bool {
    let found = path.symlink_metadata();
    found.is_ok_and(|found| found.modified().is_ok_and(|now| now == modified))
}

/// Removes a thing; whether it is gone. Another process may have been quicker.
pub(super) fn remove(thing: &Thing) -> Result<bool, FsError> {
    match thing.path.symlink_metadata() {
        Err(_) => Ok(false),
        Ok(_) if thing.kind == Kind::Lock => {
            Ok(FileLock::delete_unless_held(&thing.path)?.is_none())
        }
        Ok(found) if found.is_dir() => wits_fs::remove_dir_all(&thing.path).map(|()| true),
        Ok(_) => wits_fs::remove_file(&thing.path).map(|()| true),
    }
}
