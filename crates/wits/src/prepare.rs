//! From a workspace to checked closures: what `fetch`, `lock`, `build` and `publish` have in common.
//!
//! 1. what answers locally is read ([`crate::local`]);
//! 2. the closures are resolved, pins first ([`crate::closure`], [`crate::session`]);
//! 3. they are printed as text ([`crate::texts`]) and held against each other ([`crate::verify`]);
//! 4. each closure is parsed once with its project, no feature enabled, as any WIT tool will;
//! 5. the lock that follows is compared with the one that is there ([`crate::lockfile`]).
//!
//! Nothing is written here but the cache.

use std::collections::BTreeSet;
use wits_model::{PackageId, PackageName};

use wits_model::lock::{Lock, LockChange};
use wits_store::deps::PACKAGE_WIT;
use wits_wit::SourcePackage;

use crate::closure::{self, Answer, Closure, Root};
use crate::context::Locking;
use crate::deps::Form;
use crate::foreign::WkgPins;
use crate::local::Locals;
use crate::project::{Member, Workspace};
use crate::report::Note;
use crate::session::Session;
use crate::texts::Texts;
use crate::{Context, Error, config, deps, lockfile, verify};

/// A workspace whose closures are resolved and checked.
pub(crate) struct Prepared<'a> {
    pub(crate) lock: Lock,
    pub(crate) changes: Vec<LockChange>,
    pub(crate) members: Vec<PreparedMember<'a>>,
}

impl Prepared<'_> {
    /// Refuses a lock that would change where it may not.
    pub(crate) fn permit(&self, context: &Context) -> Result<(), Error> {
        if context.locking == Locking::Locked && !self.changes.is_empty() {
            return Err(Error::LockOutdated {
                changes: self.changes.clone(),
            });
        }
        Ok(())
    }
}

/// One member of it.
pub(crate) struct PreparedMember<'a> {
    pub(crate) member: &'a Member,
    pub(crate) source: SourcePackage,
    pub(crate) locals: Locals,
    pub(crate) closure: Closure,
    pub(crate) texts: Texts,
    /// Packages of which something else was built in than they are, which may pass.
    pub(crate) skewed: BTreeSet<PackageName>,
}

/// Who is asked before the registries.
pub(crate) enum View<'v> {
    /// The user's own entries, overrides and workspace members.
    Owner,
    /// No one: the closure is what a stranger gets who has only the published packages.
    Stranger {
        /// What the owner has. A stranger will have much the same, so that all of it can be asked for at once,
        /// and what is the same need not be checked again.
        own: &'v PreparedMember<'v>,
        /// The owner's lock.
        lock: &'v Lock,
    },
}

/// Resolves and checks all members of `workspace`.
pub(crate) async fn prepare<'a>(
    context: &Context,
    workspace: &'a Workspace,
    form: Form,
) -> Result<Prepared<'a>, Error> {
    let session = Session::new(context, Some(workspace))?;
    prepare_in(&session, workspace, form).await
}

/// The same in a session that others share.
pub(crate) async fn prepare_in<'a>(
    session: &Session<'_>,
    workspace: &'a Workspace,
    form: Form,
) -> Result<Prepared<'a>, Error> {
    let context = session.context;
    let members: Vec<&Member> = workspace.members.iter().collect();
    let view = View::Owner;
    let prepared = prepare_members(session, workspace, &members, &view, form).await?;
    for own in prepared
        .members
        .iter()
        .flat_map(|member| member.locals.own_entries())
    {
        let package = own.package.to_string();
        context.reporter.note(&Note::OwnEntry {
            path: own.path.clone(),
            package,
        });
    }
    prepared.permit(context)?;
    Ok(prepared)
}

/// Resolves and checks all members from what is pinned and cached alone; the context is sealed. What would change in
/// the lock is no error here.
pub(crate) async fn prepare_sealed<'a>(
    context: &Context,
    workspace: &'a Workspace,
    form: Form,
) -> Result<Prepared<'a>, Error> {
    let session = Session::new(context, Some(workspace))?;
    let members: Vec<&Member> = workspace.members.iter().collect();
    prepare_members(&session, workspace, &members, &View::Owner, form).await
}

