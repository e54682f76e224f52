//! Package names and versions, as WIT writes them: `namespace:name@version`.
//!
//! The grammar is that of the component model (`WIT.md`, "Package Names" and "Identifiers"): both
//! halves are kebab-case, words of ASCII letters and digits that begin with a letter, joined by single
//! `-`. wits accepts lower case only, because an upper-case package name parses as WIT but has no
//! binary form, and no registry stores it. That rule also makes every name a safe path component on
//! all systems, but for the names Windows reserves, which only ever stand beside a version here.

use std::fmt;
use std::str::FromStr;

use semver::Version;

use crate::printable::line;
use crate::text::as_text;

/// The name of a package without its version: `wasi:http`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    namespace: String,
    name: String,
}

/// A text that is not a package name, a version, or both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no `:`.
    #[error("`{}` is not a package name: it has no namespace; write `namespace:name`", line(.0))]
    NoNamespace(String),
    /// A half is not lower-case kebab-case.
    #[error(
        "`{}` in `{}` is not a lower-case kebab-case word, such as `http-types`",
        line(.part),
        line(.text)
    )]
    NotKebab {
        /// The half that is wrong.
        part: String,
        /// The whole text.
        text: String,
    },
    /// What follows `@` is not a semantic version.
    #[error(
        "`{}` in `{}` is not a semantic version: {}",
        line(.version),
        line(.text),
        line(.reason)
    )]
    Version {
        /// What follows `@`.
        version: String,
        /// The whole text.
        text: String,
        /// What the version parser said.
        reason: String,
    },
    /// A version is needed and there is none.
    #[error("`{}` has no version; write `{}@1.2.3`", line(.0), line(.0))]
    NoVersion(String),
}

/// The longest half of a name: two halves, a version and a suffix still fit in a file name.
const LONGEST_PART: usize = 100;

fn is_kebab(part: &str) -> bool {
    part.len() <= LONGEST_PART
        && part.split('-').enumerate().all(|(position, word)| {
            let mut bytes = word.bytes();
            // A later word may begin with a digit: `preview-2`.
            let first = bytes
                .next()
                .is_some_and(|b| b.is_ascii_lowercase() || (position > 0 && b.is_ascii_digit()));
            first && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

impl PackageName {
    /// Makes a name of its two halves.
    ///
    /// # Errors
    /// If a half is not lower-case kebab-case.
    pub fn new(namespace: &str, name: &str) -> Result<Self, NameError> {
        for part in [namespace, name] {
            if !is_kebab(part) {
                return Err(NameError::NotKebab {
                    part: part.to_owned(),
                    text: format!("{namespace}:{name}"),
                });
            }
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The part before the `:`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The part after the `:`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// This name at `version`.
    pub fn at(&self, version: Version) -> PackageId {
        PackageId {
            name: self.clone(),
            version,
        }
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (namespace, name) = text
            .split_once(':')
            .ok_or_else(|| NameError::NoNamespace(text.to_owned()))?;
        Self::new(namespace, name)
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

/// A package: its name and its exact version. The one key by which packages are told apart, in the
/// resolver, in `wits.lock` and everywhere else; several versions of one name stand side by side.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    /// The name.
    pub name: PackageName,
    /// The version, build metadata included.
    pub version: Version,
}

impl FromStr for PackageId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let PackageRef { name, version } = text.parse()?;
        let version = version.ok_or_else(|| NameError::NoVersion(text.to_owned()))?;
        Ok(Self { name, version })
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// A package as a user or a WIT file names it: the version may be missing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageRef {
    /// The name.
    pub name: PackageName,
    /// The version, if one is named.
    pub version: Option<Version>,
}

impl PackageRef {
    /// The package this names, if it names a version.
    pub fn id(&self) -> Option<PackageId> {
        Some(self.name.at(self.version.clone()?))
    }
}

impl From<PackageId> for PackageRef {
    fn from(id: PackageId) -> Self {
        Self {
            name: id.name,
            version: Some(id.version),
        }
    }
}

impl FromStr for PackageRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, version)) = text.split_once('@') else {
            return Ok(Self {
                name: text.parse()?,
                version: None,
            });
        };
        let name: PackageName = name.parse()?;
        let parsed = version
            .parse::<Version>()
            .map_err(|error| NameError::Version {
                version: version.to_owned(),
                text: text.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            name,
            version: Some(parsed),
        })
    }
}

impl fmt::Display for PackageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => self.name.fmt(f),
        }
    }
}

as_text!(PackageName, PackageId, PackageRef);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_two_kebab_words() {
        for good in ["wasi:http", "a:b", "my-org:http-types2", "wasi:nn-2"] {
            assert_eq!(good.parse::<PackageName>().unwrap().to_string(), good);
        }
        for bad in [
            "http",
            ":http",
            "wasi:",
            "Wasi:http",
            "wasi:HTTP",
            "wasi:a--b",
            "wasi:-a",
            "wasi:a-",
            "wasi:a_b",
            "wasi:../x",
            "wasi:a/b",
            "wasi:a:b",
            "2a:b",
            "wasi:\u{e9}",
            "wasi:a\0",
        ] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_keeps_prerelease_and_build() {
        for text in [
            "wasi:http@0.3.0-rc-2026-03-15",
            "a:b@1.0.0+git.1",
            "a:b@0.2.0-draft2",
        ] {
            assert_eq!(text.parse::<PackageId>().unwrap().to_string(), text);
        }
        assert_ne!(
            "a:b@1.0.0+x".parse::<PackageId>().unwrap(),
            "a:b@1.0.0+y".parse().unwrap()
        );
        assert_eq!(
            "a:b".parse::<PackageId>(),
            Err(NameError::NoVersion("a:b".into()))
        );
        assert!(matches!(
            "a:b@1.0".parse::<PackageRef>(),
            Err(NameError::Version { .. })
        ));
    }
}
