//! `get`: one package, without a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use wits_model::lock::Lock;
use wits_model::{Blob, Digest, PackageId, PackageRef, PackageSource};
use wits_wit::model::{self, Stability};
use wits_wit::{Decoded, Gates};

use crate::closure::AT_ONCE;
use crate::project::Workspace;
use crate::report::Note;
use crate::session::{Published, Session};
use crate::versions::newest;
use crate::{Context, Error, lockfile};

/// The form in which a package is saved: see the example of [`get`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum As {
    /// WIT text. The package must be a WIT package.
    Wit,
    /// The bytes as the registry has them, whatever they are.
    Wasm,
}

/// What to do with what is there already: see the example of [`get`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// A file with other content is an error.
    Keep,
    /// It is replaced.
    Overwrite,
    /// Nothing is written: a file that is missing or has other content is an error.
    Check,
}

/// A package that was saved: see the example of [`get`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Got {
    /// Which package it is.
    pub package: PackageId,
    /// Where it is from.
    pub source: PackageSource,
    /// The digest of its Wasm.
    pub digest: Digest,
    /// What was made of it.
    pub content: Vec<u8>,
    /// The file, unless the content goes elsewhere.
    pub file: Option<PathBuf>,
    /// Whether the file had this content already.
    pub unchanged: bool,
}