/// A stub has no bytes of its own to pin, but its WIT is pinned.
fn check_stub_pins(old: &Lock, closure: &Closure, texts: &Texts) -> Result<(), Error> {
    for (id, answer) in &closure.answers {
        let (Answer::Stub { .. }, Some(text), Some(locked)) =
            (answer, texts.packages.get(id), old.packages.get(id))
        else {
            continue;
        };
        if let (Some(_), Some(wit)) = (&locked.embedded_in, locked.wit)
            && wit != text.wit
        {
            return Err(Error::PinnedWit {
                package: id.clone(),
                locked: wit,
                found: text.wit,
            });
        }
    }
    Ok(())
}

/// Resolves and checks `members`, as `view` sees them.
pub(crate) async fn prepare_members<'a>(
    session: &Session<'_>,
    workspace: &'a Workspace,
    members: &[&'a Member],
    view: &View<'_>,
    form: Form,
) -> Result<Prepared<'a>, Error> {
    let context = session.context;
    let old = match view {
        View::Owner => lockfile::read(context, workspace)?,
        View::Stranger { lock, .. } => (*lock).clone(),
    };
    let mut inputs = Vec::new();
    for member in members {
        let source = session.source(&member.wit)?;
        let locals = match view {
            View::Owner => {
                let stamp = deps::stamp(context, member)?;
                Locals::read(session, workspace, member, stamp.as_ref(), &old)?
            }
            View::Stranger { .. } => Locals::default(),
        };
        inputs.push((*member, source, locals));
    }
    // A stranger has no lock of ours, nor of wkg's.
    let (session, pins, foreseen) = match view {
        View::Owner => {
            let wkg = WkgPins::read(context, &workspace.root)?;
            (session.with_wkg_pins(wkg), &old, BTreeSet::new())
        }
        View::Stranger { own, .. } => {
            let foreseen = own.closure.answers.keys().cloned().collect();
            (session.clone(), &Lock::default(), foreseen)
        }
    };
    for member in members
        .iter()
        .filter(|member| member.root != workspace.routes_root())
    {
        let file = member.root.join(config::ROUTES);
        if file.is_file() {
            context.reporter.note(&Note::RoutesNotUsed {
                file: context.shown(&file),
            });
        }
    }
    let roots: Vec<Root<'_>> = inputs
        .iter()
        .map(|(_, source, locals)| Root { source, locals })
        .collect();
    let closures = closure::resolve(&session, &roots, pins, &foreseen).await?;
    let mut prepared = Vec::new();
    for ((member, source, locals), closure) in inputs.into_iter().zip(closures) {
        let names = deps::names(&closure);
        let file_of = |id: &PackageId| {
            let entry = names.get(id).map(String::as_str).unwrap_or_default();
            context.shown(&member.deps().join(entry).join(PACKAGE_WIT))
        };
        let texts = Texts::of(
            locals.own_dependencies(),
            &closure,
            &session.printed,
            &file_of,
        )?;
        check_stub_pins(&old, &closure, &texts)?;
        let skewed = match view {
            // The same texts were held against each other and parsed for the owner.
            View::Stranger { own, .. } if texts.is_same(&own.texts) => own.skewed.clone(),
            _ => {
                let skewed = verify::verify(&*context.reporter, &session.routes, &closure, &texts)?;
                wits_wit::check(source.clone(), deps::dependencies(&closure, &texts, form))?;
                skewed
            }
        };
        prepared.push(PreparedMember {
            member,
            source,
            locals,
            closure,
            texts,
            skewed,
        });
    }
    let lock = lockfile::of(
        prepared
            .iter()
            .map(|member| (&member.closure, &member.texts)),
    )?;
    let changes = old.diff(&lock);
    Ok(Prepared {
        lock,
        changes,
        members: prepared,
    })
}
