//! Registries that misbehave, before those who embed the library: the kind of the error, the project as it was, and
//! nobody asked who was not to be asked. What users of the command see of them is in the repository's
//! `tests/hostile`.
#![cfg(feature = "network")]
// Throw-away files, and a failed claim is a panic.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::time::Duration;

use tempfile::TempDir;
use wits::model::ErrorKind;
use wits::ops::publish::Subject;
use wits::{Context, Error, Workspace, blocking};
use wits_testkit::wire::{Fault, Kind, OciRegistry, Response, Rule, Server};
use wits_testkit::{Artifact, Tree, wasm};

const TYPES: &str =
    "package acme:types@1.0.0;\n\ninterface errors {\n    enum error { absent }\n}\n";
const APP: &str =
    "package demo:app@0.1.0;\n\nworld app {\n    import acme:types/errors@1.0.0;\n}\n";

/// A registry with `acme:types`, and a project that needs it.
struct Scene {
    dir: TempDir,
    registry: OciRegistry,
    context: Context,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let registry = OciRegistry::start();
        let mut context = Context::new(dir.path().join("cache"));
        context.http_timeout = Some(Duration::from_secs(1));
        context.http_retries = Some(0);
        let routes = format!("[namespaces]\nacme = \"{}\"\n", registry.registry());
        for (file, text) in [
            (".git/HEAD", ""),
            ("registry.toml", &*routes),
            ("types/wit/package.wit", TYPES),
            ("app/wit/world.wit", APP),
        ] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let scene = Self {
            dir,
            registry,
            context,
        };
        let types = scene.workspace("types");
        blocking::publish(&scene.context, Subject::Project(&types), false).unwrap();
        scene.forget_cache();
        scene
    }

    fn workspace(&self, name: &str) -> Workspace {
        Workspace::find(&self.context, &self.dir.path().join(name), None).unwrap()
    }

    /// So that bytes are asked for again.
    fn forget_cache(&self) {
        let _ = fs::remove_dir_all(&self.context.cache);
        self.registry.server().forget();
    }

    #[track_caller]
    fn fails(&self) -> Error {
        let app = self.dir.path().join("app");
        let before = Tree::of(&app);
        let error = blocking::fetch(&self.context, &self.workspace("app"), None).unwrap_err();
        before.assert_untouched();
        error
    }
}

#[test]
fn wrong_bytes_are_an_integrity_error() {
    let scene = Scene::new();
    for fault in [
        Fault::wrong(),
        Fault::short(),
        Fault::long(),
        Fault::endless(),
    ] {
        scene.registry.lift();
        scene.registry.lay(Rule::on(Kind::Blob), fault);
        let error = scene.fails();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
    scene.registry.lift();
    blocking::fetch(&scene.context, &scene.workspace("app"), None).unwrap();
    // And again, when they are locked.
    scene.forget_cache();
    fs::remove_dir_all(scene.dir.path().join("app/wit/deps")).unwrap();
    scene.registry.lay(Rule::on(Kind::Blob), Fault::wrong());
    assert_eq!(scene.fails().kind(), ErrorKind::Integrity);
}

/// What may pass is told from what will not, and both come to an end.
#[test]
fn what_may_pass_is_transient() {
    let scene = Scene::new();
    for (fault, kind) in [
        (Fault::stuck(), ErrorKind::Transient),
        (Fault::cut(), ErrorKind::Transient),
        (Fault::reset(), ErrorKind::Transient),
        (Fault::error(503, "UNAVAILABLE"), ErrorKind::Transient),
        (
            Fault::trickle(Duration::from_millis(300)),
            ErrorKind::Transient,
        ),
        (Fault::error(403, "DENIED"), ErrorKind::Project),
        (
            Fault::redirect(302, "file:///etc/passwd"),
            ErrorKind::Project,
        ),
    ] {
        scene.registry.lift();
        scene.registry.lay(Rule::on(Kind::Manifest), fault);
        let error = scene.fails();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn hints_make_nobody_ask() {
    let scene = Scene::new();
    let elsewhere = Server::start(|_| Response::new(200, ""));
    let routes = scene.dir.path().join("registry.toml");
    let text = fs::read_to_string(&routes).unwrap();
    let inside = format!("inside = \"oci+http://{}\"\n", elsewhere.address());
    fs::write(&routes, text + &inside).unwrap();
    let digest = format!("sha256:{}", "1".repeat(64));
    let section = format!(
        r#"{{"version":1,"dependencies":[{{"package":"inside:secret@1.0.0","wit":"{digest}"}}]}}"#
    );
    let types = scene.workspace("types");
    let built = blocking::build(&scene.context, &types, None).unwrap();
    let bytes = fs::read(scene.dir.path().join("types").join(built.file)).unwrap();
    let bytes = wasm::without_section(&bytes, "wits:dependencies");
    let bytes = wasm::with_section(&bytes, "wits:dependencies", section.as_bytes());
    let hinting = Artifact::wasm(bytes)
        .annotation("dev.wits.closure", &format!("inside:secret@1.0.0={digest}"))
        .annotation("org.opencontainers.image.url", &elsewhere.url("/"));
    scene.registry.put("acme/types", "1.0.0", &hinting);
    blocking::fetch(&scene.context, &scene.workspace("app"), None).unwrap();
    assert_eq!(elsewhere.connections(), 0);
}
