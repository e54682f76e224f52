//! `fetch`: resolve, write `wits.lock`, lay out `wit/deps`.

use wits_model::lock::LockChange;

use crate::deps::{self, DepsChange, Form};
use crate::inputs::Inputs;
use crate::prepare::{Prepared, PreparedMember, prepare};
use crate::project::{Member, Workspace};
use crate::standing::Standing;
use crate::{Context, Error, lockfile};

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
    match look(context, workspace, members, form)? {
        Look::Fresh(fetched) => Ok(fetched),
        Look::Work(form) => work(context, workspace, members, form).await,
    }
}

/// What a fetch finds before it does anything.
pub(crate) enum Look {
    /// Nothing is to be done.
    Fresh(Fetched),
    /// Something is, in this form.
    Work(Form),
}

/// Looks whether anything is to be done. This takes no lock, writes nothing and asks nobody.
pub(crate) fn look(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    form: Option<Form>,
) -> Result<Look, Error> {
    let standing = Standing::read(context, members, form)?;
    Ok(if standing.is_fresh(context, workspace)? {
        Look::Fresh(fresh())
    } else {
        Look::Work(standing.form())
    })
}

fn fresh() -> Fetched {
    Fetched {
        fresh: true,
        changes: Vec::new(),
        deps: Vec::new(),
        packages: None,
    }
}

/// Does what is to be done: waits for others, looks again, and fetches.
pub(crate) async fn work(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    form: Form,
) -> Result<Fetched, Error> {
    let _others = super::exclude_others(context, workspace, "wits fetch")?;
    let standing = Standing::read(context, members, Some(form))?;
    if standing.is_fresh(context, workspace)? {
        return Ok(fresh());
    }
    let inputs = *standing.inputs(context, workspace)?;
    let prepared = prepare(context, workspace, form).await?;
    let deps = write(context, workspace, members, &prepared, &inputs)?;
    Ok(Fetched {
        fresh: false,
        packages: Some(prepared.lock.packages.len()),
        changes: prepared.changes,
        deps,
    })
}

/// Writes the lock, and the `wit/deps` of `members` after it.
pub(super) fn write(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    prepared: &Prepared<'_>,
    inputs: &Inputs,
) -> Result<Vec<DepsChange>, Error> {
    let meant = |prepared: &&PreparedMember<'_>| {
        let mut members = members.iter();
        members.any(|member| member.root == prepared.member.root)
    };
    let meant: Vec<_> = prepared.members.iter().filter(meant).collect();
    let entries = meant
        .iter()
        .map(|member| deps::entries(member, inputs.form()));
    let entries = entries.collect::<Result<Vec<_>, Error>>()?;
    lockfile::write(context, workspace, &prepared.lock, &prepared.changes)?;
    let inputs = inputs.with_lock(workspace)?;
    let mut changes = Vec::new();
    for (prepared, entries) in meant.into_iter().zip(entries) {
        let (member, locals) = (prepared.member, &prepared.locals);
        // The lock is one of the inputs, so the digest is made when it is written; and what is taken over
        // from wkg is no longer the user's.
        let digest = inputs.digest_after(workspace, member, locals)?;
        changes.push(deps::apply(context, member, locals, entries, digest)?);
    }
    Ok(changes)
}
