//! Where a login is written: the file that Docker and podman read, or the helper that it names.
//!
//! | the first that holds | is written |
//! | --- | --- |
//! | `REGISTRY_AUTH_FILE` is set | that file |
//! | Docker's `config.json` is there | that file, or the helper that it names for the host |
//! | a podman `auth.json` is there | that file, or its helper |
//! | none of them | a new `config.json` of Docker, which podman reads too |
//!
//! The file is written whole or not at all, is for its owner only, and keeps everything else in it as it
//! was.

use std::path::{Path, PathBuf};

use serde_json::json;
use wits_registry::{CredentialError, Redacted};

use super::file::{self, CredentialFile};
use super::helper::{Failure, Helper};
use super::json::Object;
use super::{CredentialSources, DOCKER_HUB, DOCKER_HUB_KEY, encode_basic, host_and_path};
use crate::Error;

/// A file of credentials that is written.
pub(crate) struct Store {
    path: PathBuf,
    file: Option<CredentialFile>,
}

/// Where a credential was put, or taken from: see the examples of [`login`](crate::ops::login::login) and
/// [`logout`](crate::ops::login::logout).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The file.
    pub file: PathBuf,
    /// The helper that keeps the secret, if one does.
    pub helper: Option<String>,
}

impl Store {
    /// The file that is written on this machine.
    pub(crate) fn find(sources: &CredentialSources) -> Result<Self, Error> {
        let files = sources.docker.iter().chain(&sources.podman);
        let there = files.clone().find(|path| path.is_file());
        let path = sources
            .explicit
            .as_ref()
            .or(there)
            .or(sources.docker.as_ref())
            .ok_or(Error::NoCredentialFile)?;
        Self::at(path)
    }

    /// Every file that may hold a credential.
    pub(crate) fn all(sources: &CredentialSources) -> Result<Vec<Self>, Error> {
        let CredentialSources {
            explicit,
            docker,
            podman,
            ..
        } = sources;
        let paths = explicit.iter().chain(docker).chain(podman);
        paths
            .filter(|path| path.is_file())
            .map(|path| Self::at(path))
            .collect()
    }

    fn at(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            file: CredentialFile::read(path)?,
        })
    }

    fn keeper(&self, host: &str) -> Result<Option<Helper>, Error> {
        let Some(name) = self.file.as_ref().and_then(|file| file.keeper(host)) else {
            return Ok(None);
        };
        let helper = Helper::named(name).ok_or_else(|| CredentialError::File {
            path: self.path.clone(),
            reason: "names a credential helper that is no plain name".to_owned(),
        })?;
        Ok(Some(helper))
    }

    /// Puts a credential for `host` (without a user, a refresh token), in the place of what is there.
    pub(crate) fn put(
        &self,
        host: &str,
        user: Option<&str>,
        secret: &Redacted,
    ) -> Result<Stored, Error> {
        let key = Self::key(host);
        let helper = self.keeper(host)?;
        let entry = match &helper {
            Some(helper) => {
                helper
                    .store(&key, user, secret)
                    .map_err(CredentialError::from)?;
                // So that it is seen, without running the helper, for which hosts it has something.
                json!({})
            }
            None => match user {
                Some(user) => json!({ "auth": encode_basic(user, secret.reveal()) }),
                None => json!({ "auth": "", "identitytoken": secret.reveal() }),
            },
        };
        let others: Vec<String> = self
            .keys(host)
            .into_iter()
            .filter(|it| *it != key)
            .collect();
        self.edit(|auths| {
            for other in &others {
                auths.remove(other);
            }
            auths.set(&key, entry.to_string())
        })?;
        Ok(self.stored(helper.as_ref()))
    }

    /// Takes away what is there for `host`; nothing if nothing is.
    pub(crate) fn take(&self, host: &str) -> Result<Option<Stored>, Error> {
        let keys = self.keys(host);
        let helper = self.keeper(host)?;
        if let Some(helper) = &helper {
            match helper.erase(&Self::key(host)) {
                // A helper that is gone keeps nothing.
                Ok(()) | Err(Failure::Missing(_)) => {}
                Err(failure) => return Err(CredentialError::from(failure).into()),
            }
        }
        if keys.is_empty() {
            return Ok(None);
        }
        self.edit(|auths| {
            for key in &keys {
                auths.remove(key);
            }
            Ok(())
        })?;
        Ok(Some(self.stored(helper.as_ref())))
    }

    fn stored(&self, helper: Option<&Helper>) -> Stored {
        Stored {
            file: self.path.clone(),
            helper: helper.map(|helper| helper.program().to_owned()),
        }
    }

    fn keys(&self, host: &str) -> Vec<String> {
        let keys = self.file.as_ref().map(|file| file.keys_of(host));
        let keys = keys.unwrap_or_default();
        keys.into_iter().map(str::to_owned).collect()
    }

    /// The key that Docker would write.
    fn key(host: &str) -> String {
        if host == DOCKER_HUB {
            DOCKER_HUB_KEY.to_owned()
        } else {
            host.to_owned()
        }
    }

    /// Changes `auths` and writes the file.
    fn edit(
        &self,
        change: impl FnOnce(&mut Object) -> Result<(), serde_json::Error>,
    ) -> Result<(), Error> {
        let fault = |reason: String| CredentialError::File {
            path: self.path.clone(),
            reason,
        };
        let not_json = |_| fault("is not JSON of the form that Docker and podman write".to_owned());
        let bytes = wits_fs::read_if_exists(&self.path).map_err(|e| fault(file::reason(&e)))?;
        let text = String::from_utf8(bytes.unwrap_or_default())
            .map_err(|_| fault("is not UTF-8".to_owned()))?;
        let parse = |text: &str| match text.trim() {
            "" | "null" => Ok(Object::default()),
            text => Object::parse(text),
        };
        let mut root = parse(&text).map_err(not_json)?;
        let mut auths = parse(root.get("auths").unwrap_or_default()).map_err(not_json)?;
        change(&mut auths).map_err(not_json)?;
        root.set("auths", auths.print(1)).map_err(not_json)?;
        if let Some(dir) = self.path.parent() {
            wits_fs::create_dir_all(dir)?;
        }
        wits_fs::write_private(&self.path, format!("{}\n", root.print(0)))?;
        Ok(())
    }
}

/// The host that a user names for a login: with or without a scheme, never with a path.
pub(crate) fn login_host(text: &str) -> Result<String, Error> {
    let (host, path) = host_and_path(text);
    let valid = matches!(
        format!("oci://{host}").parse(),
        Ok(wits_model::RegistryUrl::Oci { prefix, .. }) if prefix.is_empty()
    );
    if !valid || !path.is_empty() {
        // Not repeated: it may be a URL with a password.
        return Err(Error::NotAHost);
    }
    Ok(host)
}
