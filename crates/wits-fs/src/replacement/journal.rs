//! The journal of a replacement: `journal.json`.
//!
//! ```json
//! {
//!   "version": 1,
//!   "steps": [
//!     { "name": "wasi-io-0.2.12", "old": "…", "new": "…" },
//!     { "name": "wasi-http-0.2.0", "old": "…", "new": null }
//!   ]
//! }
//! ```
//!
//! `old` and `new` are tree digests, `null` where there is no entry. It is written whole, under a
//! fixed temporary name (its writer holds the lock), so that a kill leaves nothing of unknown name.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::is_plain;
use super::tree::TreeDigest;
use crate::kill_points::kill_point;
use crate::{FsError, read_if_exists, remove_file, rename};

pub(super) const FILE: &str = "journal.json";
pub(super) const TEMPORARY: &str = "journal.tmp";
const VERSION: u64 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) old: Option<TreeDigest>,
    pub(super) new: Option<TreeDigest>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journal {
    version: u64,
    pub(super) steps: Vec<Step>,
}

/// Only the part that every version has.
#[derive(Deserialize)]
struct Header {
    version: u64,
}

pub(super) enum Found {
    Nothing,
    Journal(Journal),
    Damaged,
}

impl Journal {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self {
            version: VERSION,
            steps,
        }
    }

    pub(super) fn write(&self, aside: &Path) -> Result<(), FsError> {
        let (temporary, path) = (aside.join(TEMPORARY), aside.join(FILE));
        let fill = || {
            let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
            let mut file = File::create(&temporary)?;
            kill_point("journal: file made")?;
            file.write_all(&text)?;
            crate::file::sync_file(&file)?;
            kill_point("journal: written")
        };
        fill().map_err(FsError::io("write", &temporary))?;
        rename(&temporary, &path)?;
        kill_point("journal: in force").map_err(FsError::io("write", path))
    }

    pub(super) fn read(aside: &Path) -> Result<Found, FsError> {
        let path = aside.join(FILE);
        let Some(text) = read_if_exists(&path)? else {
            return Ok(Found::Nothing);
        };
        if let Ok(Header { version }) = serde_json::from_slice(&text)
            && version > VERSION
        {
            return Err(FsError::Journal {
                path,
                reason: format!("it has version {version}, of a newer wits"),
            });
        }
        Ok(match serde_json::from_slice::<Self>(&text) {
            Ok(journal) if journal.steps.iter().all(|step| is_plain(&step.name)) => {
                Found::Journal(journal)
            }
            _ => Found::Damaged,
        })
    }

    pub(super) fn remove(aside: &Path) -> Result<(), FsError> {
        let path = aside.join(FILE);
        remove_file(&path)?;
        let lasting = || {
            crate::file::sync_dir(aside)?;
            kill_point("journal: removed")
        };
        // It is gone, for this process and the next: a failure to make that last changes nothing.
        let _ = lasting();
        Ok(())
    }
}
