//! `init`: begin a project.

use std::path::{Path, PathBuf};

use wits_model::{PackageName, Version};

use wits_wit::{SourceFile, SourcePackage};

use crate::project::WIT_DIR;
use crate::{Context, Error, project};

/// What was begun: see the example of [`init`].
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
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let context = wits::Context::new(dir.path().join("cache"));
/// use wits::model::{PackageName, Version};
///
/// let name: PackageName = "demo:app".parse()?;
/// let begun = wits::ops::init::init(&context, dir.path(), None, &name, Version::new(0, 1, 0))?;
/// assert_eq!(begun.world, "app");
/// assert!(begun.file.ends_with("wit/world.wit"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    // Before the WIT, so that a run that was killed between the two can be repeated.
    if let Some(named) = wit_dir.filter(|named| *named != Path::new(WIT_DIR)) {
        // Later commands have to find it; a `wits.toml` that is there already is the user's to change.
        let manifest = root.join(project::MANIFEST);
        if !manifest.exists() {
            let named = named.display().to_string().replace('\\', "/");
            wits_fs::write_new(&manifest, format!("wit = {}\n", toml::Value::String(named)))?;
        }
    }
    wits_fs::write_new(&file, text)?;
    Ok(Initialised {
        file: context.shown(&file),
        package: package.clone(),
        version,
        world: world.to_owned(),
    })
}

/// The first text of a project. A word that WIT uses itself takes a `%` (`WIT.md`, "Identifiers"), and
/// the parser knows best which those are.
fn template(package: &PackageName, version: &Version) -> Result<String, Error> {
    let parse = |text: String| {
        SourcePackage::parse(vec![SourceFile {
            path: "world.wit".into(),
            bytes: text.into_bytes(),
        }])
    };
    let word = |word: &str| match parse(format!("package a:b;\nworld {word} {{}}\n")) {
        Ok(_) => word.to_owned(),
        Err(_) => format!("%{word}"),
    };
    let (namespace, name) = (word(package.namespace()), word(package.name()));
    let text = format!("package {namespace}:{name}@{version};\n\nworld {name} {{\n}}\n");
    parse(text.clone())?;
    Ok(text)
}
