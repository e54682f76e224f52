//! The project: where its files are, and which members its workspace has.
//!
//! A project is a directory with WIT in it, found upward from where the user stands; it may be a member
//! of a workspace, a directory whose `wits.toml` has `[workspace]`. Every operation works on a
//! [`Workspace`], since one lock serves all its members; a project that is in no workspace is the only
//! member of its own.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use wits_model::manifest::Manifest;
use wits_wit::{SourceFile, SourcePackage};

use crate::{Context, Error, foreign};

/// The name of the optional file of metadata, overrides and members.
pub const MANIFEST: &str = "wits.toml";
/// The name of the lock.
pub const LOCK: &str = "wits.lock";
/// The WIT directory of a project that names no other.
pub const WIT_DIR: &str = "wit";

/// One project: a directory of WIT and what `wits.toml` says about it.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # std::fs::create_dir(dir.path().join("wit"))?;
/// use wits::{Context, Workspace};
///
/// std::fs::write(dir.path().join("wit/world.wit"), "package demo:app@0.1.0;\nworld app {}")?;
/// let context = Context::new(dir.path().join("cache"));
/// let workspace = Workspace::find(&context, dir.path(), None)?;
/// let member = &workspace.members[0];
/// assert_eq!(member.deps(), dir.path().join("wit/deps"));
/// assert_eq!(member.source(&context)?.name().to_string(), "demo:app");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Member {
    /// The directory of the project.
    pub root: PathBuf,
    /// The directory of its WIT.
    pub wit: PathBuf,
    /// What `wits.toml`, or `wkg.toml` where there is no `wits.toml`, says.
    pub manifest: Manifest,
    /// Where the closure is laid out, if not in `deps` of the WIT directory: a build script's `OUT_DIR`.
    pub(crate) laid_out: Option<PathBuf>,
}

/// All projects that share one lock.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # for member in ["app", "lib"] {
/// #     std::fs::create_dir_all(dir.path().join(member).join("wit"))?;
/// # }
/// use wits::{Context, Error, Workspace};
///
/// std::fs::write(dir.path().join("wits.toml"), "[workspace]\nmembers = [\"app\", \"lib\"]\n")?;
/// let context = Context::new(dir.path().join("cache"));
/// let in_app = Workspace::find(&context, &dir.path().join("app"), None)?;
/// assert_eq!(in_app.members.len(), 2);
/// assert_eq!(in_app.lock_file(), dir.path().join("wits.lock"));
/// assert_eq!(in_app.current(&context, "count")?.root, dir.path().join("app"));
///
/// let at_the_root = Workspace::find(&context, dir.path(), None)?;
/// let error = at_the_root.current(&context, "count").unwrap_err();
/// assert!(matches!(error, Error::NoMember { operation: "count", .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Workspace {
    /// The directory of the lock.
    pub root: PathBuf,
    /// The projects, sorted by directory.
    pub members: Vec<Member>,
    /// Which of them the user stands in; nothing at the root of a workspace without WIT of its own.
    pub current: Option<usize>,
}

impl Member {
    /// The directory of the closure as WIT text: see the example of [`Member`].
    pub fn deps(&self) -> PathBuf {
        match &self.laid_out {
            Some(dir) => dir.clone(),
            None => self.wit.join("deps"),
        }
    }

    /// Reads and parses the WIT: see the example of [`Member`].
    ///
    /// # Errors
    /// If a file cannot be read, or is not WIT.
    pub fn source(&self, context: &Context) -> Result<SourcePackage, Error> {
        Ok(SourcePackage::parse(wit_files(context, &self.wit)?)?)
    }

