//! What comes from outside moves no cursor, turns no text and hides nothing: whoever says it, and however
//! much of it is shown.

use std::process::Command;

use wits_testkit::wire::{Fault, Kind, OciRegistry, Response, Rule};
use wits_testkit::{Artifact, Outcome, Project, Sandbox, wasm};

use crate::setting::{self, TYPES, app, built, with_layout};

/// The screen cleared, a line written over, a sequence begun in C1, text turned round, text that is not seen.
const HOSTILE: &str = "a\u{1b}[2J\r\u{8}\u{9b}31m\u{202e}\u{2066}\u{61c}\u{200b}\u{e0041}z";

/// Everything that a user may ask to see more or less by.
const VERBOSITIES: [&[&str]; 5] = [
    &[],
    &["-q"],
    &["-v"],
    &["--format", "json"],
    &["-v", "--format", "json"],
];

/// Claims that a terminal has nothing to act on in all that was printed, and that nothing is hidden.
#[track_caller]
fn is_harmless(outcome: &Outcome) {
    for text in [outcome.text(), outcome.talk()] {
        let acts = |c: char| {
            let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let hides = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
            (c.is_control() && c != '\n') || turns || hides
        };
        assert!(!text.contains(acts), "{text:?}");
    }
}

/// Runs the command at every verbosity. Where it fails, it says why, with the hostile text written out.
#[track_caller]
fn always_harmless(project: &Project<'_>, arguments: &[&str], shown: &str) {
    for verbosity in VERBOSITIES {
        let environment = [("WITS_HTTP_RETRIES", "0"), ("WITS_HTTP_TIMEOUT", "2")];
        let outcome = project.wits_with(&environment, [verbosity, arguments].concat());
        is_harmless(&outcome);
        if !shown.is_empty() && outcome.code() != Some(0) {
            outcome.says(shown);
        }
    }
}

