//! All places together: the [`Credentials`] that registries ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wits_registry::credentials::CredentialAnswer;
use wits_registry::{Credential, CredentialError, Credentials};

use super::file::{CredentialFile, Said};
use super::helper::{Failure, Helper};
use super::{CredentialSources, is_below, variables};
use crate::aside::Aside;
use crate::foreign::WkgCredential;
use crate::report::{Note, Reporter};

type Answer = Result<Option<Credential>, CredentialError>;

/// By helper and server.
type Helpers = BTreeMap<(Helper, String), Arc<OnceLock<Answer>>>;

/// The user's credentials. One value serves a whole run; a clone is the same one.
#[derive(Clone)]
pub(crate) struct Keyring(Arc<Inner>);

struct Inner {
    sources: CredentialSources,
    /// What wkg's configuration has, and what its names turn out to lead to.
    wkg: Mutex<Vec<WkgCredential>>,
    /// The hosts that routes name: two of them may be spelled alike in a variable.
    routed: BTreeSet<String>,
    files: OnceLock<Result<Vec<CredentialFile>, CredentialError>>,
    /// What each helper said of each server. Whoever asks while it is running waits for it.
    helpers: Mutex<Helpers>,
    reporter: Arc<dyn Reporter>,
    /// Knows whether it is certain that a credential is needed.
    aside: Arc<Aside>,
}

impl Keyring {
    pub(crate) fn new(
        sources: CredentialSources,
        wkg: Vec<WkgCredential>,
        routed: BTreeSet<String>,
        reporter: Arc<dyn Reporter>,
        aside: Arc<Aside>,
    ) -> Self {
        Self(Arc::new(Inner {
            sources,
            wkg: Mutex::new(wkg),
            routed,
            files: OnceLock::new(),
            helpers: Mutex::default(),
            reporter,
            aside,
        }))
    }

    /// The registry that wkg's configuration calls `name` turned out to be at `host`, below `prefix`.
    pub(crate) fn leads_to(&self, name: &str, host: &str, prefix: &str) {
        let mut wkg = self.0.wkg.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |it: &&WkgCredential| it.registry == name;
        if let Some(credential) = wkg.iter().find(same).map(|it| it.credential.clone()) {
            wkg.push(WkgCredential {
                registry: name.to_owned(),
                host: host.to_owned(),
                prefix: prefix.to_owned(),
                credential,
            });
        }
    }

    /// Where a credential for `host` is kept, as far as that is said anywhere. Runs no helper: one that
    /// is set for all hosts says nothing of this one.
    pub(crate) fn lists(&self, host: &str) -> Result<Option<String>, CredentialError> {
        self.0.lists(&named(host))
    }

    /// Every host that a credential is kept for, and where. Runs no helper.
    pub(crate) fn hosts(&self) -> Result<BTreeMap<String, String>, CredentialError> {
        let mut found = BTreeMap::new();
        for host in self.0.known()? {
            if let Some(place) = self.0.lists(&host)? {
                found.insert(host, place);
            }
        }
        Ok(found)
    }
}

/// The one name of a host that has several.
fn named(host: &str) -> String {
    super::host_and_path(host).0
}

impl Inner {
    fn files(&self) -> Result<&[CredentialFile], CredentialError> {
        let files = self.files.get_or_init(|| {
            let CredentialSources {
                explicit,
                docker,
                podman,
                ..
            } = &self.sources;
            let paths = explicit.iter().chain(docker).chain(podman);
            let files = paths.map(|path| CredentialFile::read(path));
            files.filter_map(Result::transpose).collect()
        });
        files.as_deref().map_err(Clone::clone)
    }

    /// Every host that anything here names.
    fn known(&self) -> Result<BTreeSet<String>, CredentialError> {
        let mut hosts: BTreeSet<String> = self.routed.iter().map(|host| named(host)).collect();
        for file in self.files()? {
            hosts.extend(file.hosts().map(str::to_owned));
        }
        let wkg = self.wkg.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.extend(wkg.iter().map(|it| it.host.clone()));
        Ok(hosts)
    }

