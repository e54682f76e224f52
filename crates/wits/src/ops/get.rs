//! `get`: one package, without a project.

use std::path::{Path, PathBuf};

use wits_model::{Digest, PackageId, PackageRef, PackageSource};
use wits_wit::Decoded;

use crate::project::Workspace;
use crate::report::Note;
use crate::session::Session;
use crate::versions::newest;
use crate::{Context, Error};

/// The form in which a package is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// WIT text. The package must be a WIT package.
    Wit,
    /// The bytes as the registry has them, whatever they are.
    Wasm,
}

/// What to do with what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// A file with other content is an error.
    Keep,
    /// It is replaced.
    Overwrite,
    /// Nothing is written: a file that is missing or has other content is an error.
    Check,
}

/// A package that was saved.
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

/// Where the content goes.
#[derive(Debug, Clone, Copy)]
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
pub async fn get(
    context: &Context,
    workspace: Option<&Workspace>,
    wanted: &PackageRef,
    form: As,
    output: Output<'_>,
    existing: Existing,
) -> Result<Got, Error> {
    let session = Session::new(context, workspace)?;
    let registry = match &context.config.registry {
        Some(registry) => registry.clone(),
        None => session.route(&wanted.name)?,
    };
    let source = session.locate(&registry, &wanted.name).await?;
    let id = match wanted.id() {
        Some(id) => id,
        None => newest_of(context, &session, wanted, &source).await?,
    };
    let (digest, content) = match form {
        As::Wasm => {
            let (pin, wasm, _) = session.bytes(&id, &source).await?;
            if let Ok(Decoded::Package(package)) = wits_wit::decode(&wasm)
                && package.id().id().as_ref() != Some(&id)
            {
                let (found, asked) = (package.id(), Box::default());
                return Err(Error::OtherPackage {
                    wanted: id,
                    found,
                    at: source,
                    asked,
                });
            }
            (pin.digest, wasm)
        }
        As::Wit => {
            let published = session.at(&id, source.clone()).await?;
            let text = published.package.print(&wits_wit::NoGates)?;
            (published.pin.digest, text.into_bytes())
        }
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
    let mut unchanged = false;
    if let Some(file) = &file {
        let there = wits_fs::read_if_exists(file)?;
        unchanged = there.as_ref() == Some(&content);
        match existing {
            Existing::Check if there.is_none() => {
                return Err(Error::CheckMissing {
                    path: context.shown(file),
                    package: id,
                });
            }
            Existing::Check if !unchanged => {
                return Err(Error::CheckDiffers {
                    path: context.shown(file),
                    package: id,
                });
            }
            Existing::Keep if there.is_some() && !unchanged => {
                return Err(Error::Exists {
                    path: context.shown(file),
                });
            }
            _ if unchanged => {}
            _ => {
                if let Some(dir) = file.parent() {
                    wits_fs::create_dir_all(dir)?;
                }
                wits_fs::write_atomic(file, &content)?;
            }
        }
    }
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
