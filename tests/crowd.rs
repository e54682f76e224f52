//! Crowds: many processes at once on one cache, one project and one layout registry.
//!
//! Whatever comes of it is one valid outcome, that of a lonely run; every process ends, and says for whom it
//! waits. `WITS_CROWD_ROUNDS` repeats each crowd so often (`cargo xtask crowds`).

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use snapbox::str;
use wits_testkit::{Layout, Outcome, Project, Sandbox, Snapshot};

use crate::setting::{STORE, TYPES, layout, publish_pair, route, world};

/// A process that has not ended by then hangs.
const DEADLINE: Duration = Duration::from_secs(100);

fn with_layout() -> Sandbox {
    let sandbox = Sandbox::in_memory(env!("CARGO_BIN_EXE_wits"));
    route(&sandbox, "layout:registry");
    sandbox
}

/// A process of the crowd.
struct One {
    command: Command,
    child: Child,
}

/// Starts the command in a project.
#[track_caller]
fn start(project: &Project<'_>, arguments: &[&str]) -> One {
    let mut command = project.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the command starts");
    One { command, child }
}

/// Waits for all of them.
#[track_caller]
fn ended(sandbox: &Sandbox, crowd: Vec<One>) -> Vec<Outcome> {
    let begun = Instant::now();
    let ended = crowd.into_iter().map(|mut one| {
        while one.child.try_wait().expect("a child").is_none() {
            if begun.elapsed() > DEADLINE {
                let _ = one.child.kill();
                panic!("{:?} hangs", one.command);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = one.child.wait_with_output().expect("its output");
        Outcome::from_output(&one.command, &output, sandbox.root())
    });
    ended.collect()
}

/// The rounds of a crowd, told.
fn rounds_of(name: &str) -> std::ops::Range<usize> {
    let asked = std::env::var("WITS_CROWD_ROUNDS").ok();
    let rounds = asked.map_or(1, |text| text.parse().expect("a number of rounds"));
    eprintln!("{name}: {rounds} rounds of twenty");
    0..rounds
}

/// What stands there, but for files that are only there to be locked.
fn found(sandbox: &Sandbox) -> Snapshot {
    Snapshot::of(sandbox.root()).without(|path| {
        path.starts_with("home/.cache/wits/v1/locks") || path.ends_with(".wits.lock")
    })
}

fn project(sandbox: &Sandbox) -> Project<'_> {
    let app = sandbox.project("app");
    app.write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    app
}

#[test]
fn twenty_on_one_project_leave_what_one_would() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.top().remove("home/.cache/wits");
    let app = project(&sandbox);
    let before = Snapshot::of(sandbox.root());
    for command in ["fetch", "lock", "build"] {
        app.wits([command]).succeeds();
    }
    let alone = found(&sandbox);
    for round in rounds_of("one project") {
        before.restore();
        let commands = ["fetch", "lock", "build", "fetch"];
        let crowd = (0..20).map(|nth| start(&app, &[commands[nth % commands.len()]]));
        for outcome in ended(&sandbox, crowd.collect()) {
            outcome.succeeds();
        }
        let differences = alone.differences(&found(&sandbox));
        assert!(differences.is_empty(), "round {round}: {differences:#?}");
    }
}

/// What is pruned, or cleaned away, is a miss for those who fetch: it comes again.
#[test]
fn whoever_empties_the_cache_disturbs_nobody() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = project(&sandbox);
    let before = Snapshot::of(sandbox.root());
    for command in ["fetch", "build"] {
        app.wits([command]).succeeds();
    }
    let alone = Snapshot::of(app.dir());
    for round in rounds_of("an emptied cache") {
        before.restore();
        let commands: [&[&str]; 5] = [
            &["fetch"],
            &["cache", "prune", "--max-size", "0"],
            &["build"],
            &["lock"],
            &["cache", "clean"],
        ];
        let crowd = (0..20).map(|nth| start(&app, commands[nth % commands.len()]));
        for outcome in ended(&sandbox, crowd.collect()) {
            outcome.succeeds();
        }
        let differences = alone.differences(&Snapshot::of(app.dir()));
        assert!(differences.is_empty(), "round {round}: {differences:#?}");
        app.remove("wit/deps")
            .wits(["fetch", "--locked"])
            .succeeds();
        let differences = alone.differences(&Snapshot::of(app.dir()));
        assert!(differences.is_empty(), "round {round}: {differences:#?}");
    }
}

