//! One entry: from old to new, and back.
//!
//! [`Site::complete`] and [`Site::revert`] look at what stands where and do what is left to do. Both
//! may be called any number of times, and after each other.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::journal::Step;
use super::tree::{self, TreeDigest};
use crate::kill_points::{self, kill_point};
use crate::{FsError, create_dir_all, remove_dir_all, remove_file};

/// The directory whose entries are replaced, and the room beside it.
#[derive(Debug)]
pub(super) struct Site {
    dir: PathBuf,
    aside: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completed {
    Done,
    /// The entry stays as it is: it is not the one that was to be replaced, or the new one is damaged.
    Kept,
}

impl Site {
    pub(super) fn new(dir: PathBuf, aside: PathBuf) -> Self {
        Self { dir, aside }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn aside(&self) -> &Path {
        &self.aside
    }

    pub(super) fn new_dir(&self) -> PathBuf {
        self.aside.join("new")
    }

    fn old_dir(&self) -> PathBuf {
        self.aside.join("old")
    }

    fn copy_dir(&self) -> PathBuf {
        self.aside.join("copy")
    }

    pub(super) fn rooms(&self) -> [PathBuf; 3] {
        [self.new_dir(), self.old_dir(), self.copy_dir()]
    }

    /// Where the entry stands for all to see.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where the new entry waits, and the old one ends after a swap.
    pub(super) fn staged(&self, name: &str) -> PathBuf {
        self.new_dir().join(name)
    }

    /// Where the old entry is moved.
    fn moved(&self, name: &str) -> PathBuf {
        self.old_dir().join(name)
    }

    /// Makes the entry the new one.
    pub(super) fn complete(&self, step: &Step) -> Result<Completed, FsError> {
        let (place, staged) = (self.place(&step.name), self.staged(&step.name));
        let mut found = TreeDigest::of(&place)?;
        if found == step.new {
            return Ok(Completed::Done);
        }
        if found.is_some() && found != step.old {
            if !self.is_rest_of_old(step)? {
                return Ok(Completed::Kept);
            }
            remove(&place)?;
            found = None;
        }
        if step.new.is_some() && TreeDigest::of(&staged)? != step.new {
            self.revert(step)?;
            return Ok(Completed::Kept);
        }
        match (found.is_some(), step.new.is_some()) {
            (true, true) => self.swap(&step.name)?,
            (true, false) => self.move_away(&step.name)?,
            (false, true) => put(&staged, &place)?,
            (false, false) => {}
        }
        Ok(Completed::Done)
    }

    /// Makes the entry the old one again, unless it is neither.
    pub(super) fn revert(&self, step: &Step) -> Result<(), FsError> {
        let (place, staged) = (self.place(&step.name), self.staged(&step.name));
        let found = TreeDigest::of(&place)?;
        if found == step.old {
            return Ok(());
        }
        let is_new = found.is_some() && found == step.new;
        if step.old.is_none() {
            return if is_new { put(&place, &staged) } else { Ok(()) };
        }
        if TreeDigest::of(&staged)? == step.old {
            return match &found {
                Some(_) if is_new => self.swap(&step.name),
                Some(_) => Ok(()),
                None => put(&staged, &place),
            };
        }
        let moved = self.moved(&step.name);
        if TreeDigest::of(&moved)? != step.old {
            return Err(FsError::Changed { path: moved });
        }
        match &found {
            Some(_) if is_new => put(&place, &staged)?,
            Some(_) if self.is_rest_of_old(step)? => remove(&place)?,
            Some(_) => return Ok(()),
            None => {}
        }
        put(&moved, &place)
    }

    /// Without a journal that can be read: what was moved away goes back where its place is empty.
    pub(super) fn restore(&self) -> Result<(), FsError> {
        let old = self.old_dir();
        let entries = match fs::read_dir(&old) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(FsError::io("read", &old))?,
        };
        for entry in entries {
            let entry = entry.map_err(FsError::io("read", &old))?;
            let place = self.dir.join(entry.file_name());
            if place.symlink_metadata().is_err() {
                create_dir_all(&self.dir)?;
                put(&entry.path(), &place)?;
            }
        }
        Ok(())
    }

