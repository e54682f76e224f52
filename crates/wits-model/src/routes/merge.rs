//! All layers together.

use std::collections::BTreeSet;

use super::mappings::{Certificates, Mappings, Setting};
use super::{Layer, Origin, Reroute, Route, RouteError, RouteFile, RouteKey, Verification};
use crate::{PackageName, RegistryUrl};

/// What is in force.
#[derive(Debug, Clone)]
pub struct Routes {
    pub(super) mappings: Mappings,
    /// What the user's own files say, by which a project's are judged.
    user: Mappings,
}

impl Routes {
    /// What is in force without any file.
    pub fn built_in() -> Self {
        Self {
            mappings: RouteFile::built_in().mappings,
            user: Mappings::default(),
        }
    }

    /// Merges `files` in the order of their layers (within one layer, in the order given), the first
    /// winning each key, with the built-in mappings after them all.
    ///
    /// A checkout is not trusted with the user's routes: where the project's file wins a key of
    /// `[namespaces]` or `[packages]`, the user's own files (`registry.toml` and wkg's) must not send
    /// the same name elsewhere. The user allows it by giving that very key the same value.
    ///
    /// # Errors
    /// [`RouteError::ProjectReroutes`].
    pub fn merge(files: impl IntoIterator<Item = RouteFile>) -> Result<Self, RouteError> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.push(RouteFile::built_in());
        files.sort_by_key(RouteFile::layer);
        let mut mappings = Mappings::default();
        let mut user = Mappings::default();
        for file in &files {
            mappings.absorb(&file.mappings);
            if matches!(file.layer, Layer::User | Layer::Wkg) {
                user.absorb(&file.mappings);
            }
        }
        check_project(&mappings, &user)?;
        keep_verification(&mut mappings, &user);
        Ok(Self { mappings, user })
    }

    /// The one registry that serves `name`, if any does.
    pub fn route(&self, name: &PackageName) -> Option<Route> {
        let default = || Some((RouteKey::Default, self.mappings.default.as_ref()?));
        let (key, setting) = self.mappings.specific(name).or_else(default)?;
        Some(Route {
            or: self.fallback(&setting.value, &setting.origin).cloned(),
            url: setting.value.clone(),
            origin: setting.origin.clone(),
            key,
        })
    }

    /// Whether a copy of `name` embedded in another package may differ from the real one.
    pub fn allows_skew(&self, name: &PackageName) -> bool {
        let rule = self.mappings.packages.get(name);
        rule.and_then(|it| it.skew.as_ref())
            .is_some_and(|it| it.value)
    }

    /// Whether `name` may be taken from a copy embedded in another package.
    pub fn allows_embedded(&self, name: &PackageName) -> bool {
        let rule = self.mappings.packages.get(name);
        rule.and_then(|it| it.embedded.as_ref())
            .is_some_and(|it| it.value)
    }

    /// The certificates that the TLS of `host` (`HOST[:PORT]`, lower case) is checked with.
    pub fn ca(&self, host: &str) -> Option<&Certificates> {
        let setting = self.mappings.hosts.get(host)?.ca.as_ref()?;
        Some(&setting.value)
    }

    /// The certificates of all hosts that have their own, and who says so.
    pub fn certificates(&self) -> impl Iterator<Item = (&str, &Certificates, &Origin)> {
        self.mappings.hosts.iter().filter_map(|(host, rule)| {
            let ca = rule.ca.as_ref()?;
            Some((host.as_str(), &ca.value, &ca.origin))
        })
    }

    /// Which signatures the invoices of each Bindle server must have, where something is said of it.
    pub fn verifications(&self) -> impl Iterator<Item = (&str, &Verification)> {
        self.mappings.hosts.iter().filter_map(|(host, rule)| {
            let setting = rule.verification.as_ref()?;
            Some((host.as_str(), &setting.value))
        })
    }

    /// The mirrors.
    pub fn mirrors(&self) -> impl Iterator<Item = Mirror<'_>> {
        self.mappings.mirrors.iter().map(|(of, rule)| Mirror {
            of,
            by: &rule.registry.value,
            tags: rule.tags.as_ref().is_some_and(|tags| tags.value),
            origin: &rule.registry.origin,
        })
    }

    /// What `url`, said by `origin`, is itself where it is a domain without a document.
    pub(super) fn fallback(&self, url: &RegistryUrl, origin: &Origin) -> Option<&RegistryUrl> {
        fallback(&self.mappings, url, origin)
    }

    /// What the project's file does to hosts that the user's own files do not do too: the keys of
    /// `[hosts]` and `[mirrors]`, and every route without TLS. Whoever holds the user's credentials
    /// refuses these for a host it has credentials for; this crate knows of none.
    pub fn hosts_set_by_project(&self) -> Vec<HostSetting<'_>> {
        let mut found = Vec::new();
        for (host, rule) in &self.mappings.hosts {
            let users = self.user.hosts.get(host).and_then(|it| it.ca.as_ref());
            if let Some(ca) = &rule.ca
                && users.is_none_or(|users| users.value != ca.value)
            {
                found.push(HostSetting {
                    host,
                    key: format!("hosts.\"{host}\".ca"),
                    what: HostChange::Certificates,
                    origin: &ca.origin,
                });
            }
        }
        for (of, rule) in &self.mappings.mirrors {
            let users = self.user.mirrors.get(of);
            if users.is_some_and(|users| users.registry.value == rule.registry.value) {
                continue;
            }
            if let Some(host) = of.host() {
                found.push(HostSetting {
                    host,
                    key: format!("mirrors.\"{of}\""),
                    what: HostChange::Mirror,
                    origin: &rule.registry.origin,
                });
            }
        }
        for (key, setting) in self.mappings.registries() {
            let users = self.user.registries().find(|(theirs, _)| *theirs == key);
            if users.is_some_and(|(_, users)| users.value == setting.value) {
                continue;
            }
            if let Some(host) = setting.value.host().filter(|_| setting.value.is_plain()) {
                found.push(HostSetting {
                    host,
                    key,
                    what: HostChange::Plain,
                    origin: &setting.origin,
                });
            }
        }
        found.retain(|setting| setting.origin.layer == Layer::Project);
        found
    }

    /// The hosts that the user, and not only a checkout, names without TLS.
    pub fn hosts_without_tls(&self) -> BTreeSet<&str> {
        let merged = self.mappings.registries();
        let merged = merged.filter(|(_, setting)| setting.origin.layer != Layer::Project);
        let urls = merged.chain(self.user.registries());
        let urls = urls.map(|(_, setting)| &setting.value);
        urls.chain(self.mappings.fallbacks.values())
            .filter(|url| url.is_plain())
            .filter_map(RegistryUrl::host)
            .collect()
    }

    /// The hosts that any mapping names.
    pub fn hosts(&self) -> BTreeSet<&str> {
        let registries = self.mappings.registries();
        let mut hosts: BTreeSet<&str> = registries
            .filter_map(|(_, setting)| setting.value.host())
            .collect();
        hosts.extend(self.mappings.mirrors.keys().filter_map(RegistryUrl::host));
        hosts.extend(self.mappings.hosts.keys().map(String::as_str));
        let fallbacks = self.mappings.fallbacks.values();
        hosts.extend(fallbacks.filter_map(RegistryUrl::host));
        hosts
    }
}

