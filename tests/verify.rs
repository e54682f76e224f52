//! `wits verify`: whatever is not as it should be is found and named, and what can be repaired is.

use std::fs;
use std::path::Path;

use snapbox::str;
use wits_testkit::{DockerRegistry, Project, RecordingProxy, Sandbox, Tree};

use crate::setting::{
    self, app, blob, cache, fetched_pair, locked_field, other_digest, publish, publish_pair,
    with_layout,
};

const STORE_TEXT: &str = "wit/deps/acme-store-1.0.0/package.wit";
const STAMP: &str = "wit/deps/.wits.json";

/// Verifies, and claims that nothing was touched by that.
#[track_caller]
fn verify(app: &Project<'_>) -> wits_testkit::Outcome {
    let (project, cache) = (Tree::of(app.dir()), Tree::of(cache(app.sandbox())));
    let outcome = app.wits(["verify"]);
    project.assert_untouched();
    cache.assert_untouched();
    outcome
}

/// Repairs, and claims that a verification after it finds nothing.
#[track_caller]
fn fix(app: &Project<'_>) -> wits_testkit::Outcome {
    let outcome = app.wits(["verify", "--fix"]);
    outcome.exits(0);
    verify(app).exits(0);
    outcome
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The sha256 of a text, as `sha256:` and hex digits, by the command itself: that of what `get` would print.
fn digest(sandbox: &Sandbox, path: &Path) -> String {
    let sum = sandbox.run(sandbox.command("sha256sum", "").arg(path));
    let hex = sum.text().split_whitespace().next().expect("a sum");
    format!("sha256:{hex}")
}

#[test]
fn all_is_well() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    verify(&app).succeeds().stdout("").stderr(str![[r#"
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
    let before = Tree::of(app.dir());
    app.wits(["verify", "--fix"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
    before.assert_untouched();
    app.wits(["verify", "--cache", "--format", "json"])
        .succeeds()
        .stdout(str![[r#"
{
  "cache": {
    "blobs": {
      "bytes": 1180,
      "count": 2
    },
    "dir": "[ROOT]/home/.cache/wits",
    "foreign": [],
    "leftovers": {
      "bytes": 0,
      "count": 0
    },
    "set_aside": {
      "bytes": 0,
      "count": 0
    }
  },
  "findings": [],
  "ok": true,
  "project": {
    "blobs": {
      "bytes": 1180,
      "count": 2
    },
    "entries": {
      "bytes": 513,
      "count": 2
    },
    "others": [],
    "packages": 2,
    "pins": 2,
    "stale_stamps": []
  },
  "repaired": [],
  "version": 1
}

"#]]);
}

#[test]
fn no_socket_is_opened_and_no_registry_read() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    sandbox.top().remove("registry");
    verify(&app).succeeds();

    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let proxy = RecordingProxy::before(registry.address());
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &proxy.url());
    let app = fetched_pair(&sandbox);
    proxy.forget();
    verify(&app).succeeds();
    fs::write(blob(&sandbox, &app, "acme:types"), "torn").unwrap();
    app.write("wit/more.wit", "world more { import acme:absent/x@1.0.0; }");
    app.wits(["verify", "--cache", "--fix"]).exits(1);
    app.wits(["cache", "verify"]).succeeds();
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_project_without_dependencies_is_well() {
    let sandbox = with_layout();
    let app = app(&sandbox, "");
    verify(&app).succeeds().stdout("").stderr(str![[r#"
     Checked wits.lock with 0 packages, 0 entries of wit/deps (0 B)
    Verified all is as it should be

"#]]);
    app.wits(["fetch"]).succeeds();
    verify(&app).succeeds();
}

#[test]
fn cached_bytes_that_are_damaged() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let path = blob(&sandbox, &app, "acme:types");
    let good = fs::read(&path).unwrap();
    flip(&path, 100);
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `[ROOT]/home/.cache/wits/v1/blobs/sha256/4b/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e`: the cached bytes of `acme:types@1.0.0` are damaged
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 570 bytes
 = help: `--fix` sets it aside; what needs it fetches it again
     Checked wits.lock with 2 packages, the cached bytes of 1 of 2 (610 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 damaged

"#]]);
    app.wits(["verify", "--format", "json"])
        .exits(3)
        .stdout(str![[r#"
{
  "cache": null,
  "findings": [
    {
      "expected": "sha256:[DIGEST]",
      "found": "sha256:[DIGEST], 570 bytes",
      "help": [
        "`--fix` sets it aside; what needs it fetches it again"
      ],
      "kind": "damaged",
      "line": null,
      "message": "the cached bytes of `acme:types@1.0.0` are damaged",
      "package": "acme:types@1.0.0",
      "path": "[ROOT]/home/.cache/wits/v1/blobs/sha256/4b/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e"
    }
  ],
  "ok": false,
  "project": {
    "blobs": {
      "bytes": 610,
      "count": 1
    },
    "entries": {
      "bytes": 513,
      "count": 2
    },
    "others": [],
    "packages": 2,
    "pins": 2,
    "stale_stamps": []
  },
  "repaired": [],
  "version": 1
}

"#]]);
    // The bytes are gone, and nothing here has them.
    app.wits(["verify", "--fix"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `wits.lock`: the bytes of `acme:types@1.0.0` are not in the cache, so it was not checked
 |
 = help: `wits lock --check` fetches them, and writes nothing else
    Repaired `[ROOT]/home/.cache/wits/v1/blobs/sha256/4b/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e`: the cached bytes of `acme:types@1.0.0` are damaged; moved to `[ROOT]/home/.cache/wits/v1/damaged/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e.1`
     Checked wits.lock with 2 packages, the cached bytes of 1 of 2 (610 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 unchecked

"#]]);
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wits.lock`: the bytes of `acme:types@1.0.0` are not in the cache, so it was not checked
 |
 = help: `wits lock --check` fetches them, and writes nothing else
     Checked wits.lock with 2 packages, the cached bytes of 1 of 2 (610 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 unchecked

"#]]);
    // What it says to do is right.
    app.wits(["lock", "--check"]).succeeds();
    assert_eq!(fs::read(&path).unwrap(), good);
    verify(&app).succeeds();

    for bad in [
        &b""[..],
        &good[..good.len() / 2],
        &[good.as_slice(), b"!"].concat(),
    ] {
        fs::write(&path, bad).unwrap();
        verify(&app)
            .exits(3)
            .says("the cached bytes of `acme:types@1.0.0` are damaged");
    }
    // Good bytes under the wrong name.
    fs::copy(blob(&sandbox, &app, "acme:store"), &path).unwrap();
    verify(&app).exits(3).says("are damaged");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_cache() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let path = blob(&sandbox, &app, "acme:types");
    let good = sandbox.root().join("good");
    fs::rename(&path, &good).unwrap();
    std::os::unix::fs::symlink(&good, &path).unwrap();
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `[ROOT]/home/.cache/wits/v1/blobs/sha256/4b/4b5819ff2500cce4e84920e23df958486257bfd054eae98886d3a3773c38c22e`: what is cached of `acme:types@1.0.0` is no file, but a symbolic link
 |
 = note: expected sha256:[DIGEST]
 = note: found a symbolic link
 = help: `--fix` sets it aside; what needs it fetches it again
     Checked wits.lock with 2 packages, the cached bytes of 1 of 2 (610 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 damaged

"#]]);
    app.wits(["verify", "--fix"]).exits(1);
    assert!(good.is_file(), "it was not followed");
}

#[test]
fn bytes_that_are_not_cached() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.wits(["cache", "clean"]).succeeds();
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wits.lock`: the bytes of `acme:store@1.0.0` are not in the cache, so it was not checked
error: `wits.lock`: the bytes of `acme:types@1.0.0` are not in the cache, so it was not checked
 |
 = help: `wits lock --check` fetches them, and writes nothing else
     Checked wits.lock with 2 packages, the cached bytes of 0 of 2 (0 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 2 unchecked

"#]]);
    // What can be checked without them is.
    app.replace(STORE_TEXT, "get", "got");
    verify(&app).exits(3).says("`acme:store@1.0.0` was changed");
    app.wits(["fetch"]).succeeds();
    verify(&app).succeeds();
}

#[test]
fn a_text_that_was_changed() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    app.replace(STORE_TEXT, "get", "got");
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/acme-store-1.0.0/package.wit`: the text of `acme:store@1.0.0` was changed
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 191 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 damaged

"#]]);
    fix(&app).stdout("").stderr(str![[r#"
warning: what stood there was another text, and was replaced or removed: `wit/deps/acme-store-1.0.0`
    Repaired `wit/deps/acme-store-1.0.0/package.wit`: the text of `acme:store@1.0.0` was changed; written anew from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
    before.assert_same_bytes();
}

#[test]
fn a_text_that_was_changed_with_its_stamp() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    let right = digest(&sandbox, &app.path(STORE_TEXT));
    app.replace(STORE_TEXT, "get", "got");
    let wrong = digest(&sandbox, &app.path(STORE_TEXT));
    app.replace(STAMP, &right, &wrong);
    app.wits(["fetch"]).succeeds().says("up to date");
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/acme-store-1.0.0/package.wit`: the text of `acme:store@1.0.0` was changed, and the stamp with it
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 191 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 damaged

"#]]);
    fix(&app);
    before.assert_same_bytes();
}

#[test]
fn a_stamp_that_lies() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    let pinned = locked_field(&app, "acme:store", "digest");
    app.replace(STAMP, &pinned, &other_digest(&pinned));
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/.wits.json`: the stamp says of `acme:store@1.0.0` what is not so
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST]
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 damaged

"#]]);
    fix(&app);
    before.assert_same_bytes();
    app.write(STAMP, "{");
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps/.wits.json`: the stamp cannot be used: EOF while parsing an object at line 1 column 1
 |
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 outdated

"#]]);
    fix(&app);
    app.remove(STAMP);
    verify(&app).exits(1).says("there is no stamp");
    fix(&app);
    before.assert_same_bytes();
}

#[test]
fn entries_that_are_missing_or_have_company() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    app.remove("wit/deps/acme-store-1.0.0");
    app.write("wit/deps/acme-types-1.0.0/more.wit", "interface more {}");
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/acme-store-1.0.0`: the entry of `acme:store@1.0.0` is missing
error: `wit/deps/acme-types-1.0.0`: this is not an entry as wits writes it
 |
 = note: expected a directory with `package.wit` and nothing else
 = note: found a directory that has `more.wit` in it
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (0 B)
       Found 1 damaged, 1 outdated

"#]]);
    fix(&app).stdout("").stderr(str![[r#"
warning: what stood there was another text, and was replaced or removed: `wit/deps/acme-types-1.0.0`
    Repaired `wit/deps/acme-store-1.0.0`: the entry of `acme:store@1.0.0` is missing; written anew from the cache
    Repaired `wit/deps/acme-types-1.0.0`: this is not an entry as wits writes it; written anew from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
    before.assert_same_bytes();
    app.remove("wit/deps");
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps`: nothing is laid out here yet
 |
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 0 entries of wit/deps (0 B)
       Found 1 outdated

"#]]);
    fix(&app);
    before.assert_same_bytes();
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_an_entry() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    let elsewhere = sandbox.project("elsewhere");
    elsewhere.write("package.wit", app.read(STORE_TEXT));
    app.remove("wit/deps/acme-store-1.0.0");
    std::os::unix::fs::symlink(elsewhere.dir(), app.path("wit/deps/acme-store-1.0.0")).unwrap();
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/acme-store-1.0.0`: this is not an entry as wits writes it
 |
 = note: expected a directory with `package.wit` and nothing else
 = note: found a symbolic link
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (322 B)
       Found 1 damaged

"#]]);
    fix(&app);
    before.assert_same_bytes();
    assert!(elsewhere.has("package.wit"), "it was not followed");
}

#[test]
fn what_is_yours_is_named_and_left() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.write(
        "wit/deps/mine/mine.wit",
        "package lab:mine@1.0.0; interface x {}",
    );
    app.write("wit/deps/not\u{1b}[2Jes.txt", "mine");
    app.wits(["fetch"]).succeeds();
    verify(&app).succeeds().stdout("").stderr(str![[r#"
note: `wit/deps/mine` is yours and answers for `lab:mine@1.0.0`
note: `wit/deps/not/u{1b}[2Jes.txt` is not wits', and WIT tools pass it over
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
    app.wits(["verify", "--fix"]).succeeds();
    assert!(app.has("wit/deps/mine/mine.wit") && app.has("wit/deps/not\u{1b}[2Jes.txt"));
}

#[test]
fn a_lock_with_other_digests() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let lock = app.read("wits.lock");
    for (field, code) in [("digest", 1), ("wit", 3)] {
        let right = locked_field(&app, "acme:types", field);
        app.write("wits.lock", lock.replace(&right, &other_digest(&right)));
        let outcome = verify(&app);
        outcome.exits(code).stdout("");
        // Nothing to repair it with, and it says the same again.
        app.wits(["verify", "--fix"]).exits(code);
        match field {
            "digest" => outcome.stderr(str![[r#"
error: `wits.lock`: the bytes of `acme:types@1.0.0` are not in the cache, so it was not checked
 |
 = help: `wits lock --check` fetches them, and writes nothing else
     Checked wits.lock with 2 packages, the cached bytes of 1 of 2 (610 B), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 unchecked

"#]]),
            _ => outcome.stderr(str![[r#"
error: `wits.lock`: the WIT of `acme:types@1.0.0` is sha256:[DIGEST], and wits.lock has sha256:[DIGEST]
 |
 = help: the lock was edited or the definition of the digest differs; to pin `acme:types@1.0.0` anew, remove its table from wits.lock
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 damaged

"#]]),
        };
        app.write("wits.lock", &lock);
    }
    let size = format!(
        "size = {}",
        fs::read(blob(&sandbox, &app, "acme:types")).unwrap().len()
    );
    app.replace("wits.lock", &size, "size = 7");
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wits.lock`: `acme:types@1.0.0` has 570 bytes, and wits.lock has 7
 |
 = help: the lock was edited: restore wits.lock from version control
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 damaged

"#]]);
}

/// The digest of a manifest pins nothing, but that it is another one does not go unsaid.
#[test]
fn a_lock_with_another_manifest() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let right = locked_field(&app, "acme:types", "manifest");
    app.replace("wits.lock", &right, &other_digest(&right));
    verify(&app).succeeds().stdout("").stderr(str![[r#"
note: `wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
}

#[test]
fn a_lock_that_does_not_follow() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let lock = app.read("wits.lock");
    app.replace("wits.lock", "dependencies = [\"acme:types@1.0.0\"]\n", "");
    verify(&app).exits(1).stdout("").stderr(str![[r#"
note: `wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
error: `wits.lock`: `dependencies` of `acme:store@1.0.0` is not what follows from its bytes: +acme:types@1.0.0
 |
 = help: run `wits fetch`, which brings the lock up to date and moves no pin
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 outdated

"#]]);
    app.wits(["verify", "--fix"])
        .exits(1)
        .says("run `wits fetch`");
    app.wits(["fetch"]).succeeds();
    assert_eq!(app.read("wits.lock"), lock);
    verify(&app).succeeds();

    // A package that nothing needs, and one that is needed and not there.
    app.write(
        "wit/world.wit",
        setting::world("import acme:types/errors@1.0.0;"),
    );
    verify(&app).exits(1).stdout("").stderr(str![[r#"
note: `wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
error: `wits.lock`: `acme:store@1.0.0` is locked and nothing needs it
 |
 = help: run `wits fetch`, which brings the lock up to date and moves no pin
error: `wit/deps/acme-store-1.0.0`: nothing needs this entry
 |
 = help: run `wits fetch`, which puts it right
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 1 entry of wit/deps (322 B)
       Found 2 outdated

"#]]);
    app.write(
        "wit/world.wit",
        setting::world("import acme:absent/x@1.0.0;"),
    );
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `acme:absent@1.0.0` is needed and not locked
 --> wit/world.wit:4:12
  |
4 |     import acme:absent/x@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^
  |
  = help: run `wits fetch`, which brings the lock up to date and moves no pin
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 outdated

"#]]);
}

#[test]
fn a_lock_that_cannot_be_read() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let lock = app.read("wits.lock");
    app.write(
        "wits.lock",
        format!("<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n"),
    );
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: a merge conflict is not resolved
 --> wits.lock:1:1
  |
1 | <<<<<<< ours
  | ^^^^^^^^^^^^
  |
  = help: keep the tables of both sides, one for each package, or take one side whole; then run `wits fetch`, which completes the lock
     Checked 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 faulty

"#]]);
    app.write(
        "wits.lock",
        lock.replace("version = 1\n\n", "version = 2\n\n"),
    );
    verify(&app).exits(1).says("version");
    app.wits(["verify", "--fix"]).exits(1);
    // A table that another one needs is gone.
    let tables: Vec<&str> = lock.split("[[package]]").collect();
    app.write(
        "wits.lock",
        format!("{}[[package]]{}", tables[0], tables[1]),
    );
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `acme:store@1.0.0` needs `acme:types@1.0.0`, which is not in the lock
  --> wits.lock:12:17
   |
12 | dependencies = ["acme:types@1.0.0"]
   |                 ^^^^^^^^^^^^^^^^^^
   |
   = help: take the file from version control, or remove the table and run `wits fetch`
     Checked 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 faulty

"#]]);
}

#[test]
fn a_run_that_was_interrupted() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let before = Tree::of(app.dir());
    app.write("wit/.wits-deps/journal.json", "");
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps`: a run that replaced entries was interrupted, or is under way
 |
 = help: run `wits fetch`, which completes it or takes it back
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
       Found 1 outdated

"#]]);
    fix(&app);
    before.assert_same_bytes();
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_wit_deps() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let elsewhere = sandbox.root().join("elsewhere");
    fs::rename(app.path("wit/deps"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, app.path("wit/deps")).unwrap();
    let before = Tree::of(&elsewhere);
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps`: `[ROOT]/app/wit/deps` is a symbolic link, so wits does not write there
 |
 = help: make it a directory
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 0 entries of wit/deps (0 B), against no more than the stamp
       Found 1 faulty

"#]]);
    app.wits(["verify", "--fix"]).exits(1);
    before.assert_untouched();
}

/// In a project that somebody else made it could be one that never ends.
#[cfg(unix)]
#[test]
fn a_lock_that_is_no_file() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.remove("wits.lock");
    std::os::unix::fs::symlink("/dev/null", app.path("wits.lock")).unwrap();
    verify(&app).exits(1).stdout("").stderr(str![[r#"
error: `wits.lock`: cannot read `wits.lock`: it is not a file
     Checked 2 entries of wit/deps (513 B), against no more than the stamp
       Found 1 faulty

"#]]);
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: cannot read `wits.lock`: it is not a file

"#]]);
}

#[test]
fn a_lock_in_other_words() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let lock = app.read("wits.lock");
    app.write("wits.lock", lock.replace('\n', "\r\n"));
    verify(&app).succeeds();
    app.write("wits.lock", format!("{lock}# by hand\n"));
    verify(&app).succeeds().stdout("").stderr(str![[r#"
note: `wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
note: wits.lock says what it says in another form than wits writes
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
    Verified all is as it should be

"#]]);
}

#[test]
fn the_whole_cache_with_or_without_a_project() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let other = cache(&sandbox).join("v1/blobs/sha256/00");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("0".repeat(64)), "of another project").unwrap();
    fs::write(other.join("not\u{1b}[2Jes"), "mine").unwrap();
    verify(&app).succeeds();
    let before = Tree::of(cache(&sandbox));
    app.wits(["verify", "--cache"])
        .exits(3)
        .stdout("")
        .stderr(str![[r#"
note: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/not/u{1b}[2Jes` is not wits'
error: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/0000000000000000000000000000000000000000000000000000000000000000`: the cached bytes are damaged
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 18 bytes
 = help: `--fix` sets it aside; what needs it fetches it again
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (513 B)
     Checked the cache: 1.2 KiB in 3 packages
       Found 1 damaged

"#]]);
    let elsewhere = sandbox.project("elsewhere");
    elsewhere
        .wits(["cache", "verify"])
        .exits(3)
        .stdout("")
        .stderr(str![[r#"
note: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/not/u{1b}[2Jes` is not wits'
error: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/0000000000000000000000000000000000000000000000000000000000000000`: the cached bytes are damaged
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 18 bytes
 = help: `--fix` sets it aside; what needs it fetches it again
     Checked the cache: 1.2 KiB in 3 packages
       Found 1 damaged

"#]]);
    before.assert_untouched();
    elsewhere
        .wits(["verify", "--cache", "--fix"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
note: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/not/u{1b}[2Jes` is not wits'
    Repaired `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/0000000000000000000000000000000000000000000000000000000000000000`: the cached bytes are damaged; moved to `[ROOT]/home/.cache/wits/v1/damaged/0000000000000000000000000000000000000000000000000000000000000000.1`
     Checked the cache: 1.2 KiB in 3 packages
    Verified all is as it should be

"#]]);
    app.wits(["cache", "verify"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
note: `[ROOT]/home/.cache/wits/v1/blobs/sha256/00/not/u{1b}[2Jes` is not wits'
     Checked the cache: 1.2 KiB in 2 packages; 18 B in 1 damaged entry set aside before
    Verified all is as it should be

"#]]);
    elsewhere
        .wits(["verify"])
        .exits(1)
        .says("there is no WIT project");
}

#[test]
fn all_members_are_verified() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let top = sandbox.project("work");
    top.write("wits.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n");
    top.write(
        "a/wit/a.wit",
        "package lab:a@1.0.0; world w { import acme:types/errors@1.0.0; }",
    );
    top.write(
        "b/wit/b.wit",
        "package lab:b@1.0.0; world w { import lab:a/x@1.0.0; import acme:store/store@1.0.0; }",
    );
    top.write("a/wit/x.wit", "interface x { x: func(); }");
    top.wits(["fetch"]).succeeds();
    verify(&top).succeeds().stdout("").stderr(str![[r#"
     Checked wits.lock with 3 packages, the cached bytes of 2 of 2 (1.2 KiB), 4 entries of wit/deps (933 B)
    Verified all is as it should be

"#]]);
    top.replace("b/wit/deps/acme-types-1.0.0/package.wit", "tick", "tock");
    top.wits(["-C", "a", "verify"])
        .exits(3)
        .stdout("")
        .stderr(str![[r#"
error: `../b/wit/deps/acme-types-1.0.0/package.wit`: the text of `acme:types@1.0.0` was changed
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 322 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 3 packages, the cached bytes of 2 of 2 (1.2 KiB), 4 entries of wit/deps (933 B)
       Found 1 damaged

"#]]);
    fix(&top);
    // A member changed since the fetch is no damage.
    top.replace("a/wit/x.wit", "x: func()", "y: func()");
    verify(&top).exits(1).stdout("").stderr(str![[r#"
note: `a/wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
note: `b/wit/deps/.wits.json` is of a run with another lock, other WIT or other routes than those of now; what it vouches for was checked all the same
error: `b/wit/deps/lab-a-1.0.0/package.wit`: `lab:a@1.0.0` was changed since this was written
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 98 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 3 packages, the cached bytes of 2 of 2 (1.2 KiB), 4 entries of wit/deps (933 B)
       Found 1 outdated

"#]]);
    fix(&top);
    // What was laid out of it was changed: that is.
    top.replace(
        "b/wit/deps/lab-a-1.0.0/package.wit",
        "y: func()",
        "z: func()",
    );
    verify(&top).exits(3);
    fix(&top);
}

#[test]
fn binaries_are_verified_as_texts_are() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.wits(["fetch", "--as", "wasm"]).succeeds();
    verify(&app).succeeds();
    let before = Tree::of(app.dir());
    flip(&app.path("wit/deps/acme-store-1.0.0.wasm"), 100);
    verify(&app).exits(3).stdout("").stderr(str![[r#"
error: `wit/deps/acme-store-1.0.0.wasm`: the binary of `acme:store@1.0.0` was changed
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 610 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 2 packages, the cached bytes of 2 of 2 (1.2 KiB), 2 entries of wit/deps (1.2 KiB)
       Found 1 damaged

"#]]);
    fix(&app);
    before.assert_same_bytes();
}

#[test]
fn a_stub_is_verified_too() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    sandbox.top().remove("registry/acme/types");
    let routes = sandbox.top().read("registry.toml");
    let stub = "[packages]\n\"acme:types\" = { embedded = \"allow\" }\n";
    sandbox
        .top()
        .write("registry.toml", format!("{routes}\n{stub}"));
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    verify(&app).succeeds();
    app.replace("wit/deps/acme-types-1.0.0/package.wit", "absent", "ausent");
    verify(&app).exits(3);
    fix(&app);
    let wit = locked_field(&app, "acme:types", "wit");
    app.replace("wits.lock", &wit, &other_digest(&wit));
    verify(&app).exits(3).says("the WIT of `acme:types@1.0.0`");
}

/// Whatever byte is flipped in the cached bytes, the texts or the pins: it is never said that all is well.
#[test]
fn no_flipped_byte_goes_unseen() {
    let sandbox = with_layout();
    publish(&sandbox, "types", setting::TYPES);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    verify(&app).succeeds();
    let text = app.path("wit/deps/acme-types-1.0.0/package.wit");
    for path in [blob(&sandbox, &app, "acme:types"), text] {
        let good = fs::read(&path).unwrap();
        let step = good.len() / 12;
        for at in (0..good.len()).step_by(step.max(1)) {
            for bit in [0, 5] {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                fs::write(&path, bad).unwrap();
                app.wits(["verify"]).exits(3);
            }
        }
        fs::write(&path, good).unwrap();
    }
    let lock = app.read("wits.lock");
    for field in ["digest", "wit"] {
        let right = locked_field(&app, "acme:types", field);
        for at in ["sha256:".len(), 20, 44, 70] {
            let mut wrong = right.clone().into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).unwrap();
            app.write("wits.lock", lock.replace(&right, &wrong));
            let code = app.wits(["verify"]).code();
            assert!(matches!(code, Some(1 | 3)), "{field} {wrong}: {code:?}");
        }
    }
    app.write("wits.lock", &lock);
    verify(&app).succeeds();
}
