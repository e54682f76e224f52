//! Real WIT, read where cargo put it.
//!
//! Published crates carry the WASI packages. `tests/published` names those crates, pinned, in a
//! workspace that is never compiled; here `cargo metadata` says where they lie, and their WIT is
//! grouped into packages. Nothing of it is copied into this repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::{Project, fixtures};

/// Where the WIT of a crate lies, by the crate's name in `tests/published/Cargo.toml`.
const RELEASES: &[(&str, &[&str])] = &[
    ("wasi-0-2-0", &["wit/deps"]),
    ("wasi-0-2-3", &["wit/deps"]),
    ("wasi-0-2-9", &["wit/deps"]),
    ("wasi-0-2-12", &["wit/deps"]),
    ("wasi-0-3-2", &["wit/deps"]),
    ("wasi-config", &["wit/deps/config"]),
    ("wasi-keyvalue", &["wit/deps/keyvalue"]),
    ("wasi-nn", &["wit"]),
    ("wasi-tls", &["wit/deps/tls", "src/p3/wit/deps/tls"]),
];

/// One package as a crate carries it.
#[derive(Debug, Clone)]
pub struct PublishedPackage {
    /// `ns:name@version`.
    pub id: String,
    /// Its WIT files, sorted.
    pub files: Vec<PathBuf>,
    /// The foreign packages its text names, sorted.
    pub dependencies: Vec<String>,
}

impl PublishedPackage {
    /// `ns/name`, the repository under which a registry holds it.
    pub fn repository(&self) -> String {
        self.name().replace(':', "/")
    }

    /// `ns:name`.
    pub fn name(&self) -> &str {
        self.id.split('@').next().unwrap_or(&self.id)
    }

    /// The version.
    pub fn version(&self) -> &str {
        self.id.split('@').nth(1).unwrap_or_default()
    }

    /// `ns-name-version`, the name of its directory in `wit/deps`.
    pub fn dir(&self) -> String {
        self.id.replace([':', '@'], "-")
    }

    /// Its text, file after file.
    #[track_caller]
    pub fn text(&self) -> String {
        self.files.iter().map(|file| read(file)).collect()
    }

    /// Writes its files as the `wit/` of a project.
    #[track_caller]
    pub fn write(&self, project: &Project<'_>) {
        for file in &self.files {
            let name = file.file_name().expect("a file name");
            project.write(Path::new("wit").join(name), read(file));
        }
    }
}

/// The packages of WASI `version`, each after those it depends on.
#[track_caller]
pub fn wasi(version: &str) -> Vec<PublishedPackage> {
    of_crate(&format!("wasi-{}", version.replace('.', "-")))
}

/// The packages that the crate `name` of `tests/published/Cargo.toml` carries.
#[track_caller]
pub fn of_crate(name: &str) -> Vec<PublishedPackage> {
    let (_, dirs) = RELEASES
        .iter()
        .find(|(release, _)| *release == name)
        .unwrap_or_else(|| panic!("no crate `{name}` in tests/published"));
    let root = crate_dir(name);
    let mut files = Vec::new();
    for dir in *dirs {
        collect_wit(&root.join(dir), &mut files);
    }
    files.sort();
    in_order(group(&files))
}

/// One file may name the package for all the files beside it.
fn group(files: &[PathBuf]) -> Vec<PublishedPackage> {
    let text: Vec<String> = files
        .iter()
        .map(|file| without_comments(&read(file)))
        .collect();
    let headed: Vec<_> = files
        .iter()
        .zip(&text)
        .filter_map(|(file, text)| Some((file, header(text)?)))
        .collect();
    let mut packages = BTreeMap::new();
    for (file, text) in files.iter().zip(&text) {
        let beside = || {
            headed
                .iter()
                .find(|(other, _)| other.parent() == file.parent())
        };
        let Some(id) = header(text).or_else(|| beside().map(|(_, id)| id.clone())) else {
            panic!("no package is named for {}", file.display());
        };
        let package = packages
            .entry(id.clone())
            .or_insert_with(|| PublishedPackage {
                id,
                files: Vec::new(),
                dependencies: Vec::new(),
            });
        package.files.push(file.clone());
        package.dependencies.extend(mentions(text));
    }
    for package in packages.values_mut() {
        package.dependencies.sort();
        package.dependencies.dedup();
        let own = package.id.clone();
        package.dependencies.retain(|id| *id != own);
    }
    packages.into_values().collect()
}

