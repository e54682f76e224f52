//! What is found in the cache: everything in it, or what stands there for the pins of one lock.

use std::path::{Path, PathBuf};

use wits_model::lock::Lock;
use wits_model::{Digest, PackageId, Pin};
use wits_store::Cache;
use wits_store::cache::audit::{BadContent, BadEntry, Examined};

use super::finding::{Finding, FindingKind, bytes};
use super::{Counts, Repair};
use crate::ops::cache::Stock;
use crate::{Context, Error};

/// A whole cache, looked through: see the example of [`cache`](super::cache).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheVerified {
    /// The directory.
    pub dir: PathBuf,
    /// The blobs that were hashed.
    pub blobs: Stock,
    /// What is not what its name says, sorted by path.
    pub findings: Vec<Finding>,
    /// What was set aside in this run.
    pub repaired: Vec<Repair>,
    /// What wits did not make. It is left alone.
    pub foreign: Vec<PathBuf>,
    /// What was set aside before.
    pub set_aside: Stock,
    /// Files that killed processes left, layouts of older versions.
    pub leftovers: Stock,
}

/// Looks through the whole cache.
pub(super) fn look_through(context: &Context, fix: bool) -> Result<CacheVerified, Error> {
    let audit = Cache::open(&context.cache).audit(fix)?;
    let mut findings = Vec::new();
    let mut repaired = Vec::new();
    for bad in &audit.damaged {
        let mut finding = of_bad(bad, None);
        match &bad.set_aside {
            Some(place) => repaired.push(set_aside(&finding, place)),
            None => {
                if fix {
                    not_set_aside(&mut finding);
                }
                findings.push(finding);
            }
        }
    }
    Ok(CacheVerified {
        dir: context.cache.clone(),
        blobs: audit.blobs,
        findings,
        repaired,
        foreign: audit.foreign,
        set_aside: audit.set_aside,
        leftovers: Stock {
            count: audit.temporary.count + audit.layouts.count,
            bytes: audit.temporary.bytes + audit.layouts.bytes,
        },
    })
}

/// Hashes what the cache has for the pins of `lock` that are not known to be good, and returns what is bad.
pub(super) fn pins(
    context: &Context,
    lock: &Lock,
    file: &Path,
    is_good: &dyn Fn(&PackageId) -> bool,
    counts: &mut Counts,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Digest>, Error> {
    let cache = Cache::open(&context.cache);
    let mut bad = Vec::new();
    let pinned = lock
        .packages
        .iter()
        .filter_map(|(id, locked)| Some((id, locked.pin.as_ref()?)));
    for (id, Pin { digest, size, .. }) in pinned {
        counts.pins += 1;
        if is_good(id) {
            counts.blobs.count += 1;
            counts.blobs.bytes += size;
            continue;
        }
        match cache.examine(digest)? {
            Examined::Good(wasm) => {
                counts.blobs.count += 1;
                counts.blobs.bytes += wasm.len() as u64;
                if wasm.len() as u64 != *size {
                    let error = Error::PinnedSize {
                        package: id.clone(),
                        locked: *size,
                        found: wasm.len() as u64,
                    };
                    findings.push(Finding::of(context, file, &error));
                }
            }
            Examined::Missing => {
                let message =
                    format!("the bytes of `{id}` are not in the cache, so it was not checked");
                let finding = Finding::new(FindingKind::Unchecked, &context.shown(file), message);
                let help = "`wits lock --check` fetches them, and writes nothing else";
                findings.push(finding.package(id).help(help));
            }
            Examined::Bad(entry) => {
                findings.push(of_bad(&entry, Some(id)));
                bad.push(*digest);
            }
        }
    }
    Ok(bad)
}

/// Sets aside what is bad, as the next read would have done; tells what became of each of `findings`.
pub(super) fn repair(
    context: &Context,
    bad: &[Digest],
    findings: &[Finding],
) -> Result<Vec<Repair>, Error> {
    let cache = Cache::open(&context.cache);
    let mut repaired = Vec::new();
    for digest in bad {
        let wits_store::Lookup::Damaged {
            path,
            set_aside: Some(place),
        } = cache.get(digest)?
        else {
            continue;
        };
        if let Some(finding) = findings.iter().find(|finding| finding.path == path) {
            repaired.push(set_aside(finding, &place));
        }
    }
    Ok(repaired)
}

/// Says of what is damaged in the cache that it was to be set aside and is there yet.
pub(super) fn not_set_aside(finding: &mut Finding) {
    if finding.kind == FindingKind::Damaged {
        let help = "it could not be set aside: check who owns the cache, and its permissions";
        finding.help = vec![help.to_owned()];
    }
}

fn set_aside(finding: &Finding, place: &Path) -> Repair {
    Repair {
        path: finding.path.clone(),
        package: finding.package.clone(),
        was: finding.message.clone(),
        done: format!("moved to `{}`", place.display()),
    }
}

fn of_bad(bad: &BadEntry, package: Option<&PackageId>) -> Finding {
    let whose = package.map_or(String::new(), |id| format!(" of `{id}`"));
    let message = match (&bad.found, &bad.expected) {
        (BadContent::Other(what), Some(_)) => {
            format!("what is cached{whose} is no file, but {what}")
        }
        (BadContent::Other(what), None) => {
            format!("where a directory of the cache should be stands {what}")
        }
        (BadContent::Unreadable(_), _) => format!("the cached bytes{whose} cannot be read"),
        (BadContent::Bytes { .. }, _) => format!("the cached bytes{whose} are damaged"),
    };
    let found = match &bad.found {
        BadContent::Bytes { digest, size } => bytes(digest, *size),
        BadContent::Other(what) => (*what).to_owned(),
        BadContent::Unreadable(why) => why.clone(),
    };
    let expected = bad.expected.as_ref().map(ToString::to_string);
    let expected = expected.unwrap_or_else(|| "a directory".to_owned());
    let kind = match bad.found {
        BadContent::Unreadable(_) => FindingKind::Unchecked,
        _ => FindingKind::Damaged,
    };
    let mut finding = Finding::new(kind, &bad.path, message).compared(&expected, &found);
    finding.package = package.cloned();
    match bad.found {
        BadContent::Unreadable(_) => finding.help("check its permissions, and the disk"),
        _ => finding.help("`--fix` sets it aside; what needs it fetches it again"),
    }
}
