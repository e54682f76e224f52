//! What a server answers, and how it sends it.

use std::time::Duration;

/// How the body of an answer is sent.
#[derive(Debug, Clone)]
pub enum Body {
    /// As it is, with its length.
    Whole(Vec<u8>),
    /// As it is, in chunks and without a length.
    Chunked(Vec<u8>),
    /// These bytes, declared to be this many; then the connection ends.
    Declared(usize, Vec<u8>),
    /// These bytes over and over, of no declared length, until the client goes away.
    Endless(Vec<u8>),
    /// These bytes, declared to be one more than they are; then silence until the client goes away.
    Stuck(Vec<u8>),
    /// These bytes with their length, one at a time, with a pause before each.
    Trickle(Vec<u8>, Duration),
    /// No answer at all: the connection ends before the head.
    Reset,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Sent as they are. A `content-length` here is believed and no other is sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl Response {
    /// A whole body.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(body.into()),
        }
    }

    /// 200 with a body of any kind.
    pub fn sent(body: Body) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    /// An error as the OCI distribution specification has them, under `code`.
    pub fn error(status: u16, code: &str) -> Self {
        Self::new(
            status,
            format!(r#"{{"errors":[{{"code":"{code}","message":"told {code}"}}]}}"#),
        )
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a header in place of what it was.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.to_owned(), value.into()));
    }

    /// The bytes of the body, however they are sent.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Whole(bytes)
            | Body::Chunked(bytes)
            | Body::Declared(_, bytes)
            | Body::Endless(bytes)
            | Body::Stuck(bytes)
            | Body::Trickle(bytes, _) => bytes,
            Body::Reset => &[],
        }
    }
}
