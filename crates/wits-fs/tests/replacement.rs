//! Replacements: all or nothing after an error, old or new after a kill, and complete after the next
//! run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use wits_fs::kill_points::{Ability, Outcome, failing_at, failing_from, killed_at, lacking};
use wits_fs::{FsError, FsErrorKind, Recovered, Replacement, write_atomic};

/// What stands in a directory: paths and contents, directories with a `/` at the end.
type Tree = BTreeMap<String, String>;

fn tree(dir: &Path) -> Tree {
    fn walk(dir: &Path, prefix: &str, found: &mut Tree) {
        let Ok(entries) = fs::read_dir(dir) else {
            return;
        };
        for entry in entries {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                found.insert(format!("{name}/"), String::new());
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut found = Tree::new();
    walk(dir, "", &mut found);
    found
}

/// The part of a tree that is one entry.
fn entry(tree: &Tree, name: &str) -> Tree {
    let inside = format!("{name}/");
    tree.iter()
        .filter(|(path, _)| *path == name || path.starts_with(&inside))
        .map(|(path, content)| (path.clone(), content.clone()))
        .collect()
}

/// A project with an old tree in `deps`; the user's entries are `mine` and `notes.txt`.
struct Project {
    root: TempDir,
}

const NAMES: [&str; 8] = [
    "changed",
    "gone",
    "gone.wasm",
    "kind",
    "made",
    "same",
    "stamp",
    "mine",
];

impl Project {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in [
            ("deps/changed/package.wit", "old"),
            ("deps/changed/extra/deep.wit", "old"),
            ("deps/gone/package.wit", "old"),
            ("deps/gone.wasm", "old"),
            ("deps/kind", "a file that becomes a directory"),
            ("deps/mine/package.wit", "the user's"),
            ("deps/notes.txt", "the user's"),
            ("deps/same/package.wit", "same"),
            ("deps/stamp", "old"),
            ("world.wit", "the user's"),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path)
                .unwrap()
                .write_all(content.as_bytes())
                .unwrap();
        }
        Self { root }
    }

    fn deps(&self) -> PathBuf {
        self.root.path().join("deps")
    }

    fn aside(&self) -> PathBuf {
        self.root.path().join(".aside")
    }

    fn tree(&self) -> Tree {
        tree(&self.deps())
    }

    fn recover(&self) -> Result<Recovered, FsError> {
        recover(&self.deps(), &self.aside())
    }

    fn leaves_nothing_behind(&self) {
        let names: BTreeSet<_> = fs::read_dir(self.root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, ["deps", "world.wit"].map(str::to_owned).into());
        assert!(!Replacement::was_interrupted(self.aside()));
    }
}

fn begin(deps: &Path, aside: &Path) -> Result<Replacement, FsError> {
    Replacement::begin(deps, aside, "test", Duration::from_secs(20), &mut |_| {})
}

fn recover(deps: &Path, aside: &Path) -> Result<Recovered, FsError> {
    Replacement::recover(deps, aside, "test", Duration::from_secs(20), &mut |_| {})
}

fn replace(deps: &Path, aside: &Path) -> Result<(), FsError> {
    let mut replacement = begin(deps, aside)?;
    replacement.put_dir("changed", &[("package.wit", b"new")])?;
    replacement.put_dir("made", &[("b.wit", b"new"), ("a.wit", b"new")])?;
    replacement.remove("gone")?;
    replacement.remove("gone.wasm")?;
    replacement.remove("never there")?;
    replacement.put_dir("kind", &[("package.wit", b"new")])?;
    replacement.put_dir("same", &[("package.wit", b"same")])?;
    replacement.put_file("stamp", b"new")?;
    replacement.commit()
}

fn new_tree() -> Tree {
    [
        ("changed/", ""),
        ("changed/package.wit", "new"),
        ("kind/", ""),
        ("kind/package.wit", "new"),
        ("made/", ""),
        ("made/a.wit", "new"),
        ("made/b.wit", "new"),
        ("mine/", ""),
        ("mine/package.wit", "the user's"),
        ("notes.txt", "the user's"),
        ("same/", ""),
        ("same/package.wit", "same"),
        ("stamp", "new"),
    ]
    .map(|(path, content)| (path.to_owned(), content.to_owned()))
    .into()
}

