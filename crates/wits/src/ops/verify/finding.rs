//! One thing that is not as it should be, in the words of this crate's errors where there is one.

use std::path::{Path, PathBuf};

use wits_model::lock::LockChange;
use wits_model::{Digest, ErrorKind, PackageId, SourceSpan};

use crate::{Context, Error};

/// What sort of thing a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// Bytes, a text or a digest is not what it should be.
    Damaged,
    /// It is in itself as it should be, and belongs to another state of the project: a fetch puts it right.
    Outdated,
    /// It could not be checked, because the bytes to hold it against are not in the cache.
    Unchecked,
    /// The project is at fault: a file of it cannot be read.
    Faulty,
}

impl FindingKind {
    /// The word for it, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Outdated => "outdated",
            Self::Unchecked => "unchecked",
            Self::Faulty => "faulty",
        }
    }
}

/// One thing that is not as it should be: see the example of [`Verified`](super::Verified).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of thing it is.
    pub kind: FindingKind,
    /// The file.
    pub path: PathBuf,
    /// The package it is about.
    pub package: Option<PackageId>,
    /// One sentence.
    pub message: String,
    /// What should have been there: a digest, a size.
    pub expected: Option<String>,
    /// What was there instead.
    pub found: Option<String>,
    /// The place in a text of the user's, where there is one.
    pub span: Option<SourceSpan>,
    /// What to do.
    pub help: Vec<String>,
}

impl Finding {
    /// Whether this is a failed check of integrity, or else the project's fault.
    pub fn error_kind(&self) -> ErrorKind {
        match self.kind {
            FindingKind::Damaged => ErrorKind::Integrity,
            FindingKind::Outdated | FindingKind::Unchecked | FindingKind::Faulty => {
                ErrorKind::Project
            }
        }
    }

    pub(super) fn new(kind: FindingKind, path: &Path, message: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            package: None,
            message: message.into(),
            expected: None,
            found: None,
            span: None,
            help: Vec::new(),
        }
    }

    pub(super) fn package(mut self, package: &PackageId) -> Self {
        self.package = Some(package.clone());
        self
    }

    pub(super) fn compared(mut self, expected: &impl ToString, found: &impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What an operation would fail with, as a finding about `file` if it is about no other.
    pub(super) fn of(context: &Context, file: &Path, error: &Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Integrity => FindingKind::Damaged,
            _ if matches!(error, Error::NotLocked { .. }) => FindingKind::Outdated,
            _ => FindingKind::Faulty,
        };
        let span = error.span().cloned();
        let path = span.as_ref().map(|span| context.shown(&span.path));
        let mut finding = Self::new(
            kind,
            &path.unwrap_or_else(|| context.shown(file)),
            error.to_string(),
        );
        finding.span = span;
        finding.help = error.help();
        match error {
            Error::PinnedWit {
                package,
                locked,
                found,
            } => finding.package(package).compared(locked, found),
            Error::PinnedSize {
                package,
                locked,
                found,
            } => finding.package(package).compared(locked, found),
            Error::OtherPackage { wanted, found, .. } => {
                finding.package(wanted).compared(wanted, found)
            }
            Error::NotWit { package, .. } => finding.package(package),
            Error::NotLocked { package, .. } => {
                finding.message = needed(package);
                finding.help = vec![FETCH.to_owned()];
                finding.package(package)
            }
            _ => finding,
        }
    }

    /// A difference between the lock and what follows from the project and the bytes that are pinned.
    pub(super) fn of_change(lock: &Path, change: &LockChange) -> Self {
        let message = match change {
            LockChange::Added(package) => needed(package),
            LockChange::Removed(package) => format!("`{package}` is locked and nothing needs it"),
            LockChange::Changed { package, key, what } => {
                format!("`{key}` of `{package}` is not what follows from its bytes: {what}")
            }
        };
        Self::new(FindingKind::Outdated, lock, message)
            .package(change.package())
            .help(FETCH)
    }

    /// Whether another finding says the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.path, &self.message) == (other.kind, &other.path, &other.message)
    }
}

/// What to do about a lock that is out of date.
const FETCH: &str = "run `wits fetch`, which brings the lock up to date and moves no pin";

fn needed(package: &PackageId) -> String {
    format!("`{package}` is needed and not locked")
}

/// What was found in place of other bytes.
pub(super) fn bytes(digest: &Digest, size: u64) -> String {
    match size {
        0 => "an empty file".to_owned(),
        _ => format!("{digest}, {size} bytes"),
    }
}
