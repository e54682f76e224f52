//! One repository: its URLs, its errors, its manifests.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::{Origin, Url};
use wits_model::{Digest, PackageSource, Version};

use crate::artifact::{INDEX, MANIFEST, Manifest};
use crate::told::{ErrorList, printable};
use crate::transport::{Call, Redirects, Reply, Request, Scope, Transport, spoken_to};
use crate::{Limits, Place, RegistryError, lost, tag};

/// A repository and how it is spoken to.
pub(super) struct Repository<'r> {
    pub(super) transport: &'r Transport,
    pub(super) at: &'r PackageSource,
    pub(super) place: Place,
    /// `https://HOST/v2/NAME/`.
    base: Url,
    scope: Scope,
}

/// What a registry has under a tag or digest.
pub(super) enum Found {
    Manifest(Manifest),
    /// The repository has no such manifest, or the registry does not tell.
    NoManifest,
    /// The registry says that it has no such repository.
    NoRepository,
}

impl<'r> Repository<'r> {
    pub(super) fn new(
        transport: &'r Transport,
        at: &'r PackageSource,
        scope: fn(&str, &str) -> Scope,
    ) -> Result<Self, RegistryError> {
        let unsupported = |reason: String| RegistryError::Unsupported {
            at: at.into(),
            reason,
        };
        let PackageSource::Oci {
            scheme,
            host,
            repository: name,
        } = at
        else {
            return Err(unsupported("this is not an OCI registry".to_owned()));
        };
        let base = format!("{}://{}/v2/{name}/", scheme.as_str(), spoken_to(host));
        Ok(Self {
            transport,
            at,
            place: at.into(),
            base: base
                .parse()
                .map_err(|error| unsupported(format!("`{base}` is not a URL: {error}")))?,
            scope: scope(host, name),
        })
    }

    /// The host that is spoken to.
    pub(super) fn origin(&self) -> Origin {
        self.base.origin()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.transport.options().limits
    }

    /// The URL of `path` below the repository. The parts of a path are tags and digests, which need no
    /// escape.
    pub(super) fn url(&self, path: &str) -> Result<Url, RegistryError> {
        self.base
            .join(path)
            .map_err(|error| RegistryError::Unsupported {
                at: self.place.clone(),
                reason: format!("`{path}` is not a path: {error}"),
            })
    }

    /// An operation on this repository that wants `wanted`, whose answer is a document.
    pub(super) fn call<'c>(&'c self, wanted: &'c str) -> Call<'c> {
        Call {
            at: &self.place,
            wanted,
            home: &self.base,
            scope: Some(&self.scope),
            redirects: Redirects::Anywhere,
            limit: self.limits().max_manifest,
        }
    }

    /// The tag of `version`.
    pub(super) fn tag(&self, version: &Version) -> Result<String, RegistryError> {
        tag::of(version).ok_or_else(|| RegistryError::Unsupported {
            at: self.place.clone(),
            reason: format!("version `{version}` is too long for a tag"),
        })
    }

    pub(super) fn no_package(&self) -> RegistryError {
        RegistryError::PackageNotFound {
            at: self.place.clone(),
        }
    }

    pub(super) fn no_version(&self, version: &Version) -> RegistryError {
        RegistryError::VersionNotFound {
            at: self.place.clone(),
            version: Box::new(version.clone()),
        }
    }

    /// What the tag names now.
    pub(super) async fn tagged(&self, tag: &str) -> Result<Found, RegistryError> {
        self.manifest(tag, None).await
    }

    /// The manifest with that digest.
    pub(super) async fn locked(&self, digest: Digest) -> Result<Found, RegistryError> {
        self.manifest(&digest.to_string(), Some(digest)).await
    }

    async fn manifest(
        &self,
        reference: &str,
        expected: Option<Digest>,
    ) -> Result<Found, RegistryError> {
        let wanted = format!("the manifest of `{reference}`");
        let call = self.call(&wanted);
        let mut request = Request::new(Method::GET, self.url(&format!("manifests/{reference}"))?);
        // An index is asked for too, so that a registry that has one says so instead of a 404.
        for accepted in [MANIFEST, INDEX] {
            request
                .headers
                .append(ACCEPT, HeaderValue::from_static(accepted));
        }
        let reply = self.transport.ask(call, &request).await?;
        match reply.status.as_u16() {
            200 => {}
            404 if ErrorList::read(&reply.body).has("NAME_UNKNOWN") => {
                return Ok(Found::NoRepository);
            }
            404 => return Ok(Found::NoManifest),
            _ => return Err(reply.rejected(call)),
        }
        let promised = self.promised(&reply, &wanted)?;
        for due in [expected, promised].into_iter().flatten() {
            if due != reply.body.digest() {
                return Err(lost::other_bytes(self.at, wanted, due, reply.body.digest()));
            }
        }
        let content_type = reply.header(CONTENT_TYPE.as_str());
        let max_blob = self.limits().max_blob;
        Manifest::read(&reply.body, reply.body.digest(), content_type, max_blob)
            .map(Found::Manifest)
            .map_err(|defect| defect.at(self.at, reference))
    }

    /// The digest that a header promises (distribution-spec, "Pulling manifests").
    fn promised(&self, reply: &Reply, what: &str) -> Result<Option<Digest>, RegistryError> {
        let Some(header) = reply.header("docker-content-digest") else {
            return Ok(None);
        };
        let digest = printable(header).parse();
        digest
            .map(Some)
            .map_err(
                |error: wits_model::digest::DigestError| RegistryError::Malformed {
                    at: self.place.clone(),
                    what: format!("the `Docker-Content-Digest` of {what}"),
                    reason: error.to_string(),
                },
            )
    }
}
