//! Who is let in: passwords, and tokens that say what they are for.
//!
//! A token is the text `NUMBER|WHO|SCOPE|…`, which any registry of this kind can read: so a realm may be
//! another server than the registry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Kind;
use super::route::Route;
use crate::wire::{Request, Response};

/// Who is let in, and how.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Names and passwords.
    pub users: Vec<(String, String)>,
    /// Whether strangers may read.
    pub public: bool,
    /// The realm in challenges; where there is none, `/token` of the server that was asked.
    pub realm: Option<String>,
    /// Whether it is tokens that let in, and not the passwords themselves.
    pub tokens: bool,
    /// How many requests a token is good for.
    pub uses: usize,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            public: true,
            realm: None,
            tokens: true,
            uses: usize::MAX,
        }
    }
}

impl Guard {
    fn user(&self, request: &Request) -> Result<Option<&str>, ()> {
        let Some(header) = request.header("authorization") else {
            return Ok(None);
        };
        let proves = |(name, password): &&(String, String)| {
            header == format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
        };
        let user = self.users.iter().find(proves).ok_or(())?;
        Ok(Some(&user.0))
    }
}

/// A guard, and what became of its tokens.
#[derive(Debug, Default)]
pub(super) struct Office {
    pub(super) guard: Option<Guard>,
    /// How many requests came with each token.
    uses: std::collections::BTreeMap<String, usize>,
    issued: usize,
}

impl Office {
    /// A token for what was asked.
    pub(super) fn token(&mut self, request: &Request) -> Response {
        let guard = self.guard.clone().unwrap_or_default();
        let Ok(who) = guard.user(request) else {
            return Response::error(401, "UNAUTHORIZED");
        };
        let scopes = request
            .queries()
            .into_iter()
            .filter(|(key, _)| key == "scope");
        let scopes: Vec<_> = scopes
            .flat_map(|(_, value)| value.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        self.issued += 1;
        let (number, who) = (self.issued, who.unwrap_or_default());
        let token = format!("{number}|{who}|{}", scopes.join("|")).replace(':', "/");
        let body = json!({ "token": token, "expires_in": 300 }).to_string();
        Response::new(200, body).with("content-type", "application/json")
    }

    /// Whether a request may pass, or what it is answered.
    pub(super) fn enter(&mut self, request: &Request, route: &Route<'_>) -> Result<(), Response> {
        let Some(guard) = &self.guard else {
            return Ok(());
        };
        let repository = route.repository;
        let (reads, actions) = match request.method.as_str() {
            "GET" | "HEAD" => (true, "pull"),
            _ => (false, "pull,push"),
        };
        if !guard.tokens {
            return match guard.user(request) {
                Ok(None) if guard.public && reads => Ok(()),
                Ok(Some(_)) => Ok(()),
                _ => Err(Response::error(401, "UNAUTHORIZED")
                    .with("www-authenticate", "Basic realm=\"wire\"")),
            };
        }
        let realm = guard.realm.clone().unwrap_or_else(|| request.url("/token"));
        let header = request.header("authorization").unwrap_or_default();
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        let mut parts = token.split('|').skip(1);
        let who = parts.next();
        let wanted = format!("repository/{repository}/{actions}");
        let covers = route.kind == Kind::Other || parts.any(|scope| scope.starts_with(&wanted));
        let uses = self.uses.entry(token.to_owned()).or_default();
        if who.is_some() && covers && *uses < guard.uses {
            *uses += 1;
            return match who {
                Some("") if !(guard.public && reads) => Err(Response::error(403, "DENIED")),
                _ => Ok(()),
            };
        }
        let scope = format!("repository:{repository}:{actions}");
        let challenge = format!(r#"Bearer realm="{realm}",service="wire",scope="{scope}""#);
        Err(Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge))
    }
}
