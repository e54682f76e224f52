//! What is asked, what is answered, and the errors that speak of both.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;
use wits_model::Blob;

use super::{Redirects, Scope};
use crate::error::Shown;
use crate::told::ErrorList;
use crate::{Place, RegistryError};

/// Why something is asked, and of whom: the same for all requests of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    /// Where, for messages.
    pub(crate) at: &'c Place,
    /// What, for messages: "the manifest of `1.0.0`".
    pub(crate) wanted: &'c str,
    /// The only origin that sees a token, and whose challenges are answered.
    pub(crate) home: &'c Url,
    /// What is to be allowed to whom; nothing where nobody is ever named.
    pub(crate) scope: Option<&'c Scope>,
    /// Where redirects may lead.
    pub(crate) redirects: Redirects,
    /// The longest body, in bytes.
    pub(crate) limit: u64,
}

/// A request that can be sent again.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

/// An answer that says something: not a passing failure, and not a refusal.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// All of it for a success, what explains it otherwise.
    pub(crate) body: Blob,
}

impl Reply {
    /// A header, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The error for an answer that nothing better can be said of.
    pub(crate) fn rejected(&self, call: Call<'_>) -> RegistryError {
        RegistryError::Rejected {
            at: call.at.clone(),
            wanted: call.wanted.to_owned(),
            status: self.status.as_u16(),
            reason: explain(self.status, &self.body),
        }
    }
}

/// Why a peer says no: in its words, or in those of the status.
pub(super) fn explain(status: StatusCode, body: &[u8]) -> String {
    let told = ErrorList::read(body).told();
    if told.is_empty() {
        status
            .canonical_reason()
            .unwrap_or("no reason given")
            .to_lowercase()
    } else {
        told
    }
}

impl Call<'_> {
    pub(super) fn unreachable(&self, reason: impl Into<String>) -> RegistryError {
        RegistryError::Unreachable {
            at: self.at.clone(),
            wanted: self.wanted.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn denied(&self, reason: impl Into<String>) -> RegistryError {
        RegistryError::Denied {
            at: self.at.clone(),
            wanted: self.wanted.to_owned(),
            reason: reason.into(),
            shown: Shown::Nothing,
        }
    }

    /// The error for something a peer wants and wits does not do.
    pub(crate) fn unsafe_(&self, what: &str, reason: impl Into<String>) -> RegistryError {
        RegistryError::Unsafe {
            at: self.at.clone(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn too_large(&self) -> RegistryError {
        RegistryError::TooLarge {
            at: self.at.clone(),
            what: self.wanted.to_owned(),
            limit: self.limit,
        }
    }
}
