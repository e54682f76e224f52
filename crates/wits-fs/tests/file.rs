//! Writes of whole files.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use wits_fs::kill_points::{Outcome, failing_at, killed_at};
use wits_fs::{
    FsError, FsErrorKind, read, read_if_exists, write_atomic, write_if_changed, write_new,
    write_whole,
};

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_write_replaces_and_leaves_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wits.lock");
    write_atomic(&path, "one").unwrap();
    write_atomic(&path, "two").unwrap();
    assert_eq!(read(&path).unwrap(), b"two");
    assert_eq!(names(dir.path()), ["wits.lock"]);
}

/// Either way of replacing a file.
type Replace = fn(&Path, &str) -> Result<(), FsError>;

#[test]
fn after_a_kill_a_file_is_old_or_new() {
    let both: [Replace; 2] = [
        |path, text| write_atomic(path, text),
        |path, text| write_whole(path, text),
    ];
    both.into_iter().for_each(is_old_or_new_after_a_kill);
}

fn is_old_or_new_after_a_kill(replace: Replace) {
    let mut points = Vec::new();
    for nth in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        replace(&path, "old").unwrap();
        let target = path.clone();
        match killed_at(nth, move || replace(&target, "new").unwrap()) {
            Outcome::Finished(()) => break,
            Outcome::Killed(point) => {
                let found = read(&path).unwrap();
                assert!(found == b"old" || found == b"new", "{point}: {found:?}");
                assert_eq!(names(dir.path()).len(), if found == b"new" { 1 } else { 2 });
                write_new(dir.path().join("other"), "").unwrap();
                assert_eq!(
                    names(dir.path()),
                    ["file", "other"],
                    "{point}: what was left is gone"
                );
                points.push((point, found == b"new"));
            }
        }
    }
    assert_eq!(
        points,
        [
            ("write: temporary file made", false),
            ("write: temporary file filled", false),
            ("write: temporary file complete", false),
            ("write: renamed", true)
        ]
    );
}

#[test]
fn after_a_failure_the_old_file_stands_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    write_atomic(&path, "old").unwrap();
    for (nth, expected) in [
        "write: temporary file made",
        "write: temporary file filled",
        "write: temporary file complete",
    ]
    .into_iter()
    .enumerate()
    {
        let (point, result) = failing_at(nth, || write_atomic(&path, "new"));
        assert_eq!(point, Some(expected));
        let error = result.unwrap_err();
        assert_eq!(error.kind(), FsErrorKind::NoSpace);
        assert_eq!(
            error.to_string(),
            format!(
                "cannot write `{}`: no space left on the disk, or the quota is used up",
                path.display()
            )
        );
        assert!(error.help().is_some());
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["file"]);
    }
}

#[test]
fn unchanged_content_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    assert!(write_if_changed(&path, "same").unwrap());
    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(long_ago).unwrap();
    assert!(!write_if_changed(&path, "same").unwrap());
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago);
    assert!(write_if_changed(&path, "other").unwrap());
    assert_ne!(fs::metadata(&path).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn write_new_never_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    write_new(&path, "mine").unwrap();
    let error = write_new(&path, "yours").unwrap_err();
    assert_eq!(error.kind(), FsErrorKind::Exists);
    assert_eq!(read(&path).unwrap(), b"mine");
    assert_eq!(names(dir.path()), ["file"]);
}

#[test]
fn an_error_names_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no/file");
    assert_eq!(read_if_exists(&path).unwrap(), None);
    for error in [
        read(&path).unwrap_err(),
        write_atomic(&path, "").unwrap_err(),
    ] {
        assert_eq!(error.kind(), FsErrorKind::NotFound);
        assert_eq!(error.path(), path);
        assert!(error.to_string().contains("no/file`"), "{error}");
        assert!(!error.to_string().contains(".wits-"), "{error}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_new_file_has_the_mode_of_any_new_file_and_an_old_one_keeps_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let path = dir.path().join(name);
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        drop(fs::File::create(dir.path().join("usual")).unwrap());
        write_atomic(dir.path().join("atomic"), "x").unwrap();
        write_new(dir.path().join("new"), "x").unwrap();
        assert_eq!(mode("atomic"), mode("usual"));
        assert_eq!(mode("new"), mode("usual"));

        let private = dir.path().join("atomic");
        fs::set_permissions(&private, fs::Permissions::from_mode(0o640)).unwrap();
        write_atomic(&private, "y").unwrap();
        assert_eq!(mode("atomic"), 0o640);
    }

    #[test]
    fn a_symlink_is_written_through() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("dotfiles")).unwrap();
        let link = dir.path().join("registry.toml");
        symlink("dotfiles/registry.toml", &link).unwrap();
        for content in ["made", "replaced"] {
            write_atomic(&link, content).unwrap();
            assert!(link.is_symlink());
            assert_eq!(
                read(dir.path().join("dotfiles/registry.toml")).unwrap(),
                content.as_bytes()
            );
        }
        assert_eq!(names(dir.path()), ["dotfiles", "registry.toml"]);
        let circle = dir.path().join("circle");
        symlink("circle", &circle).unwrap();
        write_atomic(&circle, "x").unwrap_err();
    }

    #[test]
    fn what_is_private_is_its_owners_only_whatever_was_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        wits_fs::write_private(&path, "made").unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        wits_fs::write_private(&path, "replaced").unwrap();
        assert_eq!(mode(), 0o600);
        assert_eq!(read(&path).unwrap(), b"replaced");
        assert_eq!(names(dir.path()), ["config.json"]);
    }

    #[test]
    fn removing_a_link_to_a_directory_leaves_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        wits_fs::remove_dir_all(&link).unwrap();
        assert!(real.is_dir() && !link.is_symlink());
        wits_fs::remove_dir_all(&link).unwrap();
    }
}
