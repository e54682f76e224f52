//! How many requests each command makes, and in how many steps: what the latency of a network is multiplied with.
//! docs/reference/requests.md has these figures.
//!
//! A registry holds back the answers of a step until all its requests are there, so no clock is needed.

use snapbox::str;
use wits_testkit::wire::{Body, Fault, Guard, OciRegistry, Response, Rule, Server, Settings};
use wits_testkit::{Artifact, Authority, Certified, Project, Sandbox};

use crate::setting::{self, built, locked_field, locked_ids, publish};

/// How many packages there are, each but the last needing the next: `acme:p0`, `acme:p1`, …
const DEEP: usize = 6;

fn name(number: usize) -> String {
    format!("acme/p{number}")
}

/// The links carry no types, so that each package names the next and no other.
fn wit(number: usize) -> String {
    let link = match number + 1 {
        DEEP => String::new(),
        next => format!("\nworld w {{\n    import acme:p{next}/i@1.0.0;\n}}\n"),
    };
    format!("package acme:p{number}@1.0.0;\n\ninterface i {{\n    f: func();\n}}\n{link}")
}

/// A sandbox whose routes lead to `registry`, with the chain in it as wits publishes it.
fn published(registry: &OciRegistry) -> Sandbox {
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.registry());
    for number in (0..DEEP).rev() {
        publish(&sandbox, &format!("p{number}"), &wit(number));
    }
    sandbox
}

/// The same, with the chain as other tools publish it; the first of it with a list, if one is given.
fn published_by_others(registry: &OciRegistry, list: Option<&str>) -> Sandbox {
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.registry());
    for number in (0..DEEP).rev() {
        let wasm = built(&sandbox, &format!("p{number}"), &wit(number));
        let mut artifact = Artifact::wasm(wasm);
        if let (0, Some(list)) = (number, list) {
            artifact = artifact.annotation("dev.wits.closure", list);
        }
        registry.put(&name(number), "1.0.0", &artifact);
    }
    sandbox
}

/// A registry that speaks HTTP/2.
fn over_http2(certified: &Certified) -> OciRegistry {
    OciRegistry::start_with(Settings {
        tls: Some(certified),
        http2: true,
        ..Settings::default()
    })
}

/// A project that needs the first of the chain.
fn app(sandbox: &Sandbox) -> Project<'_> {
    setting::app(sandbox, "import acme:p0/i@1.0.0;")
}

/// Forgets all that was had from a registry: the cache and, unless `keep_lock`, what is known of it.
fn forget(sandbox: &Sandbox, app: &Project<'_>, keep_lock: bool) {
    for path in ["wit/deps", "wits.lock"] {
        if app.has(path) && !(keep_lock && path == "wits.lock") {
            app.remove(path);
        }
    }
    if sandbox.top().has("home/.cache") {
        sandbox.top().remove("home/.cache");
    }
}

fn manifest(number: usize) -> String {
    format!("GET /v2/{}/manifests/1.0.0", name(number))
}

/// The number of lines of each step, by whether they are about manifests or about blobs.
fn kinds(registry: &OciRegistry) -> Vec<(usize, usize)> {
    let steps = registry.server().steps();
    let count = |step: &Vec<String>, part: &str| {
        let is = |line: &&String| line.starts_with("GET ") && line.contains(part);
        step.iter().filter(is).count()
    };
    let steps = steps.iter();
    steps
        .map(|step| (count(step, "/manifests/"), count(step, "/blobs/")))
        .collect()
}

#[test]
fn what_wits_published_comes_in_three_steps_however_deep() {
    let registry = OciRegistry::start();
    let sandbox = published(&registry);
    let app = app(&sandbox);
    for command in [&["fetch"][..], &["lock"], &["build", "-o", "app.wasm"]] {
        forget(&sandbox, &app, false);
        registry.server().expect_steps(&[1, DEEP, DEEP - 1]);
        app.wits(command).succeeds();
        let expected = [(1, 0), (DEEP - 1, 1), (0, DEEP - 1)];
        assert_eq!(kinds(&registry), expected, "{command:?}");
        assert_eq!(locked_ids(&app).len(), DEEP);
    }
}

#[test]
fn what_is_locked_comes_in_one_step_and_what_is_cached_in_none() {
    let registry = OciRegistry::start();
    let sandbox = published(&registry);
    let app = app(&sandbox);
    app.wits(["fetch"]).succeeds();
    for command in [&["fetch", "--locked"][..], &["build", "-o", "app.wasm"]] {
        forget(&sandbox, &app, true);
        registry.server().expect_steps(&[DEEP]);
        app.wits(command).succeeds();
        assert_eq!(kinds(&registry), [(0, DEEP)], "{command:?}");
        assert_eq!(registry.server().connections(), DEEP);
    }
    // With the cache, and then with all of it.
    registry.server().expect_steps(&[]);
    app.remove("wit/deps");
    for _ in 0..2 {
        app.wits(["fetch", "--locked"]).succeeds();
        app.wits(["build", "-o", "app.wasm"]).succeeds();
        app.wits(["lock", "--check"]).succeeds();
        app.wits(["get", "acme:p0@1.0.0"]).succeeds();
    }
    assert!(registry.server().steps().is_empty());
    assert_eq!(registry.server().connections(), 0);
}

