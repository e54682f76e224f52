//! The closure of each member, from its WIT and the answers of registries.
//!
//! This is the one place where the resolver, which does no I/O, meets the registries, which know no
//! graph: needs of all members are asked for side by side, each package once, and every answer is handed
//! to whoever waits for it. A need that cannot be met does not stop the others, so that the errors told
//! at the end are the same whichever reply comes first.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `asking` | what is asked of registries: a release, then its bytes |
//! | `ahead` | which packages are asked for before anything verified names them |
//! | `open` | one member while it is resolved |
//! | `stub` | copies that stand in for packages that their registries do not have |

mod ahead;
mod asking;
mod open;
mod stub;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wits_model::lock::Lock;
use wits_model::{PackageId, PackageName};
use wits_wit::{Mention, SourcePackage};

pub(crate) use self::asking::AT_ONCE;
use self::asking::Asking;
use self::open::Open;
use crate::Error;
use crate::local::{LocalPackage, Locals};
use crate::resolver::Graph;
use crate::session::{Published, Session};

/// One member before it is resolved.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    pub(crate) source: &'a SourcePackage,
    pub(crate) locals: &'a Locals,
}

impl Root<'_> {
    /// Whether the project answers for `id` itself.
    fn answers(&self, id: &PackageId) -> bool {
        self.source.reference().id().as_ref() == Some(id)
            || !matches!(self.locals.answer(id), Ok(None))
    }
}

/// How a package in a closure was answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// By its registry.
    Published(Arc<Published>),
    /// By an override or a member.
    Local(Arc<LocalPackage>),
    /// By the user's own entry in `wit/deps`.
    Own,
    /// By the copy that another package embeds, because its registry does not have it.
    Stub {
        /// Whose copy it is.
        embedded_in: PackageId,
    },
}

/// A member's closure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closure {
    pub(crate) graph: Graph,
    pub(crate) answers: BTreeMap<PackageId, Answer>,
    /// What the member's own text names.
    pub(crate) roots: BTreeSet<PackageId>,
}

/// What a registry said of a package.
#[derive(Clone)]
enum Outcome {
    Published(Arc<Published>),
    /// It does not have it, and the user lets an embedded copy stand in.
    Absent,
}

/// Resolves all members. What `foreseen` names is known to be needed, or nearly so: it is asked for before
/// the texts that name it are there.
pub(crate) async fn resolve(
    session: &Session<'_>,
    roots: &[Root<'_>],
    lock: &Lock,
    foreseen: &BTreeSet<PackageId>,
) -> Result<Vec<Closure>, Error> {
    let mut open: Vec<Open<'_>> = roots.iter().map(Open::new).collect();
    let mut outcomes: BTreeMap<PackageId, Result<Outcome, ()>> = BTreeMap::new();
    let mut failures: BTreeMap<PackageId, Error> = BTreeMap::new();
    let mut waiting: BTreeMap<PackageId, BTreeSet<usize>> = BTreeMap::new();
    let mut asking = Asking::new(session, lock, roots);
    asking.foresee(foreseen);
    // What is locked is known before any text is decoded, so all of it is asked for at once.
    for id in locked_below(&open, lock) {
        waiting.entry(id.clone()).or_default();
        asking.need(id);
    }
    loop {
        for (index, member) in open.iter_mut().enumerate() {
            while let Some(id) = member.resolver.next_need() {
                if member.answer_locally(&id) {
                    continue;
                }
                if let Some(outcome) = outcomes.get(&id) {
                    member.answer(&id, outcome.as_ref().ok());
                    continue;
                }
                let waiters = waiting.entry(id.clone()).or_insert_with(|| {
                    asking.need(id);
                    BTreeSet::new()
                });
                waiters.insert(index);
            }
        }
        // What is asked for by then is of no use to anybody.
        if let Some(error) = open.iter().find_map(Open::too_many) {
            return Err(error);
        }
        let Some((id, outcome)) = asking.next().await else {
            break;
        };
        let waiters = waiting.remove(&id).unwrap_or_default();
        let outcome = outcome.map_err(|error| {
            failures.insert(id.clone(), error);
        });
        for waiter in waiters {
            open[waiter].answer(&id, outcome.as_ref().ok());
        }
        outcomes.insert(id, outcome);
    }
    if let Some(id) = waiting.keys().next() {
        return Err(Error::Bug(format!("`{id}` was never answered")));
    }
    finish(session, open, failures).await
}

/// What the lock says is below the members' own mentions, as far as nothing local answers for it.
fn locked_below(open: &[Open<'_>], lock: &Lock) -> BTreeSet<PackageId> {
    let mut found = BTreeSet::new();
    for member in open {
        let mut next: Vec<PackageId> = member.resolver.named();
        let mut seen: BTreeSet<PackageId> = next.iter().cloned().collect();
        while let Some(id) = next.pop() {
            let Some(locked) = lock.packages.get(&id).filter(|_| !member.root.answers(&id)) else {
                continue;
            };
            next.extend(
                locked
                    .dependencies
                    .iter()
                    .filter(|below| seen.insert((*below).clone()))
                    .cloned(),
            );
            if locked.pin.is_some() {
                found.insert(id);
            }
        }
    }
    found
}

async fn finish(
    session: &Session<'_>,
    open: Vec<Open<'_>>,
    mut failures: BTreeMap<PackageId, Error>,
) -> Result<Vec<Closure>, Error> {
    let known: BTreeSet<PackageName> = open
        .iter()
        .flat_map(|member| member.answers.keys())
        .map(|id| id.name.clone())
        .collect();
    let mut errors = Vec::new();
    let mut closures = Vec::new();
    for mut member in open {
        for mention in std::mem::take(&mut member.unversioned) {
            errors.push(unversioned(session, &mention).await);
        }
        for id in member.resolver.named() {
            // An error is told once, by the first member that meets it.
            if let Some(error) = member.failures.remove(&id).or_else(|| failures.remove(&id)) {
                let asked = member.asked(&id);
                errors.push(error.suggesting(&known).asked_by(asked));
            }
        }
        errors.extend(member.unversioned_dependencies());
        if errors.is_empty() {
            closures.push(member.close()?);
        }
    }
    match Error::several(errors) {
        Some(error) => Err(error),
        None => Ok(closures),
    }
}

/// A mention without a version, with the versions that there are.
async fn unversioned(session: &Session<'_>, mention: &Mention) -> Error {
    let name = &mention.package.name;
    let mut available = Vec::new();
    // This is for the message only: whatever fails here, the fault is the missing version.
    if let (false, Ok(route)) = (session.context.offline, session.route(name))
        && let Ok(source) = session.locate(&route, name).await
    {
        available = session.versions(&source).await.unwrap_or_default();
    }
    Error::Unversioned {
        package: name.clone(),
        span: Box::new(mention.span.clone()),
        available,
    }
}
