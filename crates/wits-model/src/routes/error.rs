//! What can be wrong with a `registry.toml`, or with several together.

use super::{Origin, RouteKey};
use crate::document::DocumentError;
use crate::printable::line;
use crate::{ErrorKind, RegistryUrl, SourceSpan};

/// Routes that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// Not the TOML that is expected: syntax, an unknown or missing key, a wrong type or value.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There is something in the file that should not lie in a file that is shared.
    #[error("`{}` may not stand in `registry.toml`: it never holds a secret", line(.key))]
    Secret {
        /// The key.
        key: String,
        /// The key; the text of the span has the value blanked out.
        span: SourceSpan,
    },
    /// The project's file sends to another registry what the user's own file maps.
    #[error("{0}")]
    ProjectReroutes(Box<Reroute>),
}

/// Two registries for one name, one said by the project and one by the user.
#[derive(Debug, thiserror::Error)]
#[error(
    "the project sends `{key}` to `{url}` ({origin}), and the user sends it to `{user_url}` ({user_origin})"
)]
pub struct Reroute {
    /// The key of the project's file.
    pub key: RouteKey,
    /// Where the project sends it.
    pub url: RegistryUrl,
    /// Where the project says so.
    pub origin: Origin,
    /// Where the user sends it.
    pub user_url: RegistryUrl,
    /// Where the user says so.
    pub user_origin: Origin,
}

impl RouteError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Project
    }

    /// Where it is, if it is in a file.
    pub fn span(&self) -> Option<&SourceSpan> {
        match self {
            Self::Document(error) => Some(error.span()),
            Self::Secret { span, .. } => Some(span),
            Self::ProjectReroutes(reroute) => reroute.origin.span.as_ref(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.help(),
            Self::Secret { .. } => {
                Some("run `wits login`, which keeps credentials out of the project".to_owned())
            }
            Self::ProjectReroutes(reroute) => Some(format!(
                "to allow it, set `{} = \"{}\"` in your own `registry.toml`; else remove it from the project's",
                reroute.key, reroute.url
            )),
        }
    }
}
