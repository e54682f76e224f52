//! Reading a manifest.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Manifest, ManifestError, Member, Override, Workspace};
use crate::document::{Document, DocumentError, Table, Value};
use crate::{PackageMetadata, SourceSpan};

pub(super) fn parse(text: &str, file: &Path) -> Result<Manifest, ManifestError> {
    let document = Document::new(text, file);
    let parsed = document.parse()?;
    let root = document.root(&parsed);
    // Who comes from another package manager looks for this table first.
    for key in ["dependencies", "dev-dependencies"] {
        if let Some(value) = root.get(key) {
            return Err(ManifestError::Dependencies {
                key: key.to_owned(),
                span: value.key_span(),
            });
        }
    }
    root.only(&["package", "wit", "overrides", "workspace"])?;
    let mut manifest = Manifest {
        wit: root.get("wit").map(|value| value.path()).transpose()?,
        ..Manifest::default()
    };
    if let Some(value) = root.get("package") {
        let table = value.table("[package]")?;
        (manifest.package, manifest.metadata_spans) = metadata(&table)?;
    }
    if let Some(value) = root.get("overrides") {
        for entry in value.table("[overrides]")?.entries() {
            manifest
                .overrides
                .insert(entry.parse_key()?, override_(&entry)?);
        }
    }
    manifest.workspace = root
        .get("workspace")
        .map(|value| workspace(&value))
        .transpose()?;
    Ok(manifest)
}

type Metadata = (PackageMetadata, BTreeMap<&'static str, SourceSpan>);

fn metadata(table: &Table<'_>) -> Result<Metadata, DocumentError> {
    table.only(&[
        "description",
        "authors",
        "license",
        "homepage",
        "repository",
        "documentation",
    ])?;
    let mut spans = BTreeMap::new();
    let mut text = |key| -> Result<Option<String>, DocumentError> {
        let Some(value) = table.get(key) else {
            return Ok(None);
        };
        spans.insert(key, value.span());
        Ok(Some(value.string()?.to_owned()))
    };
    let metadata = PackageMetadata {
        description: text("description")?,
        authors: text("authors")?,
        license: text("license")?,
        homepage: text("homepage")?,
        repository: text("repository")?,
        documentation: text("documentation")?,
    };
    Ok((metadata, spans))
}

fn override_(entry: &Value<'_>) -> Result<Override, DocumentError> {
    let table = entry
        .as_table(format!("the override of `{}`", entry.key()))
        .ok_or_else(|| entry.not("a table, such as `{ path = \"../other/wit\" }`"))?;
    table.only(&["path"])?;
    Ok(Override {
        path: table.require("path")?.path()?,
        span: entry.key_span(),
    })
}

fn workspace(value: &Value<'_>) -> Result<Workspace, DocumentError> {
    let table = value.table("[workspace]")?;
    table.only(&["members"])?;
    let mut members = Vec::new();
    for member in table.require("members")?.array()? {
        members.push(Member {
            pattern: Member::normalise(member.string()?).map_err(|why| member.error(why))?,
            span: member.span(),
        });
    }
    Ok(Workspace {
        members,
        span: value.key_span(),
    })
}
