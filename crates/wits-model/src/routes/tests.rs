use std::path::Path;

use super::*;
use crate::ErrorKind;

const PROJECT: &str = "/home/ann/p/registry.toml";
const USER: &str = "/home/ann/.config/wits/registry.toml";

fn file(layer: Layer, text: &str) -> RouteFile {
    RouteFile::parse(text, Path::new(path(layer)), layer).unwrap()
}

fn path(layer: Layer) -> &'static str {
    match layer {
        Layer::Project => PROJECT,
        Layer::Wkg => "/home/ann/.config/wasm-pkg/config.toml",
        _ => USER,
    }
}

/// Where a package is looked for, and by whose word.
fn route(routes: &Routes, name: &str) -> String {
    let Some(route) = routes.route(&name.parse().unwrap()) else {
        return "nowhere".to_owned();
    };
    format!("{} by {} ({})", route.url, route.key, route.origin)
}

#[test]
fn wasi_and_ba_need_no_file() {
    let routes = Routes::built_in();
    assert_eq!(
        route(&routes, "wasi:http"),
        "well-known:wasi.dev by namespaces.wasi (built in)"
    );
    assert_eq!(
        route(&routes, "ba:sqlite"),
        "well-known:bytecodealliance.org by namespaces.ba (built in)"
    );
    assert_eq!(route(&routes, "acme:x"), "nowhere");
    assert_eq!(Routes::merge([]).unwrap().entries(), routes.entries());
}

#[test]
fn the_most_specific_key_wins_whatever_its_layer() {
    let routes = Routes::merge([
        file(Layer::Project, "default = \"oci://project.example\"\n"),
        file(
            Layer::User,
            "default = \"oci://user.example\"\n\
             [namespaces]\ndemo = \"layout:reg\"\n\
             [packages]\n\"demo:two\" = \"oci://two.example\"\n\"demo:three\" = { skew = \"allow\" }\n",
        ),
    ])
    .unwrap();
    for (name, found) in [
        (
            "any:thing",
            format!("oci://project.example by default ({PROJECT}:1)"),
        ),
        (
            "demo:one",
            format!("layout:/home/ann/.config/wits/reg by namespaces.demo ({USER}:3)"),
        ),
        (
            "demo:two",
            format!("oci://two.example by packages.\"demo:two\" ({USER}:5)"),
        ),
        // An entry that maps nothing leaves the package to its namespace.
        (
            "demo:three",
            format!("layout:/home/ann/.config/wits/reg by namespaces.demo ({USER}:3)"),
        ),
        (
            "wasi:io",
            "well-known:wasi.dev by namespaces.wasi (built in)".to_owned(),
        ),
    ] {
        assert_eq!(route(&routes, name), found);
    }
}

#[test]
fn an_earlier_layer_wins_a_key_in_whatever_order_the_files_come() {
    let mut line = RouteFile::new(Layer::CommandLine);
    line.set_package(
        "demo:one".parse().unwrap(),
        "oci://line.example".parse().unwrap(),
        Layer::CommandLine.into(),
    );
    let files = [
        file(Layer::Wkg, "[namespaces]\nwasi = \"oci://wkg.example\"\n"),
        file(Layer::User, "[namespaces]\ndemo = \"oci://user.example\"\n"),
        file(Layer::Environment, "default = \"oci://env.example\"\n"),
        line,
    ];
    let forward = Routes::merge(files.clone()).unwrap();
    let backward = Routes::merge(files.into_iter().rev()).unwrap();
    assert_eq!(forward.entries(), backward.entries());
    assert_eq!(
        route(&forward, "demo:one"),
        "oci://line.example by packages.\"demo:one\" (command line)"
    );
    assert!(route(&forward, "demo:two").starts_with("oci://user.example by namespaces.demo"));
    assert!(route(&forward, "wasi:io").starts_with("oci://wkg.example by namespaces.wasi"));
    assert!(route(&forward, "x:y").starts_with("oci://env.example by default"));
}

#[test]
fn permissions_are_keys_of_their_own() {
    let routes = Routes::merge([
        file(
            Layer::Project,
            "[packages]\n\"a:b\" = { skew = \"allow\", embedded = \"deny\" }\n\"a:c\" = { skew = \"deny\" }\n",
        ),
        file(
            Layer::User,
            "[packages]\n\"a:b\" = { registry = \"oci://u.example\", embedded = \"allow\" }\n\"a:c\".skew = \"allow\"\n",
        ),
    ])
    .unwrap();
    let name = |text: &str| text.parse::<PackageName>().unwrap();
    assert!(routes.allows_skew(&name("a:b")));
    assert!(!routes.allows_embedded(&name("a:b")));
    assert!(!routes.allows_skew(&name("a:c")));
    assert!(!routes.allows_skew(&name("not:there")));
    assert!(!routes.allows_embedded(&name("not:there")));
    assert!(route(&routes, "a:b").starts_with("oci://u.example by packages"));
}

