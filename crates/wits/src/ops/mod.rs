//! The operations, one a module: what each command does, without arguments and printing.
//!
//! They are `async`, because registries are; [`crate::blocking`] has the same for callers that are not.

pub mod build;
pub mod fetch;
pub mod get;
pub mod init;
pub mod lock;
pub mod publish;

use wits_store::{Cache, ProjectLock, StoreError};

use crate::project::Workspace;
use crate::report::Note;
use crate::{Context, Error};

/// Holds off other processes that work on the same workspace. Without a cache to hold the lock file
/// in there is nothing to wait for: every write is atomic on its own.
fn exclude_others(
    context: &Context,
    workspace: &Workspace,
    what: &str,
) -> Result<Option<ProjectLock>, Error> {
    let cache = Cache::open(&context.cache);
    let reporter = context.reporter.clone();
    let mut on_wait = |holder: &wits_fs::Holder| {
        reporter.note(&Note::Waiting {
            holder: holder.to_string(),
        });
    };
    match ProjectLock::acquire(
        &cache,
        &workspace.root,
        what,
        context.patience,
        &mut on_wait,
    ) {
        Ok(lock) => Ok(Some(lock)),
        Err(StoreError::CacheUnwritable { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