const SYSTEMS: [&[Ability]; 3] = [
    &[],
    &[Ability::Exchange],
    &[Ability::Exchange, Ability::Move],
];

#[test]
fn all_of_it_happens_and_nothing_is_left() {
    for system in SYSTEMS {
        let project = Project::new();
        lacking(system, || replace(&project.deps(), &project.aside())).unwrap();
        assert_eq!(project.tree(), new_tree());
        project.leaves_nothing_behind();
        // Again: nothing to do.
        replace(&project.deps(), &project.aside()).unwrap();
        assert_eq!(project.tree(), new_tree());
    }
}

#[cfg(unix)]
#[test]
fn what_has_the_wanted_content_is_not_touched() {
    use std::os::unix::fs::MetadataExt as _;
    let project = Project::new();
    let state = |path: &str| {
        let found = fs::metadata(project.deps().join(path)).unwrap();
        (
            found.ino(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime_nsec(),
        )
    };
    let before = [state("same"), state("same/package.wit"), state("mine")];
    replace(&project.deps(), &project.aside()).unwrap();
    assert_eq!(
        before,
        [state("same"), state("same/package.wit"), state("mine")]
    );
}

#[test]
fn dropped_before_commit_it_never_was() {
    let project = Project::new();
    let before = project.tree();
    let mut replacement = begin(&project.deps(), &project.aside()).unwrap();
    replacement.put_file("stamp", b"new").unwrap();
    replacement.remove("gone").unwrap();
    assert_eq!(project.tree(), before, "nothing before the commit");
    drop(replacement);
    assert_eq!(project.tree(), before);
    project.leaves_nothing_behind();
}

#[test]
fn a_missing_directory_is_made_for_entries_only() {
    let root = tempfile::tempdir().unwrap();
    let (deps, aside) = (root.path().join("wit/deps"), root.path().join("wit/.aside"));
    let mut replacement = begin(&deps, &aside).unwrap();
    replacement.remove("x").unwrap();
    replacement.commit().unwrap();
    assert!(!deps.exists());
    let mut replacement = begin(&deps, &aside).unwrap();
    replacement.put_file("x", b"x").unwrap();
    replacement.commit().unwrap();
    assert_eq!(fs::read(deps.join("x")).unwrap(), b"x");
}

/// Kills a replacement at every point; then, the first time at a point of this name, the recovery at
/// every other point; then recovers.
fn kill_everywhere(system: &'static [Ability], always_there: bool) {
    let old = Project::new().tree();
    let new = new_tree();
    let mut points = BTreeSet::new();
    let mut outcomes = BTreeSet::new();
    for nth in 0.. {
        let mut recovery_ended = false;
        let mut again = false;
        // There are thousands of pairs.
        for mth in (nth % 2..).step_by(2) {
            let project = Project::new();
            let (deps, aside) = (project.deps(), project.aside());
            let killed = killed_at(nth, move || {
                lacking(system, || replace(&deps, &aside)).unwrap();
            });
            let Outcome::Killed(point) = killed else {
                assert!(points.len() > 10, "{points:?}");
                assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["new", "old"]);
                return;
            };
            let thoroughly = points.insert(point) || again;
            again = true;
            old_or_new(&project.tree(), &old, &new, always_there, point);

            let (deps, aside) = (project.deps(), project.aside());
            let second = killed_at(if thoroughly { mth } else { usize::MAX }, move || {
                lacking(system, || recover(&deps, &aside)).unwrap();
            });
            let at = match second {
                Outcome::Killed(second) => format!("{point}, then {second}"),
                Outcome::Finished(()) => {
                    recovery_ended = true;
                    point.to_owned()
                }
            };
            old_or_new(&project.tree(), &old, &new, always_there, &at);
            let recovered = lacking(system, || project.recover()).unwrap();
            assert!(
                !matches!(&recovered, Recovered::Completed { kept } if !kept.is_empty())
                    && recovered != Recovered::Restored,
                "{at}: {recovered:?}"
            );
            let tree = project.tree();
            assert!(tree == old || tree == new, "{at}: {tree:#?}");
            outcomes.insert(if tree == old { "old" } else { "new" });
            project.leaves_nothing_behind();
            if recovery_ended {
                break;
            }
        }
        assert!(recovery_ended);
    }
}

