//! All layers together.

use std::path::Path;

use super::mappings::{Mappings, Setting};
use super::{Layer, Origin, Reroute, Route, RouteError, RouteFile, RouteKey};
use crate::{PackageName, RegistryUrl};

/// What is in force.
#[derive(Debug, Clone)]
pub struct Routes {
    pub(super) mappings: Mappings,
}

impl Routes {
    /// What is in force without any file.
    pub fn built_in() -> Self {
        Self {
            mappings: RouteFile::built_in().mappings,
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
        Ok(Self { mappings })
    }

    /// The one registry that serves `name`, if any does.
    pub fn route(&self, name: &PackageName) -> Option<Route> {
        let default = || Some((RouteKey::Default, self.mappings.default.as_ref()?));
        let (key, setting) = self.mappings.specific(name).or_else(default)?;
        Some(Route {
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

    /// The file of certificates that the TLS of `host` (`HOST[:PORT]`, lower case) is checked with.
    pub fn ca(&self, host: &str) -> Option<&Path> {
        let setting = self.mappings.hosts.get(host)?.ca.as_ref()?;
        Some(&setting.value)
    }

    /// The mirrors: what is mirrored, and where.
    pub fn mirrors(&self) -> impl Iterator<Item = (&RegistryUrl, &RegistryUrl, &Origin)> {
        self.mappings
            .mirrors
            .iter()
            .map(|(origin, mirror)| (origin, &mirror.value, &mirror.origin))
    }

    /// The hosts that the project's file sets a `[hosts]` or `[mirrors]` key for. Whoever holds the
    /// user's credentials must refuse these for a host it has credentials for: this crate knows of
    /// none, so the rule is only prepared here.
    pub fn hosts_set_by_project(&self) -> impl Iterator<Item = (&str, &Origin)> {
        let hosts = self.mappings.hosts.iter().filter_map(|(host, rule)| {
            let setting = rule.ca.as_ref()?;
            Some((host.as_str(), &setting.origin))
        });
        let mirrors = self.mappings.mirrors.iter().filter_map(|(url, setting)| {
            let host = match url {
                RegistryUrl::Oci { host, .. } | RegistryUrl::Bindle { host, .. } => host,
                RegistryUrl::Layout { .. } | RegistryUrl::WellKnown { .. } => return None,
            };
            Some((host.as_str(), &setting.origin))
        });
        hosts
            .chain(mirrors)
            .filter(|(_, origin)| origin.layer == Layer::Project)
    }
}

/// Refuses a key that the project wins and the user sends elsewhere.
fn check_project(merged: &Mappings, user: &Mappings) -> Result<(), RouteError> {
    let refuse = |key, project: &Setting<RegistryUrl>, user: &Setting<RegistryUrl>| {
        if project.origin.layer != Layer::Project || project.value == user.value {
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
        if let Some(user) = user.namespaces.get(namespace) {
            refuse(RouteKey::Namespace(namespace.clone()), project, user)?;
        }
    }
    for (name, rule) in &merged.packages {
        // The user may have mapped the package, or only its namespace: both are the user's word on it.
        if let (Some(project), Some((_, user))) = (&rule.registry, user.specific(name)) {
            refuse(RouteKey::Package(name.clone()), project, user)?;
        }
    }
    Ok(())
}
