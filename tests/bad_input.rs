//! Bad input gets a clear error and loses nothing.
//!
//! Each test claims the exit code, the whole message, and that the project is byte for byte what it was.

use std::process::Command;

use snapbox::str;
use wits_testkit::wire::{Response, Server};
use wits_testkit::{Artifact, Outcome, Project, Tree, wasm};

use crate::setting::{self, TYPES, app, built, layout, publish, publish_pair, with_layout};

#[test]
fn wit_without_a_package() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        "world app {\n    import acme:store/store@1.0.0;\n}\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: no file names its package
 |
 = help: begin one of them with `package namespace:name@0.1.0;`

"#]]);
    app.wits(["build"]).exits(1);
    before.assert_untouched();
}

#[test]
fn an_empty_wit_directory() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write("wit/README.md", "nothing yet");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: there is no `.wit` file
 |
 = help: write one, or run `wits init namespace:name`

"#]]);
    before.assert_untouched();
}

#[test]
fn two_packages_in_one_directory() {
    let sandbox = with_layout();
    let app = app(&sandbox, "export run: func();");
    app.write("wit/other.wit", "package demo:other@0.1.0;\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: package identifier `demo:app@0.1.0` does not match previous package name of `demo:other@0.1.0`
 --> wit/world.wit:1:9
  |
1 | package demo:app@0.1.0;
  |         ^^^^^^^^^^^^^^
  |
  = help: a directory holds one package: move the other into a directory of its own

"#]]);
    before.assert_untouched();
}

/// It would encode to something that decodes as another package.
#[test]
fn a_package_without_world_or_interface() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        "/// Nothing yet.\npackage demo:app@0.1.0;\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["build"]).exits(1).stdout("").stderr(str![[r#"
error: package `demo:app@0.1.0` has neither a world nor an interface
 --> wit/world.wit:2:9
  |
2 | package demo:app@0.1.0;
  |         ^^^^^^^^^^^^^^
  |
  = help: write an interface or a world

"#]]);
    app.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: package `demo:app@0.1.0` has neither a world nor an interface
 --> wit/world.wit:2:9
  |
2 | package demo:app@0.1.0;
  |         ^^^^^^^^^^^^^^
  |
  = help: write an interface or a world

"#]]);
    before.assert_untouched();
    assert!(!sandbox.top().has("registry"));
}

#[test]
fn an_uppercase_name() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        "package demo:APP@0.1.0;\n\nworld app {\n    export run: func();\n}\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `APP` in `demo:APP` is not a lower-case kebab-case word, such as `http-types`
 --> wit/world.wit:1:9
  |
1 | package demo:APP@0.1.0;
  |         ^^^^^^^^^^^^^^
  |
  = help: package names are lower case: an upper-case one has no binary form

"#]]);
    app.wits(["build"]).exits(1);
    before.assert_untouched();
}

#[test]
fn inline_packages_in_something_published() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        "package demo:app@0.1.0;\n\npackage demo:inline@1.0.0 {\n    interface i { f: func(); }\n}\n\n\
         world app {\n    import demo:inline/i@1.0.0;\n}\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["publish"]).exits(1).stdout("").stderr(str![[r#"
error: package `demo:inline@1.0.0` is nested in another package's file and would be lost: a WIT package holds one package
 --> wit/world.wit:3:9
  |
3 | package demo:inline@1.0.0 {
  |         ^^^^^^^^^^^^^^^^^
  |
  = help: move it into a package of its own, with its own directory

"#]]);
    before.assert_untouched();
    assert!(!sandbox.top().has("registry"));
}

