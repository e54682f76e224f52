//! No work is done twice in one run: every decoding, printing, encoding, parsing and hashing is counted by its
//! content ([`wits::model::counted`]). Each test says all that a run did, so that what it does twice stands here
//! with its reason. Files are known by what is in them; what no file holds is told by its number only.

// Throw-away files, and a failed claim is a panic.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use snapbox::{assert_data_eq, str};
use tempfile::TempDir;
use wits::model::Digest;
use wits::model::counted::{Counts, Work, during};
use wits::ops::publish::Subject;
use wits::{Context, Workspace, blocking};

const TYPES: &str =
    "package acme:types@1.0.0;\n\ninterface errors {\n    enum error { absent }\n}\n";
const STORE: &str = "package acme:store@1.0.0;\n\ninterface store {\n    use acme:types/errors@1.0.0.{error};\n    \
    get: func(key: string) -> result<string, error>;\n}\n";
const APP: &str = "package demo:app@0.1.0;\n\nworld app {\n    import acme:store/store@1.0.0;\n}\n";
const LIB: &str =
    "package demo:lib@0.1.0;\n\nworld lib {\n    import acme:types/errors@1.0.0;\n}\n";

/// Held by the test that runs: the counts are those of the process, and what another test prepares counts too.
static ALONE: Mutex<()> = Mutex::new(());

/// A registry with `acme:types` and `acme:store`, and a project `app` that needs them.
struct Setting {
    dir: TempDir,
    context: Context,
    _alone: MutexGuard<'static, ()>,
}

impl Setting {
    fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        let context = Context::new(dir.path().join("cache"));
        let setting = Self {
            dir,
            context,
            _alone: alone,
        };
        setting.write(".git/HEAD", "");
        let routes = "[namespaces]\nacme = \"layout:registry\"\ndemo = \"layout:registry\"\n";
        setting.write("registry.toml", routes);
        for (name, text) in [("types", TYPES), ("store", STORE)] {
            setting.write(&format!("{name}/wit/package.wit"), text);
            let workspace = setting.workspace(name);
            blocking::publish(&setting.context, Subject::Project(&workspace), false).unwrap();
        }
        setting.write("app/wit/world.wit", APP);
        setting
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_dir_all(self.path(name)).unwrap();
    }

    fn workspace(&self, name: &str) -> Workspace {
        Workspace::find(&self.context, &self.path(name), None).unwrap()
    }

    /// What `operation` did, a line for each sort of work: the files by name, with how often where it is more
    /// than once; then how much of it was on what no file holds.
    fn work(&self, operation: impl FnOnce()) -> String {
        let ((), counts) = during(operation);
        self.told(&counts)
    }

    fn told(&self, counts: &Counts) -> String {
        let mut names = BTreeMap::new();
        collect(self.dir.path(), self.dir.path(), &mut names);
        let mut lines: BTreeMap<Work, Vec<String>> = BTreeMap::new();
        let mut others: BTreeMap<Work, (usize, usize)> = BTreeMap::new();
        for ((work, content), times) in counts {
            let name = names.get(content);
            if let Some(name) = name {
                let line = match times {
                    1 => name.clone(),
                    times => format!("{name} ({times} times)"),
                };
                lines.entry(*work).or_default().push(line);
            } else {
                lines.entry(*work).or_default();
                let (number, again) = others.entry(*work).or_default();
                *number += 1;
                *again += times - 1;
            }
        }
        let mut told = Vec::new();
        for (work, mut files) in lines {
            files.sort();
            told.push(format!("{work:?}"));
            told.extend(files.iter().map(|file| format!("    {file}")));
            match others.get(&work) {
                None => {}
                Some((number, 0)) => told.push(format!("    and {number} more, each once")),
                Some((number, again)) => {
                    told.push(format!("    and {number} more, {again} times again"));
                }
            }
        }
        told.push(String::new());
        told.join("\n")
    }
}

/// The files below `dir` by the sha256 of what is in them. Where several hold the same, the first in order.
fn collect(root: &Path, dir: &Path, names: &mut BTreeMap<[u8; 32], String>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, names);
            continue;
        }
        let digest = Digest::of(fs::read(&path).unwrap()).hex();
        let bytes =
            std::array::from_fn(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap());
        let name = path.strip_prefix(root).unwrap().display().to_string();
        // A blob is named by its digest, which says nothing to a reader.
        let name = match name.rsplit_once('/') {
            Some((dir, file)) if file.len() == 64 => {
                format!("{}/…", dir.split('/').next().unwrap_or(dir))
            }
            _ => name,
        };
        names.entry(bytes).or_insert(name);
    }
}

