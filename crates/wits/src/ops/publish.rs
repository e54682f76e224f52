//! `publish`: a package into the registry that serves its name.
//!
//! A package is published as a stranger will use it: its closure is resolved from registries alone,
//! and the user's overrides, workspace members and own entries are only held against what their
//! registries serve. So nobody can publish what nobody else can build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wits_model::lock::Lock;
use wits_model::{Blob, Digest, PackageId, PackageMetadata, PackageName, PackageSource};
use wits_registry::{Outcome, Publication, Published, RegistryError, SideFile};
use wits_wit::model::Package;
use wits_wit::{Decoded, DecodedPackage};

use super::build;
use crate::closure::{self, Answer, Closure, Root};
use crate::deps::Form;
use crate::local::Locals;
use crate::prepare::{PreparedMember, View, prepare_in, prepare_members};
use crate::project::Workspace;
use crate::report::{Note, Progress};
use crate::session::{Session, registry_error};
use crate::side_files::side_files;
use crate::texts::Texts;
use crate::{Context, Error, hint, verify};

pub use crate::hint::CLOSURE_ANNOTATION;

/// A package that was published, or would be: see the example of [`publish`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PublishedPackage {
    /// Which package it is.
    pub package: PackageId,
    /// Where it is now.
    pub source: PackageSource,
    /// What it is there.
    pub manifest: Option<Digest>,
    /// The digest of its Wasm.
    pub digest: Digest,
    /// Its canonical WIT digest.
    pub wit: Digest,
    /// The number of bytes.
    pub size: u64,
    /// What was done.
    pub done: Done,
}

/// What a publication came to.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let root = dir.path();
/// # let write = |name: &str, text: &str| {
/// #     let path = root.join(name);
/// #     std::fs::create_dir_all(path.parent().unwrap()).and_then(|()| std::fs::write(path, text))
/// # };
/// # write(".git/HEAD", "")?;
/// # write("wit/log.wit", "package acme:log@1.0.0;\ninterface log { line: func(text: string); }")?;
/// # write("registry.toml", "[namespaces]\nacme = \"layout:registry\"")?;
/// use wits::ops::publish::{Done, Subject};
/// use wits::{Context, Workspace, blocking};
///
/// let context = Context::new(root.join("cache"));
/// let log = Workspace::find(&context, root, None)?;
/// let publish = |dry_run| blocking::publish(&context, Subject::Project(&log), dry_run);
/// assert_eq!(publish(true)?.done, Done::WouldPublish);
/// assert_eq!(publish(false)?.done, Done::Published);
/// assert_eq!(publish(false)?.done, Done::AlreadyPublished);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Done {
    /// The version is new.
    Published,
    /// The version was there with these very bytes.
    AlreadyPublished,
    /// It was a dry run, and the version is not there.
    WouldPublish,
}

/// What to publish.
///
/// ```no_run
/// # fn example(context: &wits::Context) -> Result<(), wits::Error> {
/// use wits::ops::publish::Subject;
///
/// let built = Subject::Wasm { file: "acme-log-1.0.0.wasm".as_ref(), workspace: None };
/// wits::blocking::publish(context, built, false)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// The current member of a workspace, built first.
    Project(&'a Workspace),
    /// A WIT package in its binary form, as it is.
    Wasm {
        /// The file.
        file: &'a Path,
        /// The project whose routes and lock are used, if the user stands in one.
        workspace: Option<&'a Workspace>,
    },
}

/// A package ready to go.
struct Ready {
    package: DecodedPackage,
    wasm: Blob,
    metadata: PackageMetadata,
    closure: BTreeMap<PackageId, Digest>,
    files: Vec<SideFile>,
}

/// Publishes; with `dry_run`, does everything but write.
///
/// # Errors
/// Whatever keeps a stranger from using the package, an existing version with other content, or what
/// the registry answers.
///
/// ```no_run
/// # async fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// use wits::ops::publish::{Subject, publish};
///
/// let dry_run = true;
/// let published = publish(context, Subject::Project(workspace), dry_run).await?;
/// println!("{} to {}", published.package, published.source);
/// # Ok(())
/// # }
/// ```
pub async fn publish(
    context: &Context,
    subject: Subject<'_>,
    dry_run: bool,
) -> Result<PublishedPackage, Error> {
    let workspace = match subject {
        Subject::Project(workspace) => Some(workspace),
        Subject::Wasm { workspace, .. } => workspace,
    };
    let session = Session::new(context, workspace)?;
    let ready = match subject {
        Subject::Project(workspace) => from_project(&session, workspace).await?,
        Subject::Wasm { file, .. } => from_wasm(&session, file).await?,
    };
    let reference = ready.package.id();
    let id = reference.id().ok_or_else(|| Error::PublishUnversioned {
        package: reference.name.clone(),
        span: None,
    })?;
    let route = session.route_of_named(&id.name)?;
    let at = session.locate(&route, &id.name).await?;
    send(context, &session, id, at, ready, dry_run).await
}

