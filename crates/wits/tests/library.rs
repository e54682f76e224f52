//! The library as those use it who embed it: a context, a workspace, operations. Nothing here needs the
//! network, so all of it passes with the feature `network` off as well; `cargo xtask test` runs both.

// Throw-away files, and a failed claim is a panic.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wits::model::ErrorKind;
use wits::ops::publish::{Done, Subject};
use wits::{Context, Error, Locking, Workspace, blocking};

const TYPES: &str =
    "package acme:types@1.0.0;\n\ninterface errors {\n    enum error { absent }\n}\n";
const STORE: &str = "package acme:store@1.0.0;\n\ninterface store {\n    use acme:types/errors@1.0.0.{error};\n    \
    get: func(key: string) -> result<string, error>;\n}\n";
const APP: &str = "package demo:app@0.1.0;\n\nworld app {\n    import acme:store/store@1.0.0;\n}\n";

/// A directory with a `layout:` registry in it that has `acme:types` and `acme:store`, and a project `app`
/// that needs them.
struct Setting {
    dir: TempDir,
    context: Context,
}

impl Setting {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let context = Context::new(dir.path().join("cache"));
        let setting = Self { dir, context };
        setting.write(".git/HEAD", "");
        setting.write(
            "registry.toml",
            "[namespaces]\nacme = \"layout:registry\"\n",
        );
        for (name, text) in [("types", TYPES), ("store", STORE)] {
            setting.write(&format!("{name}/wit/package.wit"), text);
            let workspace = setting.workspace(name);
            let published =
                blocking::publish(&setting.context, Subject::Project(&workspace), false).unwrap();
            assert_eq!(published.done, Done::Published);
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

    fn workspace(&self, name: &str) -> Workspace {
        Workspace::find(&self.context, &self.path(name), None).unwrap()
    }

    fn frozen(&self) -> Context {
        let mut context = self.context.clone();
        context.offline = true;
        context.locking = Locking::Locked;
        context
    }
}

fn deps(app: &Path) -> Vec<String> {
    let entries = fs::read_dir(app.join("wit/deps")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn locks_lays_out_and_builds_from_a_layout() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    assert_eq!(blocking::lock(&setting.context, &app).unwrap().packages, 2);
    assert!(
        !setting.path("app/wit/deps").exists(),
        "lock writes the lock and nothing else"
    );
    let fetched = blocking::fetch(&setting.context, &app, None).unwrap();
    assert_eq!(
        fetched.deps[0].written,
        ["acme-store-1.0.0", "acme-types-1.0.0"]
    );
    let built = blocking::build(&setting.context, &app, None).unwrap();
    assert_eq!(built.package.to_string(), "demo:app@0.1.0");
    assert_eq!(
        fs::read(setting.path("app/demo-app-0.1.0.wasm"))
            .unwrap()
            .len() as u64,
        built.size
    );
    assert!(blocking::fetch(&setting.context, &app, None).unwrap().fresh);
}

#[test]
fn lays_out_and_builds_from_the_cache_alone() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    let built = blocking::build(&setting.context, &app, None).unwrap();
    fs::remove_dir_all(setting.path("registry")).unwrap();
    fs::remove_dir_all(setting.path("app/wit/deps")).unwrap();
    let frozen = setting.frozen();
    blocking::fetch(&frozen, &app, None).unwrap();
    assert_eq!(
        deps(&setting.path("app")),
        [".wits.json", "acme-store-1.0.0", "acme-types-1.0.0"]
    );
    let again = blocking::build(&frozen, &app, None).unwrap();
    assert_eq!((again.digest, again.unchanged), (built.digest, true));
    assert!(
        blocking::lock_check(&frozen, &app)
            .unwrap()
            .changes
            .is_empty()
    );
}

#[test]
fn bytes_in_the_cache_are_verified() {
    let setting = Setting::new();
    let app = setting.workspace("app");
    blocking::fetch(&setting.context, &app, None).unwrap();
    fs::remove_dir_all(setting.path("registry")).unwrap();
    fs::remove_dir_all(setting.path("app/wit/deps")).unwrap();
    for dir in fs::read_dir(setting.path("cache/v1/blobs/sha256")).unwrap() {
        for blob in fs::read_dir(dir.unwrap().path()).unwrap() {
            fs::write(blob.unwrap().path(), b"not what it was").unwrap();
        }
    }
    let error = blocking::fetch(&setting.frozen(), &app, None).unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Bug, "{error}");
    assert!(!setting.path("app/wit/deps").exists());
}