/// Two forms of one tree are wanted at once. Whoever comes last has it.
#[test]
fn twenty_that_want_different_trees_leave_one_of_them() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = project(&sandbox);
    let trees = ["wit", "wasm"].map(|form| {
        app.wits(["fetch", "--as", form]).succeeds();
        found(&sandbox)
    });
    for round in rounds_of("two forms") {
        let crowd = (0..20).map(|nth| start(&app, &["fetch", "--as", ["wit", "wasm"][nth % 2]]));
        for outcome in ended(&sandbox, crowd.collect()) {
            outcome.succeeds();
        }
        let differences = trees
            .each_ref()
            .map(|tree| tree.differences(&found(&sandbox)));
        assert!(
            differences.iter().any(Vec::is_empty),
            "round {round}: {differences:#?}"
        );
    }
}

/// Processes with different caches do not see each other's lock of the project: `wit/deps` has one of its own.
#[test]
fn twenty_with_a_cache_each_leave_what_one_would() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = project(&sandbox);
    let before = Snapshot::of(app.dir());
    app.wits(["fetch"]).succeeds();
    let alone = Snapshot::of(app.dir());
    for round in rounds_of("a cache each") {
        before.restore();
        let crowd = (0..20).map(|nth| {
            let cache = sandbox.root().join(format!("caches/{nth}"));
            start(
                &app,
                &["fetch", "--cache-dir", &cache.display().to_string()],
            )
        });
        for outcome in ended(&sandbox, crowd.collect()) {
            outcome.succeeds();
        }
        let differences = alone.differences(&Snapshot::of(app.dir()));
        assert!(differences.is_empty(), "round {round}: {differences:#?}");
        sandbox.top().remove("caches");
    }
}

/// Twenty projects that share a cache, each with a package of its own to publish: every version of one
/// package, and every second one twice.
#[test]
fn twenty_versions_published_at_once_are_all_there() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let versions: Vec<String> = (0..20).map(|nth| format!("2.0.{}", nth / 2)).collect();
    let projects = versions.iter().enumerate().map(|(nth, version)| {
        let project = sandbox.project(format!("crowd/{nth}"));
        project.write(
            "wit/package.wit",
            STORE.replace("store@1.0.0", &format!("store@{version}")),
        );
        project
    });
    let projects: Vec<_> = projects.collect();
    let before = Snapshot::of(sandbox.root());
    for _ in rounds_of("twenty versions") {
        before.restore();
        let crowd = projects.iter().map(|project| start(project, &["publish"]));
        for outcome in ended(&sandbox, crowd.collect()) {
            outcome.succeeds();
        }
        let mut expected = versions.clone();
        expected.dedup();
        expected.insert(0, "1.0.0".to_owned());
        let registry = layout(&sandbox);
        assert_eq!(registry.tags("acme/store"), expected);
        registry.assert_whole("acme/store");
        assert_eq!(left_over(&registry, "acme/store"), Vec::<String>::new());
    }
}

/// Twenty want to be `acme:types@2.0.0`, with different content: one is, and the others are told.
#[test]
fn of_twenty_that_race_for_one_version_one_wins() {
    let sandbox = with_layout();
    let projects: Vec<_> = (0..20)
        .map(|nth| {
            let project = sandbox.project(format!("crowd/{nth}"));
            let wit = TYPES.replace("tick:", &format!("tick{nth}:"));
            project.write("wit/package.wit", wit);
            project
        })
        .collect();
    let before = Snapshot::of(sandbox.root());
    for round in rounds_of("one version") {
        before.restore();
        let crowd = projects.iter().map(|project| start(project, &["publish"]));
        let outcomes = ended(&sandbox, crowd.collect());
        let winners: Vec<_> = (0..20)
            .filter(|&nth| outcomes[nth].code() == Some(0))
            .collect();
        assert_eq!(winners.len(), 1, "round {round}: {outcomes:#?}");
        for (nth, outcome) in outcomes.iter().enumerate() {
            if nth != winners[0] {
                outcome.exits(1).says("is already published at");
            }
        }
        let registry = layout(&sandbox);
        assert_eq!(registry.tags("acme/types"), ["1.0.0"]);
        registry.assert_whole("acme/types");
        let published = std::fs::read(registry.layer_path("acme/types", "1.0.0")).unwrap();
        let project = &projects[winners[0]];
        project.wits(["build", "-o", "built.wasm"]).succeeds();
        assert_eq!(project.read_bytes("built.wasm"), published);
    }
}

/// Names of temporary files in the layout of a package.
fn left_over(registry: &Layout, repository: &str) -> Vec<String> {
    let found = Snapshot::of(registry.dir(repository));
    let names = found.iter().map(|(path, _)| path.display().to_string());
    names.filter(|name| name.contains(".wits-")).collect()
}