async fn send(
    context: &Context,
    session: &Session<'_>,
    id: PackageId,
    at: PackageSource,
    ready: Ready,
    dry_run: bool,
) -> Result<PublishedPackage, Error> {
    let digest = ready.wasm.digest();
    let wit = ready.package.wit();
    let size = ready.wasm.size();
    let failed = |error| registry_error(error, false);
    let backend = session.registries.of(&at).map_err(failed)?;
    let (manifest, done) = if dry_run {
        match backend.release(&at, &id.version).await {
            Ok(release) if release.pin.digest == digest => {
                (release.pin.manifest, Done::AlreadyPublished)
            }
            Ok(release) => {
                return Err(failed(RegistryError::VersionExists {
                    at: (&at).into(),
                    version: Box::new(id.version),
                    existing: release.pin.digest,
                    ours: digest,
                }));
            }
            Err(RegistryError::PackageNotFound { .. } | RegistryError::VersionNotFound { .. }) => {
                (None, Done::WouldPublish)
            }
            Err(error) => return Err(failed(error)),
        }
    } else {
        context.reporter.progress(&Progress::Publishing {
            package: id.clone(),
            to: at.clone(),
        });
        let info = ready.package.component_info().clone();
        let publication = Publication {
            version: id.version.clone(),
            created: context.created,
            metadata: ready.metadata,
            exports: info.exports,
            imports: info.imports,
            annotations: hint::annotation(&ready.closure),
            title: format!("{}.wasm", id.name.name()),
            files: ready.files,
            wasm: ready.wasm,
        };
        let Published { pin, outcome } =
            backend.publish(&at, &publication).await.map_err(failed)?;
        let done = match outcome {
            Outcome::New => Done::Published,
            Outcome::AlreadyPublished => Done::AlreadyPublished,
        };
        (pin.manifest, done)
    };
    Ok(PublishedPackage {
        package: id,
        source: at,
        manifest,
        digest,
        wit,
        size,
        done,
    })
}

/// The Wasm digest of everything published in a closure.
fn digests(closure: &Closure) -> BTreeMap<PackageId, Digest> {
    let answers = closure.answers.iter();
    answers
        .filter_map(|(id, answer)| match answer {
            Answer::Published(published) => Some((id.clone(), published.pin.digest)),
            _ => None,
        })
        .collect()
}

async fn from_project(session: &Session<'_>, workspace: &Workspace) -> Result<Ready, Error> {
    let context = session.context;
    let current = workspace.current(context, "publish")?;
    let source = session.source(&current.wit)?;
    if source.version().is_none() {
        return Err(Error::PublishUnversioned {
            package: source.name().clone(),
            span: source.header_span().map(Box::new),
        });
    }
    let _others = super::exclude_others(context, workspace, "wits publish")?;
    // What the user sees must be in order first, lock and all.
    let prepared = prepare_in(session, workspace, Form::Wit).await?;
    let mut members = prepared.members.iter();
    let own = members.find(|member| member.member.root == current.root);
    let own = own.ok_or_else(not_prepared)?;
    let lock = &prepared.lock;
    let view = View::Stranger { own, lock };
    let stranger = prepare_members(session, workspace, &[current], &view, Form::Wit).await;
    let stranger = stranger.map_err(|error| only_here(context, &own.locals, error))?;
    let stranger = stranger.members.first().ok_or_else(not_prepared)?;
    compare(context, own, stranger)?;
    tell_what_strangers_need(context, &stranger.closure, &stranger.skewed);
    let built = build::encode_prepared(stranger)?;
    Ok(Ready {
        package: built.package,
        wasm: Blob::of(built.wasm),
        metadata: current.manifest.package.clone(),
        closure: digests(&stranger.closure),
        files: side_files(context, workspace, current)?,
    })
}

fn not_prepared() -> Error {
    Error::Bug("the current member was not prepared".to_owned())
}

