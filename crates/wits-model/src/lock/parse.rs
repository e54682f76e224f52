//! Reading a lock.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use super::{LOCK_VERSION, Lock, LockError, LockedPackage};
use crate::document::{Document, Table};
use crate::{Digest, PackageId, PackageName, PackageSource, Pin, SourceSpan};

/// A package that another one names, and where.
struct Need {
    package: PackageId,
    needed: PackageId,
    span: SourceSpan,
}

pub(super) fn parse(text: &str, file: &Path, home: Option<&Path>) -> Result<Lock, LockError> {
    let document = Document::new(text, file);
    // Conflict markers are no TOML: they have to be looked for before it is parsed.
    if let Some(range) = conflict_marker(document.text()) {
        return Err(LockError::MergeConflict {
            span: document.span(range),
        });
    }
    let parsed = document.parse()?;
    let root = document.root(&parsed);
    // The version comes first: what else is in a newer lock is not this wits' to judge.
    check_version(&root)?;
    root.only(&["version", "package"])?;

    let mut packages = BTreeMap::new();
    let mut needs = Vec::new();
    let tables = root
        .get("package")
        .map(|value| value.array())
        .transpose()?
        .unwrap_or_default();
    for table in tables {
        let table = table.table("[[package]]")?;
        let (id, mut package) = package(&table, &mut needs)?;
        package.source = package.source.resolve(document.base(), home);
        if packages.insert(id.clone(), package).is_some() {
            return Err(LockError::Duplicate {
                package: Box::new(id),
                span: table.require("name")?.span(),
            });
        }
    }
    match needs
        .into_iter()
        .find(|need| !packages.contains_key(&need.needed))
    {
        None => Ok(Lock { packages }),
        Some(need) => Err(LockError::NotClosed {
            package: Box::new(need.package),
            needed: Box::new(need.needed),
            span: need.span,
        }),
    }
}

/// The first line that git or another tool left of a merge.
fn conflict_marker(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        let marks = |mark: &str| {
            trimmed
                .strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
            .into_iter()
            .any(marks)
        {
            return Some(start..start + trimmed.len());
        }
        start += line.len();
    }
    None
}

fn check_version(root: &Table<'_>) -> Result<(), LockError> {
    let value = root.require("version")?;
    match value.integer()? {
        LOCK_VERSION => Ok(()),
        found if found > LOCK_VERSION => Err(LockError::NewerVersion {
            found,
            supported: LOCK_VERSION,
            span: value.span(),
        }),
        found => Err(value
            .error(format!("`{found}` is not a version of the lock"))
            .into()),
    }
}

fn package(
    table: &Table<'_>,
    needs: &mut Vec<Need>,
) -> Result<(PackageId, LockedPackage), LockError> {
    table.only(&[
        "name",
        "version",
        "source",
        "embedded-in",
        "manifest",
        "digest",
        "size",
        "wit",
        "dependencies",
    ])?;
    let name: PackageName = table.require("name")?.parse()?;
    let id = name.at(table.require("version")?.parse()?);
    let source: PackageSource = table.require("source")?.parse()?;
    let mut need = |value: &crate::document::Value<'_>| -> Result<PackageId, LockError> {
        let needed: PackageId = value.parse()?;
        needs.push(Need {
            package: id.clone(),
            needed: needed.clone(),
            span: value.span(),
        });
        Ok(needed)
    };
    let embedded_in = table
        .get("embedded-in")
        .map(|value| need(&value))
        .transpose()?;
    let mut dependencies = BTreeSet::new();
    if let Some(value) = table.get("dependencies") {
        for value in value.array()? {
            dependencies.insert(need(&value)?);
        }
    }
    let (pin, wit) = digests(table, &id, &source, embedded_in.is_some())?;
    let package = LockedPackage {
        source,
        pin,
        wit,
        dependencies,
        embedded_in,
    };
    Ok((id, package))
}

/// The keys that pin: all of them, or those that this sort of package may have.
fn digests(
    table: &Table<'_>,
    id: &PackageId,
    source: &PackageSource,
    stub: bool,
) -> Result<(Option<Pin>, Option<Digest>), LockError> {
    let forbid = |keys: &[&'static str], why: &'static str| {
        for key in keys {
            if let Some(value) = table.get(key) {
                return Err(LockError::Pinned {
                    package: Box::new(id.clone()),
                    key,
                    why,
                    span: value.key_span(),
                });
            }
        }
        Ok(())
    };
    let wit = || -> Result<Option<Digest>, LockError> {
        Ok(table.get("wit").map(|value| value.parse()).transpose()?)
    };
    if source.is_path() {
        forbid(
            &["manifest", "digest", "size", "wit"],
            "comes from a path and changes with every edit",
        )?;
        return Ok((None, None));
    }
    if stub {
        forbid(
            &["manifest", "digest", "size"],
            "is a copy inside another package",
        )?;
        return Ok((None, wit()?));
    }
    if matches!(source, PackageSource::Bindle { .. }) {
        forbid(&["manifest"], "comes from a Bindle server")?;
    }
    let require = |key: &'static str| {
        table.get(key).ok_or_else(|| LockError::NotPinned {
            package: Box::new(id.clone()),
            key,
            span: table.span(),
        })
    };
    let manifest = table.get("manifest").map(|value| value.parse());
    let digest = require("digest")?.parse()?;
    let size = require("size")?;
    let size =
        u64::try_from(size.integer()?).map_err(|_| size.error("`size` must not be negative"))?;
    require("wit")?;
    let pin = Pin {
        manifest: manifest.transpose()?,
        digest,
        size,
    };
    Ok((Some(pin), wit()?))
}