#[test]
fn hosts_and_mirrors_are_kept_for_the_transport() {
    let routes = Routes::merge([
        file(
            Layer::Project,
            "[hosts.\"Registry.acme.example:5000\"]\nca = \"acme-ca.pem\"\n\
             [mirrors]\n\"oci://ghcr.io\" = \"layout:mirror\"\n",
        ),
        file(
            Layer::User,
            "[hosts.\"other.example\"]\nca = \"/etc/ca.pem\"\n\
             [mirrors]\n\"oci://ghcr.io\" = \"oci://late.example\"\n\"oci://q.example/x\" = \"oci://m.example/q\"\n",
        ),
    ])
    .unwrap();
    assert_eq!(
        routes.ca("registry.acme.example:5000"),
        Some(&Certificates::File("/home/ann/p/acme-ca.pem".into()))
    );
    assert_eq!(routes.ca("registry.acme.example"), None);
    let mirrors: Vec<_> = routes
        .mirrors()
        .map(|it| format!("{} {} {}", it.of, it.by, it.origin))
        .collect();
    assert_eq!(
        mirrors,
        [
            format!("oci://ghcr.io layout:/home/ann/p/mirror {PROJECT}:4"),
            format!("oci://q.example/x oci://m.example/q {USER}:5"),
        ]
    );
    let by_project: Vec<_> = routes
        .hosts_set_by_project()
        .into_iter()
        .map(|setting| setting.host)
        .collect();
    assert_eq!(by_project, ["registry.acme.example:5000", "ghcr.io"]);
}

#[test]
fn entries_are_every_key_in_force_and_its_line() {
    let routes = Routes::merge([file(
        Layer::User,
        r#"default = "oci://ghcr.io/acme"
packages."acme:secret" = { registry = "oci://registry.acme.example/wit", skew = "allow" }
[namespaces]
old = "bindle+http://127.0.0.1:8080/v1"
[hosts."registry.acme.example"]
ca = "acme-ca.pem"
[mirrors]
"oci://ghcr.io" = "oci://mirror.acme.example/ghcr"
"#,
    )])
    .unwrap();
    let shown: Vec<_> = routes
        .entries()
        .into_iter()
        .map(|it| {
            let line = it
                .origin
                .line()
                .map_or("built in".to_owned(), |line| line.to_string());
            format!("{line}: {} = {}", it.key, it.value)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1: default = oci://ghcr.io/acme",
            "built in: namespaces.ba = well-known:bytecodealliance.org",
            "4: namespaces.old = bindle+http://127.0.0.1:8080/v1",
            "built in: namespaces.wasi = well-known:wasi.dev",
            "2: packages.\"acme:secret\".registry = oci://registry.acme.example/wit",
            "2: packages.\"acme:secret\".skew = allow",
            "6: hosts.\"registry.acme.example\".ca = /home/ann/.config/wits/acme-ca.pem",
            "8: mirrors.\"oci://ghcr.io\" = oci://mirror.acme.example/ghcr",
        ]
    );
}

