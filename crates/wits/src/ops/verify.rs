//! `verify`: what stands on this machine, held against each other. No socket is opened.
//!
//! | what | is held against |
//! | --- | --- |
//! | the cached bytes of each pin | the digest and the size in `wits.lock` |
//! | what they decode to | the name and version they are pinned as, and the canonical WIT digest in the lock |
//! | `wits.lock` | the lock that follows from the members' WIT and those bytes: nothing missing, nothing unneeded |
//! | the copies that packages carry of each other | the packages themselves |
//! | each entry of `wit/deps` | what is printed anew from those bytes, whatever the stamp says |
//! | the stamp | the same |
//!
//! It is what a fetch does when the network is off, the registries on disk are away and the cache holds what the lock
//! pins, except that it goes on after the first fault and writes nothing. With the cache as a whole, every blob is
//! hashed, whoever needs it.
//!
//! What a lock pins and the cache does not have cannot be checked. That is a finding, and verifying fails: whoever
//! runs this wants to hear that all was checked, not that nothing that was looked at was bad. The digests of OCI
//! manifests in the lock are not checked, since they pin no bytes.
//!
//! Repairing ([`Verify::fix`]) needs no network either: a bad cache entry is set aside, and `wit/deps` is written anew
//! from bytes that were just verified, in one replacement, as a fetch does it. The lock is never written.

mod cached;
mod finding;
mod tree;

use std::path::PathBuf;
use std::sync::Arc;

use wits_model::{Digest, ErrorKind, PackageId, PackageRef};

pub use self::cached::CacheVerified;
pub use self::finding::{Finding, FindingKind};
use self::tree::Tree;
use crate::closure::Answer;
use crate::deps;
use crate::inputs::Inputs;
use crate::ops::cache::Stock;
use crate::prepare::{Prepared, PreparedMember, prepare_sealed};
use crate::project::{Workspace, read_text};
use crate::report::Silent;
use crate::standing::Standing;
use crate::{Context, Error, Locking, lockfile};

/// What [`verify`] is to do: see its example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verify {
    /// Repair what can be repaired without the network.
    pub fix: bool,
}

/// What a verification found.
///
/// ```no_run
/// # fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// use wits::ops::verify::Verify;
///
/// let verified = wits::blocking::verify(context, workspace, &Verify::default())?;
/// for finding in &verified.findings {
///     println!("{}: {}", finding.path.display(), finding.message);
/// }
/// assert_eq!(verified.error_kind(), None, "all is well");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How much was checked.
    pub checked: Counts,
    /// What is not as it should be, and was not repaired.
    pub findings: Vec<Finding>,
    /// What was repaired.
    pub repaired: Vec<Repair>,
    /// What stands in `wit/deps` and is not wits'.
    pub others: Vec<Other>,
    /// Stamps of runs with other inputs than those of now. What they vouch for was checked all the same.
    pub stale_stamps: Vec<PathBuf>,
    /// Whether the lock says what it says in another form than wits writes.
    pub lock_is_rewritten: bool,
}

/// How much was checked: see the example of [`Verified`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Packages in the lock; nothing if it cannot be read.
    pub packages: Option<usize>,
    /// Those of them that are pinned by digest.
    pub pins: usize,
    /// Cached bytes that were hashed for them.
    pub blobs: Stock,
    /// Entries of `wit/deps` that were hashed.
    pub texts: Stock,
    /// The `wit/deps` that were held against what the lock pins; of the others only the stamp could be asked.
    pub compared_trees: usize,
    /// The members of the workspace.
    pub members: usize,
}

/// Something that was not as it should be, and is: see the example of [`Verified`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The file.
    pub path: PathBuf,
    /// The package it is about.
    pub package: Option<PackageId>,
    /// What was wrong.
    pub was: String,
    /// What was done.
    pub done: String,
}

/// Something in `wit/deps` that is not wits': see the example of [`Verified`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Other {
    /// Where it is.
    pub path: PathBuf,
    /// The package that it answers for.
    pub package: Option<PackageRef>,
    /// Whether it is a symbolic link, which WIT tools follow.
    pub is_link: bool,
    /// Whether WIT tools pass it over.
    pub is_ignored: bool,
}

impl Verified {
    /// The gravest of the findings; nothing if all is well. See the example of [`Verified`].
    pub fn error_kind(&self) -> Option<ErrorKind> {
        gravest(&self.findings)
    }
}

impl CacheVerified {
    /// The gravest of the findings; nothing if all is well. See the example of [`cache`].
    pub fn error_kind(&self) -> Option<ErrorKind> {
        gravest(&self.findings)
    }
}

fn gravest(findings: &[Finding]) -> Option<ErrorKind> {
    let mut kinds = findings.iter().map(Finding::error_kind);
    let first = kinds.next()?;
    let is_integrity = first == ErrorKind::Integrity || kinds.any(|it| it == ErrorKind::Integrity);
    Some(if is_integrity {
        ErrorKind::Integrity
    } else {
        first
    })
}

/// Hashes everything in the cache, whatever project it is for, and with `fix` sets aside what is damaged.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use wits::{Context, ops};
///
/// let context = Context::new(dir.path().join("cache"));
/// let verified = ops::verify::cache(&context, false)?;
/// assert_eq!(verified.error_kind(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the directory cannot be listed, or is a file.
pub fn cache(context: &Context, fix: bool) -> Result<CacheVerified, Error> {
    cached::look_through(context, fix)
}

