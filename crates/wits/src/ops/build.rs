//! `build`: one member as a WIT package in its binary form.

use std::path::{Path, PathBuf};

use wits_model::lock::LockChange;
use wits_model::{Digest, PackageRef};
use wits_store::ProjectLock;
use wits_wit::{BuildOptions, Built, DeclaredDependency, Dependency, SourcePackage, WitError};

use super::fetch;
use crate::closure::Answer;
use crate::inputs::Inputs;
use crate::prepare::{PreparedMember, prepare_in};
use crate::project::{Member, Workspace};
use crate::session::Session;
use crate::standing::{Standing, StandingClosure};
use crate::{Context, Error, config, project};

/// A package that was built: see the example of [`build`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BuiltPackage {
    /// Which package it is.
    pub package: PackageRef,
    /// The file it was written to.
    pub file: PathBuf,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its canonical WIT digest.
    pub wit: Digest,
    /// The number of bytes.
    pub size: u64,
    /// Whether the file had these bytes already.
    pub unchanged: bool,
    /// What changed in the lock.
    pub changes: Vec<LockChange>,
}

/// Builds the current member of `workspace` into `output`, by default `<ns>-<name>-<version>.wasm` in
/// the project. Brings the lock and `wit/deps` up to date first.
///
/// # Errors
/// Whatever keeps the closure from being complete, or the package from having a binary form.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// let built = wits::ops::build::build(context, workspace, None).await?;
/// println!("{} in {}, {}", built.package, built.file.display(), built.digest);
/// # Ok(())
/// # }
/// ```
pub async fn build(
    context: &Context,
    workspace: &Workspace,
    output: Option<&Path>,
) -> Result<BuiltPackage, Error> {
    match begin(context, workspace, output)? {
        Begun::Done(built) => Ok(*built),
        Begun::Open(open) => finish(workspace, output, *open).await,
    }
}

/// A build, as far as it comes without asking anybody.
pub(crate) enum Begun<'a> {
    /// What stands in `wit/deps` was enough.
    Done(Box<BuiltPackage>),
    /// The closure has to be resolved.
    Open(Box<Open<'a>>),
}

/// A build whose closure has to be resolved. Other processes are held off meanwhile.
pub(crate) struct Open<'a> {
    session: Session<'a>,
    _others: Option<ProjectLock>,
    inputs: Inputs,
    /// Whether the lock and `wit/deps` are up to date all the same.
    is_fresh: bool,
}

/// Begins a build, and ends it if what stands in `wit/deps` is enough.
pub(crate) fn begin<'a>(
    context: &'a Context,
    workspace: &Workspace,
    output: Option<&Path>,
) -> Result<Begun<'a>, Error> {
    let current = workspace.current(context, "build")?;
    let others = super::exclude_others(context, workspace, "wits build")?;
    let standing = Standing::read(context, &workspace.members, None)?;
    // Before anything is made of them: what is edited from now on is another input, which the next run finds.
    let inputs = *standing.inputs(context, workspace)?;
    let (fresh, source) = if is_alone(workspace, current) {
        let source = current.source(context)?;
        if source.mentions().is_empty() {
            wits_wit::check(source.clone(), Vec::new())?;
            let built = encode(current, source, Vec::new(), Vec::new())?;
            let written = write(context, workspace, current, output, &built, Vec::new())?;
            return Ok(Begun::Done(Box::new(written)));
        }
        (None, Ok(source))
    } else {
        std::thread::scope(|scope| {
            let source = scope.spawn(|| current.source(context));
            let fresh = standing.look(context, workspace, Some(&current.root));
            let source = source.join();
            let source = source.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            fresh.map(|fresh| (fresh, source))
        })?
    };
    let is_fresh = fresh.is_some();
    if let Some(fresh) = fresh
        && let Some(closure) = standing.closure(context, workspace, current, fresh)?
    {
        let StandingClosure { texts, declared } = closure;
        let built = encode(current, source?, texts, declared)?;
        let written = write(context, workspace, current, output, &built, Vec::new())?;
        return Ok(Begun::Done(Box::new(written)));
    }
    let session = Session::new(context, Some(workspace))?;
    // One that cannot be parsed is told of in its turn.
    if let Ok(source) = source {
        session.know_source(&current.wit, source);
    }
    Ok(Begun::Open(Box::new(Open {
        session,
        _others: others,
        inputs,
        is_fresh,
    })))
}

/// Whether a project has nothing but its WIT: no lock, no `wit/deps`, no other members. If it names no package, there
/// is nothing to resolve, to lock or to lay out.
fn is_alone(workspace: &Workspace, current: &Member) -> bool {
    let stands = |path: PathBuf| path.symlink_metadata().is_ok();
    workspace.members.len() == 1 && !stands(workspace.lock_file()) && !stands(current.deps())
}

