//! `fetch`: resolve, write `wits.lock`, lay out `wit/deps`.

use wits_model::lock::LockChange;
use wits_store::deps as tree;

use crate::deps::{self, DepsChange, Form};
use crate::prepare::{Prepared, prepare};
use crate::project::Workspace;
use crate::{Context, Error, inputs, lockfile};

/// What a fetch did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// Whether everything was there and checked already, so that nothing was read but texts.
    pub fresh: bool,
    /// What changed in the lock.
    pub changes: Vec<LockChange>,
    /// What changed in each member's `wit/deps`; empty if nothing was to be done.
    pub deps: Vec<DepsChange>,
    /// How many packages are in the lock, if it was read.
    pub packages: Option<usize>,
}

/// Fetches the closures of all members of `workspace`, in the form that is there already if none is named.
///
/// # Errors
/// Whatever keeps the closure from being complete and consistent; then nothing is written but the cache.
pub async fn fetch(
    context: &Context,
    workspace: &Workspace,
    form: Option<Form>,
) -> Result<Fetched, Error> {
    let form = match form {
        Some(form) => form,
        None => laid_out(context, workspace)?,
    };
    // Looking takes no lock and writes nothing; only who finds work waits for others, and looks again.
    let mut fresh = is_fresh(context, workspace, form)?;
    let mut _others = None;
    if !fresh {
        _others = super::exclude_others(context, workspace, "wits fetch")?;
        fresh = is_fresh(context, workspace, form)?;
    }
    if fresh {
        return Ok(Fetched {
            fresh: true,
            changes: Vec::new(),
            deps: Vec::new(),
            packages: None,
        });
    }
    let prepared = prepare(context, workspace, form).await?;
    let deps = write(context, workspace, &prepared, form)?;
    let packages = Some(prepared.lock.packages.len());
    Ok(Fetched {
        fresh: false,
        changes: prepared.changes,
        deps,
        packages,
    })
}

/// The form in which closures are laid out: text, unless a tree was fetched as binaries.
pub(super) fn laid_out(context: &Context, workspace: &Workspace) -> Result<Form, Error> {
    for member in &workspace.members {
        if deps::form_of(deps::stamp(context, member)?.as_ref()) == Form::Wasm {
            return Ok(Form::Wasm);
        }
    }
    Ok(Form::Wit)
}

/// Whether every member's `wit/deps` is what a run with these very inputs left, and none was interrupted.
pub(super) fn is_fresh(
    context: &Context,
    workspace: &Workspace,
    form: Form,
) -> Result<bool, Error> {
    for member in &workspace.members {
        let Some(stamp) = deps::stamp(context, member)? else {
            return Ok(false);
        };
        if stamp.lock != inputs::digest(context, workspace, member, &stamp, form)?
            || !tree::check(&member.deps(), &stamp)?.is_current()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the lock, and `wit/deps` after it.
pub(super) fn write(
    context: &Context,
    workspace: &Workspace,
    prepared: &Prepared<'_>,
    form: Form,
) -> Result<Vec<DepsChange>, Error> {
    let entries = prepared
        .members
        .iter()
        .map(|member| deps::entries(member, form));
    let entries = entries.collect::<Result<Vec<_>, Error>>()?;
    lockfile::write(context, workspace, &prepared.lock, &prepared.changes)?;
    let mut changes = Vec::new();
    for (prepared, entries) in prepared.members.iter().zip(entries) {
        let (member, locals) = (prepared.member, &prepared.locals);
        // The lock is one of the inputs, so they are read when it is written; and what is taken over
        // from wkg is no longer the user's.
        let inputs = inputs::digest_after(context, workspace, member, locals, form)?;
        changes.push(deps::apply(context, member, locals, entries, inputs)?);
    }
    Ok(changes)
}
