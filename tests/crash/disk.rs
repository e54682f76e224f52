//! A disk that is full, or may not be written, or is another one than the project's.
//!
//! File systems are mounted in a namespace of the test's own, which goes with it: the test runs itself in one.
//! Where none can be made (an ordinary container forbids it), it says so and passes.

use std::path::Path;
use std::process::Command;

use snapbox::str;
use wits_testkit::{Project, Sandbox, Snapshot};

use super::scene::Scene;
use crate::setting::{TYPES, app, publish_pair, route, world};

/// Set where the test is in its namespace already, to the directory for its sandboxes. Who is outside removes that
/// one: inside, what is mounted there is in the way.
const INSIDE: &str = "WITS_TEST_NAMESPACE";

/// How a mount namespace can be made here: as root, or as somebody who is root in it only.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    let works = |way: &&&[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(**way)
            .args(["mount", "-t", "tmpfs", "none", "/tmp"]);
        command.output().is_ok_and(|output| output.status.success())
    };
    let way = ways.iter().find(works).copied();
    if way.is_none() {
        eprintln!("skipped: no file system can be mounted here");
    }
    way
}

/// Runs the test of this name in a mount namespace: `body` is called there.
#[track_caller]
fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let Some(way) = unshare() else { return };
    let outside = Sandbox::in_memory(env!("CARGO_BIN_EXE_wits"));
    let output = Command::new("unshare")
        .args(way)
        .arg(std::env::current_exe().expect("this test's program"))
        .args([&format!("crash::disk::{test}"), "--exact", "--nocapture"])
        .env(INSIDE, outside.root())
        .output()
        .expect("`unshare`");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[track_caller]
fn mount(arguments: &[&str], dir: &Path) {
    let output = Command::new("mount").args(arguments).arg(dir).output();
    let output = output.expect("`mount`");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "mount {arguments:?}: {said}");
}

/// Puts a small file system of its own in the place of a directory.
#[track_caller]
fn small(sandbox: &Sandbox, dir: &str) {
    let project = sandbox.project(dir);
    mount(&["-t", "tmpfs", "-o", "size=4m", "none"], project.dir());
}

/// Makes a directory a file system that may only be read.
#[track_caller]
fn read_only(sandbox: &Sandbox, dir: &str) {
    let project = sandbox.project(dir);
    let path = project.dir().display().to_string();
    mount(&["--bind", &path], project.dir());
    mount(&["-o", "remount,bind,ro"], project.dir());
}

/// Leaves a small file system so many pages beside what is in it.
#[track_caller]
fn leave(sandbox: &Sandbox, dir: &str, pages: u64) {
    let path = sandbox.root().join(dir);
    let output = Command::new("stat")
        .args(["--file-system", "--format=%b %f %S"])
        .arg(&path)
        .output();
    let text = String::from_utf8(output.expect("`stat`").stdout).expect("numbers");
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let [blocks, free, size] = numbers[..] else {
        panic!("{text}");
    };
    // A file system without blocks is one without a limit.
    let bytes = (blocks - free + pages).max(1) * size;
    mount(&["-o", &format!("remount,size={bytes}")], &path);
}

fn with_layout() -> Sandbox {
    let dir = std::env::var_os(INSIDE).expect("a directory for sandboxes");
    let sandbox = Sandbox::below(dir, env!("CARGO_BIN_EXE_wits"));
    route(&sandbox, "layout:registry");
    sandbox
}

/// Runs the scene's command with ever more room in `dir`, until it succeeds. Answers how often it failed, each
/// time as it should.
#[track_caller]
fn with_ever_more_room(scene: &Scene, dir: &str) -> u64 {
    let sandbox = scene.sandbox();
    for pages in 0..200 {
        leave(sandbox, dir, 400);
        scene.begin_again();
        leave(sandbox, dir, pages);
        let outcome = sandbox.run(&mut scene.command());
        let at = format!("with room for {pages} pages");
        scene.holds(&at);
        leave(sandbox, dir, 400);
        if outcome.code() == Some(0) {
            scene.ends_well(&at);
            return pages;
        }
        outcome
            .exits(1)
            .stdout("")
            .says("no space left on the disk, or the quota is used up")
            .says("help: free some space and run the command again");
        let found = Snapshot::of(sandbox.root().join(dir));
        let left = found.iter().map(|(path, _)| path.display().to_string());
        let left: Vec<_> = left.filter(|path| path.contains(".wits-")).collect();
        assert!(left.is_empty(), "{at}: {left:?}");
        scene.ends_well(&at);
    }
    panic!("there is never enough room");
}

fn project(sandbox: &Sandbox) -> Project<'_> {
    app(sandbox, "import acme:store/store@1.0.0;")
}

