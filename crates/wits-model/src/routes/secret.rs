//! Secrets in a file that is shared: they are refused by name, before anything else is looked at, and
//! the text that travels with an error has them blanked out, since a front end shows its lines.

use std::ops::Range;
use std::path::Path;

use super::RouteError;
use crate::SourceError;
use crate::document::{Document, DocumentError, Table, Value};

/// Keys that other tools keep secrets under, without `-` and `_`.
const NAMES: [&str; 20] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "auth",
    "authorization",
    "bearer",
    "credential",
    "credentials",
    "identitytoken",
    "key",
    "login",
    "pass",
    "password",
    "privatekey",
    "registrytoken",
    "secret",
    "secretkey",
    "token",
    "user",
    "username",
];

/// The tables whose keys are names that the user chose: a namespace may be called `auth`.
const TABLES_OF_NAMES: [&str; 4] = ["namespaces", "packages", "hosts", "mirrors"];

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['-', '_'], "");
    NAMES.contains(&key.as_str())
}

/// Whether a URL has a user or a password before its host.
fn holds_credentials(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/')
            .next()
            .is_some_and(|authority| authority.contains('@'))
    })
}

/// Refuses the first secret of a file.
pub(crate) fn refuse(root: &Table<'_>, text: &str, file: &Path) -> Result<(), RouteError> {
    let mut found = Found::default();
    for entry in root.entries() {
        if TABLES_OF_NAMES.contains(&entry.key()) {
            let names = entry.as_table("").map(|table| table.entries());
            for entry in names.unwrap_or_default() {
                found.credentials_in_key(&entry);
                found.value(&entry);
            }
        } else {
            found.entry(&entry);
        }
    }
    let Some(first) = found.faults.into_iter().min_by_key(|it| it.range.start) else {
        return Ok(());
    };
    let span = Document::new(&blanked(text, &found.blanks), file).span(first.range);
    Err(match first.key {
        Some(key) => RouteError::Secret { key, span },
        None => DocumentError::Value {
            message: SourceError::Credentials.to_string(),
            span,
        }
        .into(),
    })
}

/// The text of another tool's file, which may hold secrets, with all of them blanked out.
pub(crate) fn hidden(root: &Table<'_>, text: &str) -> String {
    let mut found = Found::default();
    for entry in root.entries() {
        found.entry(&entry);
    }
    blanked(text, &found.blanks)
}

#[derive(Default)]
struct Found {
    faults: Vec<Fault>,
    blanks: Vec<Range<usize>>,
}

struct Fault {
    /// The key that names a secret; nothing where a URL holds one.
    key: Option<String>,
    range: Range<usize>,
}

impl Found {
    fn entry(&mut self, entry: &Value<'_>) {
        if is_secret(entry.key()) {
            self.faults.push(Fault {
                key: Some(entry.key().to_owned()),
                range: entry.key_span().range,
            });
            self.blanks.push(entry.range());
        }
        self.value(entry);
    }

    fn value(&mut self, value: &Value<'_>) {
        if let Some(table) = value.as_table("") {
            for entry in table.entries() {
                self.entry(&entry);
            }
        } else if value.as_str().is_some_and(holds_credentials) {
            self.credentials(value.range());
        }
    }

    fn credentials_in_key(&mut self, entry: &Value<'_>) {
        if holds_credentials(entry.key()) {
            self.credentials(entry.key_span().range);
        }
    }

    fn credentials(&mut self, range: Range<usize>) {
        self.faults.push(Fault {
            key: None,
            range: range.clone(),
        });
        self.blanks.push(range);
    }
}

/// The text with `*` in place of what is in `ranges`, byte for byte, so that places stay.
fn blanked(text: &str, ranges: &[Range<usize>]) -> String {
    let hidden = |at: usize| ranges.iter().any(|range| range.contains(&at));
    text.char_indices()
        .map(|(at, char)| match char {
            '\n' => "\n".to_owned(),
            char if hidden(at) => "*".repeat(char.len_utf8()),
            char => char.to_string(),
        })
        .collect()
}

/// A text that is not TOML, with everything blanked out that follows a key that may name a secret.
pub(crate) fn blanked_lines(text: &str) -> String {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        if let Some(at) = lower.find('=')
            && (lower.contains('@') || NAMES.iter().any(|name| lower.contains(name)))
        {
            ranges.push(start + at + 1..start + line.len());
        }
        start += line.len();
    }
    blanked(text, &ranges)
}
