//! SECURITY.md names tests; they are there.

use std::path::{Path, PathBuf};

/// The files of Rust below `dir`.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a directory").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether `[CRATE ]MODULE::TEST` is a test, or `[CRATE ]MODULE` a module with tests in it.
fn exists(root: &Path, name: &str) -> bool {
    let (roots, path) = match name.split_once(' ') {
        Some((package, path)) => {
            let package = root.join("crates").join(package);
            (vec![package.join("tests"), package.join("src")], path)
        }
        None => (vec![root.join("tests")], name),
    };
    if modules(&roots, path).any(|source| source.contains("#[test]")) {
        return true;
    }
    let Some((module, test)) = path.rsplit_once("::") else {
        return false;
    };
    let module = module.trim_end_matches("::tests");
    modules(&roots, module).any(|source| has_test(&source, test))
}

/// The text of each file that is the module, or the tests of the module.
fn modules(roots: &[PathBuf], module: &str) -> impl Iterator<Item = String> {
    let module = module.replace("::", "/");
    let mut texts = Vec::new();
    for root in roots {
        let mut files = Vec::new();
        sources(root, &mut files);
        for file in files {
            let shown = file
                .strip_prefix(root)
                .expect("below it")
                .with_extension("");
            let shown = shown.to_str().expect("text").replace('\\', "/");
            if [
                shown.trim_end_matches("/tests"),
                shown.trim_end_matches("/mod"),
            ]
            .contains(&&*module)
            {
                texts.push(std::fs::read_to_string(&file).expect("a source"));
            }
        }
    }
    texts.into_iter()
}

fn has_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}()")) else {
        return false;
    };
    before
        .rsplit("\n\n")
        .next()
        .unwrap_or_default()
        .contains("#[test]")
}

#[test]
fn every_test_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let named = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let named: Vec<_> = named.filter(|name| name.contains("::")).collect();
    assert!(named.len() > 50, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !exists(&root, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// A test of a hostile registry shows something that is promised.
#[test]
fn every_hostile_test_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let mut files = Vec::new();
    sources(&root.join("tests/hostile"), &mut files);
    let mut forgotten = Vec::new();
    for file in files {
        let module = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name")
            .to_owned();
        let source = std::fs::read_to_string(&file).expect("a source");
        for rest in source.split("#[test]\nfn ").skip(1) {
            let test = rest.split('(').next().expect("a name");
            let name = format!("`hostile::{module}::{test}`");
            if !page.contains(&name) && module != "beside_wkg" {
                forgotten.push(name);
            }
        }
    }
    assert!(forgotten.is_empty(), "{forgotten:#?}");
}
