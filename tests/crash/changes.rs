//! No change of the disk without a kill point after it: otherwise [`points`](super::points) would prove less than it
//! seems to.
//!
//! `strace` sees what the command really does. Between two calls that change the disk there must be a point, but for
//! those that delete a tree: what is deleted is out of use by then, whatever is left of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use wits_testkit::{Project, peer};

use crate::setting::{STORE, TYPES, publish_pair, route, sandbox, world};

/// The calls that change what is on a disk.
const CHANGES: &str = "trace=openat,creat,write,pwrite64,writev,ftruncate,truncate,rename,renameat,renameat2,unlink,\
                       unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,fchmod,fchmodat,copy_file_range";

/// Runs the command and returns the calls of these kinds that it made below the sandbox, in order, and the lines
/// that it wrote about kill points among them.
#[track_caller]
fn traced(strace: &Path, project: &Project<'_>, arguments: &[&str], calls: &str) -> Vec<String> {
    let sandbox = project.sandbox();
    let tmp = sandbox.root().join("tmp");
    let (trace, log) = (tmp.join("trace"), tmp.join("points"));
    let _ = std::fs::remove_file(&log);
    let command = project.command(arguments);
    let mut tracing = sandbox.command(strace, project.dir());
    tracing.args([
        "--follow-forks",
        "--decode-fds",
        "--quiet=all",
        "--string-limit=9",
    ]);
    tracing.args(["-e", calls, "-o"]).arg(&trace);
    tracing.arg(command.get_program()).args(arguments);
    tracing.env("WITS_KILL_POINTS_LOG", &log);
    sandbox.run(&mut tracing).succeeds();
    let trace = std::fs::read(&trace).expect("a trace");
    let root = sandbox.root().display().to_string();
    String::from_utf8_lossy(&trace)
        .lines()
        // A process id, then the call.
        .map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '))
        .filter(|call| call.contains(&root) && !call.contains(") = -1 "))
        .map(|call| call.replace(&root, ""))
        .collect()
}

