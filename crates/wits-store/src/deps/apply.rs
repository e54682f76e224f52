//! Making `wit/deps` what it should be, in one replacement that includes the stamp.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wits_fs::Replacement;
use wits_model::{Blob, Digest, PackageId};

use super::stamp::is_entry_name;
use super::{
    PACKAGE_WIT, STAMP, Stamp, StampEntry, StampState, Wait, aside, check, check_is_directory,
};
use crate::StoreError;

/// What is to stand in `wit/deps` beside the user's entries.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The entries of wits.
    pub entries: Vec<WantedEntry>,
    /// Entries, by name, that are wits' own although no stamp lists them (a tree that wkg wrote).
    /// Like those that are listed, they are replaced, and removed where they are not wanted.
    pub adopted: BTreeSet<String>,
    /// For the stamp: the digest of the lock entries that passed all checks.
    pub lock: Digest,
}

/// One entry of wits.
#[derive(Debug, Clone)]
pub struct WantedEntry {
    /// From [`entry_names`](super::entry_names), without `.wasm`.
    pub name: String,
    /// The package.
    pub package: PackageId,
    /// Its Wasm bytes; none for a package from a path.
    pub digest: Option<Digest>,
    /// What to write.
    pub content: Content,
}

/// The content of an entry.
#[derive(Debug, Clone)]
pub enum Content {
    /// A directory `NAME` with this `package.wit`.
    Text(String),
    /// A file `NAME.wasm`.
    Wasm(Blob),
}

/// What [`apply`] did, by the names of entries (`.wasm` included), sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// New, or replaced.
    pub written: Vec<String>,
    /// Removed.
    pub removed: Vec<String>,
    /// Not touched.
    pub unchanged: Vec<String>,
    /// Those of `written` and `removed` that somebody had edited since wits wrote them: say so.
    pub edited: Vec<String>,
}

impl WantedEntry {
    /// What it is called, `.wasm` included.
    pub fn file_name(&self) -> String {
        match self.content {
            Content::Text(_) => self.name.clone(),
            Content::Wasm(_) => format!("{}.wasm", self.name),
        }
    }

    /// The digest of what is to be written.
    pub fn digest(&self) -> Digest {
        match &self.content {
            Content::Text(text) => Digest::of(text),
            Content::Wasm(wasm) => wasm.digest(),
        }
    }
}

/// Makes it so. What is interrupted is completed or discarded first; what is unchanged is not touched,
/// and if all is, nothing is written anywhere. The user's entries are never touched.
///
/// # Errors
/// [`StoreError::Occupied`] if an entry of the user has the name of one to be written. After any error
/// the entries are those from before, or else the error says what is left to the next run.
pub fn apply(dir: &Path, wanted: &Wanted, wait: Wait<'_>) -> Result<Applied, StoreError> {
    check_is_directory(dir)?;
    let aside = aside(dir);
    let named = by_file_name(wanted)?;
    if !Replacement::was_interrupted(&aside) {
        let plan = Plan::make(dir, wanted, &named)?;
        if plan.is_done() {
            // A kill after the last entry had gone may have left it.
            remove_if_unused(dir, wanted);
            return Ok(plan.applied);
        }
    }
    let what = format!("write {}", dir.display());
    let Wait { timeout, on_wait } = wait;
    let mut replacement = Replacement::begin(dir, aside, &what, timeout, on_wait)?;
    // Again: only now nobody else replaces entries, and nothing is half done.
    let plan = Plan::make(dir, wanted, &named)?;
    // Removals first: a `.wasm` must not stand beside the text it replaces (WIT parsers refuse both).
    for name in &plan.applied.removed {
        replacement.remove(name)?;
    }
    for (name, entry) in &plan.put {
        match &entry.content {
            Content::Text(text) => {
                replacement.put_dir(name, &[(PACKAGE_WIT, text.as_bytes())])?;
            }
            Content::Wasm(wasm) => replacement.put_file(name, wasm)?,
        }
    }
    match &plan.stamp {
        NewStamp::Unchanged => {}
        NewStamp::Write(text) => replacement.put_file(STAMP, text.as_bytes())?,
        NewStamp::Remove => replacement.remove(STAMP)?,
    }
    replacement.commit()?;
    remove_if_unused(dir, wanted);
    Ok(plan.applied)
}

