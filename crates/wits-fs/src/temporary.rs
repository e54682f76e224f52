//! The temporary file of a whole-file write, and those that kills have left.
//!
//! It stands beside its target as `.wits-XXXXXX.tmp`, and its writer holds the system's lock on it. That lock
//! goes with the process, however it ends. So a temporary file whose lock can be had is nobody's any more, and
//! the next write into the same directory removes it: a run that repeats what was killed does so by itself.
//!
//! Who removes one does it while holding its lock, and who makes one looks, once it has the lock, whether the
//! file still has its name; so neither can take the other's file for a left one. Where the system knows no
//! such locks, and on Windows, where they would keep readers out, nothing is removed.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::kill_points::kill_point_with;

const PREFIX: &str = ".wits-";
const SUFFIX: &str = ".tmp";
/// How many random characters stand between, by default of `tempfile`.
const RANDOM: usize = 6;

/// A temporary file in `dir` with this content; of the mode that `builder` has.
pub(crate) fn filled<'a>(
    dir: &Path,
    bytes: &[u8],
    builder: &mut tempfile::Builder<'a, 'a>,
) -> io::Result<NamedTempFile> {
    sweep(dir);
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
    let mut temporary = loop {
        let made = builder.tempfile_in(dir)?;
        if is_mine(&made) {
            break made;
        }
    };
    kill_point_with(&mut temporary, "write: temporary file made")?;
    temporary.as_file_mut().write_all(bytes)?;
    Ok(temporary)
}

/// Whether `name` is one that this module gives.
pub(crate) fn is_temporary(name: &[u8]) -> bool {
    let random = name
        .strip_prefix(PREFIX.as_bytes())
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

/// Takes the lock of a file just made. Not so if it was taken for a left one between the two.
#[cfg(unix)]
fn is_mine(made: &NamedTempFile) -> bool {
    match made.as_file().try_lock() {
        Ok(()) => crate::lock::is_named(made.as_file(), made.path()),
        Err(std::fs::TryLockError::WouldBlock) => false,
        // There are no locks here, so nobody else gets one either.
        Err(std::fs::TryLockError::Error(_)) => true,
    }
}

#[cfg(not(unix))]
fn is_mine(_: &NamedTempFile) -> bool {
    true
}

/// Removes what killed writers have left in `dir`. A failure is none of the writer's business.
#[cfg(unix)]
fn sweep(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        if is_temporary(entry.file_name().as_encoded_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            let _ = remove_left(&entry.path());
        }
    }
}

#[cfg(not(unix))]
fn sweep(_: &Path) {}

#[cfg(unix)]
fn remove_left(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.read(true);
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(no_follow.bits().cast_signed());
    }
    let file = options.open(path)?;
    file.try_lock()?;
    if crate::lock::is_named(&file, path) {
        std::fs::remove_file(path)?;
        crate::kill_points::kill_only("write: a left file removed");
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_and_what_is_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let others = [
            ".wits-short.tmp",
            ".wits-toolong.tmp",
            ".wits-ab_cde.tmp",
            "wits.lock",
        ];
        for name in others.into_iter().chain([".wits-a1B2c3.tmp"]) {
            File::create(path(name)).unwrap();
        }
        std::os::unix::fs::symlink(path("wits.lock"), path(".wits-linked.tmp")).unwrap();
        let written = filled(dir.path(), b"new", &mut tempfile::Builder::new()).unwrap();
        assert!(!path(".wits-a1B2c3.tmp").exists());
        let second = filled(dir.path(), b"newer", &mut tempfile::Builder::new()).unwrap();
        assert_eq!(std::fs::read(written.path()).unwrap(), b"new");
        assert_eq!(std::fs::read(second.path()).unwrap(), b"newer");
        for name in others.into_iter().chain([".wits-linked.tmp"]) {
            assert!(path(name).symlink_metadata().is_ok(), "{name}");
        }
    }

    /// Each finds the others' files while they are written, and takes none for a left one.
    #[test]
    fn writers_at_once_leave_each_other_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let target = dir.path().join(format!("{writer}"));
                scope.spawn(move || {
                    for round in 0..300 {
                        crate::write_atomic(&target, format!("{writer} {round}")).unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 8);
    }
}
