//! The examples of `docs/reference/` are read as the files they show, and every key the pages list is
//! one that is known.

use std::path::Path;

use wits_model::{
    DocumentError, Layer, Lock, Manifest, ManifestError, RouteError, RouteFile, Routes,
};

const LOCK: &str = include_str!("../../../docs/reference/wits-lock.md");
const MANIFEST: &str = include_str!("../../../docs/reference/wits-toml.md");
const ROUTES: &str = include_str!("../../../docs/reference/registry-toml.md");

/// The `toml` blocks of a page.
fn examples(page: &str) -> Vec<&str> {
    let blocks = page.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split_once("```").expect("the block is closed").0)
        .collect()
}

#[test]
fn locks_are_canonical() {
    let file = Path::new("/srv/acme/p/wits.lock");
    let examples = examples(LOCK);
    assert_eq!(examples.len(), 2);
    for text in examples {
        let lock = Lock::parse(text, file, None).expect(text);
        assert_eq!(lock.print(file, None), text);
    }
}

#[test]
fn the_manifest_uses_every_key() {
    let examples = examples(MANIFEST);
    assert_eq!(examples.len(), 1);
    let manifest = Manifest::parse(examples[0], Path::new("/srv/p/wits.toml")).expect("it is read");
    assert!(manifest.wit.is_some());
    assert_eq!(manifest.overrides.len(), 1);
    assert_eq!(
        manifest.workspace.as_ref().expect("is there").members.len(),
        2
    );
    for key in [
        "description",
        "authors",
        "license",
        "homepage",
        "repository",
        "documentation",
    ] {
        assert!(manifest.metadata_span(key).is_some(), "{key}");
        assert!(MANIFEST.contains(&format!(".{key}`")), "{key} is explained");
    }
    let novel = format!("novel = 1\n{}", examples[0]);
    assert!(matches!(
        Manifest::parse(&novel, Path::new("/srv/p/wits.toml")),
        Err(ManifestError::Document(DocumentError::UnknownKey { .. }))
    ));
}

#[test]
fn the_routes_are_in_force() {
    let examples = examples(ROUTES);
    assert_eq!(examples.len(), 1);
    let parse = |text: &str| RouteFile::parse(text, Path::new("/srv/p/registry.toml"), Layer::User);
    let routes = Routes::merge([parse(examples[0]).expect("it is read")]).expect("one file");
    let keys: Vec<_> = routes.entries().into_iter().map(|it| it.key).collect();
    assert_eq!(
        keys,
        [
            "default",
            "namespaces.ba",
            "namespaces.demo",
            "namespaces.old",
            "namespaces.wasi",
            "packages.\"acme:late\".registry",
            "packages.\"acme:late\".skew",
            "packages.\"acme:secret\".registry",
            "packages.\"wasi:nn\".embedded",
            "hosts.\"127.0.0.1:8080\".bindle-verification",
            "hosts.\"registry.acme.example\".ca",
            "mirrors.\"oci://ghcr.io\"",
        ]
    );
    for word in ["auth", "token", "password"] {
        let text = format!("[hosts.h]\n{word} = \"x\"\n");
        assert!(
            matches!(parse(&text), Err(RouteError::Secret { .. })),
            "{word}"
        );
    }
}
