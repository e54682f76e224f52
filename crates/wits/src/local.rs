//! What the project answers itself, before any registry is asked: the user's own entries in `wit/deps`,
//! path overrides and workspace members.
//!
//! An own entry stands where every WIT tool looks, so it comes first; an override is what the user wrote
//! down; a member answers only for the very version it has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wits_model::lock::Lock;
use wits_model::{Digest, PackageId, PackageName, PackageRef};
use wits_store::deps::{self, Entry, EntryKind, Owner, Stamp};
use wits_wit::{Decoded, DecodedPackage, Dependency, SourceFile, SourcePackage};

use crate::project::{Member, Workspace, list, wit_dir_of, wit_files};
use crate::session::Session;
use crate::{Context, Error};

/// A directory of WIT on this machine that stands for a package.
#[derive(Debug, Clone)]
pub(crate) struct LocalPackage {
    /// The package.
    pub(crate) id: PackageId,
    /// The directory.
    pub(crate) dir: PathBuf,
    /// What is in it.
    pub(crate) source: SourcePackage,
}

/// An entry of `wit/deps` that the user put there.
#[derive(Debug, Clone)]
pub(crate) struct OwnEntry {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The package it answers for.
    pub(crate) package: PackageRef,
    /// What is in it.
    pub(crate) content: OwnContent,
}

/// The content of an own entry.
#[derive(Debug, Clone)]
pub(crate) enum OwnContent {
    /// WIT text.
    Text(SourcePackage),
    /// A WIT package in its binary form, which brings copies of what it embeds.
    Binary(DecodedPackage),
}

/// All that answers locally for one member.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locals {
    own: BTreeMap<PackageRef, OwnEntry>,
    overrides: BTreeMap<PackageName, Arc<LocalPackage>>,
    members: BTreeMap<PackageId, Arc<LocalPackage>>,
    /// Entries of `wit/deps` that wkg wrote, which wits takes over.
    pub(crate) adopted: BTreeSet<String>,
    /// The names of all other entries that no stamp lists.
    users: BTreeSet<String>,
}

