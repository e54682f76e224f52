//! The operations for callers that are not `async`: the same code, run to its end. Each is called as the one of
//! [`ops`] that it names, whose example serves both.
//!
//! With the feature `network` each call has a runtime of its own, and where it is called inside a tokio runtime a
//! thread of its own too, since one thread cannot run two. Without it no future ever waits, and there is no runtime.
//!
//! ```no_run
//! # fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
//! use wits::model::ErrorKind;
//!
//! match wits::blocking::fetch(context, workspace, None) {
//!     Err(error) if error.kind() == ErrorKind::Transient => println!("try again later: {error}"),
//!     Err(error) => eprintln!("{}", wits::render::error(&error)),
//!     Ok(fetched) => println!("{} pins changed", fetched.changes.len()),
//! }
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use wits_model::{PackageId, PackageRef};

use crate::deps::Form;
use crate::ops::build::{self, Begun, BuiltPackage};
use crate::ops::fetch::{self, Fetched, Look};
use crate::ops::get::{As, Existing, Got, Output};
use crate::ops::lock::Locked;
use crate::ops::migrate::Migration;
use crate::ops::publish::{PublishedPackage, Subject};
use crate::ops::verify::{Verified, Verify};
use crate::ops::wac::WacDeps;
use crate::ops::yank::YankedPackage;
use crate::project::{Member, Workspace};
use crate::{Context, Error, ops};

#[cfg(feature = "network")]
fn run<T: Send>(future: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
    let here = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        runtime.block_on(future)
    };
    // The first thread of a process has little stack on Windows.
    let may_run_here = !cfg!(windows) && tokio::runtime::Handle::try_current().is_err();
    if may_run_here {
        return here();
    }
    std::thread::scope(|scope| match scope.spawn(here).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(not(feature = "network"))]
fn run<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    pollster::block_on(future)
}

/// [`ops::fetch::fetch`], blocking.
///
/// # Errors
/// As there.
pub fn fetch(
    context: &Context,
    workspace: &Workspace,
    form: Option<Form>,
) -> Result<Fetched, Error> {
    lay_out(context, workspace, &workspace.members, form)
}

/// [`ops::fetch::fetch_current`], blocking.
///
/// # Errors
/// As there.
pub fn fetch_current(
    context: &Context,
    workspace: &Workspace,
    form: Option<Form>,
) -> Result<Fetched, Error> {
    let current = workspace.current(context, "fetch")?;
    lay_out(context, workspace, std::slice::from_ref(current), form)
}

/// Where nothing is to be done, no runtime is started to find that out.
fn lay_out(
    context: &Context,
    workspace: &Workspace,
    members: &[Member],
    form: Option<Form>,
) -> Result<Fetched, Error> {
    match fetch::look(context, workspace, members, form)? {
        Look::Fresh(fetched) => Ok(fetched),
        Look::Work(form) => run(fetch::work(context, workspace, members, form)),
    }
}

/// [`ops::lock::lock`], blocking.
///
/// # Errors
/// As there.
pub fn lock(context: &Context, workspace: &Workspace) -> Result<Locked, Error> {
    run(ops::lock::lock(context, workspace))
}

/// [`ops::lock::check`], blocking.
///
/// # Errors
/// As there.
pub fn lock_check(context: &Context, workspace: &Workspace) -> Result<Locked, Error> {
    run(ops::lock::check(context, workspace))
}

/// [`ops::build::build`], blocking.
///
/// # Errors
/// As there.
pub fn build(
    context: &Context,
    workspace: &Workspace,
    output: Option<&Path>,
) -> Result<BuiltPackage, Error> {
    match build::begin(context, workspace, output)? {
        Begun::Done(built) => Ok(*built),
        Begun::Open(open) => run(build::finish(workspace, output, *open)),
    }
}

/// [`ops::publish::publish`], blocking.
///
/// # Errors
/// As there.
pub fn publish(
    context: &Context,
    subject: Subject<'_>,
    dry_run: bool,
) -> Result<PublishedPackage, Error> {
    run(ops::publish::publish(context, subject, dry_run))
}

/// [`ops::yank::yank`], blocking.
///
/// # Errors
/// As there.
pub fn yank(
    context: &Context,
    workspace: Option<&Workspace>,
    package: &PackageId,
) -> Result<YankedPackage, Error> {
    run(ops::yank::yank(context, workspace, package))
}

/// [`ops::wac::lay_out`], blocking.
///
/// # Errors
/// As there.
pub fn lay_out_for_wac(context: &Context, workspace: &Workspace) -> Result<Vec<WacDeps>, Error> {
    run(ops::wac::lay_out(context, workspace))
}

/// [`ops::migrate::migrate`], blocking.
///
/// # Errors
/// As there.
pub fn migrate(
    context: &Context,
    workspace: &Workspace,
    dry_run: bool,
) -> Result<Migration, Error> {
    run(ops::migrate::migrate(context, workspace, dry_run))
}

/// [`ops::verify::verify`], blocking.
///
/// # Errors
/// As there.
pub fn verify(
    context: &Context,
    workspace: &Workspace,
    options: &Verify,
) -> Result<Verified, Error> {
    run(ops::verify::verify(context, workspace, options))
}

/// [`ops::get::get`], blocking.
///
/// # Errors
/// As there.
pub fn get(
    context: &Context,
    workspace: Option<&Workspace>,
    wanted: &PackageRef,
    form: As,
    output: Output<'_>,
    existing: Existing,
) -> Result<Got, Error> {
    run(ops::get::get(
        context, workspace, wanted, form, output, existing,
    ))
}