#[test]
fn a_project_without_room_stays_as_it_was() {
    alone("a_project_without_room_stays_as_it_was", || {
        let sandbox = with_layout();
        publish_pair(&sandbox);
        small(&sandbox, "app");
        project(&sandbox).wits(["fetch"]).succeeds();
        project(&sandbox).write("wit/world.wit", world("import acme:types/errors@1.0.0;"));
        let edited = "// edited\n".repeat(2000);
        project(&sandbox).write("wit/deps/acme-types-1.0.0/package.wit", edited);
        let scene = Scene::new(sandbox, "app", &["fetch"]);
        assert!(with_ever_more_room(&scene, "app") >= 3);
    });
}

#[test]
fn a_build_without_room_leaves_nothing_half_done() {
    alone("a_build_without_room_leaves_nothing_half_done", || {
        let sandbox = with_layout();
        publish_pair(&sandbox);
        small(&sandbox, "app");
        project(&sandbox);
        let scene = Scene::new(sandbox, "app", &["build"]);
        assert!(with_ever_more_room(&scene, "app") >= 3);
    });
}

#[test]
fn a_layout_without_room_has_the_version_or_not() {
    alone("a_layout_without_room_has_the_version_or_not", || {
        let sandbox = with_layout();
        small(&sandbox, "registry");
        publish_pair(&sandbox);
        let project = sandbox.project("new");
        project.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
        let scene = Scene::new(sandbox, "new", &["publish"]);
        assert!(with_ever_more_room(&scene, "registry") >= 3);
    });
}

