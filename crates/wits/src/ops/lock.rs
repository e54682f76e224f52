//! `lock`: resolve and write `wits.lock`, and nothing else.

use wits_model::lock::LockChange;

use crate::deps::Form;
use crate::prepare::prepare;
use crate::project::Workspace;
use crate::{Context, Error, lockfile};

/// What came of it: see the examples of [`lock`] and [`check`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Locked {
    /// What changed, or would have.
    pub changes: Vec<LockChange>,
    /// How many packages the lock pins.
    pub packages: usize,
}

/// Brings `wits.lock` up to date: adds what is new, drops what is unused, moves no pin.
///
/// # Errors
/// Whatever keeps the closure from being complete and consistent; then nothing is written but the cache.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// for change in wits::ops::lock::lock(context, workspace).await?.changes {
///     println!("{change}");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn lock(context: &Context, workspace: &Workspace) -> Result<Locked, Error> {
    let _others = super::exclude_others(context, workspace, "wits lock")?;
    let prepared = prepare(context, workspace, Form::Wit).await?;
    lockfile::write(context, workspace, &prepared.lock, &prepared.changes)?;
    Ok(Locked {
        packages: prepared.lock.packages.len(),
        changes: prepared.changes,
    })
}

/// Tells whether `wits.lock` is up to date. Writes nothing but the cache.
///
/// # Errors
/// [`Error::LockCheck`] with what would change, or whatever keeps the closure from being resolved.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// match wits::ops::lock::check(context, workspace).await {
///     Err(wits::Error::LockCheck { changes }) => println!("{} pins to change", changes.len()),
///     other => println!("{} packages", other?.packages),
/// }
/// # Ok(())
/// # }
/// ```
pub async fn check(context: &Context, workspace: &Workspace) -> Result<Locked, Error> {
    let prepared = prepare(
        &Context {
            locking: crate::Locking::Update,
            ..context.clone()
        },
        workspace,
        Form::Wit,
    )
    .await?;
    if prepared.changes.is_empty() {
        Ok(Locked {
            packages: prepared.lock.packages.len(),
            changes: Vec::new(),
        })
    } else {
        Err(Error::LockCheck {
            changes: prepared.changes,
        })
    }
}
