//! Where a peer may send us.

use reqwest::{Method, StatusCode};
use url::Url;

use super::challenge::is_inside;
use super::printable;

/// Where redirects may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// To any host, without a token: registries serve blobs from elsewhere, and a digest says whether
    /// they are the right ones.
    Anywhere,
    /// Within the same scheme, host and port: where the answer itself is what is trusted.
    SameOrigin,
    /// Nowhere: that there is a redirect is the answer.
    Told,
}

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether a redirect with `status` asks for the same thing elsewhere (RFC 9110, section 15.4).
pub(super) fn keeps_method(method: &Method, status: StatusCode) -> bool {
    matches!(*method, Method::GET | Method::HEAD) || matches!(status.as_u16(), 307 | 308)
}

/// Where `location`, told by `from`, leads; or why wits does not go there.
pub(crate) fn next(from: &Url, location: &str, rule: Redirects) -> Result<Url, String> {
    let shown = printable(location.split('?').next().unwrap_or_default());
    let to = from
        .join(location)
        .map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
    if !to.username().is_empty() || to.password().is_some() {
        return Err("it has a user name or a password in it".to_owned());
    }
    match (from.scheme(), to.scheme()) {
        ("http", "http" | "https") | ("https", "https") => {}
        ("https", "http") => return Err(format!("`{shown}` leads from https to http")),
        (_, other) => return Err(format!("`{shown}` leads to `{}:`", printable(other))),
    }
    // A registry elsewhere has no business with services of this machine or its cloud.
    if is_inside(&to) && !is_inside(from) {
        return Err(format!("`{shown}` is on this machine or its own network"));
    }
    if rule != Redirects::Anywhere && to.origin() != from.origin() {
        return Err(format!("`{shown}` leads to another host"));
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_ways_are_not_taken() {
        let https: Url = "https://a.example/v2/x".parse().unwrap();
        let http: Url = "http://a.example:5000/v2/x".parse().unwrap();
        let ok = |from, to, rule| next(from, to, rule).map(String::from);
        assert_eq!(
            ok(&https, "/y?z", Redirects::SameOrigin).unwrap(),
            "https://a.example/y?z"
        );
        assert_eq!(
            ok(&https, "https://b.example/y", Redirects::Anywhere).unwrap(),
            "https://b.example/y"
        );
        assert!(ok(&http, "https://a.example/", Redirects::Anywhere).is_ok());
        for (from, to, rule) in [
            (&https, "http://a.example/y", Redirects::Anywhere),
            (&https, "file:///etc/passwd", Redirects::Anywhere),
            (&https, "https://me:pw@a.example/", Redirects::Anywhere),
            (&https, "https://b.example/", Redirects::SameOrigin),
            (&https, "//b.example/", Redirects::SameOrigin),
            (&https, "https://a.example:444/", Redirects::SameOrigin),
            (&http, "http://a.example/", Redirects::SameOrigin),
            (&http, "https://a.example:5000/", Redirects::SameOrigin),
            (&https, "https://[", Redirects::Anywhere),
            (&https, "https://127.0.0.1/", Redirects::Anywhere),
            (&http, "http://169.254.169.254/latest/", Redirects::Anywhere),
            (
                &http,
                "http://[::ffff:169.254.169.254]/",
                Redirects::Anywhere,
            ),
            (&http, "http://localhost:2375/", Redirects::Anywhere),
        ] {
            assert!(ok(from, to, rule).is_err(), "{to}");
        }
        // A presigned query is as good as a password: it is not repeated.
        let error = ok(&https, "http://b/y?signature=secret", Redirects::Anywhere).unwrap_err();
        assert!(!error.contains("secret"), "{error}");
    }
}
