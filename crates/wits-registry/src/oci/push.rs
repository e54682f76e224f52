//! Publishing.
//!
//! The order makes an interrupted publish invisible: blobs, then the manifest by its digest, and the
//! tag last. The protocol has no "only if absent" for tags, so a tag is looked at before anything is
//! sent, again right before it is set, and read back after.
//!
//! What does not wait for another answer is asked beside it. With nothing there yet that makes eleven
//! requests in six steps:
//!
//! | step | requests |
//! | --- | --- |
//! | 1 | `GET` the tag; `HEAD` both blobs |
//! | 2, 3 | `POST`, then `PUT`, each blob that is not there |
//! | 4 | `PUT` the manifest by its digest; `GET` the tag |
//! | 5 | `PUT` the tag |
//! | 6 | `GET` the tag |

use bytes::Bytes;
use futures_util::future::{join, join3, try_join};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use url::Url;
use wits_model::Blob;

use super::repository::{Found, Repository};
use crate::artifact::{Artifact, MANIFEST};
use crate::transport::{Call, Failure, Redirects, Reply, Request, next};
use crate::{Outcome, Publication, Published, RegistryError};

/// Publishes what is not there yet.
pub(super) async fn publish(
    repository: &Repository<'_>,
    publication: &Publication,
) -> Result<Published, RegistryError> {
    let tag = repository.tag(&publication.version)?;
    let artifact = Artifact::new(publication);
    let wasm = Upload {
        what: "the Wasm",
        blob: publication.wasm.clone(),
    };
    let config = Upload {
        what: "the config",
        blob: artifact.config.clone(),
    };
    let (tagged, has_wasm, has_config) = Box::pin(join3(
        repository.tagged(&tag),
        wasm.is_there(repository),
        config.is_there(repository),
    ))
    .await;
    // An existing version is the answer, whatever else was found.
    if let Found::Manifest(there) = tagged? {
        return publication.already(repository.at, there.pin);
    }
    let (has_wasm, has_config) = (has_wasm?, has_config?);
    try_join(
        wasm.send_unless(has_wasm, repository),
        config.send_unless(has_config, repository),
    )
    .await?;
    let manifest = Bytes::from_owner(artifact.manifest.clone());
    let by_digest = artifact.manifest.digest().to_string();
    let sent = put_manifest(repository, &by_digest, &manifest);
    let (sent, tagged) = join(sent, repository.tagged(&tag)).await;
    if let Found::Manifest(there) = tagged? {
        return publication.already(repository.at, there.pin);
    }
    sent?;
    put_manifest(repository, &tag, &manifest).await?;
    read_back(repository, publication, &tag, artifact).await
}

/// Whether the tag names what was published.
async fn read_back(
    repository: &Repository<'_>,
    publication: &Publication,
    tag: &str,
    artifact: Artifact,
) -> Result<Published, RegistryError> {
    let Found::Manifest(there) = repository.tagged(tag).await? else {
        return Err(RegistryError::Unreachable {
            at: repository.place.clone(),
            wanted: format!("the tag `{tag}`"),
            reason: "it was just published, and the registry does not show it".to_owned(),
        });
    };
    match there.pin.manifest {
        Some(theirs) if theirs != artifact.manifest.digest() => {
            // Someone else published the same Wasm with other words around it.
            if there.pin.digest == artifact.pin.digest {
                return publication.already(repository.at, there.pin);
            }
            Err(RegistryError::RaceLost {
                at: repository.place.clone(),
                version: Box::new(publication.version.clone()),
                theirs,
                ours: artifact.manifest.digest(),
            })
        }
        _ => Ok(Published {
            pin: artifact.pin,
            outcome: Outcome::New,
        }),
    }
}

/// What is published with a manifest.
struct Upload {
    /// For messages.
    what: &'static str,
    blob: Blob,
}

impl Upload {
    fn wanted(&self) -> String {
        format!("the upload of {}", self.what)
    }

    /// Whether the registry has it.
    async fn is_there(&self, repository: &Repository<'_>) -> Result<bool, RegistryError> {
        let url = repository.url(&format!("blobs/{}", self.blob.digest()))?;
        // Storage that a registry redirects to may answer GET only: the redirect says enough.
        let wanted = self.wanted();
        let told = Call {
            redirects: Redirects::Told,
            ..repository.call(&wanted)
        };
        let head = Request::new(Method::HEAD, url);
        let there = repository.transport.ask(told, &head).await?.status;
        Ok(there.is_success() || there.is_redirection())
    }

    /// Uploads it, unless it is there (distribution-spec, "POST then PUT").
    async fn send_unless(
        &self,
        is_there: bool,
        repository: &Repository<'_>,
    ) -> Result<(), RegistryError> {
        if is_there {
            return Ok(());
        }
        let wanted = self.wanted();
        let call = repository.call(&wanted);
        let start = repository.url("blobs/uploads/")?;
        // A session that broke off is not taken up again: a retry begins with a new one.
        repository
            .transport
            .retrying(call, || upload(repository, call, &start, &self.blob))
            .await
    }
}

async fn upload(
    repository: &Repository<'_>,
    call: Call<'_>,
    start: &Url,
    blob: &Blob,
) -> Result<(), Failure> {
    let mut post = Request::new(Method::POST, start.clone());
    post.body = Some(Bytes::new());
    let session = repository.transport.once(call, &post).await?;
    if session.status.as_u16() != 202 {
        return Err(session.rejected(call).into());
    }
    let mut put = Request::new(Method::PUT, session_url(call, &session)?);
    put.url
        .query_pairs_mut()
        .append_pair("digest", &blob.digest().to_string());
    let octets = HeaderValue::from_static("application/octet-stream");
    put.headers.insert(CONTENT_TYPE, octets);
    put.body = Some(Bytes::from_owner(blob.clone()));
    let done = repository.transport.once(call, &put).await?;
    match done.status.as_u16() {
        201 | 204 => Ok(()),
        _ => Err(done.rejected(call).into()),
    }
}

/// Where to upload to. It may be another host, which then sees no token.
fn session_url(call: Call<'_>, session: &Reply) -> Result<Url, RegistryError> {
    let what = "the `Location` of an upload";
    let location = session
        .header(LOCATION.as_str())
        .ok_or_else(|| RegistryError::Malformed {
            at: call.at.clone(),
            what: what.to_owned(),
            reason: "there is none".to_owned(),
        })?;
    next(&session.url, location, Redirects::Anywhere).map_err(|reason| call.unsafe_(what, reason))
}

async fn put_manifest(
    repository: &Repository<'_>,
    reference: &str,
    manifest: &Bytes,
) -> Result<(), RegistryError> {
    let wanted = format!("the publishing of `{reference}`");
    let call = repository.call(&wanted);
    let mut request = Request::new(
        Method::PUT,
        repository.url(&format!("manifests/{reference}"))?,
    );
    request
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(MANIFEST));
    request.body = Some(manifest.clone());
    let reply = repository.transport.ask(call, &request).await?;
    match reply.status.as_u16() {
        200..=204 => Ok(()),
        _ => Err(reply.rejected(call)),
    }
}
