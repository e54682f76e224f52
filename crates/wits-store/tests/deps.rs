//! `wit/deps`: whose entries are whose, and nothing half done.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use wits_fs::kill_points::{Ability, Outcome, failing_at, killed_at, lacking};
use wits_fs::{Holder, Recovered, write_atomic};
use wits_model::{Blob, Digest, ErrorKind};
use wits_store::StoreError;
use wits_store::deps::{
    self, Applied, Content, Currency, EntryKind, Owner, Stamp, StampState, Wait, Wanted,
    WantedEntry, check, owner, scan,
};

const PATIENCE: Duration = Duration::from_secs(60);

fn apply(dir: &Path, wanted: &Wanted) -> Result<Applied, StoreError> {
    let (timeout, on_wait) = (PATIENCE, &mut |_: &Holder| {});
    deps::apply(dir, wanted, Wait { timeout, on_wait })
}

fn recover(dir: &Path) -> Result<Recovered, StoreError> {
    let (timeout, on_wait) = (PATIENCE, &mut |_: &Holder| {});
    deps::recover(dir, Wait { timeout, on_wait })
}

struct Project {
    root: TempDir,
}

impl Project {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("wit")).unwrap();
        Self { root }
    }

    fn wit(&self) -> PathBuf {
        self.root.path().join("wit")
    }

    fn deps(&self) -> PathBuf {
        self.wit().join("deps")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.deps().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_atomic(path, text).unwrap();
    }

    fn apply(&self, wanted: &Wanted) -> Applied {
        // Nothing here is about power cuts, and thousands of syncs take their time.
        lacking(&[Ability::Sync], || apply(&self.deps(), wanted).unwrap())
    }

    fn stamp(&self) -> Stamp {
        match Stamp::read(&self.deps()).unwrap() {
            StampState::Found(stamp) => stamp,
            other => panic!("{other:?}"),
        }
    }

    fn check(&self) -> Currency {
        check(&self.deps(), &self.stamp()).unwrap()
    }

    fn files(&self) -> BTreeMap<String, String> {
        fn walk(dir: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
            let Ok(entries) = fs::read_dir(dir) else {
                return;
            };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                    found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        let mut found = BTreeMap::new();
        walk(&self.wit(), &self.wit(), &mut found);
        found
    }
}

fn text(name: &str, package: &str, text: &str) -> WantedEntry {
    WantedEntry {
        name: name.to_owned(),
        package: package.parse().unwrap(),
        digest: Some(Digest::of(package)),
        content: Content::Text(text.to_owned()),
    }
}

fn wasm(name: &str, package: &str, bytes: &str) -> WantedEntry {
    WantedEntry {
        content: Content::Wasm(Blob::of(bytes)),
        ..text(name, package, "")
    }
}

fn wanted(entries: impl Into<Vec<WantedEntry>>) -> Wanted {
    Wanted {
        entries: entries.into(),
        adopted: BTreeSet::new(),
        lock: Digest::of("lock"),
    }
}

fn one() -> Wanted {
    wanted([
        text(
            "wasi-io-0.2.12",
            "wasi:io@0.2.12",
            "package wasi:io@0.2.12;",
        ),
        text("a-b-1.0.0", "a:b@1.0.0", "package a:b@1.0.0;"),
        wasm("c-d-1.0.0", "c:d@1.0.0", "wasm"),
    ])
}

fn two() -> Wanted {
    Wanted {
        lock: Digest::of("another lock"),
        ..wanted([
            text(
                "wasi-io-0.2.12",
                "wasi:io@0.2.12",
                "package wasi:io@0.2.12; // new",
            ),
            text("a-b-1.0.0", "a:b@1.0.0", "package a:b@1.0.0;"),
            text("e-f-1.0.0", "e:f@1.0.0", "package e:f@1.0.0;"),
        ])
    }
}

