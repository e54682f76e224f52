//! What is asked of a Bindle server: invoices, parcels, lists.

use std::collections::BTreeSet;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use wits_model::{Blob, PackageSource, Version};

use super::invoice::{Invoice, Label, Wasm};
use super::keys::SecretKey;
use super::signature;
use crate::told::printable;
use crate::transport::{Call, Redirects, Reply, Request, Scope, Transport};
use crate::{Limits, Place, RegistryError, lost};

/// The media type of everything that is no parcel.
const TOML: &str = "application/toml";
/// How many invoices are asked for at once: an invoice that lists a package's sources has some
/// kilobytes, and a page has to stay below the cap for a document.
const PAGE: u64 = 50;

/// One package's server, and how it is spoken to.
pub(super) struct Server<'s> {
    pub(super) transport: &'s Transport,
    pub(super) at: &'s PackageSource,
    pub(super) place: Place,
    pub(super) host: &'s str,
    /// The bindle: `PREFIX/ns/name`.
    pub(super) name: &'s str,
    /// `https://HOST/v1/`.
    base: Url,
    scope: Scope,
}

/// A page of a list. The invoices in it are others' too: of them nothing but name and version is read.
#[derive(Deserialize)]
struct Matches {
    #[serde(default)]
    more: bool,
    #[serde(default)]
    invoices: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    bindle: ListedBindle,
    yanked: Option<bool>,
}

#[derive(Deserialize)]
struct ListedBindle {
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Missing {
    missing: Vec<Label>,
}

impl<'s> Server<'s> {
    pub(super) fn new(
        transport: &'s Transport,
        at: &'s PackageSource,
    ) -> Result<Self, RegistryError> {
        let unsupported = |reason: String| RegistryError::Unsupported {
            at: at.into(),
            reason,
        };
        let PackageSource::Bindle {
            scheme,
            host,
            bindle,
        } = at
        else {
            return Err(unsupported("this is not a Bindle server".to_owned()));
        };
        let base = format!("{}://{host}/v1/", scheme.as_str());
        Ok(Self {
            transport,
            at,
            place: at.into(),
            host,
            name: bindle,
            base: base
                .parse()
                .map_err(|error| unsupported(format!("`{base}` is not a URL: {error}")))?,
            scope: Scope::plain(host, bindle),
        })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.transport.options().limits
    }

    /// An operation that wants `wanted`, whose answer is a document. It stays with this server: nothing
    /// else has its bindles.
    pub(super) fn call<'c>(&'c self, wanted: &'c str) -> Call<'c> {
        Call {
            at: &self.place,
            wanted,
            home: &self.base,
            scope: Some(&self.scope),
            redirects: Redirects::SameOrigin,
            limit: self.limits().max_manifest,
        }
    }

    /// A request for `path`. The parts of a path are names, versions and digests, which need no escape:
    /// the server takes the `+` of a version as it is and does not know `%2B`.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<Request, RegistryError> {
        let url = self.base.join(path);
        let url = url.map_err(|error| RegistryError::Unsupported {
            at: self.place.clone(),
            reason: format!("`{path}` is not a path: {error}"),
        })?;
        let mut request = Request::new(method, url);
        let accepted = HeaderValue::from_static(TOML);
        request.headers.insert(ACCEPT, accepted);
        Ok(request)
    }

    fn read<T: DeserializeOwned>(&self, call: Call<'_>, reply: &Reply) -> Result<T, RegistryError> {
        let malformed = |reason: String| RegistryError::Malformed {
            at: self.place.clone(),
            what: call.wanted.to_owned(),
            reason,
        };
        let text = std::str::from_utf8(&reply.body);
        let text = text.map_err(|_| malformed("it is not text".to_owned()))?;
        toml::from_str(text).map_err(|error| malformed(printable(error.message())))
    }

