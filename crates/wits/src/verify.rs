//! What must agree within a closure, checked once all of it is there.
//!
//! A binary package carries copies of what it was built against, and one that wits built says the
//! canonical WIT digests of them too. Both are held against the real packages: a copy must be a subset
//! of the real one, and a digest must be its digest. What differs is an error of integrity that names
//! both, since one of the two was published from other sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use wits_model::routes::Routes;
use wits_model::{PackageId, PackageName, PackageSource};
use wits_wit::{Declaration, DeclaredDependency, DecodedPackage, model};

use crate::Error;
use crate::closure::{Answer, Closure};
use crate::report::{Note, Reporter};
use crate::session::Published;
use crate::texts::Texts;
use crate::versions::series;

/// Checks one closure, and tells what is worth knowing about it. Answers for which packages something
/// that would be an error may pass.
pub(crate) fn verify(
    reporter: &dyn Reporter,
    routes: &Routes,
    closure: &Closure,
    texts: &Texts,
) -> Result<BTreeSet<PackageName>, Error> {
    let mut errors = Vec::new();
    let mut skewed = BTreeSet::new();
    for (id, answer) in &closure.answers {
        match answer {
            Answer::Published(published) => {
                let Published { id, package, .. } = &**published;
                errors.extend(agrees(
                    reporter,
                    routes,
                    closure,
                    texts,
                    id,
                    package,
                    &mut skewed,
                ));
            }
            Answer::Stub { embedded_in } => {
                reporter.note(&Note::Stub {
                    package: id.clone(),
                    embedded_in: embedded_in.clone(),
                });
            }
            Answer::Local(_) | Answer::Own => {}
        }
    }
    same_series(reporter, closure);
    match Error::several(errors) {
        Some(error) => Err(error),
        None => Ok(skewed),
    }
}

/// Checks one package that is not in the closure itself, but was built against it.
pub(crate) fn package(
    reporter: &dyn Reporter,
    routes: &Routes,
    closure: &Closure,
    texts: &Texts,
    dependent: &DecodedPackage,
) -> Result<BTreeSet<PackageName>, Error> {
    let Some(id) = dependent.id().id() else {
        return Ok(BTreeSet::new());
    };
    let mut skewed = BTreeSet::new();
    match Error::several(agrees(
        reporter,
        routes,
        closure,
        texts,
        &id,
        dependent,
        &mut skewed,
    )) {
        Some(error) => Err(error),
        None => Ok(skewed),
    }
}

/// Holds what a package carries of others against the others.
fn agrees(
    reporter: &dyn Reporter,
    routes: &Routes,
    closure: &Closure,
    texts: &Texts,
    dependent: &PackageId,
    package: &DecodedPackage,
    skewed: &mut BTreeSet<PackageName>,
) -> Vec<Error> {
    if let Declaration::Newer { .. } = package.declaration() {
        reporter.note(&Note::NewerDeclaration {
            package: dependent.clone(),
        });
    }
    let copies = match package.embedded() {
        Ok(copies) => copies,
        Err(source) => {
            return vec![Error::Wit {
                package: Some(dependent.clone().into()),
                source,
            }];
        }
    };
    let mut errors = Vec::new();
    for copy in copies {
        let Some(id) = copy.reference.id() else {
            continue;
        };
        let Some(real) = texts.model(&id) else {
            continue;
        };
        let (source, local) = match closure.answers.get(&id) {
            Some(Answer::Published(published)) => (published.source.clone(), None),
            Some(Answer::Local(local)) => (
                PackageSource::Path {
                    path: local.dir.clone(),
                },
                Some("it is a local package"),
            ),
            Some(Answer::Own) => {
                let path = PathBuf::from("wit/deps");
                (
                    PackageSource::Path { path },
                    Some("the entry in wit/deps is yours"),
                )
            }
            // Copies of a package that nobody has must at least agree with the one that stands in.
            Some(Answer::Stub { embedded_in }) if embedded_in != dependent => {
                match closure.answers.get(embedded_in) {
                    Some(Answer::Published(lender)) => (lender.source.clone(), None),
                    _ => continue,
                }
            }
            _ => continue,
        };
        let all_declared = package.declared().unwrap_or_default();
        let declared = all_declared.binary_search_by(|declared| declared.package.cmp(&id));
        let declared = declared.ok().map(|at| &all_declared[at]);
        let Some(difference) = difference(dependent, copy, declared, real, texts, &source) else {
            if let (Some(built_against), Some(Answer::Published(published))) = (
                declared.and_then(|declared| declared.digest),
                closure.answers.get(&id),
            ) && built_against != published.pin.digest
            {
                reporter.note(&Note::OtherBytes {
                    dependent: dependent.clone(),
                    package: id,
                });
            }
            continue;
        };
        if local.is_some() || routes.allows_skew(&id.name) {
            if local.is_none() {
                skewed.insert(id.name.clone());
            }
            reporter.note(&Note::SkewAllowed {
                dependent: dependent.clone(),
                package: id,
                difference: difference.to_string(),
                because: local.unwrap_or("registry.toml allows it"),
            });
        } else {
            errors.push(difference);
        }
    }
    errors
}

/// How the real package differs from what `dependent` was built against.
fn difference(
    dependent: &PackageId,
    copy: &model::Package,
    declared: Option<&DeclaredDependency>,
    real: &model::Package,
    texts: &Texts,
    at: &PackageSource,
) -> Option<Error> {
    let package = copy.reference.id()?;
    if let Some(declared) = declared
        && let Some(found) = texts.wit(&package).filter(|found| declared.wit != *found)
    {
        return Some(Error::OtherWit {
            dependent: dependent.clone(),
            package,
            at: at.clone(),
            declared: declared.wit,
            found,
        });
    }
    let mismatch = model::subset(copy, real).err()?;
    Some(Error::Skew {
        dependent: dependent.clone(),
        package,
        at: at.clone(),
        mismatch: Box::new(mismatch),
    })
}

/// Tells of versions of one package whose numbers promise that they are compatible.
fn same_series(reporter: &dyn Reporter, closure: &Closure) {
    let mut groups: BTreeMap<_, Vec<&PackageId>> = BTreeMap::new();
    for id in closure.graph.packages.keys() {
        groups
            .entry((&id.name, series(&id.version)))
            .or_default()
            .push(id);
    }
    groups.retain(|_, versions| versions.len() > 1);
    let mut askers: BTreeMap<&PackageId, Vec<PackageId>> = BTreeMap::new();
    if !groups.is_empty() {
        for (asker, dependencies) in &closure.graph.packages {
            for dependency in dependencies {
                askers.entry(dependency).or_default().push(asker.clone());
            }
        }
    }
    for versions in groups.into_values() {
        let askers = |id: &PackageId| askers.get(id).cloned().unwrap_or_default();
        let versions = versions
            .into_iter()
            .map(|id| (id.clone(), closure.roots.contains(id), askers(id)))
            .collect();
        reporter.note(&Note::SameSeries { versions });
    }
}