fn old_or_new(found: &Tree, old: &Tree, new: &Tree, always_there: bool, at: &str) {
    for name in NAMES {
        let entry_found = entry(found, name);
        let gap = !always_there && entry_found.is_empty();
        assert!(
            gap || entry_found == entry(old, name) || entry_found == entry(new, name),
            "{at}: `{name}` is {entry_found:#?}"
        );
    }
    assert_eq!(entry(found, "notes.txt"), entry(old, "notes.txt"));
    let strangers: Vec<_> = found
        .keys()
        .filter(|path| !old.contains_key(*path) && !new.contains_key(*path))
        .collect();
    assert!(strangers.is_empty(), "{at}: {strangers:?}");
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
#[test]
fn killed_anywhere_each_entry_is_old_or_new_and_the_next_run_finishes() {
    kill_everywhere(&[Ability::Sync], true);
}

#[test]
fn killed_anywhere_without_atomic_exchange_each_entry_is_old_or_new_or_between() {
    kill_everywhere(&[Ability::Exchange, Ability::Sync], false);
}

#[test]
fn killed_anywhere_where_directories_cannot_be_moved() {
    kill_everywhere(&[Ability::Exchange, Ability::Move, Ability::Sync], false);
}

#[test]
fn an_error_anywhere_leaves_the_old_tree() {
    for system in SYSTEMS {
        let old = Project::new().tree();
        let mut failed = 0;
        for nth in 0.. {
            let project = Project::new();
            let (point, result) = failing_at(nth, || {
                lacking(system, || replace(&project.deps(), &project.aside()))
            });
            let Some(point) = point else {
                result.unwrap();
                break;
            };
            match result {
                Err(error) => {
                    failed += 1;
                    assert_eq!(error.kind(), FsErrorKind::NoSpace, "{point}: {error}");
                    assert_eq!(project.tree(), old, "{point}");
                }
                // What fails after the last change does not undo it.
                Ok(()) => assert_eq!(project.tree(), new_tree(), "{point}"),
            }
            project.recover().unwrap();
            project.leaves_nothing_behind();
        }
        assert!(failed > 15, "{failed}");
    }
}

#[test]
fn where_undoing_fails_too_the_next_run_completes() {
    let mut not_undone = 0;
    for nth in 0.. {
        let project = Project::new();
        let (point, result) = failing_from(nth, || replace(&project.deps(), &project.aside()));
        let Some(point) = point else { break };
        if let Err(error) = result {
            not_undone += usize::from(matches!(error, FsError::NotUndone { .. }));
            assert_eq!(error.kind(), FsErrorKind::NoSpace);
            assert!(error.help().is_some());
        }
        old_or_new(
            &project.tree(),
            &Project::new().tree(),
            &new_tree(),
            true,
            point,
        );
        project.recover().unwrap();
        let tree = project.tree();
        assert!(
            tree == Project::new().tree() || tree == new_tree(),
            "{point}"
        );
        project.leaves_nothing_behind();
    }
    assert!(not_undone > 3, "{not_undone}");
}

/// Kills a replacement at the first point of this name.
fn killed_after(wanted: &str, system: &'static [Ability]) -> Project {
    for nth in 0.. {
        let project = Project::new();
        let (deps, aside) = (project.deps(), project.aside());
        match killed_at(nth, move || {
            lacking(system, || replace(&deps, &aside)).unwrap();
        }) {
            Outcome::Killed(point) if point == wanted => {
                return project;
            }
            Outcome::Killed(_) => {}
            Outcome::Finished(()) => break,
        }
    }
    panic!("no point `{wanted}`");
}

#[test]
fn what_the_user_changed_after_a_kill_is_left_alone() {
    let project = killed_after("journal: in force", &[]);
    for (path, content) in [("changed/package.wit", "edited"), ("gone.wasm", "edited")] {
        write_atomic(project.deps().join(path), content).unwrap();
    }
    fs::create_dir(project.deps().join("made")).unwrap();
    write_atomic(project.deps().join("made/mine.wit"), "mine").unwrap();
    let Recovered::Completed { kept } = project.recover().unwrap() else {
        panic!("nothing to complete");
    };
    assert_eq!(kept, ["changed", "made", "gone.wasm"]);
    let tree = project.tree();
    assert_eq!(tree["changed/package.wit"], "edited");
    assert_eq!(tree["changed/extra/deep.wit"], "old");
    assert_eq!(tree["gone.wasm"], "edited");
    assert_eq!(entry(&tree, "made").len(), 2);
    assert_eq!(tree["kind/package.wit"], "new");
    project.leaves_nothing_behind();
}

#[test]
fn a_damaged_new_entry_is_not_put_in_place() {
    let project = killed_after("journal: in force", &[]);
    write_atomic(project.aside().join("new/kind/package.wit"), "torn").unwrap();
    let recovered = project.recover().unwrap();
    let kept = vec!["kind".to_owned()];
    assert_eq!(recovered, Recovered::Completed { kept });
    assert!(project.tree()["kind"].starts_with("a file"));

    // The old one had been moved away, and comes back.
    let project = killed_after("replace: moved away", &[Ability::Exchange]);
    assert!(entry(&project.tree(), "changed").is_empty());
    write_atomic(project.aside().join("new/changed/package.wit"), "torn").unwrap();
    let kept = vec!["changed".to_owned()];
    assert_eq!(project.recover().unwrap(), Recovered::Completed { kept });
    assert_eq!(project.tree()["changed/extra/deep.wit"], "old");
}

#[test]
fn a_deletion_that_did_not_come_to_its_end_is_told_from_an_edit() {
    let system = &[Ability::Exchange, Ability::Move];
    // Half deleted when the process died: all that is left is in the copy too.
    let project = killed_after("replace: copy in place", system);
    wits_fs::remove_file(project.deps().join("changed/package.wit")).unwrap();
    let kept = Vec::new();
    assert_eq!(project.recover().unwrap(), Recovered::Completed { kept });
    assert_eq!(project.tree(), new_tree());

    // Edited since: that is nowhere else.
    let project = killed_after("replace: copy in place", system);
    write_atomic(project.deps().join("changed/package.wit"), "edited").unwrap();
    let kept = vec!["changed".to_owned()];
    assert_eq!(project.recover().unwrap(), Recovered::Completed { kept });
    assert_eq!(project.tree()["changed/package.wit"], "edited");
    assert_eq!(project.tree()["changed/extra/deep.wit"], "old");
}

#[test]
fn a_deleted_directory_after_a_kill_is_made_again() {
    let project = killed_after("journal: in force", &[]);
    wits_fs::remove_dir_all(project.deps()).unwrap();
    project.recover().unwrap();
    assert_eq!(project.tree()["changed/package.wit"], "new");
    project.leaves_nothing_behind();
}

#[test]
fn a_damaged_journal_loses_nothing() {
    for garbage in [
        "",
        "{",
        r#"{"version":1,"steps":[{"name":"../world.wit","old":null,"new":null}]}"#,
    ] {
        let project = killed_after("replace: moved away", &[Ability::Exchange]);
        assert!(entry(&project.tree(), "changed").is_empty());
        write_atomic(project.aside().join("journal.json"), garbage).unwrap();
        assert_eq!(project.recover().unwrap(), Recovered::Restored);
        assert_eq!(project.tree(), Project::new().tree());
        project.leaves_nothing_behind();
    }
}

#[test]
fn a_journal_of_a_newer_version_is_refused() {
    let project = killed_after("replace: moved away", &[Ability::Exchange]);
    let before = project.tree();
    write_atomic(
        project.aside().join("journal.json"),
        r#"{"version":2,"x":1}"#,
    )
    .unwrap();
    let error = project.recover().unwrap_err();
    assert!(error.to_string().contains("newer wits"), "{error}");
    assert!(error.help().is_some());
    assert_eq!(project.tree(), before);
}

#[test]
fn two_at_once_come_one_after_the_other() {
    let project = Project::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..5 {
                    replace(&project.deps(), &project.aside()).unwrap();
                    let mut replacement = begin(&project.deps(), &project.aside()).unwrap();
                    let content = format!("{round}");
                    replacement
                        .put_dir("changed", &[("package.wit", content.as_bytes())])
                        .unwrap();
                    replacement.commit().unwrap();
                }
            });
        }
    });
    replace(&project.deps(), &project.aside()).unwrap();
    assert_eq!(project.tree(), new_tree());
    project.leaves_nothing_behind();
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let project = Project::new();
    let mut replacement = begin(&project.deps(), &project.aside()).unwrap();
    for name in ["", ".", "..", "../world.wit", "a/b", "a\\b", "C:", "/etc"] {
        replacement.remove(name).unwrap_err();
        replacement.put_file(name, b"").unwrap_err();
        replacement.put_dir(name, &[]).unwrap_err();
    }
    replacement.put_dir("inside", &[("../x", b"")]).unwrap_err();
    replacement.put_file("twice", b"").unwrap();
    replacement.remove("twice").unwrap_err();
}

