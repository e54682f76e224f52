//! No change of the disk without a kill point after it: otherwise [`points`](super::points) would prove less than it
//! seems to.
//!
//! `strace` sees what the command really does. Between two calls that change the disk there must be a point, but for
//! those that delete a tree: what is deleted is out of use by then, whatever is left of it.

use std::path::Path;

use wits_testkit::{Project, peer};

use crate::setting::{STORE, TYPES, publish_pair, route, sandbox, world};

/// The calls that change what is on a disk.
const CHANGES: &str = "trace=openat,creat,write,pwrite64,writev,ftruncate,truncate,rename,renameat,renameat2,unlink,\
                       unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,fchmod,fchmodat,copy_file_range";

/// Runs the command and tells the pairs of changes that no point stands between.
#[track_caller]
fn without_a_point(strace: &Path, project: &Project<'_>, arguments: &[&str]) -> Vec<String> {
    let sandbox = project.sandbox();
    let (trace, log) = (
        sandbox.root().join("tmp/trace"),
        sandbox.root().join("tmp/points"),
    );
    let _ = std::fs::remove_file(&log);
    let traced = project.command(arguments);
    let mut command = sandbox.command(strace, project.dir());
    command.args([
        "--follow-forks",
        "--decode-fds",
        "--quiet=all",
        "-e",
        CHANGES,
        "-o",
    ]);
    command
        .arg(&trace)
        .arg(traced.get_program())
        .args(arguments);
    command.env("WITS_KILL_POINTS_LOG", &log);
    sandbox.run(&mut command).succeeds();

    let root = sandbox.root().display().to_string();
    let log = log.display().to_string();
    let trace = std::fs::read(&trace).expect("a trace");
    let trace = String::from_utf8_lossy(&trace);
    let mut before: Option<&str> = None;
    let mut pairs = Vec::new();
    let mut changes = 0;
    for line in trace.lines() {
        // A process id, then the call.
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        if call.contains(&log) {
            before = before.filter(|_| !call.starts_with("write("));
            continue;
        }
        let opens = call.starts_with("openat") && !call.contains("O_CREAT");
        if opens || !call.contains(&root) || call.contains(") = -1 ") {
            continue;
        }
        changes += 1;
        let deletes = |call: &str| {
            ["unlink", "rmdir"]
                .iter()
                .any(|name| call.starts_with(name))
        };
        if let Some(before) = before.filter(|before| !(deletes(before) && deletes(call))) {
            pairs.push(format!("{arguments:?}:\n  {before}\n  {call}"));
        }
        before = Some(call);
    }
    assert!(changes > 0, "{arguments:?} changes nothing:\n{trace}");
    pairs
}

#[test]
fn there_is_a_point_after_every_change() {
    let Some(strace) = peer::find("strace") else {
        return;
    };
    let probe = std::process::Command::new(&strace)
        .args(["-o", "/dev/null", "true"])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: nothing can be traced here");
        return;
    }
    let sandbox = sandbox();
    route(&sandbox, "layout:registry");
    let types = sandbox.project("packages/types");
    types.write("wit/package.wit", TYPES);
    let store = sandbox.project("packages/store");
    let app = sandbox.project("app");
    let mut pairs = Vec::new();
    let mut run = |project: &Project<'_>, arguments: &[&str]| {
        pairs.extend(without_a_point(&strace, project, arguments));
    };

    run(&types, &["publish"]);
    types.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
    run(&types, &["publish"]);
    store.write("wit/package.wit", STORE);
    run(&store, &["publish"]);
    sandbox.top().remove("home/.cache/wits");
    app.write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    run(&app, &["lock"]);
    run(&app, &["fetch"]);
    app.write("wit/world.wit", world("import acme:types/spare@2.0.0;"));
    run(&app, &["fetch"]);
    run(&app, &["fetch", "--as", "wasm"]);
    run(&app, &["fetch", "--layout", "wac"]);
    run(&app, &["build", "-o", "new/app.wasm"]);
    run(&app, &["get", "acme:store@1.0.0", "-o", "new/store.wit"]);
    app.write("wit/world.wit", world(""));
    run(&app, &["fetch"]);
    app.write("wkg.toml", "[metadata]\nauthors = \"Ann\"\n");
    run(&app, &["migrate"]);
    run(
        &sandbox.project("new"),
        &["init", "demo:new", "--wit-dir", "interfaces"],
    );
    run(&app, &["cache", "prune", "--max-size", "0"]);
    publish_pair(&sandbox);
    run(&app, &["cache", "clean"]);
    assert!(pairs.is_empty(), "{}", pairs.join("\n"));
}
