//! Those who use what wits lays out: crates with a `build.rs`, and the tools that make bindings.
//!
//! The crates are in `fixtures/consumers`, each a workspace of its own. A test copies one to a place of its
//! own, publishes the WIT it names into an embedded registry, locks it, and builds it with cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::str;
use wits_testkit::{Outcome, Project, Sandbox, Tree, fixtures, peer, published};

use crate::setting::with_layout;

/// One of the crates, copied.
struct Consumer<'a> {
    project: Project<'a>,
}

impl<'a> Consumer<'a> {
    /// Copies the crate; the WASI releases it names are in the registry of the sandbox.
    #[track_caller]
    fn copy(sandbox: &'a Sandbox, name: &str) -> Self {
        let project = sandbox.project(name);
        fixtures::copy(&format!("consumers/{name}"), &project);
        let library = fixtures::repository().join("crates/wits");
        project.replace(
            "Cargo.toml",
            "../../../crates/wits",
            library.to_str().expect("a path in UTF-8"),
        );
        Self { project }
    }

    /// `cargo ARGUMENTS` without the network, `before` the whole of it.
    #[track_caller]
    fn cargo_behind(&self, before: &[&str], arguments: &[&str]) -> Outcome {
        let sandbox = self.project.sandbox();
        let words: Vec<&str> = before.iter().copied().chain(["cargo"]).collect();
        let mut command = sandbox.command(words[0], self.project.dir());
        command.args(&words[1..]).args(arguments).arg("--offline");
        // One for all of them and for the next run too: what they have in common is built once.
        command.env("CARGO_TARGET_DIR", target());
        let home = std::env::var_os("HOME")
            .map(PathBuf::from)
            .unwrap_or_default();
        for (variable, below_home) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let dir = std::env::var_os(variable).unwrap_or_else(|| home.join(below_home).into());
            command.env(variable, dir);
        }
        sandbox.run(&mut command)
    }

    #[track_caller]
    fn cargo(&self, arguments: &[&str]) -> Outcome {
        self.cargo_behind(&[], arguments)
    }

    /// Has the lock and the routes lead to a registry on the network, as those of a user do.
    fn moved_to_the_network(&self) {
        let lock = self.project.read("wits.lock");
        let moved = lock.replace("layout:../registry", "oci://registry.example");
        assert_ne!(lock, moved);
        self.project.write("wits.lock", moved);
        crate::setting::route(self.project.sandbox(), "oci://registry.example");
        self.project.sandbox().top().remove("registry");
    }

    /// The program that was built.
    fn program(&self) -> PathBuf {
        let name = self.project.dir().file_name().unwrap_or_default();
        target().join("debug").join(name)
    }
}

impl Drop for Consumer<'_> {
    /// What belongs to this copy only would never be used again.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let manifest = self.project.path("Cargo.toml");
            let mut clean = Command::new("cargo");
            clean
                .args(["clean", "--quiet", "--offline", "--manifest-path"])
                .arg(manifest);
            clean.args([
                "-p",
                &self
                    .project
                    .dir()
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy(),
            ]);
            let _ = clean.env("CARGO_TARGET_DIR", target()).status();
        }
    }
}

/// Where the crates are built.
fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.with_file_name("consumers")
}

#[track_caller]
fn publish_wasi(sandbox: &Sandbox, releases: &[&str]) {
    for package in releases.iter().flat_map(|release| published::wasi(release)) {
        let project = sandbox.project(format!("packages/{}", package.dir()));
        package.write(&project);
        project.wits(["publish"]).succeeds();
    }
}

/// Whether cargo compiled or ran anything.
fn worked(outcome: &Outcome) -> bool {
    ["Compiling", "Running", "Dirty"]
        .iter()
        .any(|word| outcome.talk().contains(word))
}

/// In place: what is laid out stays as it is, and cargo has nothing to do in the next build.
#[test]
fn a_guest_is_built_and_not_built_again() {
    let sandbox = with_layout();
    publish_wasi(&sandbox, &["0.2.12"]);
    let guest = Consumer::copy(&sandbox, "wit-bindgen-guest");
    let build = || guest.cargo(&["build", "-v"]);
    guest.project.wits(["lock"]).succeeds();
    assert!(!guest.project.has("wit/deps"));
    guest.cargo(&["build"]).succeeds();
    assert!(guest.project.has("wit/deps/wasi-http-0.2.12/package.wit"));
    // What the command lays out and what the build script lays out are the same.
    let laid_out = Tree::of(guest.project.path("wit"));
    guest.project.wits(["fetch", "--frozen"]).succeeds();
    laid_out.assert_untouched();
    let again = build();
    assert!(!worked(again.succeeds()), "{again}");
    again.says("Fresh wit-bindgen-guest v0.1.0");

    // What is lost is laid out again, and after that there is nothing to do again.
    guest.project.remove("wit/deps/wasi-io-0.2.12");
    assert!(worked(build().succeeds()));
    assert!(guest.project.has("wit/deps/wasi-io-0.2.12/package.wit"));
    assert!(!worked(build().succeeds()));
    guest.project.remove("wit/deps");
    assert!(worked(build().succeeds()));
    assert!(!worked(build().succeeds()));

    // A file that was not there before counts, and so does the lock.
    guest.project.write(
        "wit/more.wit",
        "package demo:guest@0.1.0;\n\ninterface more {}\n",
    );
    assert!(worked(build().succeeds()));
    assert!(!worked(build().succeeds()));
    let lock = guest.project.read("wits.lock");
    guest.project.write("wits.lock", lock);
    assert!(worked(build().succeeds()));
    assert!(!worked(build().succeeds()));
}

