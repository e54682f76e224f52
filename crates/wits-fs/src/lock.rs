//! Process locks: one file, locked by one process (or by several that share it).
//!
//! The lock is the system's advisory lock on an open file ([`File::try_lock`]: `flock` on unix,
//! `LockFileEx` on Windows). The system lets go of it when the process ends, however it ends, so
//! there are no stale locks and no guessing whether a process id is alive. Its holder writes its
//! process id and what it does into the file, only so that others can say for whom they wait. (Where
//! locked bytes cannot be read, on Windows, that is "another process".)
//!
//! A lock file is not deleted when the lock is released. If it were, three processes could meet like
//! this: A holds the lock; B opened the file and waits; A deletes the file and lets go; B now has a
//! lock on a file without a name; C creates the file anew and has a lock as well. Somebody else may
//! still delete one (a cache that is emptied), so a lock just taken is checked to be on the file that
//! has the name now, and otherwise taken again; where the system cannot tell (Windows), a file that
//! is open keeps its name.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::kill_points::{is_dead, kill_only};
use crate::{FsError, FsErrorKind, create_dir_all};

/// Who holds a lock, as far as the lock file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: Option<u32>,
    /// What it does.
    pub what: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}")?,
            None => write!(f, "another process")?,
        }
        match &self.what {
            Some(what) => write!(f, " (`{what}`)"),
            None => Ok(()),
        }
    }
}

/// The longest text that is written into a lock file, or believed from one.
const LONGEST_TEXT: u64 = 1024;
/// How long a waiter sleeps between tries, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

impl Holder {
    fn this_process(what: &str) -> Self {
        Self {
            pid: Some(std::process::id()),
            what: Some(what.to_owned()),
        }
    }

    fn read(mut file: &File) -> Self {
        let mut text = Vec::new();
        let read = file
            .rewind()
            .and_then(|()| file.take(LONGEST_TEXT).read_to_end(&mut text));
        match read {
            Ok(_) => Self::parse(&String::from_utf8_lossy(&text)),
            Err(_) => Self::default(),
        }
    }

    /// Two lines: the process id, and what it does. Whatever else is in there must not reach a
    /// terminal as it is.
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let Some(pid) = lines.next().and_then(|pid| pid.parse().ok()) else {
            return Self::default();
        };
        let what: String = lines
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        Self {
            pid: Some(pid),
            what: Some(what).filter(|what| !what.is_empty()),
        }
    }

    fn write(&self, mut file: &File) -> io::Result<()> {
        let mut text = match self.pid {
            Some(pid) => format!("{pid}\n"),
            None => String::new(),
        };
        text.extend(self.what.iter().flat_map(|what| what.chars()).take(500));
        text.push('\n');
        file.set_len(0)?;
        kill_only("lock: emptied");
        file.rewind()?;
        file.write_all(text.as_bytes())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Exclusive,
    Shared,
}

/// A lock, released when dropped.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
    mode: Mode,
}

impl FileLock {
    /// Takes the lock for this process alone, waiting for at most `timeout`.
    ///
    /// The file and its directory are created where they are missing. `what` is shown to those who
    /// wait for this process. `on_wait` is called once, when there is somebody to wait for.
    ///
    /// # Errors
    /// Of kind [`Held`](crate::FsErrorKind::Held) when the time is over; of kind
    /// [`Unsupported`](crate::FsErrorKind::Unsupported) where the file system knows no locks.
    pub fn acquire(
        path: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        Self::wait(path.as_ref(), Mode::Exclusive, what, timeout, on_wait)
    }

    /// Takes the lock together with others that share it, as [`acquire`](Self::acquire) does. One who
    /// waits for several sharers is told of the one that came last, who may have gone.
    pub fn acquire_shared(
        path: impl AsRef<Path>,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        Self::wait(path.as_ref(), Mode::Shared, what, timeout, on_wait)
    }

