//! The closure of each member, from its WIT and the answers of registries.
//!
//! This is the one place where the resolver, which does no I/O, meets the registries, which know no
//! graph: needs of all members are asked for side by side, each package once, and every answer is handed
//! to whoever waits for it. A need that cannot be met does not stop the others, so that the errors told
//! at the end are the same whichever reply comes first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use wits_model::lock::Lock;
use wits_model::{PackageId, PackageName, PackageRef, SourceSpan};
use wits_wit::{Mention, NoGates, SourceFile, SourcePackage};

use crate::Error;
use crate::error::Asked;
use crate::local::{LocalAnswer, LocalPackage, Locals, OwnContent};
use crate::report::Progress;
use crate::resolver::{Graph, Resolver};
use crate::session::{Published, Session};

/// How many packages are asked for at a time. More does not help any registry, and open files are few.
const AT_ONCE: usize = 64;

/// One member before it is resolved.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    pub(crate) source: &'a SourcePackage,
    pub(crate) locals: &'a Locals,
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

/// One member while it is resolved.
struct Open<'a> {
    root: &'a Root<'a>,
    resolver: Resolver,
    /// Where a package is first named in text.
    spans: BTreeMap<PackageId, SourceSpan>,
    roots: BTreeSet<PackageId>,
    answers: BTreeMap<PackageId, Answer>,
    failures: BTreeMap<PackageId, Error>,
    /// Mentions without a version that nothing local answers.
    unversioned: Vec<Mention>,
}

/// What a registry said of a package.
#[derive(Clone)]
enum Outcome {
    Published(Arc<Published>),
    /// It does not have it, and the user lets an embedded copy stand in.
    Absent,
}

/// Resolves all members.
pub(crate) async fn resolve(
    session: &Session<'_>,
    roots: &[Root<'_>],
    lock: &Lock,
) -> Result<Vec<Closure>, Error> {
    let mut open: Vec<Open<'_>> = roots.iter().map(Open::new).collect();
    let mut outcomes: BTreeMap<PackageId, Result<Outcome, ()>> = BTreeMap::new();
    let mut failures: BTreeMap<PackageId, Error> = BTreeMap::new();
    let mut waiting: BTreeMap<PackageId, BTreeSet<usize>> = BTreeMap::new();
    let mut queue: VecDeque<PackageId> = VecDeque::new();
    let mut asked = FuturesUnordered::new();
    // What is locked is known before any text is decoded, so all of it is asked for at once.
    for id in locked_below(&open, lock) {
        waiting.entry(id.clone()).or_default();
        queue.push_back(id);
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
                    queue.push_back(id);
                    BTreeSet::new()
                });
                waiters.insert(index);
            }
        }
        while asked.len() < AT_ONCE
            && let Some(id) = queue.pop_front()
        {
            let known = outcomes.len() + waiting.len();
            session.context.reporter.progress(&Progress::Resolving {
                package: id.clone(),
                known,
            });
            asked.push(async move {
                let outcome = ask(session, lock, &id).await;
                (id, outcome)
            });
        }
        let Some((id, outcome)) = asked.next().await else {
            break;
        };
        let waiters = waiting.remove(&id).unwrap_or_default();
        let fetched = matches!(&outcome, Ok(Outcome::Published(published)) if published.fetched);
        let outcome = outcome.map_err(|error| {
            failures.insert(id.clone(), error);
        });
        for waiter in waiters {
            open[waiter].answer(&id, outcome.as_ref().ok());
        }
        outcomes.insert(id.clone(), outcome);
        session.context.reporter.progress(&Progress::Resolved {
            package: id,
            fetched,
            done: outcomes.len(),
            known: outcomes.len() + waiting.len(),
        });
    }
    finish(session, open, failures).await
}

