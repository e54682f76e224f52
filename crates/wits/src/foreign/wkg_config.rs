//! `wasm-pkg/config.toml`, the user's configuration of wkg, read as it stands.
//!
//! ```toml
//! default_registry = "acme.example"
//!
//! [namespace_registries]
//! wasi = "wasi.dev"
//! acme = { registry = "acme", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "acme/" } } }
//!
//! [package_registry_overrides]
//! "acme:secret" = "registry.acme.example"
//!
//! [registry."registry.acme.example".oci]
//! auth = { username = "me", password = "…" }     # or "BASE64"
//! protocol = "https"
//! extra_root_certificates = [{ encoding = "pem", data = "…" }]
//!
//! [registry."here.example".local]
//! root = "/srv/packages"
//! ```
//!
//! A registry that is only named is asked for its `registry.json`, and is the OCI registry itself where
//! it has none. wkg takes every failure for "has none"; here only the answer 404 is, so that nobody who
//! stands in the way can send a namespace to another place ([`wits_model::routes::Route::or`]).
//!
//! What differs: a `default_registry` does not take `wasi` and `ba` from where they are known to be, and
//! a `namespacePrefix` is a path, with or without its last slash.

mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wits_model::document::{Document, DocumentError, Table, Value};
use wits_model::routes::{Certificates, Layer, Origin, RouteError, RouteFile};
use wits_model::{PackageName, RegistryUrl, Scheme};
use wits_registry::Credential;

use self::settings::Settings;
use crate::report::Note;
use crate::{Context, Error, credentials};

/// What wkg's configuration says.
#[derive(Debug)]
pub(crate) struct WkgConfig {
    pub(crate) routes: RouteFile,
    pub(crate) credentials: Vec<WkgCredential>,
    /// The roots of `local` registries.
    pub(crate) local: Vec<PathBuf>,
}

/// A credential of wkg's configuration, and what it is for.
#[derive(Debug, Clone)]
pub(crate) struct WkgCredential {
    /// wkg's name of the registry.
    pub(crate) registry: String,
    /// The host that it is sent to.
    pub(crate) host: String,
    /// The path below which repositories lie that it is for; empty for all of the host.
    pub(crate) prefix: String,
    pub(crate) credential: Credential,
}

impl WkgConfig {
    /// Reads it.
    pub(crate) fn parse(context: &Context, text: &str, file: &Path) -> Result<Self, Error> {
        let mut strange = Vec::new();
        let config = parse(text, file, &mut strange).map_err(RouteError::from)?;
        for Strange { line, key, instead } in strange {
            context.reporter.note(&Note::NoCounterpart {
                file: PathBuf::from(format!("{}:{line}", context.shown(file).display())),
                key,
                instead,
            });
        }
        Ok(config)
    }
}

/// A key that wkg takes, or overlooks, and that means nothing here.
struct Strange {
    line: usize,
    key: String,
    instead: String,
}

/// What a mapping comes to.
struct Target {
    url: RegistryUrl,
    or: Option<RegistryUrl>,
}

struct Reader<'a> {
    base: &'a Path,
    registries: BTreeMap<String, Settings>,
    /// The hosts, with paths in them, that each registry name leads to.
    places: BTreeMap<String, BTreeSet<(String, String)>>,
    strange: &'a mut Vec<Strange>,
}

