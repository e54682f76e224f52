//! What stands in the place of an entry of `wit/deps`, in words.

// Tests write files as they like.
#![allow(clippy::disallowed_methods)]

use std::fs;

use wits_model::Digest;
use wits_store::deps::{Place, place};

#[test]
fn an_entry_or_what_is_there_instead() {
    let dir = tempfile::tempdir().unwrap();
    let deps = dir.path();
    let write = |path: &str, text: &str| {
        let path = deps.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let other = |what: &str| Place::Other(what.to_owned());
    write("a-b-1.0.0/package.wit", "package a:b@1.0.0;");
    write("c-d-1.0.0.wasm", "wasm");
    write("company/package.wit", "package a:b@1.0.0;");
    write("company/more.wit", "");
    write("file", "package a:b@1.0.0;");
    fs::create_dir(deps.join("empty")).unwrap();
    fs::create_dir_all(deps.join("nested/package.wit")).unwrap();
    for (name, expected) in [
        (
            "a-b-1.0.0",
            Place::Entry {
                text: Digest::of("package a:b@1.0.0;"),
                size: 18,
            },
        ),
        (
            "c-d-1.0.0.wasm",
            Place::Entry {
                text: Digest::of("wasm"),
                size: 4,
            },
        ),
        ("missing", Place::Empty),
        ("missing.wasm", Place::Empty),
        ("company", other("a directory that has `more.wit` in it")),
        ("file", other("something else than a directory")),
        ("empty", other("an empty directory")),
        (
            "nested",
            other("a directory whose package.wit is no plain file"),
        ),
    ] {
        assert_eq!(place(deps, name).unwrap(), expected, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let deps = dir.path();
    fs::create_dir(deps.join("real")).unwrap();
    fs::write(deps.join("real/package.wit"), "").unwrap();
    fs::create_dir(deps.join("inside")).unwrap();
    for (target, link) in [
        ("real", "linked"),
        ("real/package.wit", "linked.wasm"),
        ("nowhere", "dangling"),
        ("../real/package.wit", "inside/package.wit"),
    ] {
        std::os::unix::fs::symlink(target, deps.join(link)).unwrap();
    }
    for name in ["linked", "linked.wasm", "dangling"] {
        let link = Place::Other("a symbolic link".to_owned());
        assert_eq!(place(deps, name).unwrap(), link, "{name}");
    }
    assert!(matches!(place(deps, "inside").unwrap(), Place::Other(_)));
}