/// Nothing is decoded, printed or put together; every text is hashed, once.
#[test]
fn a_fetch_with_nothing_to_do() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    let work = setting.work(|| {
        assert!(blocking::fetch(&setting.context, &app, None).unwrap().fresh);
    });
    assert_data_eq!(
        work,
        str![[r#"
Hash
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
Parse
    app/wit/deps/.wits.json

"#]]
    );
}

/// A blob is hashed where it comes from: its digest goes with it into the cache.
#[test]
fn a_locked_fetch_from_the_registry() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    setting.remove("app/wit/deps");
    setting.remove("cache");
    let work = setting.work(|| {
        blocking::fetch(&setting.context, &app, None).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
Hash
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    cache/…
    cache/…
    registry.toml
    and 3 more, each once
Parse
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit

"#]]
    );
}

/// Each blob is decoded once; its text is printed, hashed and parsed once. What is hashed and stands in no file
/// are the canonical form of each package and the inputs as a whole.
#[test]
fn a_fetch_from_the_cache() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    setting.remove("app/wit/deps");
    let work = setting.work(|| {
        blocking::fetch(&setting.context, &app, None).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
Hash
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    cache/…
    cache/…
    registry.toml
    and 3 more, each once
Parse
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit

"#]]
    );
}

/// The texts that stand are enough. What is decoded is what was made, to be compared with what was meant.
#[test]
fn a_build_of_what_was_fetched() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    let work = setting.work(|| {
        blocking::build(&setting.context, &app, None).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    and 1 more, each once
Encode
    app/demo-app-0.1.0.wasm
Hash
    app/demo-app-0.1.0.wasm
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
    and 2 more, each once
Parse
    app/wit/deps/.wits.json
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
Resolve
    app/wit/world.wit

"#]]
    );
}

/// The closure is put together twice, from texts that are parsed once: with no feature enabled, as every tool
/// will, and with all of them, to be encoded.
#[test]
fn a_build_of_what_was_not() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    let work = setting.work(|| {
        blocking::build(&setting.context, &app, None).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
    and 1 more, each once
Encode
    app/demo-app-0.1.0.wasm
Hash
    app/demo-app-0.1.0.wasm
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    cache/…
    cache/…
    registry.toml
    registry/…
    registry/…
    and 4 more, each once
Parse
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit (2 times)

"#]]
    );
}

#[test]
fn a_check_of_the_lock() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    let work = setting.work(|| {
        blocking::lock_check(&setting.context, &app).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
Hash
    cache/…
    cache/…
    and 2 more, each once
Parse
    app/wit/deps/.wits.json
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit

"#]]
    );
}

/// What the publisher and a stranger have in common is read, hashed, decoded, printed and checked once, and so is the
/// new blob. The closure is put together twice: to be checked, and to be encoded.
#[test]
fn a_publication() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    let work = setting.work(|| {
        blocking::publish(&setting.context, Subject::Project(&app), false).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
    and 1 more, each once
Encode
    registry/…
Hash
    cache/…
    cache/…
    registry/…
    registry/…
    registry/…
    registry/…
    registry/…
    and 4 more, each once
Parse
    app/wit/deps/.wits.json
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    app/wits.lock
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit (2 times)

"#]]
    );
}

/// What two members need is had, printed and parsed once for both. Each has a tree of its own, whose texts are
/// hashed when they are written, and on every look.
#[test]
fn a_workspace() {
    let setting = Setting::new();
    setting.write("wits.toml", "[workspace]\nmembers = [\"app\", \"lib\"]\n");
    setting.write("lib/wit/world.wit", LIB);
    let workspace = setting.workspace("app");
    let work = setting.work(|| {
        blocking::fetch(&setting.context, &workspace, None).unwrap();
    });
    assert_data_eq!(
        work,
        str![[r#"
Decode
    cache/…
    cache/…
Hash
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit (2 times)
    app/wit/world.wit
    cache/…
    cache/…
    lib/wit/world.wit
    registry.toml
    registry/…
    registry/…
    wits.lock
    and 3 more, each once
Parse
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
    app/wit/world.wit
    lib/wit/world.wit
    registry.toml
Print
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit
Resolve
    app/wit/world.wit
    lib/wit/world.wit

"#]]
    );
    let again = setting.work(|| {
        let fetched = blocking::fetch(&setting.context, &workspace, None).unwrap();
        assert!(fetched.fresh);
    });
    assert_data_eq!(
        again,
        str![[r#"
Hash
    app/wit/deps/acme-store-1.0.0/package.wit
    app/wit/deps/acme-types-1.0.0/package.wit (2 times)
    app/wit/world.wit
    lib/wit/world.wit
    registry.toml
    wits.lock
Parse
    app/wit/deps/.wits.json
    lib/wit/deps/.wits.json

"#]]
    );
}
