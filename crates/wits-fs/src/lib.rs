//! What wits does to a disk: whole-file writes, process locks, journalled replacement.
//!
//! This crate knows no package. It is the only one that may call `std::fs::{write, rename,
//! remove_dir_all}`: everything wits writes goes through here, so that a process killed at any
//! instant, or a disk that fills up, leaves a file or an entry as it was or as it should be.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`error`] | [`FsError`]: every failure names the path and what was being done |
//! | [`file`](mod@file) | [`write_atomic`], [`write_if_changed`], [`write_new`], [`read`] and the like |
//! | [`lock`] | [`FileLock`]: an advisory lock that says who holds it |
//! | [`replacement`] | [`Replacement`]: several entries of a directory, swapped under a journal |
//! | [`at_once`](mod@at_once) | [`at_once()`]: several things at a time |
//! | [`kill_points`] | where tests may kill the process; empty without the feature `kill-points` |

pub mod at_once;
pub mod error;
pub mod file;
pub mod kill_points;
pub mod lock;
pub mod replacement;
mod temporary;

pub use at_once::at_once;
pub use error::{FsError, FsErrorKind};
pub use file::{
    create_dir, create_dir_all, is_temporary, read, read_if_exists, remove_dir_all,
    remove_dir_if_empty, remove_file, rename, write_atomic, write_if_changed, write_new,
    write_private, write_whole,
};
pub use kill_points::kill_point;
pub use lock::{FileLock, Holder};
pub use replacement::{Recovered, Replacement};
