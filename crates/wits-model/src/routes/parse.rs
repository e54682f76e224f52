//! Reading a `registry.toml`.

use std::path::Path;

use super::file::check_namespace;
use super::mappings::{Certificates, HostRule, Mappings, MirrorRule, PackageRule, Setting};
use super::{Layer, Origin, RouteError, Verification, secret};
use crate::RegistryUrl;
use crate::document::{Document, DocumentError, Table, Value};

pub(super) fn parse(text: &str, file: &Path, layer: Layer) -> Result<Mappings, RouteError> {
    let document = Document::new(text, file);
    let parsed = document.parse().map_err(|error| hide(error, file))?;
    let root = document.root(&parsed);
    secret::refuse(&root, document.text(), file)?;
    root.only(&["default", "namespaces", "packages", "hosts", "mirrors"])?;
    let reader = Reader {
        layer,
        base: document.base(),
    };
    Ok(reader.mappings(&root)?)
}

/// No error shows a line with a secret, not even where the file cannot be read at all.
fn hide(error: DocumentError, file: &Path) -> DocumentError {
    match error {
        DocumentError::Syntax { message, span } => {
            let text = secret::blanked_lines(&span.text);
            DocumentError::Syntax {
                message,
                span: Document::new(&text, file).span(span.range),
            }
        }
        other => other,
    }
}

struct Reader<'a> {
    layer: Layer,
    base: &'a Path,
}

impl Reader<'_> {
    fn mappings(&self, root: &Table<'_>) -> Result<Mappings, DocumentError> {
        let mut mappings = Mappings {
            default: root.get("default").map(|it| self.url(&it)).transpose()?,
            ..Mappings::default()
        };
        for entry in entries(root, "namespaces")? {
            check_namespace(entry.key()).map_err(|_| {
                entry.key_error(format!(
                    "`{}` is not a namespace, a lower-case kebab-case word",
                    entry.key()
                ))
            })?;
            let url = self.url(&entry)?;
            mappings.namespaces.insert(entry.key().to_owned(), url);
        }
        for entry in entries(root, "packages")? {
            let rule = self.package(&entry)?;
            mappings.packages.insert(entry.parse_key()?, rule);
        }
        for entry in entries(root, "hosts")? {
            mappings.hosts.insert(host(&entry)?, self.host(&entry)?);
        }
        for entry in entries(root, "mirrors")? {
            let origin: RegistryUrl = entry.parse_key()?;
            let mirror = self.mirror(&entry)?;
            if let RegistryUrl::WellKnown { .. } | RegistryUrl::Layout { .. } = origin {
                return Err(entry.key_error(format!("`{origin}` is no host that can be mirrored")));
            }
            if let RegistryUrl::WellKnown { .. } = mirror.registry.value {
                return Err(entry.error("a mirror is a registry itself, not a domain to be asked"));
            }
            mappings.mirrors.insert(origin, mirror);
        }
        Ok(mappings)
    }

    fn setting<T>(&self, at: &Value<'_>, value: T) -> Setting<T> {
        Setting {
            value,
            origin: Origin {
                layer: self.layer,
                span: Some(at.span()),
            },
        }
    }

    fn url(&self, value: &Value<'_>) -> Result<Setting<RegistryUrl>, DocumentError> {
        let url: RegistryUrl = value.parse()?;
        if let RegistryUrl::Layout { path } = &url
            && path.starts_with("~")
        {
            // A directory called `~` is never what was meant.
            return Err(value.error("`~` stands for nothing here; write the whole path"));
        }
        Ok(self.setting(value, url.resolve(self.base)))
    }

    fn package(&self, entry: &Value<'_>) -> Result<PackageRule, DocumentError> {
        if entry.as_str().is_some() {
            return Ok(PackageRule {
                registry: Some(self.url(entry)?),
                ..PackageRule::default()
            });
        }
        let table = entry
            .as_table(format!("the entry of `{}`", entry.key()))
            .ok_or_else(|| entry.not("a registry URL or a table"))?;
        table.only(&["registry", "skew", "embedded"])?;
        let permission = |key| table.get(key).map(|it| self.permission(&it)).transpose();
        Ok(PackageRule {
            registry: table.get("registry").map(|it| self.url(&it)).transpose()?,
            skew: permission("skew")?,
            embedded: permission("embedded")?,
        })
    }

    fn mirror(&self, entry: &Value<'_>) -> Result<MirrorRule, DocumentError> {
        if entry.as_str().is_some() {
            return Ok(MirrorRule {
                registry: self.url(entry)?,
                tags: None,
            });
        }
        let table = entry
            .as_table(format!("the mirror of `{}`", entry.key()))
            .ok_or_else(|| entry.not("a registry URL or a table"))?;
        table.only(&["registry", "tags"])?;
        let tags = table.get("tags").map(|value| {
            let tags = self.permission(&value)?;
            if tags.value && self.layer == Layer::Project {
                // A tag is whatever its server says: with the project's mirror it would be the project's.
                return Err(
                    value.error("only your own `registry.toml` may trust the tags of a mirror")
                );
            }
            Ok(tags)
        });
        Ok(MirrorRule {
            registry: self.url(&table.require("registry")?)?,
            tags: tags.transpose()?,
        })
    }

    fn permission(&self, value: &Value<'_>) -> Result<Setting<bool>, DocumentError> {
        let allowed = match value.string()? {
            "allow" => true,
            "deny" => false,
            other => {
                return Err(value.error(format!(
                    "`{}` is `\"allow\"` or `\"deny\"`, not `\"{other}\"`",
                    value.key()
                )));
            }
        };
        Ok(self.setting(value, allowed))
    }

    fn host(&self, entry: &Value<'_>) -> Result<HostRule, DocumentError> {
        let table = entry.table(format!("the entry of host `{}`", entry.key()))?;
        table.only(&["ca", "bindle-verification"])?;
        let ca = table.get("ca").map(|it| {
            let file = Certificates::File(it.path()?);
            Ok(self.setting(&it, file))
        });
        let verification = table.get("bindle-verification");
        let verification = verification.map(|it| self.verification(&it));
        Ok(HostRule {
            ca: ca.transpose()?,
            verification: verification.transpose()?,
        })
    }

    fn verification(&self, value: &Value<'_>) -> Result<Setting<Verification>, DocumentError> {
        let strategy: Verification = value.parse()?;
        if self.layer == Layer::Project && !strategy.demands_creator() {
            return Err(value.error(format!(
                "only your own `registry.toml` may do without a creator's signature, as `{strategy}` does"
            )));
        }
        Ok(self.setting(value, strategy))
    }
}

fn entries<'a>(root: &Table<'a>, key: &str) -> Result<Vec<Value<'a>>, DocumentError> {
    let table = root.get(key).map(|it| it.table(format!("[{key}]")));
    Ok(table
        .transpose()?
        .map(|it| it.entries())
        .unwrap_or_default())
}

/// `HOST[:PORT]`, as it stands in the URLs it is about.
fn host(entry: &Value<'_>) -> Result<String, DocumentError> {
    match format!("oci://{}", entry.key()).parse() {
        Ok(RegistryUrl::Oci { host, prefix, .. })
            if prefix.is_empty() && !entry.key().ends_with('/') =>
        {
            Ok(host)
        }
        _ => Err(entry.key_error(format!("`{}` is not `HOST` or `HOST:PORT`", entry.key()))),
    }
}
