//! Asking as somebody.
//!
//! Nobody is named until a host wants to know (but where it is not known to ask, see [`Scope::plain`]):
//! the first request shows nothing, and a 401 says what is wanted (the demand of a host is learnt once).
//! Then the user's credential is tried, if there is one, and for reading, if that is not taken, nobody's:
//! a public package can be had with credentials that have gone stale. Every way ends: a token that is not
//! taken is renewed once.

use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};

use super::account::Wanted;
use super::challenge::Demand;
use super::host::{Host, Who};
use super::identity::{self, Identity};
use super::token::Token;
use super::{Call, Failure, Request, Scope, Transport};
use crate::error::Shown;
use crate::note::RegistryNote;
use crate::{Credential, RegistryError};

/// Registries that answer everybody with a challenge, also for what is public, before they were ever met.
const CHALLENGING: &[&str] = &["docker.io", "ghcr.io"];

/// What is shown to a registry.
enum Authorization {
    /// A credential as it is.
    Fixed(HeaderValue),
    /// A token, and whether it was only now asked for.
    Token(Token, bool),
}

impl Authorization {
    fn header(&self) -> &HeaderValue {
        match self {
            Self::Fixed(header) => header,
            Self::Token(token, _) => &token.header,
        }
    }
}

/// What came of asking as somebody.
enum Attempt {
    Answered(Response),
    Refused(Failure),
}

/// One request in the name of someone: what stays the same while it is tried.
#[derive(Clone, Copy)]
struct Ask<'a> {
    call: Call<'a>,
    scope: &'a Scope,
    request: &'a Request,
    host: &'a Host,
}

impl Transport {
    /// Sends `request` as whoever the host lets in.
    pub(super) async fn authenticated(
        &self,
        call: Call<'_>,
        scope: &Scope,
        request: &Request,
    ) -> Result<Response, Failure> {
        let host = self.hosts.at(call.home);
        let ask = Ask {
            call,
            scope,
            request,
            host: &host,
        };
        let turn = if self.is_challenged(call, scope) {
            host.turn().await
        } else {
            None
        };
        let mut bare = None;
        // A host without tokens may not ask at all, and answer a stranger as if there were nothing.
        let unasked = !scope.takes_tokens() && self.options().credentials.held(scope.host());
        if host.demand().is_none() && !unasked {
            let response = self.send(call, request, None).await?;
            if !self.wants_to_know(ask, &response).await? {
                if response.status().is_success() && at_home(call, &response) {
                    self.remember(call, scope, false);
                }
                return Ok(response);
            }
            bare = Some(response);
        }
        drop(turn);
        let who = host.who(self.options(), &self.secrets, call, scope).await?;
        let shown = match &who {
            Who::Nobody => Shown::Nothing,
            Who::Known(_) => Shown::Credential,
            Who::Withheld => Shown::Withheld,
        };
        let Who::Known(known) = who else {
            return match self.attempt(ask, &Identity::Anonymous, bare).await? {
                Attempt::Answered(response) => Ok(response),
                Attempt::Refused(failure) => Err(failure.shown(shown)),
            };
        };
        let refused = match self.attempt(ask, &known, None).await? {
            Attempt::Answered(response) => return Ok(response),
            Attempt::Refused(failure) => failure.shown(shown),
        };
        let reads = matches!(request.method, Method::GET | Method::HEAD) && !scope.is_push();
        if !reads {
            return Err(refused);
        }
        match self.attempt(ask, &Identity::Anonymous, bare).await {
            Ok(Attempt::Answered(response)) => {
                if host.to_be_told(&known) {
                    self.options().notes.tell(RegistryNote::StaleCredential {
                        host: scope.host().to_owned(),
                    });
                }
                Ok(response)
            }
            Err(failure) if failure.passes() => Err(failure),
            // The first says more: the user thinks to have a key.
            Ok(Attempt::Refused(_)) | Err(_) => Err(refused),
        }
    }

