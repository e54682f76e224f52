//! TOML with places: what the three file formats share.
//!
//! The formats are read from the parser's tree, in which each key and value has its place, rather than
//! through serde: a key that nobody asks for is then an error that names its line and the key that was
//! probably meant, and a value that is not what it should be is shown where it stands.

mod read;

pub use read::{Document, Table, Value};

use crate::printable::line;
use crate::{ErrorKind, SourceSpan};

/// A text that is not TOML, or not what the format says.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The text is not TOML.
    #[error("not valid TOML: {}", line(.message))]
    Syntax {
        /// What the parser said.
        message: String,
        /// Where.
        span: SourceSpan,
    },
    /// There is a key that the format does not have.
    #[error("unknown key `{}` in {}", line(.key), line(.table))]
    UnknownKey {
        /// The key.
        key: String,
        /// The table it is in: `[package]`, or `the file`.
        table: String,
        /// The key that was probably meant.
        suggestion: Option<&'static str>,
        /// The key.
        span: SourceSpan,
    },
    /// A key that must be there is not.
    #[error("{} has no `{key}`", line(.table))]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The table it should be in.
        table: String,
        /// The table.
        span: SourceSpan,
    },
    /// A value is of another type.
    #[error("`{}` must be {expected}, and is {found}", line(.key))]
    Type {
        /// The key.
        key: String,
        /// The type it should be, with its article.
        expected: &'static str,
        /// The type it is, with its article.
        found: &'static str,
        /// The value.
        span: SourceSpan,
    },
    /// A value (or a key that is a name) means nothing here.
    #[error("{}", line(.message))]
    Value {
        /// What is wrong with it.
        message: String,
        /// The value.
        span: SourceSpan,
    },
}

impl DocumentError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Project
    }

    /// Where it is.
    pub fn span(&self) -> &SourceSpan {
        match self {
            Self::Syntax { span, .. }
            | Self::UnknownKey { span, .. }
            | Self::MissingKey { span, .. }
            | Self::Type { span, .. }
            | Self::Value { span, .. } => span,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownKey {
                suggestion: Some(key),
                ..
            } => Some(format!("did you mean `{key}`?")),
            _ => None,
        }
    }
}
