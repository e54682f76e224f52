//! `fetch`: resolve, write `wits.lock`, lay out `wit/deps`.

use wits_model::lock::LockChange;
use wits_store::deps as tree;

use crate::deps::{self, DepsChange, Form};
use crate::prepare::{Prepared, PreparedMember, prepare};
use crate::project::{Member, Workspace};
use crate::{Context, Error, inputs, lockfile};

/// What a fetch did: see the example of [`fetch`].
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
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// let fetched = wits::ops::fetch::fetch(context, workspace, None).await?;
/// for member in fetched.deps {
///     println!("{}: {} written", member.dir.display(), member.written.len());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn fetch(
    context: &Context,
    workspace: &Workspace,
    form: Option<Form>,
) -> Result<Fetched, Error> {
    lay_out(context, workspace, &workspace.members, form).await
}

/// Fetches the closure of the current member of `workspace` alone: what stands in the `wit/deps` of the
/// others is left as it is. The lock is that of all, so all are resolved. For builds of one package, which
/// may run side by side.
///
/// # Errors
/// As [`fetch`]; and if no member is the current one.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// use wits::{Form, Locking};
///
/// let mut frozen = context.clone();
/// (frozen.offline, frozen.locking) = (true, Locking::Locked);
/// wits::ops::fetch::fetch_current(&frozen, workspace, Some(Form::Wit)).await?;
/// # Ok(())
/// # }
/// ```
pub async fn fetch_current(
    context: &Context,
    workspace: &Workspace,
    form: Option<Form>,
) -> Result<Fetched, Error> {
    let current = workspace.current(context, "fetch")?;
    lay_out(context, workspace, std::slice::from_ref(current), form).await
}

async fn lay_out(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    form: Option<Form>,
) -> Result<Fetched, Error> {
    let form = match form {
        Some(form) => form,
        None => laid_out(context, workspace)?,
    };
    // Looking takes no lock and writes nothing; only who finds work waits for others, and looks again.
    let mut fresh = is_fresh(context, workspace, members, form)?;
    let mut _others = None;
    if !fresh {
        _others = super::exclude_others(context, workspace, "wits fetch")?;
        fresh = is_fresh(context, workspace, members, form)?;
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
    let deps = write(context, workspace, members, &prepared, form)?;
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

/// Whether the `wit/deps` of each of `members` is what a run with these very inputs left, and none was
/// interrupted.
pub(super) fn is_fresh(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    form: Form,
) -> Result<bool, Error> {
    for member in members {
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

/// Writes the lock, and the `wit/deps` of `members` after it.
pub(super) fn write(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    prepared: &Prepared<'_>,
    form: Form,
) -> Result<Vec<DepsChange>, Error> {
    let meant = |prepared: &&PreparedMember<'_>| {
        let mut members = members.iter();
        members.any(|member| member.root == prepared.member.root)
    };
    let meant: Vec<_> = prepared.members.iter().filter(meant).collect();
    let entries = meant.iter().map(|member| deps::entries(member, form));
    let entries = entries.collect::<Result<Vec<_>, Error>>()?;
    lockfile::write(context, workspace, &prepared.lock, &prepared.changes)?;
    let mut changes = Vec::new();
    for (prepared, entries) in meant.into_iter().zip(entries) {
        let (member, locals) = (prepared.member, &prepared.locals);
        // The lock is one of the inputs, so they are read when it is written; and what is taken over
        // from wkg is no longer the user's.
        let inputs = inputs::digest_after(context, workspace, member, locals, form)?;
        changes.push(deps::apply(context, member, locals, entries, inputs)?);
    }
    Ok(changes)
}
