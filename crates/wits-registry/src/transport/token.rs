//! Asking a realm for a token (the distribution project's token authentication specification: "Requesting
//! a Token", and "`OAuth2` Token Authentication" for refresh tokens).

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::challenge::Realm;
use super::identity::{self, Identity};
use super::{Call, Failure, Redirects, Request, Transport};
use crate::Credential;

/// A bearer token. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    until: Instant,
    /// Whether it is for more repositories than one.
    pub(super) shared: bool,
}

impl Token {
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }

    #[cfg(test)]
    pub(super) fn until(until: Instant) -> Self {
        Self {
            header: HeaderValue::from_static("x"),
            until,
            shared: false,
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// How long a token lasts that does not say (token specification, `expires_in`).
const DEFAULT_LIFE: u64 = 60;
/// How long before its end a token is no longer used, in seconds.
const MARGIN: u64 = 5;
/// The longest that a token is used, in seconds.
const LONGEST_LIFE: u64 = 24 * 60 * 60;
/// The longest answer with a token, in bytes.
const MAX_TOKEN: u64 = 256 << 10;
/// Who asks, in the words of OAuth 2.
const CLIENT: &str = "wits";

/// A token of `realm` for all of `scopes`.
pub(super) async fn fetch(
    transport: &Transport,
    call: Call<'_>,
    realm: &Realm,
    who: &Identity,
    scopes: &[String],
) -> Result<Token, Failure> {
    let wanted = format!("a token for {}", call.wanted);
    let call = Call {
        wanted: &wanted,
        home: &realm.url,
        scope: None,
        redirects: Redirects::SameOrigin,
        limit: MAX_TOKEN,
        ..call
    };
    if who.is_known() && !identity::may_see(transport.options(), &realm.url) {
        let reason = "credentials are sent over TLS only, and it is http";
        return Err(call.unsafe_("the realm for tokens", reason).into());
    }
    let (request, header) = match who {
        Identity::Known(credential) => match &**credential {
            Credential::Basic { user, password } => (
                get(realm, scopes),
                Some(
                    identity::basic(user, password.reveal())
                        .ok_or_else(|| call.denied("the credential for it fits no header"))?,
                ),
            ),
            Credential::Identity(refresh) => (post(realm, scopes, refresh.reveal()), None),
            // Sent to the registry itself, which is no matter of its realm.
            Credential::Bearer(_) => (get(realm, scopes), None),
        },
        Identity::Anonymous => (get(realm, scopes), None),
    };
    let reply = transport.directly(call, &request, header.as_ref()).await?;
    if !reply.status.is_success() {
        // OAuth 2 says 400 of a grant that is no longer good (RFC 6749, section 5.2).
        if who.is_known() && reply.status == StatusCode::BAD_REQUEST {
            let denied = call.denied("400: the realm does not take the credential for it");
            return Err(Failure::refused(denied, StatusCode::UNAUTHORIZED));
        }
        return Err(reply.rejected(call).into());
    }
    // What is wrong with it is not told: it may hold a secret.
    let malformed = || crate::RegistryError::Malformed {
        at: call.at.clone(),
        what: wanted.clone(),
        reason: "it is not a token".to_owned(),
    };
    let granted: Granted = serde_json::from_slice(&reply.body).map_err(|_| malformed())?;
    let token = granted
        .token
        .or(granted.access_token)
        .filter(|token| !token.is_empty())
        .ok_or_else(malformed)?;
    transport.secrets.keep(&token);
    Ok(Token {
        header: identity::bearer(&token).ok_or_else(malformed)?,
        until: Instant::now() + life(granted.expires_in),
        shared: scopes.len() > 1,
    })
}

/// How long a token is used that lasts `told` seconds by its own word.
fn life(told: Option<u64>) -> Duration {
    // The specification has tokens last a minute at least.
    let told = told
        .unwrap_or(DEFAULT_LIFE)
        .clamp(DEFAULT_LIFE, LONGEST_LIFE);
    Duration::from_secs(told - MARGIN)
}

fn get(realm: &Realm, scopes: &[String]) -> Request {
    let mut url = realm.url.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = &realm.service {
            query.append_pair("service", service);
        }
        for scope in scopes {
            query.append_pair("scope", scope);
        }
    }
    Request::new(Method::GET, url)
}

fn post(realm: &Realm, scopes: &[String], refresh: &str) -> Request {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    if let Some(service) = &realm.service {
        form.append_pair("service", service);
    }
    form.append_pair("client_id", CLIENT);
    form.append_pair("scope", &scopes.join(" "));
    form.append_pair("refresh_token", refresh);
    let mut request = Request::new(Method::POST, Url::clone(&realm.url));
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers.insert(CONTENT_TYPE, kind);
    request.body = Some(Bytes::from(form.finish()));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_as_long_as_it_lasts() {
        let seconds = |told| life(told).as_secs();
        assert_eq!(seconds(Some(300)), 295);
        assert_eq!(seconds(None), 55);
        assert_eq!(seconds(Some(0)), 55);
        assert_eq!(seconds(Some(u64::MAX)), 24 * 60 * 60 - 5);
        assert!(Token::until(Instant::now() + life(None)).is_fresh());
        assert!(!Token::until(Instant::now()).is_fresh());
    }
}