    /// Whether it is to be expected that the host wants to know who asks. Then one request goes first, and all others
    /// come with what it wants. Where that is not known they go at once: a 401 that many get together costs no more
    /// time than one, and most hosts that show themselves to strangers let them in.
    ///
    /// Without TLS they always do: each needs a connection of its own, which is made meanwhile.
    fn is_challenged(&self, call: Call<'_>, scope: &Scope) -> bool {
        let (host, options) = (scope.host(), self.options());
        let is_known_to = || CHALLENGING.contains(&host) || options.memory.challenges(host);
        options.credentials.held(host) || is_secured(call) && is_known_to()
    }

    /// Remembers whether the host of `scope` answers strangers with a challenge, unless that was asked of it for the
    /// sake of something nobody may need.
    fn remember(&self, call: Call<'_>, scope: &Scope, challenges: bool) {
        let options = self.options();
        if is_secured(call) && options.credentials.is_certain() {
            options.memory.note(scope.host(), challenges);
        }
    }

    /// Whether `response`, to a request that showed nothing, is the host's wish to know who asks; then it
    /// is learnt what it wants.
    async fn wants_to_know(&self, ask: Ask<'_>, response: &Response) -> Result<bool, Failure> {
        let Ask {
            call, scope, host, ..
        } = ask;
        // Nor is it learnt from what nobody may need that a host that lets strangers in has doors that do not:
        // from then on everybody would be asked who they are.
        if !at_home(call, response) || !self.options().credentials.is_certain() {
            return Ok(false);
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            host.learn(demand(call, response)?);
            self.remember(call, scope, true);
            return Ok(true);
        }
        // Some hide what is private, and say only at the root of their interface whom they let in
        // (distribution-spec, "Determining Support").
        let hidden = matches!(
            response.status(),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
        );
        let has_key = || self.options().credentials.held(scope.host());
        if !(hidden && scope.takes_tokens() && has_key() && host.to_be_pinged()) {
            return Ok(false);
        }
        let Ok(root) = call.home.join("/v2/") else {
            return Ok(false);
        };
        let ping = self
            .send(call, &Request::new(Method::GET, root), None)
            .await?;
        if ping.status() != StatusCode::UNAUTHORIZED || !at_home(call, &ping) {
            return Ok(false);
        }
        host.learn(demand(call, &ping)?);
        Ok(true)
    }

    /// Sends `request` as `who`. `bare` is the refusal of the same request without anything shown, if
    /// there was one.
    async fn attempt(
        &self,
        ask: Ask<'_>,
        who: &Identity,
        bare: Option<Response>,
    ) -> Result<Attempt, Failure> {
        let Ask {
            call,
            request,
            host,
            ..
        } = ask;
        let mut bare = bare;
        let mut spent: Option<Token> = None;
        loop {
            let authorization = match self.authorization(ask, who, spent.as_ref()).await {
                Ok(authorization) => authorization,
                Err(failure) if failure.refusal.is_some() => {
                    if who.is_known() && failure.refusal == Some(StatusCode::UNAUTHORIZED) {
                        self.refuse(host, who);
                    }
                    return Ok(Attempt::Refused(failure));
                }
                Err(failure) => return Err(failure),
            };
            if authorization.is_none()
                && let Some(response) = bare.take()
            {
                return self.refused(ask, who, response).await;
            }
            let header = authorization.as_ref().map(Authorization::header);
            let response = self.send(call, request, header).await?;
            if !at_home(call, &response) {
                return Ok(Attempt::Answered(response));
            }
            match (response.status(), authorization) {
                (StatusCode::UNAUTHORIZED, Some(Authorization::Token(token, new))) => {
                    host.learn(demand(call, &response)?);
                    if token.shared {
                        host.account(who).separate();
                    } else if new {
                        return self.refused(ask, who, response).await;
                    }
                    spent = Some(token);
                }
                // The first 401 of the host came to someone else meanwhile.
                (StatusCode::UNAUTHORIZED, None) => {
                    let known = host.demand();
                    host.learn(demand(call, &response)?);
                    if known == host.demand() || bare.is_some() {
                        return self.refused(ask, who, response).await;
                    }
                    bare = Some(response);
                }
                // Too many scopes make a token that does not fit into the headers it takes.
                (
                    StatusCode::BAD_REQUEST
                    | StatusCode::PAYLOAD_TOO_LARGE
                    | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                    Some(Authorization::Token(token, _)),
                ) if token.shared => {
                    host.account(who).separate();
                    spent = Some(token);
                }
                (StatusCode::UNAUTHORIZED, Some(Authorization::Fixed(_))) => {
                    self.refuse(host, who);
                    return self.refused(ask, who, response).await;
                }
                (StatusCode::FORBIDDEN, _) => return self.refused(ask, who, response).await,
                _ => return Ok(Attempt::Answered(response)),
            }
        }
    }

