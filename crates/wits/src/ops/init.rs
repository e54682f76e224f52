//! `init`: begin a project.

use std::path::{Path, PathBuf};

use wits_model::{PackageName, Version};

use wits_wit::{SourceFile, SourcePackage};

use crate::project::WIT_DIR;
use crate::{Context, Error, project};

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Initialised {
    /// The file that was written.
    pub file: PathBuf,
    /// The package in it.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// The world in it.
    pub world: String,
}

/// Writes a package with one empty world into the `wit` directory of `root`, or another named by
/// `wit_dir`.
///
/// # Errors
/// If there is WIT already, or the file cannot be written.
pub fn init(
    context: &Context,
    root: &Path,
    wit_dir: Option<&Path>,
    package: &PackageName,
    version: Version,
) -> Result<Initialised, Error> {
    let dir = root.join(wit_dir.unwrap_or(Path::new(WIT_DIR)));
    if dir.is_dir() && !project::wit_files(context, &dir)?.is_empty() {
        return Err(Error::AlreadyInitialised {
            path: context.shown(&dir),
        });
    }
    wits_fs::create_dir_all(&dir)?;
    let file = dir.join("world.wit");
    let world = package.name();
    let text = template(package, &version)?;
    wits_fs::write_new(&file, text)?;
    Ok(Initialised {
        file: context.shown(&file),
        package: package.clone(),
        version,
        world: world.to_owned(),
    })
}

/// The first text of a project. A name that is also a word of WIT takes a `%` (`WIT.md`, "Identifiers"),
/// which the parser knows best.
fn template(package: &PackageName, version: &Version) -> Result<String, Error> {
    let text = |world: &str| format!("package {package}@{version};\n\nworld {world} {{\n}}\n");
    let parse = |text: &str| {
        SourcePackage::parse(vec![SourceFile {
            path: "world.wit".into(),
            bytes: text.as_bytes().to_vec(),
        }])
    };
    let plain = text(package.name());
    if parse(&plain).is_ok() {
        return Ok(plain);
    }
    let escaped = text(&format!("%{}", package.name()));
    parse(&escaped)?;
    Ok(escaped)
}