/// Each package after those it depends on.
fn in_order(mut packages: Vec<PublishedPackage>) -> Vec<PublishedPackage> {
    let mut ordered = Vec::<PublishedPackage>::new();
    while !packages.is_empty() {
        let (ready, waiting): (Vec<_>, Vec<_>) = packages.iter().cloned().partition(|package| {
            let here = |id: &String| packages.iter().any(|other| other.id == *id);
            !package.dependencies.iter().any(here)
        });
        assert!(!ready.is_empty(), "a cycle among {waiting:?}");
        ordered.extend(ready);
        packages = waiting;
    }
    ordered
}

/// The `ns:name@version` of `package ns:name@version;`.
fn header(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "))?;
    Some(line.trim_end().trim_end_matches(';').trim().to_owned())
}

/// Every `ns:name@version` of a `ns:name/item@version`.
fn mentions(text: &str) -> Vec<String> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || "-:/@.+".contains(c);
    text.split(|c| !part_of_name(c))
        .filter_map(|word| {
            let (path, version) = word.split_once('@')?;
            let (name, _item) = path.split_once('/')?;
            name.contains(':')
                .then(|| format!("{name}@{}", version.trim_end_matches('.')))
        })
        .collect()
}

fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn collect_wit(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    for entry in entries {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            collect_wit(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wit") {
            files.push(path);
        }
    }
}

/// The directory of a crate, by its name in `tests/published/Cargo.toml`.
#[track_caller]
fn crate_dir(name: &str) -> PathBuf {
    static METADATA: OnceLock<Value> = OnceLock::new();
    let metadata = METADATA.get_or_init(metadata);
    let root = &metadata["resolve"]["root"];
    let nodes = metadata["resolve"]["nodes"]
        .as_array()
        .expect("a resolution");
    let node = nodes
        .iter()
        .find(|node| node["id"] == *root)
        .expect("the root");
    // Cargo tells a renamed dependency by its name in code.
    let name = name.replace('-', "_");
    let deps = node["deps"].as_array().expect("dependencies");
    let dep = deps
        .iter()
        .find(|dep| dep["name"] == name.as_str())
        .unwrap_or_else(|| panic!("no dependency `{name}` in tests/published"));
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|package| package["id"] == dep["pkg"])
        .expect("the package of a dependency");
    let manifest = package["manifest_path"].as_str().expect("a manifest path");
    Path::new(manifest)
        .parent()
        .expect("its directory")
        .to_owned()
}

/// What cargo knows about `tests/published`. `cargo xtask test` fetches it beforehand; a developer
/// who runs the tests alone has it fetched here, once.
fn metadata() -> Value {
    let metadata = ["metadata", "--offline", "--format-version", "1"];
    let output = cargo(&metadata).or_else(|_| {
        cargo(&["fetch"])?;
        cargo(&metadata)
    });
    let output = output.unwrap_or_else(|error| panic!("cannot fetch the published WIT: {error}"));
    serde_json::from_slice(&output).expect("metadata in JSON")
}

fn cargo(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = fixtures::repository().join("tests/published/Cargo.toml");
    let output = Command::new(cargo)
        .args(arguments)
        .arg("--locked")
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_is_there_in_order() {
        for (version, count) in [
            ("0.2.0", 7),
            ("0.2.3", 7),
            ("0.2.9", 7),
            ("0.2.12", 7),
            ("0.3.2", 6),
        ] {
            let packages = wasi(version);
            assert_eq!(packages.len(), count, "the packages of {version}");
            for (at, package) in packages.iter().enumerate() {
                assert_eq!(package.version(), version);
                let before = |id: &String| packages[..at].iter().any(|earlier| earlier.id == *id);
                assert!(package.dependencies.iter().all(before), "{package:?}");
            }
        }
    }

    #[test]
    fn the_proposals_are_there() {
        let ids = |name| {
            of_crate(name)
                .into_iter()
                .map(|package| package.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("wasi-keyvalue"), ["wasi:keyvalue@0.2.0-draft"]);
        assert_eq!(ids("wasi-config"), ["wasi:config@0.2.0-rc.1"]);
        assert_eq!(ids("wasi-nn"), ["wasi:nn@0.2.0-rc-2024-10-28"]);
        assert_eq!(
            ids("wasi-tls"),
            ["wasi:tls@0.2.0-draft", "wasi:tls@0.3.0-draft"]
        );
    }

    #[test]
    fn a_mention_ends_before_the_names_it_opens() {
        let text = "use wasi:io/streams@0.2.0.{a};\n  import wasi:cli/run@0.3.0-rc-1;";
        assert_eq!(mentions(text), ["wasi:io@0.2.0", "wasi:cli@0.3.0-rc-1"]);
    }
}