/// Runs the command and tells the pairs of changes that no point stands between.
#[track_caller]
fn without_a_point(strace: &Path, project: &Project<'_>, arguments: &[&str]) -> Vec<String> {
    let calls = traced(strace, project, arguments, CHANGES);
    let mut before: Option<&str> = None;
    let mut pairs = Vec::new();
    let mut changes = 0;
    for call in &calls {
        if call.contains("/tmp/points") {
            before = before.filter(|_| !call.starts_with("write("));
            continue;
        }
        if call.starts_with("openat") && !call.contains("O_CREAT") {
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
    assert!(changes > 0, "{arguments:?} changes nothing:\n{calls:#?}");
    pairs
}

/// The tool that sees the calls; none where nothing can be traced.
fn strace() -> Option<PathBuf> {
    let strace = peer::find("strace")?;
    let probe = Command::new(&strace)
        .args(["-o", "/dev/null", "true"])
        .status();
    if probe.is_ok_and(|status| status.success()) {
        return Some(strace);
    }
    eprintln!("skipped: nothing can be traced here");
    None
}

#[test]
fn there_is_a_point_after_every_change() {
    let Some(strace) = strace() else { return };
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

/// What a call did, as far as power cuts go.
#[derive(Debug)]
enum Event {
    Made(PathBuf),
    Synced(PathBuf),
    /// Renamed, or exchanged.
    Moved {
        from: PathBuf,
        to: PathBuf,
    },
    Removed(PathBuf),
}

impl Event {
    fn of(call: &str) -> Option<Self> {
        let (name, rest) = call.split_once('(')?;
        let mut quoted = rest.split('"').skip(1).step_by(2).map(PathBuf::from);
        Some(match name {
            "fsync" => Self::Synced(match rest.split_once('<')?.1.split_once('>')?.0 {
                "" => "/".into(),
                path => path.into(),
            }),
            "mkdir" => Self::Made(quoted.next()?),
            "unlink" => Self::Removed(quoted.next()?),
            "rename" | "renameat" | "renameat2" => Self::Moved {
                from: quoted.next()?,
                to: quoted.next()?,
            },
            _ => return None,
        })
    }
}

/// The events of a run, with what must hold of each: what is moved into place is synced before, with all that is in
/// it, and its directory after; a new directory is synced into its parent before anything is put there.
#[track_caller]
fn lasting(strace: &Path, project: &Project<'_>, arguments: &[&str]) -> Vec<Event> {
    let calls = "trace=fsync,mkdir,unlink,rename,renameat,renameat2";
    let calls = traced(strace, project, arguments, calls);
    let events: Vec<_> = calls.iter().filter_map(|call| Event::of(call)).collect();
    let synced = |within: std::ops::Range<usize>, path: &Path| {
        let mut events = events[within].iter();
        events.any(|event| matches!(event, Event::Synced(synced) if synced == path))
    };
    let (mut moved, mut made) = (0, 0);
    for (at, event) in events.iter().enumerate() {
        match event {
            // The cache is hashed on every read instead; what is moved away means nothing there.
            Event::Moved { to, .. }
                if is_cache(to) || to.starts_with("/app/wit/.wits-deps/old") => {}
            Event::Moved { from, to } => {
                moved += 1;
                assert!(
                    synced(0..at, from),
                    "{arguments:?}: {}\n{events:#?}",
                    from.display()
                );
                if let Some(name) = from.strip_prefix("/app/wit/.wits-deps/new").ok()
                    && name != Path::new(".wits.json")
                {
                    let text = from.join("package.wit");
                    assert!(
                        synced(0..at, &text),
                        "{arguments:?}: {}\n{events:#?}",
                        text.display()
                    );
                }
                let dir = to.parent().unwrap();
                assert!(
                    synced(at..events.len(), dir),
                    "{arguments:?}: {}\n{events:#?}",
                    to.display()
                );
            }
            // Synced with the journal, before which it means nothing.
            Event::Made(dir) if is_cache(dir) || dir.ends_with(".wits-deps/new") => {}
            Event::Made(dir) if dir.starts_with("/app/wit/.wits-deps/new") => {
                assert!(
                    synced(at..events.len(), dir),
                    "{arguments:?}: {}\n{events:#?}",
                    dir.display()
                );
            }
            Event::Made(dir) => {
                made += 1;
                let used =
                    |event: &Event| matches!(event, Event::Moved { to, .. } if to.starts_with(dir));
                let used = events.iter().position(used).unwrap_or(events.len());
                let above = dir.parent().unwrap();
                assert!(
                    synced(at..used, above),
                    "{arguments:?}: {}\n{events:#?}",
                    dir.display()
                );
            }
            Event::Synced(_) | Event::Removed(_) => {}
        }
    }
    assert!(moved > 1 && made > 0, "{arguments:?}: {events:#?}");
    events
}

fn is_cache(path: &Path) -> bool {
    path.starts_with("/home/.cache")
}

/// A power cut takes what is not synced, in any order. So the order of syncs is what the promises need.
#[test]
fn what_comes_first_is_synced_first() {
    let Some(strace) = strace() else { return };
    let sandbox = sandbox();
    route(&sandbox, "layout:registry");
    let types = sandbox.project("packages/types");
    types.write("wit/package.wit", TYPES);
    let events = lasting(&strace, &types, &["publish"]);
    let moved = |events: &[Event], file: &str| {
        let to_it = |event: &Event| matches!(event, Event::Moved { to, .. } if to.ends_with(file));
        events
            .iter()
            .rposition(to_it)
            .unwrap_or_else(|| panic!("{file}: {events:#?}"))
    };
    let synced_after = |events: &[Event], at: usize, dir: &str| {
        let it = |event: &Event| matches!(event, Event::Synced(path) if path == Path::new(dir));
        let found = events[at..].iter().position(it);
        at + found.unwrap_or_else(|| panic!("{dir}: {events:#?}"))
    };
    // The blobs, and only then what names them.
    let index = moved(&events, "index.json");
    let blobs = "/registry/acme/types/blobs/sha256";
    let is_blob = |event: &Event| matches!(event, Event::Moved { to, .. } if to.starts_with(blobs));
    let last = events.iter().rposition(is_blob).expect("a blob");
    assert!(synced_after(&events, last, blobs) < index, "{events:#?}");

    let app = sandbox.project("app");
    app.write("wit/world.wit", world("import acme:types/errors@1.0.0;"));
    app.wits(["fetch"]).succeeds();
    // An entry that is exchanged, one that is new, one that goes.
    app.write("wit/deps/acme-types-1.0.0/package.wit", "edited");
    publish_pair(&sandbox);
    app.write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    app.write("wit/own/.keep", "");
    let events = lasting(&strace, &app, &["fetch"]);
    // The lock, the journal, the entries, and only then the journal goes.
    let lock = synced_after(&events, moved(&events, "wits.lock"), "/app");
    let journal = moved(&events, "journal.json");
    let entered = synced_after(&events, journal, "/app/wit/.wits-deps");
    let is_entry = |event: &Event| match event {
        Event::Moved { from, to } => [from, to]
            .iter()
            .any(|path| path.starts_with("/app/wit/deps")),
        _ => false,
    };
    let first = events.iter().position(is_entry).expect("an entry");
    let last = events.iter().rposition(is_entry).expect("an entry");
    let gone =
        |event: &Event| matches!(event, Event::Removed(path) if path.ends_with("journal.json"));
    let gone = events.iter().position(gone).expect("the journal goes");
    assert!(lock < journal && entered < first, "{events:#?}");
    assert!(
        synced_after(&events, last, "/app/wit/deps") < gone,
        "{events:#?}"
    );
}
