//! Who the user is to a registry: the values, and the one question that is asked of whoever keeps them.
//!
//! Where credentials are kept (the files of Docker and podman, helpers, the environment) is for front
//! ends. This crate asks for one when a registry first wants to know who asks, hands it to that
//! registry, or to the realm that the registry names, and to nobody else.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;

/// A secret. It never shows itself: neither `Debug` nor `Display` prints it, and it cannot be
/// serialized. Comparing two says only whether they are the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Redacted(String);

impl Redacted {
    /// Keeps `secret` from being printed.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for whoever has to send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Redacted {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Redacted {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What proves who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A user and a password: sent to a registry that wants `Basic`, or to its realm for a token.
    Basic {
        /// The user; not shown in messages either, since some keep tokens there.
        user: String,
        /// The password, or a token that stands for one.
        password: Redacted,
    },
    /// A token that the registry itself takes, sent as it is (`registrytoken` of a Docker
    /// configuration).
    Bearer(Redacted),
    /// An OAuth 2 refresh token, which the registry's realm exchanges for tokens (`identitytoken` of a
    /// Docker configuration).
    Identity(Redacted),
}

/// What was found; it may take a while, since a helper may have to be run.
pub type CredentialAnswer<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Credential>, CredentialError>> + Send + 'a>>;

/// Where credentials are kept.
pub trait Credentials: Send + Sync {
    /// The credential for `repository` at `host`, if there is one. `host` is `HOST[:PORT]` as a
    /// registry URL names it, in lower case (`docker.io`, not the host that is spoken to for it), and
    /// `repository` is the path in it, empty for a host as a whole.
    ///
    /// Asked at most once in a run for each pair, and only when a registry wants to know who asks.
    /// The answer comes within a deadline of its own.
    fn find<'a>(&'a self, host: &'a str, repository: &'a str) -> CredentialAnswer<'a>;

    /// Whether there may be any credential for `host`. Runs no helper: one that is set for this host,
    /// or for all hosts, counts as one.
    fn held(&self, host: &str) -> bool;

    /// Whether what is asked at this moment is needed for certain. Where it is not, what goes wrong is not
    /// remembered: a credential that a host does not take, that it wants one, that a mirror is down.
    fn is_certain(&self) -> bool {
        true
    }
}

/// Nobody's credentials: everything is asked for without a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anonymous;

impl Credentials for Anonymous {
    fn find<'a>(&'a self, _: &'a str, _: &'a str) -> CredentialAnswer<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn held(&self, _: &str) -> bool {
        false
    }
}

/// Why there is no telling whether there is a credential. What others said is never in it: it may be
/// the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A credential helper did not do its work.
    #[error("the credential helper `{helper}` {reason}")]
    Helper {
        /// The program: `docker-credential-NAME`.
        helper: String,
        /// What it did: "is not installed", "did not answer within 10 s".
        reason: String,
    },
    /// A file of credentials cannot be read, or is not what it should be.
    #[error("`{}` {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: "is not JSON".
        reason: String,
    },
    /// An environment variable does not hold what it should.
    #[error("`{name}` {reason}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Whoever keeps it would have to be asked, and may not be: it is not known yet whether it is needed. This
    /// is not remembered.
    #[error("it was not asked for")]
    Unasked,
}

impl CredentialError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Helper { helper, .. } => format!(
                "`{helper}` is named in your Docker or podman configuration: repair it, or take it out there and run `wits login`"
            ),
            Self::File { .. } => "repair the file, or run `wits login`".to_owned(),
            Self::Variable { name, .. } => format!("correct `{name}`, or unset it"),
            Self::Unasked => "ask again once it is needed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        let credential = Credential::Basic {
            user: "me".to_owned(),
            password: "canary".into(),
        };
        let all = [
            credential,
            Credential::Bearer("canary".into()),
            Credential::Identity("canary".into()),
        ];
        assert!(!format!("{all:?} {all:#?}").contains("canary"));
        assert_eq!(Redacted::from("canary").to_string(), "***");
        assert_eq!(Redacted::from("canary").reveal(), "canary");
    }
}
