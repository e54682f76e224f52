//! Who asks, and the headers that show it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use url::Url;

use super::challenge::is_loopback;
use super::spoken_to;
use crate::{Credential, Options};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// Nobody in particular.
    Anonymous,
    /// Whoever has this.
    Known(Arc<Credential>),
}

impl Identity {
    pub(super) fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }
}

/// `Authorization: Bearer`; nothing if `token` does not fit into a header.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {token}"))
}

/// `Authorization: Basic` (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    sensitive(&format!("Basic {}", encoded(user, password)))
}

/// A user and a password as `Basic` writes them.
pub(super) fn encoded(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Whether a credential may be sent to `url`: over TLS, within this machine, or where the user says so.
pub(super) fn may_see(options: &Options, url: &Url) -> bool {
    if url.scheme() == "https" || is_loopback(url) {
        return true;
    }
    let host = url.host_str().unwrap_or_default();
    let named = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut allowed = options.cleartext.iter();
    allowed.any(|host| spoken_to(host) == named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_what_the_rfcs_say_and_do_not_show() {
        let header = basic("Aladdin", "open sesame").unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert!(!format!("{header:?}").contains("QWxh"));
        assert_eq!(bearer("a\r\nb"), None);
    }

    #[test]
    fn cleartext_is_for_this_machine() {
        let mut options = Options::default();
        let may = |options: &Options, url: &str| may_see(options, &url.parse().unwrap());
        for url in [
            "https://r.example/",
            "http://127.0.0.1:5000/",
            "http://[::1]:5000/",
            "http://localhost/",
        ] {
            assert!(may(&options, url), "{url}");
        }
        for url in [
            "http://r.example:5000/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
        ] {
            assert!(!may(&options, url), "{url}");
        }
        options.cleartext.insert("r.example:5000".to_owned());
        assert!(may(&options, "http://r.example:5000/"));
        assert!(!may(&options, "http://r.example/"));
    }
}
