//! Bearer tokens: one for each host, identity and scope.
//!
//! Whoever needs a token takes the slot it belongs in and holds it while asking, so however many
//! requests wait for a token, it is asked for once. A host that has wanted a token before is taken to
//! want one for every repository, which spares the round trip that only brings a 401.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;
use url::Origin;

use super::challenge::Challenge;
use super::credentials::Identity;
use super::{Call, Failure, Redirects, Request, Transport};

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    repository: String,
    push: bool,
}

impl Scope {
    /// To read `repository`.
    pub(crate) fn pull(repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            push: false,
        }
    }

    /// To read and write `repository`.
    pub(crate) fn push(repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            push: true,
        }
    }

    /// What to ask for, given what the registry says it needs. That is taken if it is about the same
    /// repository: it knows best how it calls what it needs, but no other repository is its business.
    fn asked(&self, told: Option<&str>) -> String {
        let prefix = format!("repository:{}:", self.repository);
        match told {
            Some(told) if told.starts_with(&prefix) && !told.contains(' ') => told.to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = if self.push { "pull,push" } else { "pull" };
        write!(f, "repository:{}:{actions}", self.repository)
    }
}

/// A bearer token. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    header: HeaderValue,
    until: Instant,
}

impl Token {
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }
}

type Key = (Origin, Identity, Scope);
type Slot = Arc<AsyncMutex<Option<Token>>>;

/// The tokens of one run.
#[derive(Default)]
pub(super) struct Tokens {
    slots: Mutex<HashMap<Key, Slot>>,
    realms: Mutex<HashMap<Origin, Challenge>>,
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
/// The longest answer with a token, in bytes.
const MAX_TOKEN: u64 = 256 << 10;

impl Tokens {
    fn slot(&self, origin: &Origin, scope: &Scope) -> Slot {
        let key = (origin.clone(), Identity::Anonymous, scope.clone());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key).or_default())
    }

    fn realm(&self, origin: &Origin) -> Option<Challenge> {
        let realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        realms.get(origin).cloned()
    }

    /// The token for `scope`: the one at hand, or a new one if the host is known to want one, or none.
    pub(super) async fn known(
        &self,
        transport: &Transport,
        call: Call<'_>,
        scope: &Scope,
    ) -> Result<Option<Token>, Failure> {
        let origin = call.home.origin();
        let slot = self.slot(&origin, scope);
        let mut held = slot.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.is_fresh()) {
            return Ok(Some(token.clone()));
        }
        let Some(challenge) = self.realm(&origin) else {
            return Ok(None);
        };
        let token = fetch(transport, call, &challenge, scope.to_string()).await?;
        *held = Some(token.clone());
        Ok(Some(token))
    }

    /// A token in place of `refused`, which the registry answered with `challenge`.
    pub(super) async fn renew(
        &self,
        transport: &Transport,
        call: Call<'_>,
        scope: &Scope,
        challenge: Challenge,
        refused: Option<Token>,
    ) -> Result<Token, Failure> {
        let origin = call.home.origin();
        let slot = self.slot(&origin, scope);
        let mut held = slot.lock().await;
        // Someone else has been there meanwhile.
        if let Some(token) = held.as_ref()
            && token.is_fresh()
            && refused.as_ref() != Some(token)
        {
            return Ok(token.clone());
        }
        let asked = scope.asked(challenge.scope.as_deref());
        let token = fetch(transport, call, &challenge, asked).await?;
        *held = Some(token.clone());
        let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        realms.insert(origin, challenge);
        Ok(token)
    }
}

async fn fetch(
    transport: &Transport,
    call: Call<'_>,
    challenge: &Challenge,
    scope: String,
) -> Result<Token, Failure> {
    let mut url = challenge.realm.clone();
    if let Some(service) = &challenge.service {
        url.query_pairs_mut().append_pair("service", service);
    }
    url.query_pairs_mut().append_pair("scope", &scope);
    let wanted = format!("a token for {}", call.wanted);
    let call = Call {
        wanted: &wanted,
        home: &url,
        scope: None,
        redirects: Redirects::SameOrigin,
        limit: MAX_TOKEN,
        ..call
    };
    let reply = transport
        .anonymous(call, &Request::new(Method::GET, url.clone()))
        .await?;
    if !reply.status.is_success() {
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
        .ok_or_else(malformed)?;
    let mut header: HeaderValue = format!("Bearer {token}").parse().map_err(|_| malformed())?;
    header.set_sensitive(true);
    // The specification has tokens last a minute at least.
    let life = granted
        .expires_in
        .unwrap_or(DEFAULT_LIFE)
        .clamp(DEFAULT_LIFE, 24 * 60 * 60);
    Ok(Token {
        header,
        until: Instant::now() + Duration::from_secs(life - MARGIN),
    })
}