    /// Whether what stands in the place is what is left of the old entry, whole in `old/`, after a
    /// deletion that did not come to its end.
    fn is_rest_of_old(&self, step: &Step) -> Result<bool, FsError> {
        let moved = self.moved(&step.name);
        Ok(step.old.is_some()
            && TreeDigest::of(&moved)? == step.old
            && tree::is_part_of(&self.place(&step.name), &moved)?)
    }

    fn swap(&self, name: &str) -> Result<(), FsError> {
        let (place, staged) = (self.place(name), self.staged(name));
        if exchange(&staged, &place).map_err(FsError::io("replace", &place))? {
            return kill_point("replace: swapped").map_err(FsError::io("replace", &place));
        }
        self.move_away(name)?;
        put(&staged, &place)
    }

    /// Renames the entry away. An overlay file system (a container's) cannot rename a directory that
    /// lies in a lower layer: it is copied and deleted.
    fn move_away(&self, name: &str) -> Result<(), FsError> {
        let (place, moved) = (self.place(name), self.moved(name));
        create_dir_all(self.old_dir())?;
        // A copy from an attempt that was interrupted: the original is still in its place.
        remove(&moved)?;
        match rename_away(&place, &moved) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
            result => return result.map_err(FsError::io("move", &place)),
        }
        let copy = self.copy_dir().join(name);
        remove(&copy)?;
        create_dir_all(self.copy_dir())?;
        tree::copy(&place, &copy).map_err(FsError::io("copy", &place))?;
        tree::sync(&self.copy_dir())?;
        kill_point("replace: copied").map_err(FsError::io("copy", &place))?;
        crate::rename(&copy, &moved)?;
        kill_point("replace: copy in place").map_err(FsError::io("copy", &place))?;
        remove(&place)?;
        kill_point("replace: deleted").map_err(FsError::io("remove", &place))
    }
}

#[expect(clippy::disallowed_methods, reason = "the journal covers it")]
fn rename_away(from: &Path, to: &Path) -> io::Result<()> {
    if kill_points::lacks(kill_points::Ability::Move) {
        return Err(io::ErrorKind::CrossesDevices.into());
    }
    fs::rename(from, to)?;
    kill_point("replace: moved away")
}

fn remove(path: &Path) -> Result<(), FsError> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => remove_dir_all(path),
        _ => remove_file(path),
    }
}

/// Renames into a place that is empty, and fails if it is not.
fn put(from: &Path, to: &Path) -> Result<(), FsError> {
    match rename_to_empty(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(FsError::Changed {
            path: to.to_owned(),
        }),
        result => result
            .and_then(|()| kill_point("replace: put"))
            .map_err(FsError::io("write", to)),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod system {
    use std::io;
    use std::path::Path;

    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    fn is_unsupported(error: Errno) -> bool {
        [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::XDEV].contains(&error)
    }

    /// Lets two entries change places in one step; false where the file system cannot.
    pub(super) fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
        match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(error) if is_unsupported(error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn rename_to_empty(from: &Path, to: &Path) -> io::Result<()> {
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(error) if is_unsupported(error) => super::rename_if_empty(from, to),
            result => Ok(result?),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use std::io;
    use std::path::Path;

    pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn rename_to_empty(from: &Path, to: &Path) -> io::Result<()> {
        super::rename_if_empty(from, to)
    }
}

fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    if kill_points::lacks(kill_points::Ability::Exchange) {
        return Ok(false);
    }
    system::exchange(a, b)
}

fn rename_to_empty(from: &Path, to: &Path) -> io::Result<()> {
    if kill_points::lacks(kill_points::Ability::Exchange) {
        return rename_if_empty(from, to);
    }
    system::rename_to_empty(from, to)
}

/// In two steps, where the system has no rename that refuses to replace.
#[expect(clippy::disallowed_methods, reason = "the journal covers it")]
fn rename_if_empty(from: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}
