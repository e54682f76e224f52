//! A registry with token authentication, in which tokens say what they are for.

use super::*;
use crate::keys::{Heard, Keys, as_user};
use base64::Engine as _;
use wits_registry::RegistryNote;

pub(crate) fn basic_header(user: &str, password: &str) -> String {
    let pair = format!("{user}:{password}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

/// The scopes of a request for a token.
pub(crate) fn scopes(asked: &Request) -> Vec<String> {
    let body = String::from_utf8(asked.body.clone()).unwrap();
    let query = match asked.path.split_once('?') {
        Some((_, query)) => query.to_owned(),
        None => body,
    };
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == "scope")
        .flat_map(|(_, value)| value.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// A token that says what it is for: `WHO|SCOPE|SCOPE`.
pub(crate) fn granted(who: &str, scopes: &[String]) -> Response {
    let token = std::iter::once(who.to_owned())
        .chain(scopes.iter().map(|scope| scope.replace(':', "/")))
        .collect::<Vec<_>>()
        .join("|");
    Response::new(
        200,
        json!({ "token": token, "expires_in": 300 }).to_string(),
    )
}

/// The repository in a path below `/v2/`.
pub(crate) fn repository(path: &str) -> String {
    let path = path.strip_prefix("/v2/").unwrap_or_default();
    let end = ["/manifests/", "/blobs/", "/tags/"]
        .iter()
        .filter_map(|part| path.find(part))
        .min();
    path[..end.unwrap_or(0)].to_owned()
}

/// What is at `demo/greet`, at every repository.
pub(crate) fn anywhere(asked: &Request) -> Response {
    let mut asked = asked.clone();
    asked.path = asked
        .path
        .replace(&format!("/{}/", repository(&asked.path)), "/demo/greet/");
    good(&asked)
}

/// A registry with token authentication, in which `realm` decides about a request for a token and
/// `enter(who, repository)` about the repositories.
pub(crate) fn guarded<R, E>(realm: R, enter: E) -> Server
where
    R: Fn(&Request) -> Response + Send + Sync + 'static,
    E: Fn(&str, &str) -> bool + Send + Sync + 'static,
{
    with_own_address(move |own| {
        move |asked: &Request| {
            if asked.path.starts_with("/token") {
                return realm(asked);
            }
            let repository = repository(&asked.path);
            let token = asked
                .header("authorization")
                .and_then(|header| header.strip_prefix("Bearer "))
                .unwrap_or_default();
            let (who, scopes) = token.split_once('|').unwrap_or_default();
            let needed = match asked.method.as_str() {
                "GET" | "HEAD" => format!("repository/{repository}/pull"),
                _ => format!("repository/{repository}/pull,push"),
            };
            let covers = scopes.split('|').any(|scope| scope.starts_with(&needed));
            if !covers {
                let scope = needed.replacen('/', ":", 1);
                let scope = match scope.rsplit_once('/') {
                    Some((path, actions)) => format!("{path}:{actions}"),
                    None => scope,
                };
                let challenge = format!(
                    r#"Bearer realm="{}/token",service="s",scope="{scope}""#,
                    own.lock().unwrap()
                );
                return Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge);
            }
            if !enter(who, &repository) {
                return Response::error(403, "DENIED");
            }
            anywhere(asked)
        }
    })
}

pub(crate) fn source(server: &Server, repository: &str) -> PackageSource {
    format!("oci+http://{}/{repository}", server.address())
        .parse()
        .unwrap()
}

pub(crate) fn tokens(server: &Server) -> Vec<Request> {
    let mut log = server.log();
    log.retain(|asked| asked.path.starts_with("/token"));
    log
}

pub(crate) fn session(server: &Server, keys: Keys) -> (Registries, Arc<Keys>, Heard) {
    let _ = server;
    let (options, keys, heard) = as_user(impatient(), keys);
    (Registries::new(options), keys, heard)
}

pub(crate) fn stale(server: &Server) -> RegistryNote {
    RegistryNote::StaleCredential {
        host: server.address().to_string(),
    }
}