    fn at(
        context: &Context,
        root: &Path,
        wit_dir: Option<&Path>,
        manifest: Manifest,
    ) -> Result<Self, Error> {
        let wit = match (wit_dir, &manifest.wit) {
            (Some(named), _) => root.join(named),
            (None, Some(named)) => named.clone(),
            (None, None) if is_bare(root) => root.to_owned(),
            (None, None) => root.join(WIT_DIR),
        };
        if !wit.is_dir() {
            return Err(Error::NoWitDirectory {
                path: context.shown(&wit),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            wit,
            manifest,
            laid_out: None,
        })
    }
}

impl Workspace {
    /// Finds the project at `from` or above it, and its workspace.
    ///
    /// `wit_dir` is the WIT directory, relative to the project, where the user names one.
    ///
    /// # Errors
    /// If there is no project, or a `wits.toml` on the way is at fault.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # std::fs::create_dir_all(dir.path().join("wit/deps"))?;
    /// use wits::{Context, Error, Workspace};
    ///
    /// let context = Context::new(dir.path().join("cache"));
    /// let workspace = Workspace::find(&context, &dir.path().join("wit/deps"), None)?;
    /// assert_eq!(workspace.root, dir.path());
    /// assert_eq!(workspace.members.len(), 1);
    ///
    /// let nowhere = Workspace::find(&context, &dir.path().join("wit/deps"), Some("idl".as_ref()));
    /// assert!(matches!(nowhere, Err(Error::NoProject { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find(context: &Context, from: &Path, wit_dir: Option<&Path>) -> Result<Self, Error> {
        let named = wit_dir.unwrap_or(Path::new(WIT_DIR));
        // A directory that leads elsewhere says nothing of where the project is: it is here.
        let leads_out = named
            .components()
            .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        let root = from
            .ancestors()
            .find(|dir| leads_out || manifest_file(dir).is_some() || dir.join(named).is_dir())
            .ok_or_else(|| Error::NoProject {
                from: context.shown(from),
            })?;
        let manifest = load_manifest(context, root)?;
        if manifest.workspace.is_some() {
            let workspace = Self::of(context, root, wit_dir, manifest, root)?;
            return Ok(workspace.seen_from(from));
        }
        for above in root.ancestors().skip(1) {
            if !above.join(MANIFEST).is_file() && !above.join(foreign::WKG_MANIFEST).is_file() {
                continue;
            }
            let outer = load_manifest(context, above)?;
            if outer.workspace.is_some()
                && member_dirs(above, &outer)?.iter().any(|dir| dir == root)
            {
                return Self::of(context, above, wit_dir, outer, root);
            }
        }
        let member = Member::at(context, root, wit_dir, manifest)?;
        Ok(Self {
            root: root.to_owned(),
            members: vec![member],
            current: Some(0),
        })
    }

    /// The workspace at `root`, seen from `current`.
    fn of(
        context: &Context,
        root: &Path,
        wit_dir: Option<&Path>,
        manifest: Manifest,
        current: &Path,
    ) -> Result<Self, Error> {
        let mut members = Vec::new();
        let overrides = manifest.overrides.clone();
        let workspace_span = manifest
            .workspace
            .as_ref()
            .map(|workspace| Box::new(workspace.span.clone()));
        if let Some(named) = manifest.wit.as_ref().filter(|named| !named.is_dir()) {
            return Err(Error::NoWitDirectory {
                path: context.shown(named),
            });
        }
        let own_wit = manifest
            .wit
            .clone()
            .unwrap_or_else(|| root.join(wit_dir.unwrap_or(Path::new(WIT_DIR))));
        for dir in member_dirs(root, &manifest)? {
            if dir != root {
                let wit_dir = if dir == current { wit_dir } else { None };
                members.push(Member::at(
                    context,
                    &dir,
                    wit_dir,
                    load_manifest(context, &dir)?,
                )?);
            }
        }
        if own_wit.is_dir() {
            members.push(Member {
                root: root.to_owned(),
                wit: own_wit,
                manifest,
                laid_out: None,
            });
        }
        if members.is_empty() {
            return Err(Error::NoMembers {
                span: workspace_span,
            });
        }
        for member in &mut members {
            // An override of the root is for all; a member's own comes first.
            for (name, entry) in &overrides {
                let overrides = &mut member.manifest.overrides;
                overrides
                    .entry(name.clone())
                    .or_insert_with(|| entry.clone());
            }
        }
        members.sort_by(|a, b| a.root.cmp(&b.root));
        let current = members.iter().position(|member| member.root == current);
        Ok(Self {
            root: root.to_owned(),
            members,
            current,
        })
    }

    /// A member that is only a directory of WIT has nothing by which it is found upward.
    fn seen_from(mut self, from: &Path) -> Self {
        let bare = |member: &Member| member.root == member.wit && from.starts_with(&member.root);
        self.current = self.current.or_else(|| self.members.iter().position(bare));
        self
    }

