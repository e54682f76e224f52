//! Registries that have too much of everything: what is read ends, and what is kept stays small.

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::process::Output;

use snapbox::str;
use wits_testkit::wire::{Body, Fault, Kind, OciRegistry, Request, Response, Rule, Server};
use wits_testkit::{Artifact, Outcome, Project, Sandbox, Tree, wasm};

use crate::setting::{self, TYPES, app, built};

/// The name of the package of which all others are made, as it stands in its binary.
const FIRST: &str = "p000000";
const NEXT: &str = "p000001";

/// A package `acme:p000000@1.0.0` that needs `acme:p000001@1.0.0`, by a link that carries no types.
fn link(sandbox: &Sandbox) -> Vec<u8> {
    let project = sandbox.project("packages/link");
    project.write(
        "wit/package.wit",
        format!(
            "package acme:{FIRST}@1.0.0;\ninterface i {{}}\nworld w {{ import acme:{NEXT}/i@1.0.0; }}"
        ),
    );
    project.write(
        format!("wit/deps/{NEXT}/package.wit"),
        format!("package acme:{NEXT}@1.0.0;\ninterface i {{}}"),
    );
    project.wits(["build", "-o", "built.wasm"]).succeeds();
    wasm::without_section(&project.read_bytes("built.wasm"), "wits:dependencies")
}

/// The link from the `n`th package to the next one, which `next` numbers.
fn linked(link: &[u8], n: usize, next: usize) -> Vec<u8> {
    let name = |n: usize| format!("p{n:06}").into_bytes();
    // First to a text that is neither, so that one replacement does not undo the other.
    let link = replaced(link, NEXT.as_bytes(), b"\0\0\0\0\0\0\0");
    let link = replaced(&link, FIRST.as_bytes(), &name(n));
    replaced(&link, b"\0\0\0\0\0\0\0", &name(next))
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for at in 0..out.len().saturating_sub(from.len()) {
        if out[at..].starts_with(from) {
            out[at..at + to.len()].copy_from_slice(to);
        }
    }
    out
}

/// A registry that has version 1.0.0 of every package of `acme`: what `wasm` makes of its name.
fn made_up(wasm: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Request| {
        let rest = request.route().strip_prefix("/v2/acme/");
        let Some((name, _)) = rest.and_then(|rest| rest.split_once('/')) else {
            return Response::error(404, "NAME_UNKNOWN");
        };
        let artifact = Artifact::wasm(wasm(name));
        if request.route().contains("/manifests/") {
            let manifest = artifact.manifest();
            return Response::new(200, manifest.bytes.clone())
                .with("content-type", manifest.media_type);
        }
        let wanted = request.route().rsplit('/').next().unwrap_or_default();
        match artifact.blobs().find(|blob| blob.digest() == wanted) {
            Some(blob) => Response::new(200, blob.bytes.clone()),
            None => Response::error(404, "BLOB_UNKNOWN"),
        }
    })
}

/// The number in `pNNNNNN`.
fn number(name: &str) -> usize {
    name[1..].parse().expect("a number")
}

fn routed(sandbox: &Sandbox, server: &Server) {
    setting::route(sandbox, &format!("oci+http://{}", server.address()));
}