    fn lists(&self, host: &str) -> Result<Option<String>, CredentialError> {
        if let Some((name, _)) = variables::set(&self.sources.variables, host) {
            return Ok(Some(name));
        }
        let wkg = self.wkg.lock().unwrap_or_else(PoisonError::into_inner);
        if wkg.iter().any(|it| it.host == host) {
            return Ok(Some("wasm-pkg/config.toml".to_owned()));
        }
        drop(wkg);
        let files = self.files()?;
        let file = files.iter().find(|file| file.lists(host));
        Ok(file.map(|file| file.path.display().to_string()))
    }

    /// The credential for a repository, if it is known without a helper that was not asked yet.
    fn find_at_once(&self, host: &str, repository: &str) -> Option<Answer> {
        let mut is_known = true;
        let found = self.find(host, repository, |name, _, server, _| {
            let told = Helper::named(name).and_then(|helper| self.told(helper, server));
            is_known &= told.is_some();
            told.unwrap_or(Ok(None))
        });
        is_known.then_some(found)
    }

    /// The credential for a repository; `ask` has that of a helper's name, its file, a server, and whether the
    /// file lists it.
    fn find(
        &self,
        host: &str,
        repository: &str,
        mut ask: impl FnMut(&str, &CredentialFile, &str, bool) -> Answer,
    ) -> Answer {
        if variables::set(&self.sources.variables, host).is_some() {
            return variables::find(&self.sources.variables, host, &self.known()?);
        }
        if let Some(found) = self.wkg_credential(host, repository) {
            return Ok(Some(found));
        }
        for file in self.files()? {
            let found = match file.find(host, repository)? {
                None => None,
                Some(Said::Credential(credential)) => Some(credential),
                Some(Said::Helper {
                    name,
                    server,
                    listed,
                }) => ask(&name, file, &server, listed)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What a helper has said of a server.
    fn told(&self, helper: Helper, server: &str) -> Option<Answer> {
        let helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        helpers.get(&(helper, server.to_owned()))?.get().cloned()
    }

    fn wkg_credential(&self, host: &str, repository: &str) -> Option<Credential> {
        let wkg = self.wkg.lock().unwrap_or_else(PoisonError::into_inner);
        wkg.iter()
            .filter(|it| it.host == host && is_below(repository, &it.prefix))
            .max_by_key(|it| it.prefix.len())
            .map(|it| it.credential.clone())
    }

    fn ask(&self, name: &str, file: &CredentialFile, server: &str, listed: bool) -> Answer {
        let helper = Helper::named(name).ok_or_else(|| CredentialError::File {
            path: file.path.clone(),
            reason: "names a credential helper that is no plain name".to_owned(),
        })?;
        let key = (helper.clone(), server.to_owned());
        let cell = {
            let mut helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(helpers.entry(key).or_default())
        };
        let ask = || match helper.get(server) {
            // Docker Desktop's store is named in many a file that came from another machine. Where it
            // is not known to have anything for this host, nothing is lost without it.
            Err(Failure::Missing(_)) if !listed => {
                self.reporter.note(&Note::NoHelper {
                    helper: helper.program().to_owned(),
                    file: file.path.clone(),
                    host: server.to_owned(),
                });
                Ok(None)
            }
            other => other.map_err(CredentialError::from),
        };
        cell.get_or_init(ask).clone()
    }
}

impl Credentials for Keyring {
    fn find<'a>(&'a self, host: &'a str, repository: &'a str) -> CredentialAnswer<'a> {
        let (inner, host, repository) = (Arc::clone(&self.0), named(host), repository.to_owned());
        if let Some(answer) = inner.find_at_once(&host, &repository) {
            return Box::pin(std::future::ready(answer));
        }
        // A helper may show a window: not for what nobody may need.
        if inner.aside.is_quiet() {
            return Box::pin(std::future::ready(Err(CredentialError::Unasked)));
        }
        // A helper may take its time, which is not that of the requests under way.
        let find = move || {
            inner.find(&host, &repository, |name, file, server, listed| {
                inner.ask(name, file, server, listed)
            })
        };
        #[cfg(feature = "network")]
        return Box::pin(async move {
            match tokio::task::spawn_blocking(find).await {
                Ok(answer) => answer,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        });
        #[cfg(not(feature = "network"))]
        Box::pin(async move { find() })
    }

    fn is_certain(&self) -> bool {
        !self.0.aside.is_quiet()
    }

    fn held(&self, host: &str) -> bool {
        let by_store = || {
            let files = self.0.files();
            files.map_or(true, |files| files.iter().any(|file| file.store.is_some()))
        };
        // A file that cannot be read may hold anything.
        self.lists(host).map_or(true, |place| place.is_some()) || by_store()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Silent;
    use wits_registry::Redacted;

    fn keyring(sources: CredentialSources, wkg: Vec<WkgCredential>) -> Keyring {
        let aside = Arc::new(Aside::new(Arc::new(Silent)));
        Keyring::new(sources, wkg, BTreeSet::new(), Arc::new(Silent), aside)
    }

    fn wkg(host: &str, prefix: &str, token: &str) -> WkgCredential {
        WkgCredential {
            registry: "name".to_owned(),
            host: host.to_owned(),
            prefix: prefix.to_owned(),
            credential: Credential::Bearer(token.into()),
        }
    }

    fn token(keyring: &Keyring, host: &str, repository: &str) -> String {
        let ask = |name: &str, file: &CredentialFile, server: &str, listed| {
            keyring.0.ask(name, file, server, listed)
        };
        match keyring.0.find(host, repository, ask) {
            Ok(Some(Credential::Bearer(token))) => token.reveal().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_first_place_counts_and_the_longest_path_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, token: &str| {
            let path = dir.path().join(name);
            let text = format!(r#"{{"auths":{{"h.example":{{"registrytoken":"{token}"}}}}}}"#);
            wits_fs::write_atomic(&path, text).unwrap();
            path
        };
        let mut sources = CredentialSources {
            docker: Some(write("docker.json", "docker")),
            podman: vec![dir.path().join("absent"), write("podman.json", "podman")],
            ..CredentialSources::default()
        };
        let asked = |sources: &CredentialSources, wkg| {
            token(&keyring(sources.clone(), wkg), "h.example", "acme/x")
        };
        assert_eq!(asked(&sources, vec![]), "docker");
        sources.explicit = Some(write("explicit.json", "explicit"));
        assert_eq!(asked(&sources, vec![]), "explicit");
        let both = vec![
            wkg("h.example", "", "wkg"),
            wkg("h.example", "acme", "below"),
        ];
        assert_eq!(asked(&sources, both), "below");
        let bearer = |name: &str, value: &str| (name.to_owned(), Redacted::new(value));
        let name = "WKG_REGISTRY_H_EXAMPLE_AUTH_BEARER";
        sources.variables.extend([bearer(name, "wkg-variable")]);
        assert_eq!(
            asked(&sources, vec![wkg("h.example", "", "wkg")]),
            "wkg-variable"
        );
        sources
            .variables
            .extend([bearer("WITS_TOKEN_H_EXAMPLE", "variable")]);
        assert_eq!(asked(&sources, vec![]), "variable");
    }

    #[test]
    fn who_is_known_is_told_without_a_helper() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        let text = r#"{"auths":{"a.example":{}},"credsStore":"x","credHelpers":{"b.example":"y"}}"#;
        wits_fs::write_atomic(&path, text).unwrap();
        let sources = CredentialSources {
            docker: Some(path.clone()),
            ..CredentialSources::default()
        };
        let keyring = keyring(sources, vec![wkg("c.example", "", "t")]);
        let shown = path.display().to_string();
        for host in ["a.example", "b.example"] {
            assert_eq!(keyring.lists(host).unwrap(), Some(shown.clone()));
        }
        assert!(keyring.lists("c.example").unwrap().is_some());
        assert_eq!(keyring.lists("d.example").unwrap(), None);
        assert!(keyring.held("d.example"), "the store may have it");
        keyring.leads_to("name", "d.example", "p");
        assert!(keyring.lists("d.example").unwrap().is_some());
        assert_eq!(token(&keyring, "d.example", "p/q"), "t");
    }
}