#[test]
fn the_stamp_is_the_same_to_the_byte() {
    let project = Project::new();
    let mut local = text("a-b-1.0.0", "a:b@1.0.0", "text");
    local.digest = None;
    project.apply(&wanted([
        text("wasi-io-0.2.12", "wasi:io@0.2.12", "io"),
        local,
    ]));
    let (lock, io, io_text, text) = (
        Digest::of("lock"),
        Digest::of("wasi:io@0.2.12"),
        Digest::of("io"),
        Digest::of("text"),
    );
    assert_eq!(
        project.files()["deps/.wits.json"],
        format!(
            r#"{{
  "version": 1,
  "lock": "{lock}",
  "entries": {{
    "a-b-1.0.0": {{
      "package": "a:b@1.0.0",
      "text": "{text}"
    }},
    "wasi-io-0.2.12": {{
      "package": "wasi:io@0.2.12",
      "digest": "{io}",
      "text": "{io_text}"
    }}
  }}
}}
"#
        )
    );
    assert_eq!(
        project.stamp().to_json(),
        project.files()["deps/.wits.json"]
    );
}

// Times of directories can be set on unix only.
#[cfg(unix)]
#[test]
fn entries_are_written_replaced_and_removed_and_the_rest_is_not_touched() {
    let project = Project::new();
    project.write("mine/x.wit", "mine");
    let applied = project.apply(&one());
    assert_eq!(
        applied.written,
        ["a-b-1.0.0", "c-d-1.0.0.wasm", "wasi-io-0.2.12"]
    );
    assert_eq!(project.check(), Currency::Current);

    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    for path in ["a-b-1.0.0", "a-b-1.0.0/package.wit", "mine", "mine/x.wit"] {
        let file = fs::File::open(project.deps().join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let applied = project.apply(&two());
    assert_eq!(
        applied,
        Applied {
            written: vec!["e-f-1.0.0".into(), "wasi-io-0.2.12".into()],
            removed: vec!["c-d-1.0.0.wasm".into()],
            unchanged: vec!["a-b-1.0.0".into()],
            edited: vec![],
        }
    );
    for path in ["a-b-1.0.0", "a-b-1.0.0/package.wit", "mine", "mine/x.wit"] {
        let found = fs::metadata(project.deps().join(path)).unwrap();
        assert_eq!(found.modified().unwrap(), long_ago, "{path}");
    }
    let mut names: Vec<_> = project.files().into_keys().collect();
    names.retain(|name| name != "deps/.wits.json");
    assert_eq!(
        names,
        [
            "deps/a-b-1.0.0/package.wit",
            "deps/e-f-1.0.0/package.wit",
            "deps/mine/x.wit",
            "deps/wasi-io-0.2.12/package.wit"
        ]
    );
}

// Times of directories can be set on unix only.
#[cfg(unix)]
#[test]
fn nothing_to_do_writes_nothing() {
    let project = Project::new();
    project.apply(&one());
    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    let paths = [
        project.wit(),
        project.deps(),
        project.deps().join(".wits.json"),
    ];
    for path in &paths {
        fs::File::open(path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
    }
    assert_eq!(project.apply(&one()).unchanged.len(), 3);
    assert_eq!(recover(&project.deps()).unwrap(), Recovered::Nothing);
    for path in &paths {
        assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), long_ago);
    }
}

#[test]
fn without_packages_there_is_no_directory() {
    let project = Project::new();
    project.apply(&wanted([]));
    assert!(!project.deps().exists());
    project.apply(&one());
    let applied = project.apply(&wanted([]));
    assert_eq!(applied.removed.len(), 3);
    assert!(!project.deps().exists());
    assert_eq!(fs::read_dir(project.wit()).unwrap().count(), 0);

    project.apply(&one());
    project.write("mine/x.wit", "mine");
    project.apply(&wanted([]));
    assert_eq!(
        project.files().into_keys().collect::<Vec<_>>(),
        ["deps/mine/x.wit"]
    );
}

type Edit = fn(&Project);

#[test]
fn whatever_is_not_as_it_was_written_is_not_current() {
    let edits: [(&str, Edit); 7] = [
        ("a-b-1.0.0", |project| {
            project.write("a-b-1.0.0/package.wit", "package a:b@1.0.0 ");
        }),
        ("a-b-1.0.0", |project| {
            project.write("a-b-1.0.0/more.wit", "");
        }),
        ("a-b-1.0.0", |project| {
            wits_fs::remove_dir_all(project.deps().join("a-b-1.0.0")).unwrap();
        }),
        ("a-b-1.0.0", |project| {
            wits_fs::remove_file(project.deps().join("a-b-1.0.0/package.wit")).unwrap();
        }),
        ("c-d-1.0.0.wasm", |project| {
            project.write("c-d-1.0.0.wasm", "Wasm");
        }),
        ("c-d-1.0.0.wasm", |project| {
            wits_fs::remove_file(project.deps().join("c-d-1.0.0.wasm")).unwrap();
            fs::create_dir(project.deps().join("c-d-1.0.0.wasm")).unwrap();
        }),
        ("a-b-1.0.0", |project| {
            wits_fs::remove_dir_all(project.deps().join("a-b-1.0.0")).unwrap();
            project.write("a-b-1.0.0", "package a:b@1.0.0;");
        }),
    ];
    for (entry, edit) in edits {
        let project = Project::new();
        project.apply(&one());
        project.write("mine/x.wit", "the user's entries make no difference");
        assert!(project.check().is_current());
        edit(&project);
        assert_eq!(project.check(), Currency::Differs(vec![entry.into()]));
        // And a fetch makes it right again.
        let stands = project.deps().join(entry).exists();
        let applied = project.apply(&one());
        assert_eq!(applied.written, [entry]);
        assert_eq!(applied.edited.len(), usize::from(stands));
        assert!(project.check().is_current());
    }
}

#[test]
fn many_entries_are_checked_one_by_one() {
    let project = Project::new();
    let entries: Vec<_> = (0..200)
        .map(|n| {
            text(
                &format!("a-b-1.0.{n}"),
                &format!("a:b@1.0.{n}"),
                &format!("{n}"),
            )
        })
        .collect();
    project.apply(&wanted(entries));
    assert!(project.check().is_current());
    for n in [7, 77, 177] {
        project.write(&format!("a-b-1.0.{n}/package.wit"), "edited");
    }
    let differing = ["a-b-1.0.177", "a-b-1.0.7", "a-b-1.0.77"].map(str::to_owned);
    assert_eq!(project.check(), Currency::Differs(differing.to_vec()));
}

#[test]
fn an_entry_of_the_user_is_never_written() {
    for path in [
        "a-b-1.0.0/package.wit",
        "a-b-1.0.0/other.wit",
        "a-b-1.0.0",
        "c-d-1.0.0.wasm",
    ] {
        let project = Project::new();
        project.write(path, "mine");
        let before = project.files();
        let error = apply(&project.deps(), &one()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Project);
        assert!(error.help().is_some());
        let name = path.split('/').next().unwrap();
        assert!(error.to_string().contains(name), "{error}");
        assert!(matches!(error, StoreError::Occupied { .. }));
        assert_eq!(project.files(), before);
    }
}

#[test]
fn a_tree_that_another_tool_wrote_can_be_adopted() {
    let project = Project::new();
    project.write(
        "a-b-1.0.0/package.wit",
        "package a:b@1.0.0; // by another tool",
    );
    project.write("old-one-1.0.0/package.wit", "package old:one@1.0.0;");
    let mut wanted = one();
    wanted.adopted = ["a-b-1.0.0", "old-one-1.0.0"].map(str::to_owned).into();
    let applied = project.apply(&wanted);
    assert_eq!(applied.written.len(), 3);
    assert_eq!(applied.removed, ["old-one-1.0.0"]);
    assert_eq!(
        project.files()["deps/a-b-1.0.0/package.wit"],
        "package a:b@1.0.0;"
    );
}

#[test]
fn packages_do_not_share_an_entry() {
    let project = Project::new();
    for name in ["a-b-1.0.0", "a-b-1.0.0-X", "../x", ".wits.json"] {
        let error = apply(
            &project.deps(),
            &wanted([
                text("a-b-1.0.0", "a:b@1.0.0", ""),
                text("a-b-1.0.0-x", "a:b@1.0.0-x", ""),
                text(name, "a:b@1.0.0-X", ""),
            ]),
        )
        .unwrap_err();
        assert!(matches!(error, StoreError::SameName { .. }), "{error}");
    }
    assert!(!project.deps().exists());
}

#[test]
fn a_stamp_that_cannot_be_used_is_as_good_as_none() {
    let lock = Digest::of("");
    let project = Project::new();
    let entry = format!(r#"{{"package":"a:b@1.0.0","text":"{lock}"}}"#);
    for bad in [
        String::new(),
        "<<<<<<< HEAD".to_owned(),
        format!(r#"{{"version":2,"lock":"{lock}","entries":{{}}}}"#),
        format!(r#"{{"lock":"{lock}","entries":{{}}}}"#),
        format!(r#"{{"version":1,"lock":"{lock}","entries":{{"../../x":{entry}}}}}"#),
        format!(r#"{{"version":1,"lock":"{lock}","entries":{{".wits.json":{entry}}}}}"#),
        r#"{"version":1,"lock":"sha256:1","entries":{}}"#.to_owned(),
    ] {
        project.write(".wits.json", &bad);
        let state = Stamp::read(&project.deps()).unwrap();
        assert!(
            matches!(state, StampState::Unreadable { .. }),
            "{bad}: {state:?}"
        );
        assert_eq!(state.stamp(), None);
        project.apply(&one());
        assert!(project.check().is_current());
        project.apply(&wanted([]));
    }
    wits_fs::remove_file(project.deps().join(".wits.json")).unwrap();
    assert_eq!(Stamp::read(&project.deps()).unwrap(), StampState::Absent);
    fs::create_dir_all(project.deps().join(".wits.json")).unwrap();
    let state = Stamp::read(&project.deps()).unwrap();
    assert!(matches!(state, StampState::Unreadable { .. }));
    project.apply(&one());
    assert!(project.check().is_current());
}

#[test]
fn a_scan_says_what_stands_there() {
    let project = Project::new();
    assert_eq!(scan(&project.deps()).unwrap(), []);
    project.apply(&wanted([text("a-b-1.0.0", "a:b@1.0.0", "x")]));
    project.write("wkg-made-1.0.0/package.wit", "");
    project.write("mine/b.wit", "");
    project.write("mine/a.wit", "");
    project.write("mine/deps/c.wit", "");
    project.write("file.wit", "");
    project.write("file.wasm", "");
    project.write("notes.txt", "");
    let stamp = project.stamp();
    let found: Vec<_> = scan(&project.deps())
        .unwrap()
        .into_iter()
        .map(|entry| {
            assert!(!entry.symlink && entry.path.exists());
            let owner = owner(&entry, Some(&stamp));
            (entry.name, entry.kind, owner)
        })
        .collect();
    let directory =
        |names: &[&str]| EntryKind::Directory(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(
        found,
        [
            (
                "a-b-1.0.0".into(),
                directory(&["package.wit"]),
                Owner::Listed
            ),
            ("file.wasm".into(), EntryKind::WasmFile, Owner::User),
            ("file.wit".into(), EntryKind::WitFile, Owner::User),
            (
                "mine".into(),
                directory(&["a.wit", "b.wit", "deps/"]),
                Owner::User
            ),
            ("notes.txt".into(), EntryKind::Other, Owner::User),
            (
                "wkg-made-1.0.0".into(),
                directory(&["package.wit"]),
                Owner::Layout
            ),
        ]
    );
}

#[test]
fn after_a_kill_entries_are_old_or_new_and_the_next_run_heals_all() {
    let before = Project::new();
    before.apply(&one());
    let old = before.files();
    before.apply(&two());
    let new = before.files();
    let mut midway = 0;
    for nth in 0.. {
        // The next run may want the same, what was before, or nothing.
        for next in [two(), one(), wanted([])] {
            let project = Project::new();
            project.write("mine/x.wit", "mine");
            project.apply(&one());
            let deps = project.deps();
            let killed = killed_at(nth, move || {
                lacking(&[Ability::Sync], || apply(&deps, &two()).unwrap())
            });
            let Outcome::Killed(point) = killed else {
                assert!(midway > 5, "{midway}");
                return;
            };
            let mut found = project.files();
            found.retain(|path, _| !path.starts_with(".wits-deps"));
            assert_eq!(found.remove("deps/mine/x.wit").as_deref(), Some("mine"));
            for path in old.keys().chain(new.keys()) {
                let found = found.get(path);
                assert!(
                    found == old.get(path) || found == new.get(path),
                    "{point}: {path}: {found:?}"
                );
            }
            if found != old && found != new {
                midway += 1;
                assert!(!project.check().is_current(), "{point}");
            }
            assert_eq!(project.check() == Currency::Interrupted, {
                project.wit().join(".wits-deps").exists()
            });

            project.apply(&next);
            let mut found = project.files();
            assert_eq!(found.remove("deps/mine/x.wit").as_deref(), Some("mine"));
            let fresh = Project::new();
            fresh.apply(&next);
            assert_eq!(found, fresh.files(), "{point}");
            assert!(!project.wit().join(".wits-deps").exists(), "{point}");
        }
    }
}

#[test]
fn after_a_failure_everything_is_as_it_was() {
    for nth in 0.. {
        let project = Project::new();
        project.write("mine/x.wit", "mine");
        project.apply(&one());
        let before = project.files();
        let (point, result) = failing_at(nth, || {
            lacking(&[Ability::Sync], || apply(&project.deps(), &two()))
        });
        let Some(point) = point else {
            assert!(nth > 10);
            break;
        };
        if result.is_err() {
            let mut after = project.files();
            after.retain(|path, _| !path.starts_with(".wits-deps"));
            assert_eq!(after, before, "{point}");
        }
        project.apply(&two());
        assert!(project.check().is_current());
    }
}

#[test]
fn two_runs_at_once_leave_one_of_the_two_results() {
    let project = Project::new();
    thread::scope(|scope| {
        for turn in 0..8 {
            let project = &project;
            scope.spawn(move || {
                for _ in 0..5 {
                    let wanted = if turn % 2 == 0 { one() } else { two() };
                    apply(&project.deps(), &wanted).unwrap();
                }
            });
        }
    });
    assert!(project.check().is_current());
    assert!(!project.wit().join(".wits-deps").exists());
    let last = project.stamp().lock;
    assert!([one().lock, two().lock].contains(&last));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_marked_not_current_and_replaced_without_its_target() {
        let project = Project::new();
        project.apply(&one());
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("package.wit");
        write_atomic(&target, "package a:b@1.0.0;").unwrap();
        let entry = project.deps().join("a-b-1.0.0");
        wits_fs::remove_dir_all(&entry).unwrap();
        symlink(elsewhere.path(), &entry).unwrap();
        symlink("nowhere", project.deps().join("dangling")).unwrap();

        let found = scan(&project.deps()).unwrap();
        assert!(found[0].symlink);
        assert_eq!(
            found[0].kind,
            EntryKind::Directory(vec!["package.wit".into()])
        );
        assert_eq!(owner(&found[0], None), Owner::User);
        assert_eq!(found[2].name, "dangling");
        assert_eq!(found[2].kind, EntryKind::Other);

        assert_eq!(project.check(), Currency::Differs(vec!["a-b-1.0.0".into()]));
        project.apply(&one());
        assert!(entry.is_dir() && !entry.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"package a:b@1.0.0;");

        // A text that is a link, too.
        wits_fs::remove_file(entry.join("package.wit")).unwrap();
        symlink(&target, entry.join("package.wit")).unwrap();
        assert_eq!(project.check(), Currency::Differs(vec!["a-b-1.0.0".into()]));
        project.apply(&one());
        assert!(project.check().is_current());
        assert!(target.exists());
    }

    #[test]
    fn a_directory_that_is_a_link_is_not_written() {
        let project = Project::new();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), project.deps()).unwrap();
        for error in [
            apply(&project.deps(), &one()).unwrap_err(),
            recover(&project.deps()).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::NotADirectory { .. }), "{error}");
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
