//! Projects that somebody else prepared.

use std::os::unix::fs::symlink;

use snapbox::str;
use wits_testkit::{Project, Tree};

use super::Scene;

/// A directory of the user's beside the project, with a file in it.
fn outside(scene: &Scene) -> Project<'_> {
    let outside = scene.sandbox.project("outside");
    outside.write("package.wit", "package mine:thing@1.0.0;\n");
    outside
}

/// An entry that leads out of the project is the user's, and nothing is written through it.
#[test]
fn an_entry_that_leads_out_of_the_project() {
    let scene = Scene::new();
    let outside = outside(&scene);
    scene.app().write("wit/deps/.keep", "");
    let entry = scene.app().path("wit/deps/acme-types-1.0.0");
    symlink(outside.dir(), &entry).expect("a link");
    let before = Tree::of(outside.dir());
    scene.wits(&["fetch"]).exits(1).stdout("").stderr(str![[r#"
note: `wit/deps/acme-types-1.0.0` is yours and answers for `mine:thing@1.0.0`; no registry is asked
error: `[ROOT]/app/wit/deps/acme-types-1.0.0` is not an entry that wits wrote, and wits would have to write there
 |
 = help: move it elsewhere, or delete it and let wits write it

"#]]);
    before.assert_untouched();
}

/// A whole tree that leads out of the project is not written.
#[test]
fn a_tree_that_leads_out_of_the_project() {
    let scene = Scene::new();
    let outside = outside(&scene);
    symlink(outside.dir(), scene.app().path("wit/deps")).expect("a link");
    let before = Tree::of(outside.dir());
    scene.wits(&["fetch"]).exits(1).stdout("").stderr(str![[r#"
error: `[ROOT]/app/wit/deps` is a symbolic link, so wits does not write there
 |
 = help: make it a directory

"#]]);
    before.assert_untouched();
}

/// A tree that came with the checkout, and a stamp that says that all is well: `fetch` believes the stamp, as it
/// believes the lock, and `verify` does not.
#[test]
fn a_forged_stamp_is_found_out_by_verify() {
    let scene = Scene::new();
    scene.passes();
    let (text, stamp) = (
        "wit/deps/acme-types-1.0.0/package.wit",
        "wit/deps/.wits.json",
    );
    let honest = scene.app().read(text);
    scene
        .app()
        .replace(text, "explain: func", "exfiltrate: func");
    let forged = sha256(&scene.app().read(text));
    scene.app().replace(stamp, &sha256(&honest), &forged);
    scene
        .wits(&["verify"])
        .exits(3)
        .stdout("")
        .stderr(str![[r#"
error: `wit/deps/acme-types-1.0.0/package.wit`: the text of `acme:types@1.0.0` was changed, and the stamp with it
 |
 = note: expected sha256:[DIGEST]
 = note: found sha256:[DIGEST], 325 bytes
 = help: `wits verify --fix` puts it right from the cache
     Checked wits.lock with 1 package, the cached bytes of 1 of 1 (570 B), 1 entry of wit/deps (325 B)
       Found 1 damaged

"#]]);
    scene.wits(&["verify", "--fix"]).succeeds();
    assert_eq!(scene.app().read(text), honest);
    scene.wits(&["verify"]).succeeds();
}

/// A lock that came with the checkout and names bytes of a package under the name of another.
#[test]
fn a_lock_that_names_another_package() {
    let scene = Scene::new();
    scene.passes();
    let other = crate::setting::TYPES.replace("acme:types", "acme:tapes");
    let other = crate::setting::built(&scene.sandbox, "other", &other);
    let artifact = wits_testkit::Artifact::wasm(other.clone());
    scene.registry.put("acme/types", "9.0.0", &artifact);
    let digest = artifact.blobs().last().expect("a layer").digest();
    let lock = scene
        .app()
        .read("wits.lock")
        .replace(&scene.digest(), &digest);
    let sizes = [scene.wasm.len(), other.len()].map(|size| format!("size = {size}"));
    scene
        .app()
        .write("wits.lock", lock.replace(&sizes[0], &sizes[1]));
    scene.anew(true);
    scene.fails(3, str![[r#"
error: what `oci+http://127.0.0.1:[PORT]/acme/types` serves as `acme:types@1.0.0` is `acme:tapes@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is not used; tell whoever runs the registry

"#]]);
}

fn sha256(text: &str) -> String {
    let blob = wits_testkit::Blob {
        media_type: String::new(),
        bytes: text.as_bytes().to_vec(),
    };
    blob.digest()
}

/// The lock is written where it stands, and not where a link in its place leads.
#[test]
fn a_link_in_the_place_of_the_lock() {
    let scene = Scene::new();
    let outside = outside(&scene);
    // To a file that is there, and to one that is not.
    for target in ["package.wit", "registry.toml"] {
        symlink(outside.path(target), scene.app().path("wits.lock")).expect("a link");
        let before = Tree::of(outside.dir());
        let outcome = scene.wits(&["fetch"]);
        outcome.exits(1).stdout("");
        before.assert_untouched();
        scene.app().remove("wits.lock");
    }
}