#[test]
fn a_registry_that_makes_up_packages_without_end() {
    /// How many new packages each package needs.
    const EACH: usize = 150;
    let sandbox = setting::sandbox();
    let project = sandbox.project("packages/many");
    let own = "zzz0000";
    let imports: Vec<String> = (0..EACH)
        .map(|n| format!("import acme:aaa{n:04}/i@1.0.0;"))
        .collect();
    let imports = imports.join("\n");
    for n in 0..EACH {
        project.write(
            format!("wit/deps/{n}/package.wit"),
            format!("package acme:aaa{n:04}@1.0.0;\ninterface i {{}}"),
        );
    }
    let text = format!("package acme:{own}@1.0.0;\ninterface i {{}}\nworld w {{ {imports} }}");
    project.write("wit/package.wit", text);
    project.wits(["build", "-q", "-o", "built.wasm"]).succeeds();
    let many = wasm::without_section(&project.read_bytes("built.wasm"), "wits:dependencies");

    // Each package that is asked for needs others whose names begin with three letters of its own.
    let letters = |name: &str| {
        let hash = name.bytes().fold(7_u32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        let letter = |n: u32| b"bcdefghijklmnopqrstuvwxy"[(hash / 24_u32.pow(n) % 24) as usize];
        [letter(0), letter(1), letter(2)]
    };
    let server = made_up(move |name| {
        let named = replaced(&many, own.as_bytes(), name.as_bytes());
        // Its own name begins with letters of whoever asked for it first.
        replaced(&named, b"aaa", &letters(name))
    });
    routed(&sandbox, &server);
    let app = app(&sandbox, "import acme:zzz0001/i@1.0.0;");
    let before = Tree::of(app.dir());
    let outcome = app.wits(["fetch"]);
    outcome.exits(1).stdout("");
    outcome.says("error: the project needs more than 10000 packages\n");
    outcome.says("import acme:zzz0001/i@1.0.0;");
    outcome.says("help: needed by `acme:");
    outcome.says("a registry may make up packages without end");
    before.assert_untouched();
    // Each package names so many that some hundred are enough; what was not asked for by then is not asked.
    let asked = server.log().len();
    assert!(asked < 2_000, "{asked} requests");
}

#[test]
fn a_long_chain_is_fetched_and_read_again() {
    // Ten thousand pass too, where wit-parser is built without its own checks: with them, as here, they take a
    // time that grows with the square.
    const LENGTH: usize = 300;
    // A disk would be waited for at each of them.
    let sandbox = Sandbox::in_memory(env!("CARGO_BIN_EXE_wits"));
    let last = built(
        &sandbox,
        "last",
        &format!("package acme:{FIRST}@1.0.0;\ninterface i {{}}"),
    );
    let template = link(&sandbox);
    let server = made_up(move |name| {
        let n = number(name);
        if n + 1 < LENGTH {
            linked(&template, n, n + 1)
        } else {
            linked(&last, n, n + 1)
        }
    });
    routed(&sandbox, &server);
    let app = app(&sandbox, "import acme:p000000/i@1.0.0;");
    app.wits(["fetch", "-q"]).succeeds().stderr("");
    assert_eq!(app.list("wit/deps").len(), LENGTH + 1);
    assert_eq!(setting::locked_ids(&app).len(), LENGTH);
    for again in [
        &["fetch", "--frozen"] as &[&str],
        &["lock", "--check", "--offline"],
        &["build", "--frozen"],
    ] {
        app.wits(again).succeeds();
    }
    // One of the chain is gone from the lock: all below it is, and the difference can be told.
    app.write("wit/world.wit", setting::world("export run: func();"));
    app.wits(["fetch", "-q", "--offline"]).succeeds();
    assert!(!app.read("wits.lock").contains("[[package]]"));
}

#[test]
fn packages_in_a_circle() {
    let sandbox = setting::sandbox();
    let template = link(&sandbox);
    let server = made_up(move |name| {
        let n = number(name);
        linked(&template, n, (n + 1) % 40)
    });
    routed(&sandbox, &server);
    let app = app(&sandbox, "import acme:p000005/i@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: packages depend on each other in a circle: `acme:p000000@1.0.0` -> `acme:p000001@1.0.0` -> `acme:p000002@1.0.0` -> `acme:p000003@1.0.0` -> 33 more -> `acme:p000037@1.0.0` -> `acme:p000038@1.0.0` -> `acme:p000039@1.0.0` -> `acme:p000000@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:p000005/i@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^
  |
  = help: a WIT package cannot need itself: break the circle at one of them

"#]]);
    before.assert_untouched();
}

/// A project that needs `acme:types@1.0.0` of a registry that has it.
fn scene(sandbox: &Sandbox) -> (OciRegistry, Project<'_>) {
    let registry = OciRegistry::start();
    setting::route(sandbox, &registry.registry());
    let wasm = built(sandbox, "types", TYPES);
    registry.put("acme/types", "1.0.0", &Artifact::wasm(wasm));
    let app = app(sandbox, "import acme:types/errors@1.0.0;");
    (registry, app)
}

#[test]
fn what_is_sent_compressed_is_not_unpacked() {
    let sandbox = setting::sandbox();
    let (registry, app) = scene(&sandbox);
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        for kind in [Kind::Manifest, Kind::Blob] {
            registry.lift();
            // A body is what its bytes are, whatever a header calls them.
            registry.lay(Rule::on(kind), Fault::header("content-encoding", encoding));
            app.wits(["fetch", "-q"]).succeeds().stderr("");
            app.remove("wit/deps").remove("wits.lock");
            sandbox.top().remove("home/.cache");
        }
    }
    for request in registry.log() {
        let accepted = request.header("accept-encoding").unwrap_or("identity");
        assert_eq!(accepted, "identity", "{}", request.line());
    }
}

#[test]
fn a_hundred_thousand_tags() {
    let sandbox = setting::sandbox();
    let (registry, app) = scene(&sandbox);
    registry.put_tags("acme/types", (0..100_000).map(|n| format!("1.1.{n}")));
    app.write(
        "wit/world.wit",
        setting::world("import acme:types/errors@1.0.9;"),
    );
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `acme:types` has no version 1.0.9
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.9;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: the nearest version is 1.1.0, the newest 1.1.99999

"#]]);
}

/// The most that the command may hold while it is sent too much, in KiB: what it is itself, and the longest
/// document.
#[cfg(target_os = "linux")]
const MOST_MEMORY: u64 = 192 << 10;

/// Runs the command, and tells the most memory that it had, in KiB (`VmHWM` of `proc_pid_status(5)`).
#[cfg(target_os = "linux")]
fn memory(app: &Project<'_>, arguments: &[&str]) -> (Outcome, u64) {
    let files = ["stdout", "stderr"].map(|name| app.path(format!("../{name}")));
    let [stdout, stderr] = files
        .each_ref()
        .map(|path| File::create(path).expect("a file"));
    let mut command = app.command(arguments);
    command
        .env("WITS_HTTP_RETRIES", "0")
        .stdout(stdout)
        .stderr(stderr);
    let mut child = command.spawn().expect("the command");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        // It only grows, until there is nothing to read of a process that has ended.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = most.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            break ended;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    let [stdout, stderr] = files.map(|path| std::fs::read(path).expect("output"));
    let output = Output {
        status: ended,
        stdout,
        stderr,
    };
    assert!(most > 0, "nothing was measured");
    let outcome = Outcome::from_output(&command, &output, app.sandbox().root());
    (outcome, most)
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat_whatever_is_sent() {
    let sandbox = setting::sandbox();
    let (registry, app) = scene(&sandbox);
    let five_gib = (5_u64 << 30).to_string();
    let filler = vec![b' '; 1 << 16];
    let endless = || {
        let filler = filler.clone();
        Fault::new(move |_, mut response| {
            response.body = Body::Endless(filler.clone());
            response
        })
    };
    let declared = || {
        let (filler, length) = (filler.clone(), five_gib.clone());
        Fault::new(move |_, mut response| {
            response.set("content-length", &*length);
            response.body = Body::Endless(filler.clone());
            response
        })
    };
    for kind in [Kind::Manifest, Kind::Blob, Kind::Tags] {
        for fault in [endless(), declared()] {
            registry.lift();
            registry.lay(Rule::on(kind), fault);
            let wanted = if kind == Kind::Tags { "1.0.1" } else { "1.0.0" };
            let lines = format!("import acme:types/errors@{wanted};");
            app.write("wit/world.wit", setting::world(&lines));
            let (outcome, memory) = memory(&app, &["fetch"]);
            assert_ne!(outcome.code(), Some(0), "{kind:?}: {outcome}");
            assert!(memory < MOST_MEMORY, "{kind:?}: {memory} KiB");
            println!("{kind:?}: {memory} KiB");
        }
    }
    // What explains an error, and a token, are read to no end either.
    for status in [401, 403, 500] {
        registry.lift();
        registry.lay(
            Rule::any(),
            Fault::answer(Response {
                status,
                headers: Vec::new(),
                body: Body::Endless(filler.clone()),
            }),
        );
        let (outcome, memory) = memory(&app, &["fetch"]);
        assert_ne!(outcome.code(), Some(0), "{status}: {outcome}");
        assert!(memory < MOST_MEMORY, "{status}: {memory} KiB");
        println!("{status}: {memory} KiB");
    }
}
