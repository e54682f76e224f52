//! Who the user is to a registry: where credentials are kept, and which one is for which repository.
//!
//! They are kept where Docker, podman and wkg keep them, so that whoever can `docker pull` needs no
//! set-up; wits has no file of its own. For one repository the first of these counts:
//!
//! | where | what it is for |
//! | --- | --- |
//! | `WITS_TOKEN_<HOST>` | a host (`variables`) |
//! | `WKG_REGISTRY_<HOST>_AUTH_BEARER` | a host, as wkg has it |
//! | `auth` in `wasm-pkg/config.toml` | what the registry of that name leads to |
//! | `REGISTRY_AUTH_FILE`, Docker's `config.json`, podman's `auth.json` (`file`) | a host, or the repositories below a path |
//! | a credential helper named there (`helper`) | a host |
//!
//! Nothing is read before a registry asks who is there, and no helper is run before then. No secret is
//! printed: it is a [`Redacted`] from the moment it is read, and what a helper or a broken file says is
//! never repeated.

mod file;
mod helper;
mod json;
mod keyring;
mod stores;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use wits_registry::{Credential, Redacted};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use file::fuzz;
pub(crate) use keyring::Keyring;
pub use stores::Stored;
pub(crate) use stores::{Store, login_host};

/// Where credentials may be kept on this machine. The library reads no environment: a front end says, or
/// takes what [`crate::environment::context`] finds.
///
/// ```
/// use wits::Redacted;
///
/// let mut context = wits::Context::new("/var/cache/my-tool/wits");
/// context.credentials.docker = Some("/home/ann/.docker/config.json".into());
/// let token = Redacted::from("secret");
/// context.credentials.variables.insert("WITS_TOKEN_GHCR_IO".to_owned(), token);
/// assert!(!format!("{:?}", context.credentials).contains("secret"));
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CredentialSources {
    /// The file of `REGISTRY_AUTH_FILE`, which is asked first and written to.
    pub explicit: Option<PathBuf>,
    /// Docker's `config.json`, where one may be.
    pub docker: Option<PathBuf>,
    /// Podman's `auth.json` files, where they may be, the first winning.
    pub podman: Vec<PathBuf>,
    /// The variables `WITS_TOKEN_…` and `WKG_REGISTRY_…_AUTH_BEARER`, by their names.
    pub variables: BTreeMap<String, Redacted>,
}

/// The name under which Docker Hub is known; its registry is at another host, and Docker keeps its
/// credentials under a third name.
const DOCKER_HUB: &str = "docker.io";
/// That third name.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// Base64 with or without its padding: all tools write it, some people do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The base64 of `USER:PASSWORD`.
pub(crate) fn basic(text: &str) -> Option<Credential> {
    let bytes = BASE64.decode(text.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credential::Basic {
        user: user.to_owned(),
        // As Docker reads it: some wrote a C string.
        password: password.trim_end_matches('\0').into(),
    })
}

fn encode_basic(user: &str, password: &str) -> String {
    BASE64.encode(format!("{user}:{password}"))
}

/// Whether `HOST[:PORT]` is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A key of Docker's or podman's files, or what a user types: the host in lower case, and the path in it.
fn host_and_path(key: &str) -> (String, String) {
    let rest = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    let path = path.trim_matches('/');
    // The versions of the protocol, which old Dockers wrote; no repository is called so.
    let path = if matches!(path, "v1" | "v2") {
        ""
    } else {
        path
    };
    let host = match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB.to_owned(),
        _ => host,
    };
    (host, path.to_owned())
}

/// Whether `repository` is at or below `path`; everything is below the empty path.
fn is_below(repository: &str, path: &str) -> bool {
    path.is_empty()
        || repository
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_age_are_hosts_and_paths() {
        for (key, host, path) in [
            ("ghcr.io", "ghcr.io", ""),
            ("GHCR.io", "ghcr.io", ""),
            ("https://ghcr.io", "ghcr.io", ""),
            ("https://ghcr.io/v2/", "ghcr.io", ""),
            ("http://h:5000/v1", "h:5000", ""),
            ("ghcr.io/acme/secret", "ghcr.io", "acme/secret"),
            ("https://index.docker.io/v1/", "docker.io", ""),
            ("docker.io/acme", "docker.io", "acme"),
            ("registry-1.docker.io", "docker.io", ""),
        ] {
            let found = host_and_path(key);
            assert_eq!((found.0.as_str(), found.1.as_str()), (host, path), "{key}");
        }
        assert!(is_below("acme/a", "acme"));
        assert!(is_below("acme", "acme"));
        assert!(is_below("x", ""));
        assert!(!is_below("acme-evil/a", "acme"));
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "127.3.2.1",
            "[::1]:5000",
            "[::1]",
            "a.localhost",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "10.0.0.1:5000",
            "127.0.0.1.example:1",
            "[::2]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        for (text, user, password) in [
            ("bWU6cGFzcw==", "me", "pass"),
            ("bWU6cGFzcw", "me", "pass"),
            ("bWU6cDphOnNz", "me", "p:a:ss"),
        ] {
            let Some(Credential::Basic {
                user: u,
                password: p,
            }) = basic(text)
            else {
                panic!("{text}");
            };
            assert_eq!((u.as_str(), p.reveal()), (user, password));
        }
        assert_eq!(basic("not base64!"), None);
        assert_eq!(basic("bWU"), None, "no colon");
        assert_eq!(encode_basic("me", "pass"), "bWU6cGFzcw==");
    }
}
