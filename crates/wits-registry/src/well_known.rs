//! `well-known:DOMAIN` — which registry a domain names for its packages, in the document that wkg reads
//! too: `https://DOMAIN/.well-known/wasm-pkg/registry.json`.
//!
//! The answer decides where a whole namespace comes from, so there is no guessing: whatever is not a
//! plain answer of that host is an error, and no other host is tried instead.

use reqwest::Method;
use serde::Deserialize;
use url::Url;
use wits_model::RegistryUrl;

use crate::told::printable;
use crate::transport::{Call, Redirects, Request, Transport};
use crate::{Place, RegistryError};

const PATH: &str = "/.well-known/wasm-pkg/registry.json";
const WANTED: &str = "the `registry.json`";

/// Both forms of the document, the newer one first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    preferred_protocol: Option<String>,
    oci: Option<Oci>,
    oci_registry: Option<String>,
    oci_namespace_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oci {
    registry: String,
    namespace_prefix: Option<String>,
}

/// Asks `domain`.
pub(crate) async fn ask(transport: &Transport, domain: &str) -> Result<RegistryUrl, RegistryError> {
    let asked = RegistryUrl::WellKnown {
        domain: domain.to_owned(),
    };
    let url = format!("https://{domain}{PATH}");
    let url = url.parse().map_err(|error| RegistryError::Malformed {
        at: (&asked).into(),
        what: format!("`{url}`"),
        reason: format!("{error}"),
    })?;
    get(transport, &(&asked).into(), url).await
}

async fn get(transport: &Transport, at: &Place, url: Url) -> Result<RegistryUrl, RegistryError> {
    let call = Call {
        at,
        wanted: WANTED,
        home: &url,
        scope: None,
        redirects: Redirects::SameOrigin,
        limit: transport.options().limits.max_manifest,
    };
    let reply = transport
        .ask(call, &Request::new(Method::GET, url.clone()))
        .await?;
    if reply.status.as_u16() != 200 {
        return Err(reply.rejected(call));
    }
    read(&reply.body).map_err(|reason| RegistryError::Malformed {
        at: at.clone(),
        what: WANTED.to_owned(),
        reason,
    })
}

fn read(body: &[u8]) -> Result<RegistryUrl, String> {
    let document: Document =
        serde_json::from_slice(body).map_err(|error| printable(&error.to_string()))?;
    if let Some(protocol) = document.preferred_protocol.as_deref()
        && protocol != "oci"
    {
        return Err(format!(
            "it names the protocol `{}`, and wits knows `oci`",
            printable(protocol)
        ));
    }
    let (registry, prefix) = match (document.oci, document.oci_registry) {
        (Some(oci), _) => (oci.registry, oci.namespace_prefix),
        (None, Some(registry)) => (registry, document.oci_namespace_prefix),
        (None, None) => return Err("it names no OCI registry".to_owned()),
    };
    let url = format!(
        "oci://{registry}/{}",
        prefix.unwrap_or_default().trim_matches('/')
    );
    printable(&url)
        .parse()
        .map_err(|error: wits_model::SourceError| error.to_string())
}

/// `registry.json`, as any domain may serve it. What is taken is a registry that prints as itself.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(data: &[u8]) {
    match read(data) {
        Err(reason) => crate::told::is_printable(&reason),
        Ok(url) => {
            assert!(matches!(url, RegistryUrl::Oci { .. }) && !url.is_plain());
            assert_eq!(url.to_string().parse(), Ok(url));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wits_model::ErrorKind;
    use wits_testkit::wire::{self, Body, Response, Server};

    use super::*;
    use crate::{Limits, Options};

    #[test]
    fn both_forms_are_read() {
        for (document, url) in [
            (
                r#"{"preferredProtocol":"oci","oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/"}}"#,
                "oci://ghcr.io/webassembly",
            ),
            (
                r#"{"oci":{"registry":"ghcr.io:444","namespacePrefix":"a/b"},"warg":{}}"#,
                "oci://ghcr.io:444/a/b",
            ),
            (r#"{"oci":{"registry":"ghcr.io"}}"#, "oci://ghcr.io"),
            (
                r#"{"ociRegistry":"ghcr.io","ociNamespacePrefix":"ba"}"#,
                "oci://ghcr.io/ba",
            ),
            (r#"{"ociRegistry":"ghcr.io"}"#, "oci://ghcr.io"),
        ] {
            assert_eq!(read(document.as_bytes()).unwrap().to_string(), url);
        }
    }

    fn asked(server: &Server) -> Result<RegistryUrl, RegistryError> {
        let limits = Limits {
            max_manifest: 1_000,
            read_timeout: Duration::from_millis(200),
            total_timeout: Duration::from_secs(1),
            retries: 1,
            retry_delay: Duration::from_millis(1),
            ..Limits::default()
        };
        let transport = Transport::new(Options {
            limits,
            ..Options::default()
        });
        let domain = "wit.example".to_owned();
        let place = Place::from(&RegistryUrl::WellKnown { domain });
        let url = server.url(PATH).parse().unwrap();
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(get(&transport, &place, url))
    }

    #[test]
    fn only_the_domain_itself_is_asked() {
        const GOOD: &str = r#"{"oci":{"registry":"ghcr.io"}}"#;
        let moved = |asked: &wire::Request| match asked.path.as_str() {
            PATH => Response::new(301, "").with("location", "/moved"),
            _ => Response::new(200, GOOD),
        };
        assert_eq!(
            asked(&Server::start(moved)).unwrap().to_string(),
            "oci://ghcr.io"
        );

        let elsewhere = Server::start(|_| Response::new(200, GOOD));
        let away = elsewhere.url("/");
        let cases: Vec<(Response, ErrorKind)> = vec![
            (
                Response::new(302, GOOD).with("location", away),
                ErrorKind::Project,
            ),
            (Response::new(200, "<html>"), ErrorKind::Project),
            (Response::new(404, GOOD), ErrorKind::Project),
            (Response::new(401, GOOD), ErrorKind::Project),
            (Response::new(500, GOOD), ErrorKind::Transient),
            (
                Response::sent(Body::Endless(GOOD.into())),
                ErrorKind::Project,
            ),
            (
                Response::sent(Body::Stuck(b"{".to_vec())),
                ErrorKind::Transient,
            ),
            (Response::sent(Body::Reset), ErrorKind::Transient),
        ];
        for (told, kind) in cases {
            let server = Server::start({
                let told = told.clone();
                move |_| told.clone()
            });
            let error = asked(&server).unwrap_err();
            assert_eq!(error.kind(), kind, "{told:?}: {error}");
            assert!(
                error.to_string().contains("well-known:wit.example"),
                "{error}"
            );
        }
        assert!(elsewhere.log().is_empty());
    }

    #[test]
    fn anything_else_is_an_error() {
        for document in [
            "<html>",
            "{}",
            "null",
            r#"{"preferredProtocol":"warg","oci":{"registry":"ghcr.io"}}"#,
            r#"{"preferredProtocol":"oci"}"#,
            r#"{"oci":{"registry":"me:pw@ghcr.io"}}"#,
            r#"{"oci":{"registry":"http://ghcr.io"}}"#,
            r#"{"oci":{"registry":""}}"#,
            r#"{"oci":{"registry":"ghcr.io","namespacePrefix":"../x"}}"#,
        ] {
            assert!(read(document.as_bytes()).is_err(), "{document}");
        }
    }
}