/// Where the content goes: see the example of [`get`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Output<'a> {
    /// To the caller.
    Return,
    /// Into a file of this name.
    File(&'a Path),
    /// Into a file `<ns>-<name>-<version>.wit` or `.wasm` in this directory.
    Directory(&'a Path),
}

/// Gets `wanted`, the newest version if it names none.
///
/// # Errors
/// If it is not there, is not what it is served as, or the file is in the way.
///
/// ```no_run
/// # async fn example(context: &wits::Context) -> Result<(), wits::Error> {
/// use wits::ops::get::{As, Existing, Output, get};
///
/// let wanted = "wasi:http@0.2.12".parse()?;
/// let got = get(context, None, &wanted, As::Wit, Output::Return, Existing::Keep).await?;
/// println!("{}", got.package);
/// # Ok(())
/// # }
/// ```
pub async fn get(
    context: &Context,
    workspace: Option<&Workspace>,
    wanted: &PackageRef,
    form: As,
    output: Output<'_>,
    existing: Existing,
) -> Result<Got, Error> {
    let session = Session::new(context, workspace)?;
    // What the project has locked is what the user means, and needs no registry.
    let lock = match workspace {
        Some(workspace) => lockfile::read(context, workspace)?,
        None => Lock::default(),
    };
    let locked = match (wanted.id(), &context.config.registry) {
        (Some(id), None) => lock
            .packages
            .get(&id)
            .filter(|locked| locked.pin.is_some())
            .cloned()
            .map(|locked| (id, locked)),
        _ => None,
    };
    let (id, published) = match locked {
        Some((id, locked)) => {
            let pin = locked
                .pin
                .clone()
                .ok_or_else(|| Error::Bug("a pin is gone".to_owned()))?;
            let published = session.locked(&id, &locked, &pin).await?;
            (id, Found::Package(Box::new(published)))
        }
        None => {
            let route = session.route_of_named(&wanted.name)?;
            let source = session.locate(&route, &wanted.name).await?;
            let id = match wanted.id() {
                Some(id) => id,
                None => newest_of(context, &session, wanted, &source).await?,
            };
            let found = match form {
                As::Wit => Found::Package(Box::new(session.at(&id, source).await?)),
                As::Wasm => any_wasm(&session, &id, source).await?,
            };
            (id, found)
        }
    };
    let (source, digest, content) = match (published, form) {
        (Found::Package(published), As::Wit) => {
            let text = published
                .package
                .print(&gates_below(&session, &lock, &published).await)?;
            (published.source, published.pin.digest, text.into_bytes())
        }
        (Found::Package(published), As::Wasm) => {
            let wasm = published.wasm.into_bytes();
            (published.source, published.pin.digest, wasm)
        }
        (
            Found::Wasm {
                source,
                digest,
                wasm,
            },
            _,
        ) => (source, digest, wasm.into_bytes()),
    };
    let file = match output {
        Output::Return => None,
        Output::File(file) => Some(file.to_owned()),
        Output::Directory(dir) => {
            let extension = match form {
                As::Wit => "wit",
                As::Wasm => "wasm",
            };
            let name = format!(
                "{}-{}-{}.{extension}",
                id.name.namespace(),
                id.name.name(),
                id.version
            );
            Some(dir.join(name))
        }
    };
    let unchanged = match &file {
        Some(file) => save(context, &id, file, &content, existing)?,
        None => false,
    };
    let file = file.map(|file| context.shown(&file));
    Ok(Got {
        package: id,
        source,
        digest,
        content,
        file,
        unchanged,
    })
}

/// Puts the content into its file, or holds it against what is there. Answers whether it was there.
fn save(
    context: &Context,
    id: &PackageId,
    file: &Path,
    content: &[u8],
    existing: Existing,
) -> Result<bool, Error> {
    let there = wits_fs::read_if_exists(file)?;
    let path = || context.shown(file);
    match existing {
        _ if there.as_deref() == Some(content) => return Ok(true),
        Existing::Check if there.is_none() => {
            return Err(Error::CheckMissing {
                path: path(),
                package: id.clone(),
            });
        }
        Existing::Check => {
            return Err(Error::CheckDiffers {
                path: path(),
                package: id.clone(),
            });
        }
        Existing::Keep if there.is_some() => return Err(Error::Exists { path: path() }),
        Existing::Keep | Existing::Overwrite => {}
    }
    if let Some(dir) = file.parent() {
        wits_fs::create_dir_all(dir)?;
    }
    wits_fs::write_atomic(file, content)?;
    Ok(false)
}

/// What was found.
enum Found {
    /// A WIT package.
    Package(Box<Published>),
    /// Bytes that were to be had whatever they are.
    Wasm {
        source: PackageSource,
        digest: Digest,
        wasm: Blob,
    },
}

/// The bytes as the registry has them. A WIT package among them must be the one that was asked for.
async fn any_wasm(
    session: &Session<'_>,
    id: &PackageId,
    source: PackageSource,
) -> Result<Found, Error> {
    let (pin, wasm) = session.bytes(id, &source).await?;
    if let Ok(Decoded::Package(package)) = wits_wit::decode(&wasm)
        && package.id().id().as_ref() != Some(id)
    {
        let (wanted, found, asked) = (id.clone(), package.id(), Box::default());
        return Err(Error::OtherPackage {
            wanted,
            found,
            at: source,
            asked,
        });
    }
    Ok(Found::Wasm {
        source,
        digest: pin.digest,
        wasm,
    })
}

/// The gates of the packages that one names, which its own binary has lost. Where a package cannot be
/// had, its gates stay lost, and that is said.
async fn gates_below(session: &Session<'_>, lock: &Lock, published: &Published) -> Known {
    let below = published.package.dependencies().iter();
    let asked = below.filter_map(PackageRef::id).map(|id| async move {
        let found = session.package(lock, &id).await;
        (id, found)
    });
    // In the order of packages, whichever is there first.
    let mut answers = stream::iter(asked).buffered(AT_ONCE);
    let mut known = Known::default();
    while let Some((id, found)) = answers.next().await {
        match found {
            Ok(below) => {
                known.0.insert(id, below.package.model().clone());
            }
            Err(error) => session.context.reporter.note(&Note::GatesUnknown {
                package: id,
                reason: error.to_string(),
            }),
        }
    }
    known
}

/// Packages whose gates are known.
#[derive(Default)]
struct Known(BTreeMap<PackageId, Arc<model::Package>>);

impl Gates for Known {
    fn gate(&self, package: &PackageId, interface: &str) -> Option<Stability> {
        Some(
            self.0
                .get(package)?
                .interfaces
                .get(interface)?
                .stability
                .clone(),
        )
    }
}

async fn newest_of(
    context: &Context,
    session: &Session<'_>,
    wanted: &PackageRef,
    source: &PackageSource,
) -> Result<PackageId, Error> {
    let available = match session.versions(source).await {
        Ok(available) => available,
        Err(error) => return Err(Session::no_package(&wanted.name, source, error)),
    };
    let Some(newest) = newest(&available) else {
        return Err(Error::NoVersions {
            package: wanted.name.clone(),
            at: source.clone(),
        });
    };
    let id = wanted.name.at(newest.clone());
    context.reporter.note(&Note::PickedVersion {
        package: id.clone(),
        available,
    });
    Ok(id)
}
