//! wit-deps' `deps.toml` and `deps.lock`, for `wits migrate`.
//!
//! ```toml
//! http = "https://github.com/WebAssembly/wasi-http/archive/v0.2.0.tar.gz"
//! io = { url = "https://…", sha256 = "…" }
//! log = "../log/wit"
//! store = { path = "../store/wit" }
//! ```
//!
//! A dependency is a tarball or a directory under a name of the user's choice; no package is named. Which
//! package it is shows in the WIT that wit-deps laid out, or in the address where that is a release of a
//! WASI proposal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wits_model::document::{Document, DocumentError, Value};
use wits_model::{PackageId, PackageRef};

/// The names of the files, in the directory of WIT.
pub(crate) const DEPS_MANIFEST: &str = "deps.toml";
/// What wit-deps fetched, with hashes of the tarballs.
pub(crate) const DEPS_LOCK: &str = "deps.lock";

/// Where a dependency comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A directory, absolute.
    Path(PathBuf),
    /// A tarball.
    Url(String),
}

/// Reads a `deps.toml`: the names, each with its source.
pub(crate) fn parse(text: &str, file: &Path) -> Result<BTreeMap<String, Source>, DocumentError> {
    let document = Document::with_secrets(text, file);
    let parsed = document.parse()?;
    let mut found = BTreeMap::new();
    for entry in document.root(&parsed).entries() {
        found.insert(entry.key().to_owned(), source(&entry)?);
    }
    Ok(found)
}

fn source(entry: &Value<'_>) -> Result<Source, DocumentError> {
    if let Some(text) = entry.as_str() {
        return if text.contains("://") {
            Ok(Source::Url(text.to_owned()))
        } else {
            Ok(Source::Path(entry.path()?))
        };
    }
    let table = entry
        .as_table(format!("the entry of `{}`", entry.key()))
        .ok_or_else(|| entry.not("an address, a path or a table"))?;
    match table.get("path") {
        Some(path) => Ok(Source::Path(path.path()?)),
        None => Ok(Source::Url(table.require("url")?.string()?.to_owned())),
    }
}

/// The package of a release of a WASI proposal: `…/WebAssembly/wasi-http/archive/v0.2.0.tar.gz`.
pub(crate) fn release(url: &str) -> Option<PackageId> {
    let rest = url.strip_prefix("https://github.com/WebAssembly/wasi-")?;
    let (name, rest) = rest.split_once("/archive/")?;
    let rest = rest.strip_prefix("refs/tags/").unwrap_or(rest);
    let version = rest.strip_prefix('v')?.strip_suffix(".tar.gz")?;
    let package: PackageRef = format!("wasi:{name}@{version}").parse().ok()?;
    package.id()
}

/// A `deps.toml` of wit-deps.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(text: &str) -> Result<(), crate::Error> {
    let found = parse(text, Path::new("/p/wit/deps.toml"));
    for source in found
        .map_err(wits_model::routes::RouteError::from)?
        .values()
    {
        if let Source::Url(url) = source {
            let _ = release(url);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_entry_is_read() {
        let text = "http = \"https://h/x.tar.gz\"\nio = { url = \"https://h/y.tar.gz\", sha256 = \"ab\" }\n\
                    log = \"../log/wit\"\nstore = { path = \"./store\" }\n";
        let found = parse(text, Path::new("/p/wit/deps.toml")).unwrap();
        let url = |url: &str| Source::Url(url.to_owned());
        assert_eq!(found["http"], url("https://h/x.tar.gz"));
        assert_eq!(found["io"], url("https://h/y.tar.gz"));
        assert_eq!(found["log"], Source::Path("/p/log/wit".into()));
        assert_eq!(found["store"], Source::Path("/p/wit/store".into()));
        assert!(parse("a = 1", Path::new("d")).is_err());
        assert!(parse("a = { sha256 = \"x\" }", Path::new("d")).is_err());
    }

    #[test]
    fn releases_of_proposals_are_known_by_their_address() {
        let found = |url: &str| release(url).map(|id| id.to_string());
        let base = "https://github.com/WebAssembly/wasi-http/archive";
        for url in [
            format!("{base}/v0.2.0.tar.gz"),
            format!("{base}/refs/tags/v0.2.0.tar.gz"),
        ] {
            assert_eq!(found(&url), Some("wasi:http@0.2.0".to_owned()));
        }
        for url in [
            format!("{base}/main.tar.gz"),
            "https://github.com/evil/wasi-http/archive/v0.2.0.tar.gz".to_owned(),
            "https://h/x".to_owned(),
        ] {
            assert_eq!(found(&url), None, "{url}");
        }
    }
}
