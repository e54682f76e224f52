//! Looking the cache through, pruning and emptying it, also while others use it.

// Tests write files as they like.
#![allow(clippy::disallowed_methods)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use wits_model::{Blob, Digest, ErrorKind};
use wits_store::cache::audit::{BadContent, Examined};
use wits_store::cache::prune::PruneOptions;
use wits_store::{Cache, Lookup, ProjectLock, Stock, StoreError};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn cache() -> (tempfile::TempDir, Cache) {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path().join("cache"));
    (dir, cache)
}

fn put(cache: &Cache, text: &str) -> PathBuf {
    let digest = Digest::of(text);
    cache.put(&Blob::of(text.as_bytes())).unwrap();
    let hex = digest.hex();
    let home = cache.dir().join("v1/blobs/sha256").join(&hex[..2]);
    home.join(hex)
}

fn aged(path: &Path, age: Duration) {
    let then = SystemTime::now() - age;
    File::open(path).unwrap().set_modified(then).unwrap();
}

/// Every path below `dir`, sorted, without those that only lead there.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                dirs.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn stock(count: u64, bytes: u64) -> Stock {
    Stock { count, bytes }
}

#[test]
fn a_missing_cache_is_an_empty_one_and_stays_missing() {
    let (_dir, cache) = cache();
    assert_eq!(cache.size().unwrap().blobs, stock(0, 0));
    assert!(cache.audit(true).unwrap().damaged.is_empty());
    assert_eq!(cache.prune(&PruneOptions::default()).unwrap().bytes(), 0);
    assert_eq!(cache.clean().unwrap().removed, stock(0, 0));
    assert!(!cache.dir().exists());
}