/// Who answers for a package.
pub(crate) enum LocalAnswer<'a> {
    /// An entry of `wit/deps`.
    Own(&'a OwnEntry),
    /// An override or a member.
    Local(&'a Arc<LocalPackage>),
}

impl Locals {
    /// Reads what answers for `member`: its `wit/deps`, its overrides and the other members.
    pub(crate) fn read(
        session: &Session<'_>,
        workspace: &Workspace,
        member: &Member,
        stamp: Option<&Stamp>,
        lock: &Lock,
    ) -> Result<Self, Error> {
        let context = session.context;
        let mut locals = Self::default();
        // Where a stamp stands, wits knows what it wrote, and all else is the user's. Where none does, a
        // tree was laid out by a wits whose stamp is gone, which the lock names, or by wkg.
        let names = deps::entry_names(lock.packages.keys());
        let by_wits: BTreeMap<&str, &PackageId> =
            names.iter().map(|(id, name)| (name.as_str(), id)).collect();
        let by_wkg = lock.packages.is_empty()
            && [&workspace.root, &member.root]
                .iter()
                .any(|root| root.join(crate::foreign::WKG_LOCK).is_file());
        let may_adopt = |entry: &Entry| {
            stamp.is_none() && (by_wkg || by_wits.contains_key(entry.name.as_str()))
        };
        for entry in deps::scan(&member.deps())? {
            match deps::owner(&entry, stamp) {
                Owner::Listed => {}
                Owner::Layout if may_adopt(&entry) && is_layout_of_its_package(context, &entry) => {
                    locals.adopted.insert(entry.name.clone());
                }
                Owner::User if stamp.is_none() && is_locked_binary(&entry, &by_wits, lock)? => {
                    locals.adopted.insert(entry.name.clone());
                }
                Owner::Layout | Owner::User => {
                    locals.users.insert(entry.name.clone());
                    if let Some(own) = own_entry(context, &entry)? {
                        locals.add_own(own)?;
                    }
                }
            }
        }
        for (name, entry) in &member.manifest.overrides {
            let local =
                local_package(session, &wit_dir_of(&entry.path)).map_err(|error| match error {
                    // Something in a file of the package, which the error shows.
                    error if error.span().is_some() => error,
                    error => Error::Override {
                        package: name.clone(),
                        path: context.shown(&entry.path),
                        reason: error.to_string(),
                        span: Box::new(entry.span.clone()),
                    },
                })?;
            if local.id.name != *name {
                return Err(Error::OverrideName {
                    wanted: name.clone(),
                    found: local.id.name,
                    span: Some(Box::new(entry.span.clone())),
                });
            }
            locals.overrides.insert(name.clone(), Arc::new(local));
        }
        for other in workspace
            .members
            .iter()
            .filter(|other| other.root != member.root)
        {
            // A member without a version is no one's dependency, so it is passed over here.
            let source = session.source(&other.wit)?;
            if let Some(id) = source.reference().id() {
                let local = LocalPackage {
                    id: id.clone(),
                    dir: other.wit.clone(),
                    source,
                };
                if let Some(first) = locals.members.insert(id.clone(), Arc::new(local)) {
                    return Err(Error::MembersTwice {
                        package: id,
                        first: context.shown(&first.dir),
                        second: context.shown(&other.wit),
                    });
                }
            }
        }
        Ok(locals)
    }

    fn add_own(&mut self, own: OwnEntry) -> Result<(), Error> {
        if let Some(first) = self.own.get(&own.package) {
            return Err(Error::OwnTwice {
                package: own.package,
                first: first.path.clone(),
                second: own.path,
            });
        }
        self.own.insert(own.package.clone(), own);
        Ok(())
    }

    /// Who answers for `wanted`, if anyone does.
    pub(crate) fn answer(&self, wanted: &PackageId) -> Result<Option<LocalAnswer<'_>>, Error> {
        if let Some(own) = self.own(&wanted.clone().into()) {
            return Ok(Some(LocalAnswer::Own(own)));
        }
        if let Some(local) = self.overrides.get(&wanted.name) {
            if local.id.version != wanted.version {
                return Err(Error::LocalVersion {
                    package: wanted.clone(),
                    found: local.id.version.clone(),
                    path: local.dir.clone(),
                    asked: Box::default(),
                });
            }
            return Ok(Some(LocalAnswer::Local(local)));
        }
        Ok(self.members.get(wanted).map(LocalAnswer::Local))
    }

    /// The own entry that answers for `wanted`, with or without a version.
    pub(crate) fn own(&self, wanted: &PackageRef) -> Option<&OwnEntry> {
        self.own.get(wanted)
    }

    /// What stands here for `name`, and where.
    pub(crate) fn place_of(&self, name: &PackageName) -> Option<(PackageId, PathBuf)> {
        let own = self
            .own
            .values()
            .filter_map(|own| Some((own.package.id()?, own.path.clone())));
        let local = self.overrides.values().chain(self.members.values());
        let local = local.map(|local| (local.id.clone(), local.dir.clone()));
        own.chain(local).find(|(id, _)| id.name == *name)
    }

    /// A binary of the user's brings copies of what it embeds. Nothing else in the closure may be such a
    /// package as text, because WIT parsers cannot take both.
    pub(crate) fn check_binaries<'a>(
        &self,
        text: impl Iterator<Item = &'a PackageId>,
    ) -> Result<(), Error> {
        let mut text: BTreeSet<PackageRef> = text.cloned().map(PackageRef::from).collect();
        for own in self.own.values() {
            match own.content {
                OwnContent::Text(_) => text.insert(own.package.clone()),
                OwnContent::Binary(_) => text.remove(&own.package),
            };
        }
        for own in self.own.values() {
            let OwnContent::Binary(binary) = &own.content else {
                continue;
            };
            if let Some(package) = binary
                .dependencies()
                .iter()
                .find(|embedded| text.contains(embedded))
            {
                return Err(Error::BinaryBesideText {
                    path: own.path.clone(),
                    package: package.clone(),
                });
            }
        }
        Ok(())
    }

    /// The user's own entries, as a WIT parser takes them.
    pub(crate) fn own_dependencies(&self) -> Vec<Dependency> {
        let entries = self.own.values();
        entries
            .map(|own| match &own.content {
                OwnContent::Text(source) => Dependency::Text(source.clone()),
                OwnContent::Binary(binary) => Dependency::Binary(binary.clone()),
            })
            .collect()
    }

    /// Whether an entry of `wit/deps` is the user's.
    pub(crate) fn is_users(&self, entry: &str) -> bool {
        self.users.contains(entry)
    }

    /// The user's own entries.
    pub(crate) fn own_entries(&self) -> impl Iterator<Item = &OwnEntry> {
        self.own.values()
    }
}