#[test]
fn what_others_published_takes_two_steps_a_level() {
    let registry = OciRegistry::start();
    let sandbox = published_by_others(&registry, None);
    let app = app(&sandbox);
    forget(&sandbox, &app, false);
    registry.server().expect_steps(&[1; 2 * DEEP]);
    app.wits(["fetch"]).succeeds();
    let level = [(1, 0), (0, 1)];
    assert_eq!(kinds(&registry), level.repeat(DEEP));
}

/// A list that is a lie costs time. It makes no error, no note and no pin, keeps nothing in the cache, leads to
/// no host, and nobody waits for what it names.
#[test]
fn a_list_that_lies_changes_nothing() {
    let (registry, elsewhere) = (OciRegistry::start(), OciRegistry::start());
    let list = "acme:absent@1.0.0=x acme:broken@1.0.0=x acme:stuck@1.0.0=x acme:p1@2.0.0=x acme:p2@1.0.0=y \
                acme:unneeded@1.0.0=sha256:00 demo:app@0.1.0=x evil:x@1.0.0=x nowhere:x@1.0.0=x \u{1b}[31m";
    let sandbox = published_by_others(&registry, Some(list));
    sandbox.top().write(
        "registry.toml",
        sandbox.top().read("registry.toml") + &format!("evil = \"{}\"\n", elsewhere.registry()),
    );
    let unneeded = built(
        &sandbox,
        "unneeded",
        "package acme:unneeded@1.0.0;\ninterface i {}\n",
    );
    let unneeded = Artifact::wasm(unneeded);
    registry.put("acme/unneeded", "1.0.0", &unneeded);
    registry.put("acme/broken", "1.0.0", &Artifact::wasm("not Wasm"));
    let stuck = Fault::body(|_| Body::Stuck(Vec::new()));
    registry.lay(Rule::any().of("acme/stuck"), stuck);
    let app = app(&sandbox);
    forget(&sandbox, &app, false);
    registry.server().forget();
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 6 added
     Fetched wit/deps: 6 packages written

"#]]);
    let ids = (0..DEEP).map(|number| format!("acme:p{number}@1.0.0"));
    assert_eq!(locked_ids(&app), ids.collect::<Vec<_>>());
    // It was believed as far as to ask, and no further.
    let lines = registry.lines();
    for asked in ["absent", "broken", "stuck", "unneeded"] {
        let line = format!("GET /v2/acme/{asked}/manifests/1.0.0");
        assert!(lines.contains(&line), "{lines:?}");
    }
    assert_eq!(lines.iter().filter(|line| **line == manifest(2)).count(), 1);
    assert!(lines.iter().all(|line| !line.contains("/tags/")));
    assert!(!lines.iter().any(|line| line.contains("/demo/app/")));
    assert_eq!(elsewhere.server().connections(), 0);
    let is_cached = |digest: &str| {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blob = format!("home/.cache/wits/v1/blobs/sha256/{}/{hex}", &hex[..2]);
        sandbox.top().has(&blob)
    };
    assert!(is_cached(&locked_field(&app, "acme:p0", "digest")));
    assert!(!is_cached(&unneeded.blobs().nth(1).unwrap().digest()));
}

