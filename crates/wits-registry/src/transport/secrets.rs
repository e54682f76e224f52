//! The secrets of a run, so that none is repeated: a peer may echo in an error what it was sent.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use wits_model::printable::CUT;

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
    /// Remembers `secret`, also as a form or a query would have it.
    pub(super) fn keep(&self, secret: &str) {
        self.keep_one(secret);
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        if encoded != secret {
            self.keep_one(&encoded);
        }
    }

    fn keep_one(&self, secret: &str) {
        if secret.chars().count() < SHORTEST {
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
            match without(&text, secret) {
                Some(hidden) => Cow::Owned(hidden),
                None => text,
            }
        })
    }
}

/// `text` with every `secret` in it hidden, and with what is left of one where the text was cut short;
/// nothing if there is none.
fn without(text: &str, secret: &str) -> Option<String> {
    let beginning: String = secret.chars().take(SHORTEST).collect();
    let (mut out, mut rest) = (String::new(), text);
    let mut found = false;
    while let Some(start) = rest.find(&beginning) {
        let (before, from) = rest.split_at(start);
        let same: usize = from
            .chars()
            .zip(secret.chars())
            .take_while(|(ours, its)| ours == its)
            .map(|(same, _)| same.len_utf8())
            .sum();
        let after = &from[same..];
        out += before;
        if same == secret.len() || after.is_empty() || after.starts_with(CUT) {
            out += HIDDEN;
            found = true;
        } else {
            out += &from[..same];
        }
        rest = after;
    }
    found.then(|| out + rest)
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
        // Cut short, or as a form has it.
        secrets.keep("a/long-one");
        assert_eq!(secrets.hide("it was a/long…"), "it was ***…");
        assert_eq!(secrets.hide("it was a%2Flong-o"), "it was ***");
        assert_eq!(secrets.hide("a/long story"), "a/long story");
    }
}