#[test]
fn a_checkout_may_not_reroute_what_the_user_routes() {
    let both = |project: &str, user: &str| {
        Routes::merge([file(Layer::Project, project), file(Layer::User, user)])
    };
    let error = both(
        "[namespaces]\nacme = \"oci://evil.example\"\n",
        "\n[namespaces]\nacme = \"oci://acme.example\"\n",
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the project sends `namespaces.acme` to `oci://evil.example` ({PROJECT}:2), and the user \
             sends it to `oci://acme.example` ({USER}:3)"
        )
    );
    assert_eq!(
        error.help().unwrap(),
        "to allow it, set `namespaces.acme = \"oci://evil.example\"` in your own `registry.toml`; else \
         remove it from the project's"
    );
    assert_eq!(error.kind(), ErrorKind::Project);
    assert_eq!(error.span().unwrap().to_string(), format!("{PROJECT}:2:8"));

    let namespace = "[namespaces]\nacme = \"oci://acme.example\"\n";
    let evil = "[packages]\n\"acme:x\" = \"oci://evil.example\"\n";
    let evil_table = "[packages]\n\"acme:x\" = { registry = \"oci://evil.example\" }\n";
    let good = "[packages]\n\"acme:x\" = \"oci://acme.example\"\n";
    for (project, user, refused) in [
        // One package out of a namespace of the user.
        (evil, namespace.to_owned(), true),
        (evil_table, namespace.to_owned(), true),
        (good, namespace.to_owned(), false),
        // The user's own word on the package counts for more than the one on its namespace.
        (evil, format!("{namespace}{evil}"), false),
        (good, format!("{namespace}{evil}"), true),
        // What the user maps only in part stays where it is; the rest is the project's.
        (
            "[namespaces]\nacme = \"oci://evil.example\"\n",
            good.to_owned(),
            false,
        ),
        // No mapping of the name by the user.
        (evil, "default = \"oci://acme.example\"\n".to_owned(), false),
        (
            "[namespaces]\nwasi = \"layout:registry\"\n",
            String::new(),
            false,
        ),
        (
            "[packages]\n\"acme:x\" = { skew = \"allow\" }\n",
            namespace.to_owned(),
            false,
        ),
        (
            "default = \"oci://evil.example\"\n",
            namespace.to_owned(),
            false,
        ),
    ] {
        let result = both(project, &user);
        assert_eq!(result.is_err(), refused, "{project} against {user}");
    }

    // wkg's file is the user's too; what the command line says is the user's last word.
    let project = file(
        Layer::Project,
        "[namespaces]\nacme = \"oci://evil.example\"\n",
    );
    let wkg = file(Layer::Wkg, namespace);
    assert!(Routes::merge([project.clone(), wkg.clone()]).is_err());
    let mut line = RouteFile::new(Layer::CommandLine);
    let url = "oci://third.example".parse().unwrap();
    line.set_namespace("acme", url, Layer::CommandLine.into())
        .unwrap();
    let routes = Routes::merge([line, project, wkg]).unwrap();
    assert!(route(&routes, "acme:x").starts_with("oci://third.example"));
}

/// Place, message and help.
fn fault(text: &str) -> String {
    let error = RouteFile::parse(text, Path::new(PROJECT), Layer::Project).expect_err(text);
    assert_eq!(error.kind(), ErrorKind::Project);
    let (line, column) = error.span().unwrap().line_column();
    let help = error.help().map(|help| format!(" help: {help}"));
    format!("{line}:{column}: {error}{}", help.unwrap_or_default())
}

#[test]
fn every_fault_is_named_at_its_place() {
    for (text, message) in [
        (
            "[namespace]\n",
            "1:2: unknown key `namespace` in the file help: did you mean `namespaces`?",
        ),
        (
            "default = \"ghcr.io/acme\"",
            "1:11: `ghcr.io/acme` is not a registry URL; write `oci://HOST/PREFIX`, `layout:PATH`, \
             `bindle+https://HOST/v1` or `well-known:DOMAIN`",
        ),
        (
            "default = 1",
            "1:11: `default` must be a string, and is an integer",
        ),
        (
            "default = \"layout:~/registry\"",
            "1:11: `~` stands for nothing here; write the whole path",
        ),
        (
            "[namespaces]\n\"wasi:http\" = \"oci://h\"",
            "2:1: `wasi:http` is not a namespace, a lower-case kebab-case word",
        ),
        (
            "[packages]\nwasi = \"oci://h\"",
            "2:1: `wasi` is not a package name: it has no namespace; write `namespace:name`",
        ),
        (
            "[packages]\n\"a:b\" = 3",
            "2:9: `a:b` must be a registry URL or a table, and is an integer",
        ),
        (
            "[packages]\n\"a:b\" = { skew = true }",
            "2:18: `skew` must be a string, and is a boolean",
        ),
        (
            "[packages]\n\"a:b\" = { skew = \"yes\" }",
            "2:18: `skew` is `\"allow\"` or `\"deny\"`, not `\"yes\"`",
        ),
        (
            "[packages]\n\"a:b\" = { embeded = \"allow\" }",
            "2:11: unknown key `embeded` in the entry of `a:b` help: did you mean `embedded`?",
        ),
        (
            "[hosts.\"https://h\"]\n",
            "1:8: `https://h` is not `HOST` or `HOST:PORT`",
        ),
        ("[hosts.\"h/\"]\n", "1:8: `h/` is not `HOST` or `HOST:PORT`"),
        (
            "[hosts.\"h\"]\ncert = \"x\"",
            "2:1: unknown key `cert` in the entry of host `h`",
        ),
        (
            "[hosts.h]\nca = 1",
            "2:6: `ca` must be a string, and is an integer",
        ),
        (
            "[mirrors]\n\"layout:x\" = \"oci://h\"",
            "2:1: `layout:x` is no host that can be mirrored",
        ),
        (
            "[mirrors]\n\"oci://h\" = \"well-known:h\"",
            "2:13: a mirror is a registry itself, not a domain to be asked",
        ),
    ] {
        assert_eq!(fault(text), message);
    }
    let mut file = RouteFile::new(Layer::Wkg);
    let url = "oci://h".parse().unwrap();
    assert!(file.set_namespace("A", url, Layer::Wkg.into()).is_err());
}