fn parse(text: &str, file: &Path, strange: &mut Vec<Strange>) -> Result<WkgConfig, DocumentError> {
    let document = Document::with_secrets(text, file);
    let parsed = document.parse()?;
    let root = document.root(&parsed);
    root.only(&[
        "default_registry",
        "namespace_registries",
        "package_registry_overrides",
        "registry",
    ])?;
    let mut reader = Reader {
        base: document.base(),
        registries: BTreeMap::new(),
        places: BTreeMap::new(),
        strange,
    };
    for entry in entries(&root, "registry")? {
        let settings = reader.settings(&entry)?;
        let name = name(&entry, entry.key())
            .map_err(|_| entry.key_error(format!("`{}` is not the name of a host", entry.key())))?;
        reader.registries.insert(name, settings);
    }
    let mut routes = RouteFile::new(Layer::Wkg);
    let origin = |value: &Value<'_>| Origin {
        layer: Layer::Wkg,
        span: Some(value.span()),
    };
    if let Some(value) = root.get("default_registry") {
        let target = reader.named(&value)?;
        let url = fallback(&mut routes, target);
        routes.set_default(url, origin(&value));
    }
    for value in entries(&root, "namespace_registries")? {
        let target = reader.target(&value)?;
        let url = fallback(&mut routes, target);
        routes
            .set_namespace(value.key(), url, origin(&value))
            .map_err(|error| value.key_error(error))?;
    }
    for value in entries(&root, "package_registry_overrides")? {
        let package: PackageName = value.parse_key()?;
        let target = reader.target(&value)?;
        let url = fallback(&mut routes, target);
        routes.set_package(package, url, origin(&value));
    }
    let Reader {
        registries, places, ..
    } = reader;
    let mut credentials = Vec::new();
    let mut local = Vec::new();
    for (name, settings) in registries {
        let mut places = places.get(&name).cloned().unwrap_or_default();
        places.insert((name.clone(), String::new()));
        for (host, prefix) in places {
            if let Some((pem, origin)) = &settings.certificates {
                let pem = Certificates::Text(pem.clone());
                routes.set_certificates(&host, pem, origin.clone());
            }
            if let Some(credential) = &settings.auth {
                credentials.push(WkgCredential {
                    registry: name.clone(),
                    host,
                    prefix,
                    credential: credential.clone(),
                });
            }
        }
        local.extend(settings.root);
    }
    Ok(WkgConfig {
        routes,
        credentials,
        local,
    })
}

fn fallback(routes: &mut RouteFile, target: Target) -> RegistryUrl {
    if let (RegistryUrl::WellKnown { domain }, Some(or)) = (&target.url, target.or) {
        routes.set_fallback(domain.clone(), or);
    }
    target.url
}

fn entries<'a>(root: &Table<'a>, key: &str) -> Result<Vec<Value<'a>>, DocumentError> {
    let table = root.get(key).map(|it| it.table(format!("[{key}]")));
    let table = table.transpose()?;
    Ok(table.map(|it| it.entries()).unwrap_or_default())
}

/// A registry's name, which is that of a host.
fn name(at: &Value<'_>, text: &str) -> Result<String, DocumentError> {
    match format!("well-known:{text}").parse() {
        Ok(RegistryUrl::WellKnown { domain }) => Ok(domain.to_ascii_lowercase()),
        _ => Err(at.error(format!("`{text}` is not the name of a host"))),
    }
}

