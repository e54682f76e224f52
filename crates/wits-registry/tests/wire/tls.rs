//! What a registry that speaks TLS may not do: lead away from it.

use std::sync::LazyLock;

use super::*;
use crate::keys::{Keys, as_user, basic};
use wits_testkit::{Authority, Certified};

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

pub(crate) fn certified() -> Certified {
    AUTHORITY.certify(&["127.0.0.1"])
}

fn asking(server: &Server) -> (Registries, PackageSource) {
    let host = server.address().to_string();
    let keys = Keys::default().with(&host, "", basic("me", "pw"));
    let (mut options, ..) = as_user(impatient(), keys);
    let pem = AUTHORITY.pem().into_bytes();
    options.authorities.insert(host.clone(), pem);
    let at = format!("oci://{host}/demo/greet").parse().unwrap();
    (Registries::new(options), at)
}

type Answer = fn(&Request, &str) -> Response;

#[test]
fn nothing_leads_from_https_to_http() {
    let plain = Server::start(|_| Response::new(200, r#"{"token":"x"}"#));
    let url = plain.url("/x");
    let cases: [(Answer, &str); 4] = [
        (
            |_, url| Response::new(302, "").with("location", url),
            "leads from https to http",
        ),
        (
            |_, url| {
                let realm = format!("Bearer realm=\"{url}\"");
                Response::error(401, "UNAUTHORIZED").with("www-authenticate", realm)
            },
            "is http, and the registry is https",
        ),
        (
            |asked, url| match asked.method.as_str() {
                "POST" => Response::new(202, "").with("location", url),
                "GET" if asked.path.contains("/tags/") => {
                    Response::new(200, "{}").with("link", format!("<{url}>; rel=next"))
                }
                _ => Response::error(404, "MANIFEST_UNKNOWN"),
            },
            "leads from https to http",
        ),
        // Away and back again.
        (
            |asked, url| match asked.path.as_str() {
                "/away" => Response::new(302, "").with("location", url),
                _ => Response::new(307, "").with("location", "/away"),
            },
            "leads from https to http",
        ),
    ];
    for (answer, expected) in cases {
        let url = url.clone();
        let server = Server::start_tls(&certified(), move |asked| answer(asked, &url));
        let (all, at) = asking(&server);
        let registry = backend(&all, &at);
        let error = run(registry.versions(&at)).unwrap_err();
        assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        let error = run(registry.publish(&at, &publication("1.0.0", WASM))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(plain.log().is_empty());
}

#[test]
fn a_domain_is_asked_over_tls() {
    let named = |port| format!(r#"{{"oci":{{"registry":"127.0.0.1:{port}"}}}}"#);
    let server = Server::start_tls(&certified(), move |_| Response::new(200, named(5000)));
    let (all, _) = asking(&server);
    let domain = server.address().to_string();
    let url = run(all.well_known(&domain)).unwrap();
    assert_eq!(url.to_string(), "oci://127.0.0.1:5000");
    assert_eq!(server.lines(), ["GET /.well-known/wasm-pkg/registry.json"]);
    // Nobody is named to it.
    assert_eq!(server.log()[0].header("authorization"), None);
}
