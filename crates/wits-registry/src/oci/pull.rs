//! Pinned bytes: one request, where the registry has them. One that does not may have them once it was asked
//! for their manifest (see [`Habits`]); otherwise that says what became of them.

use reqwest::Method;
use wits_model::{Blob, Pin, Version};

use super::habit::Habits;
use super::repository::{Found, Repository};
use crate::transport::{Call, Request};
use crate::{RegistryError, lost};

/// The bytes that `pin` names.
pub(super) async fn pinned(
    repository: &Repository<'_>,
    habits: &Habits,
    version: &Version,
    pin: &Pin,
) -> Result<Blob, RegistryError> {
    knock(repository, habits, pin).await;
    if let Some(bytes) = blob(repository, version, pin).await? {
        return Ok(bytes);
    }
    let named = named(repository, version, pin).await?;
    if named == Some(pin.digest)
        && let Some(bytes) = blob(repository, version, pin).await?
    {
        habits.learn_manifest_first(repository);
        return Ok(bytes);
    }
    Err(lost::verdict(repository.at, version, pin, named))
}

/// The bytes that `pin` names, asked for by digests only.
pub(super) async fn stored(
    repository: &Repository<'_>,
    habits: &Habits,
    version: &Version,
    pin: &Pin,
) -> Result<Blob, RegistryError> {
    knock(repository, habits, pin).await;
    if let Some(bytes) = blob(repository, version, pin).await? {
        return Ok(bytes);
    }
    if let Some(digest) = pin.manifest
        && let Found::Manifest(_) = repository.locked(digest).await?
        && let Some(bytes) = blob(repository, version, pin).await?
    {
        habits.learn_manifest_first(repository);
        return Ok(bytes);
    }
    Err(repository.no_version(version))
}

/// Asks for the manifest where that is known to bring the blob about. Whatever is answered, the blob decides.
async fn knock(repository: &Repository<'_>, habits: &Habits, pin: &Pin) {
    if let Some(digest) = pin.manifest
        && habits.manifest_first(repository)
    {
        let _ = repository.locked(digest).await;
    }
}

/// The layer that the locked manifest, or else the tag's, names.
async fn named(
    repository: &Repository<'_>,
    version: &Version,
    pin: &Pin,
) -> Result<Option<wits_model::Digest>, RegistryError> {
    if let Some(digest) = pin.manifest
        && let Found::Manifest(manifest) = repository.locked(digest).await?
    {
        return Ok(Some(manifest.pin.digest));
    }
    match repository.tagged(&repository.tag(version)?).await? {
        Found::Manifest(manifest) => Ok(Some(manifest.pin.digest)),
        Found::NoManifest => Ok(None),
        Found::NoRepository => Err(repository.no_package()),
    }
}

/// The verified bytes; nothing if the registry does not have them.
async fn blob(
    repository: &Repository<'_>,
    version: &Version,
    pin: &Pin,
) -> Result<Option<Blob>, RegistryError> {
    let wanted = format!("the Wasm of version `{version}`");
    let limit = repository.limits().max_blob;
    if pin.size > limit {
        return Err(RegistryError::TooLarge {
            at: repository.place.clone(),
            what: wanted,
            limit,
        });
    }
    let call = Call {
        limit: pin.size,
        ..repository.call(&wanted)
    };
    let url = repository.url(&format!("blobs/{}", pin.digest))?;
    let reply = match repository
        .transport
        .ask(call, &Request::new(Method::GET, url))
        .await
    {
        Ok(reply) => reply,
        Err(RegistryError::TooLarge { .. }) => {
            let more = format!("more than {}", pin.size);
            return Err(lost::other_size(repository.at, wanted, pin.size, more));
        }
        Err(error) => return Err(error),
    };
    match reply.status.as_u16() {
        200 => {}
        404 => return Ok(None),
        _ => return Err(reply.rejected(call)),
    }
    let size = reply.body.size();
    if size != pin.size {
        return Err(lost::other_size(repository.at, wanted, pin.size, size));
    }
    if reply.body.digest() != pin.digest {
        return Err(lost::other_bytes(
            repository.at,
            wanted,
            pin.digest,
            reply.body.digest(),
        ));
    }
    Ok(Some(reply.body))
}
