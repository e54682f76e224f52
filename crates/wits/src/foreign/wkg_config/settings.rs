//! `[registry."NAME"]`: how a registry of wkg's is reached, and as whom.

use std::path::PathBuf;

use wits_model::Scheme;
use wits_model::document::{DocumentError, Value};
use wits_model::routes::{Layer, Origin};
use wits_registry::Credential;

use super::Reader;
use crate::credentials;

/// `[registry."NAME"]`.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) backend: Option<String>,
    pub(super) scheme: Option<Scheme>,
    pub(super) auth: Option<Credential>,
    pub(super) certificates: Option<(String, Origin)>,
    pub(super) root: Option<PathBuf>,
}

impl Reader<'_> {
    pub(super) fn settings(&mut self, entry: &Value<'_>) -> Result<Settings, DocumentError> {
        let title = format!("[registry.\"{}\"]", entry.key());
        let table = entry.table(&title)?;
        let mut settings = Settings::default();
        let mut backends = Vec::new();
        for value in table.entries() {
            match value.key() {
                "type" | "default" => settings.backend = Some(value.string()?.to_owned()),
                "oci" => {
                    backends.push("oci".to_owned());
                    self.oci(&value, entry.key(), &mut settings)?;
                }
                "local" => {
                    backends.push("local".to_owned());
                    let root = value.table(format!("{title} local"))?.require("root")?;
                    settings.root = Some(self.base.join(root.path()?));
                }
                other => {
                    backends.push(other.to_owned());
                    let key = format!("registry.\"{}\".{other}", entry.key());
                    self.strange(&value, key, "wits knows the backends `oci` and `local`");
                }
            }
        }
        // As wkg has it: the only backend that is configured is the one that is meant.
        if let ([only], None) = (backends.as_slice(), &settings.backend) {
            settings.backend = Some(only.clone());
        }
        Ok(settings)
    }

    fn oci(
        &mut self,
        value: &Value<'_>,
        registry: &str,
        settings: &mut Settings,
    ) -> Result<(), DocumentError> {
        let prefix = format!("registry.\"{registry}\".oci");
        for value in value.table(format!("[{prefix}]"))?.entries() {
            let key = format!("{prefix}.{}", value.key());
            match value.key() {
                "auth" => settings.auth = Some(auth(&value)?),
                "protocol" => {
                    settings.scheme = Some(match value.string()? {
                        "https" => Scheme::Https,
                        "http" => Scheme::Http,
                        other => {
                            return Err(value.error(format!(
                                "`protocol` is `\"https\"` or `\"http\"`, not `\"{other}\"`"
                            )));
                        }
                    });
                }
                "extra_root_certificates" => {
                    settings.certificates = self.certificates(&value, &key)?;
                }
                "accept_invalid_certificates" => {
                    if value.boolean()? {
                        let instead = "name the certificate in `extra_root_certificates`; TLS is always checked";
                        self.strange(&value, key, instead);
                    }
                }
                _ => self.strange(&value, key, "wkg knows no such key either"),
            }
        }
        Ok(())
    }

    fn certificates(
        &mut self,
        value: &Value<'_>,
        key: &str,
    ) -> Result<Option<(String, Origin)>, DocumentError> {
        let mut pem = String::new();
        for certificate in value.array()? {
            let table = certificate.table("the certificate")?;
            let data = table.require("data")?;
            match table.require("encoding")?.string()? {
                "pem" => {
                    pem.push_str(data.string()?);
                    pem.push('\n');
                }
                // Bytes that are no text cannot stand in a TOML string.
                _ => self.strange(value, key.to_owned(), "write the certificate as `pem`"),
            }
        }
        let origin = Origin {
            layer: Layer::Wkg,
            span: Some(value.span()),
        };
        Ok((!pem.is_empty()).then_some((pem, origin)))
    }
}

/// Both forms. No message repeats any of it.
fn auth(value: &Value<'_>) -> Result<Credential, DocumentError> {
    if let Some(text) = value.as_str() {
        return credentials::basic(text)
            .ok_or_else(|| value.error("`auth` is not the base64 of `USER:PASSWORD`"));
    }
    let table = value
        .as_table("`auth`")
        .ok_or_else(|| value.not("a string or a table"))?;
    table.only(&["username", "password"])?;
    Ok(Credential::Basic {
        user: table.require("username")?.string()?.to_owned(),
        password: table.require("password")?.string()?.into(),
    })
}