/// Starts the command and stops it, by a signal that nobody can refuse, when it has taken its `nth` lock
/// (from 0): a process that holds it and never ends.
#[cfg(unix)]
#[track_caller]
fn stopped(project: &Project<'_>, nth: usize, arguments: &[&str]) -> One {
    let sandbox = project.sandbox();
    let log = sandbox.root().join("tmp/points");
    let points = || std::fs::read_to_string(&log).unwrap_or_default();
    let before = Snapshot::of(sandbox.root());
    let mut alone = project.command(arguments);
    alone.env("WITS_KILL_POINTS_LOG", &log);
    sandbox.run(&mut alone).succeeds();
    let all = points();
    let mut taken = all
        .lines()
        .enumerate()
        .filter(|(_, point)| *point == "lock: taken");
    let (point, _) = taken.nth(nth).expect("a lock is taken");
    before.restore();

    let mut command = project.command(arguments);
    command.env("WITS_KILL_POINTS_LOG", &log);
    command.env("WITS_STOP_POINT", point.to_string());
    let child = command.spawn().expect("the command starts");
    let begun = Instant::now();
    while points().lines().count() <= point {
        assert!(begun.elapsed() < DEADLINE, "{command:?} does not get there");
        std::thread::sleep(Duration::from_millis(2));
    }
    One { command, child }
}

#[cfg(unix)]
#[test]
fn who_waits_for_a_project_says_for_whom_and_gives_up() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = project(&sandbox);
    let mut holder = stopped(&app, 0, &["fetch"]);
    let pid = holder.child.id().to_string();
    let outcome = app.wits(["build", "--lock-timeout", "1"]);
    outcome
        .exits(75)
        .says(&format!("waiting for process {pid} "))
        .says(&format!("is locked by process {pid} "))
        .stdout("")
        .stderr(str![[r#"
note: waiting for process [..] (`wits fetch`), which works on this project
error: `[ROOT]/app` is locked by process [..] (`wits fetch`), and was not released within 1 s
 |
 = help: wait for the other process to end, or end it if it hangs, then run the command again

"#]]);
    app.wits_with(&[("WITS_LOCK_TIMEOUT", "0")], ["lock"])
        .exits(75)
        .says(&format!("is locked by process {pid} (`wits fetch`)"));
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    // The lock goes with its holder.
    app.wits(["fetch", "--lock-timeout", "0"]).succeeds();
}

#[cfg(unix)]
#[test]
fn who_waits_for_a_layout_says_for_whom_and_gives_up() {
    let sandbox = with_layout();
    let one = sandbox.project("one");
    one.write("wit/package.wit", TYPES);
    let two = sandbox.project("two");
    two.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
    // The first that it takes is that of its project.
    let mut holder = stopped(&one, 1, &["publish"]);
    let pid = holder.child.id().to_string();
    let outcome = two.wits(["publish", "--lock-timeout", "1"]);
    outcome
        .exits(75)
        .says(&format!("waiting for process {pid} "))
        .says(&format!("is locked by process {pid} "))
        .stdout("")
        .stderr(str![[r#"
note: waiting for process [..] (`wits publish`), which publishes to `layout:[ROOT]/registry/acme/types`
        versions are published one after the other
error: `[ROOT]/registry/acme/types/.wits.lock` is locked by process [..] (`wits publish`), and was not released within 1 s
 |
 = help: wait for the other process to end, or end it if it hangs, then run the command again

"#]]);
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    two.wits(["publish", "--lock-timeout", "0"]).succeeds();
    one.wits(["publish", "--lock-timeout", "0"]).succeeds();
    assert_eq!(layout(&sandbox).tags("acme/types"), ["1.0.0", "2.0.0"]);
    layout(&sandbox).assert_whole("acme/types");
}

/// With a cache of its own, a process does not see the lock of the project, but that of `wit/deps`.
#[cfg(unix)]
#[test]
fn who_waits_for_a_tree_says_for_whom_and_gives_up() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = project(&sandbox);
    let mut holder = stopped(&app, 1, &["fetch"]);
    let pid = holder.child.id().to_string();
    let outcome = app.wits(["fetch", "--cache-dir", "other-cache", "--lock-timeout", "1"]);
    outcome
        .exits(75)
        .says(&format!("waiting for process {pid} "))
        .says(&format!("is locked by process {pid} "))
        .stdout("")
        .stderr(str![[r#"
note: waiting for process [..] (`write [ROOT]/app/wit/deps`), which works on this project
error: `[ROOT]/app/wit/.wits-deps/lock` is locked by process [..] (`write [ROOT]/app/wit/deps`), and was not released within 1 s
 |
 = help: wait for the other process to end, or end it if it hangs, then run the command again

"#]]);
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    app.wits(["fetch", "--cache-dir", "other-cache", "--lock-timeout", "0"])
        .succeeds();
}