/// What cargo shows when the script fails.
#[test]
fn a_build_that_cannot_go_on_says_where_and_what_to_do() {
    let sandbox = with_layout();
    publish_wasi(&sandbox, &["0.2.12"]);
    let guest = Consumer::copy(&sandbox, "wit-bindgen-guest");
    let shown = |outcome: &Outcome| {
        let talk = outcome.talk();
        let at = talk
            .find("  --- stderr")
            .unwrap_or_else(|| panic!("{outcome}"));
        assert!(!talk.contains("--- stdout"), "{outcome}");
        // What cargo adds if another crate was still being compiled.
        talk[at..].replace(
            "warning: build failed, waiting for other jobs to finish...\n",
            "",
        )
    };
    let unlocked = guest.cargo(&["build"]);
    snapbox::assert_data_eq!(
        shown(unlocked.exits(101)),
        str![[r#"
  --- stderr
  error: wits.lock is not up to date, and may not be changed
    = help: run `wits lock` and commit wits.lock; it would change so:
              + wasi:cli@0.2.12
              + wasi:clocks@0.2.12
              + wasi:filesystem@0.2.12
              + wasi:http@0.2.12
              + wasi:io@0.2.12
              + wasi:random@0.2.12
              + wasi:sockets@0.2.12

"#]]
    );
    guest.project.wits(["lock"]).succeeds();
    guest.moved_to_the_network();
    sandbox.top().remove("home/.cache/wits");
    let uncached = guest.cargo(&["build"]);
    snapbox::assert_data_eq!(
        shown(uncached.exits(101)),
        str![[r#"
  --- stderr
  error: `wasi:cli@0.2.12` is not in the cache, and wits is offline
   --> wit/world.wit:4:12
    |
  4 |     import wasi:cli/environment@0.2.12;
    |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    = help: run `wits fetch` once with the network

  error: `wasi:http@0.2.12` is not in the cache, and wits is offline
   --> wit/world.wit:5:12
    |
  5 |     import wasi:http/types@0.2.12;
    |            ^^^^^^^^^^^^^^^^^^^^^^
    = help: run `wits fetch` once with the network
    = help: this build script has no network: its `wits` is built without the feature `network`

"#]]
    );
}

/// From a cache that is kept with the sources, where there is no network at all, and the sources are not
/// written.
#[test]
fn a_build_from_a_vendored_cache_needs_no_network() {
    let sandbox = with_layout();
    publish_wasi(&sandbox, &["0.2.12"]);
    let vendored = Consumer::copy(&sandbox, "vendored");
    vendored
        .project
        .wits(["fetch", "--cache-dir", "vendor/wits"])
        .succeeds();
    vendored.project.remove("wit/deps");
    vendored.moved_to_the_network();
    // Cargo's own, which it writes where it lacks.
    vendored.cargo(&["fetch"]).succeeds();
    let before = Tree::of(vendored.project.path("wit"));
    vendored
        .cargo_behind(peer::without_network(), &["build"])
        .succeeds();
    before.assert_untouched();
    assert!(!vendored.project.has("wit/deps"));
    let again = vendored.cargo_behind(peer::without_network(), &["build", "-v"]);
    assert!(!worked(again.succeeds()), "{again}");
    let says = vendored.project.run(vendored.program(), [""; 0]);
    assert!(says.succeeds().text().starts_with("43200 from "), "{says}");
    assert!(says.text().contains("/out/wit"), "{says}");

    // Without the cache there is nothing to build from.
    vendored.project.remove("vendor").replace(
        "wit/world.wit",
        "random/random@",
        "random/insecure@",
    );
    vendored
        .cargo(&["build"])
        .exits(101)
        .says("is not in the cache, and wits is offline");
}

/// A guest of a world that was fetched, run by wasmtime through bindings of the same WIT.
///
/// The guest is written as a core module: a compiler of Rust to Wasm is not on every machine, and what is
/// shown is that the WIT fits.
#[test]
fn a_guest_of_fetched_wit_runs_in_wasmtime() {
    let Some(wasm_tools) = peer::find("wasm-tools") else {
        return;
    };
    let sandbox = with_layout();
    publish_wasi(&sandbox, &["0.2.12", "0.3.2"]);
    let host = Consumer::copy(&sandbox, "wasmtime-host");
    host.project.wits(["lock"]).succeeds();
    host.cargo(&["build"]).succeeds();
    let again = host.cargo(&["build", "-v"]);
    assert!(!worked(again.succeeds()), "{again}");
    host.project.write("guest.wat", GUEST);
    let tool = |arguments: &[&str]| {
        host.project.run(&wasm_tools, arguments).succeeds();
    };
    tool(&[
        "component",
        "embed",
        "wit",
        "--world",
        "dice",
        "guest.wat",
        "-o",
        "core.wasm",
    ]);
    tool(&["component", "new", "core.wasm", "-o", "guest.wasm"]);
    tool(&["validate", "guest.wasm"]);
    let rolled = host.project.run(host.program(), ["guest.wasm", "6"]);
    // The host's random number is 40.
    rolled.succeeds().stdout("5\n");
}

/// Rolls: a random number modulo the sides, plus one.
const GUEST: &str = r#"(module
  (import "wasi:random/random@0.2.12" "get-random-u64" (func $random (result i64)))
  (func (export "roll") (param $sides i32) (result i32)
    (i32.add
      (i32.const 1)
      (i32.wrap_i64 (i64.rem_u (call $random) (i64.extend_i32_u (local.get $sides)))))))
"#;
