//! Locks between processes (here: between open files, which is the same to the system).

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wits_fs::{FileLock, FsErrorKind, Holder};

const LONG: Duration = Duration::from_secs(30);
const NOT: Duration = Duration::ZERO;

fn nobody(holder: &Holder) {
    panic!("waited for {holder}");
}

#[test]
fn one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made/on/the/way/lock");
    let (inside, entered) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let lock = FileLock::acquire(&path, "count", LONG, &mut |_| {}).unwrap();
                assert!(!inside.swap(true, Ordering::SeqCst), "two at a time");
                entered.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
                inside.store(false, Ordering::SeqCst);
                drop(lock);
            });
        }
    });
    assert_eq!(entered.into_inner(), 20);
    assert!(path.exists(), "a lock file stays");
}

#[test]
fn a_waiter_is_told_for_whom_it_waits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = FileLock::acquire(&path, "wits fetch in /demo", LONG, &mut nobody).unwrap();
    let me = Holder {
        pid: Some(std::process::id()),
        what: Some("wits fetch in /demo".to_owned()),
    };

    let mut told = Vec::new();
    let begun = Instant::now();
    let error = FileLock::acquire(&path, "other", Duration::from_millis(80), &mut |holder| {
        told.push(holder.clone());
    })
    .unwrap_err();
    assert!(begun.elapsed() >= Duration::from_millis(80));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(told, [me], "once");
    assert_eq!(error.kind(), FsErrorKind::Held);
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is locked by process {} (`wits fetch in /demo`), and was not released within 0 s",
            path.display(),
            std::process::id()
        )
    );

    drop(held);
    assert_eq!(fs::read(&path).unwrap(), b"", "nobody holds it");
    FileLock::acquire(&path, "other", NOT, &mut nobody).unwrap();
}

#[test]
fn what_stands_in_a_lock_file_does_not_reach_the_terminal_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let _held = FileLock::acquire(&path, "x", LONG, &mut nobody).unwrap();
    for (text, shown) in [
        ("7\n\u{1b}[31mred\n", "process 7 (`[31mred`)"),
        ("7\n", "process 7"),
        ("", "another process"),
        ("nonsense\u{1b}", "another process"),
    ] {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(0).unwrap();
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
        let error = FileLock::acquire(&path, "y", NOT, &mut nobody).unwrap_err();
        assert!(
            error.to_string().contains(&format!("by {shown},")),
            "{error}"
        );
    }
}

#[test]
fn sharers_share_and_keep_others_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let first = FileLock::acquire_shared(&path, "read", NOT, &mut nobody).unwrap();
    let second = FileLock::acquire_shared(&path, "read", NOT, &mut nobody).unwrap();
    FileLock::acquire(&path, "write", NOT, &mut nobody).unwrap_err();
    drop(first);
    FileLock::acquire(&path, "write", NOT, &mut nobody).unwrap_err();
    drop(second);
    let _writer = FileLock::acquire(&path, "write", NOT, &mut nobody).unwrap();
    FileLock::acquire_shared(&path, "read", NOT, &mut nobody).unwrap_err();
}

#[cfg(unix)]
#[test]
fn a_lock_on_a_file_that_was_deleted_meanwhile_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let held = FileLock::acquire(&path, "first", LONG, &mut nobody).unwrap();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let lock = FileLock::acquire(&path, "second", LONG, &mut |_| {
                fs::remove_file(&path).unwrap();
            })
            .unwrap();
            // A third one must find the second one's lock by name.
            FileLock::acquire(&path, "third", NOT, &mut nobody).unwrap_err();
            drop(lock);
        });
        thread::sleep(Duration::from_millis(30));
        drop(held);
        waiter.join().unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_lock_is_not_taken_through_a_symlink() {
    let dir = tempfile::tempdir().unwrap();
    let precious = dir.path().join("precious");
    fs::File::create(&precious).unwrap();
    let mut file = fs::File::options().write(true).open(&precious).unwrap();
    std::io::Write::write_all(&mut file, b"precious").unwrap();
    let path = dir.path().join("lock");
    std::os::unix::fs::symlink(&precious, &path).unwrap();
    let error = FileLock::acquire(&path, "x", NOT, &mut nobody).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
}
