//! HTTP, apart from what is asked with it. Everything that touches a socket is below this module, and
//! [`Transport::retrying`] is the only way in, so `--offline` is enforced in one place.
//!
//! # Why reqwest, and what oci-client is for
//!
//! oci-client has a client of its own, and it is not used for requests: it lists one page of tags,
//! buffers bodies without a cap, trusts a digest header, follows redirects as it likes, retries nothing
//! and asks `/v2/` before every operation. All of that is decided here instead. What it does well is
//! used: [`oci_client::Reference`] knows at which host a registry such as `docker.io` is spoken to, and
//! its manifest types read in our tests what we write. Pushing stays here as well: oci-client sends
//! again what is there, and goes wherever a `Location` points.
//! `http-auth` parses `WWW-Authenticate`, whose grammar has traps (several challenges in one header,
//! quoted commas). `backon` spaces retries. rustls comes with ring as its provider, set for each client:
//! a library does not set a provider for the whole process.
//!
//! # The rules
//!
//! | module | what is in it |
//! | --- | --- |
//! | `call` | what is asked, what is answered, and what is said when that fails |
//! | `redirect` | followed by hand: a token stays with the host it belongs to, https never becomes http, no loops |
//! | `authenticated` | asking as nobody, as the user, and as nobody again |
//! | `first` | one request goes first where that spares all others something: a handshake, or a 401 |
//! | `host` | what is learnt of a host: what it wants, and whom it takes |
//! | `account` | the tokens of one identity at one host, each fetched once however many wait for it |
//! | `token` | asking a realm |
//! | `scope` | what a token is for |
//! | `challenge` | what a host may want, and what a realm may be |
//! | `identity` | who asks, and who may see it |
//! | `secrets` | what no message repeats |
//! | `retry` | what is worth another try, and when |
//! | `pace` | how fast an answer has to come |
//! | `clients` | TLS, proxies, connections |
//! | `names` | where a host is |
//!
//! Every body has a cap and is hashed as it comes in; every wait has a deadline. Nothing is
//! decompressed, so no body is longer than what came over the wire.

mod account;
mod authenticated;
mod call;
mod challenge;
mod clients;
mod first;
mod host;
mod identity;
mod names;
mod pace;
mod redirect;
mod retry;
mod scope;
mod secrets;
mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use oci_client::Reference;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use url::Url;
use wits_model::{Blob, BlobBuilder};

use self::call::explain;
use self::clients::{Clients, NoClient};
use self::host::Hosts;
use self::pace::Pace;
use crate::told::printable;
use crate::{Options, RegistryError};

pub(crate) use self::call::{Call, Reply, Request};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::challenge::fuzz as fuzz_challenge;
pub(crate) use self::redirect::{Redirects, next};
pub(crate) use self::retry::Failure;
pub(crate) use self::scope::Scope;
pub(crate) use self::secrets::Secrets;

/// The most that is read of a body that only explains an error.
const MAX_EXPLANATION: u64 = 64 << 10;

/// Connections and tokens of one run.
pub(crate) struct Transport {
    options: Options,
    clients: Clients,
    hosts: Hosts,
    secrets: Arc<Secrets>,
}

