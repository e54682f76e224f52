//! Bytes that are what their digest says, and not what was asked for.

use snapbox::str;
use wits_testkit::{Artifact, wasm};

use super::{Scene, TYPES_AT};
use crate::setting::{TYPES, built};

impl Scene {
    /// Serves `bytes` under the name of the package, with a manifest that names them.
    fn serves(&self, bytes: impl Into<Vec<u8>>) {
        let artifact = Artifact::wasm(bytes);
        self.registry.put(TYPES_AT, "1.0.0", &artifact);
    }
}

#[test]
fn another_package_or_another_version() {
    let scene = Scene::new();
    let other = built(
        &scene.sandbox,
        "other",
        &TYPES.replace("acme:types", "acme:tapes"),
    );
    scene.serves(other);
    scene.fails(3, str![[r#"
error: what `oci+http://127.0.0.1:[PORT]/acme/types` serves as `acme:types@1.0.0` is `acme:tapes@1.0.0`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is not used; tell whoever runs the registry

"#]]);
    let later = built(&scene.sandbox, "later", &TYPES.replace("@1.0.0", "@1.0.1"));
    scene.serves(later);
    scene.fails(3, str![[r#"
error: what `oci+http://127.0.0.1:[PORT]/acme/types` serves as `acme:types@1.0.0` is `acme:types@1.0.1`
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is not used; tell whoever runs the registry

"#]]);
}

#[test]
fn a_core_module_a_component_and_garbage() {
    let scene = Scene::new();
    scene.serves(wasm::MODULE);
    scene.fails(1, str![[r#"
error: `acme:types@1.0.0` from `oci+http://127.0.0.1:[PORT]/acme/types` is a core module, not a WIT package
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:types@1.0.0 --as wasm` saves the bytes as they are

"#]]);
    scene.serves(wasm::COMPONENT);
    scene.fails(1, str![[r#"
error: `acme:types@1.0.0` from `oci+http://127.0.0.1:[PORT]/acme/types` is a component, not a WIT package
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:types@1.0.0 --as wasm` saves the bytes as they are

"#]]);
    scene.serves(*b"#!/bin/sh\nrm -rf ~\n");
    scene.fails(
        1,
        str![[r#"
error: `acme:types@1.0.0` from `oci+http://127.0.0.1:[PORT]/acme/types` is not WebAssembly at all
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:types@1.0.0 --as wasm` saves the bytes as they are

"#]],
    );
    let mut torn = scene.wasm.clone();
    torn.truncate(torn.len() / 2);
    scene.serves(torn);
    scene.fails(1, str![[r#"
error: `acme:types@1.0.0` from `oci+http://127.0.0.1:[PORT]/acme/types` is no WIT package that can be read: this WebAssembly binary cannot be decoded: unexpected end-of-file (at offset 0xb3)
 --> wit/world.wit:4:12
  |
4 |     import acme:types/errors@1.0.0;
  |            ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `wits get acme:types@1.0.0 --as wasm` saves the bytes as they are

"#]]);
}