/// `text` as JSON writes it.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `text` as a string of TOML.
fn toml(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn registry(sandbox: &Sandbox) -> OciRegistry {
    let registry = OciRegistry::start();
    setting::route(sandbox, &registry.registry());
    let wasm = built(sandbox, "types", TYPES);
    registry.put("acme/types", "1.0.0", &Artifact::wasm(wasm));
    registry
}

#[test]
fn errors_of_a_registry() {
    let sandbox = setting::sandbox();
    let registry = registry(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let said = format!(
        r#"{{"errors":[{{"code":{0},"message":{0}}}]}}"#,
        json(HOSTILE)
    );
    for status in [400, 401, 403, 404, 429, 500, 503] {
        registry.lift();
        registry.lay(Rule::any(), Fault::answer(Response::new(status, &*said)));
        // A 401 and a 404 are told in words of ours.
        let shown = match status {
            401 | 404 => "",
            _ => "a\\u{1b}[2J",
        };
        always_harmless(&app, &["fetch"], shown);
    }
}

#[test]
fn what_manifests_and_headers_say() {
    let sandbox = setting::sandbox();
    let registry = registry(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    for field in ["mediaType", "config", "layers", "annotations"] {
        registry.lift();
        let change = move |manifest: &mut serde_json::Value| match field {
            "config" => manifest["config"]["mediaType"] = HOSTILE.into(),
            "layers" => manifest["layers"][0]["digest"] = HOSTILE.into(),
            "annotations" => manifest["annotations"] = serde_json::json!({ HOSTILE: HOSTILE }),
            _ => manifest["mediaType"] = HOSTILE.into(),
        };
        registry.lay(Rule::on(Kind::Manifest), Fault::json(change));
        always_harmless(&app, &["fetch"], "a\\u{1b}[2J");
    }
    // What HTTP lets through in a header: no control character but a tab, and any byte from 0x80 on.
    let header = "x\u{9b}31m\u{202e}\ty";
    for (name, status) in [
        ("location", 307),
        ("www-authenticate", 401),
        ("docker-content-digest", 200),
        ("content-type", 200),
        ("retry-after", 503),
    ] {
        registry.lift();
        let headers = Fault::new(move |_, mut response| {
            response.status = status;
            response.set(name, header);
            response
        });
        registry.lay(Rule::any(), headers);
        always_harmless(&app, &["fetch"], "");
    }
}

#[test]
fn tags_beside_a_version_that_is_not_there() {
    let sandbox = setting::sandbox();
    let registry = registry(&sandbox);
    registry.put_tags("acme/types", [HOSTILE.to_owned(), "1.2.0".to_owned()]);
    let app = app(&sandbox, "import acme:types/errors@1.1.0;");
    always_harmless(&app, &["fetch"], "1.2.0");
}

/// A package whose docs say `DOCS` in place of what an honest encoder took from the source.
fn with_docs(sandbox: &Sandbox, docs: &str) -> Vec<u8> {
    let wit = TYPES.replace("How things fail.", "@MARK@");
    let mut wasm = built(sandbox, "types", &wit);
    let section = wasm::section(&wasm, "package-docs").expect("docs");
    let text = String::from_utf8(section).expect("JSON after a byte");
    assert!(text.contains("@MARK@"), "{text}");
    let text = text.replace("@MARK@", json(docs).trim_matches('"'));
    wasm = wasm::without_section(&wasm, "package-docs");
    wasm::with_section(&wasm, "package-docs", text.as_bytes())
}

#[test]
fn docs_of_a_package() {
    let sandbox = setting::sandbox();
    let registry = registry(&sandbox);
    for docs in [
        HOSTILE,
        "turned \u{202e}",
        "C1 \u{9b}31m",
        "hidden \u{200b}",
    ] {
        let wasm = with_docs(&sandbox, docs);
        registry.put("acme/types", "1.0.0", &Artifact::wasm(wasm));
        let app = app(&sandbox, "import acme:types/errors@1.0.0;");
        // What WIT may not hold is refused, with the line; what it may is written as it is.
        always_harmless(&app, &["fetch"], "");
        always_harmless(&app, &["get", "acme:types@1.0.0", "-o", "saved.wit"], "");
    }
}

#[test]
fn a_package_is_its_bytes_in_a_pipe_and_printable_on_a_terminal() {
    let sandbox = setting::sandbox();
    let registry = registry(&sandbox);
    let docs = "C1 \u{9b}31m, hidden \u{200b}.";
    let wasm = with_docs(&sandbox, docs);
    registry.put("acme/types", "1.0.0", &Artifact::wasm(wasm.clone()));
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let get = ["get", "acme:types@1.0.0", "-o", "-"];
    let piped = app.wits(get);
    assert!(piped.text().contains(docs), "{piped}");
    let as_wasm = app.wits([get.as_slice(), &["--as", "wasm"]].concat());
    assert_eq!(as_wasm.bytes(), wasm);

    let Some((code, text)) = on_a_terminal(&app, "get acme:types@1.0.0 -o - -q") else {
        return;
    };
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("C1 \\u{9b}31m, hidden \\u{200b}."), "{text}");
    let (code, text) =
        on_a_terminal(&app, "get acme:types@1.0.0 -o - -q --as wasm").expect("a terminal");
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("a Wasm binary is not for a terminal"),
        "{text}"
    );
}

/// What the command prints on a terminal of its own, which `script` makes (util-linux); nothing without it.
fn on_a_terminal(app: &Project<'_>, arguments: &str) -> Option<(Option<i32>, String)> {
    let wits = env!("CARGO_BIN_EXE_wits");
    let line = format!("'{wits}' {arguments}");
    let mut command = app.sandbox().command("script", app.dir());
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let there = Command::new("script").arg("--version").output().is_ok();
    if !there {
        assert!(
            std::env::var_os("CI").is_none(),
            "`script` is not installed"
        );
        eprintln!("skipped: `script` is not installed");
        return None;
    }
    let outcome = app.sandbox().run(&mut command);
    Some((outcome.code(), outcome.text().to_owned()))
}

#[test]
fn files_of_a_checkout() {
    let key = toml(HOSTILE);
    // As a key, as a value, and raw on the line that an error shows.
    let raw = HOSTILE.replace(['\u{1b}', '\r', '\u{8}', '\u{7f}'], "");
    let files = [
        ("wits.lock", format!("version = 1\n{key} = 1\n")),
        ("wits.lock", format!("version = 1\nnovel = 1 # {raw}\n")),
        (
            "wits.lock",
            format!("version = 1\n[[package]]\nname = {key}\nversion = \"1.0.0\"\n"),
        ),
        (
            "wits.lock",
            format!("version = 1\n[[package]]\nname = \"a:b\"\nversion = {key}\n"),
        ),
        (
            "wits.lock",
            format!("version = 1\n[[package]]\nname = \"a:b\"\nversion = \"1.0.0\"\nsource = {key}\n"),
        ),
        ("wits.toml", format!("[package]\n{key} = 1\n")),
        ("wits.toml", format!("[overrides]\n{key} = {{ path = \"x\" }}\n")),
        (
            "wits.toml",
            format!("[overrides]\n\"acme:types\" = {{ path = {key} }}\n"),
        ),
        ("wits.toml", format!("[workspace]\nmembers = [{key}]\n")),
        ("registry.toml", format!("[namespaces]\n{key} = \"oci://h\"\n")),
        ("registry.toml", format!("[namespaces]\nacme = {key}\n")),
        (
            "registry.toml",
            format!("[namespaces]\nacme = {}\n", toml(&format!("layout:{HOSTILE}"))),
        ),
        ("registry.toml", format!("default = 1 # {raw}\n")),
        ("wkg.lock", format!("version = 1\n[[packages]]\nname = {key}\n")),
        ("wkg.toml", format!("[metadata]\n{key} = 1\n")),
        ("wit/deps/.wits.json", format!("{{\"version\":1,{}:1}}", json(HOSTILE))),
        ("wit/deps.toml", format!("{key} = 1\n")),
        ("wit/world.wit", format!("package demo:app@0.1.0;\n\nworld {raw} {{}}\n")),
        ("wit/world.wit", format!("package demo:app@0.1.0;\n\n}} // {raw}\n")),
        (
            "wit/world.wit",
            "package demo:app@0.1.0;\n\nworld w { import acme:none/x@1.0.0; } // C1 \u{9b}31m \u{200b}\n"
                .to_owned(),
        ),
    ];
    for (name, text) in files {
        let sandbox = with_layout();
        let app = app(&sandbox, "import acme:types/errors@1.0.0;");
        app.write(name, text);
        for command in [
            &["fetch"] as &[&str],
            &["lock", "--check"],
            &["build"],
            &["config", "show"],
            &["migrate", "--dry-run"],
        ] {
            always_harmless(&app, command, "");
        }
    }
}

#[cfg(unix)]
#[test]
fn names_of_files() {
    let sandbox = with_layout();
    setting::publish(&sandbox, "types", TYPES);
    let named = format!("{HOSTILE}\nerror: not from wits");
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write(
        format!("wit/{named}.wit"),
        "package demo:app@0.1.0;\nnonsense",
    );
    always_harmless(&app, &["fetch"], "a\\u{1b}[2J");
    app.remove(format!("wit/{named}.wit"));

    // An entry of the user's own, of which `fetch` tells.
    app.write(
        format!("wit/deps/{named}/x.wit"),
        "package acme:own@1.0.0;\ninterface i {}",
    );
    always_harmless(&app, &["fetch"], "");
    let outcome = app.wits(["fetch", "-v"]);
    // A name may have a line break: what follows it does not begin a message.
    assert!(
        !outcome.talk().contains("\nerror: not from wits"),
        "{outcome}"
    );
    app.remove("wit/deps");

    let project = sandbox.project(&named);
    project.write(
        "wit/world.wit",
        setting::world("import acme:types/errors@1.0.0;"),
    );
    always_harmless(&project, &["fetch"], "");
    always_harmless(&project, &["build"], "");
    always_harmless(&project, &["get", "acme:types@1.0.0"], "");
    let directory = format!("{HOSTILE}/x.wit");
    always_harmless(&app, &["get", "acme:types@1.0.0", "-o", &directory], "");
}

#[test]
fn a_project_where_another_process_left_its_word() {
    // What a stamp, a cache and a lock file of others hold is told too: here, that they cannot be used.
    let sandbox = with_layout();
    setting::publish(&sandbox, "types", TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let stamp = app.read("wit/deps/.wits.json");
    let forged = stamp.replace("acme-types-1.0.0", json(HOSTILE).trim_matches('"'));
    assert_ne!(stamp, forged);
    app.write("wit/deps/.wits.json", forged);
    always_harmless(&app, &["fetch"], "");
}
