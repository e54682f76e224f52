//! `wits.lock`: what it says, and that it is obeyed.

use snapbox::str;
use wits_testkit::{Tree, fixtures};

use crate::setting::{
    self, app, example, layout, locked_field, other_digest, publish, publish_fixtures,
    publish_pair, with_layout,
};

#[test]
fn the_lock_pins_the_whole_closure() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["lock"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 2 added

"#]]);
    assert_eq!(app.list(""), ["wit", "wits.lock"]);
    assert_eq!(app.list("wit"), ["world.wit"], "`lock` lays nothing out");
    let digest = locked_field(&app, "acme:types", "digest");
    assert!(
        layout(&sandbox)
            .layer_path("acme/types", "1.0.0")
            .ends_with(&digest["sha256:".len()..])
    );
    let hidden: String = app
        .read("wits.lock")
        .lines()
        .map(|line| match line.split_once("sha256:") {
            Some((head, _)) => format!("{head}…\"\n"),
            None if line.starts_with("size") => "size = …\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    snapbox::assert_data_eq!(
        hidden,
        str![[r##"
# Written by wits. Commit this file.
version = 1

[[package]]
name = "acme:store"
version = "1.0.0"
source = "layout:../registry/acme/store"
manifest = "…"
digest = "…"
size = …
wit = "…"
dependencies = ["acme:types@1.0.0"]

[[package]]
name = "acme:types"
version = "1.0.0"
source = "layout:../registry/acme/types"
manifest = "…"
digest = "…"
size = …
wit = "…"

"##]]
    );
}

/// One source, one lock: whatever the directory, the cache, the order of answers.
#[test]
fn the_lock_is_the_same_bytes_everywhere() {
    let sandbox = with_layout();
    publish_fixtures(&sandbox);
    let mut locks = Vec::new();
    for dir in ["one", "two/deeper", "three"] {
        let app = sandbox.project(dir);
        fixtures::copy("app", &app);
        // The path of a layout is told relative to the file that names it, so the route is the same.
        app.wits(["fetch"]).succeeds();
        locks.push(app.read("wits.lock").replace("../", ""));
        sandbox.top().remove("home/.cache");
    }
    assert_eq!(locks[0], locks[1]);
    assert_eq!(locks[0], locks[2]);
}

#[test]
fn a_lock_that_would_change_is_an_error_when_locked() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "types-2",
        &setting::TYPES.replace("@1.0.0", "@2.0.0"),
    );
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    app.wits(["fetch", "--locked"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh wit/deps is up to date

"#]]);
    app.replace(
        "wit/world.wit",
        "acme:store/store@1.0.0",
        "acme:types/errors@2.0.0",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch", "--locked"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: wits.lock is not up to date, and may not be changed
 |
 = help: run `wits lock` and commit wits.lock; it would change so:
           - acme:store@1.0.0
           - acme:types@1.0.0
           + acme:types@2.0.0

"#]]);
    app.wits_with(&[("WITS_LOCKED", "1")], ["fetch"]).exits(1);
    before.assert_untouched();
}

#[test]
fn without_a_lock_locked_fails() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch", "--locked"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: wits.lock is not up to date, and may not be changed
 |
 = help: run `wits lock` and commit wits.lock; it would change so:
           + acme:store@1.0.0
           + acme:types@1.0.0

"#]]);
    before.assert_untouched();
}

#[test]
fn a_check_writes_nothing_and_tells_the_difference() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["lock", "--check"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: wits.lock is not up to date
 |
 = help: run `wits lock` and commit wits.lock; it would change so:
           + acme:store@1.0.0
           + acme:types@1.0.0

"#]]);
    before.assert_untouched();
    app.wits(["lock"]).succeeds();
    let before = Tree::of(app.dir());
    app.wits(["lock", "--check"])
        .succeeds()
        .stdout("")
        .stderr(str![[r#"
       Fresh wits.lock is up to date: 2 packages

"#]]);
    before.assert_untouched();
}

#[test]
fn offline_takes_what_the_cache_has() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    app.remove("wit/deps");
    app.wits(["fetch", "--offline"]).succeeds();
    assert!(app.has("wit/deps/acme-types-1.0.0"));
}

/// No claim about tampering: the bytes are merely not here.
#[test]
fn offline_without_the_bytes_says_so() {
    let Some(registry) = wits_testkit::DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["lock"]).succeeds();
    sandbox.top().remove("home/.cache");
    let before = Tree::of(app.dir());
    app.wits(["fetch", "--offline"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:store@1.0.0` is not in the cache, and wits is offline
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: run `wits fetch` once with the network

"#]]);
    app.wits_with(&[("WITS_OFFLINE", "1")], ["fetch"]).exits(1);
    app.wits(["fetch", "--frozen"]).exits(1);
    before.assert_untouched();
}

#[test]
fn offline_without_a_pin_says_so() {
    let sandbox = setting::sandbox();
    setting::route(&sandbox, "oci+http://127.0.0.1:9");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch", "--offline"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `acme:store@1.0.0` is not in wits.lock, and wits is offline
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: run `wits fetch` once with the network

"#]]);
    before.assert_untouched();
}

/// A moved tag is not even looked at.
#[test]
fn a_moved_or_deleted_tag_changes_nothing() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    publish(
        &sandbox,
        "types-2",
        &setting::TYPES.replace("@1.0.0", "@2.0.0"),
    );
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let before = Tree::of(app.dir());
    let layout = layout(&sandbox);
    layout.move_tag("acme/types", "1.0.0", "2.0.0");
    sandbox.top().remove("home/.cache");
    app.remove("wit/deps"); // so that the bytes are needed again
    app.wits(["fetch"]).succeeds();
    before.assert_same_bytes();
    layout
        .delete_tag("acme/types", "1.0.0")
        .delete_tag("acme/store", "1.0.0");
    sandbox.top().remove("home/.cache");
    app.remove("wit/deps"); // so that the bytes are needed again
    app.wits(["fetch"]).succeeds();
    before.assert_same_bytes();
}

/// The difference to every other tool: an altered pin is not silently replaced.
#[test]
fn an_altered_digest_stops_the_run() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let digest = locked_field(&app, "acme:types", "digest");
    app.replace("wits.lock", &digest, &other_digest(&digest));
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: the Wasm of version `1.0.0` at `layout:[ROOT]/registry/acme/types` is not what it should be: expected sha256:[DIGEST], got a manifest that names sha256:[DIGEST]
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: needed by `acme:store@1.0.0`
  = help: do not use these bytes; ask whoever runs the registry or published the package what changed
  = help: the pin in wits.lock was honoured and nothing was changed

"#]]);
    app.wits(["fetch", "--locked"]).exits(3);
    before.assert_untouched();
    sandbox.top().remove("home/.cache");
    app.wits(["fetch"]).exits(3);
    before.assert_untouched();
}

#[test]
fn an_altered_wit_digest_stops_the_run() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let digest = locked_field(&app, "acme:types", "wit");
    app.replace("wits.lock", &digest, &other_digest(&digest));
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: the WIT of `acme:types@1.0.0` is sha256:[DIGEST], and wits.lock has sha256:[DIGEST]
 |
 = help: the lock was edited or the definition of the digest differs; to pin `acme:types@1.0.0` anew, remove its table from wits.lock

"#]]);
    before.assert_untouched();
}

#[test]
fn a_wkg_lock_is_taken_over() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    let layer = layout(&sandbox).layer_path("acme/types", "1.0.0");
    let hex = layer.file_name().unwrap().to_str().unwrap().to_owned();
    app.write("wkg.lock", wkg_lock(&hex));
    app.wits(["fetch"]).succeeds().stdout("").stderr(str![[r#"
      Locked wits.lock: 1 added
     Fetched wit/deps: 1 package written

"#]]);
    assert_eq!(
        locked_field(&app, "acme:types", "digest"),
        format!("sha256:{hex}")
    );
}

/// wkg never enforced its pins, so one that fails may be years old: the message says how to drop it.
#[test]
fn a_pin_of_a_wkg_lock_that_fails_names_that_file() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write("wkg.lock", wkg_lock(&"0".repeat(64)));
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(3).stdout("").stderr(str![[r#"
error: wkg.lock pins `acme:types@1.0.0` to sha256:[DIGEST], and `layout:[ROOT]/registry/acme/types` serves sha256:[DIGEST]
  --> wkg.lock:11:10
   |
11 | digest = "sha256:[DIGEST]"
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: wkg never held anybody to its pins, so this one may be old: to drop it, remove the entry of `acme:types` from wkg.lock
   = help: if it is right, do not use what the registry serves, and ask who published it

"#]]);
    before.assert_untouched();
}

fn wkg_lock(hex: &str) -> String {
    format!(
        "# This file is automatically generated.\nversion = 1\n\n[[packages]]\nname = \"acme:types\"\n\
         registry = \"localhost\"\n\n[[packages.versions]]\nrequirement = \"=1.0.0\"\nversion = \"1.0.0\"\n\
         digest = \"sha256:{hex}\"\n"
    )
}

#[test]
fn a_lock_with_carriage_returns_is_read() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    app.wits(["fetch"]).succeeds();
    app.write("wits.lock", app.read("wits.lock").replace('\n', "\r\n"));
    app.wits(["fetch", "--locked"]).succeeds();
}
