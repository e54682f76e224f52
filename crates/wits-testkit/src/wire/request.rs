//! What a client asks.

use crate::form;

/// A request as it came, whichever version of HTTP it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The number of its connection, from 0 in the order in which they were accepted.
    pub connection: usize,
}

impl Request {
    /// A header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// `GET /path`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path without the query.
    pub fn route(&self) -> &str {
        self.path
            .split_once('?')
            .map_or(&self.path, |(route, _)| route)
    }

    /// The first value of `key` in the query.
    pub fn query(&self, key: &str) -> Option<String> {
        self.queries()
            .into_iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// All of the query.
    pub fn queries(&self) -> Vec<(String, String)> {
        self.path
            .split_once('?')
            .map(|(_, query)| form::pairs(query))
            .unwrap_or_default()
    }

    /// What was posted as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        form::pairs(&String::from_utf8_lossy(&self.body))
    }

    /// The URL of `path` on the server that was asked, by the name that the client knows it by.
    pub fn url(&self, path: &str) -> String {
        let host = self.header("host").unwrap_or_default();
        format!("{}://{host}{path}", self.scheme)
    }
}
