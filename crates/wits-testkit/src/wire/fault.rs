//! What is wrong with an answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Body, Request, Response};

type Change = dyn Fn(&Request, Response) -> Response + Send + Sync;

/// What becomes of an honest answer.
#[derive(Clone)]
pub struct Fault {
    change: Arc<Change>,
    /// Whether the server does not even do what it is asked.
    unheard: bool,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault")
    }
}

impl Fault {
    /// Whatever a test makes of it.
    pub fn new(change: impl Fn(&Request, Response) -> Response + Send + Sync + 'static) -> Self {
        Self {
            change: Arc::new(change),
            unheard: false,
        }
    }

    /// Another answer altogether; what was asked is not done.
    pub fn answer(response: Response) -> Self {
        Self {
            unheard: true,
            ..Self::new(move |_, _| response.clone())
        }
    }

    /// Other bytes, under the same head.
    pub fn bytes(change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::body(move |bytes| Body::Whole(change(bytes)))
    }

    /// The bytes sent in another way, under the same head.
    pub fn body(change: impl Fn(Vec<u8>) -> Body + Send + Sync + 'static) -> Self {
        Self::new(move |_, mut response| {
            response.body = change(response.bytes().to_vec());
            response
        })
    }

    /// The last byte is another one.
    pub fn wrong() -> Self {
        Self::bytes(|mut bytes| {
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            bytes
        })
    }

    /// One byte less.
    pub fn short() -> Self {
        Self::bytes(|mut bytes| {
            bytes.pop();
            bytes
        })
    }

    /// One byte more.
    pub fn long() -> Self {
        Self::bytes(|mut bytes| {
            bytes.push(0);
            bytes
        })
    }

    /// The bytes again and again, without an end.
    pub fn endless() -> Self {
        Self::body(Body::Endless)
    }

    /// Half of the bytes, then silence.
    pub fn stuck() -> Self {
        Self::body(|bytes| Body::Stuck(bytes[..bytes.len() / 2].to_vec()))
    }

    /// One byte each `pause`.
    pub fn trickle(pause: Duration) -> Self {
        Self::body(move |bytes| Body::Trickle(bytes, pause))
    }

    /// The connection ends before the head; what was asked is not done.
    pub fn reset() -> Self {
        Self::answer(Response::sent(Body::Reset))
    }

    /// The connection ends before the head; what was asked is done.
    pub fn lost() -> Self {
        Self::body(|_| Body::Reset)
    }

    /// The connection ends midway.
    pub fn cut() -> Self {
        Self::body(|bytes| Body::Declared(bytes.len(), bytes[..bytes.len() / 2].to_vec()))
    }

    /// A whole answer in chunks, without a length: not wrong, and not what every client expects.
    pub fn chunked() -> Self {
        Self::body(Body::Chunked)
    }

    /// This header in place of the honest one.
    pub fn header(name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        Self::new(move |_, mut response| {
            response.set(&name, value.clone());
            response
        })
    }

    /// The JSON of a success changed, under the same head but for its digest, which is left out.
    pub fn json(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::new(move |_, mut response| {
            if response.status != 200 {
                return response;
            }
            let mut document = serde_json::from_slice(response.bytes()).unwrap_or_default();
            change(&mut document);
            response
                .headers
                .retain(|(name, _)| name != "docker-content-digest");
            response.body = Body::Whole(document.to_string().into_bytes());
            response
        })
    }

    /// An error as the OCI distribution specification has them.
    pub fn error(status: u16, code: &str) -> Self {
        Self::answer(Response::error(status, code))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::answer(Response::new(status, "").with("location", location))
    }

    /// A challenge: 401 with `WWW-Authenticate`.
    pub fn challenge(challenge: &str) -> Self {
        Self::answer(Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge))
    }

    pub(super) fn is_unheard(&self) -> bool {
        self.unheard
    }

    /// What becomes of `honest`.
    pub(super) fn of(&self, request: &Request, honest: Response) -> Response {
        (self.change)(request, honest)
    }
}
