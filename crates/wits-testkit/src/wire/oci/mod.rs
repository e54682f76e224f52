//! A registry in the test's own process (OCI distribution specification 1.1), with honest content on which
//! a test lays faults.
//!
//! What is in it came through HTTP, as from any client, or was put by the test. It has no referrers, as
//! GHCR has none.

mod content;
mod route;
mod tokens;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use self::content::Repository;
use self::route::Route;
use self::tokens::Office;
use super::rule::Rules;
use super::{Exchange, Fault, Kind, Request, Response, Rule, Server, Settings};
use crate::Artifact;

pub use self::tokens::Guard;

/// A running registry.
pub struct OciRegistry {
    server: Server,
    state: Arc<State>,
}

/// What the registry is beside its socket.
#[derive(Default)]
struct State {
    repositories: Mutex<BTreeMap<String, Repository>>,
    office: Mutex<Office>,
    rules: Rules,
}

impl OciRegistry {
    /// An empty registry that lets everybody in.
    #[track_caller]
    #[allow(clippy::new_without_default)] // it is a running server
    pub fn start() -> Self {
        Self::start_with(Settings::default())
    }

    /// The same, over TLS or otherwise different.
    #[track_caller]
    pub fn start_with(settings: Settings<'_>) -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let server = Server::start_with(settings, move |request| shared.answer(request));
        Self { server, state }
    }

    /// Who is let in from now on, and how.
    pub fn guard(&self, guard: Guard) {
        self.state.office().guard = Some(guard);
    }

    /// Lays a fault on the requests that `rule` names. Several are applied in the order in which they came.
    pub fn lay(&self, rule: Rule, fault: Fault) {
        self.state.rules.lay(rule, fault);
    }

    /// Takes all faults away.
    pub fn lift(&self) {
        self.state.rules.lift();
    }

    /// Puts an artifact under a tag; the digest of its manifest.
    pub fn put(&self, repository: &str, tag: &str, artifact: &Artifact) -> String {
        let manifest = artifact.manifest();
        let mut repositories = self.state.repositories();
        let repository = repositories.entry(repository.to_owned()).or_default();
        for blob in artifact.blobs() {
            repository.put_blob(blob.bytes.clone());
        }
        repository.put_manifest(&manifest.media_type, manifest.bytes, Some(tag))
    }

    /// Puts any document under a tag, as a manifest of this media type; its digest.
    pub fn put_document(
        &self,
        repository: &str,
        tag: &str,
        media_type: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> String {
        let mut repositories = self.state.repositories();
        let repository = repositories.entry(repository.to_owned()).or_default();
        repository.put_manifest(media_type, bytes.into(), Some(tag))
    }

    /// Deletes a tag; its manifest stays.
    pub fn untag(&self, repository: &str, tag: &str) {
        let mut repositories = self.state.repositories();
        if let Some(repository) = repositories.get_mut(repository) {
            repository.tags.remove(tag);
        }
    }

    /// Adds tags that name nothing, as many as a test wants.
    pub fn put_tags(&self, repository: &str, tags: impl IntoIterator<Item = String>) {
        let mut repositories = self.state.repositories();
        let repository = repositories.entry(repository.to_owned()).or_default();
        repository
            .tags
            .extend(tags.into_iter().map(|tag| (tag, String::new())));
    }

    /// Deletes a blob of a repository.
    pub fn delete_blob(&self, repository: &str, digest: &str) {
        let mut repositories = self.state.repositories();
        if let Some(repository) = repositories.get_mut(repository) {
            repository.blobs.remove(digest);
        }
    }

    /// The tags of a repository, with the digest that each names.
    pub fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        let repositories = self.state.repositories();
        let repository = repositories.get(repository);
        repository.map(|it| it.tags.clone()).unwrap_or_default()
    }

    /// Where it listens: `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL that routes to it: `oci://` or `oci+http://`.
    pub fn registry(&self) -> String {
        let scheme = match self.server.url("") {
            url if url.starts_with("https:") => "oci",
            _ => "oci+http",
        };
        format!("{scheme}://{}", self.address())
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// The server, which keeps the log.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The lines of everything that was asked so far.
    pub fn lines(&self) -> Vec<String> {
        self.server.lines()
    }

    /// Everything that was asked so far, in the order in which it came.
    pub fn log(&self) -> Vec<Request> {
        self.server.log()
    }

    /// The same, with when each began and ended.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }
}

impl State {
    fn repositories(&self) -> MutexGuard<'_, BTreeMap<String, Repository>> {
        self.repositories.lock().expect("no thread panics with it")
    }

    fn office(&self) -> MutexGuard<'_, Office> {
        self.office.lock().expect("no thread panics with it")
    }

    fn answer(&self, request: &Request) -> Response {
        let route = Route::of(request.route());
        let honest = || self.honest(request, &route);
        self.rules
            .apply(request, route.kind, route.repository, honest)
    }

    fn honest(&self, request: &Request, route: &Route<'_>) -> Response {
        if route.kind == Kind::Token {
            return self.office().token(request);
        }
        if let Err(refused) = self.office().enter(request, route) {
            return refused;
        }
        content::answer(&mut self.repositories(), request, route)
    }
}

#[cfg(test)]
mod tests;
