//! Every command that writes, killed at each of its writes; and its next run killed too.

use wits_testkit::{Project, Sandbox};

use super::scene::Scene;
use crate::setting::{self, TYPES, layout, publish, publish_pair, route, world};

/// As `setting::with_layout`, in memory: a kill is no power cut, so syncs would only take time.
fn with_layout() -> Sandbox {
    let sandbox = Sandbox::in_memory(env!("CARGO_BIN_EXE_wits"));
    route(&sandbox, "layout:registry");
    sandbox
}

/// A registry with a pair of packages and another version of one, and a project that uses the pair, in which
/// the user has an entry of their own.
fn stage(sandbox: &Sandbox) -> Project<'_> {
    publish_pair(sandbox);
    publish(sandbox, "types-2", &TYPES.replace("@1.0.0", "@2.0.0"));
    sandbox.top().remove("home/.cache/wits");
    let app = setting::app(
        sandbox,
        "import acme:store/store@1.0.0;\n    import demo:mine/mine;",
    );
    app.write(
        "wit/deps/mine/mine.wit",
        "package demo:mine;\ninterface mine {}\n",
    );
    app
}

/// A fetch of a project that was fetched before and has changed since: of its entries one is replaced,
/// because somebody edited it, one goes, one comes, and the user's stays.
fn change(sandbox: Sandbox, arguments: &[&str]) -> Scene {
    let app = stage(&sandbox);
    app.wits(["fetch"]).succeeds();
    let lines = "import acme:types/errors@1.0.0;\n    import acme:types/spare@2.0.0;\n    import demo:mine/mine;";
    app.write("wit/world.wit", world(lines));
    app.write("wit/deps/acme-types-1.0.0/package.wit", "edited");
    Scene::new(sandbox, "app", arguments)
}

fn first_fetch(sandbox: Sandbox) -> Scene {
    stage(&sandbox);
    Scene::new(sandbox, "app", &["fetch"])
}

#[test]
fn the_first_fetch() {
    let scene = first_fetch(with_layout());
    assert!(scene.points() > 40, "{}", scene.points());
    scene.killed_at_every_point();
}

#[test]
fn a_fetch_that_replaces_adds_and_removes() {
    change(with_layout(), &["fetch"]).killed_at_every_point();
}

#[test]
fn a_fetch_in_another_form() {
    change(with_layout(), &["fetch", "--as", "wasm"]).killed_at_every_point();
}

#[test]
fn a_fetch_that_has_nothing_left_to_keep() {
    let sandbox = with_layout();
    let app = stage(&sandbox);
    app.remove("wit/deps");
    app.write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    app.wits(["fetch"]).succeeds();
    app.write("wit/world.wit", world(""));
    let scene = Scene::new(sandbox, "app", &["fetch"]);
    scene.killed_at_every_point();
}

#[test]
fn a_fetch_for_a_workspace() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let top = sandbox.top();
    top.write("wits.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n");
    let member = |name: &str, line: &str| {
        let text = format!("package demo:{name}@0.1.0;\nworld w {{ {line} }}\n");
        top.write(format!("{name}/wit/{name}.wit"), text);
    };
    member("a", "import acme:types/spare@1.0.0;");
    member("b", "import acme:store/store@1.0.0;");
    top.remove("packages").remove("home/.cache/wits");
    Scene::new(sandbox, "", &["fetch"]).killed_at_every_point();
}

#[test]
fn a_fetch_from_a_damaged_cache() {
    let sandbox = with_layout();
    let app = stage(&sandbox);
    app.wits(["fetch"]).succeeds();
    let blob = layout(&sandbox).layer_path("acme/types", "1.0.0");
    let hex = blob.file_name().unwrap().to_str().unwrap().to_owned();
    let cached = format!("home/.cache/wits/v1/blobs/sha256/{}/{hex}", &hex[..2]);
    assert!(sandbox.top().has(&cached));
    sandbox.top().write(&cached, "damaged");
    app.remove("wit/deps/acme-types-1.0.0");
    Scene::new(sandbox, "app", &["fetch"]).killed_at_every_point();
}