/// A mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror<'a> {
    /// The registry, or the part of it, that is mirrored.
    pub of: &'a RegistryUrl,
    /// Who serves its bytes.
    pub by: &'a RegistryUrl,
    /// Whether the mirror's tags are believed too.
    pub tags: bool,
    /// Who says so.
    pub origin: &'a Origin,
}

/// Something that the project's file says of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSetting<'a> {
    /// The host, with its port if one is named.
    pub host: &'a str,
    /// The key.
    pub key: String,
    /// What it does.
    pub what: HostChange,
    /// Where it stands.
    pub origin: &'a Origin,
}

/// What a key does to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostChange {
    /// Other certificates are trusted for it.
    Certificates,
    /// Another registry answers in its place.
    Mirror,
    /// It is spoken to without TLS.
    Plain,
}

/// What the user demands of a host's signatures stands, whatever the project's file says of it.
fn keep_verification(merged: &mut Mappings, user: &Mappings) {
    for (host, rule) in &mut merged.hosts {
        let users = user.hosts.get(host).and_then(|it| it.verification.as_ref());
        if let (Some(verification), Some(users)) = (&mut rule.verification, users)
            && verification.origin.layer == Layer::Project
        {
            *verification = users.clone();
        }
    }
}

fn fallback<'a>(
    mappings: &'a Mappings,
    url: &RegistryUrl,
    origin: &Origin,
) -> Option<&'a RegistryUrl> {
    match url {
        // Only wkg's own words have wkg's meaning.
        RegistryUrl::WellKnown { domain } if origin.layer == Layer::Wkg => {
            mappings.fallbacks.get(domain)
        }
        _ => None,
    }
}

/// Refuses a key that the project wins and the user sends elsewhere.
fn check_project(merged: &Mappings, users: &Mappings) -> Result<(), RouteError> {
    let refuse = |key, project: &Setting<RegistryUrl>, user: &Setting<RegistryUrl>| {
        if project.origin.layer != Layer::Project || project.value == user.value {
            return Ok(());
        }
        // What wkg's file only names may be that host itself: to say so sends nothing elsewhere.
        if fallback(users, &user.value, &user.origin) == Some(&project.value) {
            return Ok(());
        }
        Err(RouteError::ProjectReroutes(Box::new(Reroute {
            key,
            url: project.value.clone(),
            origin: project.origin.clone(),
            user_url: user.value.clone(),
            user_origin: user.origin.clone(),
        })))
    };
    for (namespace, project) in &merged.namespaces {
        if let Some(user) = users.namespaces.get(namespace) {
            refuse(RouteKey::Namespace(namespace.clone()), project, user)?;
        }
    }
    for (name, rule) in &merged.packages {
        // The user may have mapped the package, or only its namespace: both are the user's word on it.
        if let (Some(project), Some((_, user))) = (&rule.registry, users.specific(name)) {
            refuse(RouteKey::Package(name.clone()), project, user)?;
        }
    }
    Ok(())
}