impl Reader<'_> {
    fn strange(&mut self, value: &Value<'_>, key: String, instead: &str) {
        self.strange.push(Strange {
            line: value.key_span().line_column().0,
            key,
            instead: instead.to_owned(),
        });
    }

    /// A name, or a table with the metadata that the host itself would give.
    fn target(&mut self, value: &Value<'_>) -> Result<Target, DocumentError> {
        if value.as_str().is_some() {
            return self.named(value);
        }
        let table = value
            .as_table(format!("the registry of `{}`", value.key()))
            .ok_or_else(|| value.not("the name of a registry or a table"))?;
        let registry = table.require("registry")?;
        let name = name(&registry, registry.string()?)?;
        if let Some(local) = self.local(value, &name)? {
            return Ok(local);
        }
        let metadata = table.require("metadata")?;
        self.with_metadata(&name, &metadata)
    }

    fn named(&mut self, value: &Value<'_>) -> Result<Target, DocumentError> {
        let name = name(value, value.string()?)?;
        if let Some(local) = self.local(value, &name)? {
            return Ok(local);
        }
        let itself = RegistryUrl::Oci {
            scheme: self.scheme(&name),
            host: name.clone(),
            prefix: String::new(),
        };
        if itself.is_plain() && credentials::is_loopback(&name) {
            // There is no TLS to ask the document over, and nothing but this machine to ask.
            return Ok(Target {
                url: itself,
                or: None,
            });
        }
        Ok(Target {
            url: RegistryUrl::WellKnown { domain: name },
            or: Some(itself),
        })
    }

    fn scheme(&self, name: &str) -> Scheme {
        let settings = self.registries.get(name);
        settings
            .and_then(|settings| settings.scheme)
            .unwrap_or(Scheme::Https)
    }

    /// The directory of a `local` registry; nothing for one that is asked over the network.
    fn local(&self, value: &Value<'_>, name: &str) -> Result<Option<Target>, DocumentError> {
        let Some(settings) = self.registries.get(name) else {
            return Ok(None);
        };
        match settings.backend.as_deref() {
            None | Some("oci") => Ok(None),
            Some("local") => match &settings.root {
                Some(root) => Ok(Some(Target {
                    url: RegistryUrl::Layout { path: root.clone() },
                    or: None,
                })),
                None => Err(value.error(format!(
                    "registry `{name}` is `local`, and [registry.\"{name}\".local] has no `root`"
                ))),
            },
            Some(other) => Err(value.error(format!(
                "registry `{name}` is of the type `{other}`, and wits knows `oci` and `local`"
            ))),
        }
    }

    /// What wkg calls metadata, in both of its forms: the document of a domain, written here.
    fn with_metadata(&mut self, name: &str, value: &Value<'_>) -> Result<Target, DocumentError> {
        let metadata = value.table("`metadata`")?;
        let protocols: Vec<_> = metadata
            .entries()
            .into_iter()
            .filter(|it| it.as_table("").is_some())
            .collect();
        let preferred = match (metadata.get("preferredProtocol"), protocols.as_slice()) {
            (Some(named), _) => Some(named.string()?.to_owned()),
            (None, [only]) => Some(only.key().to_owned()),
            (None, _) => None,
        };
        if let Some(other) = preferred.filter(|preferred| preferred != "oci") {
            return Err(value.error(format!(
                "it names the protocol `{other}`, and wits knows `oci`"
            )));
        }
        let oci = metadata.get("oci").map(|oci| oci.table("`oci`"));
        let oci = oci.transpose()?;
        let from_table = |key| oci.as_ref().and_then(|oci| oci.get(key));
        // The older form wins, as in wkg.
        let registry = metadata
            .get("ociRegistry")
            .or_else(|| from_table("registry"));
        let prefix = metadata
            .get("ociNamespacePrefix")
            .or_else(|| from_table("namespacePrefix"));
        let host = match &registry {
            Some(registry) => registry.string()?,
            None => name,
        };
        let path = prefix
            .as_ref()
            .map(wits_model::document::Value::string)
            .transpose()?
            .unwrap_or_default();
        let scheme = match self.scheme(name) {
            Scheme::Https => "oci",
            Scheme::Http => "oci+http",
        };
        let url = format!("{scheme}://{host}/{}", path.trim_matches('/'));
        let url: RegistryUrl = url
            .parse()
            .map_err(|error| registry.as_ref().unwrap_or(value).error(error))?;
        if let RegistryUrl::Oci { host, prefix, .. } = &url {
            let place = (host.to_ascii_lowercase(), prefix.clone());
            let places = self.places.entry(name.to_owned()).or_default();
            places.insert(place);
        }
        if let Some(prefix) = prefix
            && !path.is_empty()
            && !path.ends_with('/')
        {
            let instead = "wkg writes the namespace right behind it, and wits a slash between; end it with `/` for both";
            self.strange(&prefix, "namespacePrefix".to_owned(), instead);
        }
        Ok(Target { url, or: None })
    }
}

/// wkg's configuration. It is the user's own file, and may be one that was copied from somewhere.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(text: &str) -> Result<(), Error> {
    let mut strange = Vec::new();
    let file = Path::new("/p/config.toml");
    let config = parse(text, file, &mut strange).map_err(RouteError::from)?;
    assert!(strange.iter().all(|it| it.line > 0));
    let routes = wits_model::Routes::merge([config.routes])?;
    let _ = (routes.entries().len(), config.credentials, config.local);
    Ok(())
}
