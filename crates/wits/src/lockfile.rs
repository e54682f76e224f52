//! `wits.lock` on disk: reading it, making the new one, and telling whether it changed.

use std::collections::BTreeMap;

use wits_model::lock::{Lock, LockChange, LockedPackage};
use wits_model::{PackageId, PackageSource};

use crate::closure::{Answer, Closure};
use crate::ops::refuse_link;
use crate::project::{Workspace, read_text};
use crate::texts::Texts;
use crate::{Context, Error};

/// The lock of a workspace; an empty one where there is no file.
pub(crate) fn read(context: &Context, workspace: &Workspace) -> Result<Lock, Error> {
    let file = workspace.lock_file();
    match std::fs::metadata(&file) {
        Err(_) => return Ok(Lock::default()),
        Ok(found) if found.is_file() => {}
        // In a project that somebody else made it may be a link to something that never ends.
        Ok(_) => {
            let refused = std::io::Error::other("it is not a file");
            return Err(wits_fs::FsError::io("read", context.shown(&file))(refused).into());
        }
    }
    let text = read_text(context, &file)?;
    Ok(Lock::parse(&text, &file, context.home.as_deref())?)
}

/// The lock that these closures make: every package that ends up in `wit/deps` but the user's own.
pub(crate) fn of<'a>(
    closures: impl IntoIterator<Item = (&'a Closure, &'a Texts)>,
) -> Result<Lock, Error> {
    let mut packages: BTreeMap<PackageId, LockedPackage> = BTreeMap::new();
    for (closure, texts) in closures {
        for (id, answer) in &closure.answers {
            let dependencies = closure.graph.packages.get(id).cloned().unwrap_or_default();
            let wit = texts.packages.get(id).map(|text| text.wit);
            let locked = match answer {
                Answer::Published(published) => LockedPackage {
                    source: published.source.clone(),
                    pin: Some(published.pin.clone()),
                    wit,
                    dependencies,
                    embedded_in: None,
                },
                Answer::Local(local) => LockedPackage {
                    source: PackageSource::Path {
                        path: local.dir.clone(),
                    },
                    pin: None,
                    wit: None,
                    dependencies,
                    embedded_in: None,
                },
                Answer::Stub { embedded_in } => {
                    let Some(Answer::Published(lender)) = closure.answers.get(embedded_in) else {
                        continue;
                    };
                    LockedPackage {
                        source: lender.source.clone(),
                        pin: None,
                        wit,
                        dependencies,
                        embedded_in: Some(embedded_in.clone()),
                    }
                }
                Answer::Own => continue,
            };
            if let Some(other) = packages
                .get(id)
                .filter(|other| other.source != locked.source)
            {
                return Err(Error::MembersDisagree {
                    package: id.clone(),
                    first: other.source.clone(),
                    second: locked.source,
                });
            }
            packages.insert(id.clone(), locked);
        }
    }
    // What a member's own entry answers for may not be in the lock at all.
    let known: Vec<PackageId> = packages.keys().cloned().collect();
    for locked in packages.values_mut() {
        locked
            .dependencies
            .retain(|dependency| known.binary_search(dependency).is_ok());
    }
    Ok(Lock { packages })
}

/// Writes the lock if `changes` say that it is another. A project that needs nothing gets no lock.
pub(crate) fn write(
    context: &Context,
    workspace: &Workspace,
    lock: &Lock,
    changes: &[LockChange],
) -> Result<(), Error> {
    let file = workspace.lock_file();
    // A lock that says the same in other words is left alone.
    if !changes.is_empty() {
        refuse_link(context, &file)?;
        wits_fs::write_atomic(&file, lock.print(&file, context.home.as_deref()))?;
    }
    Ok(())
}
