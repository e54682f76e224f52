//! When what was written in place counts as written.
//!
//! Cargo runs a build script again if a path that it watches is newer than the moment at which it started the
//! script last time. What the script itself writes below a watched path is newer by nature, and the next build,
//! in which nothing has changed, would run the script and compile the crate once more. So what was laid out is
//! dated at that very moment, which cargo keeps as the date of the file `invoked.timestamp` beside `OUT_DIR`.
//! Not earlier: whatever was compiled before this run still sees that the tree is newer.
//!
//! Where cargo keeps it differently, or a date cannot be set, nothing is wrong but that the next build runs the
//! script once more, which then finds nothing to do.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

/// The moment at which cargo started this run of the script.
pub(super) fn start_of_run(out_dir: &Path) -> Option<SystemTime> {
    let file = out_dir.with_file_name("invoked.timestamp");
    fs::metadata(file).and_then(|found| found.modified()).ok()
}

/// Dates `path`, and what is below it if it is a directory, no later than `moment`.
pub(super) fn no_later(path: &Path, moment: SystemTime, below: bool) {
    let Ok(found) = path.symlink_metadata() else {
        return;
    };
    if found.is_symlink() {
        return;
    }
    if below && found.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            no_later(&entry.path(), moment, true);
        }
    }
    if found.modified().is_ok_and(|date| date > moment) {
        // The worst that comes of a failure is one more run of the script.
        let _ = open(path, found.is_dir()).and_then(|file| file.set_modified(moment));
    }
}

#[cfg(not(windows))]
fn open(path: &Path, _directory: bool) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(windows)]
fn open(path: &Path, directory: bool) -> std::io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    /// `FILE_WRITE_ATTRIBUTES`: all that setting a date needs.
    const WRITE_ATTRIBUTES: u32 = 0x0100;
    /// `FILE_FLAG_BACKUP_SEMANTICS`: without it a directory cannot be opened.
    const BACKUP_SEMANTICS: u32 = 0x0200_0000;
    let mut options = File::options();
    options.access_mode(WRITE_ATTRIBUTES);
    if directory {
        options.custom_flags(BACKUP_SEMANTICS);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[allow(clippy::disallowed_methods)] // throw-away files
    fn what_is_newer_is_dated_and_what_is_older_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a");
        fs::create_dir(&deep).unwrap();
        fs::write(deep.join("new"), "").unwrap();
        fs::write(deep.join("old"), "").unwrap();
        let moment = SystemTime::now() - Duration::from_secs(60);
        let older = moment - Duration::from_secs(60);
        File::options()
            .write(true)
            .open(deep.join("old"))
            .unwrap()
            .set_modified(older)
            .unwrap();
        no_later(dir.path(), moment, true);
        let date = |path: &Path| path.metadata().unwrap().modified().unwrap();
        assert_eq!(date(&deep.join("new")), moment);
        assert_eq!(date(&deep), moment);
        assert_eq!(date(dir.path()), moment);
        assert_eq!(date(&deep.join("old")), older);
    }
}
