//! The cache: what goes in comes out, or is missed.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use wits_fs::kill_points::{Outcome, failing_at, killed_at};
use wits_fs::write_atomic;
use wits_model::{Blob, Digest, ErrorKind};
use wits_store::{Cache, Lookup, ProjectLock, StoreError};

fn cache() -> (tempfile::TempDir, Cache) {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path().join("made/on/demand"));
    (dir, cache)
}

fn blob(cache: &Cache, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    cache
        .dir()
        .join("v1/blobs/sha256")
        .join(&hex[..2])
        .join(hex)
}

#[test]
fn what_is_put_can_be_got() {
    let (_dir, cache) = cache();
    let digest = Digest::of("bytes");
    assert_eq!(cache.get(&digest).unwrap(), Lookup::Miss);
    assert!(!cache.has(&digest));
    assert!(!cache.dir().exists(), "looking makes nothing");
    cache.put(&Blob::of("bytes")).unwrap();
    assert!(cache.has(&digest));
    assert_eq!(cache.get(&digest).unwrap(), Lookup::Hit(Blob::of("bytes")));
    assert!(blob(&cache, &digest).is_file());
    let tag = fs::read_to_string(cache.dir().join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
    // An empty blob is one too.
    cache.put(&Blob::of("")).unwrap();
    assert_eq!(
        cache.get(&Digest::of("")).unwrap(),
        Lookup::Hit(Blob::of(""))
    );
}

#[test]
fn a_bad_entry_is_set_aside_and_fetched_again() {
    for bad in ["", "byt", "bytez", "bytes and more"] {
        let (_dir, cache) = cache();
        let digest = Digest::of("bytes");
        for number in 1..3 {
            cache.put(&Blob::of("bytes")).unwrap();
            write_atomic(blob(&cache, &digest), bad).unwrap();
            let aside = cache
                .dir()
                .join(format!("v1/damaged/{}.{number}", digest.hex()));
            assert_eq!(
                cache.get(&digest).unwrap(),
                Lookup::Damaged {
                    path: blob(&cache, &digest),
                    set_aside: Some(aside.clone()),
                }
            );
            assert_eq!(fs::read(aside).unwrap(), bad.as_bytes());
            assert_eq!(cache.get(&digest).unwrap(), Lookup::Miss, "told once");
        }
        // Nobody looked: what is put heals it.
        cache.put(&Blob::of("bytes")).unwrap();
        write_atomic(blob(&cache, &digest), bad).unwrap();
        cache.put(&Blob::of("bytes")).unwrap();
        assert_eq!(cache.get(&digest).unwrap(), Lookup::Hit(Blob::of("bytes")));
    }
}

#[test]
fn something_else_in_the_place_of_a_blob_or_a_directory_is_damage() {
    let digest = Digest::of("bytes");
    for depth in 0..3 {
        let (_dir, cache) = cache();
        let place = blob(&cache, &digest)
            .ancestors()
            .nth(depth)
            .unwrap()
            .to_owned();
        if depth == 0 {
            fs::create_dir_all(&place).unwrap();
        } else {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            write_atomic(&place, "a file").unwrap();
        }
        let Lookup::Damaged { path, set_aside } = cache.get(&digest).unwrap() else {
            panic!("{place:?}");
        };
        assert_eq!(path, place);
        assert!(set_aside.unwrap().exists());
        cache.put(&Blob::of("bytes")).unwrap();
        assert_eq!(cache.get(&digest).unwrap(), Lookup::Hit(Blob::of("bytes")));
    }
}

#[test]
fn many_at_once_do_no_harm() {
    let (_dir, cache) = cache();
    let blobs: Vec<String> = (0..8).map(|n| format!("blob {n}").repeat(1000)).collect();
    thread::scope(|scope| {
        for thread in 0..20 {
            let (cache, blobs) = (&cache, &blobs);
            scope.spawn(move || {
                for turn in 0..blobs.len() {
                    let bytes = &blobs[(turn + thread) % blobs.len()];
                    let digest = Digest::of(bytes);
                    match cache.get(&digest).unwrap() {
                        Lookup::Hit(found) => assert_eq!(found, &bytes.as_bytes()),
                        Lookup::Miss => {}
                        damaged @ Lookup::Damaged { .. } => panic!("{damaged:?}"),
                    }
                    cache.put(&Blob::of(bytes.as_bytes())).unwrap();
                    assert!(matches!(cache.get(&digest).unwrap(), Lookup::Hit(_)));
                }
            });
        }
    });
    assert_eq!(files(&cache.dir().join("v1/blobs")), blobs.len());
}

fn files(dir: &Path) -> usize {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files(&path) } else { 1 })
        .sum()
}