/// WIT parsers panic on it.
#[test]
fn a_wasm_file_beside_text_copies_of_what_it_embeds() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(
        &sandbox,
        "import acme:store/store@1.0.0;\n    import acme:types/spare@1.0.0;",
    );
    let bytes = std::fs::read(layout(&sandbox).layer_path("acme/store", "1.0.0")).unwrap();
    app.write("wit/deps/store.wasm", bytes);
    app.write("wit/deps/types.wit", TYPES);
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps/store.wasm` carries its own copy of `acme:types@1.0.0`, which is also needed as text
 |
 = help: WIT parsers cannot take both: replace `wit/deps/store.wasm` by its WIT text (`wasm-tools component wit`), or remove `acme:types@1.0.0` from what else needs it

"#]]);
    before.assert_untouched();
}

/// The same where the text copy is one that wits would write.
#[test]
fn a_wasm_file_that_embeds_what_would_be_fetched() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(
        &sandbox,
        "import acme:store/store@1.0.0;\n    import acme:types/spare@1.0.0;",
    );
    let bytes = std::fs::read(layout(&sandbox).layer_path("acme/store", "1.0.0")).unwrap();
    app.write("wit/deps/store.wasm", bytes);
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps/store.wasm` carries its own copy of `acme:types@1.0.0`, which is also needed as text
 |
 = help: WIT parsers cannot take both: replace `wit/deps/store.wasm` by its WIT text (`wasm-tools component wit`), or remove `acme:types@1.0.0` from what else needs it

"#]]);
    before.assert_untouched();
}

#[test]
fn two_own_entries_of_one_package() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write("wit/deps/one/types.wit", TYPES);
    app.write("wit/deps/two.wit", TYPES);
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `wit/deps/one` and `wit/deps/two.wit` both hold `acme:types@1.0.0`
 |
 = help: remove one of them

"#]]);
    before.assert_untouched();
}

#[test]
fn wit_that_is_not_utf_8() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write(
        "wit/world.wit",
        b"package demo:app@0.1.0;\n\n/// caf\xe9\nworld app {}\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: the file is not UTF-8 text
 --> wit/world.wit:3:8
  |
3 | /// caf�
  |        ^
  |
  = help: save the file as UTF-8

"#]]);
    before.assert_untouched();
}

