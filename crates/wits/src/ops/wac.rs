//! The layout in which `wac` looks for packages: `deps/<ns>/<name>/<version>.wasm`, the binary form.
//!
//! `wac compose` knows nothing of `wit/deps`: it takes each package that a `.wac` file names from a file of its
//! own, or from a registry at the time of composing. Here the files are made of what `wits.lock` pins. Nothing
//! is removed: `wac` reads exactly the versions that it is asked for, and components of the user's may lie in
//! the same directory.

use std::path::PathBuf;

use wits_model::PackageId;
use wits_store::deps::Content;

use crate::deps::{self, Form};
use crate::prepare::prepare;
use crate::project::Workspace;
use crate::{Context, Error};

/// What was laid out for one member: see the example of [`lay_out`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WacDeps {
    /// The directory, `deps` in the project.
    pub dir: PathBuf,
    /// Packages whose file is new or was replaced.
    pub written: Vec<PackageId>,
    /// Packages whose file was right already.
    pub unchanged: usize,
}

/// Writes the closure of every member of `workspace` where `wac` looks. The lock must be in order: see
/// [`super::fetch::fetch`], which writes it.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// wits::ops::fetch::fetch(context, workspace, None).await?;
/// for member in wits::ops::wac::lay_out(context, workspace).await? {
///     println!("{}: {} written", member.dir.display(), member.written.len());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Whatever keeps the closure from being complete and consistent; [`Error::LockOutdated`] if the lock is not
/// that of the WIT; [`Error::StubAsWasm`] if a package is known by a copy only.
pub async fn lay_out(context: &Context, workspace: &Workspace) -> Result<Vec<WacDeps>, Error> {
    let mut context = context.clone();
    context.locking = crate::Locking::Locked;
    let _others = super::exclude_others(&context, workspace, "wits fetch")?;
    let prepared = prepare(&context, workspace, Form::Wit).await?;
    let mut laid_out = Vec::new();
    for member in &prepared.members {
        let dir = member.member.root.join("deps");
        let mut change = WacDeps {
            dir: context.shown(&dir),
            written: Vec::new(),
            unchanged: 0,
        };
        for entry in deps::entries(member, Form::Wasm)? {
            let (Content::Wasm(wasm), id) = (entry.content, entry.package) else {
                return Err(Error::Bug(format!("`{}` is no binary", entry.name)));
            };
            let place = dir.join(id.name.namespace()).join(id.name.name());
            wits_fs::create_dir_all(&place)?;
            let file = place.join(format!("{}.wasm", id.version));
            if wits_fs::write_if_changed(file, wasm)? {
                change.written.push(id);
            } else {
                change.unchanged += 1;
            }
        }
        laid_out.push(change);
    }
    Ok(laid_out)
}
