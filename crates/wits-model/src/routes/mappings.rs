//! The keys of one file, or of all files merged.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Origin, RouteKey, Verification};
use crate::{PackageName, RegistryUrl};

/// Certificates that a host's TLS is checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificates {
    /// A file in PEM.
    File(PathBuf),
    /// PEM as it stands in a file of another tool.
    Text(String),
}

impl std::fmt::Display for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Text(_) => f.write_str("(in the file itself)"),
        }
    }
}

/// A value and who gave it.
#[derive(Debug, Clone)]
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

/// Every key that can be set, each by itself: a user may map a package whose skew a project accepts.
#[derive(Debug, Clone, Default)]
pub(super) struct Mappings {
    pub(super) default: Option<Setting<RegistryUrl>>,
    pub(super) namespaces: BTreeMap<String, Setting<RegistryUrl>>,
    pub(super) packages: BTreeMap<PackageName, PackageRule>,
    pub(super) hosts: BTreeMap<String, HostRule>,
    pub(super) mirrors: BTreeMap<RegistryUrl, MirrorRule>,
    /// For domains that are asked which registry they name: the registry that a domain is itself if it
    /// answers that it has no such document. Only wkg's file says such a thing.
    pub(super) fallbacks: BTreeMap<String, RegistryUrl>,
}

/// An entry of `[mirrors]`.
#[derive(Debug, Clone)]
pub(super) struct MirrorRule {
    pub(super) registry: Setting<RegistryUrl>,
    /// Whether its tags are believed, and not only bytes that have a digest.
    pub(super) tags: Option<Setting<bool>>,
}

/// An entry of `[packages]`.
#[derive(Debug, Clone, Default)]
pub(super) struct PackageRule {
    pub(super) registry: Option<Setting<RegistryUrl>>,
    pub(super) skew: Option<Setting<bool>>,
    pub(super) embedded: Option<Setting<bool>>,
}

/// An entry of `[hosts]`.
#[derive(Debug, Clone, Default)]
pub(super) struct HostRule {
    pub(super) ca: Option<Setting<Certificates>>,
    pub(super) verification: Option<Setting<Verification>>,
}

impl Mappings {
    /// Adds the keys of `later` that are not set yet.
    pub(super) fn absorb(&mut self, later: &Self) {
        fill(&mut self.default, later.default.as_ref());
        for (key, setting) in &later.namespaces {
            self.namespaces
                .entry(key.clone())
                .or_insert_with(|| setting.clone());
        }
        for (key, rule) in &later.packages {
            let mine = self.packages.entry(key.clone()).or_default();
            fill(&mut mine.registry, rule.registry.as_ref());
            fill(&mut mine.skew, rule.skew.as_ref());
            fill(&mut mine.embedded, rule.embedded.as_ref());
        }
        for (key, rule) in &later.hosts {
            let mine = self.hosts.entry(key.clone()).or_default();
            fill(&mut mine.ca, rule.ca.as_ref());
            fill(&mut mine.verification, rule.verification.as_ref());
        }
        for (key, rule) in &later.mirrors {
            self.mirrors
                .entry(key.clone())
                .or_insert_with(|| rule.clone());
        }
        for (domain, registry) in &later.fallbacks {
            let registry = || registry.clone();
            self.fallbacks
                .entry(domain.clone())
                .or_insert_with(registry);
        }
    }

    /// Every registry that is named, under its key: routes and mirrors.
    pub(super) fn registries(&self) -> impl Iterator<Item = (String, &Setting<RegistryUrl>)> {
        let default = self.default.iter();
        let default = default.map(|it| (RouteKey::Default.to_string(), it));
        let namespaces = self.namespaces.iter();
        let namespaces =
            namespaces.map(|(key, it)| (RouteKey::Namespace(key.clone()).to_string(), it));
        let packages = self.packages.iter().filter_map(|(key, rule)| {
            let key = RouteKey::Package(key.clone()).to_string();
            Some((key, rule.registry.as_ref()?))
        });
        let mirrors = self.mirrors.iter();
        let mirrors = mirrors.map(|(of, rule)| (format!("mirrors.\"{of}\""), &rule.registry));
        default.chain(namespaces).chain(packages).chain(mirrors)
    }

    /// The mapping of this very package, or else of its namespace.
    pub(super) fn specific(&self, name: &PackageName) -> Option<(RouteKey, &Setting<RegistryUrl>)> {
        let package = self.packages.get(name).and_then(|it| it.registry.as_ref());
        let namespace = || self.namespaces.get(name.namespace());
        package
            .map(|setting| (RouteKey::Package(name.clone()), setting))
            .or_else(|| {
                let key = RouteKey::Namespace(name.namespace().to_owned());
                namespace().map(|setting| (key, setting))
            })
    }
}

fn fill<T: Clone>(mine: &mut Option<Setting<T>>, later: Option<&Setting<T>>) {
    if mine.is_none() {
        *mine = later.cloned();
    }
}