/// Whether an entry that has the layout of wits and wkg holds the package its name says.
fn is_layout_of_its_package(context: &Context, entry: &Entry) -> bool {
    let Ok(files) = wit_files(context, &entry.path) else {
        return false;
    };
    let Ok(source) = SourcePackage::parse(files) else {
        return false;
    };
    let PackageRef { name, version } = source.reference();
    let (namespace, name) = (name.namespace(), name.name());
    let version = version
        .map(|version| format!("-{version}"))
        .unwrap_or_default();
    [
        format!("{namespace}-{name}{version}"),
        format!("{namespace}--{name}{version}"),
    ]
    .contains(&entry.name)
}

/// Whether an entry is a binary with the name and the very bytes of a locked package: one that wits laid
/// out, whose stamp is gone.
fn is_locked_binary(
    entry: &Entry,
    names: &BTreeMap<&str, &PackageId>,
    lock: &Lock,
) -> Result<bool, Error> {
    if entry.kind != EntryKind::WasmFile || entry.symlink {
        return Ok(false);
    }
    let name = entry.name.strip_suffix(".wasm").unwrap_or(&entry.name);
    let named = names.get(name);
    let pinned = named.and_then(|id| lock.packages.get(*id)?.pin.as_ref());
    match pinned {
        Some(pin) => Ok(Digest::of(wits_fs::read(&entry.path)?) == pin.digest),
        None => Ok(false),
    }
}

/// Reads an entry that is the user's; nothing if there is no WIT in it.
fn own_entry(context: &Context, entry: &Entry) -> Result<Option<OwnEntry>, Error> {
    let path = context.shown(&entry.path);
    let content = match &entry.kind {
        EntryKind::Directory(_) => {
            let files = wit_files(context, &entry.path)?;
            if files.is_empty() {
                return Ok(None);
            }
            OwnContent::Text(SourcePackage::parse(files)?)
        }
        EntryKind::WitFile => {
            let bytes = wits_fs::read(&entry.path)?;
            OwnContent::Text(SourcePackage::parse(vec![SourceFile {
                path: path.clone(),
                bytes,
            }])?)
        }
        EntryKind::WasmFile => match wits_wit::decode(&wits_fs::read(&entry.path)?) {
            Ok(Decoded::Package(package)) => OwnContent::Binary(package),
            Ok(Decoded::Component(_)) => {
                return Err(Error::OwnNotWit {
                    path,
                    reason: "it is a component".to_owned(),
                });
            }
            Err(error) => {
                return Err(Error::OwnNotWit {
                    path,
                    reason: error.to_string(),
                });
            }
        },
        EntryKind::Other => return Ok(None),
    };
    let package = match &content {
        OwnContent::Text(source) => source.reference(),
        OwnContent::Binary(package) => package.id(),
    };
    Ok(Some(OwnEntry {
        path,
        package,
        content,
    }))
}

/// Reads the package in a directory of WIT; it must have a version, since it stands for one.
fn local_package(session: &Session<'_>, dir: &Path) -> Result<LocalPackage, Error> {
    list(dir)?;
    let source = session.source(dir)?;
    let id = source
        .reference()
        .id()
        .ok_or_else(|| Error::LocalUnversioned {
            package: source.name().clone(),
            path: session.context.shown(dir),
            span: source.header_span().map(Box::new),
        })?;
    Ok(LocalPackage {
        id,
        dir: dir.to_owned(),
        source,
    })
}
