//! Docker's `config.json` and podman's `auth.json`: one format, of which podman uses a part.
//!
//! ```json
//! {
//!   "auths": {
//!     "ghcr.io": { "auth": "BASE64 of USER:PASSWORD" },
//!     "ghcr.io/acme": { "auth": "…" },
//!     "acme.azurecr.io": { "identitytoken": "…" },
//!     "https://index.docker.io/v1/": {}
//!   },
//!   "credsStore": "desktop",
//!   "credHelpers": { "123.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login" }
//! }
//! ```
//!
//! A key with a path (podman, containers-auth.json(5)) is for the repositories below it, and the longest
//! that fits counts. The key of Docker Hub is the address of an interface that is long gone. An empty
//! entry says that the store of `credsStore` has the secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wits_registry::{Credential, CredentialError, Redacted};

use super::{DOCKER_HUB, DOCKER_HUB_KEY, basic, host_and_path, is_below};

/// One file, read.
#[derive(Debug, Clone)]
pub(super) struct CredentialFile {
    pub(super) path: PathBuf,
    auths: Vec<Auth>,
    /// The helper for all hosts.
    pub(super) store: Option<String>,
    /// The helper for each host.
    helpers: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Auth {
    /// As the file has it.
    key: String,
    host: String,
    path: String,
    entry: Entry,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Entry {
    auth: Option<Redacted_>,
    username: Option<String>,
    password: Option<Redacted_>,
    identitytoken: Option<Redacted_>,
    registrytoken: Option<Redacted_>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    auths: Option<BTreeMap<String, Option<Entry>>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
}

/// A secret as it comes out of JSON; an empty one is as good as none.
#[derive(Debug, Clone)]
struct Redacted_(Redacted);

impl<'de> Deserialize<'de> for Redacted_ {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error of a wrong type would repeat the value, were it a string.
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

fn some(secret: Option<&Redacted_>) -> Option<&Redacted> {
    let secret = &secret?.0;
    (!secret.reveal().is_empty()).then_some(secret)
}

/// What a file says of a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The credential itself.
    Credential(Credential),
    /// A helper has it, under this name of the server.
    Helper {
        /// The helper's name.
        name: String,
        /// The server.
        server: String,
        /// Whether the file names the host, and not only a helper for all hosts.
        listed: bool,
    },
}

impl CredentialFile {
    /// Reads a file; nothing if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let fault = |reason: String| CredentialError::File {
            path: path.to_owned(),
            reason,
        };
        let bytes = wits_fs::read_if_exists(path).map_err(|error| fault(reason(&error)))?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        Self::parse(path, &bytes).map(Some)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, CredentialError> {
        let fault = |reason: String| CredentialError::File {
            path: path.to_owned(),
            reason,
        };
        // Podman makes an empty file of a login that did not come about.
        let empty = bytes.iter().all(u8::is_ascii_whitespace);
        let bytes = if empty { b"{}".as_slice() } else { bytes };
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| {
            fault(format!(
                "is not JSON of the form that Docker and podman write (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        let auths = raw.auths.unwrap_or_default();
        let auths = auths.into_iter().map(|(key, entry)| {
            let (host, path) = host_and_path(&key);
            let entry = entry.unwrap_or_default();
            Auth {
                key,
                host,
                path,
                entry,
            }
        });
        let helpers = raw.helpers.unwrap_or_default().into_iter();
        Ok(Self {
            path: path.to_owned(),
            auths: auths.collect(),
            store: raw.store.filter(|name| !name.is_empty()),
            helpers: helpers
                .map(|(host, helper)| (host_and_path(&host).0, helper))
                .collect(),
        })
    }

    /// What it says of `repository` at `host`.
    pub(super) fn find(
        &self,
        host: &str,
        repository: &str,
    ) -> Result<Option<Said>, CredentialError> {
        if let Some(name) = self.helpers.get(host) {
            return Ok(Some(self.helper(name, host)));
        }
        let mut fitting: Vec<&Auth> = self
            .auths
            .iter()
            .filter(|auth| auth.host == host && is_below(repository, &auth.path))
            .collect();
        // Of two that name the same, the plain name of the host comes first.
        fitting.sort_by_key(|auth| (std::cmp::Reverse(auth.path.len()), auth.key.len()));
        for auth in fitting {
            if let Some(credential) = self.credential(auth)? {
                return Ok(Some(Said::Credential(credential)));
            }
        }
        Ok(self.store.as_ref().map(|name| self.helper(name, host)))
    }

    fn helper(&self, name: &str, host: &str) -> Said {
        let listed = self.auths.iter().find(|auth| auth.host == host);
        let server = match listed {
            _ if host == DOCKER_HUB => DOCKER_HUB_KEY.to_owned(),
            Some(auth) if auth.path.is_empty() => auth.key.clone(),
            _ => host.to_owned(),
        };
        Said::Helper {
            name: name.to_owned(),
            server,
            listed: listed.is_some() || self.helpers.contains_key(host),
        }
    }

    fn credential(&self, auth: &Auth) -> Result<Option<Credential>, CredentialError> {
        let entry = &auth.entry;
        if let Some(token) = some(entry.identitytoken.as_ref()) {
            return Ok(Some(Credential::Identity(token.clone())));
        }
        if let Some(token) = some(entry.registrytoken.as_ref()) {
            return Ok(Some(Credential::Bearer(token.clone())));
        }
        if let Some(text) = some(entry.auth.as_ref()) {
            let credential = basic(text.reveal()).ok_or_else(|| CredentialError::File {
                path: self.path.clone(),
                reason: format!(
                    "has an `auth` for `{}` that is not the base64 of `USER:PASSWORD`",
                    auth.key
                ),
            })?;
            return Ok(Some(credential));
        }
        Ok(match (&entry.username, some(entry.password.as_ref())) {
            (Some(user), Some(password)) => Some(Credential::Basic {
                user: user.clone(),
                password: password.clone(),
            }),
            _ => None,
        })
    }

    /// Whether it names `host` itself.
    pub(super) fn lists(&self, host: &str) -> bool {
        self.helpers.contains_key(host) || self.auths.iter().any(|auth| auth.host == host)
    }

    /// The hosts that it names.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        let auths = self.auths.iter().map(|auth| auth.host.as_str());
        auths.chain(self.helpers.keys().map(String::as_str))
    }

    /// The helper that keeps what a login at `host` gives, if one does.
    pub(super) fn keeper(&self, host: &str) -> Option<&str> {
        let helper = self.helpers.get(host).or(self.store.as_ref());
        helper.map(String::as_str)
    }

    /// The keys of `auths` that are for `host` as a whole.
    pub(super) fn keys_of(&self, host: &str) -> Vec<&str> {
        let of_host = |auth: &&Auth| auth.host == host && auth.path.is_empty();
        let auths = self.auths.iter().filter(of_host);
        auths.map(|auth| auth.key.as_str()).collect()
    }
}

/// Why a file cannot be read, as a predicate of it.
pub(super) fn reason(error: &wits_fs::FsError) -> String {
    format!("cannot be read ({error})")
}

/// A file of Docker's or podman's. No error repeats a secret of it, and a file that is changed is as it was
/// but for the change.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) -> Result<(), CredentialError> {
    use super::json::Object;

    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(mut object) = Object::parse(text)
    {
        let printed = object.print(0);
        let again = Object::parse(&printed).expect("what was printed is an object");
        assert_eq!(again.print(0), printed);
        object.set("wits-new", "{}".to_owned()).expect("JSON");
        assert_eq!(object.get("wits-new"), Some("{}"));
        let again = Object::parse(&object.print(0)).expect("an object");
        assert_eq!(again.get("wits-new"), Some("{}"));
    }
    let file = CredentialFile::parse(Path::new("/h/config.json"), data)?;
    let hosts: Vec<String> = file.hosts().map(str::to_owned).collect();
    for host in hosts
        .iter()
        .map(String::as_str)
        .chain(["docker.io", "h.example"])
    {
        let _ = (file.lists(host), file.keeper(host), file.keys_of(host));
        for repository in ["", "acme/x"] {
            file.find(host, repository)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<CredentialFile, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        wits_fs::write_atomic(&path, text).unwrap();
        let file = CredentialFile::read(&path);
        file.map(Option::unwrap).map_err(|error| {
            error
                .to_string()
                .replace(&path.display().to_string(), "FILE")
        })
    }

    fn user(file: &CredentialFile, host: &str, repository: &str) -> String {
        match file.find(host, repository) {
            Ok(Some(Said::Credential(Credential::Basic { user, .. }))) => user,
            other => format!("{other:?}"),
        }
    }

    fn entry(user: &str) -> String {
        format!(
            "{{ \"auth\": \"{}\" }}",
            super::super::encode_basic(user, "canary")
        )
    }

    #[test]
    fn the_longest_path_that_fits_counts() {
        let text = format!(
            r#"{{"auths": {{"h.example": {}, "h.example/acme": {}, "h.example/acme/secret": {}, "other.example": {{}}}}}}"#,
            entry("host"),
            entry("acme"),
            entry("secret")
        );
        let file = file(&text).unwrap();
        for (repository, name) in [
            ("", "host"),
            ("x/y", "host"),
            ("acme-two/y", "host"),
            ("acme/y", "acme"),
            ("acme/secret", "secret"),
            ("acme/secret/z", "secret"),
        ] {
            assert_eq!(user(&file, "h.example", repository), name);
        }
        assert_eq!(user(&file, "other.example", ""), "Ok(None)");
        assert!(file.lists("other.example"));
        assert!(!file.lists("third.example"));
    }

    #[test]
    fn docker_hub_is_found_under_its_odd_key() {
        let text = format!(
            r#"{{"auths":{{"https://index.docker.io/v1/":{}}}}}"#,
            entry("hub")
        );
        assert_eq!(user(&file(&text).unwrap(), "docker.io", "acme/x"), "hub");
        let store = file(r#"{"credsStore":"s"}"#).unwrap();
        assert_eq!(
            store.find("docker.io", "").unwrap(),
            Some(Said::Helper {
                name: "s".to_owned(),
                server: DOCKER_HUB_KEY.to_owned(),
                listed: false
            })
        );
    }

    #[test]
    fn helpers_and_tokens_are_told_apart() {
        let file = file(
            r#"{"auths":{"https://a.example":{},"id.example":{"auth":"","identitytoken":"canary"},
                "reg.example":{"registrytoken":"canary"},"plain.example":{"username":"u","password":"canary"}},
               "credsStore":"store","credHelpers":{"b.example":"own"}}"#,
        )
        .unwrap();
        let said = |host: &str| format!("{:?}", file.find(host, "x/y").unwrap().unwrap());
        assert_eq!(
            said("a.example"),
            r#"Helper { name: "store", server: "https://a.example", listed: true }"#
        );
        assert_eq!(
            said("b.example"),
            r#"Helper { name: "own", server: "b.example", listed: true }"#
        );
        assert_eq!(
            said("c.example"),
            r#"Helper { name: "store", server: "c.example", listed: false }"#
        );
        assert_eq!(said("id.example"), "Credential(Identity(***))");
        assert_eq!(said("reg.example"), "Credential(Bearer(***))");
        assert!(said("plain.example").starts_with("Credential(Basic { user: \"u\""));
        assert!(!format!("{file:?}").contains("canary"));
    }

    #[test]
    fn a_broken_file_is_named_and_shows_nothing() {
        assert_eq!(
            file("{\"auths\":\n{\"h\":{\"auth\": canary}}}").unwrap_err(),
            "`FILE` is not JSON of the form that Docker and podman write (line 2, column 15)"
        );
        let file = file(r#"{"auths":{"h":{"auth":"canary:!"}}}"#).unwrap();
        let error = file.find("h", "").unwrap_err().to_string();
        assert!(
            error.contains("for `h`") && !error.contains("canary"),
            "{error}"
        );
        for text in ["", "{}", " \n", "{\"auths\":null}"] {
            assert!(self::file(text).unwrap().find("h", "").unwrap().is_none());
        }
    }
}
