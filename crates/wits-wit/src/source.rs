//! WIT text: the files of one package, parsed but not resolved.
//!
//! The files of a package form one group: all of them are in the package that one header names, and
//! any of them may hold nested packages (`package ns:name { … }`), which are packages of their own
//! with mentions of their own. What a group provides, itself and its nested packages, is not foreign.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use wit_parser::{AstItem, SourceMap, Stability, UnresolvedPackage, UnresolvedPackageGroup};
use wits_model::counted::{Work, count};
use wits_model::{NameError, PackageName, PackageRef, SourceSpan, Version};

use crate::error::WitError;
use crate::mention;
use crate::name;
use crate::text::Texts;

/// One `.wit` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path, as the user would name it.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The files of one package, parsed: its name, the packages nested in it, and what it mentions. A clone
/// shares all of it.
#[derive(Debug, Clone)]
pub struct SourcePackage {
    mentions: Arc<[Mention]>,
    nested: Arc<[NestedPackage]>,
    main: Arc<Part>,
    /// In the order of the nested ones in `unresolved`.
    nested_parts: Arc<[Part]>,
    pub(crate) texts: Texts,
    pub(crate) map: Arc<SourceMap>,
    /// What wit-parser made of the packages, the main one last.
    unresolved: Arc<Vec<UnresolvedPackage>>,
}

/// One package of the group: the main one, or a nested one.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) reference: PackageRef,
    pub(crate) header: Option<SourceSpan>,
    /// What it mentions, packages of its own group included.
    pub(crate) mentions: Vec<Mention>,
    /// The features that gate interfaces and worlds, by the names of these.
    pub(crate) features: BTreeMap<String, String>,
    /// How many interfaces wit-parser counts, stubs of foreign ones among them.
    pub(crate) interfaces: usize,
    /// Whether it has no interface and no world of its own.
    pub(crate) is_empty: bool,
}

/// A place where a foreign package's interface or world is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The foreign package, as written.
    pub package: PackageRef,
    /// The interface or world.
    pub item: String,
    /// The first place that names it: `ns:name/item@version`, as written.
    pub span: SourceSpan,
}

/// A package written inside another's file: `package ns:name { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestedPackage {
    /// Which package it is.
    pub package: PackageRef,
    /// Its name and version, where its header writes them.
    pub span: Option<SourceSpan>,
}

/// wit-parser counts bytes in 32 bits and stops the process beyond; a closure has to fit too.
pub(crate) const MOST_TEXT: usize = 256 << 20;

impl SourcePackage {
    /// Parses the `.wit` files of one package, in whatever order they come.
    pub fn parse(mut files: Vec<SourceFile>) -> Result<Self, WitError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        if files.is_empty() {
            return Err(WitError::NoFiles);
        }
        let size: usize = files.iter().map(|file| file.bytes.len()).sum();
        if size > MOST_TEXT {
            return Err(WitError::TooLarge {
                size,
                limit: MOST_TEXT,
            });
        }
        count(Work::Parse, || {
            let bytes = files.iter().map(|file| file.bytes.as_slice());
            bytes.collect::<Vec<_>>().concat()
        });
        let texts = Texts::new(files.into_iter().map(text_of).collect::<Result<_, _>>()?);
        let group = texts.source_map().parse().map_err(|(map, error)| {
            // The one error that is about no place at all.
            if error.to_string().starts_with("no `package` header") {
                return WitError::NoHeader {
                    files: texts.paths(),
                };
            }
            texts.error(&map, error.kind())
        })?;
        Self::read(texts, group)
    }

    fn read(texts: Texts, mut group: UnresolvedPackageGroup) -> Result<Self, WitError> {
        let map = &group.source_map;
        let main_header = header_of(&texts, map, &mut group.main);
        let nested = group.nested.iter_mut();
        let nested_headers: Vec<_> = nested
            .map(|package| header_of(&texts, map, package))
            .collect();
        let part = |(package, header): (&UnresolvedPackage, Option<SourceSpan>)| {
            let reference = name::reference(&package.name)
                .map_err(|reason| name_error(reason, header.clone()))?;
            // Stubs of foreign items stand among the package's own, without a name.
            let (interfaces, worlds) = (&package.interfaces, &package.worlds);
            let is_empty = interfaces.iter().all(|(_, item)| item.name.is_none())
                && worlds.iter().all(|(_, item)| item.name.is_empty());
            Ok(Part {
                reference,
                header,
                mentions: mentions_of(&texts, map, package)?,
                features: features_of(package),
                interfaces: interfaces.len(),
                is_empty,
            })
        };
        let main = part((&group.main, main_header))?;
        let nested_parts = group
            .nested
            .iter()
            .zip(nested_headers)
            .map(part)
            .collect::<Result<Vec<_>, WitError>>()?;

        let parts = || std::iter::once(&main).chain(&nested_parts);
        let provided: BTreeSet<_> = parts().map(|part| &part.reference).collect();
        let mut mentions: Vec<_> = parts()
            .flat_map(|part| &part.mentions)
            .filter(|mention| !provided.contains(&mention.package))
            .cloned()
            .collect();
        // A stable sort: of two mentions of one item, the main package's comes first.
        mentions.sort_by(|a, b| (&a.package, &a.item).cmp(&(&b.package, &b.item)));
        mentions.dedup_by(|b, a| a.package == b.package && a.item == b.item);
        let mut nested: Vec<_> = nested_parts
            .iter()
            .map(|part| NestedPackage {
                package: part.reference.clone(),
                span: part.header.clone(),
            })
            .collect();
        nested.sort_by(|a, b| a.package.cmp(&b.package));

        Ok(Self {
            mentions: mentions.into(),
            nested: nested.into(),
            main: Arc::new(main),
            nested_parts: nested_parts.into(),
            texts,
            map: Arc::new(group.source_map),
            unresolved: Arc::new(group.nested.into_iter().chain([group.main]).collect()),
        })
    }

    /// The packages of the group, nested ones first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.nested_parts.iter().chain([&*self.main])
    }

    /// The main package of the group.
    pub(crate) fn main(&self) -> &Part {
        &self.main
    }

    /// What wit-parser made of the parts, in their order, copied only if others share it: it is resolved once.
    pub(crate) fn take_unresolved(&mut self) -> Vec<UnresolvedPackage> {
        Arc::unwrap_or_clone(mem::take(&mut self.unresolved))
    }

    /// The package's name.
    pub fn name(&self) -> &PackageName {
        &self.main.reference.name
    }

    /// The package's version, if its header has one.
    pub fn version(&self) -> Option<&Version> {
        self.main.reference.version.as_ref()
    }

    /// Name and version.
    pub fn reference(&self) -> PackageRef {
        self.main.reference.clone()
    }

    /// Name and version, where the header `package ns:name@version;` writes them. Where several files
    /// have the header, the last one.
    pub fn header_span(&self) -> Option<SourceSpan> {
        self.main.header.clone()
    }

    /// Every interface and world of a foreign package that the files name, those of nested packages
    /// included; packages that the files themselves define are not foreign. Sorted by package, then
    /// item; one mention of each.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// The packages nested in the files, sorted.
    pub fn nested(&self) -> &[NestedPackage] {
        &self.nested
    }
}

