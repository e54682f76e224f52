//! The operations, one a module: what each command does, without arguments and printing.
//!
//! They are `async`, because registries are; [`crate::blocking`] has the same for callers that are not.

#[cfg(feature = "network")]
pub mod bindle;
pub mod build;
pub mod cache;
pub mod fetch;
pub mod get;
pub mod init;
pub mod lock;
pub mod login;
pub mod migrate;
pub mod publish;
pub mod show;
pub mod verify;
pub mod wac;
pub mod yank;

use std::path::Path;

use wits_fs::{Holder, Recovered};
use wits_store::deps::{self, Wait};
use wits_store::{Cache, ProjectLock, StoreError};

use crate::project::Workspace;
use crate::report::Note;
use crate::{Context, Error};

/// Holds off other processes that work on the same workspace, and finishes or undoes what a killed one
/// left in `wit/deps`. Without a cache to hold the lock file in there is nothing to wait for: every
/// write is atomic on its own.
fn exclude_others(
    context: &Context,
    workspace: &Workspace,
    what: &str,
) -> Result<Option<ProjectLock>, Error> {
    let cache = Cache::open(&context.cache);
    let mut on_wait = tell_of_waiting(context);
    let root = &workspace.root;
    let lock = match ProjectLock::acquire(&cache, root, what, context.patience, &mut on_wait) {
        Ok(lock) => Some(lock),
        Err(StoreError::CacheUnwritable { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    for member in &workspace.members {
        let wait = Wait {
            timeout: context.patience,
            on_wait: &mut on_wait,
        };
        if let Recovered::Completed { kept } = deps::recover(&member.deps(), wait)?
            && !kept.is_empty()
        {
            let paths = kept
                .iter()
                .map(|name| context.shown(&member.deps().join(name)))
                .collect();
            context.reporter.note(&Note::KeptAfterKill { paths });
        }
    }
    Ok(lock)
}

/// Says for whom this process waits.
pub(crate) fn tell_of_waiting(context: &Context) -> impl FnMut(&Holder) {
    |holder: &Holder| {
        context.reporter.note(&Note::Waiting {
            holder: holder.to_string(),
        });
    }
}

/// Refuses to write a file of the project's through a link, which a checkout may have set to lead
/// anywhere.
pub(crate) fn refuse_link(context: &Context, file: &Path) -> Result<(), Error> {
    match file.symlink_metadata() {
        Ok(found) if found.is_symlink() => Err(Error::Link {
            path: context.shown(file),
        }),
        _ => Ok(()),
    }
}
