//! What a registry keeps, and its honest answers.

use std::collections::BTreeMap;

use serde_json::json;

use super::Kind;
use super::route::Route;
use crate::artifact::sha256;
use crate::wire::{Request, Response};

/// One repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) tags: BTreeMap<String, String>,
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    uploads: Vec<Vec<u8>>,
}

impl Repository {
    pub(super) fn put_blob(&mut self, bytes: Vec<u8>) -> String {
        let digest = sha256(&bytes);
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub(super) fn put_manifest(
        &mut self,
        media_type: &str,
        bytes: Vec<u8>,
        tag: Option<&str>,
    ) -> String {
        let digest = sha256(&bytes);
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), digest.clone());
        }
        self.manifests
            .insert(digest.clone(), (media_type.to_owned(), bytes));
        digest
    }
}

/// The honest answer.
pub(super) fn answer(
    repositories: &mut BTreeMap<String, Repository>,
    request: &Request,
    route: &Route<'_>,
) -> Response {
    let method = request.method.as_str();
    if route.kind == Kind::Other {
        return Response::new(if route.reference.is_empty() { 200 } else { 404 }, "{}");
    }
    if matches!(method, "GET" | "HEAD") {
        return match repositories.get(route.repository) {
            Some(repository) => read(repository, request, route),
            None if route.kind == Kind::Blob => Response::error(404, "BLOB_UNKNOWN"),
            None => Response::error(404, "NAME_UNKNOWN"),
        };
    }
    let repository = repositories.entry(route.repository.to_owned()).or_default();
    match (method, route.kind) {
        ("PUT", Kind::Manifest) => {
            let media_type = request.header("content-type").unwrap_or_default();
            let tag = (!route.reference.contains(':')).then_some(route.reference);
            let digest = repository.put_manifest(media_type, request.body.clone(), tag);
            let at = format!("/v2/{}/manifests/{digest}", route.repository);
            created(at, digest)
        }
        ("DELETE", Kind::Manifest) => {
            repository.tags.remove(route.reference);
            repository.manifests.remove(route.reference);
            Response::new(202, "")
        }
        (_, Kind::Upload) => upload(repository, request, route),
        _ => Response::error(405, "UNSUPPORTED"),
    }
}

fn read(repository: &Repository, request: &Request, route: &Route<'_>) -> Response {
    match route.kind {
        Kind::Manifest => {
            let tagged = repository.tags.get(route.reference);
            let digest = tagged.map_or(route.reference, String::as_str);
            match repository.manifests.get(digest) {
                Some((media_type, bytes)) => Response::new(200, bytes.clone())
                    .with("content-type", media_type)
                    .with("docker-content-digest", digest),
                None => Response::error(404, "MANIFEST_UNKNOWN"),
            }
        }
        Kind::Blob => match repository.blobs.get(route.reference) {
            Some(bytes) => Response::new(200, bytes.clone())
                .with("content-type", "application/octet-stream")
                .with("docker-content-digest", route.reference),
            None => Response::error(404, "BLOB_UNKNOWN"),
        },
        Kind::Tags => tags(repository, request, route.repository),
        _ => Response::error(404, "UNSUPPORTED"),
    }
}

/// A page of tags, `n` of those after `last`.
fn tags(repository: &Repository, request: &Request, name: &str) -> Response {
    let last = request.query("last").unwrap_or_default();
    let after = repository
        .tags
        .keys()
        .filter(|tag| last.is_empty() || **tag > last);
    let most = request
        .query("n")
        .and_then(|n| n.parse().ok())
        .unwrap_or(usize::MAX);
    let all: Vec<_> = after.collect();
    let page = &all[..all.len().min(most)];
    let body = json!({ "name": name, "tags": page }).to_string();
    let response = Response::new(200, body).with("content-type", "application/json");
    match page.last() {
        Some(last) if page.len() < all.len() => response.with(
            "link",
            format!("</v2/{name}/tags/list?n={most}&last={last}>; rel=\"next\""),
        ),
        _ => response,
    }
}

/// `POST`, any number of `PATCH`, `PUT`.
fn upload(repository: &mut Repository, request: &Request, route: &Route<'_>) -> Response {
    let name = route.repository;
    let at = |session: usize| format!("/v2/{name}/blobs/uploads/{session}");
    if request.method == "POST" {
        if let Some(digest) = request.query("digest") {
            return finish(repository, name, request.body.clone(), &digest);
        }
        repository.uploads.push(Vec::new());
        return Response::new(202, "").with("location", at(repository.uploads.len() - 1));
    }
    let session = route.reference.parse::<usize>().ok();
    let Some(session) = session.filter(|session| *session < repository.uploads.len()) else {
        return Response::error(404, "BLOB_UPLOAD_UNKNOWN");
    };
    repository.uploads[session].extend(&request.body);
    if request.method == "PATCH" {
        let end = repository.uploads[session].len().saturating_sub(1);
        return Response::new(202, "")
            .with("location", at(session))
            .with("range", format!("0-{end}"));
    }
    let digest = request.query("digest").unwrap_or_default();
    let bytes = repository.uploads[session].clone();
    finish(repository, name, bytes, &digest)
}

fn finish(repository: &mut Repository, name: &str, bytes: Vec<u8>, digest: &str) -> Response {
    if sha256(&bytes) != digest {
        return Response::error(400, "DIGEST_INVALID");
    }
    let digest = repository.put_blob(bytes);
    created(format!("/v2/{name}/blobs/{digest}"), digest)
}

fn created(at: String, digest: String) -> Response {
    Response::new(201, "")
        .with("location", at)
        .with("docker-content-digest", digest)
}
