//! The secrets of a run, so that none is repeated: a peer may echo in an error what it was sent.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::identity::encoded;
use crate::Credential;

/// What is shown in place of a secret.
const HIDDEN: &str = "***";
/// The shortest text that is looked for: hiding a shorter one would hide half of every message, and
/// thereby tell it.
const SHORTEST: usize = 4;

/// Everything that must not be shown.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// Remembers `secret`.
    pub(super) fn keep(&self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.iter().any(|it| it == secret) {
            kept.push(secret.to_owned());
            // What contains another secret goes first.
            kept.sort_by_key(|it| std::cmp::Reverse(it.len()));
        }
    }

    /// Remembers everything that is secret in `credential`.
    pub(super) fn keep_credential(&self, credential: &Credential) {
        match credential {
            Credential::Basic { user, password } => {
                self.keep(password.reveal());
                self.keep(&encoded(user, password.reveal()));
            }
            Credential::Bearer(token) | Credential::Identity(token) => self.keep(token.reveal()),
        }
    }

    /// `text` without any of them.
    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().fold(Cow::Borrowed(text), |text, secret| {
            if text.contains(secret.as_str()) {
                Cow::Owned(text.replace(secret.as_str(), HIDDEN))
            } else {
                text
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        let secrets = Secrets::default();
        secrets.keep_credential(&Credential::Basic {
            user: "me".to_owned(),
            password: "canary".into(),
        });
        secrets.keep("canary-token");
        secrets.keep("a");
        let basic = encoded("me", "canary");
        let text = format!("a canary, {basic} and canary-token");
        assert_eq!(secrets.hide(&text), "a ***, *** and ***");
    }
}
