//! OCI registries that misbehave, and what is asked of those that do not.
#![cfg(feature = "network")]

#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/mod.rs"]
mod support;

mod canary;
mod credentials;
mod guarded;
mod likenesses;
mod mirrors;
mod patience;
mod publish;
mod pull;
mod requests;
mod sharing;
mod tags;
mod tls;
mod tokens;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{backend, impatient, publication, run, version};
use wits_model::{Blob, Digest, ErrorKind, PackageSource, Pin, Version};
use wits_registry::artifact::{Artifact, INDEX, MANIFEST};
use wits_registry::{
    Forgetful, Limits, Memory, Options, Outcome, Published, Registries, RegistryError, Release,
};
use wits_testkit::wire::{Body, Request, Response, Server};

const WASM: &[u8] = b"\0asm and so on";

fn at(server: &Server) -> PackageSource {
    format!("oci+http://{}/demo/greet", server.address())
        .parse()
        .unwrap()
}

fn artifact() -> Artifact {
    Artifact::new(&publication("1.0.0", WASM))
}

/// What a good registry with version 1.0.0 answers.
fn good(asked: &Request) -> Response {
    let artifact = artifact();
    let digest = artifact.manifest.digest().to_string();
    let (tag, locked) = (
        "GET /v2/demo/greet/manifests/1.0.0".to_owned(),
        format!("GET /v2/demo/greet/manifests/{digest}"),
    );
    match asked.line() {
        line if line == tag || line == locked => Response::new(200, artifact.manifest)
            .with("content-type", MANIFEST)
            .with("docker-content-digest", digest),
        line if line == format!("GET /v2/demo/greet/blobs/{}", artifact.pin.digest) => {
            Response::new(200, WASM)
        }
        line if line.starts_with("GET /v2/demo/greet/manifests/") => {
            Response::error(404, "MANIFEST_UNKNOWN")
        }
        line if line.contains("/blobs/") => Response::error(404, "BLOB_UNKNOWN"),
        _ => Response::error(404, "NAME_UNKNOWN"),
    }
}

fn release(server: &Server) -> Result<Release, RegistryError> {
    release_of(server, "1.0.0")
}

fn release_of(server: &Server, text: &str) -> Result<Release, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).release(&at, &version(text)))
}

fn pull(server: &Server, pin: &Pin) -> Result<Blob, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).pull(&at, &version("1.0.0"), pin))
}

fn versions(server: &Server) -> Result<Vec<Version>, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).versions(&at))
}

fn publish(server: &Server) -> Result<Published, RegistryError> {
    let (all, at) = (Registries::new(impatient()), at(server));
    run(backend(&all, &at).publish(&at, &publication("1.0.0", WASM)))
}

/// A server that knows its own address.
fn with_own_address<F>(make: impl FnOnce(Arc<Mutex<String>>) -> F) -> Server
where
    F: Fn(&Request) -> Response + Send + Sync + 'static,
{
    let own = Arc::new(Mutex::new(String::new()));
    let server = Server::start(make(Arc::clone(&own)));
    *own.lock().unwrap() = server.url("");
    server
}
