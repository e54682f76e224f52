//! The same registries before wkg, and what each of the two tools does: the table in SECURITY.md.
//!
//! The test runs every case with both and compares what it saw with the table, so that the table is what is so
//! today. `SNAPSHOTS=overwrite` writes it anew. Both tools run with a gigabyte of memory, may write files of 64 MiB,
//! and are ended after [`DEADLINE`]; wits has `WITS_HTTP_TIMEOUT=1`, and wkg has no such setting.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::json;
use wits_testkit::wire::{Body, Fault, Guard, Kind, OciRegistry, Response, Rule, Server};
use wits_testkit::{Artifact, Outcome, Project, Sandbox, peer, wasm};

use crate::setting::{self, TYPES, built};

/// How long a tool may take before it counts as one that waits for ever, in seconds.
const DEADLINE: &str = "20";
/// Limits, in kilobytes of memory and blocks of 512 bytes of a file, and the deadline.
const SCRIPT: &str = r#"ulimit -v 1000000; ulimit -f 131072; exec timeout -s KILL "$0" "$@""#;
/// What is said of a tool that does not stop by itself. Which of its limits it meets first is the machine's affair.
const NO_END: &str = "goes on until its time or its memory is at an end";
/// How many tools run at the same time: most of them wait.
const WORKERS: usize = 6;

const EXTRA: &str =
    "package acme:extra@1.0.0;\n\ninterface extra {\n    more: func() -> string;\n}\n";
const EXTRA_AT: &str = "acme/extra";

/// A registry with `acme:types` and `acme:extra`, and a project that has fetched the first of them.
struct Stage<'s> {
    registry: OciRegistry,
    /// Another host, which nobody has reason to ask.
    elsewhere: Server,
    /// `acme:extra` in its binary form.
    extra: Vec<u8>,
    app: Project<'s>,
    tool: Tool,
}

#[derive(Clone)]
enum Tool {
    Wits,
    Wkg(PathBuf),
}

