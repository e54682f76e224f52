//! Publishing.
//!
//! The invoice goes first, since a parcel can only be uploaded as one of a bindle, and from then on the
//! version is taken. So a publish that is interrupted leaves a version whose parcels are missing; running
//! it again finds the invoice with the very parcels it would list, and uploads what is missing. It is
//! done when the server says that nothing is missing, and hands out the bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use wits_model::Pin;

use super::invoice::{Invoice, Wasm};
use super::server::Server;
use crate::{Outcome, Publication, Published, RegistryError};

/// Publishes what is not there yet.
pub(super) async fn publish(
    server: &Server<'_>,
    publication: &Publication,
) -> Result<Published, RegistryError> {
    let version = &publication.version;
    let (invoice, bytes) = Invoice::new(server.name, publication);
    let mut there = server.invoice(server.name, version).await?;
    let mut outcome = Outcome::AlreadyPublished;
    if there.is_none() {
        if server.post(&server.signed(invoice.clone())?).await? {
            outcome = Outcome::New;
        } else {
            // Someone else was quicker, or an answer of ours was lost on the way.
            let found = server.invoice(server.name, version).await?;
            there = Some(found.ok_or_else(|| RegistryError::Unreachable {
                at: server.place.clone(),
                wanted: format!("the invoice of version `{version}`"),
                reason: "the server says that it exists, and does not show it".to_owned(),
            })?);
        }
    }
    if let Some(there) = &there {
        compare(server, publication, &invoice, there)?;
    }
    let mut uploaded = BTreeSet::new();
    if complete(server, publication, &bytes, &mut uploaded).await? {
        outcome = Outcome::New;
    }
    let wasm = invoice.wasm(server.at)?;
    uploaded.insert(wasm.digest.hex());
    read_back(server, &invoice, &uploaded).await?;
    Ok(Published {
        pin: Pin {
            manifest: None,
            digest: wasm.digest,
            size: wasm.size,
        },
        outcome,
    })
}

/// Whether the version that is there is this one.
fn compare(
    server: &Server<'_>,
    publication: &Publication,
    ours: &Invoice,
    there: &Invoice,
) -> Result<(), RegistryError> {
    let version = Box::new(publication.version.clone());
    let at = server.place.clone();
    if there.is_yanked() {
        return Err(RegistryError::Yanked { at, version });
    }
    let (existing, own) = (there.wasm(server.at)?, ours.wasm(server.at)?);
    if existing.digest != own.digest {
        return Err(RegistryError::VersionExists {
            at,
            version,
            existing: existing.digest,
            ours: own.digest,
        });
    }
    let (mine, theirs): (BTreeSet<_>, BTreeSet<_>) =
        (ours.parcels().collect(), there.parcels().collect());
    let differing = |parcels: &Invoice, other: &BTreeSet<&str>| -> Vec<String> {
        let labels = parcels.parcel.iter().map(|parcel| &parcel.label);
        let alone = labels.filter(|label| !other.contains(label.sha256.as_str()));
        alone.map(|label| label.name.clone()).collect()
    };
    let mut files = differing(ours, &theirs);
    files.extend(differing(there, &mine));
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Ok(());
    }
    Err(RegistryError::OtherFiles {
        at,
        version,
        files: files
            .iter()
            .map(|name| crate::told::printable(name))
            .collect(),
    })
}

/// Uploads what is missing until nothing is; whether there was anything.
async fn complete(
    server: &Server<'_>,
    publication: &Publication,
    bytes: &BTreeMap<String, &[u8]>,
    uploaded: &mut BTreeSet<String>,
) -> Result<bool, RegistryError> {
    let limits = server.limits();
    let mut pause = limits.retry_delay;
    let mut any = false;
    for attempt in 0.. {
        let missing = server.missing(&publication.version).await?;
        if missing.is_empty() {
            break;
        }
        any = true;
        if attempt > limits.retries {
            return Err(RegistryError::HalfUploaded {
                at: server.place.clone(),
                version: Box::new(publication.version.clone()),
                parcels: missing
                    .iter()
                    .map(|it| crate::told::printable(it))
                    .collect(),
            });
        }
        if attempt > 0 {
            // Someone else may be uploading it right now.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(limits.max_retry_delay);
        }
        for sha256 in missing {
            let Some(content) = bytes.get(&sha256) else {
                continue;
            };
            upload(server, publication, &sha256, content).await?;
            uploaded.insert(sha256);
        }
    }
    Ok(any)
}

async fn upload(
    server: &Server<'_>,
    publication: &Publication,
    sha256: &str,
    content: &[u8],
) -> Result<(), RegistryError> {
    let wanted = format!("the upload of the parcel `{sha256}`");
    let call = server.call(&wanted);
    let path = format!("_i/{}/{}@{sha256}", server.name, publication.version);
    let mut request = server.request(Method::POST, &path)?;
    let media_type = HeaderValue::from_static("application/octet-stream");
    request.headers.insert(CONTENT_TYPE, media_type);
    request.body = Some(Bytes::copy_from_slice(content));
    let reply = server.transport.ask(call, &request).await?;
    match reply.status.as_u16() {
        // 409: it is there, or half of it is; what is missing afterwards tells which.
        200 | 201 | 409 => Ok(()),
        _ => Err(reply.rejected(call)),
    }
}

/// Whether the server hands out these parcels, byte for byte.
async fn read_back(
    server: &Server<'_>,
    invoice: &Invoice,
    parcels: &BTreeSet<String>,
) -> Result<(), RegistryError> {
    let labels = invoice.parcel.iter().map(|parcel| &parcel.label);
    for label in labels.filter(|label| parcels.contains(&label.sha256)) {
        let wanted = format!("the parcel `{}` that was just published", label.name);
        let unreadable = |reason: String| RegistryError::Unreachable {
            at: server.place.clone(),
            wanted: wanted.clone(),
            reason,
        };
        let digest = format!("sha256:{}", label.sha256).parse();
        let parcel = Wasm {
            digest: digest.map_err(|_| unreadable("its sha256 is none".to_owned()))?,
            size: label.size,
        };
        let found = server.parcel(&wanted, &invoice.id(), parcel).await?;
        found.ok_or_else(|| unreadable("the server does not have it".to_owned()))?;
    }
    Ok(())
}
