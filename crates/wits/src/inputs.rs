//! The digest of everything that decides what `wit/deps` holds.
//!
//! One answer follows from the project's WIT, its manifest, its lock, its routes, the user's own entries
//! in `wit/deps`, the local packages it uses, and the version of wits. When a run has passed every check,
//! the digest of these inputs goes into the stamp of `wit/deps`; when the next run finds the same digest
//! there and every text unchanged, it has nothing to do: no Wasm is decoded and no socket is opened. The
//! inputs are read in any case, so nothing is assumed of times or sizes of files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wits_model::Digest;
use wits_model::counted::{Work, count};
use wits_model::digest::DigestBuilder;
use wits_store::deps::{self, Entry, EntryKind, Stamp};

use crate::deps::Form;
use crate::local::Locals;
use crate::project::{Member, Workspace, list, wit_dir_of};
use crate::{Context, Error, config, project};

/// Hashes named pieces so that no two sequences of pieces look alike.
struct Pieces(DigestBuilder);

impl Pieces {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0
            .update(format!("{} {name} {} ", name.len(), bytes.len()));
        self.0.update(bytes);
    }

    fn file(&mut self, name: &str, file: &Path) -> Result<(), Error> {
        match wits_fs::read_if_exists(file)? {
            Some(bytes) => {
                count(Work::Hash, || &bytes);
                self.add(name, &bytes);
            }
            None => self.add(name, b"(none)"),
        }
        Ok(())
    }

    fn wit(&mut self, name: &str, dir: &Path) -> Result<(), Error> {
        self.add("wit", name.as_bytes());
        for path in list(dir)? {
            if path.extension().is_some_and(|extension| extension == "wit") && path.is_file() {
                let file_name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                self.file(&file_name, &path)?;
            }
        }
        Ok(())
    }

    fn own(&mut self, entry: &Entry) -> Result<(), Error> {
        match entry.kind {
            EntryKind::Directory(_) => self.wit(&entry.name, &entry.path),
            EntryKind::WitFile | EntryKind::WasmFile => self.file(&entry.name, &entry.path),
            EntryKind::Other => Ok(()),
        }
    }
}

/// The inputs of a workspace, read once for all its members and before anything is made of them: what is
/// edited while a run is under way is another input, which the next run finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs {
    /// All but the lock, which a run may write, and the user's entries in `wit/deps`, which differ from
    /// member to member.
    shared: Digest,
    form: Form,
}

impl Inputs {
    /// Reads them, for closures in this form.
    pub(crate) fn read(
        context: &Context,
        workspace: &Workspace,
        form: Form,
    ) -> Result<Self, Error> {
        let mut pieces = Pieces(DigestBuilder::new());
        pieces.add("wits", env!("CARGO_PKG_VERSION").as_bytes());
        for file in config::files(context, Some(workspace)) {
            pieces.file(config::ROUTES, &file.path)?;
        }
        // Members answer for each other, and all share the lock.
        for member in &workspace.members {
            pieces.add("member", place(workspace, member).as_bytes());
            pieces.wit("", &member.wit)?;
            if let Some(file) = project::manifest_file(&member.root) {
                pieces.file("manifest", &file)?;
            }
            for (name, entry) in &member.manifest.overrides {
                pieces.wit(&name.to_string(), &wit_dir_of(&entry.path))?;
            }
        }
        let shared = pieces.0.finish();
        Ok(Self { shared, form })
    }

    /// The form in which closures are laid out.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// These inputs with the lock as it is now.
    pub(crate) fn with_lock(self, workspace: &Workspace) -> Result<Locked, Error> {
        let mut pieces = Pieces(DigestBuilder::new());
        pieces.add("shared", self.shared.to_string().as_bytes());
        pieces.add("form", format!("{:?}", self.form).as_bytes());
        let lock = workspace.lock_file();
        // A link to what never ends is refused where the lock is parsed.
        if std::fs::metadata(&lock).is_ok_and(|found| !found.is_file()) {
            pieces.add(project::LOCK, b"(no file)");
        } else {
            pieces.file(project::LOCK, &lock)?;
        }
        Ok(Locked(pieces.0.finish()))
    }
}

/// The inputs of a workspace, its lock among them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locked(Digest);

impl Locked {
    /// The digest of what decides the `wit/deps` of `member`, seen before anything is done. Entries that
    /// the stamp does not list are the user's.
    pub(crate) fn digest(
        &self,
        workspace: &Workspace,
        member: &Member,
        stamp: &Stamp,
    ) -> Result<Seen, Error> {
        let is_listed = |name: &str| stamp.entries.contains_key(name);
        self.of(workspace, member, |name| !is_listed(name))
    }

    /// The same digest as the next run will see it, when the lock is written and `wit/deps` laid out. Only
    /// `locals` are the user's: all else is replaced or removed.
    pub(crate) fn digest_after(
        &self,
        workspace: &Workspace,
        member: &Member,
        locals: &Locals,
    ) -> Result<Digest, Error> {
        let seen = self.of(workspace, member, |name| locals.is_users(name))?;
        Ok(seen.digest)
    }

    fn of(
        &self,
        workspace: &Workspace,
        member: &Member,
        is_users: impl Fn(&str) -> bool,
    ) -> Result<Seen, Error> {
        let mut pieces = Pieces(DigestBuilder::new());
        pieces.add("all", self.0.to_string().as_bytes());
        pieces.add("this", place(workspace, member).as_bytes());
        let own = deps::scan_where(&member.deps(), is_users)?;
        for entry in &own {
            pieces.own(entry)?;
        }
        Ok(Seen {
            digest: pieces.0.finish(),
            own: !own.is_empty(),
        })
    }
}

/// The inputs of one member.
pub(crate) struct Seen {
    pub(crate) digest: Digest,
    /// Whether the user has entries in its `wit/deps`.
    pub(crate) own: bool,
}

/// Where a member is in its workspace.
fn place(workspace: &Workspace, member: &Member) -> String {
    let place = member.root.strip_prefix(&workspace.root);
    let place = place.unwrap_or(&member.root);
    place.to_string_lossy().into_owned()
}

/// The same inputs as paths that can be watched: files, and directories with all below them. Of other
/// members the files, since their `wit/deps` is for their own runs to write.
pub(crate) fn paths(context: &Context, workspace: &Workspace, current: usize) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::from([workspace.lock_file()]);
    let routes = config::files(context, Some(workspace)).into_iter();
    paths.extend(routes.map(|file| file.path));
    paths.extend(project::manifest_file(&workspace.root));
    for (index, member) in workspace.members.iter().enumerate() {
        paths.extend(project::manifest_file(&member.root));
        let overrides = member.manifest.overrides.values();
        paths.extend(overrides.map(|entry| wit_dir_of(&entry.path)));
        if index == current {
            paths.insert(member.wit.clone());
        } else {
            let files = list(&member.wit).unwrap_or_default().into_iter();
            paths.extend(files.filter(|path| path.is_file()));
        }
    }
    paths
}
