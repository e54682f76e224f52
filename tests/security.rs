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

/// Whether `[CRATE ]MODULE::TEST` is a test.
fn exists(root: &Path, name: &str) -> bool {
    let (roots, path) = match name.split_once(' ') {
        Some((package, path)) => {
            let package = root.join("crates").join(package);
            (vec![package.join("tests"), package.join("src")], path)
        }
        None => (vec![root.join("tests")], name),
    };
    let Some((module, test)) = path.rsplit_once("::") else {
        return false;
    };
    let module = module.trim_end_matches("::tests").replace("::", "/");
    let mut files = Vec::new();
    for dir in &roots {
        sources(dir, &mut files);
    }
    files.into_iter().any(|file| {
        let home = roots.iter().find_map(|root| file.strip_prefix(root).ok());
        let shown = home.expect("below a root").with_extension("");
        let shown = shown.to_str().expect("text").replace('\\', "/");
        // The tests of a module may have a file of their own, and those of a target are below its `main`.
        let is_it = [
            shown.trim_end_matches("/tests"),
            shown.trim_end_matches("/mod"),
        ]
        .contains(&&*module);
        is_it && has_test(&std::fs::read_to_string(&file).expect("a source"), test)
    })
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