/// What a case lays on the registry before the project needs `acme:extra` too.
type Prepare = fn(&Stage<'_>);

const CASES: &[(&str, Prepare)] = &[
    ("a byte of the package is another one", |it| {
        it.blob(Fault::wrong());
    }),
    ("the package is a byte short", |it| it.blob(Fault::short())),
    ("the package is a byte long", |it| it.blob(Fault::long())),
    ("the package never ends", |it| {
        it.blob(Fault::body(|bytes| Body::Endless(bytes.repeat(100))));
    }),
    ("the manifest never ends", |it| {
        it.manifest(Fault::body(|bytes| Body::Endless(bytes.repeat(100))));
    }),
    ("silence in the middle of the package", |it| {
        it.blob(Fault::stuck());
    }),
    ("a byte a second", |it| {
        it.blob(Fault::trickle(Duration::from_secs(1)));
    }),
    ("the connection breaks off, once", |it| {
        it.registry
            .lay(Rule::on(Kind::Blob).of(EXTRA_AT).nth(1), Fault::cut());
    }),
    ("429 with `Retry-After: 0`, once", |it| {
        let busy = Response::error(429, "TOOMANYREQUESTS").with("retry-after", "0");
        it.registry
            .lay(Rule::any().of(EXTRA_AT).nth(1), Fault::answer(busy));
    }),
    ("503, once", |it| {
        it.registry.lay(
            Rule::any().of(EXTRA_AT).nth(1),
            Fault::error(503, "UNAVAILABLE"),
        );
    }),
    ("`Docker-Content-Digest` names other bytes", |it| {
        let other = format!("sha256:{}", "0".repeat(64));
        it.manifest(Fault::header("docker-content-digest", &other));
    }),
    ("an index where a manifest is due", |it| {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": [] });
        let bytes = index.to_string();
        it.registry
            .put_document(EXTRA_AT, "1.0.0", media_type, bytes);
    }),
    ("two layers", |it| {
        let two = Artifact::wasm(it.extra.clone()).layer("application/wasm", *b"more");
        it.registry.put(EXTRA_AT, "1.0.0", &two);
    }),
    ("another package under the name", |it| {
        let text = EXTRA.replace("acme:extra", "acme:other");
        let other = built(it.app.sandbox(), "other", &text);
        it.registry.put(EXTRA_AT, "1.0.0", &Artifact::wasm(other));
    }),
    ("a component under the name", |it| {
        let component = Artifact::wasm(wasm::COMPONENT);
        it.registry.put(EXTRA_AT, "1.0.0", &component);
    }),
    ("a path in a digest", |it| {
        it.manifest(Fault::json(|manifest| {
            manifest["layers"][0]["digest"] = json!("sha256:../../../../etc/passwd");
        }));
    }),
    ("`urls` in a descriptor, and no such blob", |it| {
        let url = it.elsewhere.url("/extra.wasm");
        it.manifest(Fault::json(move |manifest| {
            manifest["layers"][0]["urls"] = json!([url]);
        }));
        it.blob(Fault::error(404, "BLOB_UNKNOWN"));
    }),
    ("redirects in a circle", |it| {
        it.blob(Fault::new(|request, _| {
            Response::new(307, "").with("location", &*request.path)
        }));
    }),
    ("a 401 that never ends", |it| {
        it.registry.lay(
            Rule::any().of(EXTRA_AT),
            Fault::new(|request, _| {
                let challenge = format!("Bearer realm=\"{}\",service=\"x\"", request.url("/token"));
                Response::error(401, "UNAUTHORIZED").with("www-authenticate", challenge)
            }),
        );
    }),
    ("the list of tags breaks off", |it| {
        it.registry
            .lay(Rule::on(Kind::Tags).of(EXTRA_AT), Fault::cut());
    }),
    ("the wanted tag is on the second page", |it| {
        it.registry
            .put_tags(EXTRA_AT, (0..9).map(|number| format!("0.{number}.0")));
        it.registry.lay(
            Rule::on(Kind::Tags).of(EXTRA_AT),
            Fault::new(|request, _| match request.query("last") {
                Some(_) => Response::new(200, r#"{"tags":["1.0.0"]}"#),
                None => Response::new(200, r#"{"tags":["0.1.0"]}"#).with(
                    "link",
                    "</v2/acme/extra/tags/list?last=0.1.0>; rel=\"next\"",
                ),
            }),
        );
    }),
    ("the registry repeats the password it was sent", |it| {
        it.registry.lay(
            Rule::any().of(EXTRA_AT),
            Fault::new(|request, response| match request.header("authorization") {
                Some(header) => Response::error(403, header),
                None => response,
            }),
        );
    }),
    ("the registry's error has terminal escapes in it", |it| {
        let error =
            json!({ "errors": [{ "code": "DENIED", "message": "\u{1b}[2J\u{1b}]0;x\u{7}" }] });
        let answer = Response::new(403, error.to_string());
        it.registry
            .lay(Rule::any().of(EXTRA_AT), Fault::answer(answer));
    }),
    ("locked, and the tag has moved", |it| {
        it.app.remove("wit/deps");
        let text = TYPES.replace("tick", "tock");
        let other = built(it.app.sandbox(), "moved", &text);
        it.registry
            .put("acme/types", "1.0.0", &Artifact::wasm(other));
    }),
    ("locked, and the registry serves other bytes", |it| {
        it.app.remove("wit/deps");
        let wrong = Rule::on(Kind::Blob).of("acme/types");
        it.registry.lay(wrong, Fault::wrong());
    }),
    ("locked, and the tag is gone", |it| {
        it.app.remove("wit/deps");
        it.registry.untag("acme/types", "1.0.0");
    }),
];

#[test]
fn the_table_is_what_is_seen() {
    let Some(wkg) = peer::find("wkg") else {
        return;
    };
    let mut table = "| the registry | wits | wkg 0.16.1 |\n| --- | --- | --- |\n".to_owned();
    let tools = [Tool::Wits, Tool::Wkg(wkg)];
    let cells: Vec<_> = CASES
        .iter()
        .flat_map(|_| [OnceLock::new(), OnceLock::new()])
        .collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let at = next.fetch_add(1, Relaxed)
                    && let Some(cell) = cells.get(at)
                {
                    let (_, prepare) = CASES[at / 2];
                    cell.get_or_init(|| seen(tools[at % 2].clone(), prepare));
                }
            });
        }
    });
    for ((name, _), cells) in CASES.iter().zip(cells.chunks(2)) {
        let [ours, theirs] = [0, 1].map(|at| cells[at].get().expect("a cell"));
        let _ = writeln!(table, "| {name} | {ours} | {theirs} |");
    }
    let [ours, theirs] = [0, 1].map(|at| publishes_again(&tools[at]));
    let name = "another publisher's pre-release is there, under the version to be published";
    let _ = writeln!(table, "| {name} | {ours} | {theirs} |");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../SECURITY.md");
    let text = fs::read_to_string(&page).expect("SECURITY.md");
    let (begin, end) = ("<!-- beside wkg -->\n", "<!-- end -->");
    let (head, rest) = text.split_once(begin).expect("the place of the table");
    let (told, tail) = rest.split_once(end).expect("the end of the table");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(&page, format!("{head}{begin}{table}{end}{tail}")).expect("SECURITY.md");
        return;
    }
    assert_eq!(told, table, "the table in SECURITY.md is not what is seen");
}