/// Removes `dir` if nothing is wanted there and nothing is in it: the user's entries keep it.
fn remove_if_unused(dir: &Path, wanted: &Wanted) {
    if wanted.entries.is_empty() {
        wits_fs::remove_dir_if_empty(dir);
    }
}

enum NewStamp {
    Unchanged,
    Write(String),
    Remove,
}

struct Plan<'a> {
    put: BTreeMap<String, &'a WantedEntry>,
    stamp: NewStamp,
    applied: Applied,
}

impl<'a> Plan<'a> {
    fn make(dir: &Path, wanted: &'a Wanted, named: &Named<'a>) -> Result<Self, StoreError> {
        let state = Stamp::read(dir)?;
        let listed = state.stamp().map(|stamp| &stamp.entries);
        let listed_text = |name: &str| listed.and_then(|listed| Some(listed.get(name)?.text));
        let is_ours = |name: &str| listed_text(name).is_some() || wanted.adopted.contains(name);
        let stands = |name: &str| dir.join(name).symlink_metadata().is_ok();

        let mut entries = BTreeMap::new();
        let mut put = BTreeMap::new();
        let mut applied = Applied::default();
        for (name, (entry, text)) in named {
            let (name, entry, text) = (name.clone(), *entry, *text);
            if !stands(&name) {
                applied.written.push(name.clone());
                put.insert(name.clone(), entry);
            } else if !is_ours(&name) {
                return Err(StoreError::Occupied {
                    path: dir.join(name),
                });
            } else {
                let found = check::text(dir, &name)?;
                if found == Some(text) {
                    applied.unchanged.push(name.clone());
                } else {
                    if listed_text(&name).is_some_and(|listed| found != Some(listed)) {
                        applied.edited.push(name.clone());
                    }
                    applied.written.push(name.clone());
                    put.insert(name.clone(), entry);
                }
            }
            entries.insert(
                name,
                StampEntry {
                    package: entry.package.clone(),
                    digest: entry.digest,
                    text,
                },
            );
        }

        let ours: BTreeSet<&String> = listed
            .into_iter()
            .flat_map(BTreeMap::keys)
            .chain(&wanted.adopted)
            .collect();
        for name in ours {
            if entries.contains_key(name) || !stands(name) {
                continue;
            }
            if let Some(text) = listed_text(name)
                && check::text(dir, name)? != Some(text)
            {
                applied.edited.push(name.clone());
            }
            applied.removed.push(name.clone());
        }
        applied.edited.sort();

        let stamp = Stamp {
            lock: wanted.lock,
            entries,
        };
        let stamp = new_stamp(dir, &state, &stamp)?;
        Ok(Self {
            put,
            stamp,
            applied,
        })
    }

    fn is_done(&self) -> bool {
        self.put.is_empty()
            && self.applied.removed.is_empty()
            && matches!(self.stamp, NewStamp::Unchanged)
    }
}

fn new_stamp(dir: &Path, state: &StampState, stamp: &Stamp) -> Result<NewStamp, StoreError> {
    if stamp.entries.is_empty() {
        return Ok(match state {
            StampState::Absent => NewStamp::Unchanged,
            StampState::Unreadable { .. } | StampState::Found(_) => NewStamp::Remove,
        });
    }
    let text = stamp.to_json();
    // By its bytes, so that one of an older form is brought up to date.
    let unchanged = state.stamp().is_some()
        && wits_fs::read_if_exists(dir.join(STAMP))?.is_some_and(|old| old == text.as_bytes());
    Ok(if unchanged {
        NewStamp::Unchanged
    } else {
        NewStamp::Write(text)
    })
}

/// The wanted entries by their names, with the digest of what is in them.
type Named<'a> = BTreeMap<String, (&'a WantedEntry, Digest)>;

/// The wanted entries by their names, which must differ on every system.
fn by_file_name(wanted: &Wanted) -> Result<Named<'_>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut entries = BTreeMap::new();
    for entry in &wanted.entries {
        let name = entry.file_name();
        if !is_entry_name(&name) || !seen.insert(name.to_ascii_lowercase()) {
            return Err(StoreError::SameName { name });
        }
        entries.insert(name, (entry, entry.digest()));
    }
    Ok(entries)
}
