//! Several entries (files or directories) of one directory, replaced, added and removed together.
//!
//! A directory of packages must not be seen half-written, and a run that fails must leave it as it
//! was. No file system offers that for several entries at once, so this is done with a journal.
//! Everything temporary stands *aside*, in a sibling of the directory on the same file system, because
//! programs that read the directory read all that is in it:
//!
//! ```text
//! wit/deps/                 the directory: only whole entries, old or new
//! wit/.wits-deps/           aside: there while a replacement is under way, or was interrupted
//!     .gitignore            `*`, so that what a kill leaves is not committed
//!     lock                  one replacement at a time (see `FileLock`)
//!     new/NAME              new entries, complete; after a swap, the old entry in its place
//!     old/NAME              entries that are removed, or that could not be swapped
//!     copy/NAME             an old entry being copied, where it cannot be renamed
//!     journal.json          there from before the first change to after the last
//! ```
//!
//! 1. New entries are written to `new/`, synced, and read back.
//! 2. The journal is written. For each entry it has the digest of the old tree and of the new one.
//! 3. Entry by entry, old and new change places in one step of the system (`RENAME_EXCHANGE`), so
//!    that there is an entry at any instant. Where a system has no such step (Windows, some file
//!    systems), the old entry is renamed to `old/` and the new one into its place.
//! 4. The journal is removed: this is the moment of success. Then the rest of *aside* is.
//!
//! What a step has to do follows from the digests of what stands where, never from memory
//! (module `steps`): so the code that recovers is the code that commits, it may itself be killed anywhere,
//! and an entry whose content is neither the old nor the new one, because somebody edited it between
//! a kill and the next run, is left alone. With a journal the next run completes; without one it
//! discards what was prepared. An error while replacing puts the old entries back.

mod journal;
mod steps;
mod tree;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::journal::{Journal, Step};
use self::steps::{Completed, Site};
use self::tree::TreeDigest;
use crate::file::sync_dir;
use crate::kill_points::{is_dead, kill_point};
use crate::{
    FileLock, FsError, FsErrorKind, Holder, create_dir, create_dir_all, remove_dir_all,
    remove_dir_if_empty, remove_file,
};

const LOCK: &str = "lock";
const IGNORE: &str = ".gitignore";

/// What [`Replacement::recover`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing had been interrupted.
    Nothing,
    /// A replacement had been interrupted before it changed anything, or after it was done; what it
    /// left aside is gone.
    Discarded,
    /// A replacement had been interrupted midway, and is complete now.
    Completed {
        /// Entries that are as they were, because they had been changed since, or because what was to
        /// replace them is damaged.
        kept: Vec<String>,
    },
    /// A replacement had been interrupted and its journal is damaged: entries that it had moved away
    /// are back where their place was empty.
    Restored,
}

/// A replacement in preparation. Nothing in the directory changes before [`commit`](Self::commit);
/// dropped without it, it leaves no trace.
#[derive(Debug)]
pub struct Replacement {
    site: Site,
    steps: Vec<Step>,
    /// None where the file system knows no locks, and when all is over.
    lock: Option<FileLock>,
    /// What stands aside is needed by the next run.
    keep: bool,
}

impl Replacement {
    /// Prepares to replace entries of `dir`, which may be missing, with the room `aside`, a sibling of
    /// it that nobody else uses. Waits for another replacement that is under way, and recovers one
    /// that was interrupted. `what`, `timeout` and `on_wait` are those of [`FileLock::acquire`].
    pub fn begin(
        dir: impl Into<PathBuf>,
        aside: impl Into<PathBuf>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        let site = Site::new(dir.into(), aside.into());
        let lock = enter(&site, what, timeout, on_wait)?;
        recover(&site)?;
        let replacement = Self {
            site,
            steps: Vec::new(),
            lock,
            keep: false,
        };
        let site = &replacement.site;
        sweep(site)?;
        write_staged(&site.aside().join(IGNORE), b"*\n")?;
        kill_point("replace: ignored").map_err(FsError::io("prepare", site.aside()))?;
        // The journal is synced together with it.
        create_dir(site.new_dir())?;
        kill_point("replace: begun").map_err(FsError::io("prepare", site.aside()))?;
        Ok(replacement)
    }

