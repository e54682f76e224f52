//! `wkg.lock`: the digests of direct dependencies, taken over where there is no `wits.lock`.
//!
//! ```toml
//! version = 1
//!
//! [[packages]]
//! name = "wasi:http"
//! registry = "wasi.dev"
//!
//! [[packages.versions]]
//! requirement = "=0.2.12"
//! version = "0.2.12"
//! digest = "sha256:…"
//! ```
//!
//! wkg pins what the project itself names, and never held anybody to it; so a pin that fails here may be
//! years old, and the error names the file and says how to drop the pin. `registry` and `requirement`
//! decide nothing: which registry is asked is for the routes, and WIT names exact versions.

use std::collections::BTreeMap;
use std::path::Path;

use wits_model::document::{Document, DocumentError, Table};
use wits_model::routes::RouteError;
use wits_model::{Digest, PackageId, PackageName, SourceSpan, Version};

use super::WKG_LOCK;
use crate::project::{LOCK, read_text};
use crate::{Context, Error};

/// The version of the format that is known.
const VERSION: i64 = 1;

/// What a `wkg.lock` pins.
#[derive(Debug, Clone, Default)]
pub(crate) struct WkgPins {
    pins: BTreeMap<PackageId, (Digest, SourceSpan)>,
}

impl WkgPins {
    /// The pins that count for the project or workspace at `root`: none where there is a `wits.lock`.
    pub(crate) fn read(context: &Context, root: &Path) -> Result<Self, Error> {
        let file = root.join(WKG_LOCK);
        if root.join(LOCK).exists() || !file.is_file() {
            return Ok(Self::default());
        }
        let text = read_text(context, &file)?;
        let pins = parse(&text, &context.shown(&file));
        Ok(pins.map_err(RouteError::from)?)
    }

    /// Every package that is pinned.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&PackageId, &Digest)> {
        self.pins.iter().map(|(id, (digest, _))| (id, digest))
    }

    /// Holds what a registry serves against its pin, if it has one.
    pub(crate) fn check(
        &self,
        id: &PackageId,
        found: Digest,
        at: &wits_model::PackageSource,
    ) -> Result<(), Error> {
        match self.pins.get(id) {
            Some((pinned, span)) if *pinned != found => Err(Error::WkgPin {
                package: id.clone(),
                at: at.clone(),
                pinned: *pinned,
                found,
                span: Box::new(span.clone()),
            }),
            _ => Ok(()),
        }
    }
}

fn parse(text: &str, file: &Path) -> Result<WkgPins, DocumentError> {
    let document = Document::new(text, file);
    let parsed = document.parse()?;
    let root = document.root(&parsed);
    let version = root.require("version")?;
    if version.integer()? != VERSION {
        return Err(version.error(format!(
            "wits knows version {VERSION} of `{WKG_LOCK}`; remove the file, or run the wkg that wrote it"
        )));
    }
    let mut pins = BTreeMap::new();
    for package in tables(&root, ["packages", "package"], "[[packages]]")? {
        let name: PackageName = package.require("name")?.parse()?;
        for pinned in tables(&package, ["versions", "version"], "[[packages.versions]]")? {
            let version: Version = pinned.require("version")?.parse()?;
            let digest = pinned.require("digest")?;
            let value: Digest = digest.parse()?;
            pins.insert(name.at(version), (value, digest.span()));
        }
    }
    Ok(WkgPins { pins })
}

/// An array of tables under either of wkg's names for it.
fn tables<'a>(
    table: &Table<'a>,
    names: [&str; 2],
    title: &str,
) -> Result<Vec<Table<'a>>, DocumentError> {
    let value = names.iter().find_map(|name| table.get(name));
    let values = value.map(|value| value.array()).transpose()?;
    let values = values.unwrap_or_default();
    values.iter().map(|value| value.table(title)).collect()
}

/// A `wkg.lock`, as anyone may have left it in a checkout.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(text: &str) -> Result<(), Error> {
    let pins = parse(text, Path::new("/p/wkg.lock")).map_err(RouteError::from)?;
    for (id, digest) in pins.packages() {
        let at: wits_model::PackageSource = "layout:/r".parse().expect("a source");
        assert!(pins.check(id, *digest, &at).is_ok());
        assert!(pins.check(id, Digest::of("other"), &at).is_err());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_the_arrays_are_read() {
        let hex = "ab".repeat(32);
        for (packages, versions) in [("packages", "versions"), ("package", "version")] {
            let text = format!(
                "version = 1\n[[{packages}]]\nname = \"a:b\"\nregistry = \"h\"\n\
                 [[{packages}.{versions}]]\nrequirement = \"*\"\nversion = \"1.2.3\"\ndigest = \"sha256:{hex}\"\n"
            );
            let pins = parse(&text, Path::new("wkg.lock")).unwrap();
            let lines: Vec<_> = pins
                .packages()
                .map(|(id, digest)| format!("{id} {digest}"))
                .collect();
            assert_eq!(lines, [format!("a:b@1.2.3 sha256:{hex}")]);
        }
        let empty = parse("version = 1\npackages = []\n", Path::new("l")).unwrap();
        assert_eq!(empty.packages().count(), 0);
    }

    #[test]
    fn a_fault_is_named_at_its_place() {
        for (text, message) in [
            ("packages = []\n", "the file has no `version`"),
            (
                "version = 2\n",
                "wits knows version 1 of `wkg.lock`; remove the file, or run the wkg that wrote it",
            ),
            (
                "version = 1\n[[packages]]\nregistry = \"h\"\n",
                "[[packages]] has no `name`",
            ),
        ] {
            let error = parse(text, Path::new("wkg.lock")).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
