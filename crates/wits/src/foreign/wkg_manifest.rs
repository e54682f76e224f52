//! `wkg.toml`: metadata, path overrides and workspace members, where there is no `wits.toml`.
//!
//! Its keys are written again under our names and read by the one reader, so that paths, names and errors
//! mean the same; `wits migrate` writes the same text to disk. A member of wkg's is a directory of WIT,
//! ours is a project: `app/wit` is the project `app`, and a directory that is neither called `wit` nor has
//! one is its own (see [`crate::project`]).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wits_model::manifest::Manifest;

use crate::project::WIT_DIR;
use crate::report::Note;
use crate::{Context, Error};

/// A `wkg.toml` in our words.
#[derive(Debug)]
pub(crate) struct Translated {
    /// The keys of a `wits.toml`.
    pub(crate) document: toml::Table,
    /// Keys without a counterpart, and what to do instead.
    pub(crate) left: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Wkg {
    #[serde(default)]
    metadata: toml::Table,
    #[serde(default)]
    overrides: BTreeMap<String, Override>,
    workspace: Option<Workspace>,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Deserialize)]
struct Override {
    path: Option<String>,
    version: Option<String>,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Deserialize)]
struct Workspace {
    members: Option<Vec<String>>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// `wkg.toml` as `wits.toml`. What has no counterpart is told.
pub(crate) fn wkg_manifest(context: &Context, text: &str, file: &Path) -> Result<Manifest, Error> {
    let Some(translated) = translate(text) else {
        // It is not wkg's either; our reader says what is wrong with it as TOML, or with its keys.
        return Ok(Manifest::parse(text, file)?);
    };
    for (key, instead) in translated.left {
        context.reporter.note(&Note::NoCounterpart {
            file: context.shown(file),
            key,
            instead,
        });
    }
    Ok(Manifest::parse(&translated.document.to_string(), file)?)
}

/// The text in our words; nothing if it is not a `wkg.toml`.
pub(crate) fn translate(text: &str) -> Option<Translated> {
    let wkg: Wkg = toml::from_str(text).ok()?;
    let mut left = Vec::new();
    let mut package = toml::Table::new();
    for (key, value) in wkg.metadata {
        let ours = match key.as_str() {
            "authors" | "author" => "authors",
            "description" => "description",
            "licenses" | "license" => "license",
            "source" | "repository" => "repository",
            "homepage" => "homepage",
            _ => {
                let instead = "it is left out of the package";
                left.push((format!("metadata.{key}"), instead.to_owned()));
                continue;
            }
        };
        package.insert(ours.to_owned(), value);
    }
    let mut overrides = toml::Table::new();
    for (name, entry) in wkg.overrides {
        if entry.version.is_some() {
            let instead = "the version that a project uses stands in its WIT";
            left.push((format!("overrides.\"{name}\".version"), instead.to_owned()));
        }
        let unknown = entry.rest.keys();
        left.extend(unknown.map(|key| unknown_key(&format!("overrides.\"{name}\".{key}"))));
        if let Some(path) = entry.path {
            let table = toml::Table::from_iter([("path".to_owned(), toml::Value::String(path))]);
            overrides.insert(name, toml::Value::Table(table));
        }
    }
    let mut document = toml::Table::new();
    let mut set = |key: &str, table: toml::Table| {
        if !table.is_empty() {
            document.insert(key.to_owned(), toml::Value::Table(table));
        }
    };
    set("package", package);
    set("overrides", overrides);
    if let Some(workspace) = wkg.workspace {
        for key in workspace.rest.keys() {
            let instead = match key.as_str() {
                "metadata" => "write `[package]` in the `wits.toml` of each member",
                _ => "a workspace is what its root says",
            };
            left.push((format!("workspace.{key}"), instead.to_owned()));
        }
        if let Some(members) = workspace.members {
            let members = members.iter().map(|member| member_of(member).into());
            let members = toml::Value::Array(members.collect());
            set(
                "workspace",
                toml::Table::from_iter([("members".to_owned(), members)]),
            );
        }
    }
    left.extend(wkg.rest.keys().map(|key| unknown_key(key)));
    Some(Translated { document, left })
}

fn unknown_key(key: &str) -> (String, String) {
    (key.to_owned(), "wkg knows no such key either".to_owned())
}

/// The project of a directory of WIT.
fn member_of(wit: &str) -> String {
    let wit = wit.trim_end_matches('/');
    match wit.strip_suffix(WIT_DIR) {
        Some("" | "./") => ".".to_owned(),
        Some(project) if project.ends_with('/') => project.trim_end_matches('/').to_owned(),
        _ => wit.to_owned(),
    }
}

/// A `wkg.toml`, as anyone may have left it in a checkout: what we make of it is TOML of ours, and wrong
/// only in its values.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(text: &str) -> Result<(), Error> {
    let file = Path::new("/p/wkg.toml");
    let Some(translated) = translate(text) else {
        Manifest::parse(text, file)?;
        return Ok(());
    };
    let ours = translated.document.to_string();
    let again: toml::Table = ours.parse().expect("what was printed is TOML");
    assert_eq!(again.to_string(), ours);
    Manifest::parse(&ours, file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_counterpart_is_translated_and_all_else_named() {
        let translated = translate(
            "novel = 1\n[metadata]\nauthor = \"Ann\"\nlicense = \"MIT\"\nrevision = \"abc\"\n\
             [overrides]\n\"a:b\" = { path = \"../b\", version = \"1\" }\n",
        )
        .unwrap();
        assert_eq!(
            translated.document.to_string(),
            "[overrides.\"a:b\"]\npath = \"../b\"\n\n[package]\nauthors = \"Ann\"\nlicense = \"MIT\"\n"
        );
        let left: Vec<_> = translated
            .left
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(
            left,
            ["metadata.revision", "overrides.\"a:b\".version", "novel"]
        );
    }

    #[test]
    fn members_of_wkg_are_directories_of_wit() {
        for (wkg, ours) in [
            ("a/wit", "a"),
            ("a/wit/", "a"),
            ("b/*/wit", "b/*"),
            ("./wit", "."),
            ("wit", "."),
            ("pkg/core", "pkg/core"),
            ("pkg/mywit", "pkg/mywit"),
        ] {
            assert_eq!(member_of(wkg), ours);
        }
        let text = "[workspace]\nmembers = [\"a/wit\"]\n[workspace.metadata]\nauthors = \"Ann\"\n";
        let translated = translate(text).unwrap();
        assert_eq!(
            translated.document.to_string(),
            "[workspace]\nmembers = [\"a\"]\n"
        );
        assert_eq!(translated.left[0].0, "workspace.metadata");
    }
}