/// Ends a build that was begun.
pub(crate) async fn finish(
    workspace: &Workspace,
    output: Option<&Path>,
    open: Open<'_>,
) -> Result<BuiltPackage, Error> {
    let context = open.session.context;
    let current = workspace.current(context, "build")?;
    let prepared = prepare_in(&open.session, workspace, open.inputs.form()).await?;
    if !open.is_fresh {
        let members = &workspace.members;
        fetch::write(context, workspace, members, &prepared, &open.inputs)?;
    }
    let mut members = prepared.members.iter();
    let member = members
        .find(|member| member.member.root == current.root)
        .ok_or_else(|| Error::Bug("the current member was not prepared".to_owned()))?;
    let built = encode_prepared(member)?;
    write(
        context,
        workspace,
        current,
        output,
        &built,
        prepared.changes,
    )
}

/// Writes what was built to where it is wanted.
fn write(
    context: &Context,
    workspace: &Workspace,
    current: &Member,
    output: Option<&Path>,
    built: &Built,
    changes: Vec<LockChange>,
) -> Result<BuiltPackage, Error> {
    let package = built.package.id();
    let file = match output {
        Some(dir) if dir.is_dir() => dir.join(default_name(&package)),
        Some(file) => file.to_owned(),
        None => current.root.join(default_name(&package)),
    };
    refuse_input(context, workspace, current, &file)?;
    if output.is_none() {
        super::refuse_link(context, &file)?;
    }
    if let Some(dir) = file.parent() {
        wits_fs::create_dir_all(dir)?;
    }
    let unchanged = !wits_fs::write_if_changed(&file, &built.wasm)?;
    Ok(BuiltPackage {
        package,
        file: context.shown(&file),
        digest: Digest::of(&built.wasm),
        wit: built.package.wit(),
        size: built.wasm.len() as u64,
        unchanged,
        changes,
    })
}

/// Refuses to write the package over what it is built from.
fn refuse_input(
    context: &Context,
    workspace: &Workspace,
    member: &Member,
    file: &Path,
) -> Result<(), Error> {
    let place = |path: &Path| path.canonicalize().ok();
    let same = |found: &Option<PathBuf>, path: &Path| found.is_some() && *found == place(path);
    let is_wit = file
        .parent()
        .is_some_and(|dir| same(&place(dir), &member.wit));
    // What ends like a package is none of these, unless it leads to one.
    let is_package = file
        .extension()
        .is_some_and(|extension| extension == "wasm");
    let is_link = file
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    let may_be_file = is_link || !is_package;
    let found = may_be_file.then(|| place(file)).flatten();
    let files = [
        workspace.lock_file(),
        member.root.join(project::MANIFEST),
        member.root.join(config::ROUTES),
    ];
    if is_wit || files.iter().any(|input| same(&found, input)) {
        return Err(Error::OutputIsInput {
            path: context.shown(file),
        });
    }
    Ok(())
}

/// The name of the file of a package.
pub(super) fn default_name(package: &PackageRef) -> String {
    let version = package
        .version
        .as_ref()
        .map(|version| format!("-{version}"))
        .unwrap_or_default();
    format!(
        "{}-{}{version}.wasm",
        package.name.namespace(),
        package.name.name()
    )
}

/// Encodes a prepared member, with what it was built against.
pub(super) fn encode_prepared(prepared: &PreparedMember<'_>) -> Result<Built, Error> {
    let texts = prepared.texts.dependencies();
    let source = prepared.source.clone();
    encode(prepared.member, source, texts, declared(prepared))
}

/// Encodes `source`, the WIT of `member`, among `texts`.
fn encode(
    member: &Member,
    source: SourcePackage,
    texts: Vec<Dependency>,
    declared: Vec<DeclaredDependency>,
) -> Result<Built, Error> {
    let options = BuildOptions {
        metadata: member.manifest.package.clone(),
        declared,
    };
    wits_wit::build(source, texts, &options).map_err(|error| {
        let key = match &error {
            WitError::Licence { .. } => "license",
            WitError::MetadataUrl { key, .. } => key,
            _ => return error.into(),
        };
        match member.manifest.metadata_span(key).cloned() {
            Some(span) => Error::Metadata {
                source: error,
                span: Box::new(span),
            },
            None => error.into(),
        }
    })
}

/// What every package of the closure is, for the section `wits:dependencies`.
fn declared(prepared: &PreparedMember<'_>) -> Vec<DeclaredDependency> {
    let texts = prepared.texts.packages.iter();
    texts
        .map(|(id, text)| DeclaredDependency {
            package: id.clone(),
            wit: text.wit,
            digest: match prepared.closure.answers.get(id) {
                Some(Answer::Published(published)) => Some(published.pin.digest),
                _ => None,
            },
        })
        .collect()
}
