//! The custom section `wits:dependencies`, specified in `docs/reference/wits-dependencies.md`.
//!
//! It makes a package's digest pin everything below it: for each package that the binary names it has
//! the canonical WIT digest of what it was built against. A reader that meets a newer version of the
//! section knows no more than if it were not there, and must not fail: the package itself is as
//! readable as ever.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wits_model::{Digest, PackageId};

use crate::custom;
use crate::error::WitError;
use crate::text::clean;

/// The name of the section.
pub const DEPENDENCIES_SECTION: &str = "wits:dependencies";

/// The version of the section that is written, and the newest that is understood.
pub const DEPENDENCIES_VERSION: u64 = 1;

/// One dependency, as the package that needs it was built against it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredDependency {
    /// The package.
    pub package: PackageId,
    /// Its canonical WIT digest.
    pub wit: Digest,
    /// The digest of its Wasm, where it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// What a binary says about its dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// Nothing: another tool made it.
    Absent,
    /// Something in a version of the section that is newer than this code.
    Newer(u64),
    /// These, sorted by package.
    Known(Vec<DeclaredDependency>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    dependencies: Vec<DeclaredDependency>,
}

#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The content of the section: one line of JSON, sorted by package, without white space.
pub(crate) fn encode(dependencies: &[DeclaredDependency]) -> Result<Vec<u8>, WitError> {
    let sorted: BTreeMap<_, _> = dependencies
        .iter()
        .map(|dependency| (&dependency.package, dependency))
        .collect();
    let document = Document {
        version: DEPENDENCIES_VERSION,
        dependencies: sorted.into_values().cloned().collect(),
    };
    serde_json::to_vec(&document).map_err(|error| malformed(clean(&error.to_string()).0))
}

/// Appends the section to a component. It has to be the last one.
pub(crate) fn append(
    wasm: &mut Vec<u8>,
    dependencies: &[DeclaredDependency],
) -> Result<(), WitError> {
    custom::append(wasm, DEPENDENCIES_SECTION, &encode(dependencies)?);
    Ok(())
}

/// Reads the section among the custom sections of a binary.
pub(crate) fn read(sections: &[(&str, &[u8])]) -> Result<Declaration, WitError> {
    let mut found = sections
        .iter()
        .filter(|(name, _)| *name == DEPENDENCIES_SECTION);
    let Some((_, data)) = found.next() else {
        return Ok(Declaration::Absent);
    };
    if found.next().is_some() {
        return Err(malformed("it is there more than once".to_owned()));
    }
    decode(data)
}

fn decode(data: &[u8]) -> Result<Declaration, WitError> {
    let json = |error: serde_json::Error| malformed(clean(&error.to_string()).0);
    let Versioned { version } = serde_json::from_slice(data).map_err(json)?;
    if version > DEPENDENCIES_VERSION {
        return Ok(Declaration::Newer(version));
    }
    if version < 1 {
        return Err(malformed(format!("there is no version {version} of it")));
    }
    let mut document: Document = serde_json::from_slice(data).map_err(json)?;
    document.dependencies.sort();
    for pair in document.dependencies.windows(2) {
        if pair[0].package == pair[1].package {
            return Err(malformed(format!(
                "it has `{}` more than once",
                pair[0].package
            )));
        }
    }
    Ok(Declaration::Known(document.dependencies))
}

fn malformed(reason: String) -> WitError {
    WitError::Section {
        section: DEPENDENCIES_SECTION,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(package: &str, digest: bool) -> DeclaredDependency {
        DeclaredDependency {
            package: package.parse().unwrap(),
            wit: Digest::of("wit"),
            digest: digest.then(|| Digest::of("wasm")),
        }
    }

    #[test]
    fn is_the_bytes_that_the_reference_shows() {
        let bytes = encode(&[
            dependency("b:b@1.0.0", false),
            dependency("a:a@0.2.0", true),
        ])
        .unwrap();
        let wit = Digest::of("wit");
        let wasm = Digest::of("wasm");
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            format!(
                r#"{{"version":1,"dependencies":[{{"package":"a:a@0.2.0","wit":"{wit}","digest":"{wasm}"}},{{"package":"b:b@1.0.0","wit":"{wit}"}}]}}"#
            )
        );
        assert_eq!(
            read(&[("name", b"x"), (DEPENDENCIES_SECTION, &bytes)]).unwrap(),
            Declaration::Known(vec![
                dependency("a:a@0.2.0", true),
                dependency("b:b@1.0.0", false)
            ])
        );
    }

    #[test]
    fn a_newer_version_is_no_error() {
        let newer = br#"{"version":7,"anything":[1,2]}"#;
        assert_eq!(decode(newer).unwrap(), Declaration::Newer(7));
        assert_eq!(read(&[]).unwrap(), Declaration::Absent);
    }

    #[test]
    fn what_is_malformed_names_the_section() {
        let twice = format!(
            r#"{{"version":1,"dependencies":[{0},{0}]}}"#,
            r#"{"package":"a:a@1.0.0","wit":"DIGEST"}"#
                .replace("DIGEST", &Digest::of("").to_string())
        );
        for text in [
            "",
            "[]",
            "{}",
            r#"{"version":0,"dependencies":[]}"#,
            r#"{"version":1}"#,
            r#"{"version":1,"dependencies":[],"more":1}"#,
            r#"{"version":1,"dependencies":[{"package":"a:a","wit":"sha256:0"}]}"#,
            &twice,
        ] {
            let error = decode(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("`wits:dependencies`"), "{error}");
        }
        let twice = [(DEPENDENCIES_SECTION, &b"{}"[..]); 2];
        assert!(
            read(&twice)
                .unwrap_err()
                .to_string()
                .contains("more than once")
        );
    }
}
