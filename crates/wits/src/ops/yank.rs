//! `yank`: a version is taken back. Nobody shall begin to use it, and whoever has locked it still gets it.
//! Most registries cannot do that, and say so.

use wits_model::{PackageId, PackageSource};
use wits_registry::Yanked;

use crate::project::Workspace;
use crate::session::{Session, registry_error};
use crate::{Context, Error};

/// A version that is yanked: see the example of [`yank`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct YankedPackage {
    /// Which package it is.
    pub package: PackageId,
    /// Where it is.
    pub source: PackageSource,
    /// Whether it was yanked before.
    pub before: bool,
}

/// Yanks `package` in the registry that serves it.
///
/// # Errors
/// If the registry has no such version, cannot yank, or refuses.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// let package = "acme:log@1.0.0".parse()?;
/// let yanked = wits::ops::yank::yank(context, Some(workspace), &package).await?;
/// println!("{yanked:?}");
/// # Ok(())
/// # }
/// ```
pub async fn yank(
    context: &Context,
    workspace: Option<&Workspace>,
    package: &PackageId,
) -> Result<YankedPackage, Error> {
    let session = Session::new(context, workspace)?;
    let route = session.route_of_named(&package.name)?;
    let source = session.locate(&route, &package.name).await?;
    let failed = |error| registry_error(error, false);
    let backend = session.registries.of(&source).map_err(failed)?;
    let yanked = match backend.yank(&source, &package.version).await {
        Ok(yanked) => yanked,
        Err(error) => return Err(session.not_there(package, &source, error).await),
    };
    Ok(YankedPackage {
        package: package.clone(),
        source,
        before: yanked == Yanked::Already,
    })
}
