//! The stamp, `wit/deps/.wits.json`: what wits wrote there.
//!
//! ```json
//! {
//!   "version": 1,
//!   "lock": "sha256:…",
//!   "entries": {
//!     "wasi-io-0.2.12": {
//!       "package": "wasi:io@0.2.12",
//!       "digest": "sha256:…",
//!       "text": "sha256:…"
//!     }
//!   }
//! }
//! ```
//!
//! `lock` is the digest of the lock entries that passed all checks; what goes into it is the caller's.
//! `digest` is that of the Wasm bytes, absent for a package that has none (one from a path). `text` is
//! that of the bytes of `package.wit`, or of the `.wasm` file. The form is byte-stable: sorted, with a
//! line end at the end.
//!
//! A stamp that cannot be used is as good as none, never an error: a fetch makes a new one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wits_fs::FsError;
use wits_model::counted::{Work, count};
use wits_model::{Digest, PackageId, printable};

use super::STAMP;
use crate::StoreError;

const VERSION: u64 = 1;

/// What wits wrote into `wit/deps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The digest of the lock entries that passed all checks.
    pub lock: Digest,
    /// By entry name, `.wasm` included.
    pub entries: BTreeMap<String, StampEntry>,
}

/// One entry that wits wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampEntry {
    /// The package.
    pub package: PackageId,
    /// Its Wasm bytes; none for a package from a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The bytes of `package.wit` or of the `.wasm` file.
    pub text: Digest,
}

/// What stands in the place of the stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StampState {
    /// Nothing.
    Absent,
    /// Something that cannot be used. As absent; but say so.
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A stamp.
    Found(Stamp),
}

impl StampState {
    /// The stamp, if there is one.
    pub fn stamp(&self) -> Option<&Stamp> {
        match self {
            Self::Found(stamp) => Some(stamp),
            Self::Absent | Self::Unreadable { .. } => None,
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    lock: Digest,
    entries: &'a BTreeMap<String, StampEntry>,
}

#[derive(Deserialize)]
struct Read {
    lock: Digest,
    entries: BTreeMap<String, StampEntry>,
}

/// Only the part that every version has.
#[derive(Deserialize)]
struct Header {
    version: u64,
}

impl Stamp {
    /// Reads the stamp in `dir`.
    pub fn read(dir: &Path) -> Result<StampState, StoreError> {
        let path = dir.join(STAMP);
        match path.symlink_metadata() {
            Ok(found) if !found.is_file() => {
                return Ok(StampState::Unreadable {
                    path,
                    reason: "it is not a file".to_owned(),
                });
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(StampState::Absent);
            }
            Err(error) => return Err(FsError::io("read", path)(error).into()),
            Ok(_) => {}
        }
        let Some(bytes) = wits_fs::read_if_exists(&path)? else {
            return Ok(StampState::Absent);
        };
        Ok(match Self::parse(&bytes) {
            Ok(stamp) => StampState::Found(stamp),
            Err(reason) => StampState::Unreadable { path, reason },
        })
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        count(Work::Parse, || bytes);
        let said = |error: serde_json::Error| error.to_string();
        let Header { version } = serde_json::from_slice(bytes).map_err(said)?;
        if version != VERSION {
            return Err(format!(
                "it has version {version}, and this wits knows version {VERSION}"
            ));
        }
        let Read { lock, entries } = serde_json::from_slice(bytes).map_err(said)?;
        match entries.keys().find(|name| !is_entry_name(name)) {
            Some(name) => Err(format!(
                "`{}` is not the name of an entry",
                printable::line(name)
            )),
            None => Ok(Self { lock, entries }),
        }
    }

    /// The text of the stamp.
    pub fn to_json(&self) -> String {
        let written = Written {
            version: VERSION,
            lock: self.lock,
            entries: &self.entries,
        };
        // Maps with text keys, texts and numbers always have a JSON form.
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Whether wits could have given an entry this name: entries that a stamp lists are replaced and
/// removed, and a stamp may come with a project that somebody else made.
pub(super) fn is_entry_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+'))
}
