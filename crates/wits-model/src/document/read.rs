//! The parsed text, its tables and its values.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::DocumentError;
use crate::SourceSpan;
use crate::counted::{Work, count};
use crate::routes::secret;

/// A text and the name of its file.
pub struct Document {
    file: PathBuf,
    text: Arc<str>,
    /// The text that places carry: the same, byte for byte, with secrets blanked out.
    shown: Arc<str>,
}

impl Document {
    /// Takes a text, without a byte order mark.
    pub fn new(text: &str, file: &Path) -> Self {
        let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
        Self {
            file: file.to_owned(),
            shown: Arc::clone(&text),
            text,
        }
    }

    /// Takes a text that may hold secrets: whatever stands under a key that names one, and every user
    /// and password in a URL, is blanked out in the places that errors carry.
    pub fn with_secrets(text: &str, file: &Path) -> Self {
        let plain = Self::new(text, file);
        count(Work::Parse, || &*plain.text);
        let shown = match DeTable::parse(&plain.text) {
            Ok(parsed) => secret::hidden(&plain.root(&parsed), &plain.text),
            Err(_) => secret::blanked_lines(&plain.text),
        };
        Self {
            shown: shown.into(),
            ..plain
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The directory relative paths are taken from.
    pub fn base(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// A place in it.
    pub fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::new(&self.file, self.shown.clone(), range)
    }

    /// Its tree.
    ///
    /// # Errors
    /// If it is not TOML.
    pub fn parse(&self) -> Result<Spanned<DeTable<'_>>, DocumentError> {
        count(Work::Parse, || &*self.text);
        DeTable::parse(&self.text).map_err(|error| DocumentError::Syntax {
            message: error.message().to_owned(),
            span: self.span(error.span().unwrap_or(0..0)),
        })
    }

    /// What [`Self::parse`] gave, as the table that is the file.
    pub fn root<'a>(&'a self, parsed: &'a Spanned<DeTable<'a>>) -> Table<'a> {
        Table {
            document: self,
            title: "the file".to_owned(),
            range: 0..0,
            tree: parsed.get_ref(),
        }
    }
}

