//! A mirror is trusted with nothing: its bytes are those of the digest or they are passed over.

use std::time::Duration;

use snapbox::str;
use wits_testkit::Artifact;
use wits_testkit::wire::{Fault, Kind, OciRegistry, Rule};

use super::{Scene, TYPES_AT};
use crate::setting::{TYPES, built};

/// A mirror of the scene's registry, named in the user's own file.
fn mirror(scene: &Scene) -> OciRegistry {
    let mirror = OciRegistry::start();
    scene.sandbox.top().write(
        "home/.config/wits/registry.toml",
        format!(
            "[mirrors]\n\"{}\" = \"{}\"\n",
            scene.registry.registry(),
            mirror.registry()
        ),
    );
    mirror.put(TYPES_AT, "1.0.0", &Artifact::wasm(scene.wasm.clone()));
    mirror
}

#[test]
fn a_mirror_with_other_bytes() {
    let scene = Scene::new();
    let mirror = mirror(&scene);
    mirror.lay(Rule::on(Kind::Blob), Fault::wrong());
    scene.wits(&["fetch"]).succeeds().stderr(str![[r#"
warning: the mirror `oci+http://127.0.0.1:[PORT]` was passed over, and `oci+http://127.0.0.1:[PORT]/acme/types` asked: the Wasm of version `1.0.0` at `oci+http://127.0.0.1:[PORT]/acme/types` is not what it should be: expected sha256:[DIGEST], got sha256:[DIGEST]
           if it happens again, tell whoever runs `oci+http://127.0.0.1:[PORT]`
      Locked wits.lock: 1 added
     Fetched wit/deps: 1 package written

"#]]);
    let lock = scene.app().read("wits.lock");
    assert!(lock.contains(&scene.digest()), "{lock}");
    // What may pass and what will not: it makes no difference.
    for fault in [
        Fault::endless(),
        Fault::stuck(),
        Fault::trickle(Duration::from_millis(300)),
        Fault::reset(),
        Fault::error(403, "DENIED"),
        Fault::redirect(307, "file:///etc/passwd"),
    ] {
        mirror.lift();
        mirror.lay(Rule::any(), fault);
        scene.anew(true);
        scene.passes();
        assert_eq!(scene.app().read("wits.lock"), lock);
    }
}

/// What a mirror says that a version is, is not asked.
#[test]
fn a_mirror_whose_tags_lie() {
    let scene = Scene::new();
    let mirror = mirror(&scene);
    let other = built(&scene.sandbox, "other", &TYPES.replace("tick", "tock"));
    mirror.put(TYPES_AT, "1.0.0", &Artifact::wasm(other));
    scene.passes();
    assert!(scene.app().read("wits.lock").contains(&scene.digest()));
    let asked = mirror.lines();
    let by_tag = asked.iter().filter(|line| !line.contains("sha256:"));
    assert_eq!(by_tag.count(), 0, "{asked:?}");
}
