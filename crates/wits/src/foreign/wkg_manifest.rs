//! `wkg.toml`: metadata, path overrides and workspace members, where there is no `wits.toml`.

use std::path::Path;

use serde::Deserialize;
use wits_model::manifest::Manifest;

use crate::report::Note;
use crate::{Context, Error};

/// `wkg.toml` as `wits.toml`: its keys are written again under our names and read by the one reader,
/// so that paths, names and errors mean the same.
pub(crate) fn wkg_manifest(context: &Context, text: &str, file: &Path) -> Result<Manifest, Error> {
    #[derive(Deserialize)]
    struct Override {
        path: Option<String>,
        version: Option<String>,
    }
    #[derive(Deserialize, Default)]
    struct Workspace {
        members: Option<Vec<String>>,
    }
    #[derive(Deserialize)]
    struct Wkg {
        #[serde(default)]
        metadata: toml::Table,
        #[serde(default)]
        overrides: std::collections::BTreeMap<String, Override>,
        workspace: Option<Workspace>,
    }
    let Ok(wkg) = toml::from_str::<Wkg>(text) else {
        // It is not wkg's either; our reader says what is wrong with it as TOML, or with its keys.
        return Ok(Manifest::parse(text, file)?);
    };
    let no_counterpart = |key: String, instead: &str| {
        context.reporter.note(&Note::NoCounterpart {
            file: context.shown(file),
            key,
            instead: instead.to_owned(),
        });
    };
    let mut package = toml::Table::new();
    for (key, value) in wkg.metadata {
        let ours = match key.as_str() {
            "authors" | "author" => "authors",
            "description" => "description",
            "licenses" | "license" => "license",
            "source" | "repository" => "repository",
            "homepage" => "homepage",
            _ => {
                no_counterpart(format!("metadata.{key}"), "it is left out of the package");
                continue;
            }
        };
        package.insert(ours.to_owned(), value);
    }
    let mut overrides = toml::Table::new();
    for (name, entry) in wkg.overrides {
        if entry.version.is_some() {
            no_counterpart(
                format!("overrides.\"{name}\".version"),
                "the version that a project uses stands in its WIT",
            );
        }
        if let Some(path) = entry.path {
            let table = toml::Table::from_iter([("path".to_owned(), toml::Value::String(path))]);
            overrides.insert(name, toml::Value::Table(table));
        }
    }
    let mut document = toml::Table::new();
    document.insert("package".to_owned(), toml::Value::Table(package));
    document.insert("overrides".to_owned(), toml::Value::Table(overrides));
    if let Some(members) = wkg.workspace.and_then(|workspace| workspace.members) {
        let members = members.into_iter().map(toml::Value::String).collect();
        let table = toml::Table::from_iter([("members".to_owned(), toml::Value::Array(members))]);
        document.insert("workspace".to_owned(), toml::Value::Table(table));
    }
    Ok(Manifest::parse(&document.to_string(), file)?)
}