/// A package that a stranger cannot have, as what it is: one that only the user has.
fn only_here(context: &Context, locals: &Locals, error: Error) -> Error {
    if let Error::Several(errors) = error {
        let errors = errors.into_iter();
        return Error::Several(
            errors
                .map(|error| only_here(context, locals, error))
                .collect(),
        );
    }
    match error.absent().and_then(|name| locals.place_of(name)) {
        Some((package, path)) => Error::LocalUnpublished {
            package,
            path: context.shown(&path),
            reason: error.to_string(),
            span: error.span().cloned().map(Box::new),
        },
        None => error,
    }
}

/// Refuses where a package is here something else than what a stranger gets: other WIT from a
/// directory or an own entry, or other bytes by the lock.
fn compare(
    context: &Context,
    own: &PreparedMember<'_>,
    stranger: &PreparedMember<'_>,
) -> Result<(), Error> {
    for (id, answer) in &own.closure.answers {
        let (Some(real), Some(Answer::Published(served))) = (
            stranger.texts.packages.get(id),
            stranger.closure.answers.get(id),
        ) else {
            continue;
        };
        let at = served.source.clone();
        let (wit, path) = match answer {
            Answer::Published(locked) if locked.pin.digest != served.pin.digest => {
                let (locked, served) = (locked.pin.digest, served.pin.digest);
                return Err(Error::ServedDiffers {
                    package: id.clone(),
                    at,
                    locked,
                    served,
                });
            }
            Answer::Published(_) | Answer::Stub { .. } => continue,
            Answer::Local(local) => (
                own.texts.packages.get(id).map(|text| text.wit),
                local.dir.clone(),
            ),
            Answer::Own => match own.locals.own(&id.clone().into()) {
                Some(entry) => (own.texts.model(id).map(Package::digest), entry.path.clone()),
                None => continue,
            },
        };
        if wit != Some(real.wit) {
            return Err(Error::LocalDiffers {
                package: id.clone(),
                at,
                path: context.shown(&path),
            });
        }
    }
    Ok(())
}

/// Says which settings of the publisher's every user of the package will need too.
fn tell_what_strangers_need(context: &Context, closure: &Closure, skewed: &BTreeSet<PackageName>) {
    let stubs = closure
        .answers
        .iter()
        .filter(|(_, answer)| matches!(answer, Answer::Stub { .. }));
    let stubs = stubs.map(|(id, _)| (id.name.clone(), "embedded"));
    for (package, key) in stubs.chain(skewed.iter().map(|name| (name.clone(), "skew"))) {
        context.reporter.note(&Note::StrangersNeed { package, key });
    }
}

async fn from_wasm(session: &Session<'_>, file: &Path) -> Result<Ready, Error> {
    let context = session.context;
    let wasm = Blob::of(wits_fs::read(file)?);
    let package = match wits_wit::decode(&wasm) {
        Ok(Decoded::Package(package)) => package,
        Ok(Decoded::Component(_)) => {
            return Err(Error::FileNotWit {
                path: context.shown(file),
                reason: "it is a component".to_owned(),
            });
        }
        Err(error) => {
            return Err(Error::FileNotWit {
                path: context.shown(file),
                reason: match error {
                    wits_wit::WitError::NotWasm => "it is not WebAssembly".to_owned(),
                    wits_wit::WitError::CoreModule => "it is a core module".to_owned(),
                    error => error.to_string(),
                },
            });
        }
    };
    // Its text stands for the project whose closure a stranger needs.
    let text = package.print(&wits_wit::NoGates)?;
    let path = context.shown(file);
    let source = wits_wit::SourcePackage::parse(vec![wits_wit::SourceFile {
        path,
        bytes: text.into_bytes(),
    }])?;
    let locals = Locals::default();
    let roots = [Root {
        source: &source,
        locals: &locals,
    }];
    let closures = closure::resolve(session, &roots, &Lock::default(), &BTreeSet::new()).await?;
    let closure = closures
        .first()
        .ok_or_else(|| Error::Bug("nothing was resolved".to_owned()))?;
    let texts = Texts::of(Vec::new(), closure, &session.printed, &|id| {
        PathBuf::from(format!("{id}.wit"))
    })?;
    let mut skewed = verify::verify(&*context.reporter, &session.routes, closure, &texts)?;
    skewed.extend(verify::package(
        &*context.reporter,
        &session.routes,
        closure,
        &texts,
        &package,
    )?);
    tell_what_strangers_need(context, closure, &skewed);
    let metadata = package.metadata().clone();
    Ok(Ready {
        closure: digests(closure),
        files: Vec::new(),
        package,
        wasm,
        metadata,
    })
}
