//! A package and all it needs, put together as wit-parser's `push_dir` does with a directory: binary
//! packages are decoded and merged first, then the text packages are added in the order of their
//! dependencies.
//!
//! What would make wit-parser panic, recurse without end or speak of the wrong thing is found before
//! it is asked: packages that are missing, there twice, or in a cycle. The order in which packages are
//! added follows from their names alone, so that what is built does not depend on the order of files.

use std::collections::{BTreeMap, BTreeSet};

use wit_parser::{PackageId, Resolve, Span};
use wits_model::counted::{Work, count};
use wits_model::{PackageRef, SourceSpan};

use crate::decode::{DecodedPackage, innermost};
use crate::error::WitError;
use crate::order;
use crate::resolve_error;
use crate::source::{Part, SourcePackage};

/// One entry of `wit/deps`.
#[derive(Debug, Clone)]
pub enum Dependency {
    /// WIT text.
    Text(SourcePackage),
    /// A WIT package in its binary form.
    Binary(DecodedPackage),
}

impl Dependency {
    /// Which package it is.
    pub fn reference(&self) -> PackageRef {
        match self {
            Self::Text(package) => package.reference(),
            Self::Binary(package) => package.id(),
        }
    }
}

/// How many interfaces there are in a closure.
pub(crate) fn interfaces(root: &SourcePackage, deps: &[Dependency]) -> usize {
    let text =
        |package: &SourcePackage| -> usize { package.parts().map(|part| part.interfaces).sum() };
    let dep = |dep: &Dependency| match dep {
        Dependency::Text(package) => text(package),
        Dependency::Binary(package) => package.resolve.interfaces.len(),
    };
    text(root) + deps.iter().map(dep).sum::<usize>()
}

/// A package of text, and where in all the text of the closure its group begins.
pub(crate) struct Member<'a> {
    pub(crate) part: &'a Part,
    group: &'a SourcePackage,
    offset: u32,
    /// Which one it is, of all that there are.
    number: usize,
}

/// The text packages of a closure by name.
pub(crate) type Members<'a> = BTreeMap<&'a PackageRef, Member<'a>>;

/// wit-parser counts the bytes of the whole closure in 32 bits, and stops the process beyond.
const MOST_TEXT: usize = 1 << 31;

/// Resolves `root` among `deps`, with all features enabled or with none. What nobody else shares of them is used up,
/// and nothing is copied.
pub(crate) fn resolve(
    root: SourcePackage,
    deps: Vec<Dependency>,
    all_features: bool,
) -> Result<(Resolve, PackageId), WitError> {
    count(Work::Resolve, || root.texts.concat());
    let (reference, header) = (root.reference(), root.header_span());
    let (mut groups, mut binaries) = (vec![root], Vec::new());
    for dep in deps {
        match dep {
            Dependency::Text(group) => groups.push(group),
            Dependency::Binary(package) => binaries.push(package),
        }
    }
    // In the order of all members.
    let unresolved = groups.iter_mut().flat_map(SourcePackage::take_unresolved);
    let mut unresolved: Vec<_> = unresolved.map(Some).collect();
    let mut resolve = Resolve {
        all_features,
        ..Resolve::default()
    };
    let binaries = merge_binaries(&mut resolve, binaries)?;
    let members = members(&groups, &binaries)?;
    let provided: BTreeSet<_> = members.keys().copied().chain(binaries.keys()).collect();
    let mut main = None;
    for member in order::sorted(&members, &provided)? {
        // Each is in the order once.
        let Some(package) = unresolved[member.number].take() else {
            continue;
        };
        let id = resolve
            .push(package, member.offset)
            .map_err(|error| resolve_error::translate(error.kind(), member, &members))?;
        if member.part.reference == reference {
            main = Some(id);
        }
    }
    // The root is a member, and every member is in the order.
    let main = main.ok_or_else(|| WitError::PackageNotFound {
        requested: reference,
        present: Vec::new(),
        span: header.map(Box::new),
    })?;
    Ok((resolve, main))
}

/// Merges the binary packages, and says for each package that they bring which one brought it.
fn merge_binaries(
    resolve: &mut Resolve,
    mut binaries: Vec<DecodedPackage>,
) -> Result<BTreeMap<PackageRef, PackageRef>, WitError> {
    binaries.sort_by_key(DecodedPackage::id);
    let mut brought = BTreeMap::new();
    for package in binaries {
        let id = package.id();
        for reference in package.dependencies() {
            brought
                .entry(reference.clone())
                .or_insert_with(|| id.clone());
        }
        brought.insert(id.clone(), id.clone());
        resolve
            .merge(package.into_resolve())
            .map_err(|error| WitError::Merge {
                package: id,
                reason: innermost(&error),
            })?;
    }
    Ok(brought)
}

fn members<'a>(
    groups: &'a [SourcePackage],
    binaries: &BTreeMap<PackageRef, PackageRef>,
) -> Result<Members<'a>, WitError> {
    let mut members = Members::new();
    let (mut size, mut number) = (0, 0);
    for group in groups {
        let too_large = |_| WitError::TooLarge {
            size: size + group.texts.len(),
            limit: MOST_TEXT,
        };
        let offset = u32::try_from(size).map_err(too_large)?;
        size += group.texts.len();
        if size > MOST_TEXT {
            return Err(WitError::TooLarge {
                size,
                limit: MOST_TEXT,
            });
        }
        for part in group.parts() {
            let span = part.header.clone().map(Box::new);
            if let Some(binary) = binaries.get(&part.reference) {
                return Err(WitError::TextAndBinary {
                    package: part.reference.clone(),
                    binary: binary.clone(),
                    span,
                });
            }
            let member = Member {
                part,
                group,
                offset,
                number,
            };
            number += 1;
            if let Some(first) = members.insert(&part.reference, member) {
                return Err(WitError::DuplicatePackage {
                    package: part.reference.clone(),
                    span,
                    first: first.part.header.clone().map(Box::new),
                });
            }
        }
    }
    Ok(members)
}

impl Member<'_> {
    /// The place of a span that this package has after it was added.
    pub(crate) fn locate(&self, span: Span) -> Option<SourceSpan> {
        if !span.is_known() {
            return None;
        }
        let start = span.start().checked_sub(self.offset)?;
        let end = span.end().checked_sub(self.offset)?;
        let map = &self.group.map;
        self.group.texts.locate(map, Span::new(start, end))
    }
}
