//! What the path of a request is about.

use super::Kind;

/// A path of the distribution specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'p> {
    pub(super) kind: Kind,
    /// `NAME` of `/v2/NAME/…`.
    pub(super) repository: &'p str,
    /// The tag, digest or session.
    pub(super) reference: &'p str,
}

impl<'p> Route<'p> {
    /// The route of a path without its query.
    pub(super) fn of(path: &'p str) -> Self {
        let route = |kind, repository, reference| Self {
            kind,
            repository,
            reference,
        };
        if path == "/token" {
            return route(Kind::Token, "", "");
        }
        let Some(path) = path.strip_prefix("/v2/") else {
            return route(Kind::Other, "", path);
        };
        for (part, kind) in [
            ("/blobs/uploads/", Kind::Upload),
            ("/blobs/", Kind::Blob),
            ("/manifests/", Kind::Manifest),
            ("/tags/", Kind::Tags),
        ] {
            if let Some((repository, reference)) = path.rsplit_once(part) {
                return route(kind, repository, reference);
            }
        }
        route(Kind::Other, "", path)
    }
}
