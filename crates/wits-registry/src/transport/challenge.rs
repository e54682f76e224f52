//! `WWW-Authenticate`: where a registry sends us for a token (the distribution project's token
//! authentication specification; RFC 9110, section 11.6.1).

use reqwest::header::{GetAll, HeaderValue};
use url::{Host, Url};

use super::{Call, Failure, printable};

/// A place that hands out tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) realm: Url,
    pub(super) service: Option<String>,
    /// What the registry says is needed; it may know better than we do how it names things.
    pub(super) scope: Option<String>,
}

/// The challenge for a bearer token among `headers`, if its realm is one wits asks.
pub(super) fn bearer(
    call: Call<'_>,
    headers: GetAll<'_, HeaderValue>,
) -> Result<Challenge, Failure> {
    let mut schemes = Vec::new();
    for header in headers {
        let Ok(text) = header.to_str() else { continue };
        let Ok(challenges) = http_auth::parse_challenges(text) else {
            continue;
        };
        for challenge in challenges {
            if !challenge.scheme.eq_ignore_ascii_case("bearer") {
                schemes.push(printable(challenge.scheme));
                continue;
            }
            let parameter = |name: &str| {
                let found = challenge
                    .params
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            let Some(realm) = parameter("realm") else {
                continue;
            };
            return Ok(Challenge {
                realm: realm_of(call.home, &realm)
                    .map_err(|reason| call.unsafe_("the realm for tokens", reason))?,
                service: parameter("service"),
                scope: parameter("scope"),
            });
        }
    }
    Err(Failure::from(call.denied(if schemes.is_empty() {
        "401, and it does not say where to get a token".to_owned()
    } else {
        format!("it wants to know who asks ({})", schemes.join(", "))
    })))
}

/// The realm `text` of the registry at `home`; or why wits does not ask there.
fn realm_of(home: &Url, text: &str) -> Result<Url, String> {
    let shown = printable(text);
    let realm: Url = text
        .parse()
        .map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
    if !realm.username().is_empty() || realm.password().is_some() {
        return Err("it has a user name or a password in it".to_owned());
    }
    match (home.scheme(), realm.scheme()) {
        (_, "https") | ("http", "http") => {}
        (_, "http") => return Err(format!("`{shown}` is http, and the registry is https")),
        _ => return Err(format!("`{shown}` is not https")),
    }
    // A registry elsewhere has no business with services of this machine or its cloud.
    if is_inside(&realm) && !is_inside(home) {
        return Err(format!("`{shown}` is on this machine or its own network"));
    }
    Ok(realm)
}

/// Whether the host is this machine, or one that only this machine can mean by that address.
fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            let mapped = ip.to_ipv4_mapped();
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unicast_link_local()
                || mapped.is_some_and(|ip| ip.is_loopback() || ip.is_link_local())
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_realms_are_not_asked() {
        let https: Url = "https://r.example/v2/".parse().unwrap();
        let local: Url = "http://127.0.0.1:5000/v2/".parse().unwrap();
        assert!(realm_of(&https, "https://auth.example/token?x=y").is_ok());
        assert!(realm_of(&local, "http://127.0.0.1:5001/token").is_ok());
        for (home, realm) in [
            (&https, "http://r.example/token"),
            (&https, "https://me:pw@r.example/token"),
            (&https, "https://169.254.169.254/latest"),
            (&https, "https://[fe80::1]/"),
            (&https, "https://[::ffff:127.0.0.1]/"),
            (&https, "https://localhost/token"),
            (&https, "/token"),
            (&local, "ftp://127.0.0.1/token"),
        ] {
            assert!(realm_of(home, realm).is_err(), "{realm}");
        }
    }
}