    /// Remembers that nobody is let in as `who`, unless it may be for the sake of a repository that nobody needs.
    fn refuse(&self, host: &Host, who: &Identity) {
        if self.options().credentials.is_certain() {
            host.refuse(who);
        }
    }

    /// What `who` shows to the host; nothing if there is nothing to show.
    async fn authorization(
        &self,
        ask: Ask<'_>,
        who: &Identity,
        spent: Option<&Token>,
    ) -> Result<Option<Authorization>, Failure> {
        let Ask {
            call, scope, host, ..
        } = ask;
        let denied = |reason: &str| Failure::refused(call.denied(reason), StatusCode::UNAUTHORIZED);
        if host.refuses(who) {
            return Err(denied("401: it does not take the credential for it"));
        }
        let demand = host.demand().unwrap_or_default();
        let fixed = |header: Option<HeaderValue>| {
            header
                .map(|header| Some(Authorization::Fixed(header)))
                .ok_or_else(|| denied("the credential for it fits no header"))
        };
        if let Identity::Known(credential) = who
            && let Credential::Bearer(token) = &**credential
        {
            return fixed(identity::bearer(token.reveal()));
        }
        if let Some(realm) = demand.realm.filter(|_| scope.takes_tokens()) {
            let wanted = Wanted {
                scope,
                realm: &realm,
                refused: spent,
            };
            let (token, new) = host.account(who).token(self, call, wanted).await?;
            return Ok(Some(Authorization::Token(token, new)));
        }
        let Identity::Known(credential) = who else {
            return Ok(None);
        };
        match &**credential {
            Credential::Basic { user, password } if demand.basic || demand.schemes.is_empty() => {
                fixed(identity::basic(user, password.reveal()))
            }
            _ => Err(denied(&format!(
                "it wants `{}`, which the credential for it is not",
                demand.schemes.join("`, `")
            ))),
        }
    }

    /// The refusal that `response` is.
    async fn refused(
        &self,
        ask: Ask<'_>,
        who: &Identity,
        response: Response,
    ) -> Result<Attempt, Failure> {
        let demand = ask.host.demand().unwrap_or_default();
        let nothing_to_show = !who.is_known()
            && demand.realm.is_none()
            && response.status() == StatusCode::UNAUTHORIZED;
        if nothing_to_show {
            let denied: RegistryError = ask.call.denied(demand.unmet());
            let refusal = Failure::refused(denied, StatusCode::UNAUTHORIZED);
            return Ok(Attempt::Refused(refusal));
        }
        match self.reply(ask.call, response).await {
            Err(failure) => Ok(Attempt::Refused(failure)),
            // Not reached with a 401 or a 403; whatever else it is, the caller may read it.
            Ok(reply) => Ok(Attempt::Refused(reply.rejected(ask.call).into())),
        }
    }
}

fn at_home(call: Call<'_>, response: &Response) -> bool {
    response.url().origin() == call.home.origin()
}

fn is_secured(call: Call<'_>) -> bool {
    call.home.scheme() == "https"
}

fn demand(call: Call<'_>, response: &Response) -> Result<Demand, Failure> {
    Demand::read(call, response.headers().get_all(WWW_AUTHENTICATE))
}