/// Sets the stage for `tool`, has it fetch, and tells what came of it.
fn seen(tool: Tool, prepare: Prepare) -> String {
    let sandbox = setting::sandbox();
    let registry = OciRegistry::start();
    registry.guard(Guard {
        users: vec![("me".to_owned(), "canary-password".to_owned())],
        tokens: false,
        public: false,
        ..Guard::default()
    });
    configure(&sandbox, &registry);
    let extra = built(&sandbox, "extra", EXTRA);
    let types = built(&sandbox, "types", TYPES);
    registry.put("acme/types", "1.0.0", &Artifact::wasm(types));
    registry.put(EXTRA_AT, "1.0.0", &Artifact::wasm(extra.clone()));
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        setting::world("import acme:types/errors@1.0.0;"),
    );
    let stage = Stage {
        registry,
        elsewhere: Server::start(|_| Response::new(200, "")),
        extra,
        app,
        tool,
    };
    stage.fetch().succeeds();
    let (lock, text) = (stage.lock(), stage.text());
    // Whoever only looks into a cache has seen nothing of this.
    for cache in ["home/.cache/wits", "home/.cache/wasm-pkg"] {
        if sandbox.top().has(cache) {
            sandbox.top().remove(cache);
        }
    }
    prepare(&stage);
    let locked = !stage.app.has("wit/deps");
    if !locked {
        let both = "import acme:types/errors@1.0.0;\n    import acme:extra/extra@1.0.0;";
        stage.app.write("wit/world.wit", setting::world(both));
    }
    let outcome = stage.fetch();
    let mut told = vec![match outcome.code() {
        Some(134 | 137 | 153) | None => NO_END.to_owned(),
        Some(code) => format!("exit {code}"),
    }];
    let all = format!("{}{}", outcome.text(), outcome.talk());
    if all.contains("memory allocation") || all.contains("out of memory") {
        told = vec![NO_END.to_owned()];
    }
    if all.contains("panicked at") {
        told.push("panics".to_owned());
    }
    if locked {
        told.push(stage.told_of_the_lock(&outcome, &lock, &text));
    } else if stage.app.has("wit/deps/acme-extra-1.0.0") {
        told.push("the package is used".to_owned());
    } else if stage.text() == text {
        told.push("`wit/deps` as it was".to_owned());
    } else {
        told.push("`wit/deps` lost".to_owned());
    }
    if stage.elsewhere.connections() > 0 {
        told.push("asks elsewhere".to_owned());
    }
    if all.contains("Y2FuYXJ5LXBhc3N3b3Jk") || all.contains("canary-password") {
        told.push("shows the password".to_owned());
    }
    if all.contains("\u{1b}[2J") {
        told.push("sends them to the terminal".to_owned());
    }
    told.join(", ")
}