#[test]
fn a_cache_without_room_on_another_disk_is_gone_without() {
    alone(
        "a_cache_without_room_on_another_disk_is_gone_without",
        || {
            let sandbox = with_layout();
            publish_pair(&sandbox);
            small(&sandbox, "home/.cache");
            // First there is room: the cache is on another file system than the project, and that is all.
            let app = project(&sandbox);
            app.wits(["fetch"]).succeeds().stderr(str![[r#"
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
            let full = Snapshot::of(app.dir());
            app.remove("wit/deps").remove("wits.lock");
            sandbox.top().remove("home/.cache/wits");
            leave(&sandbox, "home/.cache", 0);
            app.wits(["fetch"]).succeeds().stderr(str![[r#"
warning: the cache cannot be written: cannot write `[ROOT]/home/.cache/wits/v1/blobs/sha256/92/92d0c9bd68cf83ec71a7d6131c828bc19b77cbb98462722525e32c1594041a86`: no space left on the disk, or the quota is used up
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
            assert!(full.differences(&Snapshot::of(app.dir())).is_empty());
        },
    );
}

#[test]
fn what_may_only_be_read_is_read() {
    alone("what_may_only_be_read_is_read", || {
        let sandbox = with_layout();
        publish_pair(&sandbox);
        let app = project(&sandbox);
        app.wits(["fetch"]).succeeds();
        read_only(&sandbox, "home/.cache");
        read_only(&sandbox, "registry");
        app.remove("wit/deps");
        app.wits(["fetch", "--locked"]).succeeds().stderr(str![[r#"
     Fetched wit/deps: 2 packages written

"#]]);
        let other = sandbox.project("other");
        other.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
        let before = Snapshot::of(sandbox.root());
        other.wits(["publish"]).exits(1).stderr(str![[r#"
error: cannot open the lock file `[ROOT]/registry/acme/types/.wits.lock`: the file system is read-only
 |
 = help: mount it for writing, or choose another directory

"#]]);
        // What is there already needs no lock, and nothing is written for it.
        other.write("wit/package.wit", TYPES);
        other.wits(["publish"]).succeeds().stderr(str![[r#"
       Fresh acme:types@1.0.0 is already published at layout:[ROOT]/registry/acme/types, with this content
      Digest sha256:[DIGEST]
    Manifest sha256:[DIGEST]

"#]]);
        other.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
        read_only(&sandbox, "app");
        app.wits(["fetch"]).succeeds().stderr(str![[r#"
       Fresh wit/deps is up to date

"#]]);
        app.wits(["build"]).exits(1).stderr(str![[r#"
error: cannot write `[ROOT]/app/demo-app-0.1.0.wasm`: the file system is read-only
 |
 = help: mount it for writing, or choose another directory

"#]]);
        assert!(before.differences(&Snapshot::of(sandbox.root())).is_empty());
    });
}

/// A cache that was empty when it became read-only: everything comes from the registry, every time.
#[test]
fn an_empty_cache_that_may_only_be_read_is_gone_without() {
    alone(
        "an_empty_cache_that_may_only_be_read_is_gone_without",
        || {
            let sandbox = with_layout();
            publish_pair(&sandbox);
            sandbox.top().remove("home/.cache/wits");
            read_only(&sandbox, "home/.cache");
            project(&sandbox)
                .wits(["fetch"])
                .succeeds()
                .stderr(str![[r#"
warning: the cache cannot be written: cannot create the directory `[ROOT]/home/.cache/wits`: the file system is read-only
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
        },
    );
}

#[test]
fn a_project_that_may_only_be_read_stays_as_it_was() {
    alone("a_project_that_may_only_be_read_stays_as_it_was", || {
        let sandbox = with_layout();
        publish_pair(&sandbox);
        let app = project(&sandbox);
        read_only(&sandbox, "app");
        let before = Snapshot::of(app.dir());
        app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: cannot write `[ROOT]/app/wits.lock`: the file system is read-only
 |
 = help: mount it for writing, or choose another directory

"#]]);
        assert!(before.differences(&Snapshot::of(app.dir())).is_empty());
    });
}

/// Entries are renamed into place, which no system does from one file system to another.
#[test]
fn a_tree_on_a_file_system_of_its_own_is_refused_and_stays() {
    alone(
        "a_tree_on_a_file_system_of_its_own_is_refused_and_stays",
        || {
            let sandbox = with_layout();
            publish_pair(&sandbox);
            let app = project(&sandbox);
            small(&sandbox, "app/wit/deps");
            app.write(
                "wit/deps/mine/mine.wit",
                "package demo:mine;\ninterface mine {}\n",
            );
            let before = Snapshot::of(app.path("wit"));
            app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
note: `wit/deps/mine` is yours and answers for `demo:mine`; no registry is asked
error: cannot write `[ROOT]/app/wit/deps/acme-store-1.0.0`: it is on another file system
 |
 = help: mount the directory above it as a whole: entries are renamed into place

"#]]);
            assert!(
                before
                    .differences(&Snapshot::of(app.path("wit")))
                    .is_empty()
            );
        },
    );
}

/// What belongs to somebody else: the command runs as `nobody`, or as who runs the tests if that is not root.
#[cfg(unix)]
mod owned {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use wits_testkit::Outcome;

    use super::*;
    use crate::setting::sandbox;

    fn mode(project: &Project<'_>, name: &str, mode: u32) {
        fs::set_permissions(project.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Makes everything below `name` belong to others: to be read, or written, by all.
    fn open(project: &Project<'_>, name: &str, writable: bool) {
        let snapshot = Snapshot::of(project.path(name));
        let (dir, file) = if writable {
            (0o777, 0o666)
        } else {
            (0o555, 0o444)
        };
        mode(project, name, dir);
        for (path, content) in snapshot.iter() {
            let path = Path::new(name).join(path);
            let bits = match content {
                wits_testkit::Content::Directory => dir,
                _ => file,
            };
            mode(project, &path.display().to_string(), bits);
        }
    }

    #[track_caller]
    fn wits(project: &Project<'_>, arguments: &[&str]) -> Outcome {
        let sandbox = project.sandbox();
        // The program itself may stand where nobody else may look.
        let program = sandbox.root().join("program");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_wits"), &program).unwrap();
            mode(&sandbox.top(), "program", 0o755);
            mode(&sandbox.top(), "", 0o755);
        }
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        if !is_root {
            return sandbox.run(sandbox.command(program, project.dir()).args(arguments));
        }
        let mut command = sandbox.command("setpriv", project.dir());
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        sandbox.run(command.arg(program).args(arguments))
    }

    #[test]
    fn what_belongs_to_others_stays_as_it_was() {
        let sandbox = sandbox();
        route(&sandbox, "layout:registry");
        publish_pair(&sandbox);
        sandbox.top().remove("home/.cache");
        sandbox.project("home/.cache");
        let app = project(&sandbox);
        let types = sandbox.project("types");
        types.write("wit/package.wit", TYPES.replace("@1.0.0", "@2.0.0"));
        let top = sandbox.top();
        open(&top, "home", true);
        open(&top, "registry", false);
        open(&top, "app", false);
        open(&top, "types", true);
        let before = Snapshot::of(app.dir());
        wits(&app, &["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: cannot write `[ROOT]/app/wits.lock`: permission denied
 |
 = help: check who owns it and its permissions

"#]]);
        assert!(before.differences(&Snapshot::of(app.dir())).is_empty());
        let before = Snapshot::of(sandbox.root().join("registry"));
        wits(&types, &["publish"])
            .exits(1)
            .stdout("")
            .stderr(str![[r#"
error: cannot open the lock file `[ROOT]/registry/acme/types/.wits.lock`: permission denied
 |
 = help: check who owns it and its permissions

"#]]);
        assert!(
            before
                .differences(&Snapshot::of(sandbox.root().join("registry")))
                .is_empty()
        );
        // A cache of others, with room and nothing in it.
        top.remove("home/.cache");
        sandbox.project("home/.cache");
        open(&top, "home", false);
        open(&top, "app", true);
        wits(&app, &["fetch"]).succeeds().stderr(str![[r#"
warning: the cache cannot be written: cannot create the directory `[ROOT]/home/.cache/wits`: permission denied
      Locked wits.lock: 2 added
     Fetched wit/deps: 2 packages written

"#]]);
        open(&top, "app", false);
        wits(&app, &["fetch"]).succeeds().stderr(str![[r#"
       Fresh wit/deps is up to date

"#]]);
        // So that the sandbox can go, whoever runs the tests.
        open(&top, "", true);
    }
}