fn text_of(file: SourceFile) -> Result<(PathBuf, Arc<str>), WitError> {
    match String::from_utf8(file.bytes) {
        Ok(text) => Ok((file.path, text.into())),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            // Up to the bad byte the text is as it was, and the bad byte has become one character.
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let bad = text[at..].chars().next().map_or(0, char::len_utf8);
            Err(WitError::NotUtf8 {
                span: Box::new(SourceSpan::new(file.path, text, at..at + bad)),
            })
        }
    }
}

fn name_error(reason: NameError, span: Option<SourceSpan>) -> WitError {
    WitError::PackageName {
        reason,
        span: span.map(Box::new),
    }
}

/// Where `package` writes its name. wit-parser keeps that to itself, except when it says that one
/// package is defined twice; nothing is resolved to find that out, so what is in it need not be copied.
fn header_of(
    texts: &Texts,
    map: &SourceMap,
    package: &mut UnresolvedPackage,
) -> Option<SourceSpan> {
    let worlds = mem::take(&mut package.worlds);
    let interfaces = mem::take(&mut package.interfaces);
    let types = mem::take(&mut package.types);
    let foreign_deps = mem::take(&mut package.foreign_deps);
    let alone = || UnresolvedPackageGroup {
        main: package.clone(),
        nested: Vec::new(),
        source_map: SourceMap::new(),
    };
    let twice = wit_parser::Resolve::new().push_groups(alone(), vec![alone()]);
    package.worlds = worlds;
    package.interfaces = interfaces;
    package.types = types;
    package.foreign_deps = foreign_deps;
    match twice.err()?.kind() {
        wit_parser::ResolveErrorKind::DuplicatePackage { span1, .. } => texts.locate(map, *span1),
        _ => None,
    }
}

/// The features that gate what a package has.
fn features_of(package: &UnresolvedPackage) -> BTreeMap<String, String> {
    let interfaces = package.interfaces.iter();
    let worlds = package.worlds.iter();
    interfaces
        .map(|(_, interface)| (interface.name.as_deref(), &interface.stability))
        .chain(worlds.map(|(_, world)| (Some(world.name.as_str()), &world.stability)))
        .filter_map(|(name, stability)| match stability {
            Stability::Unstable { feature, .. } => Some((name?.to_owned(), feature.clone())),
            _ => None,
        })
        .collect()
}

fn mentions_of(
    texts: &Texts,
    map: &SourceMap,
    package: &UnresolvedPackage,
) -> Result<Vec<Mention>, WitError> {
    let mut mentions = Vec::new();
    for (name, items) in &package.foreign_deps {
        for (item, (stub, _)) in items {
            // The stub of a foreign item stands where its name is first written.
            let span = match stub {
                AstItem::Interface(id) => package.interfaces[*id].span,
                AstItem::World(id) => package.worlds[*id].span,
            };
            let span = texts
                .locate(map, span)
                .map(|span| mention::widen(span, name));
            let reference =
                name::reference(name).map_err(|reason| name_error(reason, span.clone()))?;
            // wit-parser gives every stub a place; without one there is nothing to show, but the
            // dependency is there all the same.
            let span = span.unwrap_or_else(|| SourceSpan::new("", "", 0..0));
            mentions.push(Mention {
                package: reference,
                item: item.clone(),
                span,
            });
        }
    }
    Ok(mentions)
}
