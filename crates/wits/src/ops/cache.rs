//! `cache`: how big the cache is, and making it smaller. Looking it through is in [`super::verify`].
//!
//! These work anywhere: the cache is the user's, and belongs to no project. They open no socket.

use std::path::PathBuf;
use std::time::Duration;

use wits_store::Cache;
pub use wits_store::Stock;
use wits_store::cache::prune::PruneOptions;
pub use wits_store::cache::prune::Pruned;

use crate::{Context, Error};

/// How much there is in a cache: see the example of [`size`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSize {
    /// The directory.
    pub dir: PathBuf,
    /// The bytes of packages, by digest.
    pub blobs: Stock,
    /// What was set aside because it was damaged.
    pub damaged: Stock,
    /// Everything else: what killed processes left, layouts of older versions.
    pub other: Stock,
}

/// How much there is in the cache. A missing cache is an empty one.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use wits::{Context, ops};
///
/// let context = Context::new(dir.path().join("cache"));
/// assert_eq!(ops::cache::size(&context)?.blobs.bytes, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the directory cannot be read, or is a file.
pub fn size(context: &Context) -> Result<CacheSize, Error> {
    let size = Cache::open(&context.cache).size()?;
    Ok(CacheSize {
        dir: context.cache.clone(),
        blobs: size.blobs,
        damaged: size.damaged,
        other: size.other,
    })
}

/// What [`prune`] may take, beside what is of no use: see its example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prune {
    /// Blobs that were not used for so long. The time of use is known to the day.
    pub unused_for: Option<Duration>,
    /// The blobs that were used least lately, until all together have no more bytes than this.
    pub max_bytes: Option<u64>,
    /// Remove nothing, and tell what would go.
    pub dry_run: bool,
}

/// Removes from the cache what is of no use (what was set aside, what killed processes left, layouts of older
/// versions, locks that nobody holds) and of the blobs as many as `prune` says; without it, none, since a run
/// without the network may need them. Other processes may use the cache at the same time: what goes is a miss.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use std::time::Duration;
/// use wits::{Context, ops};
/// use wits::ops::cache::Prune;
///
/// let context = Context::new(dir.path().join("cache"));
/// let mut month = Prune::default();
/// month.unused_for = Some(Duration::from_secs(30 * 24 * 60 * 60));
/// assert_eq!(ops::cache::prune(&context, &month)?.bytes(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the directory cannot be read or written, or is a file. Some of it may have gone then.
pub fn prune(context: &Context, prune: &Prune) -> Result<Pruned, Error> {
    let options = PruneOptions {
        unused_for: prune.unused_for,
        max_bytes: prune.max_bytes,
        dry_run: prune.dry_run,
    };
    Ok(Cache::open(&context.cache).prune(&options)?)
}

/// What went: see the example of [`clean`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleaned {
    /// The directory, which is still there, and empty but for its tag.
    pub dir: PathBuf,
    /// What went.
    pub removed: Stock,
    /// The processes that hold the locks of projects at this moment. Those locks are still there.
    pub held: Vec<String>,
}

/// Removes from the cache everything that wits made, and nothing else.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use wits::{Context, ops};
///
/// std::fs::write(dir.path().join("letter.txt"), "Dear reader")?;
/// let context = Context::new(dir.path());
/// assert!(ops::cache::clean(&context).is_err(), "that is no cache");
/// assert!(dir.path().join("letter.txt").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the directory is none that wits made, or has other things in it; then nothing is removed. If it cannot be
/// read or written; then some of it may have gone.
pub fn clean(context: &Context) -> Result<Cleaned, Error> {
    let cleaned = Cache::open(&context.cache).clean()?;
    Ok(Cleaned {
        dir: context.cache.clone(),
        removed: cleaned.removed,
        held: cleaned.held.iter().map(ToString::to_string).collect(),
    })
}