impl Transport {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            clients: Clients::new(&options),
            options,
            hosts: Hosts::default(),
            secrets: Arc::default(),
        }
    }

    /// What must not be shown of this run.
    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Sends `request` until there is an answer or no hope of one.
    pub(crate) async fn ask(
        &self,
        call: Call<'_>,
        request: &Request,
    ) -> Result<Reply, RegistryError> {
        self.retrying(call, || self.once(call, request)).await
    }

    /// Does `operation`, which may be several requests, until it succeeds, fails for good, or has
    /// taken too long.
    pub(crate) async fn retrying<T, F>(
        &self,
        call: Call<'_>,
        operation: impl FnMut() -> F,
    ) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        if self.options.offline {
            return Err(RegistryError::Offline {
                at: call.at.clone(),
                wanted: call.wanted.to_owned(),
            });
        }
        let limits = &self.options.limits;
        let total = limits.total_timeout;
        match tokio::time::timeout(total, retry::run(limits, operation)).await {
            Ok(answer) => answer.map_err(|failure| failure.error),
            Err(_) => Err(call.unreachable(format!("not done after {}", seconds(total)))),
        }
    }

    /// Sends `request` once, and again if its host wants to know who asks.
    pub(crate) async fn once(&self, call: Call<'_>, request: &Request) -> Result<Reply, Failure> {
        match call.scope {
            Some(scope) if request.url.origin() == call.home.origin() => {
                let response = self.authenticated(call, scope, request).await?;
                self.reply(call, response).await
            }
            // Elsewhere nobody is named.
            _ => self.directly(call, request, None).await,
        }
    }

    /// Sends `request` once, with `authorization` as it is.
    async fn directly(
        &self,
        call: Call<'_>,
        request: &Request,
        authorization: Option<&HeaderValue>,
    ) -> Result<Reply, Failure> {
        let response = self.send(call, request, authorization).await?;
        self.reply(call, response).await
    }

    /// Sends `request`, with `authorization` as long as it stays at home, and follows redirects.
    async fn send(
        &self,
        call: Call<'_>,
        request: &Request,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, Failure> {
        let home = call.home.origin();
        let mut url = request.url.clone();
        // Once a redirect has led away, the way back is not trusted either.
        let mut at_home = true;
        for _ in 0..=self.options.limits.max_redirects {
            at_home &= url.origin() == home;
            let authorization = authorization.filter(|_| at_home);
            let response = self
                .send_to(call, request, url.clone(), authorization)
                .await?;
            let status = response.status();
            let location = response.headers().get(LOCATION);
            let (true, Some(location)) = (redirect::is_redirect(status), location) else {
                return Ok(response);
            };
            if call.redirects == Redirects::Told {
                return Ok(response);
            }
            let refused = |reason| Failure::from(call.unsafe_("a redirect", reason));
            if !redirect::keeps_method(&request.method, status) {
                return Err(refused("it would change a write into a read".to_owned()));
            }
            let location = location
                .to_str()
                .map_err(|_| refused("its `Location` is not text".to_owned()))?;
            let rule = match request.body {
                Some(_) => Redirects::SameOrigin,
                None => call.redirects,
            };
            url = next(&url, location, rule).map_err(refused)?;
        }
        let most = self.options.limits.max_redirects;
        Err(call
            .unsafe_("a redirect", format!("it comes after {most} others"))
            .into())
    }

    /// Sends `request` to `url` and waits until an answer begins.
    async fn send_to(
        &self,
        call: Call<'_>,
        request: &Request,
        url: Url,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response, Failure> {
        let reach = self.clients.of(&url).map_err(|error| match error {
            NoClient::Tls(reason) => RegistryError::Unsupported {
                at: call.at.clone(),
                reason: format!("TLS cannot be set up: {reason}"),
            },
            NoClient::Proxy => RegistryError::Unsupported {
                at: call.at.clone(),
                reason: "the proxy it is to be asked through is no URL of a proxy".to_owned(),
            },
            NoClient::Authority { host, reason } => RegistryError::Untrusted {
                at: call.at.clone(),
                reason: format!("the authority set for it cannot be used: {reason}"),
                host,
            },
        })?;
        let mut builder = reach
            .client
            .request(request.method.clone(), url)
            .headers(request.headers.clone());
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization.clone());
        }
        let limits = &self.options.limits;
        let mut deadline = limits.connect_timeout + limits.read_timeout;
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
            // How long an upload takes depends on its size; `retrying` has the last word.
            deadline = limits.total_timeout;
        }
        // Until there is a connection, or none to be had.
        let _turn = match &reach.handshake {
            Some(handshake) => handshake.turn().await,
            None => None,
        };
        match tokio::time::timeout(deadline, builder.send()).await {
            Ok(answer) => answer.map_err(|error| Failure::of_request(call, error)),
            Err(_) => Err(Failure::soon(
                call.unreachable(format!("silent for {}", seconds(deadline))),
            )),
        }
    }

    /// Reads an answer to its end, and sorts out those that say "later" or "no".
    async fn reply(&self, call: Call<'_>, response: Response) -> Result<Reply, Failure> {
        let (status, headers, url) = (
            response.status(),
            response.headers().clone(),
            response.url().clone(),
        );
        let body = self.body(call, response).await?;
        let explanation = || format!("{} {}", status.as_u16(), explain(status, &body));
        if retry::is_passing(status) {
            let error = call.unreachable(explanation());
            return Err(Failure::later(error, &headers, &self.options.limits));
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(Failure::refused(call.denied(explanation()), status));
        }
        Ok(Reply {
            status,
            headers,
            url,
            body,
        })
    }

    async fn body(&self, call: Call<'_>, mut response: Response) -> Result<Blob, Failure> {
        let success = response.status().is_success();
        let limit = if success { call.limit } else { MAX_EXPLANATION };
        if success
            && response
                .content_length()
                .is_some_and(|length| length > limit)
        {
            return Err(call.too_large().into());
        }
        let mut body = BlobBuilder::new();
        let mut pace = Pace::new(&self.options.limits, Instant::now());
        loop {
            let patience = self.options.limits.read_timeout;
            let chunk = match tokio::time::timeout(patience, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                // An explanation that breaks off is still one.
                Ok(Err(_)) | Err(_) if !success => break,
                Ok(Err(error)) => return Err(Failure::of_request(call, error)),
                Err(_) => {
                    let reason = format!("the answer stopped for {}", seconds(patience));
                    return Err(Failure::soon(call.unreachable(reason)));
                }
            };
            if body.size() + chunk.len() as u64 > limit {
                if success {
                    return Err(call.too_large().into());
                }
                break;
            }
            match pace.came(chunk.len(), Instant::now()) {
                Err(_) if !success => break,
                Err(slow) => {
                    let reason = format!("the answer is too slow: {slow}");
                    return Err(Failure::soon(call.unreachable(reason)));
                }
                Ok(()) => {}
            }
            body.update(&chunk);
        }
        Ok(body.finish())
    }
}

/// The host that is spoken to for `host`: `docker.io` is a name, and its registry is elsewhere.
pub(crate) fn spoken_to(host: &str) -> String {
    let reference = Reference::with_tag(host.to_owned(), String::new(), String::new());
    reference.resolve_registry().to_owned()
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32())
}