#[test]
fn a_secret_is_refused_by_name_and_never_shown() {
    let help = "help: run `wits login`, which keeps credentials out of the project";
    let url = "a registry URL may not hold a user name or a password; use `wits login`";
    for (text, message) in [
        (
            "[hosts.\"h\"]\nauth = \"hunter2\"\n",
            format!("2:1: `auth` may not stand in `registry.toml`: it never holds a secret {help}"),
        ),
        (
            "[hosts.\"h\"]\nca = 1\nidentity-token = \"hunter2\"\n",
            format!(
                "3:1: `identity-token` may not stand in `registry.toml`: it never holds a secret {help}"
            ),
        ),
        (
            "[hosts.\"h\"]\nauth = { a = 1, x = [\"hunter2\"] }\n",
            format!("2:1: `auth` may not stand in `registry.toml`: it never holds a secret {help}"),
        ),
        (
            "bogus = 1\nPassword = \"\"\"\nhunter2\n\"\"\"\n",
            format!(
                "2:1: `Password` may not stand in `registry.toml`: it never holds a secret {help}"
            ),
        ),
        ("default = \"oci://me:hunter2@h\"\n", format!("1:11: {url}")),
        (
            "default = \"https://me:hunter2@h\"\n",
            format!("1:11: {url}"),
        ),
        (
            "[mirrors]\n\"oci://me:hunter2@h\" = \"oci://m\"\n",
            format!("2:1: {url}"),
        ),
        (
            "[packages]\n\"a:b\" = { registry = \"oci://me:hunter2@h\" }\n",
            format!("2:22: {url}"),
        ),
    ] {
        assert_eq!(fault(text), message);
        shows_no_secret(text);
    }
    for text in [
        "[hosts.h]\ntoken = hunter2\n",
        "[hosts.h]\nauth = { user = \"me\", password = \"hunter2\"\n",
        "default = \"oci://me:hunter2@h\n",
    ] {
        shows_no_secret(text);
    }
    // A name is not a key: a namespace may be called like a secret.
    let file = file(Layer::User, "[namespaces]\ntoken = \"oci://h\"\n");
    assert!(route(&Routes::merge([file]).unwrap(), "token:x").starts_with("oci://h"));
}

fn shows_no_secret(text: &str) {
    let error = RouteFile::parse(text, Path::new(PROJECT), Layer::Project).unwrap_err();
    let shown = format!("{error} {error:?} {}", error.span().unwrap().text);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(error.span().unwrap().text.len(), text.len());
}

#[test]
fn what_a_project_says_of_hosts_is_listed_until_the_user_says_it_too() {
    let project = "default = \"oci+http://plain.example\"\n[namespaces]\na = \"oci://tls.example\"\n\
                   [hosts.\"ca.example\"]\nca = \"/ca.pem\"\n[mirrors]\n\"oci://m.example\" = \"oci+http://by.example\"\n";
    let listed = |user: &str| {
        let files = [file(Layer::Project, project), file(Layer::User, user)];
        let routes = Routes::merge(files).unwrap();
        let settings = routes.hosts_set_by_project();
        let lines = settings
            .iter()
            .map(|it| format!("{} {:?} {}", it.host, it.what, it.key));
        lines.collect::<Vec<_>>()
    };
    let all = [
        "ca.example Certificates hosts.\"ca.example\".ca",
        "m.example Mirror mirrors.\"oci://m.example\"",
        "plain.example Plain default",
        "by.example Plain mirrors.\"oci://m.example\"",
    ];
    assert_eq!(listed(""), all);
    assert_eq!(
        listed("[hosts.\"ca.example\"]\nca = \"/other.pem\"\n"),
        all,
        "another value is no permission"
    );
    assert_eq!(
        listed("[hosts.\"ca.example\"]\nca = \"/ca.pem\"\n"),
        all[1..]
    );
    assert!(listed(project).is_empty());
}