/// A list that names what only some may read bothers nobody for a password, and takes nobody's away: here a
/// repository that lets nobody in, at a host where a helper of the user's has the key to all others.
#[test]
fn a_list_asks_nobody_for_a_password() {
    let registry = OciRegistry::start();
    let list = "acme:p1@1.0.0=x acme:vault@1.0.0=x acme:p2@1.0.0=x";
    let sandbox = published_by_others(&registry, Some(list));
    let vault = Response::new(401, "").with("www-authenticate", "Basic realm=\"vault\"");
    registry.lay(Rule::any().of("acme/vault"), Fault::answer(vault));
    let app = app(&sandbox);
    let top = sandbox.top();
    let host = registry.address();
    let helpers = format!("{{\"credHelpers\":{{\"{host}\":\"box\"}}}}");
    top.write("home/.docker/config.json", helpers);
    let asked = top.path("asked");
    let answer = r#"{"Username":"me","Secret":"pw"}"#;
    let script = format!("echo x >> '{}'; echo '{answer}'", asked.display());
    let path = setting::helper(&sandbox, "box", &script);
    let fetch = || {
        forget(&sandbox, &app, false);
        app.wits_with(&[("PATH", &path)], ["fetch"])
    };
    fetch().succeeds().stderr(str![[r#"
      Locked wits.lock: 6 added
     Fetched wit/deps: 6 packages written

"#]]);
    assert!(
        registry
            .lines()
            .iter()
            .any(|line| line.contains("/acme/vault/"))
    );
    assert!(!top.has("asked"));

    // Where a password is needed for the others as well, it is asked for once, and still good.
    registry.guard(Guard {
        users: vec![("me".to_owned(), "pw".to_owned())],
        public: false,
        tokens: false,
        ..Guard::default()
    });
    fetch().succeeds().stderr(str![[r#"
      Locked wits.lock: 6 added
     Fetched wit/deps: 6 packages written

"#]]);
    assert_eq!(top.read("asked"), "x\n");
}

/// A mirror that is down is told of once, and by what is needed.
#[test]
fn a_mirror_that_is_down_is_told_of_with_a_list_too() {
    let registry = OciRegistry::start();
    let list = "acme:absent@1.0.0=x acme:p1@1.0.0=x acme:p2@1.0.0=x acme:p3@1.0.0=x";
    let sandbox = published_by_others(&registry, Some(list));
    // Nobody listens at the first port.
    sandbox.top().write(
        "home/.config/wits/registry.toml",
        format!(
            "[mirrors]\n\"{}\" = \"oci+http://127.0.0.1:1\"\n",
            registry.registry()
        ),
    );
    let app = app(&sandbox);
    forget(&sandbox, &app, false);
    let outcome = app.wits(["fetch"]);
    outcome.succeeds();
    assert_eq!(outcome.talk().matches("warning: the mirror").count(), 1);
    assert!(
        outcome.talk().contains("/acme/p0` for the Wasm"),
        "{}",
        outcome.talk()
    );
}

/// What is not there is told of in the same words, asked for ahead or not.
#[test]
fn a_failure_is_the_same_with_a_list_and_without() {
    let told = [
        None,
        Some("acme:p3@1.0.0=x acme:p5@1.0.0=x acme:p4@1.0.0=x"),
    ]
    .map(|list| {
        let registry = OciRegistry::start();
        let sandbox = published_by_others(&registry, list);
        registry.untag(&name(5), "1.0.0");
        let app = app(&sandbox);
        forget(&sandbox, &app, false);
        let outcome = app.wits(["fetch"]);
        outcome.exits(1).stdout("");
        assert!(!app.has("wits.lock"));
        let address = registry.address().to_string();
        outcome.talk().replace(&address, "HOST")
    });
    assert!(told[0].contains("acme:p5"), "{}", told[0]);
    assert_eq!(told[0], told[1]);
}

/// With tokens: one token for all of them, and one challenge, once it is known that there is one. Before, each is
/// challenged at the same time.
#[test]
fn tokens_take_two_steps_more() {
    let authority = Authority::new();
    let certified = authority.certify(&["127.0.0.1"]);
    let registry = over_http2(&certified);
    let sandbox = setting::sandbox();
    let host = registry.address();
    let user = format!(
        "[namespaces]\nacme = \"{}\"\n[hosts.\"{host}\"]\nca = \"ca.pem\"\n",
        registry.registry()
    );
    sandbox.top().write("home/.config/wits/registry.toml", user);
    sandbox
        .top()
        .write("home/.config/wits/ca.pem", authority.pem());
    for number in (0..DEEP).rev() {
        publish(&sandbox, &format!("p{number}"), &wit(number));
    }
    registry.guard(Guard::default());
    let app = app(&sandbox);
    forget(&sandbox, &app, false);
    app.wits(["fetch"]).succeeds();
    for (is_known, asked) in [(false, DEEP), (true, 1)] {
        if is_known {
            sandbox.top().remove("home/.cache/wits/v1/blobs");
            app.remove("wit/deps");
        } else {
            forget(&sandbox, &app, true);
        }
        registry.server().expect_steps(&[asked, 1, DEEP]);
        app.wits(["fetch", "--locked"]).succeeds();
        assert_eq!(kinds(&registry), [(0, asked), (0, 0), (0, DEEP)]);
        assert!(registry.lines()[asked].starts_with("GET /token?"));
        assert_eq!(registry.server().connections(), 1);
    }
}

/// An old list misses what is new: that is asked for when it is needed.
#[test]
fn a_list_that_is_stale_is_made_up_for() {
    let registry = OciRegistry::start();
    let list = "acme:p1@1.0.0=x acme:p2@1.0.0=x";
    let sandbox = published_by_others(&registry, Some(list));
    let app = app(&sandbox);
    forget(&sandbox, &app, false);
    registry.server().expect_steps(&[1, 3, 2, 1, 1, 1, 1, 1, 1]);
    app.wits(["fetch"]).succeeds();
    let expected = [(1, 0), (2, 1), (0, 2)];
    let rest = [(1, 0), (0, 1)].repeat(3);
    assert_eq!(kinds(&registry), [&expected[..], &rest].concat());
}

#[test]
fn publishing_asks_for_the_manifests_of_the_closure_at_once() {
    let registry = OciRegistry::start();
    let sandbox = published(&registry);
    let app = app(&sandbox);
    app.wits(["fetch"]).succeeds();
    registry.server().expect_steps(&[DEEP, 3, 2, 2, 2, 1, 1]);
    app.wits(["publish"]).succeeds();
    let steps = registry.server().steps();
    let all: Vec<_> = (0..DEEP).map(manifest).collect();
    assert_eq!(steps[0], all);
    assert!(
        steps[1..]
            .iter()
            .flatten()
            .all(|line| line.contains("/v2/demo/app/"))
    );
    // The same again.
    registry.server().expect_steps(&[DEEP, 3]);
    app.wits(["publish"]).succeeds();
    assert_eq!(kinds(&registry), [(DEEP, 0), (1, 0)]);
}

#[test]
fn getting_a_package_asks_for_what_it_names_at_once() {
    let registry = OciRegistry::start();
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.registry());
    let uses = [0, 1, 2].map(|number| {
        let leaf = format!("package acme:leaf{number}@1.0.0;\n\ninterface i {{ type t = u32; }}\n");
        publish(&sandbox, &format!("leaf{number}"), &leaf);
        format!("    use acme:leaf{number}/i@1.0.0.{{t as t{number}}};\n")
    });
    let uses = uses.concat();
    let top = format!("package acme:top@1.0.0;\n\ninterface i {{\n{uses}}}\n");
    publish(&sandbox, "top", &top);
    let here = sandbox.project("packages/elsewhere");
    sandbox.top().remove("home/.cache");
    registry.server().expect_steps(&[1, 1, 3, 3]);
    here.wits(["get", "acme:top@1.0.0"]).succeeds();
    assert_eq!(kinds(&registry), [(1, 0), (0, 1), (3, 0), (0, 3)]);
}

/// A domain is asked once a run, however many of its packages are asked for at a time, and not at all for what
/// is locked.
#[test]
fn a_domain_is_asked_once() {
    let authority = Authority::new();
    let certified = authority.certify(&["127.0.0.1"]);
    let registry = over_http2(&certified);
    let document = format!(r#"{{"oci":{{"registry":"{}"}}}}"#, registry.address());
    let domain = Server::start_tls(&certified, move |_| Response::new(200, document.as_str()));
    let sandbox = setting::sandbox();
    let hosts = [domain.address(), registry.address()];
    let hosts = hosts.map(|host| format!("[hosts.\"{host}\"]\nca = \"ca.pem\"\n"));
    let route = format!("well-known:{}", domain.address());
    let user = "home/.config/wits/registry.toml";
    sandbox.top().write(
        user,
        format!(
            "[namespaces]\nacme = \"{route}\"\ndemo = \"{route}\"\n{}",
            hosts.concat()
        ),
    );
    sandbox
        .top()
        .write("home/.config/wits/ca.pem", authority.pem());
    for number in (0..DEEP).rev() {
        publish(&sandbox, &format!("p{number}"), &wit(number));
    }
    let app = setting::app(
        &sandbox,
        "import acme:p0/i@1.0.0;\n    import acme:p5/i@1.0.0;",
    );
    forget(&sandbox, &app, false);
    domain.forget();
    registry.server().expect_steps(&[2, DEEP, DEEP - 2]);
    app.wits(["fetch"]).succeeds();
    assert_eq!(domain.lines(), ["GET /.well-known/wasm-pkg/registry.json"]);
    let steps = kinds(&registry);
    assert_eq!(
        steps.iter().map(|(manifests, _)| manifests).sum::<usize>(),
        DEEP
    );
    assert_eq!(steps.iter().map(|(_, blobs)| blobs).sum::<usize>(), DEEP);
    assert_eq!(registry.server().connections(), 1);

    domain.forget();
    app.wits(["publish"]).succeeds();
    assert_eq!(domain.lines().len(), 1);

    domain.forget();
    forget(&sandbox, &app, true);
    registry.server().expect_steps(&[DEEP]);
    app.wits(["fetch", "--locked"]).succeeds();
    assert_eq!(kinds(&registry), [(0, DEEP)]);
    assert_eq!(registry.server().connections(), 1);
    assert_eq!(domain.connections(), 0);
}
