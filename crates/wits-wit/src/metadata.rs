//! Description, authors, licence and links of a package, as custom sections.
//!
//! wasm-metadata defines the sections: `description`, `authors`, `licenses`, `homepage`, `source` and
//! `version`, each a text. There is none for documentation; that goes into the OCI annotations only.
//! Writing is strict, and reading takes what is there: a licence that is not SPDX makes wasm-metadata
//! refuse the whole binary, and no package may be unfetchable for that.

use wasm_metadata::{
    AddMetadata, AddMetadataField, Authors, Description, Homepage, Licenses, Source,
};
use wits_model::{PackageMetadata, Version};

use crate::error::WitError;
use crate::text::clean;

/// Adds `metadata`, the package's `version` and wits' own name to a component.
pub(crate) fn write(
    wasm: &[u8],
    metadata: &PackageMetadata,
    version: Option<&Version>,
) -> Result<Vec<u8>, WitError> {
    let mut add = AddMetadata::default();
    add.processed_by = vec![("wits".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    if let Some(version) = version {
        add.version = AddMetadataField::Set(wasm_metadata::Version::new(version.to_string()));
    }
    if let Some(description) = &metadata.description {
        add.description = AddMetadataField::Set(Description::new(description.clone()));
    }
    if let Some(authors) = &metadata.authors {
        add.authors = AddMetadataField::Set(Authors::new(authors.clone()));
    }
    if let Some(license) = &metadata.license {
        add.licenses =
            AddMetadataField::Set(Licenses::new(license).map_err(|error| WitError::Licence {
                license: license.clone(),
                reason: reason(&error),
            })?);
    }
    if let Some(url) = &metadata.homepage {
        add.homepage = AddMetadataField::Set(
            Homepage::new(url).map_err(|error| bad_url("homepage", url, &error))?,
        );
    }
    if let Some(url) = &metadata.repository {
        add.source = AddMetadataField::Set(
            Source::new(url).map_err(|error| bad_url("repository", url, &error))?,
        );
    }
    add.to_wasm(wasm).map_err(|error| WitError::Undecodable {
        reason: clean(&error.to_string()).0,
    })
}

/// What the custom sections of a binary say. Of two sections of one name, the last counts, as it does
/// for wasm-metadata.
pub(crate) fn read(sections: &[(&str, &[u8])]) -> PackageMetadata {
    let text = |name: &str| {
        let (_, data) = sections.iter().rev().find(|(found, _)| *found == name)?;
        Some(String::from_utf8_lossy(data).into_owned())
    };
    PackageMetadata {
        description: text("description"),
        authors: text("authors"),
        license: text("licenses"),
        homepage: text("homepage"),
        repository: text("source"),
        documentation: None,
    }
}

fn bad_url(key: &'static str, value: &str, error: &impl ToString) -> WitError {
    WitError::MetadataUrl {
        key,
        value: value.to_owned(),
        reason: reason(error),
    }
}

/// The last line says what is wrong, after a copy of the text and a marker under it.
fn reason(error: &impl ToString) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    let last = last.unwrap_or_default().trim_start_matches([' ', '^', '-']);
    clean(last).0
}