/// Verifies all members of `workspace`.
///
/// # Errors
/// If it cannot be told how things are, because a file cannot be read. What is not as it should be is no error here.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// use wits::ops::verify::{Verify, verify};
///
/// let mut repair = Verify::default();
/// repair.fix = true;
/// for repair in verify(context, workspace, &repair).await?.repaired {
///     println!("{}: {}", repair.path.display(), repair.done);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn verify(
    context: &Context,
    workspace: &Workspace,
    options: &Verify,
) -> Result<Verified, Error> {
    if !options.fix {
        return Ok(look(context, workspace).await?.verified);
    }
    let _others = super::exclude_others(context, workspace, "wits verify --fix")?;
    let Look {
        verified: first,
        inputs,
        prepared,
        bad,
    } = look(context, workspace).await?;
    if first.findings.is_empty() && first.stale_stamps.is_empty() {
        return Ok(first);
    }
    let mut repaired = cached::repair(context, &bad, &first.findings)?;
    if let Some(prepared) = prepared.filter(|prepared| prepared.changes.is_empty()) {
        write(context, workspace, &inputs, &prepared)?;
    }
    let mut second = look(context, workspace).await?.verified;
    for finding in &first.findings {
        let is_left = second.findings.iter().any(|left| left.is_same(finding));
        let is_told = repaired.iter().any(|repair| repair.path == finding.path);
        if !is_left && !is_told {
            repaired.push(Repair {
                path: finding.path.clone(),
                package: finding.package.clone(),
                was: finding.message.clone(),
                done: "written anew from the cache".to_owned(),
            });
        }
    }
    for finding in &mut second.findings {
        if finding.path.starts_with(&context.cache) {
            cached::not_set_aside(finding);
        }
    }
    second.repaired = repaired;
    Ok(second)
}

struct Look<'a> {
    verified: Verified,
    inputs: Inputs,
    /// The closures, if all of them could be made from what is pinned and cached.
    prepared: Option<Prepared<'a>>,
    /// Pins whose cached bytes are bad.
    bad: Vec<Digest>,
}

async fn look<'a>(context: &Context, workspace: &'a Workspace) -> Result<Look<'a>, Error> {
    // As if no one were there to ask; nobody hears of what is being done.
    let mut sealed = context.clone();
    sealed.offline = true;
    sealed.sealed = true;
    sealed.locking = Locking::Update;
    sealed.reporter = Arc::new(Silent);
    let context = &sealed;

    let mut verified = Verified::default();
    verified.checked.members = workspace.members.len();
    let file = workspace.lock_file();
    let lock = match lockfile::read(context, workspace) {
        Ok(lock) => Some(lock),
        Err(error) => {
            verified.findings.push(Finding::of(context, &file, &error));
            None
        }
    };
    // Before anything is made of them: what is edited meanwhile is not vouched for.
    let form = Standing::read(context, &workspace.members, None)?.form();
    let inputs = Inputs::read(context, workspace, form)?;
    let mut prepared = None;
    let mut bad = Vec::new();
    if let Some(lock) = &lock {
        verified.checked.packages = Some(lock.packages.len());
        if !lock.packages.is_empty() || file.exists() {
            let text = read_text(context, &file)?.replace("\r\n", "\n");
            verified.lock_is_rewritten = text != lock.print(&file, context.home.as_deref());
        }
        let closures = prepare_sealed(context, workspace, form).await;
        let errors = match &closures {
            Ok(prepared) => {
                let shown = context.shown(&file);
                let changes = prepared.changes.iter();
                let changes = changes.map(|change| Finding::of_change(&shown, change));
                verified.findings.extend(changes);
                Vec::new()
            }
            Err(Error::Several(errors)) => errors.iter().collect(),
            Err(error) => vec![error],
        };
        let members = closures.as_ref().map(|prepared| &prepared.members);
        let is_good = |id: &PackageId| members.is_ok_and(|all| all.iter().any(|it| has(it, id)));
        let pins = &mut Vec::new();
        bad = cached::pins(context, lock, &file, &is_good, &mut verified.checked, pins)?;
        verified.findings.append(pins);
        for error in errors {
            let finding = Finding::of(context, &file, error);
            let is_told = matches!(error, Error::NotCached { .. })
                || verified.findings.iter().any(|told| told.is_same(&finding));
            if !is_told {
                verified.findings.push(finding);
            }
        }
        prepared = closures.ok();
    }
    let can_fix = prepared
        .as_ref()
        .is_some_and(|prepared| prepared.changes.is_empty());
    for (index, member) in workspace.members.iter().enumerate() {
        let inputs = &inputs;
        let tree = Tree::read(context, workspace, member, inputs, can_fix, &mut verified)?;
        let Some(tree) = tree else {
            continue;
        };
        let closure = prepared
            .as_ref()
            .and_then(|prepared| prepared.members.get(index));
        match closure {
            Some(closure) => tree.compare(closure, inputs, &mut verified)?,
            None => tree.compare_with_stamp(&mut verified)?,
        }
    }
    Ok(Look {
        verified,
        inputs,
        prepared,
        bad,
    })
}

/// Whether a package of a closure came from its pinned bytes.
fn has(member: &PreparedMember<'_>, id: &PackageId) -> bool {
    matches!(member.closure.answers.get(id), Some(Answer::Published(_)))
}

/// Writes `wit/deps` of every member.
fn write(
    context: &Context,
    workspace: &Workspace,
    inputs: &Inputs,
    prepared: &Prepared<'_>,
) -> Result<(), Error> {
    let locked = inputs.with_lock(workspace)?;
    for member in &prepared.members {
        // What keeps it from being written is among the findings.
        if let Ok(entries) = deps::entries(member, inputs.form()) {
            let digest = locked.digest_after(workspace, member.member, &member.locals)?;
            deps::apply(context, member.member, &member.locals, entries, digest)?;
        }
    }
    Ok(())
}
