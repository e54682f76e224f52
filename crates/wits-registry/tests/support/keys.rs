//! Somebody who keeps credentials, and tells how often they were asked for them.
#![allow(dead_code)] // each test file uses its part

use std::sync::{Arc, Mutex};

use wits_registry::credentials::{CredentialAnswer, CredentialError};
use wits_registry::{Credential, Credentials, Notes, Options, RegistryNote};

/// Credentials by host and by the beginning of a repository, the first that fits.
#[derive(Default)]
pub(crate) struct Keys {
    kept: Vec<(String, String, Result<Credential, CredentialError>)>,
    asked: Mutex<Vec<String>>,
}

impl Keys {
    pub(crate) fn with(mut self, host: &str, prefix: &str, credential: Credential) -> Self {
        self.kept
            .push((host.to_owned(), prefix.to_owned(), Ok(credential)));
        self
    }

    pub(crate) fn broken(mut self, host: &str, error: CredentialError) -> Self {
        self.kept.push((host.to_owned(), String::new(), Err(error)));
        self
    }

    /// `HOST REPOSITORY` of every question so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Credentials for Keys {
    fn find<'a>(&'a self, host: &'a str, repository: &'a str) -> CredentialAnswer<'a> {
        let line = format!("{host} {repository}");
        self.asked.lock().unwrap().push(line);
        let found = self
            .kept
            .iter()
            .find(|(its, prefix, _)| its == host && repository.starts_with(prefix.as_str()));
        let found = found.map(|(_, _, credential)| credential.clone());
        Box::pin(std::future::ready(found.transpose()))
    }

    fn held(&self, host: &str) -> bool {
        self.kept.iter().any(|(its, _, _)| its == host)
    }
}

/// A user and a password.
pub(crate) fn basic(user: &str, password: &str) -> Credential {
    Credential::Basic {
        user: user.to_owned(),
        password: password.into(),
    }
}

/// What was told.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<RegistryNote>>>);

impl Heard {
    pub(crate) fn all(&self) -> Vec<RegistryNote> {
        self.0.lock().unwrap().clone()
    }
}

/// `options` with these keys, and what is told with them.
pub(crate) fn as_user(mut options: Options, keys: Keys) -> (Options, Arc<Keys>, Heard) {
    let (keys, heard) = (Arc::new(keys), Heard::default());
    let kept = Arc::clone(&heard.0);
    options.notes = Notes::new(move |note| kept.lock().unwrap().push(note));
    options.credentials = Arc::clone(&keys) as _;
    (options, keys, heard)
}