/// What the lock says is below the members' own mentions, as far as nothing local answers for it.
fn locked_below(open: &[Open<'_>], lock: &Lock) -> BTreeSet<PackageId> {
    let mut found = BTreeSet::new();
    for member in open {
        let is_local = |id: &PackageId| !matches!(member.root.locals.answer(id), Ok(None));
        let mut next: Vec<PackageId> = member.resolver.named();
        let mut seen: BTreeSet<PackageId> = next.iter().cloned().collect();
        while let Some(id) = next.pop() {
            let Some(locked) = lock.packages.get(&id).filter(|_| !is_local(&id)) else {
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

/// Asks for one package. A registry that does not have it may be a stub's occasion.
async fn ask(session: &Session<'_>, lock: &Lock, id: &PackageId) -> Result<Outcome, Error> {
    let may_be_stub = session.routes.allows_embedded(&id.name);
    let is_locked_stub = lock
        .packages
        .get(id)
        .is_some_and(|locked| locked.embedded_in.is_some());
    if may_be_stub && is_locked_stub {
        return Ok(Outcome::Absent);
    }
    match session.package(lock, id).await {
        Ok(published) => Ok(Outcome::Published(Arc::new(published))),
        Err(
            Error::NoRoute { .. } | Error::PackageNotFound { .. } | Error::VersionNotFound { .. },
        ) if may_be_stub => Ok(Outcome::Absent),
        Err(error) => Err(error),
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

impl<'a> Open<'a> {
    fn new(root: &'a Root<'a>) -> Self {
        let mut open = Self {
            root,
            resolver: Resolver::default(),
            spans: BTreeMap::new(),
            roots: BTreeSet::new(),
            answers: BTreeMap::new(),
            failures: BTreeMap::new(),
            unversioned: Vec::new(),
        };
        let named = open.needs_of(root.source);
        open.roots.extend(named.iter().cloned());
        // What stands in wit/deps is parsed with the rest by every tool, named or not.
        for own in root.locals.own_entries() {
            if let Some(id) = own.package.id() {
                open.resolver.require(id);
            } else if let OwnContent::Text(source) = &own.content {
                for id in open.needs_of(source) {
                    open.resolver.require(id);
                }
            }
        }
        for id in named {
            open.resolver.require(id);
        }
        open
    }

    /// The packages that a text needs; what it names without a version is set down as a fault unless
    /// the user's own entries answer.
    fn needs_of(&mut self, source: &SourcePackage) -> BTreeSet<PackageId> {
        let mut needs = BTreeSet::new();
        for mention in source.mentions() {
            match mention.package.id() {
                Some(id) => {
                    self.spans
                        .entry(id.clone())
                        .or_insert_with(|| mention.span.clone());
                    needs.insert(id);
                }
                None if self.root.locals.own(&mention.package).is_some() => {}
                None => self.unversioned.push(mention.clone()),
            }
        }
        needs
    }

    /// Answers a need from the project itself, if it can.
    fn answer_locally(&mut self, id: &PackageId) -> bool {
        let locals = self.root.locals;
        if self.root.source.reference().id().as_ref() == Some(id) {
            // The project's own package: whoever needs it closes a circle, which `close` tells.
            let needs = self.needs_of(self.root.source);
            self.resolver.answer(id, needs);
            return true;
        }
        let (answer, needs) = match locals.answer(id) {
            Ok(None) => return false,
            Ok(Some(LocalAnswer::Own(own))) => match &own.content {
                OwnContent::Text(source) => (Some(Answer::Own), self.needs_of(source)),
                OwnContent::Binary(_) => (Some(Answer::Own), BTreeSet::new()),
            },
            Ok(Some(LocalAnswer::Local(local))) => (
                Some(Answer::Local(Arc::clone(local))),
                self.needs_of(&local.source),
            ),
            Err(error) => {
                self.failures.insert(id.clone(), error);
                (None, BTreeSet::new())
            }
        };
        if let Some(answer) = answer {
            self.answers.insert(id.clone(), answer);
        }
        self.resolver.answer(id, needs);
        true
    }

    fn answer(&mut self, id: &PackageId, outcome: Option<&Outcome>) {
        let mut needs = BTreeSet::new();
        match outcome {
            Some(Outcome::Published(published)) => {
                needs = published
                    .package
                    .dependencies()
                    .iter()
                    .filter_map(PackageRef::id)
                    .collect();
                self.answers
                    .insert(id.clone(), Answer::Published(Arc::clone(published)));
            }
            Some(Outcome::Absent) => {
                // Whose copy it is is decided when all who have one are known.
                self.answers.insert(
                    id.clone(),
                    Answer::Stub {
                        embedded_in: id.clone(),
                    },
                );
            }
            None => {}
        }
        self.resolver.answer(id, needs);
    }

    fn asked(&self, id: &PackageId) -> Asked {
        let chain = self.resolver.chain_to(id);
        let named = chain
            .iter()
            .rev()
            .find_map(|package| self.spans.get(package));
        Asked {
            span: named.cloned(),
            chain,
        }
    }

    /// Published packages that name another without a version, which nothing here answers.
    fn unversioned_dependencies(&self) -> Vec<Error> {
        let mut errors = Vec::new();
        for (id, answer) in &self.answers {
            let Answer::Published(published) = answer else {
                continue;
            };
            for dependency in published.package.dependencies() {
                let answered = self.root.locals.own(dependency).is_some();
                if dependency.version.is_none() && !answered {
                    errors.push(Error::UnversionedDependency {
                        dependent: id.clone(),
                        package: dependency.name.clone(),
                        asked: Box::new(self.asked(id)),
                    });
                }
            }
        }
        errors
    }

    fn close(self) -> Result<Closure, Error> {
        let Self {
            mut resolver,
            mut answers,
            roots,
            spans,
            root,
            ..
        } = self;
        lend_stubs(&mut resolver, &mut answers, &spans)?;
        root.locals.check_binaries(answers.keys())?;
        let graph = resolver.finish().map_err(|packages| Error::Cycle {
            span: packages
                .iter()
                .find_map(|id| spans.get(id))
                .cloned()
                .map(Box::new),
            packages,
        })?;
        if let Some(own) = root
            .source
            .reference()
            .id()
            .filter(|own| graph.packages.contains_key(own))
        {
            return Err(Error::Cycle {
                packages: vec![own],
                span: root.source.header_span().map(Box::new),
            });
        }
        Ok(Closure {
            graph,
            answers,
            roots,
        })
    }
}

/// Decides whose copy stands in for each package that its registry does not have: the fullest, and of
/// several the first in order. A stub needs what its own text names.
fn lend_stubs(
    resolver: &mut Resolver,
    answers: &mut BTreeMap<PackageId, Answer>,
    spans: &BTreeMap<PackageId, SourceSpan>,
) -> Result<(), Error> {
    let stubs: Vec<PackageId> = answers
        .iter()
        .filter(|(_, answer)| matches!(answer, Answer::Stub { .. }))
        .map(|(id, _)| id.clone())
        .collect();
    for stub in stubs {
        let reference = PackageRef::from(stub.clone());
        let mut fullest: Option<(usize, Arc<Published>)> = None;
        for answer in answers.values() {
            let Answer::Published(published) = answer else {
                continue;
            };
            let copy = published
                .package
                .embedded()
                .iter()
                .find(|copy| copy.reference == reference);
            let Some(size) = copy.map(|copy| copy.canonical_form().len()) else {
                continue;
            };
            if fullest.as_ref().is_none_or(|(most, _)| size > *most) {
                fullest = Some((size, Arc::clone(published)));
            }
        }
        let Some((_, lender)) = fullest else {
            let asked = Asked {
                span: spans.get(&stub).cloned(),
                chain: vec![stub.clone()],
            };
            return Err(Error::NoLender {
                package: stub,
                asked: Box::new(asked),
            });
        };
        let in_stub = |source| Error::Wit {
            package: Some(reference.clone()),
            source,
        };
        let text = lender
            .package
            .print_embedded(&reference, &NoGates)
            .map_err(in_stub)?;
        let file = SourceFile {
            path: format!("{stub}.wit").into(),
            bytes: text.into_bytes(),
        };
        let source = SourcePackage::parse(vec![file]).map_err(in_stub)?;
        let needs = source
            .mentions()
            .iter()
            .filter_map(|mention| mention.package.id())
            .collect();
        resolver.answer(&stub, needs);
        answers.insert(
            stub,
            Answer::Stub {
                embedded_in: lender.id.clone(),
            },
        );
    }
    Ok(())
}
