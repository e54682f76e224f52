use super::*;
use wits_model::routes::Routes;

const FILE: &str = "/home/ann/.config/wasm-pkg/config.toml";

fn read(text: &str) -> Result<(WkgConfig, Vec<String>), String> {
    let mut strange = Vec::new();
    let config = parse(text, Path::new(FILE), &mut strange).map_err(|error| {
        let (line, _) = error.span().line_column();
        assert!(
            !error.span().text.contains("canary"),
            "{}",
            error.span().text
        );
        format!("{line}: {error}")
    })?;
    let strange = strange.iter().map(|it| format!("{}: {}", it.line, it.key));
    let strange = strange.collect();
    Ok((config, strange))
}

fn routes(text: &str) -> Routes {
    Routes::merge([read(text).unwrap().0.routes]).unwrap()
}

fn route(routes: &Routes, name: &str) -> String {
    let route = routes.route(&name.parse().unwrap()).unwrap();
    match route.or {
        Some(or) => format!(
            "{} or {or}, line {}",
            route.url,
            route.origin.line().unwrap()
        ),
        None => format!("{}, {}", route.url, route.origin),
    }
}

#[test]
fn every_form_of_a_mapping_is_read() {
    let routes = routes(
        r#"default_registry = "Acme.example"
[namespace_registries]
named = "named.example:444"
plain = "plain.example"
here = "127.0.0.1:5000"
old = { registry = "x", metadata = { ociRegistry = "ghcr.io", ociNamespacePrefix = "old/" } }
new = { registry = "x", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "new/sub/" } } }
bare = { registry = "bare.example", metadata = { oci = {} } }
dir = "dir.example"
[package_registry_overrides]
"named:one" = { registry = "x", metadata = { oci = { registry = "one.example" } } }
[registry."plain.example".oci]
protocol = "http"
[registry."127.0.0.1:5000"]
type = "oci"
oci = { protocol = "http" }
[registry."dir.example"]
type = "local"
local = { root = "/srv/packages" }
"#,
    );
    for (name, expected) in [
        (
            "any:x",
            "well-known:acme.example or oci://acme.example, line 1".to_owned(),
        ),
        (
            "named:x",
            "well-known:named.example:444 or oci://named.example:444, line 3".to_owned(),
        ),
        (
            "plain:x",
            "well-known:plain.example or oci+http://plain.example, line 4".to_owned(),
        ),
        ("here:x", format!("oci+http://127.0.0.1:5000, {FILE}:5")),
        ("old:x", format!("oci://ghcr.io/old, {FILE}:6")),
        ("new:x", format!("oci://ghcr.io/new/sub, {FILE}:7")),
        ("bare:x", format!("oci://bare.example, {FILE}:8")),
        ("dir:x", format!("layout:/srv/packages, {FILE}:9")),
        ("named:one", format!("oci://one.example, {FILE}:11")),
        ("wasi:io", "well-known:wasi.dev, built in".to_owned()),
    ] {
        assert_eq!(route(&routes, name), expected);
    }
}

#[test]
fn credentials_go_to_what_the_name_leads_to() {
    let (config, strange) = read(
        r#"[namespace_registries]
a = { registry = "acme", metadata = { oci = { registry = "GHCR.io", namespacePrefix = "acme/" } } }
[registry.acme.oci]
auth = { username = "me", password = "canary" }
[registry."base.example".oci]
auth = "bWU6Y2FuYXJ5"
extra_root_certificates = [{ encoding = "pem", data = "PEM" }, { encoding = "der", data = "x" }]
"#,
    )
    .unwrap();
    let mut places: Vec<_> = config
        .credentials
        .iter()
        .map(|it| format!("{} {}/{}", it.registry, it.host, it.prefix))
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "acme acme/",
            "acme ghcr.io/acme",
            "base.example base.example/"
        ]
    );
    for credential in &config.credentials {
        let Credential::Basic { user, password } = &credential.credential else {
            panic!("{credential:?}");
        };
        assert_eq!((user.as_str(), password.reveal()), ("me", "canary"));
    }
    assert!(!format!("{config:?}").contains("canary"));
    assert_eq!(
        strange,
        ["7: registry.\"base.example\".oci.extra_root_certificates"]
    );
    let routes = Routes::merge([config.routes]).unwrap();
    let pem = Certificates::Text("PEM\n".to_owned());
    assert_eq!(routes.ca("base.example"), Some(&pem));
}

#[test]
fn what_means_nothing_here_is_named_with_its_line() {
    let (_, strange) = read(
        "[namespace_registries]\na = { registry = \"a\", metadata = { oci = { namespacePrefix = \"acme\" } } }\n\
         [registry.\"h.example\"]\ntype = \"oci\"\n[registry.\"h.example\".oci]\naccept_invalid_certificates = true\n\
         protocl = \"http\"\n[registry.\"h.example\".warg]\nurl = \"x\"\n",
    )
    .unwrap();
    assert_eq!(
        strange,
        [
            "6: registry.\"h.example\".oci.accept_invalid_certificates",
            "7: registry.\"h.example\".oci.protocl",
            "8: registry.\"h.example\".warg",
            "2: namespacePrefix",
        ]
    );
}

#[test]
fn a_fault_is_named_with_its_line_and_shows_no_secret() {
    for (text, message) in [
        (
            "defaultregistry = \"x\"",
            "1: unknown key `defaultregistry` in the file",
        ),
        (
            "default_registry = \"https://x\"",
            "1: `https://x` is not the name of a host",
        ),
        (
            "[registry.\"h\".oci]\nauth = \"canary!\"",
            "2: `auth` is not the base64 of `USER:PASSWORD`",
        ),
        (
            "[registry.\"h\".oci]\nauth = { username = \"me\", passwort = \"canary\" }",
            "2: unknown key `passwort` in `auth`",
        ),
        (
            "[registry.\"h\".oci]\nprotocol = \"ftp\"",
            "2: `protocol` is `\"https\"` or `\"http\"`, not `\"ftp\"`",
        ),
        (
            "default_registry = \"h\"\n[registry.h]\ntype = \"local\"",
            "1: registry `h` is `local`, and [registry.\"h\".local] has no `root`",
        ),
        (
            "default_registry = \"h\"\n[registry.h]\ntype = \"warg\"",
            "1: registry `h` is of the type `warg`, and wits knows `oci` and `local`",
        ),
        (
            "[namespace_registries]\na = { registry = \"h\", metadata = { preferredProtocol = \"warg\" } }",
            "2: it names the protocol `warg`, and wits knows `oci`",
        ),
        (
            "[namespace_registries]\na = { registry = \"h\" }",
            "2: the registry of `a` has no `metadata`",
        ),
        ("[registry.\"h\".oci]\nauth = canary", "2: "),
    ] {
        let found = read(text).map(|_| ()).unwrap_err();
        assert!(found.starts_with(message), "{found}");
        assert!(!found.contains("canary"), "{found}");
    }
}
