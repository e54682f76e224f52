//! Emptying the cache.
//!
//! Only what wits made goes, each thing by its name: a directory that somebody named by mistake loses nothing.
//! Before anything goes, all of it is looked through; one thing that wits did not make stops it all.
//!
//! `DIR` itself stays, which may be a mount or a link of the user's, and so does `CACHEDIR.TAG`, by which wits
//! knows `DIR` for its own the next time. So does the lock of a project that a process holds at this moment: were
//! it gone, a third process could take another lock of that name (`wits_fs::lock` says how).
//!
//! Processes that write at the same time find directories missing that they have just made, and make them again
//! ([`Cache::put`]). What they write after the look stays.

use wits_fs::{FileLock, Holder};

use super::prune::remove;
use super::walk::{self, Kind, Thing};
use super::{BLOBS, Cache, DAMAGED, HOSTS, LOCKS, Stock, VERSION};
use crate::StoreError;

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Files: blobs, what was set aside, locks, what is known of hosts and what killed processes left. A directory
    /// that was set aside, or the layout of an older version, counts as one.
    pub removed: Stock,
    /// Who holds the locks that are still there.
    pub held: Vec<Holder>,
}

impl Cache {
    /// Removes everything that wits made.
    ///
    /// # Errors
    /// [`StoreError::NotACache`] if the directory is none of wits'; [`StoreError::ForeignInCache`] if there are
    /// things in it that wits did not make. Then nothing was removed. [`StoreError::CacheUnreadable`] and
    /// [`StoreError::CacheUnwritable`], after which some of it may have gone.
    pub fn clean(&self) -> Result<Cleaned, StoreError> {
        if !self.check_is_directory()? {
            return Ok(Cleaned::default());
        }
        let mut things = Vec::new();
        let mut foreign = Vec::new();
        let mut is_tagged = false;
        let mut visit = |thing: Thing| {
            match thing.kind {
                Kind::Tag => is_tagged = true,
                Kind::Foreign | Kind::InTheWay(_) => foreign.push(thing.path),
                _ => things.push(thing),
            }
            Ok(())
        };
        let homes = walk::all_but_blobs(self.dir(), &mut visit);
        let homes = homes.map_err(StoreError::CacheUnreadable)?;
        for home in &homes {
            walk::blobs(home, &mut visit).map_err(StoreError::CacheUnreadable)?;
        }
        // Another process may be making the cache: the tag comes first, and first of all its temporary file.
        is_tagged =
            is_tagged || walk::has_own_tag(self.dir()).map_err(StoreError::CacheUnreadable)?;
        let is_begun = |thing: &Thing| thing.kind == Kind::Temporary;
        let is_empty = foreign.is_empty() && things.iter().all(is_begun) && homes.is_empty();
        if is_empty && !is_tagged {
            return Ok(Cleaned::default());
        }
        if !is_tagged {
            return Err(StoreError::NotACache {
                path: self.dir().to_owned(),
                why: "there is no CACHEDIR.TAG of wits in it",
            });
        }
        if !foreign.is_empty() {
            foreign.sort();
            return Err(StoreError::ForeignInCache {
                dir: self.dir().to_owned(),
                foreign,
            });
        }
        let mut cleaned = Cleaned::default();
        for thing in &things {
            let unwritable = StoreError::CacheUnwritable;
            if thing.kind == Kind::Lock
                && let Some(holder) =
                    FileLock::delete_unless_held(&thing.path).map_err(unwritable)?
            {
                cleaned.held.push(holder);
            } else if remove(thing).map_err(unwritable)? {
                cleaned.removed.add(thing.bytes);
            }
        }
        // Only where they are empty: somebody may have written something meanwhile.
        for home in homes {
            wits_fs::remove_dir_if_empty(home);
        }
        let path = |names: &[&str]| {
            self.dir()
                .join(names.iter().collect::<std::path::PathBuf>())
        };
        for names in [
            &BLOBS[..],
            &BLOBS[..2],
            &DAMAGED[..],
            &LOCKS[..],
            &HOSTS[..],
            &[VERSION],
        ] {
            wits_fs::remove_dir_if_empty(path(names));
        }
        Ok(cleaned)
    }
}