#[test]
fn a_fetch_for_wac() {
    let sandbox = with_layout();
    stage(&sandbox)
        .remove("wit/deps")
        .write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    Scene::new(sandbox, "app", &["fetch", "--layout", "wac"]).killed_at_every_point();
}

#[test]
fn a_lock() {
    let sandbox = with_layout();
    stage(&sandbox);
    Scene::new(sandbox, "app", &["lock"]).killed_at_every_point();
}

#[test]
fn a_build() {
    let sandbox = with_layout();
    stage(&sandbox)
        .write("out/.keep", "")
        .write("out/app.wasm", "an older one");
    Scene::new(sandbox, "app", &["build", "-o", "out/app.wasm"]).killed_at_every_point();
}

#[test]
fn a_first_publish() {
    let sandbox = with_layout();
    stage(&sandbox)
        .remove("wit/deps")
        .write("wit/world.wit", world("import acme:store/store@1.0.0;"));
    Scene::new(sandbox, "app", &["publish"]).killed_at_every_point();
}

#[test]
fn a_publish_beside_other_versions() {
    let sandbox = with_layout();
    stage(&sandbox);
    let wit = TYPES.replace("@1.0.0", "@3.0.0");
    sandbox
        .project("packages/types-3")
        .write("wit/package.wit", wit);
    Scene::new(sandbox, "packages/types-3", &["publish"]).killed_at_every_point();
}

#[test]
fn a_get() {
    let sandbox = with_layout();
    stage(&sandbox).write("saved/store.wit", "an older one");
    let arguments = [
        "get",
        "acme:store@1.0.0",
        "--overwrite",
        "-o",
        "saved/store.wit",
    ];
    Scene::new(sandbox, "app", &arguments).killed_at_every_point();
}

#[test]
fn an_init() {
    let sandbox = with_layout();
    sandbox.project("new").write("notes.txt", "the user's");
    let arguments = ["init", "demo:new", "--wit-dir", "interfaces"];
    let scene = Scene::new(sandbox, "new", &arguments).that_does_not_repeat();
    scene.killed_at_every_point();
}

#[test]
fn a_migration() {
    let sandbox = with_layout();
    let app = stage(&sandbox);
    app.write(
        "wkg.toml",
        "[metadata]\nauthors = \"Ann\"\nlicenses = \"Apache-2.0\"\n",
    );
    Scene::new(sandbox, "app", &["migrate"]).killed_at_every_point();
}

/// A cache with everything in it that goes: blobs, one that was set aside, and what a kill has left.
fn cache(arguments: &[&str]) -> Scene {
    let sandbox = with_layout();
    let app = stage(&sandbox);
    app.wits(["fetch"]).succeeds();
    let cache = sandbox.project("home/.cache/wits");
    cache.write("v1/damaged/0123456789.1", "damaged");
    cache.write("v0/of/an/older/wits", "an older layout");
    Scene::new(sandbox, "app", arguments)
}

#[test]
fn a_pruning_of_the_cache() {
    cache(&["cache", "prune", "--max-size", "0"]).killed_at_every_point();
}

#[test]
fn a_cleaning_of_the_cache() {
    cache(&["cache", "clean"]).killed_at_every_point();
}

#[test]
fn a_first_fetch_and_the_next_one() {
    first_fetch(with_layout()).killed_twice(29);
}

#[test]
fn a_change_and_the_next_fetch() {
    change(with_layout(), &["fetch"]).killed_twice(23);
}

#[test]
fn a_publish_and_the_next_one() {
    let sandbox = with_layout();
    stage(&sandbox);
    let wit = TYPES.replace("@1.0.0", "@3.0.0");
    sandbox
        .project("packages/types-3")
        .write("wit/package.wit", wit);
    Scene::new(sandbox, "packages/types-3", &["publish"]).killed_twice(11);
}