    /// The invoice of a version, yanked or not; nothing if there is none.
    pub(super) async fn invoice(
        &self,
        name: &str,
        version: &Version,
    ) -> Result<Option<Invoice>, RegistryError> {
        let wanted = format!("the invoice of version `{version}`");
        let call = self.call(&wanted);
        let mut request = self.request(Method::GET, &format!("_i/{name}/{version}"))?;
        request.url.set_query(Some("yanked=true"));
        let reply = self.transport.ask(call, &request).await?;
        match reply.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(reply.rejected(call)),
        }
        let invoice: Invoice = self.read(call, &reply)?;
        if invoice.bindle_version.trim_start_matches('v') != "1.0.0" {
            return Err(RegistryError::Malformed {
                at: self.place.clone(),
                what: wanted,
                reason: format!(
                    "its `bindleVersion` is `{}`, and not `1.0.0`",
                    printable(&invoice.bindle_version)
                ),
            });
        }
        invoice.check_id(self.at, name, version)?;
        Ok(Some(invoice))
    }

    /// Posts an invoice; whether it is new.
    pub(super) async fn post(&self, invoice: &Invoice) -> Result<bool, RegistryError> {
        let wanted = format!("the publishing of the invoice `{}`", invoice.id());
        let call = self.call(&wanted);
        let text = toml::to_string(invoice).map_err(|error| RegistryError::Malformed {
            at: self.place.clone(),
            what: wanted.clone(),
            reason: error.to_string(),
        })?;
        let mut request = self.request(Method::POST, "_i")?;
        let media_type = HeaderValue::from_static(TOML);
        request.headers.insert(CONTENT_TYPE, media_type);
        request.body = Some(Bytes::from(text));
        let reply = self.transport.ask(call, &request).await?;
        match reply.status.as_u16() {
            201 | 202 => Ok(true),
            409 => Ok(false),
            400 => Err(signer_refused(invoice, reply.rejected(call))),
            _ => Err(reply.rejected(call)),
        }
    }

    /// `invoice` with the user's signature as its creator.
    pub(super) fn signed(&self, mut invoice: Invoice) -> Result<Invoice, RegistryError> {
        use wits_model::routes::Role;
        let file = self.transport.options().bindle.secret_keys.as_deref();
        let key = file.map(|file| SecretKey::read(file, Role::Creator));
        let Some(key) = key.transpose()?.flatten() else {
            return Err(RegistryError::NoSigningKey {
                at: self.place.clone(),
                file: file.map(ToOwned::to_owned),
            });
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        signature::sign(&mut invoice, &key, Role::Creator, now);
        Ok(invoice)
    }

    /// The parcel that is the package; nothing if the server has no such parcel of this bindle.
    pub(super) async fn wasm(
        &self,
        name: &str,
        version: &Version,
        wasm: Wasm,
    ) -> Result<Option<Blob>, RegistryError> {
        let wanted = format!("the Wasm of version `{version}`");
        let id = format!("{name}/{version}");
        self.parcel(&wanted, &id, wasm).await
    }

    /// The verified bytes of a parcel; nothing if the server has no such parcel of the bindle `id`.
    pub(super) async fn parcel(
        &self,
        wanted: &str,
        id: &str,
        parcel: Wasm,
    ) -> Result<Option<Blob>, RegistryError> {
        let limit = self.limits().max_blob;
        if parcel.size > limit {
            return Err(RegistryError::TooLarge {
                at: self.place.clone(),
                what: wanted.to_owned(),
                limit,
            });
        }
        let call = Call {
            limit: parcel.size,
            ..self.call(wanted)
        };
        let path = format!("_i/{id}@{}", parcel.digest.hex());
        let request = self.request(Method::GET, &path)?;
        let reply = match self.transport.ask(call, &request).await {
            Ok(reply) => reply,
            Err(RegistryError::TooLarge { .. }) => {
                let more = format!("more than {}", parcel.size);
                return Err(lost::other_size(self.at, wanted, parcel.size, more));
            }
            Err(error) => return Err(error),
        };
        match reply.status.as_u16() {
            200 => {}
            // 400 is for a parcel that the invoice does not list.
            400 | 404 => return Ok(None),
            _ => return Err(reply.rejected(call)),
        }
        parcel.check(self.at, wanted, reply.body.size(), reply.body.digest())?;
        Ok(Some(reply.body))
    }

    /// The sha256 of the parcels that the invoice lists and the server does not have.
    pub(super) async fn missing(
        &self,
        version: &Version,
    ) -> Result<BTreeSet<String>, RegistryError> {
        let wanted = format!("the missing parcels of version `{version}`");
        let call = self.call(&wanted);
        let path = format!("_r/missing/{}/{version}", self.name);
        let request = self.request(Method::GET, &path)?;
        let reply = self.transport.ask(call, &request).await?;
        if reply.status.as_u16() != 200 {
            return Err(reply.rejected(call));
        }
        let list: Missing = self.read(call, &reply)?;
        Ok(list.missing.into_iter().map(|it| it.sha256).collect())
    }

    /// All versions of this very bindle that are not yanked, from all pages of the list.
    pub(super) async fn versions(&self) -> Result<Vec<Version>, RegistryError> {
        let wanted = "the list of versions";
        let call = self.call(wanted);
        let limits = self.limits();
        let (mut versions, mut known, mut seen) = (BTreeSet::new(), false, 0);
        for _ in 0..limits.max_pages {
            let mut request = self.request(Method::GET, "_q")?;
            request
                .url
                .query_pairs_mut()
                .append_pair("q", self.name)
                .append_pair("o", &seen.to_string())
                .append_pair("l", &PAGE.to_string())
                .append_pair("strict", "true")
                .append_pair("yanked", "false");
            let reply = self.transport.ask(call, &request).await?;
            if reply.status.as_u16() != 200 {
                return Err(reply.rejected(call));
            }
            let page: Matches = self.read(call, &reply)?;
            seen += page.invoices.len() as u64;
            let ends = !page.more || page.invoices.is_empty();
            for listed in page.invoices {
                if listed.bindle.name != self.name {
                    continue;
                }
                known = true;
                if listed.yanked != Some(true)
                    && let Ok(version) = listed.bindle.version.parse::<Version>()
                {
                    versions.insert(version);
                }
            }
            if ends {
                return if known {
                    Ok(versions.into_iter().collect())
                } else {
                    Err(RegistryError::PackageNotFound {
                        at: self.place.clone(),
                    })
                };
            }
            if seen > limits.max_tags as u64 {
                break;
            }
        }
        Err(RegistryError::Unsafe {
            at: self.place.clone(),
            what: wanted.to_owned(),
            reason: format!("it does not end within {seen} bindles"),
        })
    }

    pub(super) fn no_version(&self, version: &Version) -> RegistryError {
        RegistryError::VersionNotFound {
            at: self.place.clone(),
            version: Box::new(version.clone()),
        }
    }
}

/// A 400 is for whatever is wrong with an invoice. Ours are in order, but for what the server thinks of who
/// signed them, and then it speaks of signatures or keys.
fn signer_refused(invoice: &Invoice, error: RegistryError) -> RegistryError {
    match (error, invoice.signature.first()) {
        (RegistryError::Rejected { at, reason, .. }, Some(signature))
            if ["signature", "key"].iter().any(|it| reason.contains(it)) =>
        {
            let key = signature.key.clone();
            RegistryError::SignerRefused { at, key, reason }
        }
        (error, _) => error,
    }
}

/// A page of a list, and what a server says is missing, as any server may send them.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(page) = toml::from_str::<Matches>(text) {
        for listed in page.invoices {
            let _ = (listed.bindle.version.parse::<Version>(), listed.yanked);
        }
    }
    let _ = toml::from_str::<Missing>(text);
}
