//! A server of tokens, as `docker-registry` expects one in its `auth.token` mode: whoever comes with a
//! password it knows, or with a refresh token, gets a signed token (a JWT, ES256) for what was asked;
//! strangers get one for reading below `public/`.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;

use crate::wire::{Request, Response, Server};

/// Who signs, in the tokens and in the registry's configuration.
const ISSUER: &str = "the tests of wits";
/// The registry, in the tokens and in its configuration.
const SERVICE: &str = "a registry of the tests";

/// What was asked, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The user that was let in; none for a stranger, or for someone who was not.
    pub user: Option<String>,
    /// `repository:NAME:ACTIONS`, each.
    pub scopes: Vec<String>,
    /// The status of the answer.
    pub status: u16,
}

/// A running server. Its threads end with the process.
pub struct TokenServer {
    address: String,
    certificate: String,
    log: Arc<Mutex<Vec<TokenRequest>>>,
}

/// A user, and what proves it.
struct User {
    name: String,
    password: String,
    refresh: String,
}

struct Office {
    users: Vec<User>,
    key: EcdsaKeyPair,
    /// The certificate of the key, as tokens carry it.
    chain: String,
    log: Arc<Mutex<Vec<TokenRequest>>>,
}

impl TokenServer {
    /// Listens on a free port of loopback. A user is a name, a password and a refresh token.
    #[track_caller]
    pub fn start(users: &[(&str, &str, &str)]) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::default()
            .self_signed(&key)
            .expect("a certificate");
        let log = Arc::new(Mutex::new(Vec::new()));
        let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let office = Arc::new(Office {
            users: users
                .iter()
                .map(|&(name, password, refresh)| User {
                    name: name.to_owned(),
                    password: password.to_owned(),
                    refresh: refresh.to_owned(),
                })
                .collect(),
            key: EcdsaKeyPair::from_pkcs8(signing, key.serialized_der(), &SystemRandom::new())
                .expect("the same key"),
            chain: STANDARD.encode(certificate.der()),
            log: Arc::clone(&log),
        });
        let server = Server::start(move |request| office.answer(request));
        Self {
            address: server.address().to_string(),
            certificate: certificate.pem(),
            log,
        }
    }

    /// What was asked so far.
    pub fn log(&self) -> Vec<TokenRequest> {
        self.log.lock().expect("no thread panics with it").clone()
    }

    /// The certificate that the registry trusts, as PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The section `auth` of the registry's configuration.
    pub(crate) fn configuration(&self, certificate: &str) -> String {
        let address = &self.address;
        format!(
            "auth:\n  token:\n    realm: http://{address}/token\n    service: {SERVICE}\n    \
             issuer: {ISSUER}\n    rootcertbundle: {certificate}\n"
        )
    }
}

impl Office {
    fn answer(&self, request: &Request) -> Response {
        let form = match request.method.as_str() {
            "POST" => request.form(),
            _ => request.queries(),
        };
        let authorization = request.header("authorization");
        let (status, body) = self.decide(&request.method, authorization, &form);
        Response::new(status, body).with("content-type", "application/json")
    }

    fn decide(
        &self,
        method: &str,
        authorization: Option<&str>,
        form: &[(String, String)],
    ) -> (u16, String) {
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|it| &*it.1);
        let scopes: Vec<_> = form
            .iter()
            .filter(|(key, _)| key == "scope")
            .flat_map(|(_, value)| value.split(' ').map(str::to_owned))
            .collect();
        let presented = authorization.or_else(|| field("refresh_token"));
        let user = self.users.iter().find(|user| {
            let basic = STANDARD.encode(format!("{}:{}", user.name, user.password));
            match authorization {
                Some(header) => header == format!("Basic {basic}"),
                None => field("refresh_token") == Some(&user.refresh),
            }
        });
        let status = if presented.is_some() && user.is_none() {
            401
        } else {
            200
        };
        let user = user.map(|user| user.name.clone());
        let body = match status {
            200 => {
                let token = self.token(user.as_deref(), &scopes);
                json!({ "token": token, "access_token": token, "expires_in": 300 }).to_string()
            }
            _ => json!({ "details": "incorrect username or password" }).to_string(),
        };
        let request = TokenRequest {
            method: method.to_owned(),
            user,
            scopes,
            status,
        };
        let mut log = self.log.lock().expect("no thread panics with it");
        log.push(request);
        (status, body)
    }

    /// A token for what `user` may do of `scopes`: without a word, it is less than was asked for.
    fn token(&self, user: Option<&str>, scopes: &[String]) -> String {
        let access: Vec<_> = scopes
            .iter()
            .filter_map(|scope| {
                let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
                let actions: Vec<_> = actions
                    .split(',')
                    .filter(|action| {
                        user.is_some() || (*action == "pull" && name.starts_with("public/"))
                    })
                    .collect();
                Some(json!({ "type": "repository", "name": name, "actions": actions }))
            })
            .collect();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let header = json!({ "typ": "JWT", "alg": "ES256", "x5c": [self.chain] });
        let claims = json!({
            "iss": ISSUER, "aud": SERVICE, "sub": user.unwrap_or_default(), "jti": "1",
            "nbf": now - 60, "iat": now - 60, "exp": now + 300, "access": access,
        });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_get_what_they_ask_for_and_strangers_what_is_public() {
        let server = TokenServer::start(&[("me", "pw", "refresh")]);
        let ask = |headers: &[(&str, &str)]| {
            let target = "/token?scope=repository%3Aa%2Fb%3Apull&scope=repository:public/b:pull";
            crate::http::get(&server.address, target, headers)
        };
        assert_eq!(ask(&[]).status, 200);
        assert_eq!(ask(&[("Authorization", "Basic bWU6cHc=")]).status, 200);
        assert_eq!(ask(&[("Authorization", "Basic bWU6cA==")]).status, 401);
        let posted = crate::http::request(
            &server.address,
            "POST",
            "/token",
            &[],
            b"grant_type=refresh_token&refresh_token=refresh&scope=repository%3Aa%2Fb%3Apull",
        );
        let token = posted.expect(200).json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let [_, claims, _] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["access"][0]["actions"][0], "pull");
        let users: Vec<_> = server.log().into_iter().map(|it| it.user).collect();
        let me = Some("me".to_owned());
        assert_eq!(users, [None, me.clone(), None, me]);
        assert_eq!(server.log()[0].scopes.len(), 2);
    }
}