    fn wait(
        path: &Path,
        mode: Mode,
        what: &str,
        timeout: Duration,
        on_wait: &mut dyn FnMut(&Holder),
    ) -> Result<Self, FsError> {
        let begun = Instant::now();
        let mut told = false;
        let mut pause = PAUSES[0];
        loop {
            let file = open(path)?;
            let tried = match mode {
                Mode::Exclusive => file.try_lock(),
                Mode::Shared => file.try_lock_shared(),
            };
            match tried {
                Ok(()) if is_named(&file, path) => {
                    // Only for others to read: a disk that is too full for it is no reason to fail.
                    let _ = Holder::this_process(what).write(&file);
                    kill_only("lock: taken");
                    return Ok(Self {
                        file,
                        path: path.to_owned(),
                        mode,
                    });
                }
                Ok(()) => {}
                Err(TryLockError::Error(error)) => return Err(FsError::io("lock", path)(error)),
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder::read(&file);
                    let waited = begun.elapsed();
                    if waited >= timeout {
                        return Err(FsError::Held {
                            path: path.to_owned(),
                            holder,
                            waited,
                        });
                    }
                    if !told {
                        told = true;
                        on_wait(&holder);
                    }
                    thread::sleep(pause.min(timeout.saturating_sub(waited)));
                    pause = (pause * 2).min(PAUSES[1]);
                }
            }
        }
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes a lock file unless somebody holds the lock, and says who does. A missing file is fine, and none
    /// is made. The name goes while this process has the lock, as in a release that deletes: whoever waits
    /// for it finds that out (see the module docs). On Windows nothing is deleted, since there a waiter could not.
    ///
    /// # Errors
    /// If the file cannot be opened, locked or deleted.
    pub fn delete_unless_held(path: impl AsRef<Path>) -> Result<Option<Holder>, FsError> {
        let path = path.as_ref();
        if cfg!(not(unix)) || !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            return Ok(None);
        }
        let file = match existing().open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FsError::io("open the lock file", path)(error)),
        };
        match file.try_lock() {
            Ok(()) if is_named(&file, path) => crate::remove_file(path).map(|()| None),
            // Somebody else deleted it meanwhile.
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(Holder::read(&file))),
            // Where there are no locks, nobody holds one.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                crate::remove_file(path).map(|()| None)
            }
            Err(TryLockError::Error(error)) => Err(FsError::io("lock", path)(error)),
        }
    }

    /// Releases the lock and deletes its file, for a lock that lives in a directory which goes away.
    /// The order matters: the name goes while the lock is held, so that whoever gets the lock next
    /// sees that it is on a file without a name (see the module docs).
    pub(crate) fn delete(self) -> Result<(), FsError> {
        crate::remove_file(&self.path)
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.mode == Mode::Exclusive && !is_dead() {
            let _ = self.file.set_len(0);
            kill_only("lock: emptied");
        }
        // Closing the file would do, but for a child process that was just forked and has it too.
        let _ = self.file.unlock();
    }
}

/// Opens a lock file, never through a symlink: the file is going to be overwritten, and in a project
/// that somebody else made, a link could lead to any file of the user.
fn open(path: &Path) -> Result<File, FsError> {
    let mut options = existing();
    options.create(true);
    let mut tries = 0;
    loop {
        if path.is_symlink() {
            let refused = io::Error::other("it is a symbolic link");
            return Err(FsError::io("lock", path)(refused));
        }
        match options.open(path) {
            Ok(file) => {
                kill_only("lock: opened");
                return Ok(file);
            }
            // The directory is missing, or another process removes it again and again.
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < 1000 => {
                tries += 1;
                match create_dir_all(path.parent().unwrap_or(path)) {
                    Err(error)
                        if matches!(error.kind(), FsErrorKind::NotFound | FsErrorKind::Exists) => {}
                    made => made?,
                }
            }
            Err(error) => return Err(FsError::io("open the lock file", path)(error)),
        }
    }
}

/// How a lock file that exists is opened.
fn existing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false);
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(no_follow.bits().cast_signed());
    }
    options
}

#[cfg(unix)]
pub(crate) fn is_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(locked), Ok(named)) => (locked.dev(), locked.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_named(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Without the look at the name, a thread soon has a lock on a file that another has deleted
    /// between its opening and its locking.
    #[test]
    fn one_at_a_time_though_each_deletes_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let inside = AtomicBool::new(false);
        let long = Duration::from_secs(60);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let lock = FileLock::acquire(&path, "", long, &mut |_| {}).unwrap();
                        assert!(!inside.swap(true, Ordering::SeqCst), "two at a time");
                        thread::yield_now();
                        inside.store(false, Ordering::SeqCst);
                        lock.delete().unwrap();
                    }
                });
            }
        });
    }

    #[test]
    fn one_at_a_time_though_another_deletes_what_is_not_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (inside, done) = (AtomicBool::new(false), AtomicBool::new(false));
        let long = Duration::from_secs(60);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    if let Some(holder) = FileLock::delete_unless_held(&path).unwrap() {
                        assert!(holder.what.is_none_or(|what| what == "work"));
                    }
                    thread::yield_now();
                }
            });
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..1000 {
                            let lock = FileLock::acquire(&path, "work", long, &mut |_| {}).unwrap();
                            assert!(!inside.swap(true, Ordering::SeqCst), "two at a time");
                            thread::yield_now();
                            inside.store(false, Ordering::SeqCst);
                            drop(lock);
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = workers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            done.store(true, Ordering::SeqCst);
            assert!(ended.iter().all(Result::is_ok), "two at a time");
        });
        let held = FileLock::acquire(&path, "work", long, &mut |_| {}).unwrap();
        assert!(FileLock::delete_unless_held(&path).unwrap().is_some());
        assert!(path.exists(), "it is held");
        drop(held);
        assert_eq!(FileLock::delete_unless_held(&path).unwrap(), None);
        assert!(!path.exists());
        assert_eq!(FileLock::delete_unless_held(&path).unwrap(), None);
        assert!(!path.exists(), "looking makes nothing");
    }
}
