//! Bad input gets a clear error and loses nothing.
//!
//! Each test claims the exit code, the whole message, and that the project is byte for byte what it was.

use std::process::Command;

use snapbox::str;
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    app.wits(["build"]).exits(1);
    before.assert_untouched();
}

#[test]
fn an_empty_wit_directory() {
    let sandbox = with_layout();
    let app = sandbox.project("app");
    app.write("wit/README.md", "nothing yet");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn two_packages_in_one_directory() {
    let sandbox = with_layout();
    let app = app(&sandbox, "export run: func();");
    app.write("wit/other.wit", "package demo:other@0.1.0;\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["build"]).exits(1).stdout("").stderr(str![]);
    app.wits(["publish"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["publish"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn two_own_entries_of_one_package() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:types/errors@1.0.0;");
    app.write("wit/deps/one/types.wit", TYPES);
    app.write("wit/deps/two.wit", TYPES);
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    fetch_of(&Artifact::wasm(wasm::COMPONENT), 1, str![]);
}

#[test]
fn a_core_module_where_a_package_is_due() {
    fetch_of(&Artifact::wasm(wasm::MODULE), 1, str![]);
}

#[test]
fn garbage_where_a_package_is_due() {
    fetch_of(&Artifact::wasm(*b"#!/bin/sh\n"), 1, str![]);
}

#[test]
fn nothing_where_a_package_is_due() {
    fetch_of(&Artifact::wasm(*b""), 1, str![]);
}

#[test]
fn a_manifest_of_several_layers() {
    let artifact = Artifact::wasm(wasm::COMPONENT).layer("application/wasm", wasm::MODULE);
    fetch_of(&artifact, 1, str![]);
}

#[test]
fn a_package_whose_content_names_another() {
    let sandbox = with_layout();
    let bytes = built(&sandbox, "types", TYPES);
    fetch_of(&Artifact::wasm(bytes), 3, str![]);
}

#[test]
fn a_package_whose_content_has_another_version() {
    let sandbox = with_layout();
    let bytes = built(
        &sandbox,
        "thing",
        "package acme:thing@1.0.1;\ninterface thing { f: func(); }\n",
    );
    fetch_of(&Artifact::wasm(bytes), 3, str![]);
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
        .stderr(str![]);
    top.wits(["publish", "garbage.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
    top.wits(["publish", "absent.wasm"])
        .exits(1)
        .stdout("")
        .stderr(str![]);
    assert!(!top.has("registry"));
}

#[test]
fn a_registry_that_is_not_there() {
    let sandbox = setting::sandbox();
    // The discard port: nothing listens there.
    setting::route(&sandbox, "oci+http://127.0.0.1:9");
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(75).stdout("").stderr(str![]);
    before.assert_untouched();
    app.wits(["publish"]).exits(75).stdout("");
}

/// A server that is there and is no registry.
#[test]
fn a_registry_that_talks_something_else() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in server.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>hi</html>");
        }
    });
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &format!("oci+http://{address}"));
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}

#[test]
fn a_lock_of_a_newer_version() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wits.lock", "version = 2\n\n[[something-new]]\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    app.wits(["lock"]).exits(1);
    before.assert_untouched();
}

#[test]
fn a_lock_that_is_not_toml() {
    let sandbox = with_layout();
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    app.write("wits.lock", "version = 1\n[[package]\n");
    let before = Tree::of(app.dir());
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
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
        .stderr(str![]);
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
    app.wits(["fetch"]).exits(1).stdout("").stderr(str![]);
    before.assert_untouched();
}
