//! `wits cache`: where it is, how much, and less of it.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use snapbox::str;
use wits_testkit::Tree;

use crate::setting::{blob, cache, fetched_pair, publish_pair, sandbox, with_layout, world};

fn aged(path: &std::path::Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    File::open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn the_directory_is_the_one_that_is_named() {
    let sandbox = sandbox();
    let here = sandbox.project("here");
    here.wits(["cache", "dir"])
        .succeeds()
        .stdout("[ROOT]/home/.cache/wits\n")
        .stderr("");
    here.wits_with(&[("WITS_CACHE_DIR", "elsewhere")], ["cache", "dir"])
        .succeeds()
        .stdout("[ROOT]/here/elsewhere\n");
    let named = ["cache", "dir", "--cache-dir", "named", "--format", "json"];
    here.wits_with(&[("WITS_CACHE_DIR", "elsewhere")], named)
        .succeeds()
        .stdout(str![[r#"
{
  "dir": "[ROOT]/here/named",
  "version": 1
}

"#]]);
    assert!(here.list("").is_empty(), "nothing is made");
}

#[test]
fn a_missing_cache_is_an_empty_one() {
    let sandbox = sandbox();
    let here = sandbox.project("here");
    here.wits(["cache", "size"])
        .succeeds()
        .stdout("0 B in 0 packages\n")
        .stderr("");
    here.wits(["cache", "prune", "--max-size", "0"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh nothing to remove; 0 B in 0 packages

"#]]);
    here.wits(["cache", "clean"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh [ROOT]/home/.cache/wits is empty

"#]]);
    assert!(!cache(&sandbox).exists());
}

#[test]
fn a_file_is_no_cache() {
    let sandbox = sandbox();
    let here = sandbox.project("here");
    here.write("file", "mine");
    for command in ["size", "prune", "clean"] {
        here.wits(["cache", command, "--cache-dir", "file"])
            .exits(1)
            .stdout("")
            .stderr(str![[r#"
error: `[ROOT]/here/file` is not a cache of wits: it is not a directory
 |
 = help: name another directory; if this is a cache, delete it by hand

"#]]);
    }
    assert_eq!(here.read("file"), "mine");
}

#[test]
fn the_size_is_for_people_or_exact() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.wits(["cache", "size"])
        .succeeds()
        .stdout(str![[r#"
1.2 KiB in 2 packages

"#]])
        .stderr("");
    fs::write(blob(&sandbox, &app, "acme:types"), "torn").unwrap();
    app.remove("wit/deps");
    app.wits(["fetch"]).succeeds();
    app.wits(["cache", "size"])
        .succeeds()
        .stdout(str![[r#"
1.2 KiB in 2 packages
4 B in 1 damaged entry set aside

"#]])
        .stderr("");
    app.wits(["cache", "size", "--format", "json"])
        .succeeds()
        .stdout(str![[r#"
{
  "blobs": {
    "bytes": 1180,
    "count": 2
  },
  "damaged": {
    "bytes": 4,
    "count": 1
  },
  "dir": "[ROOT]/home/.cache/wits",
  "other": {
    "bytes": 0,
    "count": 0
  },
  "version": 1
}

"#]]);
}

#[test]
fn pruning_keeps_what_an_offline_run_needs() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    fs::write(blob(&sandbox, &app, "acme:types"), "torn").unwrap();
    app.remove("wit/deps");
    app.wits(["fetch"]).succeeds();
    let old = cache(&sandbox).join("v0/blobs");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("one"), "1234").unwrap();
    let before = Tree::of(cache(&sandbox));
    app.wits(["cache", "prune", "--dry-run"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
  Would free 8 B; 1.2 KiB in 2 packages left

"#]]);
    before.assert_untouched();
    app.wits(["-v", "cache", "prune"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
     Removed 4 B in 1 damaged entry
     Removed 4 B in 1 old layout
     Removed 1 lock that nobody holds
       Freed 8 B; 1.2 KiB in 2 packages left

"#]]);
    app.remove("wit/deps");
    sandbox.top().remove("registry");
    app.wits(["fetch", "--frozen"]).succeeds();
    app.wits(["cache", "prune"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh nothing to remove; 1.2 KiB in 2 packages

"#]]);
}

#[test]
fn packages_go_when_they_were_not_used() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    let (store, types) = (
        blob(&sandbox, &app, "acme:store"),
        blob(&sandbox, &app, "acme:types"),
    );
    aged(&store, 31);
    aged(&types, 29);
    app.wits(["cache", "prune", "--older-than", "30"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Freed 610 B; 570 B in 1 package left

"#]]);
    assert!(!store.exists() && types.exists());
    app.wits(["--format", "json", "cache", "prune", "--max-size", "1K"])
        .succeeds()
        .stdout(str![[r#"
{
  "blobs": {
    "bytes": 0,
    "count": 0
  },
  "bytes": 0,
  "damaged": {
    "bytes": 0,
    "count": 0
  },
  "dir": "[ROOT]/home/.cache/wits",
  "dry_run": false,
  "layouts": {
    "bytes": 0,
    "count": 0
  },
  "left": {
    "bytes": 570,
    "count": 1
  },
  "locks": 0,
  "temporary": {
    "bytes": 0,
    "count": 0
  },
  "version": 1
}

"#]]);
    // What went is fetched again.
    app.remove("wit/deps");
    app.wits(["fetch", "--locked"]).succeeds();
    assert!(store.exists() && types.exists());
}

#[test]
fn cleaning_removes_what_wits_made() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    app.wits(["cache", "clean"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Freed 1.2 KiB in 2 files in [ROOT]/home/.cache/wits

"#]]);
    assert_eq!(Tree::of(cache(&sandbox)).paths(), ["CACHEDIR.TAG"]);
    app.wits(["cache", "clean"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh [ROOT]/home/.cache/wits is empty

"#]]);
    app.remove("wit/deps");
    app.wits(["fetch", "--locked"]).succeeds();
    app.wits(["cache", "clean", "--format", "json"])
        .succeeds()
        .stdout(str![[r#"
{
  "dir": "[ROOT]/home/.cache/wits",
  "held": [],
  "removed": {
    "bytes": 1180,
    "count": 2
  },
  "version": 1
}

"#]]);
}

#[test]
fn cleaning_refuses_what_it_does_not_know() {
    let sandbox = with_layout();
    let app = fetched_pair(&sandbox);
    fs::write(cache(&sandbox).join("not\u{1b}[2Jes"), "mine").unwrap();
    fs::create_dir(cache(&sandbox).join("v1/mine")).unwrap();
    let before = Tree::of(sandbox.cache_home());
    app.wits(["cache", "clean"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `[ROOT]/home/.cache/wits` has things in it that wits did not make: `[ROOT]/home/.cache/wits/not/u{1b}[2Jes`, `[ROOT]/home/.cache/wits/v1/mine`
 |
 = help: nothing was removed; move them elsewhere, or delete them

"#]]);
    app.wits(["cache", "clean", "--cache-dir", "wit"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `[ROOT]/app/wit` is not a cache of wits: there is no CACHEDIR.TAG of wits in it
 |
 = help: name another directory; if this is a cache, delete it by hand

"#]]);
    before.assert_untouched();
    assert!(app.has("wit/world.wit"));
}

/// Projects fetch and verify while the cache goes under them, again and again: each gets what it asked for.
#[test]
fn fetches_survive_pruning_and_cleaning() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let done = AtomicBool::new(false);
    let prune = || {
        let here = sandbox.project("here");
        while !done.load(Ordering::SeqCst) {
            here.wits(["cache", "prune", "--max-size", "0"]).succeeds();
            here.wits(["cache", "clean"]).succeeds();
        }
    };
    let fetch = |name: &str| {
        let app = sandbox.project(name);
        app.write("wit/world.wit", world("import acme:store/store@1.0.0;"));
        app.wits(["fetch"]).succeeds().never_says("warning");
        let first = Tree::of(app.dir());
        for _ in 0..3 {
            app.remove("wit/deps");
            app.wits(["fetch", "--locked"])
                .succeeds()
                .never_says("warning");
            first.assert_same_bytes();
            // What the cache has no more is said, and nothing else is found.
            assert!(matches!(app.wits(["verify"]).code(), Some(0 | 1)));
        }
    };
    thread::scope(|scope| {
        scope.spawn(prune);
        let fetching = ["one", "two", "three"].map(|name| scope.spawn(move || fetch(name)));
        let ended = fetching.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::SeqCst);
        for end in ended {
            end.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}
