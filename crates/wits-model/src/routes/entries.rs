//! What is in force, key by key, for people to read.

use std::fmt::Display;

use super::mappings::Setting;
use super::{Origin, RouteKey, Routes};
use crate::RegistryUrl;

/// One effective key, for `wits config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key, as a dotted TOML key: `packages."acme:secret".registry`.
    pub key: String,
    /// The value, as text.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

impl Routes {
    /// Every effective key, in the order of the file format.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Entries::default();
        let registry = |setting: &Setting<RegistryUrl>| {
            let or = self.fallback(&setting.value, &setting.origin);
            let value = match or {
                Some(or) => format!("{}, or else {or}", setting.value),
                None => setting.value.to_string(),
            };
            Setting {
                value,
                origin: setting.origin.clone(),
            }
        };
        let default = self.mappings.default.as_ref().map(registry);
        entries.add("default", default.as_ref());
        for (namespace, setting) in &self.mappings.namespaces {
            let key = RouteKey::Namespace(namespace.clone());
            entries.add(key, Some(&registry(setting)));
        }
        for (name, rule) in &self.mappings.packages {
            let key = RouteKey::Package(name.clone());
            entries.add(
                format!("{key}.registry"),
                rule.registry.as_ref().map(registry).as_ref(),
            );
            entries.permission(format!("{key}.skew"), rule.skew.as_ref());
            entries.permission(format!("{key}.embedded"), rule.embedded.as_ref());
        }
        for (host, rule) in &self.mappings.hosts {
            if let Some(ca) = &rule.ca {
                let key = format!("hosts.\"{host}\".ca");
                entries.push(key, &ca.value, &ca.origin);
            }
            let key = format!("hosts.\"{host}\".bindle-verification");
            entries.add(key, rule.verification.as_ref());
        }
        for (url, rule) in &self.mappings.mirrors {
            let key = format!("mirrors.\"{url}\"");
            // Where nothing but the registry is said, the short form of the file.
            let registry = match &rule.tags {
                Some(_) => format!("{key}.registry"),
                None => key.clone(),
            };
            entries.add(registry, Some(&rule.registry));
            entries.permission(format!("{key}.tags"), rule.tags.as_ref());
        }
        entries.0
    }
}

#[derive(Default)]
struct Entries(Vec<Entry>);

impl Entries {
    fn push(&mut self, key: impl Display, value: impl Display, origin: &Origin) {
        self.0.push(Entry {
            key: key.to_string(),
            value: value.to_string(),
            origin: origin.clone(),
        });
    }

    fn add<T: Display>(&mut self, key: impl Display, setting: Option<&Setting<T>>) {
        if let Some(setting) = setting {
            self.push(key, &setting.value, &setting.origin);
        }
    }

    fn permission(&mut self, key: String, setting: Option<&Setting<bool>>) {
        if let Some(setting) = setting {
            let value = if setting.value { "allow" } else { "deny" };
            self.push(key, value, &setting.origin);
        }
    }
}