    /// Completes or discards a replacement that was interrupted. Where there is none, this writes
    /// nothing, takes no lock and needs no permission.
    pub fn recover(
        dir: impl Into<PathBuf>,
        aside: impl Into<PathBuf>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Recovered, FsError> {
        let site = Site::new(dir.into(), aside.into());
        if !Self::was_interrupted(site.aside()) {
            return Ok(Recovered::Nothing);
        }
        // All that a kill at the very end, or at the very beginning, leaves.
        if remove_dir_if_empty(site.aside()) {
            return Ok(Recovered::Discarded);
        }
        let lock = enter(&site, what, timeout, on_wait)?;
        let recovered = recover(&site)?;
        leave(&site, lock)?;
        Ok(recovered)
    }

    /// Whether there is something to recover, or a replacement is under way at this moment. A file of
    /// somebody else's in *aside* is neither.
    pub fn was_interrupted(aside: impl AsRef<Path>) -> bool {
        let aside = aside.as_ref();
        let rooms = Site::new(PathBuf::new(), aside.to_owned()).rooms();
        let files = [LOCK, journal::FILE, journal::TEMPORARY, IGNORE].map(|name| aside.join(name));
        let stands = |path: &PathBuf| path.symlink_metadata().is_ok();
        // Most often there is nothing at all.
        stands(&aside.to_owned())
            && (rooms.iter().chain(&files).any(stands)
                || fs::read_dir(aside).is_ok_and(|mut entries| entries.next().is_none()))
    }

    /// `name` is to be a file with this content.
    pub fn put_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), FsError> {
        let staged = self.stage(name, TreeDigest::of_file(bytes))?;
        write_staged(&staged, bytes)?;
        kill_point("replace: entry written").map_err(FsError::io("write", staged))
    }

    /// `name` is to be a directory with exactly these files.
    pub fn put_dir(&mut self, name: &str, files: &[(&str, &[u8])]) -> Result<(), FsError> {
        let staged = self.stage(name, TreeDigest::of_dir(files))?;
        fs::create_dir(&staged)
            .and_then(|()| kill_point("replace: entry made"))
            .map_err(FsError::io("create the directory", &staged))?;
        for (file, bytes) in files {
            check_name(file)?;
            write_staged(&staged.join(file), bytes)?;
            kill_point("replace: entry written").map_err(FsError::io("write", &staged))?;
        }
        Ok(())
    }

    /// There is to be no `name`.
    pub fn remove(&mut self, name: &str) -> Result<(), FsError> {
        self.add(name, None)
    }

    fn stage(&mut self, name: &str, new: TreeDigest) -> Result<PathBuf, FsError> {
        self.add(name, Some(new))?;
        Ok(self.site.staged(name))
    }

    fn add(&mut self, name: &str, new: Option<TreeDigest>) -> Result<(), FsError> {
        check_name(name)?;
        if self.steps.iter().any(|step| step.name == name) {
            let twice = io::Error::other("it is named twice in one replacement");
            return Err(FsError::io("replace", self.site.place(name))(twice));
        }
        self.steps.push(Step {
            name: name.to_owned(),
            old: None,
            new,
        });
        Ok(())
    }

    /// Does all of it, in the order in which it was asked for, or leaves the directory as it was. The
    /// directory is created if there is something to put into it; entries that have the wanted content
    /// already are not touched.
    ///
    /// # Errors
    /// After any error but [`FsError::NotUndone`] the old entries stand. What is left aside after
    /// success and cannot be deleted is no error: the next replacement tries again.
    pub fn commit(mut self) -> Result<(), FsError> {
        self.examine()?;
        if self.steps.is_empty() {
            return Ok(());
        }
        tree::sync(&self.site.new_dir())?;
        kill_point("replace: staged").map_err(FsError::io("write", self.site.aside()))?;
        let puts = self.steps.iter().any(|step| step.new.is_some());
        let creates = puts && !self.site.dir().exists();
        if creates {
            create_dir_all(self.site.dir())?;
        }
        let journal = Journal::new(std::mem::take(&mut self.steps));
        self.keep = true;
        let Err(failure) = self.carry_out(&journal) else {
            self.keep = false;
            return Ok(());
        };
        match self.undo(&journal, creates) {
            Ok(()) => {
                self.keep = false;
                Err(failure)
            }
            Err(undo) => Err(FsError::NotUndone {
                failure: Box::new(failure),
                undo: Box::new(undo),
            }),
        }
    }

    /// Finds out what stands there now, drops what need not be done, and reads back what was written.
    fn examine(&mut self) -> Result<(), FsError> {
        for step in &mut self.steps {
            step.old = TreeDigest::of(&self.site.place(&step.name))?;
        }
        self.steps.retain(|step| step.old != step.new);
        for step in &self.steps {
            let staged = self.site.staged(&step.name);
            if step.new.is_some() && TreeDigest::of(&staged)? != step.new {
                return Err(FsError::NotAsWritten { path: staged });
            }
        }
        Ok(())
    }