#[test]
fn a_file_is_no_cache() {
    let (_dir, cache) = cache();
    fs::write(cache.dir(), "mine").unwrap();
    let errors = [
        cache.size().err(),
        cache.audit(true).err(),
        cache.prune(&PruneOptions::default()).err(),
        cache.clean().err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(matches!(error, StoreError::NotACache { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Project);
    }
    assert_eq!(fs::read(cache.dir()).unwrap(), b"mine");
}

#[test]
fn every_kind_of_damage_is_found_and_set_aside() {
    let (_dir, cache) = cache();
    let good = put(&cache, "good");
    let flipped = put(&cache, "flipped");
    fs::write(&flipped, "flopped").unwrap();
    let empty = put(&cache, "empty");
    fs::write(&empty, "").unwrap();
    let directory = put(&cache, "directory");
    fs::remove_file(&directory).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::write(cache.dir().join("v1/blobs/sha256/zz"), "a file").unwrap();
    let foreign = cache.dir().join("v1/blobs/sha256/zz");

    let before = files(cache.dir());
    let audit = cache.audit(false).unwrap();
    assert_eq!(files(cache.dir()), before, "looking changes nothing");
    assert_eq!(audit.blobs, stock(3, 4 + 7));
    assert_eq!(audit.foreign, [foreign]);
    let mut expected = vec![
        (
            flipped,
            BadContent::Bytes {
                digest: Digest::of("flopped"),
                size: 7,
            },
        ),
        (
            empty.clone(),
            BadContent::Bytes {
                digest: Digest::of(""),
                size: 0,
            },
        ),
        (directory, BadContent::Other("a directory")),
    ];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let found = audit.damaged.iter();
    let found: Vec<_> = found
        .map(|bad| (bad.path.clone(), bad.found.clone()))
        .collect();
    assert_eq!(found, expected);
    let Examined::Bad(bad) = cache.examine(&Digest::of("empty")).unwrap() else {
        panic!("it is empty");
    };
    assert_eq!((bad.path, bad.set_aside), (empty, None));
    assert_eq!(files(cache.dir()), before, "nor does looking at one");

    let repaired = cache.audit(true).unwrap();
    assert!(repaired.damaged.iter().all(|bad| bad.set_aside.is_some()));
    let again = cache.audit(false).unwrap();
    assert_eq!(again.damaged, []);
    assert_eq!(again.blobs, stock(1, 4));
    assert_eq!(again.set_aside.count, 3);
    assert_eq!(
        cache.get(&Digest::of("good")).unwrap(),
        Lookup::Hit(Blob::of("good"))
    );
    assert!(good.exists());
}

#[test]
fn a_blob_in_the_wrong_directory_is_not_one() {
    let (_dir, cache) = cache();
    let path = put(&cache, "blob");
    let elsewhere = cache.dir().join("v1/blobs/sha256/00");
    fs::create_dir_all(&elsewhere).unwrap();
    let moved = elsewhere.join(path.file_name().unwrap());
    fs::rename(&path, &moved).unwrap();
    let audit = cache.audit(true).unwrap();
    assert_eq!(audit.foreign, [moved]);
    assert_eq!(audit.blobs, stock(0, 0));
}

#[test]
fn pruning_takes_what_is_of_no_use_and_no_blob() {
    let (_dir, cache) = cache();
    let blob = put(&cache, "blob");
    aged(&blob, 400 * DAY);
    let bad = put(&cache, "bad");
    fs::write(&bad, "worse").unwrap();
    cache.get(&Digest::of("bad")).unwrap();
    let home = blob.parent().unwrap();
    let (old, new) = (home.join(".wits-oldold.tmp"), home.join(".wits-newnew.tmp"));
    fs::write(&old, "123").unwrap();
    aged(&old, 2 * 60 * 60 * Duration::from_secs(1));
    fs::write(&new, "123").unwrap();
    fs::create_dir_all(cache.dir().join("v0/things")).unwrap();
    fs::write(cache.dir().join("v0/things/one"), "1234567").unwrap();
    let notes = cache.dir().join("notes.txt");
    fs::write(&notes, "mine").unwrap();

    let options = PruneOptions {
        dry_run: true,
        ..PruneOptions::default()
    };
    let before = files(cache.dir());
    let would = cache.prune(&options).unwrap();
    assert_eq!(files(cache.dir()), before);
    let pruned = cache.prune(&PruneOptions::default()).unwrap();
    assert_eq!(pruned, would);
    assert_eq!(pruned.damaged, stock(1, 5));
    assert_eq!(pruned.temporary, stock(1, 3));
    assert_eq!(pruned.layouts, stock(1, 7));
    assert_eq!(pruned.left, stock(1, 4));
    assert_eq!(pruned.bytes(), 15);
    let tag = cache.dir().join("CACHEDIR.TAG");
    let mut left = vec![tag, notes, new, blob];
    left.sort();
    assert_eq!(files(cache.dir()), left);
    let again = cache.prune(&PruneOptions::default()).unwrap();
    assert_eq!(again.bytes(), 0);
}

#[test]
fn blobs_go_by_their_last_use() {
    let (_dir, cache) = cache();
    let texts = ["a", "bb", "ccc", "dddd"];
    let paths = texts.map(|text| put(&cache, text));
    for (path, days) in paths.iter().zip([40, 30, 20, 10]) {
        aged(path, days * DAY);
    }
    // Used: as good as new.
    cache.get(&Digest::of("a")).unwrap();
    let options = PruneOptions {
        unused_for: Some(25 * DAY),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().blobs, stock(1, 2));
    assert!(!paths[1].exists());
    let options = PruneOptions {
        max_bytes: Some(5),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().blobs, stock(1, 3));
    assert!(paths[0].exists() && !paths[2].exists() && paths[3].exists());
    // What is put again is used again.
    aged(&paths[3], 40 * DAY);
    put(&cache, "dddd");
    let options = PruneOptions {
        unused_for: Some(DAY),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().blobs, stock(0, 0));
    let options = PruneOptions {
        max_bytes: Some(0),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().left, stock(0, 0));
}

#[test]
fn what_was_set_aside_does_not_grow_without_end() {
    let (_dir, cache) = cache();
    let damaged = cache.dir().join("v1/damaged");
    for number in 0..50 {
        let text = format!("blob {number}");
        fs::write(put(&cache, &text), "").unwrap();
        let Lookup::Damaged { set_aside, .. } = cache.get(&Digest::of(&text)).unwrap() else {
            panic!("it is damaged");
        };
        assert!(set_aside.unwrap().exists(), "the last one is there");
    }
    assert_eq!(files(&damaged).len(), 32);
}

#[test]
fn cleaning_takes_what_wits_made_and_only_that() {
    let (_dir, cache) = cache();
    put(&cache, "blob");
    fs::write(put(&cache, "bad"), "worse").unwrap();
    cache.get(&Digest::of("bad")).unwrap();
    fs::create_dir_all(cache.dir().join("v0/things")).unwrap();
    drop(lock(&cache));
    cache.note_challenges("ghcr.io", true).unwrap();

    let mine = cache.dir().join("v1/blobs/mine");
    fs::write(&mine, "mine").unwrap();
    let before = files(cache.dir());
    let error = cache.clean().unwrap_err();
    assert!(error.to_string().contains("v1/blobs/mine"), "{error}");
    assert_eq!(files(cache.dir()), before, "nothing goes");
    fs::remove_file(mine).unwrap();

    let held = lock(&cache);
    let cleaned = cache.clean().unwrap();
    assert_eq!(cleaned.removed.bytes, 4 + 5);
    let holder = wits_fs::Holder {
        pid: Some(std::process::id()),
        what: Some("wits fetch".to_owned()),
    };
    if cfg!(unix) {
        assert_eq!(cleaned.held, [holder]);
        drop(held);
        assert_eq!(cache.clean().unwrap().held, []);
        assert_eq!(files(cache.dir()), [cache.dir().join("CACHEDIR.TAG")]);
        assert!(!cache.dir().join("v1").exists());
    }
    put(&cache, "blob");
}

/// What is known of hosts is no blob, and of use: only who removes everything removes it.
#[test]
fn what_is_known_of_a_host_stays_until_it_is_news() {
    let (_dir, cache) = cache();
    assert!(!cache.challenges("ghcr.io"));
    cache.note_challenges("ghcr.io", false).unwrap();
    assert!(
        !cache.dir().join("v1/hosts").exists() || files(&cache.dir().join("v1/hosts")).is_empty()
    );
    for _ in 0..2 {
        cache.note_challenges("ghcr.io", true).unwrap();
    }
    assert!(cache.challenges("ghcr.io"));
    assert!(!cache.challenges("ghcr.io:443"));
    let audit = cache.audit(false).unwrap();
    assert_eq!((audit.foreign, audit.damaged), (Vec::new(), Vec::new()));
    cache.prune(&PruneOptions::default()).unwrap();
    assert!(cache.challenges("ghcr.io"));
    cache.note_challenges("ghcr.io", false).unwrap();
    assert!(!cache.challenges("ghcr.io"));
    cache.note_challenges("ghcr.io", true).unwrap();
    cache.clean().unwrap();
    assert!(!cache.challenges("ghcr.io"));
}

fn lock(cache: &Cache) -> ProjectLock {
    let what = "wits fetch";
    let root = cache.dir().parent().unwrap();
    ProjectLock::acquire(cache, root, what, 60 * DAY, &mut |_| {}).unwrap()
}

#[test]
fn a_directory_that_is_no_cache_loses_nothing() {
    let (_dir, cache) = cache();
    fs::create_dir_all(cache.dir().join("v1/blobs/sha256/ab")).unwrap();
    for tag in [
        None,
        Some(""),
        Some("Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n"),
    ] {
        if let Some(tag) = tag {
            fs::write(cache.dir().join("CACHEDIR.TAG"), tag).unwrap();
        }
        let before = files(cache.dir());
        let error = cache.clean().unwrap_err();
        assert!(matches!(error, StoreError::NotACache { .. }), "{error}");
        assert_eq!(files(cache.dir()), before);
        assert!(cache.dir().join("v1/blobs/sha256/ab").exists());
    }
}

/// Whoever puts and gets while the cache is pruned to nothing and emptied finds the bytes or a miss, and can
/// always write.
#[test]
fn pruning_and_cleaning_disturb_nobody() {
    let (_dir, cache) = cache();
    let done = AtomicBool::new(false);
    let texts: Vec<String> = (0..8).map(|n| format!("blob {n}").repeat(100)).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let options = PruneOptions {
                max_bytes: Some(0),
                ..PruneOptions::default()
            };
            while !done.load(Ordering::SeqCst) {
                cache.prune(&options).unwrap();
                cache.clean().unwrap();
                assert_eq!(cache.audit(true).unwrap().damaged, []);
            }
        });
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (cache, texts) = (&cache, &texts);
                scope.spawn(move || {
                    for turn in 0..200 {
                        let text = &texts[(turn + worker) % texts.len()];
                        let digest = Digest::of(text);
                        let held = (worker == 0).then(|| lock(cache));
                        cache.put(&Blob::of(text.as_bytes())).unwrap();
                        match cache.get(&digest).unwrap() {
                            Lookup::Hit(bytes) => assert_eq!(bytes, &text.as_bytes()),
                            Lookup::Miss => {}
                            bad @ Lookup::Damaged { .. } => panic!("{bad:?}"),
                        }
                        drop(held);
                    }
                })
            })
            .collect();
        let ended: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        done.store(true, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok));
    });
    let damaged = cache.dir().join("v1/damaged");
    assert!(!damaged.exists() || files(&damaged).is_empty());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_named_and_never_followed() {
        let (dir, cache) = cache();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("mine"), "mine").unwrap();
        put(&cache, "blob");
        let linked = put(&cache, "linked");
        fs::remove_file(&linked).unwrap();
        symlink(elsewhere.join("mine"), &linked).unwrap();
        let home = cache.dir().join("v1/blobs/sha256").join("00");
        assert!(!home.exists());
        symlink(&elsewhere, &home).unwrap();
        symlink(&elsewhere, cache.dir().join("v0")).unwrap();
        let audit = cache.audit(false).unwrap();
        assert_eq!(audit.blobs, stock(1, 4));
        let mut bad: Vec<_> = audit.damaged.iter().map(|bad| bad.path.clone()).collect();
        bad.sort();
        let mut expected = vec![linked, home];
        expected.sort();
        assert_eq!(bad, expected);
        assert_eq!(audit.foreign, [cache.dir().join("v0")]);
        let options = PruneOptions {
            max_bytes: Some(0),
            ..PruneOptions::default()
        };
        cache.prune(&options).unwrap();
        assert!(cache.clean().is_err());
        cache.audit(true).unwrap();
        fs::remove_file(cache.dir().join("v0")).unwrap();
        cache.clean().unwrap();
        assert_eq!(files(&elsewhere), [elsewhere.join("mine")]);
    }

    #[test]
    fn a_cache_behind_a_link_is_emptied_and_the_link_stays() {
        let (dir, real) = cache();
        put(&real, "blob");
        let link = dir.path().join("link");
        symlink(real.dir(), &link).unwrap();
        let linked = Cache::open(&link);
        assert_eq!(linked.size().unwrap().blobs, stock(1, 4));
        assert_eq!(linked.clean().unwrap().removed, stock(1, 4));
        assert!(link.is_symlink());
        assert!(real.dir().is_dir());
    }
}