    /// The file of the lock: see the example of [`Workspace`].
    pub fn lock_file(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    /// Where routes are looked for: in the only project, or at the root where several share one lock.
    pub(crate) fn routes_root(&self) -> &Path {
        match self.members.as_slice() {
            [only] => &only.root,
            _ => &self.root,
        }
    }

    /// The one project that the user means, for an operation that works on one; `operation` is what the error
    /// calls it. See the example of [`Workspace`].
    ///
    /// # Errors
    /// If the user stands at the root of a workspace without WIT of its own.
    pub fn current(&self, context: &Context, operation: &'static str) -> Result<&Member, Error> {
        let index = self.current_index(context, operation)?;
        Ok(&self.members[index])
    }

    /// Which of the members [`Workspace::current`] is.
    pub(crate) fn current_index(
        &self,
        context: &Context,
        operation: &'static str,
    ) -> Result<usize, Error> {
        let chosen = match (self.current, self.members.len()) {
            (Some(index), members) if index < members => Some(index),
            (None, 1) => Some(0),
            _ => None,
        };
        chosen.ok_or_else(|| Error::NoMember {
            operation,
            members: self
                .members
                .iter()
                .map(|member| context.shown(&member.root))
                .collect(),
        })
    }
}

pub(crate) fn manifest_file(dir: &Path) -> Option<PathBuf> {
    [MANIFEST, foreign::WKG_MANIFEST]
        .iter()
        .map(|name| dir.join(name))
        .find(|file| file.is_file())
}

fn load_manifest(context: &Context, dir: &Path) -> Result<Manifest, Error> {
    let Some(file) = manifest_file(dir) else {
        return Ok(Manifest::default());
    };
    let text = read_text(context, &file)?;
    if file.ends_with(MANIFEST) {
        Ok(Manifest::parse(&text, &file)?)
    } else {
        foreign::wkg_manifest(context, &text, &file)
    }
}

/// The directories that a workspace's patterns name, sorted. A pattern with `*` names what is there and
/// is a project; a plain path must be there.
fn member_dirs(root: &Path, manifest: &Manifest) -> Result<Vec<PathBuf>, Error> {
    let mut found = BTreeSet::new();
    for member in manifest
        .workspace
        .iter()
        .flat_map(|workspace| &workspace.members)
    {
        let mut dirs = vec![root.to_owned()];
        for part in member.parts() {
            let mut below = Vec::new();
            for dir in dirs.iter().filter(|dir| dir.is_dir()) {
                if !part.contains('*') {
                    below.push(dir.join(part));
                    continue;
                }
                below.extend(list(dir)?.into_iter().filter(|path| {
                    path.file_name()
                        .and_then(|name| name.to_str())
                        .is_some_and(|name| wits_model::manifest::Member::part_matches(part, name))
                }));
            }
            dirs = below;
        }
        if member.pattern.contains('*') {
            dirs.retain(|dir| {
                manifest_file(dir).is_some() || dir.join(WIT_DIR).is_dir() || is_bare(dir)
            });
        } else if let Some(missing) = dirs.iter().find(|dir| !dir.is_dir()) {
            return Err(Error::MemberNotFound {
                member: missing.clone(),
                span: Box::new(member.span.clone()),
            });
        }
        found.extend(dirs);
    }
    Ok(found.into_iter().collect())
}

/// Whether a directory is WIT itself and has no `wit`: so wkg's workspaces name their members.
fn is_bare(dir: &Path) -> bool {
    !dir.join(WIT_DIR).is_dir() && has_wit(dir)
}

fn has_wit(dir: &Path) -> bool {
    let is_wit = |path: PathBuf| path.extension().is_some_and(|extension| extension == "wit");
    std::fs::read_dir(dir)
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| is_wit(entry.path()))))
}

/// Reads a text file of the user's, without the byte order mark that some editors put first.
pub(crate) fn read_text(context: &Context, file: &Path) -> Result<String, Error> {
    let bytes = wits_fs::read(file)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let span = wits_model::SourceSpan::new(context.shown(file), text, at..at + 1);
        Error::Wit {
            package: None,
            source: wits_wit::WitError::NotUtf8 {
                span: Box::new(span),
            },
        }
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

/// The `.wit` files of a directory, not of those below it, as wit-parser takes them.
pub(crate) fn wit_files(context: &Context, dir: &Path) -> Result<Vec<SourceFile>, Error> {
    let mut files = Vec::new();
    for path in list(dir)? {
        if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
            files.push(SourceFile {
                bytes: wits_fs::read(&path)?,
                path: context.shown(&path),
            });
        }
    }
    Ok(files)
}

/// What is in a directory, sorted.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(dir).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()
    });
    let mut paths = entries.map_err(wits_fs::FsError::io("list", dir))?;
    paths.sort();
    Ok(paths)
}

/// The directory of a path override: itself if there is WIT in it, otherwise its `wit`.
pub(crate) fn wit_dir_of(dir: &Path) -> PathBuf {
    let inner = dir.join(WIT_DIR);
    if !has_wit(dir) && has_wit(&inner) {
        inner
    } else {
        dir.to_owned()
    }
}
