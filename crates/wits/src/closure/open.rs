//! One member while it is resolved: what its text names, what answers it, what is at fault.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wits_model::{PackageId, PackageRef, SourceSpan};
use wits_wit::{Mention, SourcePackage};

use super::stub::lend_stubs;
use super::{Answer, Closure, Outcome, Root};
use crate::Error;
use crate::error::Asked;
use crate::local::{LocalAnswer, OwnContent};
use crate::resolver::{MOST_PACKAGES, Resolver, Unresolved};

/// One member while it is resolved.
pub(super) struct Open<'a> {
    pub(super) root: &'a Root<'a>,
    pub(super) resolver: Resolver,
    /// Where a package is first named in text.
    spans: BTreeMap<PackageId, SourceSpan>,
    roots: BTreeSet<PackageId>,
    pub(super) answers: BTreeMap<PackageId, Answer>,
    pub(super) failures: BTreeMap<PackageId, Error>,
    /// Mentions without a version that nothing local answers.
    pub(super) unversioned: Vec<Mention>,
}

impl<'a> Open<'a> {
    pub(super) fn new(root: &'a Root<'a>) -> Self {
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
    pub(super) fn answer_locally(&mut self, id: &PackageId) -> bool {
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

    pub(super) fn answer(&mut self, id: &PackageId, outcome: Option<&Outcome>) {
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

    pub(super) fn asked(&self, id: &PackageId) -> Asked {
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

    /// The error for a closure that does not end.
    pub(super) fn too_many(&self) -> Option<Error> {
        let chain = self.resolver.too_many()?;
        Some(unresolved(Unresolved::TooMany(chain), &self.spans))
    }

    /// Published packages that name another without a version, which nothing here answers.
    pub(super) fn unversioned_dependencies(&self) -> Vec<Error> {
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

    pub(super) fn close(self) -> Result<Closure, Error> {
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
        let graph = resolver.finish().map_err(|why| unresolved(why, &spans))?;
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

/// Why there is no closure, with the mention that leads to it.
fn unresolved(why: Unresolved, spans: &BTreeMap<PackageId, SourceSpan>) -> Error {
    let span = |packages: &[PackageId]| packages.iter().find_map(|id| spans.get(id)).cloned();
    match why {
        Unresolved::Cycle(packages) => Error::Cycle {
            span: span(&packages).map(Box::new),
            packages,
        },
        Unresolved::TooMany(chain) => Error::TooManyPackages {
            limit: MOST_PACKAGES,
            asked: Box::new(Asked {
                span: span(&chain),
                chain,
            }),
        },
    }
}