#[test]
fn only_the_user_names_hosts_without_tls() {
    let project = "default = \"oci+http://project.example\"\n\
                   [mirrors]\n\"oci://a\" = \"oci+http://mirror.example\"\n";
    let user = "[namespaces]\na = \"oci://tls.example\"\nb = \"oci+http://user.example:5000\"\n";
    let command = "[packages]\n\"c:d\" = \"bindle+http://command.example/v1\"\n";
    let hosts = |files: Vec<RouteFile>| {
        let routes = Routes::merge(files).unwrap();
        let hosts = routes.hosts_without_tls().into_iter().map(str::to_owned);
        hosts.collect::<Vec<_>>()
    };
    let all = [
        file(Layer::Project, project),
        file(Layer::User, user),
        file(Layer::CommandLine, command),
    ];
    assert_eq!(
        hosts(all.to_vec()),
        ["command.example", "user.example:5000"]
    );
    // What a checkout says counts once the user says the same.
    let same = [file(Layer::Project, project), file(Layer::User, project)];
    assert_eq!(hosts(same.to_vec()), ["mirror.example", "project.example"]);
}

#[test]
fn the_tags_of_a_mirror_are_trusted_by_the_users_word_only() {
    let text = "[mirrors]\n\"oci://a\" = { registry = \"oci://b\", tags = \"allow\" }\n\"oci://c\" = { registry = \"oci://d\" }\n";
    let routes = Routes::merge([file(Layer::User, text)]).unwrap();
    let mirrors: Vec<_> = routes
        .mirrors()
        .map(|it| (it.by.to_string(), it.tags))
        .collect();
    assert_eq!(
        mirrors,
        [("oci://b".to_owned(), true), ("oci://d".to_owned(), false)]
    );
    assert_eq!(
        fault(text),
        "2:44: only your own `registry.toml` may trust the tags of a mirror"
    );
}

#[test]
fn a_domain_is_a_registry_itself_only_where_wkgs_file_names_it() {
    let url: RegistryUrl = "well-known:acme.example".parse().unwrap();
    let or: RegistryUrl = "oci://acme.example".parse().unwrap();
    let mut wkg = RouteFile::new(Layer::Wkg);
    wkg.set_default(url, Layer::Wkg.into());
    wkg.set_fallback("acme.example", or.clone());
    let user = "[namespaces]\nstrict = \"well-known:acme.example\"\n";
    let routes = Routes::merge([wkg, file(Layer::User, user)]).unwrap();
    let or_of = |name: &str| routes.route(&name.parse().unwrap()).unwrap().or;
    assert_eq!(or_of("lax:x"), Some(or));
    assert_eq!(or_of("strict:x"), None);
    assert_eq!(or_of("wasi:x"), None);
    let first = &routes.entries()[0];
    assert_eq!(
        format!("{} = {} ({})", first.key, first.value, first.origin),
        "default = well-known:acme.example, or else oci://acme.example (wkg)"
    );
}

#[test]
fn the_places_of_another_tools_file_show_no_secret() {
    for text in [
        "[registry.\"h\".oci]\nauth = \"hunter2\"\nprotocol = 1\n",
        "[registry.\"h\".oci]\nauth = { username = \"hunter2\", password = \"hunter2\" }\n",
        "[registry.\"h\".oci\nauth = \"hunter2\"\n",
        "default_registry = \"https://me:hunter2@h\"\n",
    ] {
        let document = crate::document::Document::with_secrets(text, Path::new("/c.toml"));
        let shown = document.span(0..1).text;
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(shown.len(), text.len());
        assert!(document.text().contains("hunter2"));
    }
}

#[test]
fn a_project_does_not_loosen_the_users_demands_on_signatures() {
    let says = |strategy: &str| format!("[hosts.\"h:1\"]\nbindle-verification = \"{strategy}\"\n");
    let of = |files: Vec<RouteFile>| {
        let routes = Routes::merge(files).unwrap();
        let all: Vec<_> = routes
            .verifications()
            .map(|(host, it)| format!("{host} {it}"))
            .collect();
        all
    };
    let project = |strategy: &str| file(Layer::Project, &says(strategy));
    let user = |strategy: &str| file(Layer::User, &says(strategy));
    assert!(of(vec![]).is_empty());
    assert_eq!(of(vec![project("greedy")]), ["h:1 greedy"]);
    assert_eq!(
        of(vec![project("creative"), user("greedy")]),
        ["h:1 greedy"]
    );
    assert_eq!(
        of(vec![
            file(Layer::CommandLine, &says("exhaustive")),
            user("greedy")
        ]),
        ["h:1 exhaustive"]
    );
    for weak in ["authoritative", "exhaustive", "multiple-attestation[host]"] {
        assert_eq!(of(vec![user(weak)]), [format!("h:1 {weak}")]);
        assert!(
            RouteFile::parse(&says(weak), Path::new("/p/registry.toml"), Layer::Project).is_err(),
            "{weak}"
        );
    }
}