/// Every kind of embedder asks an error the same three things.
#[test]
fn an_error_says_what_kind_it_is_where_it_is_and_what_to_do() {
    let setting = Setting::new();
    setting.write(
        "app/wit/world.wit",
        &APP.replace("acme:store/store@1.0.0", "acme:stor/store@1.0.0"),
    );
    let error = blocking::lock(&setting.context, &setting.workspace("app")).unwrap_err();
    assert!(matches!(error, Error::PackageNotFound { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Project);
    let span = error.span().unwrap();
    assert_eq!(
        (span.line_column(), &span.text[span.range.clone()]),
        ((4, 12), "acme:stor/store@1.0.0")
    );
    assert!(!error.help().is_empty());
    let text = wits::render::error(&error);
    assert!(
        text.contains("4 |     import acme:stor/store@1.0.0;\n"),
        "{text}"
    );
}

/// A build script lays out one member and leaves what the others' builds lay out.
#[test]
fn one_member_of_a_workspace_is_laid_out_alone() {
    let setting = Setting::new();
    setting.write(
        "all/wits.toml",
        "[workspace]\nmembers = [\"one\", \"two\"]\n",
    );
    setting.write(
        "all/registry.toml",
        &format!(
            "[namespaces]\nacme = \"layout:{}\"\n",
            setting.path("registry").display()
        ),
    );
    for member in ["one", "two"] {
        setting.write(
            &format!("all/{member}/wit/world.wit"),
            &APP.replace("demo:app", &format!("demo:{member}")),
        );
    }
    let one = setting.workspace("all/one");
    blocking::lock(&setting.context, &one).unwrap();
    let fetched = blocking::fetch_current(&setting.frozen(), &one, None).unwrap();
    assert_eq!(fetched.deps.len(), 1);
    assert!(setting.path("all/one/wit/deps/acme-store-1.0.0").is_dir());
    assert!(!setting.path("all/two/wit/deps").exists());
    assert!(
        blocking::fetch_current(&setting.frozen(), &one, None)
            .unwrap()
            .fresh
    );
    assert!(
        !blocking::fetch(&setting.frozen(), &one, None)
            .unwrap()
            .fresh
    );
    let root = setting.workspace("all");
    let error = blocking::fetch_current(&setting.context, &root, None).unwrap_err();
    assert!(matches!(error, Error::NoMember { .. }), "{error}");
}

/// The blocking face is one over the other, so it must not care what it is called from.
#[cfg(feature = "network")]
mod runtimes {
    use super::*;

    fn fetches(setting: &Setting) {
        let app = setting.workspace("app");
        blocking::fetch(&setting.context, &app, None).unwrap();
    }

    #[test]
    fn blocking_calls_work_outside_a_runtime_and_inside_each_kind() {
        fetches(&Setting::new());
        let kinds = [
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap(),
        ];
        for runtime in kinds {
            // In a task, where starting a second runtime on the same thread would panic.
            runtime.block_on(async { fetches(&Setting::new()) });
            let setting = Setting::new();
            let task = runtime.spawn(async move { fetches(&setting) });
            runtime.block_on(task).unwrap();
        }
    }

    #[test]
    fn the_same_operation_runs_in_the_runtime_of_its_caller() {
        let setting = Setting::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let app = setting.workspace("app");
        let fetched = runtime
            .block_on(wits::ops::fetch::fetch(&setting.context, &app, None))
            .unwrap();
        assert_eq!(fetched.packages, Some(2));
    }

    /// Futures can be spawned, so an embedder may run several side by side.
    #[test]
    fn operations_are_send() {
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        let setting = Setting::new();
        let app = setting.workspace("app");
        drop(is_send(wits::ops::fetch::fetch(
            &setting.context,
            &app,
            None,
        )));
        drop(is_send(wits::ops::build::build(
            &setting.context,
            &app,
            None,
        )));
        drop(is_send(wits::ops::publish::publish(
            &setting.context,
            Subject::Project(&app),
            true,
        )));
    }
}