/// A table.
pub struct Table<'a> {
    document: &'a Document,
    /// How messages name it.
    title: String,
    range: Range<usize>,
    tree: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Where it begins.
    pub fn span(&self) -> SourceSpan {
        self.document.span(self.range.clone())
    }

    /// Refuses the first key that is not one of `known`.
    ///
    /// # Errors
    /// The key, its place, and which one was probably meant.
    pub fn only(&self, known: &[&'static str]) -> Result<(), DocumentError> {
        let unknown = self
            .entries()
            .into_iter()
            .find(|entry| !known.contains(&entry.key.as_str()));
        match unknown {
            None => Ok(()),
            Some(entry) => Err(DocumentError::UnknownKey {
                suggestion: nearest(&entry.key, known),
                span: entry.key_span(),
                table: self.title.clone(),
                key: entry.key,
            }),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let (name, value) = self.tree.get_key_value(key)?;
        Some(self.value(name, value))
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn require(&self, key: &'static str) -> Result<Value<'a>, DocumentError> {
        self.get(key).ok_or_else(|| DocumentError::MissingKey {
            key,
            table: self.title.clone(),
            span: self.span(),
        })
    }

    /// Every entry, in the order of the text.
    pub fn entries(&self) -> Vec<Value<'a>> {
        let mut entries: Vec<_> = self
            .tree
            .iter()
            .map(|(name, value)| self.value(name, value))
            .collect();
        entries.sort_by_key(|entry| entry.key_range.start);
        entries
    }

    fn value(
        &self,
        name: &'a Spanned<toml::de::DeString<'a>>,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Value<'a> {
        Value {
            document: self.document,
            key: name.get_ref().to_string(),
            key_range: name.span(),
            content: value,
        }
    }
}

/// A value and the key it stands under.
pub struct Value<'a> {
    document: &'a Document,
    key: String,
    key_range: Range<usize>,
    content: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the key stands.
    pub fn key_span(&self) -> SourceSpan {
        self.document.span(self.key_range.clone())
    }

    /// Where the value stands.
    pub fn span(&self) -> SourceSpan {
        self.document.span(self.content.span())
    }

    /// The bytes of the value.
    pub fn range(&self) -> Range<usize> {
        self.content.span()
    }

    /// The value, if it is a string.
    pub fn as_str(&self) -> Option<&'a str> {
        self.content.get_ref().as_str()
    }

    /// The value as a string.
    ///
    /// # Errors
    /// If it is something else.
    pub fn string(&self) -> Result<&'a str, DocumentError> {
        self.as_str().ok_or_else(|| self.not("a string"))
    }

    /// The value as `true` or `false`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn boolean(&self) -> Result<bool, DocumentError> {
        let value = self.content.get_ref().as_bool();
        value.ok_or_else(|| self.not("a boolean"))
    }

    /// The value as a whole number.
    ///
    /// # Errors
    /// If it is something else, or too large.
    pub fn integer(&self) -> Result<i64, DocumentError> {
        let integer = self
            .content
            .get_ref()
            .as_integer()
            .ok_or_else(|| self.not("an integer"))?;
        i64::from_str_radix(integer.as_str(), integer.radix()).map_err(|e| self.error(e))
    }

    /// The value as a table that messages call `title`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn table(&self, title: impl Into<String>) -> Result<Table<'a>, DocumentError> {
        self.as_table(title).ok_or_else(|| self.not("a table"))
    }

    /// The value as a table that messages call `title`, if it is one.
    pub fn as_table(&self, title: impl Into<String>) -> Option<Table<'a>> {
        Some(Table {
            document: self.document,
            title: title.into(),
            range: self.content.span(),
            tree: self.content.get_ref().as_table()?,
        })
    }

    /// The value as an array; its parts go by the same key.
    ///
    /// # Errors
    /// If it is something else.
    pub fn array(&self) -> Result<Vec<Value<'a>>, DocumentError> {
        let array = self
            .content
            .get_ref()
            .as_array()
            .ok_or_else(|| self.not("an array"))?;
        Ok(array
            .iter()
            .map(|value| Value {
                document: self.document,
                key: self.key.clone(),
                key_range: self.key_range.clone(),
                content: value,
            })
            .collect())
    }

    /// The string as what it means.
    ///
    /// # Errors
    /// If it is no string, or does not mean that.
    pub fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, DocumentError> {
        self.string()?.parse().map_err(|e: T::Err| self.error(e))
    }

    /// The key as what it means.
    ///
    /// # Errors
    /// If it does not mean that.
    pub fn parse_key<T: FromStr<Err: Display>>(&self) -> Result<T, DocumentError> {
        self.key.parse().map_err(|e: T::Err| self.key_error(e))
    }

    /// The string as a path, taken from the directory of the file.
    ///
    /// # Errors
    /// If it is no string, or no path.
    pub fn path(&self) -> Result<PathBuf, DocumentError> {
        let path = self.string()?;
        if path.is_empty() || path.contains('\0') {
            return Err(self.error(format!("`{}` must be a path", self.key)));
        }
        Ok(crate::source::normalise(&self.document.base().join(path)))
    }

    /// A fault of the value.
    pub fn error(&self, message: impl Display) -> DocumentError {
        DocumentError::Value {
            message: message.to_string(),
            span: self.span(),
        }
    }

    /// A fault of the key.
    pub fn key_error(&self, message: impl Display) -> DocumentError {
        DocumentError::Value {
            message: message.to_string(),
            span: self.key_span(),
        }
    }

    /// The fault that the value is not of the type `expected` (with its article).
    pub fn not(&self, expected: &'static str) -> DocumentError {
        DocumentError::Type {
            key: self.key.clone(),
            expected,
            found: match self.content.get_ref() {
                DeValue::String(_) => "a string",
                DeValue::Integer(_) => "an integer",
                DeValue::Float(_) => "a float",
                DeValue::Boolean(_) => "a boolean",
                DeValue::Datetime(_) => "a date",
                DeValue::Array(_) => "an array",
                DeValue::Table(_) => "a table",
            },
            span: self.span(),
        }
    }
}

/// The key that was probably meant: at most a third of its letters are wrong.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(key, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