    fn carry_out(&self, journal: &Journal) -> Result<(), FsError> {
        journal.write(self.site.aside())?;
        for step in &journal.steps {
            if self.site.complete(step)? == Completed::Kept {
                let path = self.site.place(&step.name);
                return Err(FsError::Changed { path });
            }
        }
        finish(&self.site)
    }

    fn undo(&self, journal: &Journal, created: bool) -> Result<(), FsError> {
        for step in journal.steps.iter().rev() {
            self.site.revert(step)?;
        }
        if created {
            remove_dir_if_empty(self.site.dir());
        }
        finish(&self.site)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.keep && !is_dead() {
            let _ = leave(&self.site, self.lock.take());
        }
    }
}

/// Takes possession of *aside*. Neither it nor the directory may be a link: in a project that somebody
/// else made, a link and a journal could lead a recovery to any place of the user's.
fn enter(
    site: &Site,
    what: &str,
    timeout: Duration,
    on_wait: &mut dyn FnMut(&Holder),
) -> Result<Option<FileLock>, FsError> {
    check_is_own(site.aside())?;
    let lock = match FileLock::acquire(site.aside().join(LOCK), what, timeout, on_wait) {
        Ok(lock) => Some(lock),
        Err(error) if error.kind() == FsErrorKind::Unsupported => None,
        Err(error) => return Err(error),
    };
    check_is_own(site.dir())?;
    for room in site.rooms() {
        check_is_own(&room)?;
    }
    kill_point("replace: locked").map_err(FsError::io("lock", site.aside()))?;
    Ok(lock)
}

/// The journal goes first on the way out: without it, what is aside means nothing.
fn finish(site: &Site) -> Result<(), FsError> {
    sync_dir(site.dir())
        .or_else(crate::file::missing)
        .map_err(FsError::io("sync", site.dir()))?;
    kill_point("replace: all in place").map_err(FsError::io("sync", site.dir()))?;
    Journal::remove(site.aside())
}

fn recover(site: &Site) -> Result<Recovered, FsError> {
    match Journal::read(site.aside())? {
        journal::Found::Nothing => {
            let left = site.rooms().iter().any(|room| room.exists());
            Ok(if left {
                Recovered::Discarded
            } else {
                Recovered::Nothing
            })
        }
        journal::Found::Journal(journal) => {
            if journal.steps.iter().any(|step| step.new.is_some()) {
                create_dir_all(site.dir())?;
            }
            let mut kept = Vec::new();
            for step in &journal.steps {
                if site.complete(step)? == Completed::Kept {
                    kept.push(step.name.clone());
                }
            }
            finish(site)?;
            Ok(Recovered::Completed { kept })
        }
        journal::Found::Damaged => {
            site.restore()?;
            finish(site)?;
            Ok(Recovered::Restored)
        }
    }
}

/// Removes what this module put aside, and nothing else.
fn sweep(site: &Site) -> Result<(), FsError> {
    for room in site.rooms() {
        remove_dir_all(&room)?;
        kill_point("replace: swept").map_err(FsError::io("remove the directory", room))?;
    }
    remove_file(site.aside().join(journal::TEMPORARY))?;
    remove_file(site.aside().join(IGNORE))
}

fn leave(site: &Site, lock: Option<FileLock>) -> Result<(), FsError> {
    sweep(site)?;
    if let Some(lock) = lock {
        lock.delete()?;
    }
    // Somebody may have put a file of theirs there, or be waiting already for the lock.
    remove_dir_if_empty(site.aside());
    Ok(())
}

fn check_is_own(path: &Path) -> Result<(), FsError> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_dir() => {
            let refused = io::Error::other("it is not a directory, or a link to one");
            Err(FsError::io("use", path)(refused))
        }
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), FsError> {
    if is_plain(name) {
        return Ok(());
    }
    let refused = io::Error::other("it is not the plain name of a file");
    Err(FsError::io("use", name)(refused))
}

/// Whether `name` is one component on every system.
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0'])
}

/// Synced later, all together.
fn write_staged(path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    let write = || {
        let mut file = File::create_new(path)?;
        kill_point("replace: file made")?;
        file.write_all(bytes)
    };
    write().map_err(FsError::io("write", path))
}
