//! `WWW-Authenticate`: what a registry wants to see, and where it sends us for a token (the distribution
//! project's token authentication specification; RFC 9110, section 11.6.1).

use reqwest::header::{GetAll, HeaderValue};
use url::{Host, Url};

use super::{Call, Failure, printable};

/// What a host wants of those who ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Demand {
    /// A token of this realm.
    pub(super) realm: Option<Realm>,
    /// A user and a password.
    pub(super) basic: bool,
    /// Everything it takes, for messages.
    pub(super) schemes: Vec<String>,
}

/// A place that hands out tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Realm {
    pub(super) url: Url,
    pub(super) service: Option<String>,
    /// What the registry says is needed; it may know better than we do how it names things.
    pub(super) scope: Option<String>,
}

impl Demand {
    /// Reads all challenges of `headers`.
    ///
    /// # Errors
    /// If the realm of a token is one that wits does not ask.
    pub(super) fn read(call: Call<'_>, headers: GetAll<'_, HeaderValue>) -> Result<Self, Failure> {
        let mut demand = Self::default();
        for header in headers {
            let Ok(text) = header.to_str() else { continue };
            let Ok(challenges) = http_auth::parse_challenges(text) else {
                continue;
            };
            for challenge in challenges {
                demand.schemes.push(printable(challenge.scheme));
                if challenge.scheme.eq_ignore_ascii_case("basic") {
                    demand.basic = true;
                }
                let is_bearer = challenge.scheme.eq_ignore_ascii_case("bearer");
                if is_bearer && demand.realm.is_none() {
                    demand.realm = Realm::of(call, &challenge)?;
                }
            }
        }
        Ok(demand)
    }

    /// Why someone who shows nothing is refused.
    pub(super) fn unmet(&self) -> String {
        if self
            .schemes
            .iter()
            .any(|it| it.eq_ignore_ascii_case("bearer"))
            || self.schemes.is_empty()
        {
            "401, and it does not say where to get a token".to_owned()
        } else {
            format!("it wants to know who asks ({})", self.schemes.join(", "))
        }
    }
}

impl Realm {
    fn of(
        call: Call<'_>,
        challenge: &http_auth::ChallengeRef<'_>,
    ) -> Result<Option<Self>, Failure> {
        let parameter = |name: &str| {
            let found = challenge
                .params
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        let takes_tokens = call.scope.is_some_and(super::Scope::takes_tokens);
        let Some(realm) = parameter("realm").filter(|_| takes_tokens) else {
            return Ok(None);
        };
        Ok(Some(Self {
            url: checked(call.home, &realm)
                .map_err(|reason| call.unsafe_("the realm for tokens", reason))?,
            service: parameter("service"),
            scope: parameter("scope"),
        }))
    }
}

/// The realm `text` of the registry at `home`; or why wits does not ask there.
fn checked(home: &Url, text: &str) -> Result<Url, String> {
    let shown = printable(text.split('?').next().unwrap_or_default());
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

/// Whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// Whether the host is this machine, or one that only this machine can mean by that address.
pub(super) fn is_inside(url: &Url) -> bool {
    let inside = match url.host() {
        Some(Host::Domain(_)) => false,
        Some(Host::Ipv4(ip)) => ip.is_link_local() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            let mapped = ip.to_ipv4_mapped();
            ip.is_unspecified()
                || ip.is_unicast_link_local()
                || mapped.is_some_and(|ip| ip.is_link_local() || ip.is_unspecified())
        }
        None => true,
    };
    inside || is_loopback(url)
}

/// The headers `WWW-Authenticate` of an answer, a line each, as any registry may send them. A realm that
/// is asked is one that may be.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
    use wits_model::RegistryUrl;

    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(WWW_AUTHENTICATE, value);
        }
    }
    let registry: RegistryUrl = "oci://h.example".parse().expect("a registry");
    let home: Url = "https://h.example/v2/".parse().expect("a URL");
    let scope = super::Scope::pull("h.example", "a/b");
    let call = Call {
        at: &(&registry).into(),
        wanted: "it",
        home: &home,
        scope: Some(&scope),
        redirects: super::Redirects::SameOrigin,
        limit: 0,
    };
    match Demand::read(call, headers.get_all(WWW_AUTHENTICATE)) {
        Err(failure) => crate::told::is_printable(&failure.error.to_string()),
        Ok(demand) => {
            for scheme in &demand.schemes {
                assert!(!scheme.contains(char::is_control));
            }
            let _ = demand.unmet();
            if let Some(realm) = demand.realm {
                assert_eq!(realm.url.scheme(), "https");
                assert!(realm.url.username().is_empty() && !is_inside(&realm.url));
                let _ = scope.asked(realm.scope.as_deref());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_realms_are_not_asked() {
        let https: Url = "https://r.example/v2/".parse().unwrap();
        let local: Url = "http://127.0.0.1:5000/v2/".parse().unwrap();
        assert!(checked(&https, "https://auth.example/token?x=y").is_ok());
        assert!(checked(&local, "http://127.0.0.1:5001/token").is_ok());
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
            assert!(checked(home, realm).is_err(), "{realm}");
        }
    }
}
