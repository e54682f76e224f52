//! wit/deps.
use crate::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use wits_model::{Digest, PackageId};

/// The name of the stamp in `wit/deps`.
pub const STAMP: &str = ".wits.json";
/// The directory beside `wit/deps` in which a replacement is prepared.
pub const ASIDE: &str = ".wits-deps";
/// The file in a package's directory.
pub const PACKAGE_WIT: &str = "package.wit";

/// The entry name of each package, without `.wasm`, whatever the order.
pub fn entry_names<'a>(
    ids: impl IntoIterator<Item = &'a PackageId>,
) -> BTreeMap<PackageId, String> {
    let _ = ids.into_iter().count();
    todo!()
}

/// One entry of `wit/deps` but the stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /** Its name. */
    pub name: String,
    /** Where it is. */
    pub path: PathBuf,
    /** What it is, through a symlink. */
    pub kind: EntryKind,
    /** Whether it is a symlink. */
    pub symlink: bool,
}
/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory, and the names in it, sorted; those of directories end with `/`.
    Directory(Vec<String>),
    /// `*.wit`
    WitFile,
    /// `*.wasm`
    WasmFile,
    /// Anything else, dangling links included.
    Other,
}
/// Every entry but the stamp, sorted by name; none for a missing directory.
pub fn scan(dir: &Path) -> Result<Vec<Entry>, StoreError> {
    let _ = dir;
    todo!()
}

/// Whose an entry is, as far as names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The stamp lists it.
    Listed,
    /// A plain directory with `package.wit` only: ours if that text is the package the name says, and a lock file stands in the project. The caller looks.
    Layout,
    /// The user's.
    User,
}
/// Whose `entry` is.
pub fn owner(entry: &Entry, stamp: Option<&Stamp>) -> Owner {
    let _ = (entry, stamp);
    todo!()
}

/// What wits wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /** The digest of the lock entries that passed all checks. */
    pub lock: Digest,
    /** By entry name. */
    pub entries: BTreeMap<String, StampEntry>,
}
/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampEntry {
    /** The package. */
    pub package: PackageId,
    /** Its Wasm bytes; none for a package from a path. */
    pub digest: Option<Digest>,
    /** The bytes of `package.wit` or of the `.wasm` file. */
    pub text: Digest,
}
/// What stands at the place of the stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StampState {
    /** Nothing. */
    Absent,
    /** Something that cannot be used: as absent, but say so. */
    Unreadable {
        /** Where. */
        path: PathBuf,
        /** Why. */
        reason: String,
    },
    /** A stamp. */
    Found(Stamp),
}
impl Stamp {
    /// Reads the stamp of `dir`.
    pub fn read(dir: &Path) -> Result<StampState, StoreError> {
        let _ = dir;
        todo!()
    }
    /// Its text.
    pub fn to_json(&self) -> String {
        todo!()
    }
}

/// Whether what stands in `dir` is exactly what the stamp says, and nothing was interrupted. Writes nothing.
pub fn check(dir: &Path, stamp: &Stamp) -> Result<Currency, StoreError> {
    let _ = (dir, stamp);
    todo!()
}
/// The answer of [`check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Currency {
    /// All there.
    Current,
    /// A replacement was interrupted, or is under way.
    Interrupted,
    /// These entries of ours are missing or differ.
    Differs(Vec<String>),
}
impl Currency {
    /** Whether all is there. */
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }
}

/// What is to stand in `wit/deps` beside the user's entries.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The entries.
    pub entries: Vec<WantedEntry>,
    /// Entries that are wits' own though no stamp lists them (a tree that wkg wrote): replaced, or removed when not wanted, as listed ones are.
    pub adopted: BTreeSet<String>,
    /// For the stamp.
    pub lock: Digest,
}
/// One entry.
#[derive(Debug, Clone)]
pub struct WantedEntry {
    /** From [`entry_names`], without `.wasm`. */
    pub name: String,
    /** The package. */
    pub package: PackageId,
    /** Its Wasm bytes; none for a package from a path. */
    pub digest: Option<Digest>,
    /** What to write. */
    pub content: Content,
}
/// The content of an entry.
#[derive(Debug, Clone)]
pub enum Content {
    /** `NAME/package.wit` */
    Text(String),
    /** `NAME.wasm` */
    Wasm(Vec<u8>),
}
/// What [`apply`] did, by entry name (with `.wasm`), sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /** New or replaced. */
    pub written: Vec<String>,
    /** Removed. */
    pub removed: Vec<String>,
    /** Not touched. */
    pub unchanged: Vec<String>,
    /** Entries of ours whose content was not what the stamp said: edited by someone, and replaced or removed. */
    pub edited: Vec<String>,
}
/// Makes it so. Completes or discards what was interrupted first.
pub fn apply(dir: &Path, wanted: &Wanted) -> Result<Applied, StoreError> {
    let _ = (dir, wanted);
    todo!()
}
/// Completes or discards what was interrupted: call before reading `wit/deps`, under the project's lock. Nothing to do: no write.
pub fn recover(dir: &Path) -> Result<wits_fs::Recovered, StoreError> {
    let _ = dir;
    todo!()
}
