//! `wit/deps`: the packages that a project uses, where every WIT tool looks for them.
//!
//! ```text
//! wit/
//!     world.wit                     the user's
//!     deps/
//!         wasi-io-0.2.12/           an entry of wits
//!             package.wit
//!         demo-app-1.0.0.wasm       an entry of wits, with `--as wasm`
//!         my-own/                   an entry of the user
//!         .wits.json                the stamp: what wits wrote, and for which lock
//!     .wits-deps/                   only while entries are replaced, or after a kill
//! ```
//!
//! An entry belongs to wits if the stamp lists it, or if the caller adopts it (a tree that wkg wrote:
//! see [`Owner::Layout`]). All else is the user's, and nothing here moves, writes or deletes it.
//!
//! | step | function |
//! | --- | --- |
//! | is there anything to do? | [`Stamp::read`], [`check`]: reads only |
//! | the same, and what do the entries say? | [`read`] |
//! | finish what a killed run began | [`recover`] |
//! | what stands there, and whose is it? | [`scan`], [`scan_where`], [`owner`] |
//! | what is each package's entry called? | [`entry_names`] |
//! | make it so | [`apply`], which includes the stamp and recovers by itself |
//!
//! A run that writes holds the [`ProjectLock`](crate::ProjectLock). [`apply`] is safe without it, but
//! the plan it is given may be old by then.
//!
//! The directory is created for the first entry. When the last one goes, the stamp goes with it, and
//! then the directory if nothing of the user is in it (git would not keep it either). So a project
//! without dependencies has no stamp.

mod apply;
mod check;
mod names;
mod scan;
mod stamp;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wits_fs::{Holder, Recovered, Replacement};

pub use self::apply::{Applied, Content, Wanted, WantedEntry, apply};
pub use self::check::{Currency, Place, check, place, read};
pub use self::names::entry_names;
pub use self::scan::{Entry, EntryKind, Owner, owner, scan, scan_where};
pub use self::stamp::{Stamp, StampEntry, StampState};
use crate::StoreError;

/// The stamp, in `wit/deps`. WIT tools ignore it.
pub const STAMP: &str = ".wits.json";
/// The directory beside `wit/deps` in which entries wait. WIT tools do not look there.
pub const ASIDE: &str = ".wits-deps";
/// The one file in the directory of a package.
pub const PACKAGE_WIT: &str = "package.wit";

/// How to wait for another process that replaces entries of the same directory. It holds that lock for the
/// time of its writes only.
pub struct Wait<'a> {
    /// How long at most.
    pub timeout: Duration,
    /// Called once, when there is somebody to wait for.
    pub on_wait: &'a mut dyn FnMut(&Holder),
}

/// Completes or discards what an interrupted run left. Where there is nothing to do, this writes
/// nothing and needs no permission.
pub fn recover(dir: &Path, wait: Wait<'_>) -> Result<Recovered, StoreError> {
    check_is_directory(dir)?;
    let what = format!("recover {}", dir.display());
    let Wait { timeout, on_wait } = wait;
    Ok(Replacement::recover(
        dir,
        aside(dir),
        &what,
        timeout,
        on_wait,
    )?)
}

/// Whether a replacement was interrupted, or is under way at this moment.
pub fn was_interrupted(dir: &Path) -> bool {
    Replacement::was_interrupted(aside(dir))
}

fn aside(dir: &Path) -> PathBuf {
    dir.with_file_name(ASIDE)
}

/// A link could lead out of the project; what is behind it is not for wits to write.
pub fn check_is_directory(dir: &Path) -> Result<(), StoreError> {
    let what = match dir.symlink_metadata() {
        Ok(found) if found.is_symlink() => "a symbolic link",
        Ok(found) if !found.is_dir() => "a file",
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(wits_fs::FsError::io("read", dir)(error).into());
        }
        _ => return Ok(()),
    };
    Err(StoreError::NotADirectory {
        path: dir.to_owned(),
        what,
    })
}