/// Publishes a pre-release that is there with other content, and tells what is there afterwards.
fn publishes_again(tool: &Tool) -> String {
    let sandbox = setting::sandbox();
    let registry = OciRegistry::start();
    configure(&sandbox, &registry);
    let text = EXTRA.replace("@1.0.0", "@1.0.0-rc.1");
    let theirs = built(&sandbox, "theirs", &text);
    let there = registry.put(EXTRA_AT, "1.0.0-rc.1", &Artifact::wasm(theirs));
    built(&sandbox, "ours", &text.replace("more: func", "less: func"));
    let project = sandbox.project("packages/ours");
    let outcome = match tool {
        Tool::Wits => project.wits(["publish", "built.wasm"]),
        Tool::Wkg(path) => project.run(path, ["publish", "built.wasm"]),
    };
    let kept = registry.tags(EXTRA_AT)["1.0.0-rc.1"] == there;
    let became = if kept {
        "it is kept"
    } else {
        "it is overwritten"
    };
    format!("exit {}, {became}", outcome.code().unwrap_or(-1))
}

/// One registry, and a user with a password, as both tools find them.
fn configure(sandbox: &Sandbox, registry: &OciRegistry) {
    setting::route(sandbox, &registry.registry());
    let (address, top) = (registry.address(), sandbox.top());
    top.write(
        "home/.config/wasm-pkg/config.toml",
        format!(
            "default_registry = \"{address}\"\n\n[namespace_registries]\nacme = {{ registry = \"{address}\", \
             metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{address}\" }} }} }}\n\n\
             [registry.\"{address}\"]\ntype = \"oci\"\n[registry.\"{address}\".oci]\nprotocol = \"http\"\n"
        ),
    );
    // me:canary-password
    let auth = "bWU6Y2FuYXJ5LXBhc3N3b3Jk";
    top.write(
        "home/.docker/config.json",
        format!("{{\"auths\":{{\"{address}\":{{\"auth\":\"{auth}\"}}}}}}"),
    );
}

impl Stage<'_> {
    fn blob(&self, fault: Fault) {
        self.registry.lay(Rule::on(Kind::Blob).of(EXTRA_AT), fault);
    }

    fn manifest(&self, fault: Fault) {
        self.registry
            .lay(Rule::on(Kind::Manifest).of(EXTRA_AT), fault);
    }

    fn fetch(&self) -> Outcome {
        let sandbox = self.app.sandbox();
        let mut command = sandbox.command("sh", self.app.dir());
        command.args(["-c", SCRIPT, DEADLINE]);
        match &self.tool {
            Tool::Wits => command.args([env!("CARGO_BIN_EXE_wits"), "fetch"]),
            Tool::Wkg(path) => command.arg(path).args(["wit", "fetch"]),
        };
        command.env("WITS_HTTP_TIMEOUT", "1");
        sandbox.run(&mut command)
    }

    fn lock(&self) -> String {
        self.app.read(match self.tool {
            Tool::Wits => "wits.lock",
            Tool::Wkg(_) => "wkg.lock",
        })
    }

    fn text(&self) -> String {
        let file = "wit/deps/acme-types-1.0.0/package.wit";
        if self.app.has(file) {
            self.app.read(file)
        } else {
            String::new()
        }
    }

    /// What became of what was pinned.
    fn told_of_the_lock(&self, outcome: &Outcome, lock: &str, text: &str) -> String {
        let same_lock = self.lock() == lock;
        let told = match (outcome.code(), self.text() == text, same_lock) {
            (Some(0), true, true) => "the pinned bytes are used",
            (Some(0), false, true) => "other bytes are used, and the lock does not say so",
            (Some(0), _, false) => "other bytes are used, and the lock is written anew",
            (_, _, true) => "the lock as it was",
            (_, _, false) => "the lock is written anew",
        };
        told.to_owned()
    }
}