#[test]
fn a_file_of_the_user_in_the_room_aside_survives() {
    let project = Project::new();
    fs::create_dir(project.aside()).unwrap();
    write_atomic(project.aside().join("mine"), "mine").unwrap();
    replace(&project.deps(), &project.aside()).unwrap();
    assert_eq!(fs::read(project.aside().join("mine")).unwrap(), b"mine");
    assert_eq!(fs::read_dir(project.aside()).unwrap().count(), 1);
    assert!(!Replacement::was_interrupted(project.aside()));
}

#[cfg(unix)]
#[test]
fn symlinks_in_the_room_aside_are_not_followed() {
    use std::os::unix::fs::symlink;
    for link in ["", "new", "old", "copy"] {
        let project = Project::new();
        let elsewhere = tempfile::tempdir().unwrap();
        write_atomic(elsewhere.path().join("changed"), "precious").unwrap();
        if !link.is_empty() {
            fs::create_dir(project.aside()).unwrap();
        }
        let link = project.aside().join(link);
        let link = link.components().collect::<PathBuf>();
        symlink(elsewhere.path(), &link).unwrap();
        let error = replace(&project.deps(), &project.aside()).unwrap_err();
        assert!(error.to_string().contains("link"), "{error}");
        assert_eq!(tree(elsewhere.path()).len(), 1);
        assert_eq!(project.tree(), Project::new().tree());
    }
}

#[cfg(unix)]
#[test]
fn a_journal_that_came_with_a_project_does_not_lead_out_of_it() {
    let project = killed_after("journal: in force", &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    wits_fs::remove_dir_all(project.deps()).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), project.deps()).unwrap();
    project.recover().unwrap_err();
    assert!(tree(elsewhere.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn an_old_entry_that_is_a_symlink_is_removed_and_its_target_is_not() {
    let project = Project::new();
    let elsewhere = tempfile::tempdir().unwrap();
    write_atomic(elsewhere.path().join("package.wit"), "precious").unwrap();
    for name in ["changed", "gone"] {
        wits_fs::remove_dir_all(project.deps().join(name)).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), project.deps().join(name)).unwrap();
    }
    replace(&project.deps(), &project.aside()).unwrap();
    assert_eq!(project.tree(), new_tree());
    assert_eq!(tree(elsewhere.path())["package.wit"], "precious");
}