/// Serves `bytes` as `acme:thing@1.0.0` and fetches it.
#[track_caller]
fn fetch_of(artifact: &Artifact, code: i32, message: impl snapbox::IntoData) {
    let sandbox = with_layout();
    layout(&sandbox).push("acme/thing", "1.0.0", artifact);
    let app = app(&sandbox, "import acme:thing/thing@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(code).stdout("").stderr(message);
    before.assert_untouched();
}

#[test]
fn a_component_where_a_package_is_due() {
    fetch_of(
        &Artifact::wasm(wasm::COMPONENT),
        1,
        str![[r#"
error: `acme:thing@1.0.0` from `layout:[ROOT]/registry/acme/thing` is a component, not a WIT package
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:thing@1.0.0 --as wasm` saves the bytes as they are

"#]],
    );
}

#[test]
fn a_core_module_where_a_package_is_due() {
    fetch_of(
        &Artifact::wasm(wasm::MODULE),
        1,
        str![[r#"
error: `acme:thing@1.0.0` from `layout:[ROOT]/registry/acme/thing` is a core module, not a WIT package
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:thing@1.0.0 --as wasm` saves the bytes as they are

"#]],
    );
}

#[test]
fn garbage_where_a_package_is_due() {
    fetch_of(
        &Artifact::wasm(*b"#!/bin/sh\n"),
        1,
        str![[r#"
error: `acme:thing@1.0.0` from `layout:[ROOT]/registry/acme/thing` is not WebAssembly at all
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:thing@1.0.0 --as wasm` saves the bytes as they are

"#]],
    );
}

#[test]
fn nothing_where_a_package_is_due() {
    fetch_of(
        &Artifact::wasm(*b""),
        1,
        str![[r#"
error: `acme:thing@1.0.0` from `layout:[ROOT]/registry/acme/thing` is not WebAssembly at all
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:thing@1.0.0 --as wasm` saves the bytes as they are

"#]],
    );
}

#[test]
fn a_manifest_of_several_layers() {
    let artifact = Artifact::wasm(wasm::COMPONENT).layer("application/wasm", wasm::MODULE);
    fetch_of(
        &artifact,
        1,
        str![[r#"
error: `1.0.0` at `layout:[ROOT]/registry/acme/thing` is not a Wasm package: it has 2 layers, not one
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: a Wasm package is one manifest with one layer `application/wasm`: check the route, or ask who published it

"#]],
    );
}

#[test]
fn a_package_whose_content_names_another() {
    let sandbox = with_layout();
    let bytes = built(&sandbox, "types", TYPES);
    fetch_of(
        &Artifact::wasm(bytes),
        3,
        str![[r#"
error: what `layout:[ROOT]/registry/acme/thing` serves as `acme:thing@1.0.0` is `acme:types@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is not used; tell whoever runs the registry

"#]],
    );
}

#[test]
fn a_package_whose_content_has_another_version() {
    let sandbox = with_layout();
    let bytes = built(
        &sandbox,
        "thing",
        "package acme:thing@1.0.1;\ninterface thing { f: func(); }\n",
    );
    fetch_of(
        &Artifact::wasm(bytes),
        3,
        str![[r#"
error: what `layout:[ROOT]/registry/acme/thing` serves as `acme:thing@1.0.0` is `acme:thing@1.0.1`
 --> wit/world.wit:4:12
  |
4 |     import acme:thing/thing@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is not used; tell whoever runs the registry

"#]],
    );
}

#[test]
fn a_wasm_file_to_publish_that_is_no_package() {
    let sandbox = with_layout();
    let top = sandbox.top();
    top.write("component.wasm", wasm::COMPONENT);
    top.write("garbage.wasm", "nothing of the kind");
    top.wits(["publish", "component.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `component.wasm` is not a WIT package: it is a component

"#]]);
    top.wits(["publish", "garbage.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: `garbage.wasm` is not a WIT package: it is not WebAssembly

"#]]);
    top.wits(["publish", "absent.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: cannot read `[ROOT]/absent.wasm`: there is no such file or directory

"#]]);
    assert!(!top.has("registry"));
}

#[test]
fn a_registry_that_is_not_there() {
    let sandbox = setting::sandbox();
    // The discard port: nothing listens there.
    setting::route(&sandbox, "oci+http://127.0.0.1:9");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(75).stdout("").stderr(str![[r#"
error: asking `oci+http://127.0.0.1:[PORT]/acme/store` for the manifest of `1.0.0` failed: Connection refused (os error 111)
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it may pass: run the command again

"#]]);
    before.assert_untouched();
    app.wits(["publish"]).exits(75).stdout("");
}

/// A server that is there and is no registry.
#[test]
fn a_registry_that_talks_something_else() {
    let server = Server::start(|_| Response::new(200, "<html>hi</html>"));
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &format!("oci+http://{}", server.address()));
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: the manifest of `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/store` is malformed: expected value at line 1 column 1
 --> wit/world.wit:4:12
  |
4 |     import acme:store/store@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: check that the route leads to a registry of this kind, and not to a web page; if it does, tell whoever runs it

"#]]);
    before.assert_untouched();
}

#[test]
fn a_lock_of_a_newer_version() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wits.lock", "version = 2\n\n[[something-new]]\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: written by a newer wits: the lock has version 2, this wits reads version 1
 --> wits.lock:1:11
  |
1 | version = 2
  |           ^
  |
  = help: install the version of wits that the project uses

"#]]);
    before.assert_untouched();
}

#[test]
fn a_lock_with_conflict_markers() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let lock = app.read("wits.lock");
    let table = lock.find("[[package]]").unwrap();
    let (head, tail) = lock.split_at(table);
    app.write(
        "wits.lock",
        format!("{head}<<<<<<< HEAD\n{tail}=======\n>>>>>>> topic\n"),
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: a merge conflict is not resolved
 --> wits.lock:4:1
  |
4 | <<<<<<< HEAD
  | ^^^^^^^^^^^^
  |
  = help: keep the tables of both sides, one for each package, or take one side whole; then run `wits fetch`, which completes the lock

"#]]);
    app.wits(["lock"]).exits(1);
    before.assert_untouched();
}

#[test]
fn a_lock_that_is_not_toml() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wits.lock", "version = 1\n[[package]\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: not valid TOML: unclosed array table, expected `]`
 --> wits.lock:2:11
  |
2 | [[package]
  |           ^

"#]]);
    before.assert_untouched();
}

#[test]
fn a_lock_with_a_digest_that_is_a_path() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.wits(["fetch"]).succeeds();
    let digest = setting::locked_field(&app, "acme:types", "digest");
    app.replace("wits.lock", &digest, "sha256:../../../etc/passwd");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `sha256:../../../etc/passwd` is not `sha256:` and 64 lower-case hex digits
 --> wits.lock:9:10
  |
9 | digest = "sha256:../../../etc/passwd"
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

"#]]);
    before.assert_untouched();
}

/// Two packages that use each other: no tool can build such a pair at once, so the second is forged.
#[test]
fn a_cycle() {
    let sandbox = with_layout();
    publish(
        &sandbox,
        "a1",
        "package acme:a@1.0.0;\ninterface i { type t = u32; }\n",
    );
    publish(
        &sandbox,
        "b",
        "package acme:b@1.0.0;\ninterface i { use acme:a/i@1.0.0.{t}; f: func() -> t; }\n",
    );
    let project = sandbox.project("packages/a2");
    project.write(
        "wit/package.wit",
        "package acme:a@1.0.0;\ninterface i { type t = u32; }\ninterface j { use acme:b/i@1.0.0.{t}; f: func() -> t; }\n",
    );
    project.write(
        "wit/deps/b.wit",
        "package acme:b@1.0.0;\ninterface i { type t = u32; }\n",
    );
    project.wits(["build", "-o", "a.wasm"]).succeeds();
    let forged = wasm::without_section(&project.read_bytes("a.wasm"), "wits:dependencies");
    layout(&sandbox).push("acme/a", "1.0.0", &Artifact::wasm(forged));
    let app = app(&sandbox, "import acme:a/j@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: packages depend on each other in a circle: `acme:a@1.0.0` -> `acme:b@1.0.0` -> `acme:a@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:a/j@1.0.0;
  |            ^^^^^^^^^^^^^^
  |
  = help: a WIT package cannot need itself: break the circle at one of them

"#]]);
    before.assert_untouched();
}

/// A cycle through a path override is one in the user's own files.
#[test]
fn a_cycle_of_local_packages() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:near/i@1.0.0;");
    app.write(
        "wits.toml",
        "[overrides]\n\"acme:near\" = { path = \"../near/wit\" }\n",
    );
    sandbox.project("near").write(
        "wit/near.wit",
        "package acme:near@1.0.0;\ninterface i { f: func(); }\nworld w { include demo:app/app@0.1.0; }\n",
    );
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: packages depend on each other in a circle: `acme:near@1.0.0` -> `demo:app@0.1.0` -> `acme:near@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:near/i@1.0.0;
  |            ^^^^^^^^^^^^^^^^^
  |
  = help: a WIT package cannot need itself: break the circle at one of them

"#]]);
    before.assert_untouched();
}

#[test]
fn a_read_only_project() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    unprivileged(&app, &["fetch"])
        .exits(1)
        .stdout("")
        .stderr(str![[r#"
error: cannot write `[ROOT]/app/wits.lock`: permission denied
 |
 = help: check who owns it and its permissions

"#]]);
    before.assert_untouched();
}

/// Runs the command as somebody who may read the project and may write only the cache. For a user that
/// is a matter of permissions; root, as which containers run, has to become another user first.
fn unprivileged(app: &Project<'_>, arguments: &[&str]) -> Outcome {
    let root = app.sandbox().root();
    let program = root.join("wits");
    std::fs::copy(env!("CARGO_BIN_EXE_wits"), &program).unwrap();
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    let is_root = id.trim_ascii() == b"0";
    let shell = |script: &str| {
        let status = Command::new("sh")
            .args(["-c", script])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(status.success(), "{script}");
    };
    shell("chmod -R a+rX . && chmod -R a+rwX home tmp && chmod -R a-w app");
    let words: Vec<&str> = if is_root {
        vec![
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "./../wits",
        ]
    } else {
        vec!["./../wits"]
    };
    let outcome = app.run(words[0], words[1..].iter().chain(arguments));
    shell("chmod -R u+w app");
    outcome
}

#[test]
fn a_file_where_a_directory_is_due() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wit/deps", "not a directory");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `[ROOT]/app/wit/deps` is a file, so wits does not write there
 |
 = help: make it a directory

"#]]);
    before.assert_untouched();
}