#[test]
fn after_a_kill_a_blob_is_there_or_not() {
    for nth in 0.. {
        let (_dir, cache) = cache();
        let digest = Digest::of("bytes");
        let other = cache.clone();
        let outcome = killed_at(nth, move || other.put(&Blob::of("bytes")).unwrap());
        let found = cache.get(&digest).unwrap();
        assert!(
            found == Lookup::Miss || found == Lookup::Hit(Blob::of("bytes")),
            "{outcome:?}: {found:?}"
        );
        cache.put(&Blob::of("bytes")).unwrap();
        if matches!(outcome, Outcome::Finished(())) {
            assert!(nth > 1);
            break;
        }
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_told_apart() {
    let (_dir, cache) = cache();
    let digest = Digest::of("bytes");
    let (point, result) = failing_at(0, || cache.put(&Blob::of("bytes")));
    assert!(point.is_some());
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::CacheUnwritable(_)), "{error}");
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(error.help().unwrap().contains("space"));

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    write_atomic(&file, "").unwrap();
    let cache = Cache::open(file.join("cache"));
    let error = cache.put(&Blob::of("bytes")).unwrap_err();
    assert!(matches!(error, StoreError::CacheUnwritable(_)), "{error}");
    assert_eq!(cache.get(&digest).unwrap(), Lookup::Miss);
    let error = ProjectLock::acquire(&cache, dir.path(), "", Duration::ZERO, &mut |_| {});
    assert!(matches!(error, Err(StoreError::CacheUnwritable(_))));
}

#[test]
fn a_project_has_one_lock_by_whatever_path_and_nothing_of_it_in_the_project() {
    let (_dir, cache) = cache();
    let project = tempfile::tempdir().unwrap();
    let root = project.path().join("app");
    fs::create_dir(&root).unwrap();
    let acquire =
        |root: &Path| ProjectLock::acquire(&cache, root, "wits fetch", Duration::ZERO, &mut |_| {});
    let held = acquire(&root).unwrap();
    let error = acquire(&root.join("../app")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.to_string().contains("wits fetch"), "{error}");
    acquire(project.path()).unwrap();
    assert_eq!(files(project.path()), 0);
    drop(held);
    acquire(&root).unwrap();
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_symlink_in_the_cache_is_damage_and_is_not_followed() {
        let digest = Digest::of("bytes");
        for depth in 0..5 {
            let (_dir, cache) = cache();
            let elsewhere = tempfile::tempdir().unwrap();
            let target = if depth == 0 {
                write_atomic(elsewhere.path().join("good"), "bytes").unwrap();
                elsewhere.path().join("good")
            } else {
                elsewhere.path().to_owned()
            };
            let place = blob(&cache, &digest)
                .ancestors()
                .nth(depth)
                .unwrap()
                .to_owned();
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            symlink(&target, &place).unwrap();
            let Lookup::Damaged { path, set_aside } = cache.get(&digest).unwrap() else {
                panic!("{place:?}");
            };
            assert_eq!(path, place);
            let put = cache.put(&Blob::of("bytes"));
            // The directory `v1` itself cannot be set aside within itself.
            assert_eq!(put.is_ok(), depth < 4, "{put:?}");
            assert_eq!(set_aside.is_some(), depth < 4);
            assert_eq!(files(elsewhere.path()), usize::from(depth == 0));
        }
    }

    #[test]
    fn a_symlink_is_not_written_through() {
        let (_dir, cache) = cache();
        let digest = Digest::of("bytes");
        let place = blob(&cache, &digest);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path().join("made"), &place).unwrap();
        cache.put(&Blob::of("bytes")).unwrap();
        assert_eq!(files(elsewhere.path()), 0);
        assert_eq!(cache.get(&digest).unwrap(), Lookup::Hit(Blob::of("bytes")));
    }

    #[test]
    fn the_cache_itself_may_be_a_symlink() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        let cache = Cache::open(link);
        cache.put(&Blob::of("bytes")).unwrap();
        assert!(real.join("v1").is_dir());
    }

    #[test]
    fn a_cache_that_may_only_be_read_still_gives() {
        let (_dir, cache) = cache();
        cache.put(&Blob::of("good")).unwrap();
        cache.put(&Blob::of("bad")).unwrap();
        write_atomic(blob(&cache, &Digest::of("bad")), "flipped").unwrap();
        let set_modes = |mode: u32| {
            let mut dirs = vec![cache.dir().to_owned()];
            let mut all = Vec::new();
            while let Some(dir) = dirs.pop() {
                for entry in fs::read_dir(&dir).unwrap() {
                    let path = entry.unwrap().path();
                    dirs.extend(path.is_dir().then_some(path));
                }
                all.push(dir);
            }
            for dir in all {
                fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        set_modes(0o555);
        // Modes do not stop root: then the cache is set aside from and written to as ever.
        let may_write_anyway = fs::File::create(cache.dir().join("probe")).is_ok();
        let good = cache.get(&Digest::of("good")).unwrap();
        let bad = cache.get(&Digest::of("bad")).unwrap();
        let put = cache.put(&Blob::of("new"));
        set_modes(0o755);
        assert_eq!(good, Lookup::Hit(Blob::of("good")));
        let Lookup::Damaged { set_aside, .. } = bad else {
            panic!("{bad:?}");
        };
        assert_eq!(set_aside.is_some(), may_write_anyway);
        assert_eq!(
            matches!(put, Err(StoreError::CacheUnwritable(_))),
            !may_write_anyway
        );
    }
}
