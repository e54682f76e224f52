//! What can be wrong with a manifest.

use crate::document::DocumentError;
use crate::{ErrorKind, SourceSpan};

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not the TOML that is expected: syntax, an unknown or missing key, a wrong type or value.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There is a list of dependencies.
    #[error("`{key}` is not a table of `wits.toml`: the WIT itself names the dependencies")]
    Dependencies {
        /// The table.
        key: String,
        /// The table.
        span: SourceSpan,
    },
}

impl ManifestError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Project
    }

    /// Where it is.
    pub fn span(&self) -> &SourceSpan {
        match self {
            Self::Document(error) => error.span(),
            Self::Dependencies { span, .. } => span,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.help(),
            Self::Dependencies { .. } => Some(
                "write `import` or `use` with a version in the WIT, or run `wits add`; a package from a directory stands in `[overrides]`"
                    .to_owned(),
            ),
        }
    }
}
